//! authorityKeyIdentifier stands, with keyIdentifier and without authorityCertIssuer and authorityCertSerialNumber (BR
//! §7.1.2.11.1).

use super::super::has_plain_authority_key;
use crate::issue::lint::{Baseline, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.authority-key-identifier",
    source: "BR §7.1.2.11.1",
    severity: Severity::Error,
    says: Says {
        en: "authorityKeyIdentifier holds a key identifier, and neither issuer nor serial number.",
        ja: "authorityKeyIdentifierには鍵識別子があり、発行者名とシリアル番号があってはなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, has_plain_authority_key),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn a_key_identifier_passes() {
        identified(|w| w.primitive(tag::context(0), &[1])).keeps(&RULE);
    }

    #[test]
    fn none_and_the_name_of_a_certificate_fail() {
        Sample::bare().breaks(&RULE, "none");
        identified(|_| {}).breaks(&RULE, "no keyIdentifier in it");
        identified(|w| {
            w.primitive(tag::context(2), &[1]);
            w.primitive(tag::context(0), &[1]);
        })
        .breaks(&RULE, "names a certificate of the CA");
    }

    fn identified(fields: impl FnOnce(&mut Writer)) -> Sample {
        Sample::bare().extension(oid::AUTHORITY_KEY_IDENTIFIER, |w| w.sequence(fields))
    }
}
