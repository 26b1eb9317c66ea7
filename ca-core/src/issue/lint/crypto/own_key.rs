//! An authority certifies its own key only when it founds itself, and then nothing else: a certificate of an issuing key
//! in another role would let that key speak for two (CP §6.1.1).

use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "crypto.own-key",
    source: "CP §6.1.1",
    severity: Severity::Error,
    says: Says {
        en: "A CA certifies its own key only when it founds itself.",
        ja: "CAが自身の鍵を証明できるのは、自己署名証明書だけです。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let own = candidate.x509.public_key().raw == promise.authority.key().spki_der();
    match (own, promise.authority.validity().is_none()) {
        (true, false) => Err("the authority's own key".into()),
        (false, true) => Err("another key than the founding authority's".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::{Sample, p256};

    #[test]
    fn a_servers_key_and_a_founders_own_pass() {
        Sample::bare().keeps(&RULE);
        Sample::of(&crate::issue::samples::profile("root-ca")).keeps(&RULE);
    }

    #[test]
    fn the_keys_exchanged_fail() {
        Sample::bare().with(|sample| sample.spki = p256(1)).breaks(&RULE, "the authority's own key");
        let root = Sample::of(&crate::issue::samples::profile("root-ca")).with(|sample| sample.spki = p256(2));
        root.breaks(&RULE, "another key than the founding authority's");
    }
}
