//! emailProtection stands; serverAuth, codeSigning, timeStamping and anyExtendedKeyUsage do not (S/MIME BR §7.1.2.3).

use super::super::has_purposes;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid::{self, Oid};

pub(super) const RULE: Rule = Rule {
    name: "cabf.smime.extended-key-usage",
    source: "S/MIME BR §7.1.2.3",
    severity: Severity::Error,
    says: Says {
        en: "extKeyUsage of a mail certificate names emailProtection, and not servers, code signing, time stamping or any purpose.",
        ja: "メール用証明書のextKeyUsageにはemailProtectionがあり、serverAuth、コード署名、タイムスタンプ、anyExtendedKeyUsageがあってはなりません。",
    },
    check: Check::Baseline(Baseline::Smime, check),
};

const FORBIDDEN: [Oid; 4] =
    [oid::ANY_EXTENDED_KEY_USAGE, oid::KP_SERVER_AUTH, oid::KP_CODE_SIGNING, oid::KP_TIME_STAMPING];

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    has_purposes(candidate, oid::KP_EMAIL_PROTECTION, &FORBIDDEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn mail_and_client_authentication_pass() {
        Sample::bare().purposes(&[oid::KP_EMAIL_PROTECTION, oid::KP_CLIENT_AUTH]).keeps(&RULE);
    }

    #[test]
    fn none_and_each_forbidden_one_fail() {
        Sample::bare().breaks(&RULE, "without 1.3.6.1.5.5.7.3.4");
        for purpose in FORBIDDEN {
            let sample = Sample::bare().purposes(&[oid::KP_EMAIL_PROTECTION, purpose]);
            sample.breaks(&RULE, &format!("with {}", oid::dotted(purpose.as_bytes())));
        }
    }
}
