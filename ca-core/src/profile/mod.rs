//! Profiles: what each kind of certificate contains. A profile decides every extension; a request decides none. Profiles come
//! from [policy packs](pack), which are data that is checked before anything is issued by them.

mod described;
mod family;
mod key_usage;
pub mod pack;
mod policy;
mod template;
mod validity;

pub use described::{Described, purpose_word};
pub use family::Family;
pub use key_usage::KeyUsage;
pub use pack::{ActivationRule, AuthorityRule, OnRestart, Pack, PackError, PackErrors, Packs, PacksError};
pub use policy::{Constraints, NameConstraints, Policies, PolicyConstraints, PolicyMapping, PolicyTerm};
pub use template::{Field, Fields, FillError, MOST_UNITS, NameTemplate, Source};
pub use validity::{Boundary, Length, ValidityRule};

use crate::id::{AuthorityId, ProfileId};
use crate::issue::lint::Baseline;
use crate::key::KeyAlgorithm;
use crate::oid::{ObjectId, Oid};

/// Whether certificates of a profile are CAs (RFC 5280 §4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A CA; `path_length` limits the CAs below it.
    Authority {
        /// pathLenConstraint; `None` for no limit.
        path_length: Option<u8>,
    },
    /// Not a CA.
    EndEntity,
}

/// A text for people, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

/// How many names of a kind a certificate has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// At least.
    pub least: usize,
    /// At most; 0 for none.
    pub most: usize,
}

/// Who makes the key of a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeySource {
    /// The holder, who sends a request that proves it.
    Holder,
    /// The centre, which hands it over sealed.
    Centre,
}

/// What subjectAltName carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlternativeRule {
    /// DNS names.
    pub dns: Count,
    /// Mail addresses.
    pub emails: Count,
    /// The name in Japanese, as a directoryName.
    pub directory: Option<NameTemplate>,
    /// Whether the authority's own name in Japanese is written as a directoryName (CA certificates only).
    pub of_authority: bool,
}

/// Where a certificate says its status is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationRule {
    /// cRLDistributionPoints: one point with the addresses of the authority's CRL.
    pub crl: bool,
    /// The authority's directory name as the first name of that point.
    pub directory_point: bool,
    /// authorityInfoAccess with the OCSP responder.
    pub ocsp: bool,
    /// authorityInfoAccess with the authority's certificate.
    pub issuer: bool,
    /// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1): it lives shortly instead of being checked.
    pub nocheck: bool,
    /// Whether the entry of a revoked certificate stays on the CRLs when the certificate has expired: what was signed while
    /// it was good counts for longer (code, documents).
    pub stays_listed: bool,
}

/// One kind of certificate. [`Pack::parse`] makes them; a profile changed by hand is another profile, and nobody checked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name: `web-server`.
    pub id: ProfileId,
    /// What its certificates are for.
    pub family: Family,
    /// Its name for people.
    pub title: Text,
    /// One sentence on what it is for.
    pub about: Text,
    /// Which authorities of the pack issue it.
    pub issuers: Vec<AuthorityId>,
    /// CA or not.
    pub role: Role,
    /// The subject; `None` where the order gives it (CAs and responders are named by the pack's authorities).
    pub subject: Option<NameTemplate>,
    /// subjectAltName.
    pub alternative: AlternativeRule,
    /// Whether issuerAltName repeats the authority's own alternative name.
    pub issuer_alternative: bool,
    /// Which keys are certified.
    pub keys: Vec<KeyAlgorithm>,
    /// Who makes them.
    pub key_sources: Vec<KeySource>,
    /// How long certificates live.
    pub validity: ValidityRule,
    /// Whether the beginning may be chosen.
    pub scheduled_start: bool,
    /// Key usage of RSA keys, always critical.
    pub key_usage_rsa: KeyUsage,
    /// Key usage of elliptic-curve keys, always critical.
    pub key_usage_ec: KeyUsage,
    /// Extended key usage, in order.
    pub extended_key_usage: Vec<ObjectId>,
    /// Whether it is critical.
    pub extended_key_usage_critical: bool,
    /// Certificate policies.
    pub policies: Policies,
    /// Where its status is found.
    pub revocation: RevocationRule,
    /// Limits of CAs of other domains.
    pub constraints: Constraints,
    /// Which requirements of the CA/Browser Forum it is held to.
    pub baseline: Option<Baseline>,
}

impl Profile {
    /// Key usage for a key of this kind.
    pub const fn key_usage_for(&self, key: KeyAlgorithm) -> KeyUsage {
        if key.is_rsa() { self.key_usage_rsa } else { self.key_usage_ec }
    }

    /// Whether its certificates are CAs.
    pub const fn is_authority(&self) -> bool {
        matches!(self.role, Role::Authority { .. })
    }

    /// Whether a key of this kind may be certified.
    pub fn certifies(&self, key: KeyAlgorithm) -> bool {
        self.keys.contains(&key)
    }

    /// Whether its certificates may be used for `purpose`.
    pub fn is_for(&self, purpose: Oid) -> bool {
        self.extended_key_usage.iter().any(|found| *found == purpose)
    }

    /// The fields a person fills in for it, in the order of forms.
    pub fn asked(&self) -> Vec<Field> {
        let templates = [self.subject.as_ref(), self.alternative.directory.as_ref()];
        let used: Vec<Field> = templates.into_iter().flatten().flat_map(NameTemplate::fields).collect();
        Field::ALL.into_iter().filter(|field| used.contains(field) && !field.is_given()).collect()
    }
}
