//! Basic constraints are exactly the profile's: cA and path length of a CA, absent for anyone else (profile; BR
//! §7.1.2.10.4).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};
use crate::oid;
use crate::profile::Role;

pub(super) const RULE: Rule = Rule {
    name: "profile.basic-constraints",
    source: "profile, BR §7.1.2.10.4",
    severity: Severity::Error,
    says: Says {
        en: "basicConstraints is exactly what the profile promises.",
        ja: "basicConstraintsは、プロファイルの定めどおりでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    match (promise.profile.role, candidate.basic_constraints()) {
        (Role::Authority { path_length }, Some(found)) => {
            let promised = path_length.map(u32::from);
            if found.ca && found.path_len_constraint == promised {
                Ok(())
            } else {
                Err(format!(
                    "cA {}, path length {:?} where {promised:?} is promised",
                    found.ca, found.path_len_constraint
                ))
            }
        }
        (Role::Authority { .. }, None) => Err("a CA without them".into()),
        (Role::EndEntity, _) if candidate.extension(oid::BASIC_CONSTRAINTS).is_some() => {
            Err("in an end entity's certificate".into())
        }
        (Role::EndEntity, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, profile};

    fn subordinate(path_length: u64) -> Sample {
        Sample::of(&profile("subordinate-ca")).critical(oid::BASIC_CONSTRAINTS, |w| {
            w.sequence(|w| {
                w.integer(path_length);
                w.boolean(true);
            });
        })
    }

    #[test]
    fn the_profiles_path_length_passes() {
        subordinate(0).keeps(&RULE);
        Sample::bare().keeps(&RULE);
    }

    #[test]
    fn a_longer_path_none_and_a_ca_of_a_server_fail() {
        subordinate(1).breaks(&RULE, "cA true, path length Some(1) where Some(0) is promised");
        subordinate(0).without(oid::BASIC_CONSTRAINTS).breaks(&RULE, "a CA without them");
        Sample::bare().authority_constraints().breaks(&RULE, "in an end entity's certificate");
    }
}
