//! A certificate in sentences: whose it is, what it is for, until when, who vouches for it, what would make it invalid and
//! what to beware of. For people who meet a certificate four times a year; the page and `lgpki cert explain` say the same.
//!
//! Everything is read from the certificate itself; a profile, where it is known, says which family it belongs to. Another CA's
//! certificate is explained by what it says. Nothing is verified here, and where that matters a sentence says so.
//! The sentences are in `texts/*/explain.ftl`; golden texts of every family are in `tests/explained/`.

mod cautions;
mod ends;
mod issuer;
mod kind;
mod names;
mod period;
mod purpose;
mod whose;

use std::sync::Arc;

use ca_core::certificate::Certificate;
use ca_core::profile::{Pack, Packs, Profile, Role, purpose_word};
use ca_core::time::Timestamp;

use crate::locale::{Message, Words};
use kind::Kind;

/// What is asked to be explained, and what is known beside the certificate.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// The profile it was issued by, where that is known.
    pub profile: Option<&'a Profile>,
    /// Its holder's organisation, as the register has it (in Japanese).
    pub organisation: Option<&'a str>,
    /// Until when keys of its kind may be used, as policy packs say.
    pub key_ends: Option<Timestamp>,
    /// Where it comes from.
    pub origin: Origin,
    /// The instant the sentences are true at.
    pub now: Timestamp,
}

/// Where a certificate to be explained comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file somebody handed over: nothing about it is known, nothing was verified.
    File,
    /// Our register, in which it is not revoked.
    Issued,
    /// Our register, in which it is revoked since then.
    Revoked(Timestamp),
    /// Our register, in which it is suspended since then.
    Suspended(Timestamp),
}

/// A heading with its sentences, in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paragraph {
    /// The question it answers, such as だれのものか.
    pub heading: String,
    /// At least one.
    pub sentences: Vec<String>,
}

impl<'a> Question<'a> {
    /// Returns the question about a certificate from a file: its profile is the one of `packs` that it fits, if any.
    pub fn of_file(certificate: &'a Certificate, packs: &'a Packs, now: Timestamp) -> Self {
        let profile = recognised(packs, certificate).map(|(_, profile)| profile.as_ref());
        let key_ends = key_ends(packs.iter(), certificate);
        Self { certificate, profile, organisation: None, key_ends, origin: Origin::File, now }
    }

    fn kind(&self) -> Kind {
        Kind::of(self.certificate, self.profile)
    }
}

/// Returns until when a key of the certificate's kind may be used by the strictest of `packs`; `None` when none says.
pub fn key_ends<'p>(packs: impl Iterator<Item = &'p Pack>, certificate: &Certificate) -> Option<Timestamp> {
    packs.filter_map(|pack| pack.calendar.end_of(certificate.key().algorithm())).min()
}

/// Returns the explanation, in the order in which people ask. A heading without sentences is left out.
pub fn explain(question: &Question<'_>, words: &Words) -> Vec<Paragraph> {
    let parts: [(&str, Vec<Message>); 6] = [
        ("explain-whose", whose::sentences(question, words)),
        ("explain-purpose", purpose::sentences(question, words)),
        ("explain-period", period::sentences(question, words)),
        ("explain-issuer", issuer::sentences(question, words)),
        ("explain-ends", ends::sentences(question, words)),
        ("explain-cautions", cautions::sentences(question, words)),
    ];
    let drawn =
        parts.into_iter().filter(|(_, sentences)| !sentences.is_empty()).map(|(heading, sentences)| Paragraph {
            heading: words.t(heading),
            sentences: sentences.iter().map(|sentence| words.say(sentence)).collect(),
        });
    drawn.collect()
}

/// Returns the profile that gives certificates like this one: the same policies, usages and role. A profile without policies is
/// not recognised, since any CA's certificate may look like its; nor is one of two families that look alike.
fn recognised<'p>(packs: &'p Packs, certificate: &Certificate) -> Option<(&'p Pack, &'p Arc<Profile>)> {
    let all = packs.iter().flat_map(|pack| pack.profiles().iter().map(move |profile| (pack, profile)));
    let mut fitting = all.filter(|(_, profile)| fits(profile, certificate));
    let first = fitting.next()?;
    fitting.all(|(_, other)| other.family == first.1.family).then_some(first)
}

fn fits(profile: &Profile, certificate: &Certificate) -> bool {
    let extensions = certificate.extensions();
    let role = match profile.role {
        Role::EndEntity => !extensions.is_ca,
        Role::Authority { path_length } => extensions.is_ca && path_length.map(u32::from) == extensions.path_length,
    };
    let policies = profile.policies.terms.iter().map(|term| term.oid.to_string());
    let purposes = profile.extended_key_usage.iter().map(purpose_word);
    let said = extensions.extended_key_usage.iter().map(|purpose| purpose::word(purpose));
    role && !profile.policies.terms.is_empty()
        && policies.eq(extensions.policies.iter().cloned())
        && purposes.eq(said)
        && extensions.key_usage == Some(profile.key_usage_for(certificate.key().algorithm()).0)
}
