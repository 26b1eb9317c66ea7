//! Scripts of key ceremonies. A script is a TOML file and the only input of a ceremony: what is reviewed is what runs. It says
//! who acts, what is made and what must be seen. Subjects, profiles, kinds of certificates and their lengths of life come
//! from policy packs, never from a script. An unknown key or a contradiction is refused with file, line and reason.
//!
//! [`file`] is the script as it is written, [`read`] and [`step`] turn it into the types here, [`told`] says what they do.
//! What runs a script is in `lgpki`.

mod file;
mod read;
mod step;
mod told;

use crate::id::{AuthorityId, KeyLabel, ProfileId};
use crate::kana::KanaWords;
use crate::key::KeyAlgorithm;
use crate::profile::Text;
use crate::revocation::RevocationReason;
use crate::serial::SerialNumber;
use crate::time::Timestamp;
use std::time::Duration;

/// A checked script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its name, a word.
    pub name: String,
    /// Its name for people.
    pub title: Text,
    /// Where the ceremony is held.
    pub place: String,
    /// When it begins. With [`Self::times_fixed`] every certificate and CRL is dated by it.
    pub begins: Timestamp,
    /// Whether certificates are dated by `begins`, not by the clock.
    pub times_fixed: bool,
    /// The base of the addresses written into certificates.
    pub repository_url: String,
    /// The same as LGWAN sees it.
    pub lgwan_repository_url: Option<String>,
    /// Policy packs: a shipped one by its name, another by its path, relative to the script.
    pub packs: Vec<String>,
    /// Who is there, in the order of the file.
    pub people: Vec<Person>,
    /// Tokens that hold keys; `folder` is always there.
    pub tokens: Vec<Token>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// Somebody who acts or watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What the script calls them.
    pub id: String,
    /// Their name, which they type.
    pub name: String,
    /// What they are there for.
    pub role: Role,
}

/// What a person is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Leads through the script.
    Master,
    /// Keeps a share of what opens the keys.
    Custodian,
    /// Sees that what is done is what is written.
    Witness,
}

/// A PKCS#11 token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What steps call it.
    pub name: String,
    /// The maker's library.
    pub module: String,
    /// The token's label.
    pub token: String,
    /// The label of the token rehearsals use instead; without one they use software keys.
    pub rehearsal_token: Option<String>,
    /// How long one signature may take.
    pub timeout: Duration,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name, a word; once in a script.
    pub id: String,
    /// The person who does it, by id.
    pub by: String,
    /// Who else must have seen it.
    pub witnesses: Vec<String>,
    /// What must be seen, for people.
    pub see: String,
    /// What is done.
    pub act: Act,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Makes a key in a store.
    MakeKey {
        /// Its label.
        key: KeyLabel,
        /// Its kind.
        kind: KeyAlgorithm,
        /// The store's name: `folder` or a token's.
        store: String,
    },
    /// Draws what opens a key store, and shares it among custodians: from then on it opens for so many of them only.
    ShareSecret {
        /// The store's name: `folder` or a token's.
        store: String,
        /// How many must come together, at least two.
        least: u8,
        /// All of them, by id, in the order of their shares.
        custodians: Vec<String>,
    },
    /// Issues the certificate of an authority, by the authority its pack names, or by itself.
    Certificate {
        /// Which, as the pack calls it.
        authority: AuthorityId,
        /// Which generation, from 1.
        generation: u32,
        /// Its key.
        key: CertifiedKey,
    },
    /// Issues the certificate of an authority's OCSP responder.
    Responder {
        /// Whose.
        authority: AuthorityId,
        /// The responder's key.
        key: KeyLabel,
    },
    /// Certifies the key of another authority.
    Cross {
        /// Who issues.
        authority: AuthorityId,
        /// The profile.
        profile: ProfileId,
        /// Whose key.
        of: CrossedKey,
    },
    /// Certifies the key of one generation of an authority with that of another.
    Link {
        /// The generation that issues.
        authority: AuthorityId,
        /// The generation whose key is certified.
        of: AuthorityId,
        /// The profile: old with new, or new with old.
        profile: ProfileId,
    },
    /// Signs the next CRL of an authority.
    Crl {
        /// Whose.
        authority: AuthorityId,
    },
    /// Revokes a certificate; it stands on the authority's next CRL.
    Revoke {
        /// Who issued it.
        authority: AuthorityId,
        /// Its serial number.
        serial: SerialNumber,
        /// Why.
        reason: RevocationReason,
    },
    /// Takes requests out of a signed bundle; later steps act on them.
    TakeRequests {
        /// The bundle, relative to the script.
        file: String,
        /// What its sender read aloud: the words of the key that signed it.
        words: KanaWords,
    },
    /// Revokes the certificates of an authority that a list in a bundle names.
    RevokeRequested {
        /// Who issued them.
        authority: AuthorityId,
        /// The list, as the bundle calls it.
        request: String,
    },
    /// Makes a request with the key of an authority, for another organisation to certify.
    Request {
        /// Whose key.
        authority: AuthorityId,
    },
    /// Destroys a key for good.
    DestroyKey {
        /// Which.
        key: KeyLabel,
    },
    /// Writes what was made so far into a signed bundle.
    Export {
        /// The file, in the ceremony's folder.
        bundle: String,
    },
}

/// Which key a certificate of an authority is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertifiedKey {
    /// One that the ceremony's stores have.
    Here(KeyLabel),
    /// One that stays where it was made: its sender's request proves that they have it.
    Sent(Sent),
}

/// Whose key a cross-certificate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrossedKey {
    /// An authority of this ceremony.
    Authority(AuthorityId),
    /// Another organisation's, which sent a request or a certificate.
    Sent(Sent),
}

/// What somebody sent, and how it is known to be theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A file.
    File {
        /// The file, relative to the script.
        file: String,
        /// What its sender read aloud: the words of the file's SHA-256.
        words: KanaWords,
    },
    /// A request in a bundle that an earlier step takes, as the bundle calls it.
    InBundle(String),
}

/// Something wrong in a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct ScriptError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Everything that is wrong in a script, by line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ScriptErrors(pub Vec<ScriptError>);

impl Script {
    /// The script that `text`, said to come from `file`, describes. Errors: all that is wrong with it, by line.
    pub fn parse(text: &str, file: &str) -> Result<Self, ScriptErrors> {
        let errors = |wrong: Vec<read::Wrong>| {
            let at = |offset: usize| text.get(..offset).unwrap_or(text).matches('\n').count().saturating_add(1);
            let place = |wrong: read::Wrong| (at(wrong.offset), wrong.reason);
            let mut places: Vec<(usize, String)> = wrong.into_iter().map(place).collect();
            places.sort();
            places.dedup();
            let error = |(line, reason)| ScriptError { file: file.to_owned(), line, reason };
            ScriptErrors(places.into_iter().map(error).collect())
        };
        let raw: file::File = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            errors(vec![read::Wrong { offset, reason: error.message().lines().collect::<Vec<_>>().join(" ") }])
        })?;
        read::read(raw).map_err(errors)
    }

    /// The person of that id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }
}

impl Role {
    /// Every role with its word in scripts.
    pub const ALL: [(&'static str, Self); 3] =
        [("master", Self::Master), ("custodian", Self::Custodian), ("witness", Self::Witness)];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Custodian => "custodian",
            Self::Witness => "witness",
        }
    }
}

#[cfg(test)]
mod tests;
