//! No extension stands twice (RFC 5280 §4.2).

use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid::dotted;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.extensions-once",
    source: "RFC 5280 §4.2",
    severity: Severity::Error,
    says: Says { en: "No extension stands twice.", ja: "同じ拡張領域が、二度あってはなりません。" },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    let extensions = candidate.x509.extensions();
    for (index, extension) in extensions.iter().enumerate() {
        let id = extension.oid.as_bytes();
        if extensions.iter().take(index).any(|before| before.oid.as_bytes() == id) {
            return Err(format!("{} twice", dotted(id)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Writer;
    use crate::issue::lint::samples::Sample;
    use crate::oid;

    #[test]
    fn once_passes() {
        Sample::bare().extension(oid::OCSP_NOCHECK, Writer::null).keeps(&RULE);
    }

    #[test]
    fn twice_fails() {
        Sample::bare()
            .extension(oid::OCSP_NOCHECK, Writer::null)
            .with(|sample| sample.extensions.push(sample.extensions[0].clone()))
            .breaks(&RULE, "1.3.6.1.5.5.7.48.1.5 twice");
    }
}
