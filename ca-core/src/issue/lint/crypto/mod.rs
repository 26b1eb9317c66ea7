//! Rules of the cryptography: keys, algorithms, serials.

mod calendar_key;
mod key_form;
mod key_size;
mod own_key;
mod rsa_exponent;
mod serial_entropy;
mod signature_algorithm;
mod signature_digest;
mod signature_parameters;

use super::Rule;

/// The rules, in the order they run.
pub(super) const RULES: &[Rule] = &[
    serial_entropy::RULE,
    signature_algorithm::RULE,
    signature_digest::RULE,
    signature_parameters::RULE,
    key_form::RULE,
    key_size::RULE,
    rsa_exponent::RULE,
    calendar_key::RULE,
    own_key::RULE,
];
