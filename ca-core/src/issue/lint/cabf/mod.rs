//! Rules of the CA/Browser Forum for certificates of end entities, one folder for each of its requirements. They run only on
//! certificates that are held to them ([`Baseline`](super::Baseline)): a CA outside the public trust lists chooses whether.
//! What two of the requirements say alike is checked here once.

mod code_signing;
mod smime;
mod tls;

use super::candidate::attributes;
use super::syntax::is_http;
use super::{Candidate, Rule};
use crate::oid::{self, Oid};
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};

/// The rules, in the order they run.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    tls::RULES.iter().chain(smime::RULES).chain(code_signing::RULES)
}

const SECONDS_A_DAY: u64 = 86_400;

/// `Ok` when it lives at most `days` days of 86,400 seconds, both ends counted.
fn lives_at_most(candidate: &Candidate<'_>, days: u64) -> Result<(), String> {
    let (seconds, most) = (candidate.lifetime(), days.saturating_mul(SECONDS_A_DAY));
    if seconds <= most { Ok(()) } else { Err(format!("{seconds} seconds, {days} days are {most}")) }
}

/// `Ok` when extKeyUsage names `required`, and nothing in `forbidden`.
fn has_purposes(candidate: &Candidate<'_>, required: Oid, forbidden: &[Oid]) -> Result<(), String> {
    if !candidate.has_purpose(required) {
        return Err(format!("without {}", oid::dotted(required.as_bytes())));
    }
    let found = forbidden.iter().find(|purpose| candidate.has_purpose(**purpose));
    found.map_or(Ok(()), |purpose| Err(format!("with {}", oid::dotted(purpose.as_bytes()))))
}

/// `Ok` when certificatePolicies names a policy.
fn has_policy(candidate: &Candidate<'_>) -> Result<(), String> {
    if candidate.policies().is_empty() { Err("no policy".into()) } else { Ok(()) }
}

/// `Ok` when authorityKeyIdentifier is a key identifier and nothing else.
fn has_plain_authority_key(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(ParsedExtension::AuthorityKeyIdentifier(key)) = candidate.parsed(oid::AUTHORITY_KEY_IDENTIFIER) else {
        return Err("none".into());
    };
    if key.key_identifier.is_none() {
        return Err("no keyIdentifier in it".into());
    }
    if key.authority_cert_issuer.is_some() || key.authority_cert_serial.is_some() {
        return Err("names a certificate of the CA".into());
    }
    Ok(())
}

/// Full names of CRL distribution points.
fn crl_names<'c>(candidate: &'c Candidate<'_>) -> impl Iterator<Item = &'c GeneralName<'c>> {
    let points = candidate.distribution_points().map(|points| points.points.as_slice()).unwrap_or_default();
    points.iter().flat_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => names.as_slice(),
        _ => &[],
    })
}

/// `Ok` when a CRL distribution point gives an `http` address.
fn has_http_crl(candidate: &Candidate<'_>) -> Result<(), String> {
    let found = crl_names(candidate).any(|name| matches!(name, GeneralName::URI(uri) if is_http(uri)));
    if found { Ok(()) } else { Err("no http address of a CRL".into()) }
}

/// `Ok` when no value of the subject is a [placeholder](is_placeholder).
fn has_no_placeholder(candidate: &Candidate<'_>) -> Result<(), String> {
    let mut all = attributes(candidate.x509.subject());
    all.find(|attribute| is_placeholder(attribute.value)).map_or(Ok(()), |attribute| Err(attribute.shown()))
}

/// Whether text holds nothing but signs of absence: full stops, hyphens and spaces.
fn is_placeholder(value: &[u8]) -> bool {
    value.iter().all(|octet| matches!(octet, b'.' | b'-' | b' '))
}
