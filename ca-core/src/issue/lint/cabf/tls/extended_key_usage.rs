//! A server certificate is for TLS: serverAuth, clientAuth beside it, and none of the purposes that would make it
//! something else (BR §7.1.2.7.10).

use super::super::has_purposes;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid::{self, Oid};

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.extended-key-usage",
    source: "BR §7.1.2.7.10",
    severity: Severity::Error,
    says: Says {
        en: "extKeyUsage of a server certificate names serverAuth, and not code signing, e-mail, time stamping, OCSP or any purpose.",
        ja: "サーバ証明書のextKeyUsageにはserverAuthがあり、コード署名、メール、タイムスタンプ、OCSP、anyExtendedKeyUsageがあってはなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

const FORBIDDEN: [Oid; 5] = [
    oid::ANY_EXTENDED_KEY_USAGE,
    oid::KP_CODE_SIGNING,
    oid::KP_EMAIL_PROTECTION,
    oid::KP_TIME_STAMPING,
    oid::KP_OCSP_SIGNING,
];

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    has_purposes(candidate, oid::KP_SERVER_AUTH, &FORBIDDEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn server_and_client_authentication_pass() {
        Sample::bare().purposes(&[oid::KP_SERVER_AUTH, oid::KP_CLIENT_AUTH]).keeps(&RULE);
    }

    #[test]
    fn none_and_each_forbidden_one_fail() {
        Sample::bare().breaks(&RULE, "without 1.3.6.1.5.5.7.3.1");
        for purpose in FORBIDDEN {
            let sample = Sample::bare().purposes(&[oid::KP_SERVER_AUTH, purpose]);
            sample.breaks(&RULE, &format!("with {}", oid::dotted(purpose.as_bytes())));
        }
    }
}
