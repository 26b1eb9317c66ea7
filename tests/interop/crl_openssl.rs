//! CRLs: made from rows of the database, judged by OpenSSL, and by the rules of what may follow what.

use std::collections::HashSet;
use std::time::Duration;

use ca_core::key::{KeyAlgorithm, RsaPadding};
use ca_core::revocation::{ListId, ListKind, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::{Clock, Timestamp};
use crl::build::CrlContent;
use crl::check::{CheckError, check_written};
use crl::draft::Sum;
use crl::entries::{CrlEntry, Revoked};
use crl::succession::{Succession, SuccessionError};
use crl::{CertificateList, CrlPolicy, ListPlan, RefreshError, Refreshed};
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
            let plan = ListPlan::full(CrlPolicy::ISSUING);
            crl::refresh(&store, &signer, (&id("issuing"), &plan), now).await.unwrap()
        })
    });
    for task in racing.collect::<Vec<_>>() {
        let (Refreshed::Stored(store::crls::CrlHead { number, .. }) | Refreshed::Overtaken { number }) =
            task.await.unwrap();
        assert!(numbers.insert(u64::try_from(number).unwrap()), "number {number} twice");
    }
    let latest = store.read().await.unwrap().latest_crl(&id("issuing"), ListId::FULL).await.unwrap().unwrap();
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
    let latest = pki.store.read().await.unwrap().latest_crl(&id("issuing"), ListId::FULL).await.unwrap().unwrap();
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
    let content = |number| CrlContent {
        issuer: &pki.issuing,
        algorithm: pki.issuing.signs_with(),
        list: ListId::FULL,
        number,
        base_number: None,
        this_update: now,
        next_update: now.plus(Duration::from_secs(60)),
        addresses: &[],
        freshest: &[],
    };
    let make = |content: &CrlContent<'_>, entries: &[CrlEntry], key: &str| {
        crl::draft::whole(content, entries, (pki.keys.as_ref(), &crate::pki::label(key))).unwrap()
    };
    let (whole, mut sum) = (content(5), Sum::default());
    entries.iter().for_each(|entry| sum.add(entry));
    let check = |der: &[u8]| check_written(der, &whole, (2, sum)).map_err(|error| error.to_string());
    let differs = |what| Err(CheckError::Differs(what).to_string());
    assert_eq!(check(&make(&whole, &entries, "issuing")), Ok(()));
    assert_eq!(check(&make(&whole, &entries, "root")), Err(CheckError::Signature.to_string()));
    assert_eq!(check(&make(&whole, &entries[..1], "issuing")), differs("entries"));
    assert_eq!(check(&make(&content(6), &entries, "issuing")), differs("number"));
    assert_eq!(check(&make(&whole, &[entry(2), entry(1)], "issuing")), differs("order"));
    assert_eq!(check(&make(&whole, &[entry(1), entry(3)], "issuing")), differs("entries"));
    let base = CrlContent { base_number: Some(4), ..whole };
    assert_eq!(check(&make(&base, &entries, "issuing")), differs("base number"));
}

/// What the list after one with `had` has, when the database knows `known`: serials, with the reason of each.
fn followed(had: &[CrlEntry], known: &[Revoked], kind: ListKind, at: Timestamp) -> Result<Vec<CrlEntry>, String> {
    let pki = PKI.get_or_init(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(Pki::found("crl-succession", KeyAlgorithm::P256))
    });
    let keys: &dyn ca_core::signer::Signer = pki.keys.as_ref();
    let signer = (keys, &crate::pki::label("issuing"));
    let content = CrlContent {
        issuer: &pki.issuing,
        algorithm: pki.issuing.signs_with(),
        list: ListId::FULL,
        number: 1,
        base_number: None,
        this_update: at,
        next_update: at.plus(Duration::from_secs(60)),
        addresses: &[],
        freshest: &[],
    };
    let earlier = crl::draft::whole(&content, had, signer).unwrap();
    let later = at.plus(Duration::from_secs(30));
    let told = |error: SuccessionError| error.to_string();
    let mut next = Succession::begin(kind, Some(earlier.as_slice()), later).map_err(told)?;
    known.iter().try_for_each(|revoked| next.take(revoked)).map_err(told)?;
    let mut signed = next.end().map_err(told)?.sign(&content, signer).unwrap();
    let mut der = Vec::new();
    std::io::Read::read_to_end(&mut signed.reader().unwrap(), &mut der).unwrap();
    Ok(CertificateList::parse(&der).unwrap().entries)
}

/// An entry a minute old.
fn entry_before(at: Timestamp, n: u8, reason: RevocationReason) -> CrlEntry {
    let serial = SerialNumber::from_bytes(&[n]).unwrap();
    CrlEntry { serial, revoked_at: at.minus(Duration::from_secs(60)), reason, invalidity_at: None }
}

/// Of a certificate that is valid for a day yet.
fn valid_after(at: Timestamp, entry: CrlEntry) -> Revoked {
    Revoked { entry, not_after: at.plus(Duration::from_secs(86_400)), stays_listed: false }
}

static PKI: std::sync::OnceLock<Pki> = std::sync::OnceLock::new();

#[test]
fn nothing_that_is_owed_gets_lost_from_one_list_to_the_next() {
    let at = Timestamp::from_seconds(1_775_001_600);
    let entry = |n, reason| entry_before(at, n, reason);
    let valid = |entry| valid_after(at, entry);
    let superseded = |n| entry(n, RevocationReason::Superseded);
    let held = |n| entry(n, RevocationReason::CertificateHold);
    let had = [superseded(1), superseded(3), held(5)];
    let lost = |n| Err(CheckError::EntryLost(superseded(n).serial).to_string());
    let complete = |known: &[Revoked]| followed(&had, known, ListKind::Complete, at);
    let all = [valid(superseded(1)), valid(superseded(2)), valid(superseded(3)), valid(held(5))];
    assert_eq!(complete(&all).unwrap(), [superseded(1), superseded(2), superseded(3), held(5)]);
    assert_eq!(complete(&all[1..]), lost(1));
    assert_eq!(complete(&all[..2]), lost(3));
    assert_eq!(complete(&[]), lost(1));
    // A suspension may end, and may become a revocation; a revocation may not move.
    assert_eq!(complete(&all[..3]).unwrap().len(), 3);
    let mut moved = all.to_vec();
    moved[0].entry.revoked_at = at;
    assert_eq!(complete(&moved), lost(1));
    let mut for_good = all.to_vec();
    for_good[3].entry = CrlEntry { revoked_at: at, ..entry(5, RevocationReason::KeyCompromise) };
    assert_eq!(complete(&for_good).unwrap()[3].reason, RevocationReason::KeyCompromise);
    // Long expired, and listed after its expiry: free to leave, unless it stays.
    let mut expired = all.to_vec();
    expired[0].not_after = at.minus(Duration::from_secs(3600));
    assert_eq!(complete(&expired).unwrap(), [superseded(2), superseded(3), held(5)]);
    expired[0].stays_listed = true;
    assert_eq!(complete(&expired).unwrap()[0], superseded(1));
}

#[test]
fn a_delta_says_what_has_changed_and_nothing_else() {
    let at = Timestamp::from_seconds(1_775_001_600);
    let entry = |n, reason| entry_before(at, n, reason);
    let valid = |entry| valid_after(at, entry);
    let superseded = |n| entry(n, RevocationReason::Superseded);
    let held = |n| entry(n, RevocationReason::CertificateHold);
    let removed =
        |n| CrlEntry { revoked_at: at.plus(Duration::from_secs(30)), ..entry(n, RevocationReason::RemoveFromCrl) };
    let base = [superseded(1), held(3), held(5)];
    let delta = |known: &[Revoked]| followed(&base, known, ListKind::Delta, at);
    let same = [valid(superseded(1)), valid(held(3)), valid(held(5))];
    assert_eq!(delta(&same).unwrap(), []);
    let for_good = entry(3, RevocationReason::KeyCompromise);
    let changed = [valid(superseded(1)), valid(superseded(2)), valid(for_good.clone()), valid(superseded(9))];
    assert_eq!(delta(&changed).unwrap(), [superseded(2), for_good, removed(5), superseded(9)]);
    let mut expired = same.to_vec();
    expired[0].not_after = at.minus(Duration::from_secs(3600));
    assert_eq!(delta(&expired).unwrap(), [removed(1)]);
    assert_eq!(delta(&same[1..]), Err(CheckError::EntryLost(superseded(1).serial).to_string()));
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
        list: ListId::FULL,
        number: 1,
        base_number: None,
        this_update: Timestamp::from_utc(2049, 12, 31, 23, 59, 59).unwrap(),
        next_update: Timestamp::from_utc(2050, 1, 3, 0, 0, 0).unwrap(),
        addresses: &[],
        freshest: &[],
    };
    let tbs = content.to_tbs(&entries);
    let crl = scratch.file("tbs.der", &tbs);
    let parsed = text(&openssl("asn1parse -inform DER -in {}", &[&crl]));
    assert!(parsed.contains("UTCTIME           :491231235959Z"), "{parsed}");
    assert!(parsed.contains("GENERALIZEDTIME   :20500103000000Z"), "{parsed}");
    assert!(
        parsed.contains("UTCTIME           :490101000000Z") && parsed.contains("GENERALIZEDTIME   :20500101000000Z"),
        "{parsed}"
    );
}
