//! Lists that an installation's own authorities have signed, and that its database knows nothing of: as a database is that was
//! restored from a backup.
#![expect(clippy::expect_used, reason = "a harness: what fails here is a failed test, and says why")]

use crate::program::Installation;
use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::revocation::{ListId, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::{Clock, Timestamp};
use crl::build::CrlContent;
use crl::draft::whole;
use crl::entries::CrlEntry;
use lgpki::clock::SystemClock;
use lgpki::installation::open_key_stores;
use lgpki::secrets::KeySecrets;
use std::time::Duration;
use store::imports::ImportedCertificate;

const DAY: Duration = Duration::from_secs(86_400);

/// The full list of `authority` with that number and these entries, made an hour ago.
///
/// # Panics
/// When the installation cannot be opened.
pub fn signed(installation: &Installation, authority: &str, number: u64, entries: &[CrlEntry]) -> Vec<u8> {
    let config = lgpki::config::load(&installation.folder().join("lgpki.toml")).expect("a configuration");
    let id = AuthorityId::parse(authority).expect("an id");
    let row = installation.with_store(async |store| {
        store.read().await.expect("a transaction").authority(&id).await.expect("an answer").expect("an authority")
    });
    let keys = open_key_stores(&config, &KeySecrets::default()).expect("keys");
    let issuer = Certificate::from_der(&row.certificate).expect("a certificate");
    let this_update = SystemClock.now().minus(DAY / 24);
    let content = CrlContent {
        issuer: &issuer,
        algorithm: row.signature.unwrap_or_else(|| issuer.signs_with()),
        list: ListId::FULL,
        number,
        base_number: None,
        this_update,
        next_update: this_update.plus(3 * DAY),
        addresses: &[],
        freshest: &[],
    };
    whole(&content, entries, (&keys, &row.key_label)).expect("a list is signed")
}

/// So many entries, in the order of their serials, which begin with `first`.
///
/// # Panics
/// Never: those are serial numbers.
pub fn entries(first: u8, count: u16) -> Vec<CrlEntry> {
    let entry = |n: u16| CrlEntry {
        serial: SerialNumber::from_bytes(&[&[first], n.to_be_bytes().as_slice()].concat()).expect("a serial number"),
        revoked_at: Timestamp::from_seconds(1_790_000_000 + i64::from(n)),
        reason: if n.is_multiple_of(2) { RevocationReason::KeyCompromise } else { RevocationReason::Unspecified },
        invalidity_at: n.is_multiple_of(4).then(|| Timestamp::from_seconds(1_780_000_000)),
    };
    (0..count).map(entry).collect()
}

/// So many certificates that were revoked like that, as an import would bring them, in the order of their serials; their lives began
/// when they were revoked.
///
/// # Panics
/// Never: those are serial numbers.
pub fn revoked(many: u32, revocation: &Revocation) -> Vec<ImportedCertificate> {
    let one = |n: u32| ImportedCertificate {
        serial: SerialNumber::from_bytes(&[&[0x40][..], &n.to_be_bytes(), &[0; 12]].concat()).expect("a serial number"),
        subject: String::new(),
        names: String::new(),
        key_sha256: [0; 32],
        not_before: revocation.revoked_at,
        not_after: revocation.revoked_at.plus(DAY),
        tbs: Vec::new(),
        der: Vec::new(),
        revocation: Some(revocation.clone()),
        is_ca: false,
    };
    (0..many).map(one).collect()
}
