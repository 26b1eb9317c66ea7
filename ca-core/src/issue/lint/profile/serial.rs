//! The serial is the one that will be recorded (profile).

use crate::digest::hex;
use crate::issue::lint::candidate::without_padding;
use crate::issue::lint::{Candidate, Check, Promise, Rule, Says, Severity};

pub(super) const RULE: Rule = Rule {
    name: "profile.serial",
    source: "profile",
    severity: Severity::Error,
    says: Says {
        en: "The serial number is the one that will be recorded.",
        ja: "シリアル番号は、記録されるものと同じでなければなりません。",
    },
    check: Check::Promise(check),
};

fn check(candidate: &Candidate<'_>, promise: &Promise<'_>) -> Result<(), String> {
    let serial = without_padding(candidate.x509.raw_serial());
    if serial == promise.facts.serial.as_bytes() {
        Ok(())
    } else {
        Err(format!("{} where {} is recorded", hex(serial), promise.facts.serial))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::lint::samples::Sample;
    use crate::serial::SerialNumber;

    fn recorded_and_written(recorded: &[u8], written: &[u8]) -> Sample {
        Sample::bare().with(|sample| {
            sample.facts.serial = SerialNumber::from_bytes(recorded).unwrap();
            sample.serial = written.to_vec();
        })
    }

    #[test]
    fn the_recorded_serial_passes() {
        recorded_and_written(&[1], &[1]).keeps(&RULE);
        recorded_and_written(&[0x80], &[0, 0x80]).keeps(&RULE);
    }

    #[test]
    fn another_serial_fails() {
        recorded_and_written(&[1], &[2]).breaks(&RULE, "02 where 01 is recorded");
    }
}
