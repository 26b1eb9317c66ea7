//! Faults for the program under test: at one commit, named by its step, the process is killed (a real SIGKILL by itself, so
//! that nothing is flushed or said) or the database fails, in one of its three ways. A fault says [`STRUCK`] in the log at
//! the moment it strikes, so that a test can tell a fault that was survived from one that never came.

use std::fmt;
use std::io::Write;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use store::{Interrupt, Interruption, Step};

/// The event a fault logs when it strikes.
pub const STRUCK: &str = "fault.struck";

/// What strikes, and on which side of the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// `kill -9` before the commit: nothing of the transaction is durable.
    PowerCutBefore,
    /// `kill -9` after the commit: all of it is durable, and nobody was told.
    PowerCutAfter,
    /// The database refuses to commit: nothing is durable, and the caller knows it.
    Refused,
    /// The commit's answer is lost, and nothing was kept.
    Failed,
    /// The commit's answer is lost, and everything was kept.
    FailedButPersisted,
}

impl Blow {
    /// Every blow.
    pub const ALL: [Self; 5] =
        [Self::PowerCutBefore, Self::PowerCutAfter, Self::Refused, Self::Failed, Self::FailedButPersisted];

    /// Whether it ends the process.
    pub const fn kills(self) -> bool {
        matches!(self, Self::PowerCutBefore | Self::PowerCutAfter)
    }

    /// Whether what it strikes is durable afterwards.
    pub const fn persists(self) -> bool {
        matches!(self, Self::PowerCutAfter | Self::FailedButPersisted)
    }
}

/// One fault: which step, which occurrence of it, which blow. Its text travels on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The durable step.
    pub step: Step,
    /// Which of its commits: 1 is the first after the start.
    pub occurrence: u32,
    /// What strikes.
    pub blow: Blow,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}:{:?}", self.step, self.occurrence, self.blow)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let no = || format!("{text:?} is no fault; STEP:OCCURRENCE:BLOW");
        let [step, occurrence, blow] = text.split(':').collect::<Vec<_>>().try_into().map_err(|_| no())?;
        Ok(Self {
            step: Step::ALL.into_iter().find(|known| format!("{known:?}") == step).ok_or_else(no)?,
            occurrence: occurrence.parse().map_err(|_| no())?,
            blow: Blow::ALL.into_iter().find(|known| format!("{known:?}") == blow).ok_or_else(no)?,
        })
    }
}

/// Faults, each of which strikes once.
pub struct Striking(Vec<(Fault, AtomicU32)>);

impl Striking {
    /// Will strike as `faults` say.
    pub fn new(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self(faults.into_iter().map(|fault| (fault, AtomicU32::new(0))).collect())
    }

    fn reached(&self, step: Step, durable: bool) -> Interrupt {
        let mut interrupt = Interrupt::Continue;
        for (fault, seen) in self.0.iter().filter(|(fault, _)| fault.step == step && fault.blow.persists() == durable) {
            if seen.fetch_add(1, Ordering::SeqCst).saturating_add(1) == fault.occurrence {
                interrupt = strike(*fault);
            }
        }
        interrupt
    }
}

impl Interruption for Striking {
    fn before_commit(&self, step: Step) -> Interrupt {
        self.reached(step, false)
    }

    fn after_commit(&self, step: Step) -> Interrupt {
        self.reached(step, true)
    }
}

fn strike(fault: Fault) -> Interrupt {
    // One write, past the logger: a process that kills itself flushes nothing.
    let line = format!("{{\"event_id\":\"{STRUCK}\",\"fault\":\"{fault}\"}}\n");
    drop(std::io::stderr().write_all(line.as_bytes()));
    match fault.blow {
        Blow::PowerCutBefore | Blow::PowerCutAfter => kill_myself(),
        Blow::Refused => Interrupt::Refuse,
        Blow::Failed | Blow::FailedButPersisted => Interrupt::LoseAnswer,
    }
}

/// SIGKILL from outside the process's own code: no destructor, no flush, no last word.
fn kill_myself() -> ! {
    let me = std::process::id().to_string();
    loop {
        drop(std::process::Command::new("kill").args(["-9", &me]).status());
    }
}
