//! Authorities whose certificate nobody signed: enough to prepare certificates under them, for measuring and for golden
//! octets, and for nothing that anybody could rely on.

use crate::installation::Repository;
use ca_core::certificate::Certificate;
use ca_core::der::Writer;
use ca_core::entropy::Entropy;
use ca_core::id::KeyLabel;
use ca_core::issue::{Authority, Order, prepare};
use ca_core::key::SubjectKey;
use ca_core::profile::{AuthorityRule, Family, Pack};
use ca_core::time::Timestamp;

/// An authority of the pack with that key. One that has an issuer is self-signed here, which nothing it issues can tell.
/// Errors: what the pack or the key does not allow, for people.
pub fn authority(
    pack: &Pack,
    rule: &AuthorityRule,
    key: &SubjectKey,
    repository: &Repository,
    (entropy, now): (&dyn Entropy, Timestamp),
) -> Result<Authority, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let roots = pack.profiles().iter().filter(|profile| profile.family == Family::Root);
    let mut fitting = roots.filter(|profile| profile.alternative.of_authority == rule.alternative.is_some());
    let profile = fitting.next().ok_or_else(|| format!("{} has no self-signed profile", pack.name))?;
    let label = KeyLabel::parse(rule.id.as_str()).map_err(|error| said(&error))?;
    let algorithm = rule.signature_algorithm(key.algorithm());
    let founder = Authority::founding(rule.id.clone(), rule.subject.clone(), key.clone(), label.clone())
        .signing_with(algorithm)
        .map_err(|error| said(&error))?;
    let order = Order::ceremony(profile, rule.subject.clone(), key.clone()).called(rule.alternative.clone());
    let everything = pack.clone().also_issued_by(&rule.id);
    let linted = prepare(&everything, &founder, order, entropy, now).map_err(|error| said(&error))?;
    let der = Writer::build(|w| {
        w.sequence(|w| {
            w.bit_string(&[]);
            algorithm.write(w);
            w.raw(&linted.facts().tbs);
        });
    });
    let certificate = Certificate::from_der(&der).map_err(|error| said(&error))?;
    let addresses = repository.addresses(&rule.id);
    Authority::of_certificate(rule.id.clone(), &certificate, label, addresses)
        .and_then(|authority| authority.signing_with(algorithm))
        .map_err(|error| said(&error))
}
