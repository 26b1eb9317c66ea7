//! Server certificates live at most 398 days (BR §6.3.2). The shorter limits that came into force later are a rule of
//! their own.

use super::super::lives_at_most;
use crate::issue::lint::{Baseline, Candidate, Check, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "cabf.tls.validity",
    source: "BR §6.3.2",
    severity: Severity::Error,
    says: Says {
        en: "A server certificate lives at most 398 days.",
        ja: "サーバ証明書の有効期間は、398日以内でなければなりません。",
    },
    check: Check::Baseline(Baseline::TlsServer, check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    lives_at_most(candidate, 398)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;

    #[test]
    fn days_398_pass() {
        Sample::bare().lasting("260401000000Z", "270503235959Z").keeps(&RULE);
    }

    #[test]
    fn a_second_more_fails() {
        let sample = Sample::bare().lasting("260401000000Z", "270504000000Z");
        sample.breaks(&RULE, "34387201 seconds, 398 days are 34387200");
    }
}
