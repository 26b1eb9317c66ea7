//! Rules of RFC 5280 §4, in the order of its sections, and of RFC 6960 for certificates of OCSP responders.

mod address_length;
mod agreement_bits;
mod algorithms_agree;
mod alternative_names;
mod alternative_names_critical;
mod any_policy_qualifiers;
mod any_purpose_critical;
mod attributes_once_a_set;
mod authority_access;
mod authority_key_identifier;
mod authority_key_pair;
mod basic_constraints_critical;
mod cert_sign_is_for_authorities;
mod country_code;
mod cps_pointer;
mod critical_extensions_known;
mod defaults_left_out;
mod directory_attributes_critical;
mod directory_names;
mod distribution_point_addresses;
mod distribution_points;
mod distribution_points_critical;
mod dns_name_syntax;
mod email_in_subject;
mod email_length;
mod extended_key_usage;
mod extensions_once;
mod extensions_present;
mod extensions_readable;
mod freshest_crl_critical;
mod informational_extensions;
mod inhibit_any_policy_critical;
mod issuer_alternative_names;
mod issuer_encoding;
mod issuer_named;
mod issuer_names_critical;
mod key_usage;
mod key_usage_critical;
mod mailbox_syntax;
mod name_characters;
mod name_constraints_critical;
mod name_constraints_distance;
mod name_constraints_for_authorities;
mod name_constraints_forms;
mod name_constraints_say_something;
mod name_constraints_syntax;
mod name_encoding;
mod name_lengths;
mod notice_characters;
mod notice_reference;
mod notice_text;
mod ocsp_nocheck;
mod ocsp_nocheck_for_responders;
mod path_length;
mod policies_once;
mod policy_constraints_critical;
mod policy_constraints_say_something;
mod policy_controls_for_authorities;
mod policy_mappings_any;
mod policy_mappings_critical;
mod policy_mappings_known;
mod policy_qualifiers;
mod printable_attributes;
mod purposes_fit_key_usage;
mod responder_status;
mod serial_positive;
mod subject_access_critical;
mod subject_key_identifier;
mod subject_named;
mod time_form;
mod unique_ids_absent;
mod uri_syntax;
mod validity_order;
mod version_v3;

use super::{Candidate, Rule};
use crate::der::{Element, Reader, tag};
use crate::oid;
use x509_parser::extensions::PolicyQualifierInfo;

/// The rules, in the order they run.
pub(super) const RULES: &[Rule] = &[
    defaults_left_out::RULE,
    extensions_present::RULE,
    algorithms_agree::RULE,
    version_v3::RULE,
    serial_positive::RULE,
    issuer_encoding::RULE,
    issuer_named::RULE,
    name_encoding::RULE,
    time_form::RULE,
    validity_order::RULE,
    email_in_subject::RULE,
    subject_named::RULE,
    attributes_once_a_set::RULE,
    country_code::RULE,
    email_length::RULE,
    name_lengths::RULE,
    printable_attributes::RULE,
    unique_ids_absent::RULE,
    critical_extensions_known::RULE,
    extensions_once::RULE,
    extensions_readable::RULE,
    authority_key_identifier::RULE,
    authority_key_pair::RULE,
    informational_extensions::RULE,
    subject_key_identifier::RULE,
    agreement_bits::RULE,
    cert_sign_is_for_authorities::RULE,
    key_usage::RULE,
    key_usage_critical::RULE,
    any_policy_qualifiers::RULE,
    cps_pointer::RULE,
    notice_characters::RULE,
    notice_reference::RULE,
    notice_text::RULE,
    policies_once::RULE,
    policy_qualifiers::RULE,
    policy_controls_for_authorities::RULE,
    policy_mappings_any::RULE,
    policy_mappings_critical::RULE,
    policy_mappings_known::RULE,
    address_length::RULE,
    alternative_names::RULE,
    alternative_names_critical::RULE,
    directory_names::RULE,
    dns_name_syntax::RULE,
    mailbox_syntax::RULE,
    uri_syntax::RULE,
    issuer_alternative_names::RULE,
    issuer_names_critical::RULE,
    directory_attributes_critical::RULE,
    basic_constraints_critical::RULE,
    path_length::RULE,
    name_constraints_critical::RULE,
    name_constraints_distance::RULE,
    name_constraints_for_authorities::RULE,
    name_constraints_forms::RULE,
    name_constraints_say_something::RULE,
    name_constraints_syntax::RULE,
    policy_constraints_critical::RULE,
    policy_constraints_say_something::RULE,
    any_purpose_critical::RULE,
    extended_key_usage::RULE,
    purposes_fit_key_usage::RULE,
    distribution_point_addresses::RULE,
    distribution_points::RULE,
    distribution_points_critical::RULE,
    inhibit_any_policy_critical::RULE,
    freshest_crl_critical::RULE,
    authority_access::RULE,
    subject_access_critical::RULE,
    name_characters::RULE,
    ocsp_nocheck::RULE,
    ocsp_nocheck_for_responders::RULE,
    responder_status::RULE,
];

/// Policy qualifiers, each beside the OID octets of its policy.
fn qualifiers<'c>(candidate: &'c Candidate<'_>) -> impl Iterator<Item = (&'c [u8], &'c PolicyQualifierInfo<'c>)> {
    candidate.policies().iter().flat_map(|policy| {
        let qualifiers = policy.policy_qualifiers.as_deref().unwrap_or_default();
        qualifiers.iter().map(|qualifier| (policy.policy_id.as_bytes(), qualifier))
    })
}

/// A notice to the user (RFC 5280 §4.2.1.4).
struct Notice<'a> {
    /// explicitText.
    text: Option<Element<'a>>,
    /// Whether there is a noticeRef.
    has_reference: bool,
}

/// Notices in policy qualifiers; what cannot be read is left out.
fn notices<'c>(candidate: &'c Candidate<'_>) -> impl Iterator<Item = Notice<'c>> {
    let notices =
        qualifiers(candidate).filter(|(_, one)| one.policy_qualifier_id.as_bytes() == oid::QT_NOTICE.as_bytes());
    notices.filter_map(|(_, qualifier)| {
        let mut fields = Reader::of_sequence(qualifier.qualifier).ok()?;
        let has_reference = fields.optional(tag::SEQUENCE).ok()?.is_some();
        Some(Notice { text: fields.element().ok(), has_reference })
    })
}
