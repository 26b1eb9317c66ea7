use super::*;
use crate::oid;
use crate::time::Timestamp;

#[test]
fn fields_written_last_first_read_first_first() {
    let der = Writer::build(|w| {
        w.sequence(|w| {
            w.boolean(true);
            w.integer(200);
            w.oid(oid::KEY_USAGE);
        });
    });
    assert_eq!(der, [0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x0f, 0x02, 0x02, 0x00, 0xc8, 0x01, 0x01, 0xff]);
    let mut fields = Reader::of_sequence(&der).unwrap();
    assert_eq!(fields.oid().unwrap(), oid::KEY_USAGE.as_bytes());
    assert_eq!(fields.small_integer().unwrap(), 200);
    assert!(fields.boolean().unwrap());
    fields.finish().unwrap();
    check_strict(&der).unwrap();
}

#[test]
fn lengths_are_minimal_at_every_boundary() {
    for length in [0usize, 1, 127, 128, 255, 256, 65_535, 65_536] {
        let content = vec![7u8; length];
        let der = Writer::build(|w| w.octet_string(&content));
        assert_eq!(Reader::new(&der).expect(tag::OCTET_STRING).unwrap(), content);
        check_strict(&der).unwrap();
    }
}

#[test]
fn integers_are_minimal_and_positive() {
    for (value, content) in [(0u64, vec![0u8]), (127, vec![127]), (128, vec![0, 128]), (256, vec![1, 0])] {
        let der = Writer::build(|w| w.integer(value));
        assert_eq!(der[2..], content[..]);
        assert_eq!(Reader::new(&der).small_integer().unwrap(), value);
    }
}

#[test]
fn named_bits_drop_trailing_zeros() {
    let bits = |value: u16| Writer::build(|w| w.named_bits(value));
    assert_eq!(bits(0x8000), [3, 2, 7, 0x80]); // digitalSignature
    assert_eq!(bits(0x0600), [3, 2, 1, 0x06]); // keyCertSign, cRLSign
    assert_eq!(bits(0x0080), [3, 3, 7, 0, 0x80]); // decipherOnly
    assert_eq!(bits(0), [3, 1, 0]);
}

#[test]
fn times_change_form_in_2050() {
    let at = |year| Writer::build(|w| w.time(Timestamp::from_utc(year, 1, 2, 3, 4, 5).unwrap()));
    assert_eq!(at(2049)[..2], [tag::UTC_TIME, 13]);
    assert_eq!(at(2050)[..2], [tag::GENERALIZED_TIME, 15]);
    for year in [1999, 2049, 2050, 9999] {
        assert_eq!(Reader::new(&at(year)).time().unwrap().civil().year, year);
    }
}

#[test]
fn what_der_forbids_is_refused() {
    let refused: [(&str, &[u8]); 17] = [
        ("empty", &[]),
        ("truncated header", &[0x30]),
        ("truncated content", &[0x04, 0x02, 0x00]),
        ("indefinite length", &[0x30, 0x80, 0x00, 0x00]),
        ("length with leading zero", &[0x04, 0x82, 0x00, 0x80]),
        ("long form of a short length", &[0x04, 0x81, 0x01, 0x00]),
        ("trailing data", &[0x05, 0x00, 0x00]),
        ("padded integer", &[0x02, 0x02, 0x00, 0x01]),
        ("padded negative", &[0x02, 0x02, 0xff, 0xff]),
        ("empty integer", &[0x02, 0x00]),
        ("odd boolean", &[0x01, 0x01, 0x01]),
        ("null with content", &[0x05, 0x01, 0x00]),
        ("unused bits set", &[0x03, 0x02, 0x01, 0x01]),
        ("time without seconds", b"\x17\x0b2601010000Z"),
        ("time that is no date", b"\x17\x0d260231000000Z"),
        ("constructed string", &[0x24, 0x02, 0x04, 0x00]),
        ("high tag", &[0x1f, 0x20, 0x00]),
    ];
    for (why, der) in refused {
        assert!(check_strict(der).is_err(), "{why}");
    }
}

#[test]
fn nesting_has_a_limit() {
    let mut der = vec![0x30, 0x00];
    for _ in 0..31 {
        der = Writer::build(|w| w.sequence(|w| w.raw(&der)));
    }
    check_strict(&der).unwrap();
    let deeper = Writer::build(|w| w.sequence(|w| w.raw(&der)));
    assert_eq!(check_strict(&deeper), Err(DerError::TooDeep));
}
