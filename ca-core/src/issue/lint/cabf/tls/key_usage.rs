//! Bits that server certificates may set, by kind of key; EC keys sign, so they set digitalSignature (BR §7.1.2.7.11).

use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.key-usage",
    source: "BR §7.1.2.7.11",
    severity: Severity::Error,
    says: Says {
        en: "keyUsage of a server certificate sets digitalSignature (not a must with RSA), encipherment with RSA, key agreement with EC, and no other bit.",
        ja: "サーバ証明書のkeyUsageは、digitalSignatureと、RSAなら鍵・データの暗号化、ECなら鍵共有だけでなければなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let id = candidate.x509.public_key().algorithm.algorithm.as_bytes();
    let (permitted, required) = if id == oid::RSA_ENCRYPTION.as_bytes() { (0xb000, 0) } else { (0x8800, 0x8000) };
    match candidate.key_usage() {
        Some(usage) if usage & !permitted != 0 => Err(format!("{usage:#06x} where {permitted:#06x} is permitted")),
        Some(usage) if usage & required != required => Err(format!("{usage:#06x} without {required:#06x}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::issue::lint::samples::rsa;

    #[test]
    fn signature_and_encipherment_pass() {
        Sample::bare().usage(0x8000).keeps(&RULE);
        Sample::bare().certifying(rsa(256)).usage(0xa000).keeps(&RULE);
    }

    #[test]
    fn non_repudiation_and_ec_that_only_agrees_fail() {
        Sample::bare().usage(0xc000).breaks(&RULE, "0xc000 where 0x8800 is permitted");
        Sample::bare().usage(0x0800).breaks(&RULE, "0x0800 without 0x8000");
        Sample::bare().certifying(rsa(256)).usage(0xc000).breaks(&RULE, "0xc000 where 0xb000 is permitted");
    }
}
