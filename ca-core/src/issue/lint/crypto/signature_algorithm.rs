//! The signature algorithm is the authority's, octet for octet: it fits the kind of its key, the digest of its strength (BR
//! §7.1.3.2), and the padding that was chosen for it.

use crate::der::Writer;
use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid::dotted;

pub(super) const RULE: Rule = Rule {
    name: "crypto.signature-algorithm",
    source: "BR §7.1.3.2",
    severity: Severity::Error,
    says: Says {
        en: "The signature algorithm fits the kind and strength of the issuing key.",
        ja: "署名アルゴリズムは、署名鍵の種類と強度に合っていなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let expected = promise.authority.signature_algorithm();
    if candidate.signature_identifiers().0 == Some(&Writer::build(|w| expected.write(w))) {
        return Ok(());
    }
    let found = candidate.x509.tbs_certificate.signature.algorithm.as_bytes();
    let key = promise.authority.key().algorithm();
    Err(format!("{} where this {key} key signs with {}", dotted(found), expected.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn p256_with_sha256_passes() {
        Sample::bare().algorithm(|_| {}, oid::ECDSA_WITH_SHA256).keeps(&RULE);
    }

    #[test]
    fn another_digest_fails() {
        let found = "1.2.840.10045.4.3.3 where this p256 key signs with ecdsa-with-SHA256";
        Sample::bare().algorithm(|_| {}, oid::ECDSA_WITH_SHA384).breaks(&RULE, found);
    }
}
