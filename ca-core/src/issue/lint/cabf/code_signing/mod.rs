//! Rules of the Baseline Requirements for Code Signing Certificates (v3.10), §6.1.5, §6.3.2 and §7.1.

mod authority_access;
mod authority_key_identifier;
mod distribution_points;
mod extended_key_usage;
mod key_size;
mod key_usage;
mod other_usages;
mod place;
mod placeholders;
mod policies;
mod subject;
mod validity;

use super::super::Rule;

/// The rules, in the order they run.
pub(super) const RULES: &[Rule] = &[
    placeholders::RULE,
    authority_key_identifier::RULE,
    policies::RULE,
    distribution_points::RULE,
    extended_key_usage::RULE,
    key_usage::RULE,
    other_usages::RULE,
    key_size::RULE,
    validity::RULE,
    authority_access::RULE,
    subject::RULE,
    place::RULE,
];
