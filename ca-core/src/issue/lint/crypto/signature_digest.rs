//! Nothing is signed over SHA-1, MD5 or any digest but SHA-256 and SHA-384 (BR §7.1.3.2), inside or outside.

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::key::SignatureAlgorithm;
use crate::oid::dotted;

pub(super) const RULE: Rule = Rule {
    name: "crypto.signature-digest",
    source: "BR §7.1.3.2",
    severity: Severity::Error,
    says: Says {
        en: "The signature is made over SHA-256 or SHA-384.",
        ja: "署名に使うハッシュ関数は、SHA-256かSHA-384でなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for algorithm in [&candidate.x509.tbs_certificate.signature, &candidate.x509.signature_algorithm] {
        let id = algorithm.algorithm.as_bytes();
        if SignatureAlgorithm::from_oid(id).is_none() {
            return Err(format!("{} is not accepted", dotted(id)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;
    use crate::oid::{self, Oid};

    #[test]
    fn sha256_passes() {
        Sample::bare().algorithm(Writer::null, oid::SHA256_WITH_RSA).keeps(&RULE);
    }

    #[test]
    fn sha1_fails() {
        const SHA1_WITH_RSA: Oid = Oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05]);
        const ECDSA_WITH_SHA1: Oid = Oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]);
        Sample::bare().algorithm(Writer::null, SHA1_WITH_RSA).breaks(&RULE, "1.2.840.113549.1.1.5 is not accepted");
        Sample::bare().algorithm(|_| {}, ECDSA_WITH_SHA1).breaks(&RULE, "1.2.840.10045.4.1 is not accepted");
    }
}
