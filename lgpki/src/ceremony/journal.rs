//! The journal of a ceremony: one JSON object a line, each with the SHA-256 of the line before, durable before anybody goes
//! on. What is written is never changed; a last line without its end is one whose writing was cut off, and is dropped.

use crate::trouble::{Exit, Trouble};
use ca_core::digest::{hex, sha256};
use ca_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Interrupt, Interruption, Step as Durable};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The ceremony was opened.
    Opened {
        /// SHA-256 of the script.
        script: String,
        /// Whether it is a rehearsal.
        rehearsal: bool,
        /// What serial numbers are drawn from, hexadecimal.
        seed: String,
        /// Which program runs it.
        program: String,
        /// SHA-256 of the last line of the earlier ceremony's journal, if this one goes on with one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        earlier: Option<String>,
        /// SHA-256 of the earlier ceremony's record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        earlier_record: Option<String>,
    },
    /// Custodians opened a key store.
    Activated {
        /// Which.
        store: String,
        /// Who came, by name.
        custodians: Vec<String>,
    },
    /// Somebody confirmed something: before an act who does it, behind it who has seen it, at the opening everybody.
    Confirmed {
        /// Of which step; `opening` for the script itself.
        step: String,
        /// Who, by name.
        name: String,
        /// `terminal`, or `file` for a file of answers.
        answered: String,
    },
    /// An act begins.
    Begun {
        /// Of which step.
        step: String,
        /// What its certificates and CRLs are dated by: microseconds since 1970.
        dated: i64,
    },
    /// An act is done.
    Done {
        /// Of which step.
        step: String,
        /// What it made.
        outputs: Vec<Output>,
    },
    /// Everything is done and seen.
    Closed,
}

/// Something a step made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// What it is, for people.
    pub what: String,
    /// Its file in the ceremony's folder, if it has one.
    pub file: Option<String>,
    /// SHA-256 of it: of a key its public half, of a certificate or CRL its DER, else of the file.
    pub sha256: String,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which, from 1.
    pub number: u64,
    /// SHA-256 of the line before; zeros for the first.
    pub previous: String,
    /// When, RFC 3339.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// An open journal; no other process has it open.
pub struct Journal {
    path: PathBuf,
    file: File,
    lines: Vec<Line>,
    head: String,
    interruption: Option<Arc<dyn Interruption>>,
}

impl Journal {
    /// The journal in `path`, made when it is missing. Errors: exit 5 when it cannot be read or another process has it, exit 6
    /// when a line was changed.
    pub fn open(path: &Path, interruption: Option<Arc<dyn Interruption>>) -> Result<Self, Trouble> {
        let failed = |error: std::io::Error| {
            Trouble::new(Exit::Unavailable, format!("the journal {} cannot be used", path.display())).because(error)
        };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        file.try_lock().map_err(|error| {
            Trouble::new(Exit::Unavailable, "another process is running this ceremony").because(error)
        })?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let whole = text.rfind('\n').map_or(0, |end| end.saturating_add(1));
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or(0)).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        let (lines, head) = checked(text.get(..whole).unwrap_or_default()).map_err(|number| {
            Trouble::new(Exit::Integrity, format!("line {number} of {} is not what was written", path.display()))
                .advice("this ceremony cannot go on: keep its folder as it is, and find out who changed it")
        })?;
        Ok(Self { path: path.to_owned(), file, lines, head, interruption })
    }

    /// Its lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// SHA-256 of the script it was begun with; `None` before it was.
    pub fn script(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| match &line.event {
            Event::Opened { script, .. } => Some(script.as_str()),
            _ => None,
        })
    }

    /// Errors: exit 7 when it was begun with another script than that text.
    pub fn is_of(&self, text: &str) -> Result<(), Trouble> {
        let script = hex(&sha256(text.as_bytes()));
        match self.script().filter(|opened| *opened != script) {
            None => Ok(()),
            Some(opened) => Err(Trouble::new(Exit::Refused, "this is not the script the ceremony was begun with")
                .because(format!("its SHA-256 is {script}, and the journal says {opened}"))
                .advice("resume with the script that was reviewed; a copy is in the folder, script.toml")),
        }
    }

    /// Whether everything is done and seen.
    pub fn is_closed(&self) -> bool {
        self.lines.iter().any(|line| line.event == Event::Closed)
    }

    /// Which ceremony it is of: SHA-256 of its first line; empty before there is one.
    pub fn id(&self) -> String {
        let second = self.lines.get(1).map(|line| &line.previous);
        let first = self.lines.first().map(|_| &self.head);
        second.or(first).cloned().unwrap_or_default()
    }

    /// SHA-256 of its last line.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Writes down that something happened; durable on return. Errors: exit 5; then it may or may not be there.
    pub fn write(&mut self, at: Timestamp, event: Event) -> Result<(), Trouble> {
        let number = u64::try_from(self.lines.len()).unwrap_or(u64::MAX).saturating_add(1);
        let line = Line { number, previous: self.head.clone(), at: at.rfc3339(), event };
        let failed = |why: &dyn std::fmt::Display| {
            Trouble::new(Exit::Unavailable, format!("the journal {} cannot be written", self.path.display()))
                .because(why)
                .advice("see that the disk has room, then `lgpki ceremony resume`")
        };
        let text = serde_json::to_string(&line).map_err(|error| failed(&error))?;
        self.interrupted(|wants| wants.before_commit(Durable::CeremonyWritten)).map_err(|error| failed(&error))?;
        let written = self.file.write_all(format!("{text}\n").as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(|error| failed(&error))?;
        self.interrupted(|wants| wants.after_commit(Durable::CeremonyWritten)).map_err(|error| failed(&error))?;
        self.head = hex(&sha256(text.as_bytes()));
        self.lines.push(line);
        Ok(())
    }

    /// What its steps have made so far, in order.
    pub fn outputs(&self) -> impl Iterator<Item = (&str, &Output)> {
        self.lines.iter().flat_map(|line| match &line.event {
            Event::Done { step, outputs } => outputs.iter().map(|output| (step.as_str(), output)).collect(),
            _ => Vec::new(),
        })
    }

    fn interrupted(&self, asks: impl Fn(&dyn Interruption) -> Interrupt) -> Result<(), store::txn::Interrupted> {
        match self.interruption.as_deref().map(asks) {
            None | Some(Interrupt::Continue) => Ok(()),
            Some(Interrupt::Refuse | Interrupt::LoseAnswer) => Err(store::txn::Interrupted(Durable::CeremonyWritten)),
        }
    }
}

/// The lines of a text and the SHA-256 of the last. Errors: the number of the first line that does not follow.
pub fn checked(text: &str) -> Result<(Vec<Line>, String), u64> {
    let (mut lines, mut head) = (Vec::new(), "0".repeat(64));
    for (number, line) in (1u64..).zip(text.lines()) {
        let parsed: Line = serde_json::from_str(line).map_err(|_| number)?;
        if parsed.number != number || parsed.previous != head {
            return Err(number);
        }
        head = hex(&sha256(line.as_bytes()));
        lines.push(parsed);
    }
    Ok((lines, head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_found_and_a_torn_one_dropped() {
        let folder = std::env::temp_dir().join(format!("lgpki-journal-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("journal");
        let begun = |step: &str| Event::Begun { step: step.to_owned(), dated: 1 };
        let mut journal = Journal::open(&path, None).unwrap();
        for step in ["one", "two", "three"] {
            journal.write(Timestamp::from_seconds(1), begun(step)).unwrap();
        }
        assert_eq!(Journal::open(&path, None).err().unwrap().exit(), Exit::Unavailable);
        drop(journal);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.trim_end()).unwrap();
        let mut journal = Journal::open(&path, None).unwrap();
        assert_eq!(journal.lines().len(), 2);
        journal.write(Timestamp::from_seconds(1), begun("three")).unwrap();
        drop(journal);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::write(&path, text.replace("\"two\"", "\"too\"")).unwrap();
        assert_eq!(Journal::open(&path, None).err().unwrap().exit(), Exit::Integrity);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
