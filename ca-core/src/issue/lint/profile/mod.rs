//! Rules of the profile: the certificate is what was promised and what was ordered, no less and no more.

mod alternative_names;
mod authority_key_identifier;
mod basic_constraints;
mod common_name;
mod criticality;
mod extended_key_usage;
mod extension_set;
mod issuer;
mod key;
mod key_usage;
mod ocsp_nocheck;
mod policies;
mod revocation_addresses;
mod serial;
mod subject;
mod subject_key_identifier;
mod subject_separators;
mod validity;
mod validity_length;
mod validity_within_authority;

use super::{Candidate, Rule};
use crate::time::{Timestamp, Validity};

/// The rules, in the order they run.
pub(super) const RULES: &[Rule] = &[
    serial::RULE,
    issuer::RULE,
    validity::RULE,
    validity_length::RULE,
    validity_within_authority::RULE,
    subject::RULE,
    subject_separators::RULE,
    key::RULE,
    extension_set::RULE,
    criticality::RULE,
    authority_key_identifier::RULE,
    subject_key_identifier::RULE,
    key_usage::RULE,
    extended_key_usage::RULE,
    policies::RULE,
    basic_constraints::RULE,
    alternative_names::RULE,
    common_name::RULE,
    revocation_addresses::RULE,
    ocsp_nocheck::RULE,
];

/// The validity as the other implementation reads it.
fn validity(candidate: &Candidate<'_>) -> Validity {
    let validity = candidate.x509.validity();
    Validity {
        not_before: Timestamp::from_seconds(validity.not_before.timestamp()),
        not_after: Timestamp::from_seconds(validity.not_after.timestamp()),
    }
}
