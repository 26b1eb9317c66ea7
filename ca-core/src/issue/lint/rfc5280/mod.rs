//! Rules of RFC 5280 §4, in the order of its sections.

mod algorithms_agree;
mod alternative_names;
mod authority_access;
mod authority_key_identifier;
mod basic_constraints_critical;
mod cert_sign_is_for_authorities;
mod country_code;
mod distribution_points;
mod dns_name_syntax;
mod extended_key_usage;
mod extensions_once;
mod extensions_readable;
mod informational_extensions;
mod issuer_named;
mod key_usage;
mod name_lengths;
mod path_length;
mod policies_once;
mod serial_positive;
mod subject_key_identifier;
mod subject_named;
mod time_form;
mod unique_ids_absent;
mod validity_order;
mod version_v3;

use super::Rule;
use crate::der::{DerError, Element, Reader, tag};

/// The rules, in the order they run.
pub(super) const RULES: &[Rule] = &[
    version_v3::RULE,
    serial_positive::RULE,
    algorithms_agree::RULE,
    issuer_named::RULE,
    validity_order::RULE,
    time_form::RULE,
    subject_named::RULE,
    name_lengths::RULE,
    country_code::RULE,
    unique_ids_absent::RULE,
    extensions_once::RULE,
    extensions_readable::RULE,
    informational_extensions::RULE,
    authority_key_identifier::RULE,
    subject_key_identifier::RULE,
    key_usage::RULE,
    policies_once::RULE,
    alternative_names::RULE,
    dns_name_syntax::RULE,
    basic_constraints_critical::RULE,
    cert_sign_is_for_authorities::RULE,
    path_length::RULE,
    extended_key_usage::RULE,
    distribution_points::RULE,
    authority_access::RULE,
];

/// Whether a URI is an `http` address with a host.
fn is_http(uri: &str) -> bool {
    let host = uri.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    host.is_some_and(|host| !host.is_empty()) && uri.bytes().all(|octet| octet.is_ascii_graphic())
}

/// Fields of which the other implementation does not show the octets.
struct Octets<'a> {
    inner_algorithm: &'a [u8],
    outer_algorithm: &'a [u8],
    times: [Element<'a>; 2],
}

impl<'a> Octets<'a> {
    fn of(der: &'a [u8]) -> Result<Self, DerError> {
        let mut certificate = Reader::of_sequence(der)?;
        let mut tbs = certificate.sequence()?;
        tbs.optional(tag::context_constructed(0))?;
        tbs.expect(tag::INTEGER)?;
        let inner_algorithm = tbs.expect_element(tag::SEQUENCE)?.whole;
        tbs.expect(tag::SEQUENCE)?;
        let mut validity = tbs.sequence()?;
        let times = [validity.element()?, validity.element()?];
        let outer_algorithm = certificate.expect_element(tag::SEQUENCE)?.whole;
        Ok(Self { inner_algorithm, outer_algorithm, times })
    }
}
