//! subjectKeyIdentifier is SHA-1 of the key's BIT STRING, so that OCSP responders and paths find it (RFC 5280 §4.2.1.2,
//! method 1).

use crate::digest::{hex, sha1};
use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::ParsedExtension;

pub(super) const RULE: Rule = Rule {
    name: "profile.subject-key-identifier",
    source: "RFC 5280 §4.2.1.2",
    severity: Severity::Error,
    says: Says {
        en: "subjectKeyIdentifier is the SHA-1 digest of the certified key.",
        ja: "subjectKeyIdentifierは、公開鍵のSHA-1ハッシュ値でなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, _: &Promise<'_>) -> Result<(), String> {
    let Some(ParsedExtension::SubjectKeyIdentifier(found)) = candidate.parsed(oid::SUBJECT_KEY_IDENTIFIER) else {
        return Err("none".into());
    };
    let computed = sha1(&candidate.x509.public_key().subject_public_key.data);
    if found.0 == computed { Ok(()) } else { Err(format!("{} where the key's is {}", hex(found.0), hex(&computed))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn sha1_of_the_key_passes() {
        let point = [&[4][..], &[2; 64]].concat();
        Sample::bare().extension(oid::SUBJECT_KEY_IDENTIFIER, |w| w.octet_string(&sha1(&point))).keeps(&RULE);
    }

    #[test]
    fn anything_else_fails() {
        let found = format!("01 where the key's is {}", hex(&sha1(&[&[4][..], &[2; 64]].concat())));
        Sample::bare().extension(oid::SUBJECT_KEY_IDENTIFIER, |w| w.octet_string(&[1])).breaks(&RULE, &found);
        Sample::bare().breaks(&RULE, "none");
    }
}
