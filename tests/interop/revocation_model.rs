//! Whatever happens to certificates, in whatever order: every list, and OCSP, say at every look what has happened. Lists change by
//! deltas, shards share the work, and none of them knows more or less than another.

use std::collections::BTreeMap;
use std::time::Duration;

use ca_core::certificate::Certificate;
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::{ListId, ListScope, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::Clock;
use crl::{CertificateList, CrlPolicy, ListPlan, Refreshed};
use ocsp::client::question;
use ocsp::{CertIdDigest, CertStatus, Follower, OcspResponse, Responder};
use proptest::collection::vec;
use proptest::prelude::*;
use store::Step;

use crate::pki::{BY, Pki, addresses, id};

const SHARDS: u16 = 3;
const CERTIFICATES: usize = 6;

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Revoked(usize, RevocationReason),
    Suspended(usize),
    Lifted(usize),
    RevokedForGood(usize),
    /// Some seconds go by.
    Later(u8),
    /// A new complete list, on which deltas build from then on.
    Complete,
    /// Everybody asks.
    Look,
}

fn happening() -> impl Strategy<Value = Happening> {
    let which = 0..CERTIFICATES;
    let reason = prop_oneof![
        Just(RevocationReason::Unspecified),
        Just(RevocationReason::KeyCompromise),
        Just(RevocationReason::Superseded)
    ];
    prop_oneof![
        3 => (which.clone(), reason).prop_map(|(n, reason)| Happening::Revoked(n, reason)),
        3 => which.clone().prop_map(Happening::Suspended),
        2 => which.clone().prop_map(Happening::Lifted),
        1 => which.prop_map(Happening::RevokedForGood),
        1 => (1u8..100).prop_map(Happening::Later),
        1 => Just(Happening::Complete),
        2 => Just(Happening::Look),
    ]
}

/// What is true: the revoked, with why.
type Truth = BTreeMap<SerialNumber, RevocationReason>;

struct World {
    pki: Pki,
    certificates: Vec<Certificate>,
    truth: Truth,
    responder: Responder,
    follower: Follower,
}

fn plan(list: ListId) -> ListPlan {
    let found = |list: ListId| addresses("issuing").crl.iter().map(|full| list.address_beside(full)).collect();
    ListPlan { list, addresses: found(list), ..ListPlan::full(CrlPolicy::ISSUING) }
}

impl World {
    async fn begin() -> Self {
        let listing = format!("shards = {SHARDS}, lists = [\"full\", \"shards\"]");
        let pki = Pki::found("revocation-model", KeyAlgorithm::P256).await.listing(&listing);
        let mut certificates = Vec::new();
        for n in 0..CERTIFICATES {
            certificates.push(pki.issue(&format!("m{n}.shirakaba.lg.jp")).await);
        }
        let responder = pki.responder();
        let world = Self { pki, certificates, truth: Truth::new(), responder, follower: Follower::default() };
        world.list(ListId::FULL).await;
        world
    }

    async fn list(&self, list: ListId) -> CertificateList {
        let refreshed = self.pki.refresh_list(&plan(list)).await.unwrap();
        assert!(matches!(refreshed, Refreshed::Stored(_)), "{refreshed:?}");
        CertificateList::parse(&self.pki.octets(list).await).unwrap()
    }

    /// Lets it happen where it can: nobody is revoked twice.
    async fn happens(&mut self, what: Happening) {
        let now = self.pki.clock.now();
        let at = |n: usize| self.certificates[n].serial().clone();
        let revocation = |reason| Revocation { reason, revoked_at: now.whole_seconds(), invalidity_at: None };
        let mut txn = self.pki.store.write(now, BY).await.unwrap();
        let authority = id("issuing");
        let hold = Some(&RevocationReason::CertificateHold);
        match what {
            Happening::Revoked(n, reason) if !self.truth.contains_key(&at(n)) => {
                txn.revoke(&authority, &at(n), &revocation(reason)).await.unwrap();
                self.truth.insert(at(n), reason);
            }
            Happening::Suspended(n) if !self.truth.contains_key(&at(n)) => {
                txn.revoke(&authority, &at(n), &revocation(RevocationReason::CertificateHold)).await.unwrap();
                self.truth.insert(at(n), RevocationReason::CertificateHold);
            }
            Happening::Lifted(n) if self.truth.get(&at(n)) == hold => {
                txn.lift_suspension(&authority, &at(n)).await.unwrap();
                self.truth.remove(&at(n));
            }
            Happening::RevokedForGood(n) if self.truth.get(&at(n)) == hold => {
                let reason = RevocationReason::AffiliationChanged;
                txn.revoke_suspended(&authority, &at(n), &revocation(reason)).await.unwrap();
                self.truth.insert(at(n), reason);
            }
            Happening::Later(seconds) => self.pki.clock.set(now.plus(Duration::from_secs(seconds.into()))),
            Happening::Complete => {
                drop(txn);
                self.list(ListId::FULL).await;
                return;
            }
            Happening::Look => {
                drop(txn);
                return self.look().await;
            }
            _ => return,
        }
        txn.commit(Step::Revoked).await.unwrap();
    }

    async fn look(&mut self) {
        // What is on the last complete list, changed as the delta says.
        let base = CertificateList::parse(&self.pki.octets(ListId::FULL).await).unwrap();
        let delta = self.list(ListScope::Full.delta()).await;
        assert_eq!(delta.base_number, base.number);
        let mut said: Truth = said(&base);
        for entry in &delta.entries {
            match entry.reason {
                RevocationReason::RemoveFromCrl => {
                    assert!(said.remove(&entry.serial).is_some(), "removed, and was not there")
                }
                reason => drop(said.insert(entry.serial.clone(), reason)),
            }
        }
        assert_eq!(said, self.truth, "base and delta");

        let mut shared = Truth::new();
        for shard in 0..SHARDS {
            for (serial, reason) in self::said(&self.list(ListScope::Shard(shard).complete()).await) {
                assert!(shared.insert(serial, reason).is_none(), "on two shards");
            }
        }
        assert_eq!(shared, self.truth, "all shards");

        // From the database, from memory as it was, and from memory brought up to date.
        assert_eq!(self.answered().await, self.truth, "OCSP");
        let serials: Vec<_> = self.certificates.iter().map(|one| one.serial().clone()).collect();
        self.responder.presign(&id("issuing"), &serials).await.unwrap();
        self.responder.follow(&mut self.follower).await.unwrap();
        assert_eq!(self.answered().await, self.truth, "OCSP, signed ahead");

        assert_eq!(self::said(&self.list(ListId::FULL).await), self.truth, "the complete list");
    }

    async fn answered(&self) -> Truth {
        let mut found = Truth::new();
        for certificate in &self.certificates {
            let question = question(&self.pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
            let der = self.responder.answer(&id("issuing"), &question).await.der;
            let OcspResponse::Signed(signed) = OcspResponse::parse(&der).unwrap() else { panic!("refused") };
            match signed.data.responses[0].status {
                CertStatus::Good => {}
                CertStatus::Revoked { reason, .. } => {
                    let reason = reason.unwrap_or(RevocationReason::Unspecified);
                    found.insert(certificate.serial().clone(), reason);
                }
                CertStatus::Unknown => panic!("unknown"),
            }
        }
        found
    }
}

fn said(list: &CertificateList) -> Truth {
    list.entries.iter().map(|entry| (entry.serial.clone(), entry.reason)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn lists_deltas_shards_and_ocsp_say_the_same(happenings in vec(happening(), 1..24)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut world = World::begin().await;
            for what in happenings {
                world.happens(what).await;
            }
            world.look().await;
        });
    }
}
