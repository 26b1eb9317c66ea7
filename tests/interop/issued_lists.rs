//! Generated lists of issued certificates (OpenSSL's index.txt): what is written is read back the same, and nothing panics.

use ca_core::issued_list::{Unlistable, parse};
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

/// A time as OpenSSL writes it: UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5).
fn written(at: Timestamp) -> String {
    let civil = at.civil();
    let rest = format!("{:02}{:02}{:02}{:02}{:02}Z", civil.month, civil.day, civil.hour, civil.minute, civil.second);
    if civil.year < 2050 { format!("{:02}{rest}", civil.year % 100) } else { format!("{:04}{rest}", civil.year) }
}

fn line() -> impl Strategy<Value = (SerialNumber, Timestamp, Option<Timestamp>, &'static str, String)> {
    let serial = vec(any::<u8>(), 1..=19).prop_filter_map("positive", |octets| SerialNumber::from_bytes(&octets).ok());
    let reason = prop_oneof![Just(""), Just(",keyCompromise"), Just(",superseded"), Just(",certificateHold")];
    let instant = || (0i64..4_102_444_800).prop_map(Timestamp::from_seconds);
    (serial, instant(), proptest::option::of(instant()), reason, "[ -~&&[^\t]]{0,40}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_is_read_or_refused_by_line(text in "[VRE#X0-9a-fZ,\t\n \r]{0,300}") {
        if let Err(wrong) = parse(&text) {
            let lines = text.lines().count();
            prop_assert!(!wrong.is_empty() && wrong.iter().all(|error| (1..=lines).contains(&error.line)));
        }
    }

    #[test]
    fn what_openssl_writes_is_read_back(entries in vec(line(), 0..20)) {
        let text: String = entries
            .iter()
            .map(|(serial, end, revoked, reason, subject)| {
                let (state, revoked) = match revoked {
                    Some(at) => ("R", format!("{}{reason}", written(*at))),
                    None => ("V", String::new()),
                };
                format!("{state}\t{}\t{revoked}\t{}\tunknown\t/CN={subject}\n", written(*end), serial.to_hex().to_uppercase())
            })
            .collect();
        match parse(&text) {
            Ok(listed) => {
                prop_assert_eq!(listed.len(), entries.len());
                for (one, (serial, end, revoked, reason, subject)) in listed.iter().zip(&entries) {
                    prop_assert_eq!((&one.serial, one.not_after), (serial, *end));
                    prop_assert_eq!(&one.subject, &format!("/CN={subject}"));
                    prop_assert_eq!(one.revocation.as_ref().map(|revocation| revocation.revoked_at), *revoked);
                    let compromised = revoked.is_some() && *reason == ",keyCompromise";
                    let says = |revocation: &ca_core::revocation::Revocation| revocation.reason == RevocationReason::KeyCompromise;
                    prop_assert_eq!(one.revocation.as_ref().is_some_and(says), compromised);
                }
            }
            // Two lines that drew one serial number.
            Err(wrong) => {
                let twice = wrong.iter().all(|error| matches!(error.reason, Unlistable::Twice { .. }));
                prop_assert!(twice, "{wrong:?}");
            }
        }
    }
}
