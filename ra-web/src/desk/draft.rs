//! A form as a person filled it in. Which inputs it has is said by the profile; [`super::check`] judges what stands in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ca_core::profile::{KeySource, Profile};
use ca_core::request::csr::LARGEST_REQUEST;

use super::blank::Blank;
use super::diagnosis;
use super::message::Message;
use super::problem::{Field, Problem};
use super::written;

/// A form as typed. Never holds a private key: [`Draft::new`] takes it out, in every field.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What is asked for.
    pub profile: Arc<Profile>,
    texts: BTreeMap<Field, String>,
    /// What was uploaded, when it is not text.
    upload: Option<Vec<u8>>,
    /// What taking the form apart already found.
    pub(super) found: Vec<Problem>,
    /// True when a file came together with other pasted text, and won.
    pub(super) file_won: bool,
}

impl Draft {
    /// The form as it is first drawn.
    pub const fn empty(profile: Arc<Profile>) -> Self {
        Self { profile, texts: BTreeMap::new(), upload: None, found: Vec::new(), file_won: false }
    }

    /// Takes a posted form apart: `typed` gives what stands in an input. A file is preferred to a pasted signing request.
    pub fn new<'a>(profile: Arc<Profile>, typed: impl Fn(&str) -> &'a str, file: Option<&[u8]>) -> Self {
        let inputs = Self::inputs(&profile);
        let mut draft = Self::empty(profile);
        for field in inputs {
            draft.keep(field, typed(field.id()));
        }
        if let Some(octets) = file {
            let pasted = typed(Field::Csr.id()).trim();
            draft.file_won = !pasted.is_empty() && pasted.as_bytes() != octets.trim_ascii();
            draft.found.retain(|problem| problem.field != Field::Csr);
            match std::str::from_utf8(octets) {
                Ok(text) if octets.len() <= LARGEST_REQUEST => draft.keep(Field::Csr, text),
                _ => {
                    draft.put(Field::Csr, "");
                    draft.upload = Some(octets.to_vec());
                }
            }
        }
        draft
    }

    /// Returns the inputs with text of the form for `profile`, in order.
    pub fn inputs(profile: &Profile) -> Vec<Field> {
        let mut inputs: Vec<Field> = Blank::of(profile).into_iter().map(Field::Blank).collect();
        if profile.alternative.dns.most > 0 {
            inputs.push(Field::Names);
        }
        if profile.alternative.emails.most > 0 {
            inputs.push(Field::Emails);
        }
        if profile.scheduled_start {
            inputs.extend([Field::Start, Field::StartMonth, Field::StartDay]);
        }
        if profile.key_sources.contains(&KeySource::Centre) {
            inputs.extend([Field::KeySource, Field::KeyKind]);
        }
        inputs.extend([Field::Csr, Field::Note]);
        inputs
    }

    /// Returns what stands in an input.
    pub fn text(&self, field: Field) -> &str {
        self.texts.get(&field).map_or("", String::as_str)
    }

    /// Returns what stands in the inputs, each with its name: what the confirmation carries to the next step.
    pub fn carried(&self) -> Vec<(&'static str, &str)> {
        self.texts.iter().map(|(field, text)| (field.id(), text.as_str())).collect()
    }

    /// Returns who is to make the key; the holder, where nothing else was chosen.
    pub fn key_source(&self) -> KeySource {
        match self.text(Field::KeySource) {
            word if word == KeySource::Centre.as_str() => KeySource::Centre,
            _ => KeySource::Holder,
        }
    }

    /// Takes the suggestion for a blank, which the person has looked at.
    pub fn take(&mut self, blank: Blank) {
        if let Some(suggestion) = written::suggested(blank, self.text(Field::Blank(blank))) {
            self.put(Field::Blank(blank), &suggestion);
        }
    }

    /// Puts a readable request in the place of what was uploaded or typed.
    pub(super) fn put_csr(&mut self, pem: &str) {
        self.put(Field::Csr, pem);
        self.upload = None;
    }

    pub(super) fn csr_octets(&self) -> &[u8] {
        self.upload.as_deref().unwrap_or(self.text(Field::Csr).as_bytes())
    }

    pub(super) fn lost_a_key_in(&self, field: Field) -> bool {
        self.found.iter().any(|problem| problem.field == field)
    }

    /// Keeps `text` unless a private key is in it; then nothing, and the problem is noted.
    fn keep(&mut self, field: Field, text: &str) {
        let lost = match field {
            Field::Csr => diagnosis::is_private_key(text.as_bytes()),
            _ => diagnosis::holds_private_key(text),
        };
        if lost {
            let key = if field == Field::Csr { "csr-private-key" } else { "csr-private-key-elsewhere" };
            self.found.push(Problem::new(field, Message::new(key)));
        }
        self.put(field, if lost { "" } else { text });
    }

    fn put(&mut self, field: Field, text: &str) {
        self.texts.insert(field, text.to_owned());
    }
}
