//! Rules of the Baseline Requirements for TLS Server Certificates (v2.2), §6.3.2 and §7.1. BR in a rule's source is this document.

mod alternative_names;
mod attribute_order;
mod attributes_once;
mod authority_access;
mod authority_key_identifier;
mod common_name;
mod distribution_points;
mod end_entity;
mod extended_key_usage;
mod internal_names;
mod key_usage;
mod organisational_unit;
mod placeholders;
mod policies;
mod reserved_addresses;
mod reserved_labels;
mod single_valued_names;
mod validity;
mod validity_schedule;
mod wildcards;

use super::super::Rule;

/// The rules, in the order they run.
pub(super) const RULES: &[Rule] = &[
    validity::RULE,
    validity_schedule::RULE,
    alternative_names::RULE,
    common_name::RULE,
    extended_key_usage::RULE,
    key_usage::RULE,
    policies::RULE,
    authority_access::RULE,
    distribution_points::RULE,
    end_entity::RULE,
    wildcards::RULE,
    internal_names::RULE,
    reserved_addresses::RULE,
    reserved_labels::RULE,
    organisational_unit::RULE,
    single_valued_names::RULE,
    attributes_once::RULE,
    attribute_order::RULE,
    placeholders::RULE,
    authority_key_identifier::RULE,
];
