//! `lgpki crl diff OLD NEW`: what a later list says that an earlier one does not. Both are read beside each other, entry by entry;
//! one whose entries stand in no order is sorted in memory first.

use super::source::{Listed, Source};
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble};
use ::crl::entries::CrlEntry;
use ::crl::reader::CrlHeader;
use ca_core::time::Timestamp;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `crl diff`.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// The earlier CRL, PEM or DER
    pub old: PathBuf,
    /// The later CRL, PEM or DER
    pub new: PathBuf,
    /// Say how much differs, and not each entry
    #[arg(long)]
    pub summary: bool,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Default, Serialize)]
struct Differences {
    schema: &'static str,
    added: u64,
    removed: u64,
    changed: u64,
    same: u64,
    entries: Vec<Difference>,
}

#[derive(Serialize)]
struct Difference {
    what: &'static str,
    serial: String,
    revoked_at: String,
    reason: &'static str,
    invalidity_at: Option<String>,
}

/// Says it; lists that differ are a negative answer. Errors: exit 2 for files that are no CRLs, or of two issuers.
pub(super) fn run(what: &Diff) -> Result<Exit, Trouble> {
    let (mut old, mut new) = (Ordered::open(&what.old)?, Ordered::open(&what.new)?);
    if old.header().issuer != new.header().issuer {
        return Err(Trouble::new(Exit::Usage, "the two lists are of two issuers").because(format!(
            "{} and {}",
            old.header().issuer,
            new.header().issuer
        )));
    }
    let mut found = Differences { schema: "lgpki.crl.diff/1", ..Differences::default() };
    let (mut before, mut after) = (old.entry()?, new.entry()?);
    loop {
        let (entry, word) = match (before.take(), after.take()) {
            (None, None) => break,
            (Some(one), Some(other)) if one.serial == other.serial => {
                (before, after) = (old.entry()?, new.entry()?);
                let word = if one == other { None } else { Some("changed") };
                (other, word)
            }
            (Some(one), Some(other)) if one.serial < other.serial => {
                (before, after) = (old.entry()?, Some(other));
                (one, Some("removed"))
            }
            (one, Some(other)) => {
                (before, after) = (one, new.entry()?);
                (other, Some("added"))
            }
            (Some(one), None) => {
                before = old.entry()?;
                (one, Some("removed"))
            }
        };
        found.take(what, word, &entry)?;
    }
    let (old, new) = (old.finish()?, new.finish()?);
    match what.format {
        Format::Json => out::json(&found)?,
        Format::Text => {
            let number = |number: Option<u64>| number.map_or("none".to_owned(), |number| number.to_string());
            let (one, other) = (number(old.trailer.number), number(new.trailer.number));
            let (since, until) = (old.header.this_update.rfc3339(), new.header.this_update.rfc3339());
            out::line(format_args!("number {one} of {since} → number {other} of {until}"))?;
            let Differences { added, removed, changed, same, .. } = found;
            out::line(format_args!("{added} added, {removed} removed, {changed} changed, {same} the same"))?;
        }
    }
    let same = found.added == 0 && found.removed == 0 && found.changed == 0;
    Ok(if same { Exit::Done } else { Exit::Negative })
}

/// A list whose entries come in the order of their serial numbers.
enum Ordered {
    /// As they stand.
    Streamed(Source),
    /// Sorted; the reader is for what stands around them.
    Sorted(Source, std::vec::IntoIter<CrlEntry>),
}

impl Ordered {
    fn open(path: &Path) -> Result<Self, Trouble> {
        let (mut source, mut last) = (Source::open(path)?, None);
        while let Some(entry) = source.entry()? {
            if last.is_some_and(|last| last > entry.serial) {
                return Self::sorted(path);
            }
            last = Some(entry.serial);
        }
        Source::open(path).map(Self::Streamed)
    }

    fn sorted(path: &Path) -> Result<Self, Trouble> {
        let (mut source, mut entries) = (Source::open(path)?, Vec::new());
        while let Some(entry) = source.entry()? {
            entries.push(entry);
        }
        entries.sort_by(|one, other| one.serial.cmp(&other.serial));
        Ok(Self::Sorted(source, entries.into_iter()))
    }

    const fn header(&self) -> &CrlHeader {
        match self {
            Self::Streamed(source) | Self::Sorted(source, _) => source.header(),
        }
    }

    fn entry(&mut self) -> Result<Option<CrlEntry>, Trouble> {
        match self {
            Self::Streamed(source) => source.entry(),
            Self::Sorted(_, entries) => Ok(entries.next()),
        }
    }

    fn finish(self) -> Result<Listed, Trouble> {
        match self {
            Self::Streamed(source) | Self::Sorted(source, _) => source.finish(),
        }
    }
}

impl Differences {
    fn take(&mut self, what: &Diff, word: Option<&'static str>, entry: &CrlEntry) -> Result<(), Trouble> {
        let (count, sign) = match word {
            None => {
                self.same = self.same.saturating_add(1);
                return Ok(());
            }
            Some("added") => (&mut self.added, '+'),
            Some("removed") => (&mut self.removed, '-'),
            Some(_) => (&mut self.changed, '~'),
        };
        *count = count.saturating_add(1);
        if what.summary {
            return Ok(());
        }
        let (serial, revoked_at, reason) = (entry.serial.to_hex(), entry.revoked_at.rfc3339(), entry.reason.as_str());
        match what.format {
            Format::Text => out::line(format_args!("{sign} {serial}  {revoked_at}  {reason}"))?,
            Format::Json => self.entries.push(Difference {
                what: word.unwrap_or_default(),
                serial,
                revoked_at,
                reason,
                invalidity_at: entry.invalidity_at.map(Timestamp::rfc3339),
            }),
        }
        Ok(())
    }
}
