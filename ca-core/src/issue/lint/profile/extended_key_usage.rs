//! Extended key usage is exactly the profile's, in its order (profile; BR §7.1.2.7.10).

use crate::der::{DerError, Reader};
use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid;
use crate::profile::Profile;

pub(super) const RULE: Rule = Rule {
    name: "profile.extended-key-usage",
    source: "profile, BR §7.1.2.7.10",
    severity: Severity::Error,
    says: Says {
        en: "extKeyUsage lists exactly the profile's purposes, in its order.",
        ja: "extKeyUsageは、プロファイルが定める用途を定められた順に並べたものでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    match candidate.extension(oid::EXTENDED_KEY_USAGE) {
        // The other implementation sorts purposes into flags and drops repeats, so the list itself is read.
        Some(extension) => match_purposes(promise.profile, extension.value).map_err(|error| error.to_string())?,
        None if promise.profile.extended_key_usage.is_empty() => Ok(()),
        None => Err("none".into()),
    }
}

fn match_purposes(profile: &Profile, value: &[u8]) -> Result<Result<(), String>, DerError> {
    let mut found = Reader::of_sequence(value)?;
    for promised in &profile.extended_key_usage {
        if found.is_empty() {
            return Ok(Err(format!("{} is missing", oid::dotted(promised.as_bytes()))));
        }
        let purpose = found.oid()?;
        if purpose != promised.as_bytes() {
            return Ok(Err(format!("{} is not in the profile", oid::dotted(purpose))));
        }
    }
    Ok(if found.is_empty() { Ok(()) } else { Err(format!("{} is not in the profile", oid::dotted(found.oid()?))) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::oid::Oid;

    fn purposes(purposes: &[Oid]) -> Sample {
        Sample::bare().extension(oid::EXTENDED_KEY_USAGE, |w| {
            w.sequence(|w| purposes.iter().rev().for_each(|purpose| w.oid(*purpose)));
        })
    }

    #[test]
    fn the_profiles_purpose_passes() {
        purposes(&[oid::KP_SERVER_AUTH]).keeps(&RULE);
    }

    #[test]
    fn another_one_more_and_none_fail() {
        purposes(&[oid::KP_CLIENT_AUTH]).breaks(&RULE, "1.3.6.1.5.5.7.3.2 is not in the profile");
        purposes(&[oid::KP_SERVER_AUTH; 2]).breaks(&RULE, "1.3.6.1.5.5.7.3.1 is not in the profile");
        purposes(&[]).breaks(&RULE, "1.3.6.1.5.5.7.3.1 is missing");
        Sample::bare().breaks(&RULE, "none");
    }
}
