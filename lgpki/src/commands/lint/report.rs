//! What `lgpki lint` found, as it is written in JSON: `lgpki.lint/1` and, for the rules themselves, `lgpki.lint.rules/1`.

use super::files::Other;
use ca_core::digest::{hex, sha256};
use ca_core::issue::lint::{Check, Examined, Severity, rules};
use serde::Serialize;

/// Everything that was found.
#[derive(Serialize)]
pub(super) struct Report {
    schema: &'static str,
    /// Certificates, in the order they were read.
    pub(super) files: Vec<File>,
    /// Files that hold none.
    pub(super) others: Vec<Other>,
    /// How many of each.
    pub(super) counts: Counts,
}

/// A certificate in a file.
#[derive(Serialize)]
pub(super) struct File {
    /// The file.
    pub(super) file: String,
    /// Which of its certificates, from 1.
    pub(super) index: usize,
    /// Its subject; null where it cannot be read.
    pub(super) subject: Option<String>,
    /// SHA-256 of its octets.
    pub(super) sha256: String,
    /// The CA/Browser Forum's requirements it was held to; null for none.
    pub(super) baseline: Option<&'static str>,
    /// The rules it breaks.
    pub(super) findings: Vec<Finding>,
}

/// A rule that a certificate breaks.
#[derive(Serialize)]
pub(super) struct Finding {
    /// The rule's name.
    pub(super) rule: &'static str,
    /// `error` or `warning`.
    pub(super) severity: &'static str,
    /// The section that demands it.
    pub(super) source: &'static str,
    /// The rule in English.
    pub(super) en: &'static str,
    /// The rule in Japanese.
    pub(super) ja: &'static str,
    /// What was found instead.
    pub(super) found: String,
}

/// How many of each.
#[derive(Default, Serialize)]
pub(super) struct Counts {
    /// Certificates.
    pub(super) certificates: usize,
    /// Of them, those with an error.
    pub(super) refused: usize,
    /// Findings that are errors.
    pub(super) errors: usize,
    /// Findings that are warnings.
    pub(super) warnings: usize,
    /// Files without a certificate.
    pub(super) others: usize,
}

impl File {
    /// What `examined` says of the certificate `der`.
    pub(super) fn of(file: String, index: usize, der: &[u8], examined: Examined) -> Self {
        let findings = examined.findings.into_iter().map(|finding| Finding {
            rule: finding.rule,
            severity: finding.severity.as_str(),
            source: finding.source,
            en: finding.says.en,
            ja: finding.says.ja,
            found: finding.found,
        });
        Self {
            file,
            index,
            subject: examined.subject,
            sha256: hex(&sha256(der)),
            baseline: examined.baseline.map(|baseline| baseline.as_str()),
            findings: findings.collect(),
        }
    }

    /// Findings that are errors.
    pub(super) fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.is_error()).count()
    }
}

impl Finding {
    /// Whether it is an error.
    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error.as_str()
    }
}

impl Report {
    /// With everything counted.
    pub(super) fn new(files: Vec<File>, others: Vec<Other>) -> Self {
        let errors = files.iter().map(File::errors).sum();
        let counts = Counts {
            certificates: files.len(),
            refused: files.iter().filter(|file| file.errors() > 0).count(),
            errors,
            warnings: files.iter().map(|file| file.findings.len()).sum::<usize>().saturating_sub(errors),
            others: others.len(),
        };
        Self { schema: "lgpki.lint/1", files, others, counts }
    }
}

/// Every rule.
#[derive(Serialize)]
pub(super) struct Rules {
    schema: &'static str,
    /// The rules, in the order they run.
    pub(super) rules: Vec<Rule>,
}

/// A rule.
#[derive(Serialize)]
pub(super) struct Rule {
    /// Its name.
    pub(super) rule: &'static str,
    /// `error` or `warning`.
    pub(super) severity: &'static str,
    /// The section that demands it.
    pub(super) source: &'static str,
    /// `any` certificate, one `issued` here, or the requirements it belongs to.
    pub(super) applies: &'static str,
    /// Itself in English.
    pub(super) en: &'static str,
    /// Itself in Japanese.
    pub(super) ja: &'static str,
}

impl Rules {
    /// Every rule.
    pub(super) fn all() -> Self {
        let rules = rules().map(|rule| Rule {
            rule: rule.name,
            severity: rule.severity.as_str(),
            source: rule.source,
            applies: match rule.check {
                Check::Any(_) => "any",
                Check::Promise(_) => "issued",
                Check::Baseline(baseline, _) => baseline.as_str(),
            },
            en: rule.says.en,
            ja: rule.says.ja,
        });
        Self { schema: "lgpki.lint.rules/1", rules: rules.collect() }
    }
}
