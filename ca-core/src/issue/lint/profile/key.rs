//! The certified key is the ordered one: the key whose holder proved to have the private half (profile; CP §3.2.1).

use crate::digest::{hex, sha256};
use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "profile.key",
    source: "profile, CP §3.2.1",
    severity: Severity::Error,
    says: Says {
        en: "The certified key is the ordered one.",
        ja: "証明書の公開鍵は、申請されたものでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let (found, ordered) = (sha256(candidate.x509.public_key().raw), promise.facts.key_fingerprint);
    if found == ordered { Ok(()) } else { Err(format!("{} where {} was ordered", hex(&found), hex(&ordered))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, p256};

    #[test]
    fn the_ordered_key_passes() {
        Sample::bare().keeps(&RULE);
    }

    #[test]
    fn another_key_fails() {
        let found = format!("{} where {} was ordered", hex(&sha256(&p256(3))), hex(&sha256(&p256(2))));
        Sample::bare().with(|sample| sample.spki = p256(3)).breaks(&RULE, &found);
    }
}
