//! Where subjectAltName names servers, a commonName repeats one of those names (BR §7.1.4.3).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid;
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "profile.common-name",
    source: "BR §7.1.4.3",
    severity: Severity::Error,
    says: Says {
        en: "Where subjectAltName names servers, the common name repeats one of those names.",
        ja: "subjectAltNameにサーバ名があるとき、コモンネームはその一つでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, _: &Promise<'_>) -> Result<(), String> {
    let names = candidate.alternative_names().unwrap_or_default();
    if !names.iter().any(|name| matches!(name, GeneralName::DNSName(_))) {
        return Ok(());
    }
    for attribute in candidate.x509.subject().iter_attributes() {
        let value = attribute.attr_value().data;
        let among = || names.iter().any(|name| matches!(name, GeneralName::DNSName(name) if name.as_bytes() == value));
        if attribute.attr_type().as_bytes() == oid::COMMON_NAME.as_bytes() && !among() {
            return Err(format!("{:?} is not among the alternative names", String::from_utf8_lossy(value)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::{Sample, name};

    fn common_name(value: &str) -> Sample {
        Sample::bare()
            .extension(oid::SUBJECT_ALT_NAME, |w| w.sequence(|w| w.primitive(tag::context(2), b"a.jp")))
            .with(|sample| sample.subject = name(&[(oid::COMMON_NAME, tag::PRINTABLE_STRING, value)]))
    }

    #[test]
    fn one_of_the_names_passes() {
        common_name("a.jp").keeps(&RULE);
    }

    #[test]
    fn another_name_fails() {
        common_name("b.jp").breaks(&RULE, "\"b.jp\" is not among the alternative names");
    }
}
