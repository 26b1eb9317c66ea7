//! Rules every certificate is held to before its intent is recorded, so before any key is touched. A rule reads the final
//! octets through the other implementation (x509-parser) and compares them with RFC 5280, with the profile and with what
//! was ordered. One file a rule; each says its section and has two tests: the smallest certificate that passes and the
//! smallest that fails.

mod candidate;
mod crypto;
mod profile;
mod rfc5280;
#[cfg(test)]
pub(crate) mod samples;

pub use candidate::Candidate;

use super::encode::assemble;
use super::{Authority, Facts, Unsigned};
use crate::der::{self, DerError};
use crate::key::SignatureAlgorithm;

/// A rule: what it is called, where it stands, and its check.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name: `rfc5280.serial-positive`.
    pub name: &'static str,
    /// The section that demands it.
    pub source: &'static str,
    /// `Ok` when the certificate keeps it; else what was found.
    pub check: fn(&Candidate<'_>) -> Result<(), String>,
}

/// A rule that a certificate breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// Its section.
    pub source: &'static str,
    /// What was found instead.
    pub found: String,
}

/// Why a certificate is not issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LintError {
    /// The encoder wrote something the strict reader refuses.
    #[error("the certificate is not DER: {0}")]
    Der(#[from] DerError),
    /// The other implementation cannot read it.
    #[error("the certificate cannot be parsed: {0}")]
    Unreadable(String),
    /// Rules that are broken.
    #[error("{}", .0.iter().map(|f| format!("{}: {} ({})", f.rule, f.found, f.source)).collect::<Vec<_>>().join("; "))]
    Findings(Vec<Finding>),
}

/// Every rule, in the order they run.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    rfc5280::RULES.iter().chain(profile::RULES).chain(crypto::RULES)
}

/// A certificate that keeps every rule: it may be recorded.
#[derive(Debug)]
pub struct Linted {
    facts: Facts,
    algorithm: SignatureAlgorithm,
}

impl Linted {
    /// What is known of it.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(super) fn into_parts(self) -> (Facts, SignatureAlgorithm) {
        (self.facts, self.algorithm)
    }
}

/// Holds an unsigned certificate to every rule. Errors carry all findings, not the first.
pub(super) fn all(authority: &Authority, unsigned: Unsigned) -> Result<Linted, LintError> {
    let der = assemble(&unsigned.facts.tbs, unsigned.algorithm, &[]);
    der::check_strict(&der)?;
    let findings = {
        let candidate = Candidate::new(&der, unsigned.profile, authority, &unsigned.facts)
            .map_err(|error| LintError::Unreadable(error.to_string()))?;
        findings(&candidate)
    };
    if findings.is_empty() {
        Ok(Linted { facts: unsigned.facts, algorithm: unsigned.algorithm })
    } else {
        Err(LintError::Findings(findings))
    }
}

/// The rules `candidate` breaks.
pub fn findings(candidate: &Candidate<'_>) -> Vec<Finding> {
    rules()
        .filter_map(|rule| {
            let found = (rule.check)(candidate).err()?;
            Some(Finding { rule: rule.name, source: rule.source, found })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::samples::{Sample, rsa, spki};
    use super::*;
    use crate::oid;
    use crate::profile::Profile;
    use std::collections::HashSet;

    #[test]
    fn what_the_encoder_writes_keeps_every_rule() {
        const SHIPPED: &[Profile] = &Profile::ALL;
        for profile in SHIPPED {
            assert_eq!(Sample::of(profile).broken(), Vec::<&str>::new(), "{}", profile.name);
        }
    }

    #[test]
    fn roots_of_every_kind_of_key_keep_every_rule() {
        let p384 = spki(oid::EC_PUBLIC_KEY, |w| w.oid(oid::SECP384R1), &[4; 97]);
        for key in [p384, rsa(256), rsa(384), rsa(512)] {
            assert_eq!(Sample::root(&key).broken(), Vec::<&str>::new());
        }
    }

    #[test]
    fn every_rule_has_a_name_of_its_own_and_a_source() {
        let mut names = HashSet::new();
        for rule in rules() {
            assert!(names.insert(rule.name), "{} stands twice", rule.name);
            assert!(!rule.source.is_empty(), "{} has no source", rule.name);
        }
        assert!(names.len() >= 24, "{} rules", names.len());
    }
}
