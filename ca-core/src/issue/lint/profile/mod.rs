//! Rules of the profile: the certificate is what was promised and what was ordered, no less and no more.

mod alternative_names;
mod authority_key_identifier;
mod basic_constraints;
mod criticality;
mod extended_key_usage;
mod extension_set;
mod fetchable_addresses;
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

use super::Rule;

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
    revocation_addresses::RULE,
    fetchable_addresses::RULE,
    ocsp_nocheck::RULE,
];
