//! Rules of the cryptography: keys, algorithms, serials.

mod calendar_key;
mod calendar_signature;
mod key_form;
mod key_size;
mod key_usage_fits_key;
mod own_key;
mod rsa_exponent;
mod rsa_modulus;
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
    key_usage_fits_key::RULE,
    key_size::RULE,
    rsa_exponent::RULE,
    rsa_modulus::RULE,
    calendar_key::RULE,
    calendar_signature::RULE,
    own_key::RULE,
];
