//! CRLs: made from rows of the database, judged by OpenSSL, and by the rules of what may follow what.

use std::collections::HashSet;
use std::time::Duration;

use ca_core::key::{KeyAlgorithm, RsaPadding};
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::{Clock, Timestamp};
use crl::build::CrlContent;
use crl::check::{CheckError, check_content, check_follows};
use crl::entries::{CrlEntry, Revoked};
use crl::scope::Scope;
use crl::{CertificateList, RefreshError, Refreshed};
use lgpki_tests::databases::Kind;

use crate::pki::{Pki, id, openssl, text};

/// Kinds of keys, and how they pad where that is RSA.
const KINDS: [(KeyAlgorithm, RsaPadding); 4] = [
    (KeyAlgorithm::P256, RsaPadding::Pkcs1),
    (KeyAlgorithm::P384, RsaPadding::Pkcs1),
    (KeyAlgorithm::Rsa2048, RsaPadding::Pkcs1),
    (KeyAlgorithm::Rsa2048, RsaPadding::Pss),
];

#[tokio::test(flavor = "multi_thread")]
async fn openssl_verifies_the_crl_and_finds_the_revoked_certificate() {
    for kind in KINDS {
        let pki = Pki::found_signing(Kind::Sqlite, &format!("crl-{}-{}", kind.0, kind.1.as_str()), kind).await;
        let good = pki.issue("good.shirakaba.lg.jp").await;
        let bad = pki.issue("bad.shirakaba.lg.jp").await;
        let stopped = pki.issue("stopped.shirakaba.lg.jp").await;
        let issuing = pki.scratch.file("issuing.pem", pki.issuing.to_pem());

        // An empty CRL first.
        let empty = pki.scratch.file("empty.crl", pki.crl().await);
        let judged = openssl("crl -inform DER -in {} -noout -verify -CAfile {} -text", &[&empty, &issuing]);
        assert!(
            text(&judged).contains("verify OK") && text(&judged).contains("No Revoked Certificates"),
            "{}",
            text(&judged)
        );

        pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
        pki.revoke(stopped.serial(), RevocationReason::Unspecified).await;
        let crl = pki.scratch.file("full.crl", pki.crl().await);
        let judged = text(&openssl("crl -inform DER -in {} -noout -verify -CAfile {} -text", &[&crl, &issuing]));
        assert!(judged.contains("verify OK"), "{judged}");
        assert!(judged.contains("Version 2 (0x1)") && judged.contains("X509v3 Authority Key Identifier"), "{judged}");
        assert!(judged.contains("X509v3 CRL Number:") && judged.contains("Key Compromise"), "{judged}");
        assert!(judged.contains("Invalidity Date:") && judged.contains("Nov 14 22:13:20 2023 GMT"), "{judged}");
        // reasonCode is left out when unspecified (RFC 5280 §5.3.1).
        assert!(!judged.contains("Unspecified"), "{judged}");
        assert!(judged.contains(&bad.serial().to_hex().to_uppercase()), "{judged}");

        // The CRL decides about certificates.
        let pem = openssl("crl -inform DER -in {} -outform PEM", &[&crl]).stdout;
        let crl_pem = pki.scratch.file("full.pem", pem);
        let (chain, good_file, bad_file) =
            (pki.chain_file(), pki.scratch.file("good.pem", good.to_pem()), pki.scratch.file("bad.pem", bad.to_pem()));
        let shown = text(&openssl("x509 -in {} -noout -text", &[&good_file]));
        assert_eq!(shown.contains("Signature Algorithm: rsassaPss"), kind.1 == RsaPadding::Pss, "{shown}");
        let verified = openssl("verify -crl_check -CAfile {} -CRLfile {} {}", &[&chain, &crl_pem, &good_file]);
        assert!(verified.status.success(), "{}", text(&verified));
        let refused = openssl("verify -crl_check -CAfile {} -CRLfile {} {}", &[&chain, &crl_pem, &bad_file]);
        assert!(text(&refused).contains("certificate revoked"), "{}", text(&refused));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stored_crl_reads_as_it_was_meant() {
    let pki = Pki::found("crl-read", KeyAlgorithm::P256).await;
    let revoked = pki.issue("a.shirakaba.lg.jp").await;
    pki.revoke(revoked.serial(), RevocationReason::Superseded).await;
    let list = CertificateList::parse(&pki.crl().await).unwrap();
    assert_eq!(list.entries.len(), 1);
    let entry = list.entries.first().unwrap();
    assert_eq!((&entry.serial, entry.reason), (revoked.serial(), RevocationReason::Superseded));
    assert_eq!(list.next_update, Some(list.this_update.plus(Duration::from_secs(72 * 3600))));
    assert_eq!(list.issuer.as_der(), pki.issuing.subject().as_der());
    let names: Vec<&str> = list.extensions.iter().map(|extension| extension.oid.as_str()).collect();
    assert_eq!(names, ["2.5.29.35", "2.5.29.20"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_rise_also_when_ten_refresh_at_once_on_sqlite() {
    ten_refresh_at_once(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_rise_also_when_ten_refresh_at_once_on_postgres() {
    ten_refresh_at_once(Kind::Postgres).await;
}

async fn ten_refresh_at_once(kind: Kind) {
    let pki = Pki::found_on(kind, "crl-race", KeyAlgorithm::P256).await;
    let mut numbers = HashSet::new();
    for _ in 0..3 {
        let list = CertificateList::parse(&pki.crl().await).unwrap();
        assert!(numbers.insert(list.number.unwrap()));
    }
    let revoked = pki.issue("raced.shirakaba.lg.jp").await;
    pki.revoke(revoked.serial(), RevocationReason::Superseded).await;
    let (store, signer, now) = (pki.store.clone(), pki.signer(), pki.clock.now());
    let racing = (0..10).map(|_| {
        let (store, signer) = (store.clone(), signer.clone());
        tokio::spawn(async move {
            crl::refresh(&store, &signer, &id("issuing"), now, &crl::CrlPolicy::ISSUING).await.unwrap()
        })
    });
    for task in racing.collect::<Vec<_>>() {
        let (Refreshed::Stored(store::crls::CrlRow { number, .. }) | Refreshed::Overtaken { number }) =
            task.await.unwrap();
        assert!(numbers.insert(u64::try_from(number).unwrap()), "number {number} twice");
    }
    let latest = store.read().await.unwrap().latest_crl(&id("issuing")).await.unwrap().unwrap();
    let list = CertificateList::parse(&latest.der).unwrap();
    assert_eq!(list.number, numbers.iter().max().copied());
    assert_eq!(list.entries.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_went_back_makes_no_crl() {
    let pki = Pki::found("crl-clock", KeyAlgorithm::P256).await;
    let first = pki.crl().await;
    pki.clock.set(pki.clock.now().minus(Duration::from_secs(60)));
    let refused = pki.refresh_crl().await;
    assert!(matches!(refused, Err(RefreshError::Check(CheckError::DatedBack { .. }))), "{refused:?}");
    let latest = pki.store.read().await.unwrap().latest_crl(&id("issuing")).await.unwrap().unwrap();
    assert_eq!(latest.der, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_leaves_after_one_more_crl() {
    let pki = Pki::found("crl-expiry", KeyAlgorithm::P256).await;
    let revoked = pki.issue("old.shirakaba.lg.jp").await;
    pki.revoke(revoked.serial(), RevocationReason::Superseded).await;
    let listed = async || CertificateList::parse(&pki.crl().await).unwrap().entries.len();
    assert_eq!(listed().await, 1);
    pki.clock.set(revoked.validity().not_after.plus(Duration::from_secs(1)));
    assert_eq!(listed().await, 1, "the first CRL after the expiry still has it");
    pki.clock.set(revoked.validity().not_after.plus(Duration::from_secs(86_400)));
    assert_eq!(listed().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crl_that_is_wrong_in_any_way_is_found_out() {
    let pki = Pki::found("crl-check", KeyAlgorithm::P256).await;
    let now = pki.clock.now();
    let entry = |n: u8| CrlEntry {
        serial: SerialNumber::from_bytes(&[n]).unwrap(),
        revoked_at: now,
        reason: RevocationReason::Superseded,
        invalidity_at: None,
    };
    let entries = [entry(1), entry(2)];
    let content = |number, entries| CrlContent {
        issuer: &pki.issuing,
        algorithm: pki.issuing.signs_with(),
        scope: Scope::Full,
        number,
        this_update: now,
        next_update: now.plus(Duration::from_secs(60)),
        entries,
    };
    let make = |content: &CrlContent<'_>, key: &str| {
        let tbs = content.to_tbs();
        let (label, algorithm) = (crate::pki::label(key), content.algorithm);
        let signature =
            ca_core::signer::Signer::sign(pki.keys.as_ref(), &label, algorithm, &[ca_core::signer::Tbs::Crl(&tbs)]);
        algorithm.signed(&tbs, &signature.into_iter().next().unwrap().unwrap())
    };
    let whole = content(5, &entries);
    let good = check_content(&make(&whole, "issuing"), &whole).unwrap();
    assert_eq!(check_content(&make(&whole, "root"), &whole).err(), Some(CheckError::Signature));
    let fewer = content(5, &entries[..1]);
    assert_eq!(check_content(&make(&fewer, "issuing"), &whole).err(), Some(CheckError::Differs("entries")));
    let other = content(6, &entries);
    assert_eq!(check_content(&make(&other, "issuing"), &whole).err(), Some(CheckError::Differs("number")));

    let known: Vec<Revoked> = entries.iter().map(|entry| Revoked { entry: entry.clone(), not_after: now }).collect();
    let read = |number, entries| CertificateList::parse(&make(&content(number, entries), "issuing")).unwrap();
    assert_eq!(check_follows(&read(6, &entries), &good, &known), Ok(()));
    let stuck = Err(CheckError::NumberDoesNotRise { number: 5, previous: 5 });
    assert_eq!(check_follows(&read(5, &entries), &good, &known), stuck);
    let lost = Err(CheckError::EntryLost(entries[1].serial.clone()));
    assert_eq!(check_follows(&read(6, &entries[..1]), &good, &known), lost);
    // Long expired, and listed after its expiry: free to leave.
    let expired: Vec<Revoked> = known
        .iter()
        .map(|revoked| {
            let mut revoked = revoked.clone();
            revoked.not_after = Timestamp::from_seconds(1);
            revoked.entry.revoked_at = Timestamp::from_seconds(1);
            revoked
        })
        .collect();
    assert_eq!(check_follows(&read(6, &[]), &good, &expired), Ok(()));
    assert_eq!(check_follows(&read(6, &[]), &good, &[]), Err(CheckError::EntryLost(entries[0].serial.clone())));
}

#[test]
fn dates_after_2049_are_generalized_time() {
    // RFC 5280 §5.1.2.4: the same rule as for certificates, for each date alone.
    let entry = |year| CrlEntry {
        serial: SerialNumber::from_bytes(&[1]).unwrap(),
        revoked_at: Timestamp::from_utc(year, 1, 1, 0, 0, 0).unwrap(),
        reason: RevocationReason::Unspecified,
        invalidity_at: None,
    };
    let scratch = crate::pki::Scratch::new("crl-dates");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let pki = runtime.block_on(Pki::found("crl-dates-pki", KeyAlgorithm::P256));
    let entries = [entry(2049), entry(2050)];
    let content = CrlContent {
        issuer: &pki.issuing,
        algorithm: pki.issuing.signs_with(),
        scope: Scope::Full,
        number: 1,
        this_update: Timestamp::from_utc(2049, 12, 31, 23, 59, 59).unwrap(),
        next_update: Timestamp::from_utc(2050, 1, 3, 0, 0, 0).unwrap(),
        entries: &entries,
    };
    let tbs = content.to_tbs();
    let crl = scratch.file("tbs.der", &tbs);
    let parsed = text(&openssl("asn1parse -inform DER -in {}", &[&crl]));
    assert!(parsed.contains("UTCTIME           :491231235959Z"), "{parsed}");
    assert!(parsed.contains("GENERALIZEDTIME   :20500103000000Z"), "{parsed}");
    assert!(
        parsed.contains("UTCTIME           :490101000000Z") && parsed.contains("GENERALIZEDTIME   :20500101000000Z"),
        "{parsed}"
    );
}
