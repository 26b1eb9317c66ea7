//! Every extension's value is DER and of the type its identifier says (RFC 5280 §4.2): strict DER by our reader, the type
//! by the other implementation. Rules that look into an extension rely on this one for those that cannot be read.

use crate::der::check_strict;
use crate::issue::lint::{Candidate, Check, Rule, Says, Severity};
use crate::oid::dotted;

pub(super) const RULE: Rule = Rule {
    name: "rfc5280.extensions-readable",
    source: "RFC 5280 §4.2",
    severity: Severity::Error,
    says: Says {
        en: "Every extension holds DER of the type that its identifier names.",
        ja: "拡張領域の値は、その識別子が定める型のDERでなければなりません。",
    },
    check: Check::Any(check),
};

fn check(candidate: &Candidate<'_>) -> Result<(), String> {
    for extension in candidate.x509.extensions() {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", dotted(extension.oid.as_bytes()));
        check_strict(extension.value).map_err(|error| told(&error))?;
        if extension.parsed_extension().error().is_some() {
            return Err(told(&"not of its type"));
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
    fn a_bit_string_is_a_key_usage() {
        Sample::bare().extension(oid::KEY_USAGE, |w| w.named_bits(0x8000)).keeps(&RULE);
    }

    #[test]
    fn trailing_octets_and_another_type_fail() {
        Sample::bare()
            .extension(oid::KEY_USAGE, |w| {
                w.raw(&[0]);
                w.named_bits(0x8000);
            })
            .breaks(&RULE, "2.5.29.15: 1 octets follow the end of the value");
        Sample::bare().extension(oid::KEY_USAGE, Writer::null).breaks(&RULE, "2.5.29.15: not of its type");
    }
}
