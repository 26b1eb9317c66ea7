//! subjectAltName is exactly the ordered DNS names, in their order, and no more of them than the profile allows (profile;
//! BR §7.1.2.7.12).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::profile::DnsNames;
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
    let (found, ordered) = (candidate.alternative_names().unwrap_or_default(), &promise.facts.dns_names);
    let different = found.iter().zip(ordered).find(|(found, ordered)| match found {
        GeneralName::DNSName(name) => *name != ordered.as_str(),
        _ => true,
    });
    if let Some((found, ordered)) = different {
        return Err(format!("{found} where {ordered} was ordered"));
    }
    let most = match promise.profile.dns_names {
        DnsNames::UpTo(most) => most,
        DnsNames::None => 0,
    };
    if found.len() == ordered.len() && found.len() <= most {
        Ok(())
    } else {
        Err(format!("{} names where {} were ordered and {most} are allowed", found.len(), ordered.len()))
    }
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
            .with(|sample| sample.facts.dns_names = ordered.iter().map(|name| DnsName::parse(name).unwrap()).collect())
    }

    #[test]
    fn the_ordered_name_passes() {
        names(&["a.jp"], &["a.jp"]).keeps(&RULE);
    }

    #[test]
    fn another_one_more_or_too_many_fail() {
        names(&["a.jp"], &["b.jp"]).breaks(&RULE, "DNSName(b.jp) where a.jp was ordered");
        names(&["a.jp", "b.jp"], &["b.jp", "a.jp"]).breaks(&RULE, "DNSName(b.jp) where a.jp was ordered");
        names(&["a.jp"], &["a.jp", "b.jp"]).breaks(&RULE, "2 names where 1 were ordered and 10 are allowed");
        names(&["a.jp"; 11], &["a.jp"; 11]).breaks(&RULE, "11 names where 11 were ordered and 10 are allowed");
    }
}
