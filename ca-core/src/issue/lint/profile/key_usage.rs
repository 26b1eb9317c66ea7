//! Key usage is exactly the profile's for a key of that kind (profile; BR §7.1.2.7.11).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "profile.key-usage",
    source: "profile, BR §7.1.2.7.11",
    severity: Severity::Error,
    says: Says {
        en: "keyUsage is exactly what the profile promises for that kind of key.",
        ja: "keyUsageは、その種類の鍵についてプロファイルが定めるとおりでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let Some(key) = candidate.key_algorithm() else { return Err("of a key of unknown kind".into()) };
    let promised = promise.profile.key_usage_for(key).0;
    match candidate.key_usage() {
        Some(found) if found == promised => Ok(()),
        Some(found) => Err(format!("{found:#06x} where {promised:#06x} is promised to {key} keys")),
        None => Err("none".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, p256, rsa};
    use crate::oid;

    fn usage(spki: Vec<u8>, bits: u16) -> Sample {
        Sample::bare().critical(oid::KEY_USAGE, |w| w.named_bits(bits)).with(|sample| sample.spki = spki)
    }

    #[test]
    fn elliptic_keys_sign_and_rsa_keys_encipher_too() {
        usage(p256(2), 0x8000).keeps(&RULE);
        usage(rsa(256), 0xa000).keeps(&RULE);
    }

    #[test]
    fn a_bit_more_or_less_fails() {
        usage(p256(2), 0xa000).breaks(&RULE, "0xa000 where 0x8000 is promised to p256 keys");
        usage(rsa(256), 0x8000).breaks(&RULE, "0x8000 where 0xa000 is promised to rsa2048 keys");
        Sample::bare().breaks(&RULE, "none");
    }
}
