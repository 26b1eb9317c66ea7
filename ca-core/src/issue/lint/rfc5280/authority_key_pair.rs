//! authorityCertIssuer and authorityCertSerialNumber are both present or both absent (RFC 5280 appendix A.2).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::ParsedExtension;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.authority-key-pair",
    source: "RFC 5280 §4.2.1.1, appendix A.2",
    severity: Severity::Error,
    says: Says {
        en: "authorityKeyIdentifier names the issuer of the CA certificate and its serial number together, or neither.",
        ja: "authorityKeyIdentifierの発行者名とシリアル番号は、両方あるか、両方ないかでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let Some(ParsedExtension::AuthorityKeyIdentifier(key)) = candidate.parsed(oid::AUTHORITY_KEY_IDENTIFIER) else {
        return Ok(());
    };
    match (key.authority_cert_issuer.is_some(), key.authority_cert_serial.is_some()) {
        (true, false) => Err("an issuer without a serial".into()),
        (false, true) => Err("a serial without an issuer".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::Sample;

    fn identified(fields: impl FnOnce(&mut Writer)) -> Sample {
        Sample::bare().extension(oid::AUTHORITY_KEY_IDENTIFIER, |w| w.sequence(fields))
    }

    fn issuer(w: &mut Writer) {
        w.constructed(tag::context_constructed(1), |w| w.primitive(tag::context(2), b"a.jp"));
    }

    #[test]
    fn both_or_neither_pass() {
        identified(|w| w.primitive(tag::context(0), &[1])).keeps(&RULE);
        identified(|w| {
            w.primitive(tag::context(2), &[1]);
            issuer(w);
        })
        .keeps(&RULE);
    }

    #[test]
    fn one_of_them_fails() {
        identified(|w| w.primitive(tag::context(2), &[1])).breaks(&RULE, "a serial without an issuer");
        identified(issuer).breaks(&RULE, "an issuer without a serial");
    }
}
