//! What shares are written as, and what is refused as none.

use super::*;
use crate::custody::testing::{NAMES, shares};
use crate::soft::testing::ScratchDir;
use proptest::prelude::*;
use std::sync::LazyLock;
use zeroize::Zeroizing;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::typed(Zeroizing::new(text.to_owned())).ok().unwrap()
}

fn sealed() -> SealedShare {
    shares(3, 5, 7).1[1].seal_with_iterations(passphrase("open sesame"), 10).ok().unwrap()
}

static TEXT: LazyLock<String> = LazyLock::new(|| sealed().to_text().ok().unwrap());

#[test]
fn a_share_comes_back_from_its_file_as_it_was() {
    let dir = ScratchDir::new("share-file");
    let path = dir.path().join("share-2.txt");
    let (_, shares) = shares(3, 5, 7);
    shares[1].seal_with_iterations(passphrase("open sesame"), 10).ok().unwrap().write(&path).unwrap();
    let read = SealedShare::from_file(&path).ok().unwrap();
    assert_eq!(read.head(), shares[1].head());
    assert_eq!((read.head().number, read.head().custodian.as_str()), (2, NAMES[1]));
    let opened = read.open(passphrase("open sesame")).ok().unwrap();
    assert_eq!(opened.point.y, shares[1].point.y);
    // What lies there is never replaced.
    assert!(matches!(sealed().write(&path), Err(ShareError::File(KeyFileError::Exists { .. }))));
}

#[test]
fn a_share_arrives_as_it_was_carried() {
    let (_, shares) = shares(3, 5, 7);
    let line = shares[1].carried();
    let arrived = Share::of_carried(&line).ok().unwrap();
    assert!(arrived.head == shares[1].head && arrived.point.y == shares[1].point.y && arrived.point.x == 2);
    for bad in ["", "0", "zz", &line[1..], &line[..line.len() - 2], &format!("{}00", *line)] {
        assert!(Share::of_carried(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_file_says_to_people_what_it_is() {
    for said in ["Share 2 of 5", "any 3 open it", "application-ca", "鈴木 一郎", "2026-11-22T01:02:03Z"] {
        assert!(TEXT.contains(said), "{said} is not in:\n{}", *TEXT);
    }
    assert!(TEXT.lines().all(|line| !line.starts_with("-----") || line.contains(LABEL)));
}

#[test]
fn a_wrong_passphrase_names_the_custodian() {
    // One padding in 256 is right by chance, so more than one wrong passphrase is tried.
    for n in 0..300 {
        let message = sealed().open(passphrase(&format!("wrong {n}"))).err().unwrap().to_string();
        assert!(message.contains(NAMES[1]), "{message}");
    }
}

#[test]
fn a_head_that_was_changed_is_found_when_the_share_opens() {
    let mut forged = sealed();
    forged.head.quorum = Quorum::new(2, 5).unwrap();
    let reread = SealedShare::parse(forged.to_text().unwrap().as_bytes()).ok().unwrap();
    assert!(matches!(reread.open(passphrase("open sesame")).err(), Some(ShareError::Forged)));
}

#[test]
fn every_changed_character_of_the_armour_is_found_before_a_passphrase_is_asked_for() {
    let begin = TEXT.find("-----BEGIN").unwrap();
    let mut differ = 0;
    for at in begin..TEXT.len() {
        let mut octets = TEXT.clone().into_bytes();
        octets[at] = if octets[at] == b'A' { b'B' } else { b'A' };
        assert!(SealedShare::parse(&octets).is_err(), "octet {at}");
        differ += 1;
    }
    assert!(differ > 500);
}

#[test]
fn a_file_cut_short_or_something_else_is_refused() {
    for cut in 0..TEXT.len() - 1 {
        if TEXT.is_char_boundary(cut) {
            assert!(SealedShare::parse(&TEXT.as_bytes()[..cut]).is_err(), "{cut} octets");
        }
    }
    assert!(matches!(SealedShare::parse(b"").err(), Some(ShareError::NoShare)));
    assert!(matches!(SealedShare::parse(&[0xff; 40]).err(), Some(ShareError::NoShare)));
    let other = TEXT.replace(LABEL, "CERTIFICATE");
    assert!(matches!(SealedShare::parse(other.as_bytes()).err(), Some(ShareError::NoShare)));
    let twice = format!("{}{}", "x".repeat(LARGEST_FILE), *TEXT);
    assert!(matches!(SealedShare::parse(twice.as_bytes()).err(), Some(ShareError::NoShare)));
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        drop(SealedShare::parse(&octets));
    }

    #[test]
    fn a_flipped_bit_behind_the_armour_is_never_taken(bit in 0usize..8, at in 0usize..4096) {
        let begin = TEXT.find("-----BEGIN").unwrap();
        let mut octets = TEXT.clone().into_bytes();
        let at = begin + at % (octets.len() - begin);
        octets[at] ^= 1 << bit;
        // A line end may be written in more than one way; what it says is then the same.
        if let Ok(read) = SealedShare::parse(&octets) {
            prop_assert_eq!(read.to_text().unwrap(), TEXT.clone());
        }
    }

    #[test]
    fn any_head_comes_back(number in 1u8..=16, least in 2u8..=16, name in "[a-z一-鿋]{1,64}", seconds in 0i64..4_000_000_000) {
        let of = number.max(least);
        let head = ShareHead {
            set: SetId([number; 16]),
            number,
            quorum: Quorum::new(least, of).unwrap(),
            custodian: name.clone(),
            opens: "application-ca".to_owned(),
            made_at: Timestamp::from_seconds(seconds),
            digest: [least; 32],
        };
        // What may not stand in a certificate may not be a custodian's name either.
        match ShareHead::from_der(&head.to_der()) {
            Ok(read) => prop_assert_eq!(read, head),
            Err(_) => prop_assert!(!is_name(&name)),
        }
    }
}
