//! subjectAltName is exactly the ordered names, in their order: the name in Japanese, servers, mail addresses; and no more of
//! them than the profile allows (profile; BR §7.1.2.7.12).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use x509_parser::extensions::GeneralName;

pub(super) const RULE: Rule = Rule {
    name: "profile.alternative-names",
    source: "profile, BR §7.1.2.7.12",
    severity: Severity::Error,
    says: Says {
        en: "subjectAltName holds exactly the ordered names, in their order.",
        ja: "subjectAltNameは、申請された名前を申請の順に並べたものでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let (found, ordered) = (candidate.alternative_names().unwrap_or_default(), &promise.facts.names);
    let mut found = found.iter();
    if let Some(directory) = &ordered.directory {
        match found.next() {
            Some(GeneralName::DirectoryName(name)) if name.as_raw() == directory.as_der() => {}
            other => return Err(different(other, directory.to_string())),
        }
    }
    for name in &ordered.dns {
        match found.next() {
            Some(GeneralName::DNSName(written)) if *written == name.as_str() => {}
            other => return Err(different(other, name.to_string())),
        }
    }
    for address in &ordered.emails {
        match found.next() {
            Some(GeneralName::RFC822Name(written)) if *written == address.to_string() => {}
            other => return Err(different(other, address.to_string())),
        }
    }
    if let Some(more) = found.next() {
        return Err(format!("{more} was not ordered"));
    }
    let rule = &promise.profile.alternative;
    let counts = [("DNS names", ordered.dns.len(), rule.dns), ("mail addresses", ordered.emails.len(), rule.emails)];
    match counts.iter().find(|(_, found, allowed)| !(allowed.least..=allowed.most).contains(found)) {
        None => Ok(()),
        Some((kind, found, allowed)) => {
            Err(format!("{found} {kind} where {} to {} are allowed", allowed.least, allowed.most))
        }
    }
}

fn different(found: Option<&GeneralName<'_>>, ordered: String) -> String {
    found.map_or_else(|| format!("{ordered} is missing"), |found| format!("{found} where {ordered} was ordered"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tag;
    use crate::issue::lint::samples::Sample;
    use crate::name::DnsName;
    use crate::oid;

    fn names(ordered: &[&str], written: &[&str]) -> Sample {
        Sample::bare()
            .extension(oid::SUBJECT_ALT_NAME, |w| {
                w.sequence(|w| written.iter().rev().for_each(|name| w.primitive(tag::context(2), name.as_bytes())));
            })
            .with(|sample| sample.facts.names.dns = ordered.iter().map(|name| DnsName::parse(name).unwrap()).collect())
    }

    #[test]
    fn the_ordered_name_passes() {
        names(&["a.jp"], &["a.jp"]).keeps(&RULE);
    }

    #[test]
    fn another_one_more_or_too_many_fail() {
        names(&["a.jp"], &["b.jp"]).breaks(&RULE, "DNSName(b.jp) where a.jp was ordered");
        names(&["a.jp", "b.jp"], &["b.jp", "a.jp"]).breaks(&RULE, "DNSName(b.jp) where a.jp was ordered");
        names(&["a.jp"], &["a.jp", "b.jp"]).breaks(&RULE, "DNSName(b.jp) was not ordered");
        names(&["a.jp"; 11], &["a.jp"; 11]).breaks(&RULE, "11 DNS names where 1 to 10 are allowed");
    }
}
