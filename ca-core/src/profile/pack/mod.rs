//! Policy packs: authorities, policies, profiles, dates of algorithms and periods of status, as data. A pack is read once, at
//! the start, into checked types; an unknown key or a contradiction is refused with file, line and reason. Nothing here is
//! a default that a pack could forget: what a pack does not say is not in the certificate.
//!
//! [`file`] is the pack as it is written, [`head`] reads dates, policies and authorities, [`profiles`] resolves what extends
//! what, [`consistency`] looks for contradictions and
//! [`soundness`] for what nobody would believe, [`differences`] compares two packs.

mod consistency;
mod crl;
mod differences;
mod file;
mod head;
mod packs;
mod profiles;
mod shadow;
mod soundness;
pub(super) mod words;

pub use crl::CrlRule;
pub use differences::Difference;
pub use packs::{Packs, PacksError};

use super::{PolicyTerm, Profile, Source, Text};
use crate::id::{AuthorityId, ProfileId};
use crate::key::{CryptoCalendar, KeyAlgorithm, RsaPadding, SignatureAlgorithm};
use crate::name::{Attribute, DistinguishedName, StringKind};
use crate::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// A checked pack. Two are equal when [`Pack::differences`] finds none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Its name: `lgwan-private`.
    pub name: ProfileId,
    /// Its version, as it says itself.
    pub version: String,
    /// Its name for people.
    pub title: Text,
    /// From when on it may be issued by.
    pub effective_from: Timestamp,
    /// Until when, included; `None` for no end.
    pub effective_until: Option<Timestamp>,
    /// Whether it is for trying out what is not yet relied on: it may name ML-DSA keys, and nothing in it is offered in
    /// production.
    pub experimental: bool,
    /// Until when algorithms may be used.
    pub calendar: CryptoCalendar,
    /// Its policies, in the order of the file.
    pub policies: Vec<PolicyTerm>,
    /// Its authorities, in the order of the file.
    pub authorities: Vec<AuthorityRule>,
    profiles: Vec<Arc<Profile>>,
}

/// An authority of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityRule {
    /// Its id.
    pub id: AuthorityId,
    /// Its name for people.
    pub title: Text,
    /// The profile of its certificate.
    pub profile: ProfileId,
    /// Who issues its certificate; `None` when it does itself.
    pub issuer: Option<AuthorityId>,
    /// Its name.
    pub subject: DistinguishedName,
    /// How its texts are encoded.
    pub encoding: StringKind,
    /// Its name in Japanese.
    pub alternative: Option<DistinguishedName>,
    /// The keys it may have; the first is made where nobody chooses.
    pub keys: Vec<KeyAlgorithm>,
    /// How its key pads what it signs, where that is RSA.
    pub padding: RsaPadding,
    /// Its revocation lists.
    pub crl: CrlRule,
    /// Its OCSP responder.
    pub ocsp: Option<ResponderRule>,
    /// Who must come before it may use its keys; `None` when its keys are at work as soon as the service is.
    pub activation: Option<ActivationRule>,
}

/// Who must come before an authority may use its keys, and what a restart does to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivationRule {
    /// How many custodians must come together: two at least.
    pub least: u8,
    /// How many custodians there are.
    pub of: u8,
    /// What happens when the service is started.
    pub on_restart: OnRestart,
}

/// What a restart of the service does to an authority that was activated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnRestart {
    /// It is inactive until the custodians have come again.
    Deactivate,
    /// It is active again if it was, with the secret the configuration names.
    Keep,
}

impl OnRestart {
    /// Its word in packs: `deactivate`, `keep`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deactivate => "deactivate",
            Self::Keep => "keep",
        }
    }

    /// The one of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Deactivate, Self::Keep].into_iter().find(|one| one.as_str() == word)
    }
}

impl AuthorityRule {
    /// What it signs with when its key is of that kind.
    pub const fn signature_algorithm(&self, key: KeyAlgorithm) -> SignatureAlgorithm {
        key.signature_algorithm().padded(self.padding)
    }
}

/// How long something is valid, and how long before its end the next is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// How long.
    pub validity: Duration,
    /// How long before the end.
    pub refresh_before: Duration,
}

/// The OCSP responder of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponderRule {
    /// The profile of its certificate.
    pub profile: ProfileId,
    /// How long its answers are valid.
    pub periods: Periods,
}

/// Something wrong in a pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct PackError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Everything that is wrong in a pack, by line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct PackErrors(pub Vec<PackError>);

/// The packs that come with the program: name and text.
pub const SHIPPED: [(&str, &str); 2] = [
    ("lgwan-private", include_str!("../../../packs/lgwan-private.toml")),
    ("bridge-gpki", include_str!("../../../packs/bridge-gpki.toml")),
];

/// The experimental packs that come with the program: name and text. An installation works by them only if it names them.
pub const EXPERIMENTAL: [(&str, &str); 1] =
    [("pqc-experimental", include_str!("../../../packs/pqc-experimental.toml"))];

/// The names of all packs that come with the program.
pub fn shipped_names() -> String {
    SHIPPED.iter().chain(&EXPERIMENTAL).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

impl Pack {
    /// The pack that `text`, said to come from `file`, describes. Errors: all that is wrong with it, by line.
    pub fn parse(text: &str, file: &str) -> Result<Self, PackErrors> {
        let errors = |wrong: Vec<words::Wrong>| {
            let at = |offset: usize| text.get(..offset).unwrap_or(text).matches('\n').count().saturating_add(1);
            let mut errors: Vec<PackError> = wrong
                .into_iter()
                .map(|wrong| PackError { file: file.to_owned(), line: at(wrong.offset), reason: wrong.reason })
                .collect();
            errors.sort_by(|a, b| (a.line, &a.reason).cmp(&(b.line, &b.reason)));
            errors.dedup();
            PackErrors(errors)
        };
        let raw: file::File = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            errors(vec![words::Wrong { offset, reason: error.message().lines().collect::<Vec<_>>().join(" ") }])
        })?;
        head::read(raw).map_err(errors)
    }

    /// The shipped pack of that name, also an experimental one. Errors: [`PackErrors`], which a test excludes; `None` when there is no such pack.
    pub fn shipped(name: &str) -> Option<Result<Self, PackErrors>> {
        let mut shipped = SHIPPED.iter().chain(&EXPERIMENTAL);
        shipped.find(|(known, _)| *known == name).map(|(name, text)| Self::parse(text, &format!("{name}.toml")))
    }

    /// Its profiles, in the order of the file, without those that are only extended.
    pub fn profiles(&self) -> &[Arc<Profile>] {
        &self.profiles
    }

    /// The profile of that name.
    pub fn profile(&self, id: &ProfileId) -> Option<&Arc<Profile>> {
        self.profiles.iter().find(|profile| profile.id == *id)
    }

    /// The profile of that name.
    pub fn profile_named(&self, name: &str) -> Option<&Arc<Profile>> {
        self.profiles.iter().find(|profile| profile.id.as_str() == name)
    }

    /// The authority of that id.
    pub fn authority(&self, id: &AuthorityId) -> Option<&AuthorityRule> {
        self.authorities.iter().find(|authority| authority.id == *id)
    }

    /// The same with one more issuer of every profile: for measurements and tests, where one authority issues everything.
    #[must_use]
    pub fn also_issued_by(mut self, authority: &AuthorityId) -> Self {
        for profile in &mut self.profiles {
            Arc::make_mut(profile).issuers.push(authority.clone());
        }
        self
    }

    /// The same with keys of that ML-DSA kind from its roots down, marked experimental, and without the profiles that only
    /// encipher: for measuring what such keys would change.
    #[must_use]
    pub fn shadow(&self, key: KeyAlgorithm) -> Self {
        shadow::of(self, key)
    }

    /// The last attribute of each authority's name.
    fn last_attributes(&self) -> impl Iterator<Item = String> {
        self.authorities.iter().filter_map(|rule| Some(rule.subject.attributes().last()?.1.to_owned()))
    }

    /// The same with the names of authorities marked, also where a profile has one of `names` as a constant.
    fn rehearsed(mut self, names: &[String]) -> Self {
        for rule in &mut self.authorities {
            rule.subject = rehearsed_name(&rule.subject, rule.encoding);
            rule.alternative = rule.alternative.as_ref().map(|name| rehearsed_name(name, StringKind::Utf8));
        }
        for profile in &mut self.profiles {
            let Some(template) = &mut Arc::make_mut(profile).subject else { continue };
            for (_, source) in &mut template.parts {
                if let Source::Constant(value) = source
                    && names.contains(value)
                {
                    *value = format!("{REHEARSED} {value}");
                }
            }
        }
        self
    }

    /// Whether it may be issued by at `now`.
    pub fn is_effective(&self, now: Timestamp) -> bool {
        self.effective_from <= now && self.effective_until.is_none_or(|until| now <= until)
    }

    /// What is different in `other`, in the order of the two files; empty when they say the same.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        differences::between(self, other)
    }
}

/// What names of rehearsals begin with.
const REHEARSED: &str = "TEST";

/// The name with its last attribute marked; as it is where it cannot be (too long).
fn rehearsed_name(name: &DistinguishedName, encoding: StringKind) -> DistinguishedName {
    let mut attributes: Vec<(Attribute, String)> =
        name.attributes().filter_map(|(kind, value)| Some((kind?, value.to_owned()))).collect();
    if let Some((_, last)) = attributes.last_mut() {
        last.insert_str(0, &format!("{REHEARSED} "));
    }
    let attributes: Vec<_> = attributes.iter().map(|(kind, value)| (*kind, encoding, value.as_str())).collect();
    DistinguishedName::new(&attributes).unwrap_or_else(|_| name.clone())
}

#[cfg(test)]
mod tests;
