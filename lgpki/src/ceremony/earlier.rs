//! An earlier ceremony that a later one goes on with: an offline root signs its next CRL, or certifies another authority, with
//! the database and the keys of the ceremony that founded it. The later one has a script, journal and record of its own.

use super::journal::{Event, Journal};
use super::record;
use crate::trouble::{Exit, Trouble};
use std::path::{Path, PathBuf};

/// An earlier ceremony; no other process works on its folder until this is dropped.
pub struct Earlier {
    folder: PathBuf,
    journal: Journal,
    record: String,
}

impl Earlier {
    /// The ceremony in the folder `of`, or none, for one whose own journal is `journal`. Errors: exit 6 when the earlier journal
    /// or record was changed; exit 7 when it is no finished ceremony of the same kind that has a database of its own, or another than
    /// the one `journal` was begun with; exit 5 when another process has it.
    pub fn named(of: Option<&Path>, journal: &Journal, rehearsal: bool) -> Result<Option<Self>, Trouble> {
        let begun = begun(journal).map(|(_, earlier)| earlier);
        let Some(folder) = of else {
            if begun.flatten().is_some() {
                return Err(Trouble::new(Exit::Refused, "this ceremony goes on with an earlier one")
                    .advice("name the earlier one's folder with --of, as when it was begun"));
            }
            return Ok(None);
        };
        let another = || {
            Trouble::new(Exit::Refused, format!("this ceremony was not begun with the one in {}", folder.display()))
                .advice("resume it with the same --of as it was begun with, or without one")
        };
        if begun == Some(None) {
            return Err(another());
        }
        let earlier = Self::open(folder, rehearsal)?;
        if begun.flatten().is_some_and(|head| head != earlier.head()) {
            return Err(another());
        }
        Ok(Some(earlier))
    }

    fn open(folder: &Path, rehearsal: bool) -> Result<Self, Trouble> {
        let refused = |why: &str| {
            Trouble::new(Exit::Refused, format!("the ceremony in {} cannot be gone on with", folder.display()))
                .because(why)
        };
        let path = folder.join("journal");
        if !path.exists() {
            return Err(refused("there is none"));
        }
        let journal = Journal::open(&path, None)?;
        match begun(&journal) {
            None => return Err(refused("it was never opened")),
            Some((_, Some(_))) => {
                return Err(refused("it goes on with an earlier one itself").advice("name that one's folder"));
            }
            Some((kind, None)) if kind != rehearsal => {
                return Err(refused("a rehearsal and a ceremony do not use each other's keys"));
            }
            Some((_, None)) => {}
        }
        if !journal.is_closed() {
            return Err(refused("it is not finished").advice("finish it with `lgpki ceremony resume`"));
        }
        let file = folder.join(record::FILE);
        if !file.exists() {
            return Err(refused("its record is missing").advice("`lgpki ceremony record SCRIPT` writes it again"));
        }
        let record = record::verified(&file)?.sha256;
        Ok(Self { folder: folder.to_owned(), journal, record })
    }

    /// Where its database and keys are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// SHA-256 of its record.
    pub fn record(&self) -> &str {
        &self.record
    }

    /// SHA-256 of the last line of its journal, which says which ceremony it is.
    pub fn head(&self) -> &str {
        self.journal.head()
    }
}

/// Whether a ceremony is a rehearsal, and the head of the earlier one's journal.
fn begun(journal: &Journal) -> Option<(bool, Option<&str>)> {
    journal.lines().iter().find_map(|line| match &line.event {
        Event::Opened { rehearsal, earlier, .. } => Some((*rehearsal, earlier.as_deref())),
        _ => None,
    })
}
