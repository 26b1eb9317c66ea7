//! authorityKeyIdentifier is the authority's key identifier and nothing else: no issuer, no serial, which would tie the
//! certificate to one of the authority's certificates (RFC 5280 §4.2.1.1; BR §7.1.2.11.1).

use crate::digest::hex;
use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::ParsedExtension;

pub(super) const RULE: Rule = Rule {
    name: "profile.authority-key-identifier",
    source: "RFC 5280 §4.2.1.1, BR §7.1.2.11.1",
    severity: Severity::Error,
    says: Says {
        en: "authorityKeyIdentifier is the issuing CA's key identifier and nothing else.",
        ja: "authorityKeyIdentifierは、発行するCAの鍵識別子だけでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let Some(ParsedExtension::AuthorityKeyIdentifier(found)) = candidate.parsed(oid::AUTHORITY_KEY_IDENTIFIER) else {
        return Err("none".into());
    };
    if found.authority_cert_issuer.is_some() || found.authority_cert_serial.is_some() {
        return Err("names the authority's certificate".into());
    }
    let (identifier, authority) = (found.key_identifier.as_ref().map_or(&[][..], |key| key.0), promise.authority);
    if identifier == authority.key_identifier() {
        Ok(())
    } else {
        Err(format!("{} where the authority's is {}", hex(identifier), hex(authority.key_identifier())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Writer, tag};
    use crate::issue::lint::samples::Sample;

    fn identifier(fields: impl FnOnce(&mut Writer)) -> Sample {
        Sample::bare().extension(oid::AUTHORITY_KEY_IDENTIFIER, |w| w.sequence(fields))
    }

    #[test]
    fn the_authoritys_identifier_passes() {
        let authority = Sample::root_authority();
        identifier(|w| w.primitive(tag::context(0), authority.key_identifier())).keeps(&RULE);
    }

    #[test]
    fn another_and_a_serial_fail() {
        let authority = hex(Sample::root_authority().key_identifier());
        identifier(|w| w.primitive(tag::context(0), &[1]))
            .breaks(&RULE, &format!("01 where the authority's is {authority}"));
        identifier(|w| w.primitive(tag::context(2), &[1])).breaks(&RULE, "names the authority's certificate");
    }
}
