//! A certificate has the extensions its profile promises, each of them and no other (profile; BR §7.1.2).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid::{self, Oid};

pub(super) const RULE: Rule = Rule {
    name: "profile.extension-set",
    source: "profile, BR §7.1.2",
    severity: Severity::Error,
    says: Says {
        en: "The certificate has every extension that its profile promises, and no other.",
        ja: "拡張領域は、プロファイルが定めるものがすべてあり、ほかがあってはなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let promised = promised(promise);
    for extension in candidate.x509.extensions() {
        let id = extension.oid.as_bytes();
        if !promised.iter().any(|(known, stands)| *stands && known.as_bytes() == id) {
            return Err(format!("{} is not in the profile", oid::dotted(id)));
        }
    }
    match promised.iter().find(|(id, stands)| *stands && candidate.extension(*id).is_none()) {
        Some((id, _)) => Err(format!("{} is missing", oid::dotted(id.as_bytes()))),
        None => Ok(()),
    }
}

/// Every extension the profiles know, and whether it stands in this certificate.
fn promised(promise: &Promise<'_>) -> [(Oid, bool); 15] {
    let (profile, constraints) = (promise.profile, &promise.profile.constraints);
    let alternative = &profile.alternative;
    let named = alternative.dns.most > 0 || alternative.emails.most > 0 || alternative.directory.is_some();
    let rule = &profile.revocation;
    [
        (oid::AUTHORITY_KEY_IDENTIFIER, true),
        (oid::SUBJECT_KEY_IDENTIFIER, true),
        (oid::BASIC_CONSTRAINTS, profile.is_authority()),
        (oid::KEY_USAGE, true),
        (oid::EXTENDED_KEY_USAGE, !profile.extended_key_usage.is_empty()),
        (oid::CERTIFICATE_POLICIES, !profile.policies.terms.is_empty()),
        (oid::SUBJECT_ALT_NAME, named || alternative.of_authority),
        (oid::ISSUER_ALT_NAME, profile.issuer_alternative),
        (oid::POLICY_MAPPINGS, !constraints.mappings.is_empty()),
        (oid::NAME_CONSTRAINTS, !constraints.names.is_empty()),
        (oid::POLICY_CONSTRAINTS, !constraints.policy.is_empty()),
        (oid::INHIBIT_ANY_POLICY, constraints.inhibit_any.is_some()),
        (oid::CRL_DISTRIBUTION_POINTS, rule.crl),
        (oid::AUTHORITY_INFO_ACCESS, rule.ocsp || rule.issuer),
        (oid::OCSP_NOCHECK, rule.nocheck),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::{Sample, profile};

    #[test]
    fn a_root_with_its_four_passes() {
        let root = Sample::of(&profile("root-ca"));
        assert_eq!(root.extensions.len(), 4);
        root.keeps(&RULE);
    }

    #[test]
    fn one_too_many_and_one_missing_fail() {
        let root = || Sample::of(&profile("root-ca"));
        root().extension(oid::CRL_NUMBER, |w| w.integer(1)).breaks(&RULE, "2.5.29.20 is not in the profile");
        root().extension(oid::OCSP_NOCHECK, Writer::null).breaks(&RULE, "1.3.6.1.5.5.7.48.1.5 is not in the profile");
        root().without(oid::KEY_USAGE).breaks(&RULE, "2.5.29.15 is missing");
        Sample::web_server().without(oid::SUBJECT_ALT_NAME).breaks(&RULE, "2.5.29.17 is missing");
    }
}
