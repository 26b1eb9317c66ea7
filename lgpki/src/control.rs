//! What a person at the machine tells a running service: over a socket in the folder of keys that only the service's user can
//! reach. The messages, and the person's side; the service's is `serve::control`.
//!
//! A message is one line of JSON. A custodian's share follows on a line of its own, so that it passes through no parser that
//! leaves copies. The answer is one line of JSON.

use crate::config::Config;
use crate::trouble::{Exit, Trouble};
use ca_core::id::AuthorityId;
use hsm_adapters::custody::Share;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Longer than opening a slow token takes.
const PATIENCE: Duration = Duration::from_secs(120);
/// No answer is longer.
const LONGEST_ANSWER: u64 = 1 << 20;

/// What is asked of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// Say how the authorities stand.
    Status,
    /// Take the share that follows. Without an authority, all that its key store holds are meant.
    Activate {
        /// Which.
        authority: Option<String>,
    },
    /// Let authorities rest at once; all of them when none is named.
    Deactivate {
        /// Which.
        authority: Option<String>,
    },
}

/// What a service says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// How the authorities stand, after what was done.
    Status {
        /// One for each authority that asks for custodians.
        authorities: Vec<AuthorityStatus>,
    },
    /// It was not done, and why.
    Refused {
        /// What happened.
        what: String,
        /// Why, if that is known.
        why: Option<String>,
        /// What to do about it, if there is something.
        advice: Option<String>,
    },
}

/// How an authority stands that asks for custodians.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityStatus {
    /// Which.
    pub authority: String,
    /// Whether it may use its keys.
    pub active: bool,
    /// Since when.
    pub since: String,
    /// Why: `custodians`, `person`, `restart`.
    pub reason: String,
    /// The custodians who activated it, while it is active.
    pub by: Vec<String>,
    /// How many custodians must come together.
    pub least: u8,
    /// How many there are.
    pub of: u8,
    /// Who has come so far, while shares are gathered for it.
    pub waiting: Vec<String>,
}

/// The roles whose processes have a socket.
const ROLES: [&str; 2] = ["ca", "ocsp"];

/// Where the socket of the process with that role is.
pub fn socket(config: &Config, role: &str) -> PathBuf {
    config.keys.directory.join(format!("{role}.socket"))
}

/// Errors when a service of this configuration runs on this machine: what `doing` does would be done under its feet (exit 7).
pub fn refuse_beside_a_service(config: &Config, doing: &str) -> Result<(), Trouble> {
    let answers = |path: &PathBuf| UnixStream::connect(path).is_ok();
    match ROLES.into_iter().map(|role| socket(config, role)).find(answers) {
        None => Ok(()),
        Some(path) => Err(Trouble::new(Exit::Refused, format!("{doing}, but the service is running"))
            .because(format!("it answers at {}, and works with what opens the key store now", path.display()))
            .advice("stop the service, do this, and start it again")),
    }
}

/// Tells the service with that role, and returns what it says of the authorities. Errors: no service answers (exit 5); what it
/// refused, with its own words (exit 7).
pub fn tell(
    config: &Config,
    role: &str,
    order: &Order,
    share: Option<&Share>,
) -> Result<Vec<AuthorityStatus>, Trouble> {
    let path = socket(config, role);
    let unreachable = |error: std::io::Error| {
        Trouble::new(Exit::Unavailable, format!("no service answers at {}", path.display()))
            .because(error)
            .advice("start it with `lgpki serve`, and run this as the same user, with the same --config")
    };
    let mut stream = UnixStream::connect(&path).map_err(unreachable)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(unreachable)?;
    let order = serde_json::to_string(order).map_err(|error| Trouble::new(Exit::Bug, error.to_string()))?;
    let carried = share.map(Share::carried);
    let parts = [order.as_bytes(), b"\n", carried.as_ref().map_or(&[][..], |line| line.as_bytes())];
    parts.into_iter().try_for_each(|part| stream.write_all(part)).map_err(unreachable)?;
    stream.shutdown(Shutdown::Write).map_err(unreachable)?;
    let mut answer = String::new();
    stream.take(LONGEST_ANSWER).read_to_string(&mut answer).map_err(unreachable)?;
    match serde_json::from_str(&answer) {
        Ok(Answer::Status { authorities }) => Ok(authorities),
        Ok(Answer::Refused { what, why, advice }) => Err(refused(what, why, advice)),
        Err(error) => Err(Trouble::new(Exit::Unavailable, "the service's answer cannot be read").because(error)),
    }
}

fn refused(what: String, why: Option<String>, advice: Option<String>) -> Trouble {
    let trouble = Trouble::new(Exit::Refused, what);
    let trouble = why.into_iter().fold(trouble, Trouble::because);
    advice.into_iter().fold(trouble, Trouble::advice)
}

impl From<Trouble> for Answer {
    fn from(trouble: Trouble) -> Self {
        Self::Refused {
            what: trouble.what().to_owned(),
            why: trouble.why().map(str::to_owned),
            advice: trouble.what_to_do().map(str::to_owned),
        }
    }
}

impl Order {
    /// The authority it names. Errors: what is named is no id (exit 2).
    pub fn authority(&self) -> Result<Option<AuthorityId>, Trouble> {
        let named = match self {
            Self::Status => None,
            Self::Activate { authority } | Self::Deactivate { authority } => authority.as_deref(),
        };
        named.map(AuthorityId::parse).transpose().map_err(|error| Trouble::new(Exit::Usage, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_answers_are_lines() {
        let order = Order::Activate { authority: Some("application-ca".to_owned()) };
        let line = serde_json::to_string(&order).unwrap();
        assert_eq!(line, r#"{"do":"activate","authority":"application-ca"}"#);
        assert_eq!(serde_json::from_str::<Order>(&line).unwrap(), order);
        assert!(serde_json::from_str::<Order>(r#"{"do":"activate","share":"00"}"#).is_err());
        let said = Answer::from(Trouble::new(Exit::Refused, "no").because("so"));
        let line = serde_json::to_string(&said).unwrap();
        assert_eq!(line, r#"{"said":"refused","what":"no","why":"so","advice":null}"#);
    }
}
