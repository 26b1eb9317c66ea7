//! The issuer is the authority's name octet for octet, so that paths build everywhere (RFC 5280 §4.1.2.4, §7.1).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "profile.issuer",
    source: "RFC 5280 §4.1.2.4, §7.1",
    severity: Severity::Error,
    says: Says {
        en: "The issuer is the issuing CA's name, octet for octet.",
        ja: "発行者名は、発行するCAの名前と1オクテットも違ってはなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let issuer = candidate.x509.issuer();
    if issuer.as_raw() == promise.authority.name().as_der() {
        Ok(())
    } else {
        Err(format!("{issuer} where the authority is {}", promise.authority.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::{Sample, name};
    use crate::oid;

    fn issuer(string_tag: u8) -> Sample {
        let country = (oid::COUNTRY, tag::PRINTABLE_STRING, "JP");
        let issuer = name(&[country, (oid::COMMON_NAME, string_tag, "Sample Root")]);
        Sample::bare().with(|sample| sample.issuer = issuer)
    }

    #[test]
    fn the_authoritys_octets_pass() {
        issuer(tag::PRINTABLE_STRING).keeps(&RULE);
    }

    #[test]
    fn the_same_text_in_another_encoding_fails() {
        let found = "C=JP, CN=Sample Root where the authority is C=JP, CN=Sample Root";
        issuer(tag::UTF8_STRING).breaks(&RULE, found);
    }
}
