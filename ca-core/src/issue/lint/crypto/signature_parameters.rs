//! The signature's AlgorithmIdentifier has NULL parameters with RSA (RFC 4055 §5) and none with ECDSA (RFC 5758 §3.2).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::key::SignatureAlgorithm;
use x509_parser::der_parser::asn1_rs::Tag;

pub(super) const RULE: Rule = Rule {
    name: "crypto.signature-parameters",
    source: "RFC 4055 §5, RFC 5758 §3.2",
    severity: Severity::Error,
    says: Says {
        en: "The parameters of the signature algorithm are NULL with RSA and absent with ECDSA.",
        ja: "署名アルゴリズムのパラメータは、RSAではNULLで、ECDSAではあってはなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for found in [&candidate.x509.tbs_certificate.signature, &candidate.x509.signature_algorithm] {
        let parameters = found.parameters().map(|value| (value.tag(), value.data));
        match SignatureAlgorithm::from_oid(found.algorithm.as_bytes()) {
            Some(algorithm) if algorithm.is_rsa() && !matches!(parameters, Some((Tag::Null, []))) => {
                return Err(format!("{} without NULL", algorithm.name()));
            }
            Some(algorithm) if !algorithm.is_rsa() && parameters.is_some() => {
                return Err(format!("{} with parameters", algorithm.name()));
            }
            _ => {}
        }
    }
    Ok(())
}

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
    }

    #[test]
    fn the_other_way_round_fails() {
        Sample::bare().algorithm(|_| {}, oid::SHA256_WITH_RSA).breaks(&RULE, "sha256WithRSAEncryption without NULL");
        Sample::bare()
            .algorithm(Writer::null, oid::ECDSA_WITH_SHA256)
            .breaks(&RULE, "ecdsa-with-SHA256 with parameters");
    }
}
