//! Nothing is signed over SHA-1, MD5 or any digest but SHA-256, SHA-384 and SHA-512 (BR §7.1.3.2), inside or outside; EdDSA
//! and ML-DSA bring their own. What our keys sign with is a rule of its own: `crypto.signature-algorithm`.

use crate::issue::lint::candidate::signature_hash;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::key::SignatureHash;
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "crypto.signature-digest",
    source: "BR §7.1.3.2",
    severity: Severity::Error,
    says: Says {
        en: "The signature is made over SHA-256, SHA-384 or SHA-512, or with EdDSA or ML-DSA.",
        ja: "署名に使うハッシュ関数は、SHA-256、SHA-384、SHA-512のいずれかでなければなりません（EdDSA、ML-DSAを除く）。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for algorithm in [&candidate.x509.tbs_certificate.signature, &candidate.x509.signature_algorithm] {
        let id = algorithm.algorithm.as_bytes();
        let fine = match signature_hash(algorithm) {
            Some(hash) => matches!(hash, SignatureHash::Sha256 | SignatureHash::Sha384 | SignatureHash::Sha512),
            None => {
                let own = [oid::ED25519, oid::ED448, oid::ML_DSA_44, oid::ML_DSA_65, oid::ML_DSA_87];
                own.iter().any(|known| known.as_bytes() == id)
            }
        };
        if !fine {
            return Err(format!("{} is not accepted", oid::dotted(id)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn sha2_eddsa_and_ml_dsa_pass() {
        for accepted in [oid::SHA256_WITH_RSA, oid::SHA384_WITH_RSA, oid::SHA512_WITH_RSA] {
            Sample::bare().algorithm(Writer::null, accepted).keeps(&RULE);
        }
        for accepted in
            [oid::ECDSA_WITH_SHA256, oid::ECDSA_WITH_SHA384, oid::ECDSA_WITH_SHA512, oid::ED25519, oid::ML_DSA_44]
        {
            Sample::bare().algorithm(|_| {}, accepted).keeps(&RULE);
        }
        pss(oid::SHA256).keeps(&RULE);
    }

    #[test]
    fn older_digests_fail() {
        Sample::bare()
            .algorithm(Writer::null, oid::SHA1_WITH_RSA)
            .breaks(&RULE, "1.2.840.113549.1.1.5 is not accepted");
        Sample::bare().algorithm(|_| {}, oid::ECDSA_WITH_SHA1).breaks(&RULE, "1.2.840.10045.4.1 is not accepted");
        pss(oid::SHA1).breaks(&RULE, "1.2.840.113549.1.1.10 is not accepted");
    }

    /// RSASSA-PSS over that digest.
    fn pss(digest: oid::Oid) -> Sample {
        let parameters = |w: &mut Writer| {
            w.sequence(|w| {
                w.constructed(crate::der::tag::context_constructed(0), |w| {
                    w.sequence(|w| {
                        w.null();
                        w.oid(digest);
                    });
                });
            });
        };
        Sample::bare().algorithm(parameters, oid::RSASSA_PSS)
    }
}
