//! How a command ends. What a person reads has three parts: what happened, why, and what to do.

use std::fmt;
use std::process::ExitCode;
use store::StoreError;

/// The exit codes of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or a positive answer.
    Done,
    /// A negative answer: invalid, revoked, findings.
    Negative,
    /// The command line is wrong.
    Usage,
    /// The configuration is wrong or missing.
    Configuration,
    /// Something this program needs does not answer: database, key store, network, a port, a file.
    Unavailable,
    /// Something that was signed or stored is not as it must be.
    Integrity,
    /// A rule of the service forbids it.
    Refused,
    /// A fault of the program.
    Bug,
}

impl Exit {
    /// The number given to the shell.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Negative => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Unavailable => 5,
            Self::Integrity => 6,
            Self::Refused => 7,
            Self::Bug => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not do what it was asked, for a person.
#[derive(Debug, PartialEq, Eq)]
pub struct Trouble {
    exit: Exit,
    what: String,
    why: Option<String>,
    advice: Option<String>,
}

impl Trouble {
    /// `what` happened; a sentence without a full stop.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), why: None, advice: None }
    }

    /// The same, because of `why`.
    #[must_use]
    pub fn because(mut self, why: impl fmt::Display) -> Self {
        self.why = Some(why.to_string());
        self
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// What happened.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Why, if that is known.
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// What to do about it, if there is something.
    pub fn what_to_do(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// The exit code.
    pub const fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lgpki: {}", self.what)?;
        if let Some(why) = &self.why {
            write!(f, "\n  why: {why}")?;
        }
        if let Some(advice) = &self.advice {
            write!(f, "\n  to do: {advice}")?;
        }
        Ok(())
    }
}

impl From<std::io::Error> for Trouble {
    /// Only for results that could not be written; every other failure of a file names the file.
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Unavailable, "the result could not be written").because(error)
    }
}

impl From<StoreError> for Trouble {
    /// For commands that read or write rows; what a row's own rule refuses, they say themselves.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::OutcomeUnknown(_) => {
                Self::new(Exit::Unavailable, "it is not known whether the database has kept this")
                    .because(chain(&error))
                    .advice("look what it holds (`lgpki org list`, `lgpki officer list`) before you try again")
            }
            StoreError::Corrupt { .. } => {
                Self::new(Exit::Integrity, "the database holds something this program never writes")
                    .because(chain(&error))
                    .advice("run `lgpki doctor`, and restore the database from its backup")
            }
            _ => Self::new(Exit::Unavailable, "the database refused, and nothing was changed")
                .because(chain(&error))
                .advice("run `lgpki doctor`, and look at the database's own log"),
        }
    }
}

/// An error with all its causes on one line, for logs and for `why`.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Some errors repeat their cause in their own text.
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
