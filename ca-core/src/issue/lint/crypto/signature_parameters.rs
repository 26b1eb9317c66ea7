//! The signature's AlgorithmIdentifier has NULL parameters with RSA (RFC 4055 §5), none with ECDSA (RFC 5758 §3.2) and ML-DSA
//! (RFC 9881 §2), and with RSASSA-PSS one digest for all, whose length the salt has (RFC 4055 §3.1).

use crate::der::{Reader, tag};
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::key::{RsaPadding, SignatureAlgorithm, SignatureAlgorithmError};

pub(super) const RULE: Rule = Rule {
    name: "crypto.signature-parameters",
    source: "RFC 4055 §3.1, §5, RFC 5758 §3.2, RFC 9881 §2",
    severity: Severity::Error,
    says: Says {
        en: "The parameters of the signature algorithm are NULL with RSA, absent with ECDSA and ML-DSA, and name one digest and a salt of its length with RSASSA-PSS.",
        ja: "署名アルゴリズムのパラメータは、RSAではNULL、ECDSAとML-DSAではなし、RSASSA-PSSでは一つのハッシュ関数と、それと同じ長さのソルトでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let (inside, outside) = candidate.signature_identifiers();
    for identifier in [inside, outside].into_iter().flatten() {
        let Ok(content) = Reader::new(identifier).expect(tag::SEQUENCE) else { continue };
        match SignatureAlgorithm::read(content) {
            // Readers must take NULL as said when it is left out; writers must not leave it out.
            Ok(algorithm) if algorithm.padding() == Some(RsaPadding::Pkcs1) && !content.ends_with(&NULL) => {
                return Err(format!("{} without NULL", algorithm.name()));
            }
            // Which algorithms and digests are accepted is the matter of `crypto.signature-digest`.
            Ok(_) | Err(SignatureAlgorithmError::Unsupported(_) | SignatureAlgorithmError::PssDigest(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

const NULL: [u8; 2] = [tag::NULL, 0];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn null_with_rsa_and_none_with_ecdsa_pass() {
        Sample::bare().algorithm(Writer::null, oid::SHA256_WITH_RSA).keeps(&RULE);
        Sample::bare().algorithm(|_| {}, oid::ECDSA_WITH_SHA256).keeps(&RULE);
        Sample::bare().algorithm(|_| {}, oid::ML_DSA_65).keeps(&RULE);
    }

    #[test]
    fn the_other_way_round_fails() {
        Sample::bare()
            .algorithm(Writer::null, oid::ML_DSA_65)
            .breaks(&RULE, "ML-DSA-65 with parameters that it does not have");
        Sample::bare().algorithm(|_| {}, oid::SHA256_WITH_RSA).breaks(&RULE, "sha256WithRSAEncryption without NULL");
        Sample::bare()
            .algorithm(Writer::null, oid::ECDSA_WITH_SHA256)
            .breaks(&RULE, "ecdsa-with-SHA256 with parameters that it does not have");
    }
    #[test]
    fn pss_with_a_salt_of_the_digest_passes_and_with_the_default_fails() {
        let pss = |algorithm: SignatureAlgorithm| Sample::bare().signed_with(algorithm);
        pss(SignatureAlgorithm::RsaPssSha256).keeps(&RULE);
        pss(SignatureAlgorithm::RsaPssSha384).keeps(&RULE);
        let default_salt = |w: &mut Writer| {
            w.sequence(|w| {
                let digest = |w: &mut Writer| w.sequence(|w| w.oid(oid::SHA256));
                w.constructed(tag::context_constructed(1), |w| {
                    w.sequence(|w| {
                        digest(w);
                        w.oid(oid::MGF1);
                    });
                });
                w.constructed(tag::context_constructed(0), digest);
            });
        };
        Sample::bare()
            .algorithm(default_salt, oid::RSASSA_PSS)
            .breaks(&RULE, "RSASSA-PSS with a salt of 20 octets; 32 are accepted, as many as the digest has");
    }
}
