//! The register of organisations: prefectures, municipalities, special wards and wards of designated cities with their codes,
//! names and readings; what became of them; and whose domain is whose, by official LG.JP names and by readings.
//!
//! The shipped data is in `ca-core/data` (made by a script there, credited in NOTICE); of official LG.JP names it has those of
//! prefectures whose web host is under lg.jp. Unions, approved bodies and providers are
//! not in it: an operator adds them from a file of the same form ([`Register::with`]). Nothing here is global: whoever needs the
//! register reads it once with [`Register::shipped`] and hands it on.

mod body;
mod derived;
mod domain;
mod english;
mod file;
mod lineage;
mod romaji;

pub use body::{Attribute, BodyKind, LgJpLabel, RegisteredBody};
pub use domain::{Applicant, DomainVerdict, LgJpFault, judge_domain};
pub use english::english_name;
pub use file::RegisterError;
pub use lineage::{LineageEvent, LineageKind};

use crate::name::LocalGovernmentCode;
use crate::time::Timestamp;
use file::Entry;
use std::collections::BTreeMap;

const GOVERNMENTS: &str = include_str!("../../data/local-governments.csv");
const REORGANISED: &str = include_str!("../../data/reorganised-bodies.csv");
const LINEAGE: &str = include_str!("../../data/lineage.csv");

/// Bodies of all times, by code, and what became of them.
#[derive(Clone, Debug)]
pub struct Register {
    bodies: BTreeMap<LocalGovernmentCode, RegisteredBody>,
    lineage: Vec<LineageEvent>,
}

/// The register as it is at an instant: bodies that have not begun or have ended are not there.
#[derive(Clone, Copy, Debug)]
pub struct RegisterAt<'a> {
    register: &'a Register,
    now: Timestamp,
}

impl Register {
    /// The register this program ships, read anew (a few milliseconds). Errors: none, which a test holds; the shipped files are
    /// read as strictly as others.
    pub fn shipped() -> Result<Self, RegisterError> {
        let empty = Self { bodies: BTreeMap::new(), lineage: Vec::new() };
        empty.with(GOVERNMENTS)?.with(REORGANISED)?.with_lineage(LINEAGE)
    }

    /// The same register with the bodies of `text`, lines of
    /// `code,kind,name,reading,label[,first day[,first day no longer]]`, and official labels for bodies that are there, lines of
    /// `code,label`. Errors: a line that is wrong, a body that is there already, a label for one that is not, a label that
    /// belongs to another body at the same time.
    pub fn with(mut self, text: &str) -> Result<Self, RegisterError> {
        for entry in file::entries(text)? {
            match entry {
                Entry::Body(body) => {
                    if let Some(there) = self.bodies.insert(body.code.clone(), body) {
                        return Err(RegisterError::Twice(there.code));
                    }
                }
                Entry::Label(code, label) => match self.bodies.get_mut(&code) {
                    Some(body) => body.label = Some(label),
                    None => return Err(RegisterError::Bodiless(code)),
                },
            }
        }
        self.check_labels()?;
        Ok(self)
    }

    /// The same register with the events of `text`, lines of `day,event,predecessor,successor`. Errors: a line that is wrong, a
    /// body that is not in the register.
    pub fn with_lineage(mut self, text: &str) -> Result<Self, RegisterError> {
        for event in file::events(text)? {
            let strange =
                [&event.predecessor, &event.successor].into_iter().find(|code| !self.bodies.contains_key(*code));
            if let Some(code) = strange {
                return Err(RegisterError::Unknown(code.clone()));
            }
            self.lineage.push(event);
        }
        self.lineage.sort_by_key(|event| event.effective);
        Ok(self)
    }

    /// The register as it is at `now`.
    pub const fn at(&self, now: Timestamp) -> RegisterAt<'_> {
        RegisterAt { register: self, now }
    }

    /// Bodies of all times, by code.
    pub fn bodies(&self) -> impl Iterator<Item = &RegisteredBody> {
        self.bodies.values()
    }

    /// The body of that code, also one that has ended.
    pub fn body(&self, code: &LocalGovernmentCode) -> Option<&RegisteredBody> {
        self.bodies.get(code)
    }

    /// What a body came from, oldest first.
    pub fn predecessors(&self, code: &LocalGovernmentCode) -> impl Iterator<Item = &LineageEvent> {
        self.lineage.iter().filter(move |event| event.successor == *code)
    }

    /// What became of a body, oldest first.
    pub fn successors(&self, code: &LocalGovernmentCode) -> impl Iterator<Item = &LineageEvent> {
        self.lineage.iter().filter(move |event| event.predecessor == *code)
    }

    /// Bodies of all times that have `text` in their name, reading (hiragana will do), label or one their reading leads to, or at
    /// the beginning of their code; by code. None for an empty text.
    pub fn search(&self, text: &str) -> Vec<&RegisteredBody> {
        let text = text.trim();
        let (reading, latin) = (katakana(text), text.to_ascii_lowercase());
        let found = |body: &&RegisteredBody| {
            body.code.as_str().starts_with(text)
                || body.name.contains(text)
                || body.kana.contains(&reading)
                || body.expected_labels().iter().any(|label| label.domain().contains(&latin))
        };
        if text.is_empty() { Vec::new() } else { self.bodies.values().filter(found).collect() }
    }

    fn check_labels(&self) -> Result<(), RegisterError> {
        let mut held: BTreeMap<&LgJpLabel, &RegisteredBody> = BTreeMap::new();
        for body in self.bodies.values().filter(|body| body.valid_until.is_none()) {
            let Some(label) = &body.label else { continue };
            if let Some(other) = held.insert(label, body) {
                let (first, second) = (other.code.clone(), body.code.clone());
                return Err(RegisterError::LabelTwice { label: label.clone(), first, second });
            }
        }
        Ok(())
    }
}

impl<'a> RegisterAt<'a> {
    /// The body of that code, if it is one at this time.
    pub fn body(self, code: &LocalGovernmentCode) -> Option<&'a RegisteredBody> {
        self.register.body(code).filter(|body| body.in_force(self.now))
    }

    /// The bodies of this time, by code.
    pub fn bodies(self) -> impl Iterator<Item = &'a RegisteredBody> {
        self.register.bodies().filter(move |body| body.in_force(self.now))
    }

    /// The body whose label that is at this time.
    pub fn holder(self, label: &LgJpLabel) -> Option<&'a RegisteredBody> {
        self.bodies().find(|body| body.label.as_ref() == Some(label))
    }

    /// The name under lg.jp a body most probably has: its label where that is known, otherwise the first its reading leads to,
    /// with the prefecture before it if another body of this time reads so too. `None` for kinds without such names.
    pub fn likely_label(self, body: &RegisteredBody) -> Option<LgJpLabel> {
        let expected = body.expected_labels();
        let first = expected.first()?;
        let shared = || self.bodies().any(|other| other.code != body.code && other.reads_as(first));
        // Only what stands behind a prefecture has a hyphen among the derived ones.
        let with_prefecture = expected.iter().find(|label| label.name().contains('-'));
        with_prefecture.filter(|_| body.label.is_none() && shared()).or(Some(first)).cloned()
    }

    /// The designated city a ward is part of; `None` for other bodies.
    pub fn city_of(self, ward: &LocalGovernmentCode) -> Option<&'a RegisteredBody> {
        self.body(ward).filter(|body| body.kind == BodyKind::Ward)?;
        let cities = self.bodies().filter(|body| body.kind == BodyKind::DesignatedCity);
        cities.filter(|city| city.code.prefecture() == ward.prefecture() && city.code < *ward).last()
    }
}

/// Hiragana as katakana; everything else as it is.
fn katakana(text: &str) -> String {
    let shifted = |c: char| match c {
        '\u{3041}'..='\u{3096}' => char::from_u32(u32::from(c).saturating_add(0x60)).unwrap_or(c),
        other => other,
    };
    text.chars().map(shifted).collect()
}

#[cfg(test)]
mod tests;
