//! Rules every certificate is held to before its intent is recorded, so before any key is touched; and, without what only
//! this CA knows, any certificate at all (`lgpki lint`). A rule reads the final octets through the other implementation
//! (x509-parser) and compares them with RFC 5280, with the CA/Browser Forum's requirements, with the dates of algorithms,
//! with the profile and with what was ordered. One file a rule; each says its section, says itself in one sentence of
//! English and of Japanese, and has two tests: the smallest certificate that passes and the smallest that fails.

mod baseline;
mod cabf;
mod candidate;
mod crypto;
mod der;
mod examine;
mod octets;
mod profile;
mod rfc5280;
#[cfg(test)]
pub(crate) mod samples;
mod syntax;

pub use baseline::Baseline;
pub use candidate::{Candidate, NameAttribute, Promise};
pub use examine::{Examined, Held, examine};

use super::{Authority, Facts, Unsigned};
use crate::der::DerError;
use crate::key::SignatureAlgorithm;
use crate::profile::Pack;

/// A rule: what it is called, where it stands, what it says, and its check.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name: `rfc5280.serial-positive`.
    pub name: &'static str,
    /// The section that demands it.
    pub source: &'static str,
    /// What breaking it means.
    pub severity: Severity,
    /// Its text in one sentence.
    pub says: Says,
    /// Whom it is for, and its check.
    pub check: Check,
}

/// What breaking a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Such a certificate is not issued.
    Error,
    /// It is told, and the certificate is issued: a SHOULD of its source, or something that rarely is meant.
    Warning,
}

impl Severity {
    /// Its word: `error`, `warning`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A rule's text for people, paraphrased: one sentence that says what must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Says {
    /// In English.
    pub en: &'static str,
    /// In Japanese.
    pub ja: &'static str,
}

/// Whom a rule is for. A check is `Ok` when the certificate keeps the rule; else it says what was found.
#[derive(Clone, Copy)]
pub enum Check {
    /// Every certificate, whoever issued it.
    Any(fn(&Candidate<'_>) -> Result<(), String>),
    /// Certificates about to be issued here, beside what was promised.
    Promise(fn(&Candidate<'_>, &Promise<'_>) -> Result<(), String>),
    /// Certificates of end entities that are held to those public requirements.
    Baseline(Baseline, fn(&Candidate<'_>) -> Result<(), String>),
}

impl Rule {
    /// `Ok` when `candidate` keeps the rule, or the rule is not for it. Errors: what was found, in English.
    pub fn judge(&self, candidate: &Candidate<'_>) -> Result<(), String> {
        match self.check {
            Check::Any(check) => check(candidate),
            Check::Promise(check) => candidate.promise.as_ref().map_or(Ok(()), |promise| check(candidate, promise)),
            Check::Baseline(baseline, check) if candidate.baseline == Some(baseline) && !candidate.is_authority() => {
                check(candidate)
            }
            Check::Baseline(..) => Ok(()),
        }
    }
}

/// A rule that a certificate breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// Its section.
    pub source: &'static str,
    /// What breaking it means.
    pub severity: Severity,
    /// What the rule says.
    pub says: Says,
    /// What was found instead, in English.
    pub found: String,
}

impl Finding {
    /// `found` breaks `rule`.
    const fn of(rule: &Rule, found: String) -> Self {
        Self { rule: rule.name, source: rule.source, severity: rule.severity, says: rule.says, found }
    }
}

/// Why a certificate is not issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LintError {
    /// The strict reader refuses it.
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
    der::RULES.iter().chain(rfc5280::RULES).chain(profile::RULES).chain(crypto::RULES).chain(cabf::rules())
}

/// A certificate that breaks no rule but such as only warn: it may be recorded.
#[derive(Debug)]
pub struct Linted {
    facts: Facts,
    algorithm: SignatureAlgorithm,
    warnings: Vec<Finding>,
}

impl Linted {
    /// What is known of it.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The rules it breaks that only warn: for the log.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    pub(super) fn into_parts(self) -> (Facts, SignatureAlgorithm) {
        (self.facts, self.algorithm)
    }
}

/// Holds an unsigned certificate to every rule. Errors carry everything that refuses it, not the first; warnings
/// are kept beside what passes.
pub(super) fn all(pack: &Pack, authority: &Authority, unsigned: Unsigned) -> Result<Linted, LintError> {
    let der = unsigned.algorithm.signed(&unsigned.facts.tbs, &[]);
    let findings = {
        let promise = Promise { profile: &unsigned.profile, authority, facts: &unsigned.facts };
        let candidate = Candidate::parse(&der, &pack.calendar)?;
        findings(&candidate.held_to(unsigned.profile.baseline).promised(promise))
    };
    let (errors, warnings): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(LintError::Findings(errors));
    }
    Ok(Linted { facts: unsigned.facts, algorithm: unsigned.algorithm, warnings })
}

/// The rules `candidate` breaks.
pub fn findings(candidate: &Candidate<'_>) -> Vec<Finding> {
    rules()
        .filter_map(|rule| {
            let found = rule.judge(candidate).err()?;
            Some(Finding::of(rule, found))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::samples::{Sample, rsa, spki};
    use super::*;
    use crate::oid;
    use std::collections::HashSet;

    #[test]
    fn what_the_encoder_writes_keeps_every_rule() {
        for pack in samples::packs() {
            for profile in pack.profiles() {
                assert_eq!(Sample::of(profile).broken(), Vec::<&str>::new(), "{}", profile.id);
            }
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
    fn a_certificate_that_only_warns_is_told_and_not_refused() {
        let sample = Sample::web_server().foreign().extension(oid::KEY_USAGE, |w| w.named_bits(0x8000));
        assert_eq!(sample.broken(), Vec::<&str>::new());
        assert!(sample.warned().contains(&"rfc5280.key-usage-critical"));
    }

    #[test]
    fn no_flipped_bit_makes_a_rule_panic() {
        for sample in [Sample::web_server(), Sample::with_everything()] {
            let der = sample.der();
            let (mut read, mut odd) = (0, 0);
            for bit in 0..der.len() * 8 {
                let mut flipped = der.clone();
                flipped[bit / 8] ^= 0x80 >> (bit % 8);
                // Without the strict reader in front, so that rules see more than they ever will.
                if let Some(findings) = sample.findings_in(&flipped, Some(Baseline::ALL[bit % 3])) {
                    read += 1;
                    odd += usize::from(!findings.is_empty());
                }
            }
            assert!(read > 1000 && odd > 1000, "{read} read, {odd} found odd");
        }
    }

    #[test]
    fn every_rule_has_a_name_of_its_own_and_a_source() {
        let mut names = HashSet::new();
        for rule in rules() {
            assert!(names.insert(rule.name), "{} stands twice", rule.name);
            assert!(!rule.source.is_empty(), "{} has no source", rule.name);
            assert!(!rule.says.en.is_empty() && !rule.says.ja.is_ascii(), "{} says nothing", rule.name);
        }
        assert!(names.len() >= 90, "{} rules", names.len());
    }
}
