//! Any certificate, whoever issued it: every rule but those of promises, which only the CA about to issue it knows.

use super::{Baseline, Candidate, Finding, LintError, der, findings};
use crate::key::CryptoCalendar;
use crate::name::DistinguishedName;
use crate::oid;

/// Which public requirements a certificate is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// These, or none.
    To(Option<Baseline>),
    /// Those it claims to keep: by a policy of the CA/Browser Forum's in certificatePolicies.
    AsClaimed,
}

/// What was found in a certificate.
#[derive(Clone, Debug)]
pub struct Examined {
    /// Its subject for people; `None` where it cannot be read.
    pub subject: Option<String>,
    /// The public requirements it was held to.
    pub baseline: Option<Baseline>,
    /// The rules it breaks, in the order they run.
    pub findings: Vec<Finding>,
}

/// Holds `der`, a certificate of any CA, to every rule that needs no promise. What cannot be read is a finding itself, and
/// then the only one.
pub fn examine(der: &[u8], held: Held, calendar: &CryptoCalendar) -> Examined {
    let alone = |finding| Examined { subject: None, baseline: None, findings: vec![finding] };
    let candidate = match Candidate::parse(der, calendar) {
        Ok(candidate) => candidate,
        Err(LintError::Der(error)) => return alone(Finding::of(&der::strict::RULE, error.to_string())),
        Err(error) => return alone(Finding::of(&der::readable::RULE, error.to_string())),
    };
    let baseline = match held {
        Held::To(baseline) => baseline,
        Held::AsClaimed => claimed(&candidate),
    };
    let candidate = candidate.held_to(baseline);
    let subject = DistinguishedName::from_der(candidate.x509.subject().as_raw());
    let subject = subject.map_or_else(|_| candidate.x509.subject().to_string(), |subject| subject.to_string());
    Examined { subject: Some(subject), baseline, findings: findings(&candidate) }
}

/// The requirements whose reserved policy the certificate of an end entity names (BR §7.1.6.1, S/MIME BR §7.1.6.1, Code
/// Signing BR §7.1.6.1).
fn claimed(candidate: &Candidate<'_>) -> Option<Baseline> {
    candidate.policies().iter().find_map(|policy| {
        match policy.policy_id.as_bytes().strip_prefix(oid::CABF_POLICIES.as_bytes())? {
            [1] | [2, 1..=3] => Some(Baseline::TlsServer),
            [5, ..] => Some(Baseline::Smime),
            [3] | [4, 1] => Some(Baseline::CodeSigning),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid::Oid;

    #[test]
    fn a_certificate_is_held_to_what_its_policy_claims() {
        const CLAIMS: [(Oid, Option<Baseline>); 5] = [
            (Oid(&[0x67, 0x81, 0x0c, 1, 2, 2]), Some(Baseline::TlsServer)),
            (Oid(&[0x67, 0x81, 0x0c, 1, 5, 3, 1]), Some(Baseline::Smime)),
            (Oid(&[0x67, 0x81, 0x0c, 1, 4, 1]), Some(Baseline::CodeSigning)),
            (Oid(&[0x67, 0x81, 0x0c, 1, 4, 2]), None),
            (oid::POLICY_APPLICATION, None),
        ];
        let calendar = CryptoCalendar::empty();
        for (policy, baseline) in CLAIMS {
            let der = Sample::bare().policies(&[policy]).der();
            assert_eq!(examine(&der, Held::AsClaimed, &calendar).baseline, baseline, "{policy:?}");
        }
        let der = Sample::bare().der();
        let held = examine(&der, Held::To(Some(Baseline::Smime)), &calendar);
        assert!(held.findings.iter().any(|finding| finding.rule.starts_with("cabf.smime.")));
        assert_eq!(examine(&der, Held::To(None), &calendar).baseline, None);
    }

    #[test]
    fn another_cas_certificate_is_held_to_no_promise() {
        let examined = examine(&Sample::web_server().der(), Held::AsClaimed, &CryptoCalendar::empty());
        assert!(examined.subject.is_some_and(|subject| subject.contains("CN=www.town.shirakaba.lg.jp")));
        assert!(examined.findings.iter().all(|finding| !finding.rule.starts_with("profile.")));
    }
}
