//! Lists that speak for some certificates only, and lists that say what has changed: what is on each, and what OpenSSL makes
//! of them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use ca_core::certificate::Certificate;
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::{ListId, ListScope, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::{Clock, Timestamp};
use crl::{CertificateList, CrlPolicy, ListPlan, RefreshError, Refreshed};
use lgpki_tests::databases::Kind;
use lgpki_tests::lists::revoked;
use store::Step;

use crate::pki::{BY, Pki, addresses, id, openssl, text};

fn plan(list: ListId) -> ListPlan {
    let found = |list: ListId| addresses("issuing").crl.iter().map(|full| list.address_beside(full)).collect();
    ListPlan { list, addresses: found(list), ..ListPlan::full(CrlPolicy::ISSUING) }
}

impl Pki {
    async fn list(&self, plan: &ListPlan) -> CertificateList {
        let refreshed = self.refresh_list(plan).await.unwrap();
        assert!(matches!(refreshed, Refreshed::Stored(_)), "{refreshed:?}");
        CertificateList::parse(&self.octets(plan.list).await).unwrap()
    }

    /// The latest of a list, as a PEM file.
    async fn list_file(&self, list: ListId) -> PathBuf {
        let der = self.scratch.file(&format!("{list}.der"), self.octets(list).await);
        self.scratch.file(&format!("{list}.pem"), openssl("crl -inform DER -in {} -outform PEM", &[&der]).stdout)
    }

    fn certificate_file(&self, certificate: &Certificate) -> PathBuf {
        self.scratch.file(&format!("{}.pem", certificate.serial()), certificate.to_pem())
    }

    async fn unsuspend(&self, serial: &SerialNumber) {
        let mut txn = self.store.write(self.clock.now(), BY).await.unwrap();
        txn.lift_suspension(&id("issuing"), serial).await.unwrap();
        txn.commit(Step::Revoked).await.unwrap();
    }
}

fn serials(list: &CertificateList) -> BTreeSet<SerialNumber> {
    list.entries.iter().map(|entry| entry.serial.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shards_together_are_the_revoked_and_each_decides_about_its_own() {
    const SHARDS: u16 = 4;
    let pki = Pki::found("crl-shards", KeyAlgorithm::P256).await.listing("shards = 4, lists = [\"ca\", \"shards\"]");
    let (mut revoked, mut certificates) = (BTreeSet::new(), Vec::new());
    for n in 0..16 {
        let certificate = pki.issue(&format!("s{n}.shirakaba.lg.jp")).await;
        if n % 2 == 0 {
            pki.revoke(certificate.serial(), RevocationReason::Superseded).await;
            revoked.insert(certificate.serial().clone());
        }
        certificates.push(certificate);
    }
    let mut listed = BTreeSet::new();
    for shard in 0..SHARDS {
        let list = pki.list(&plan(ListScope::Shard(shard).complete())).await;
        for serial in serials(&list) {
            assert!(listed.insert(serial.clone()), "{serial} is on two lists");
        }
    }
    assert_eq!(listed, revoked);
    assert!(serials(&pki.list(&plan(ListScope::Authorities.complete())).await).is_empty());

    let chain = pki.chain_file();
    for certificate in certificates {
        let shard = ca_core::revocation::list::shard_of(certificate.serial(), SHARDS).unwrap();
        let list = ListScope::Shard(shard).complete();
        let address = list.address_beside(&addresses("issuing").crl[0]);
        assert_eq!(certificate.extensions().crl_uris, [address]);
        let (own, file) = (pki.list_file(list).await, pki.certificate_file(&certificate));
        let judged = openssl("verify -crl_check -extended_crl -CAfile {} -CRLfile {} {}", &[&chain, &own, &file]);
        let is_revoked = revoked.contains(certificate.serial());
        assert_eq!(judged.status.success(), !is_revoked, "{}", text(&judged));
        assert_eq!(text(&judged).contains("certificate revoked"), is_revoked, "{}", text(&judged));
        // Another shard's list says nothing of it, and OpenSSL sees that.
        let other = pki.list_file(ListScope::Shard((shard + 1) % SHARDS).complete()).await;
        let judged = openssl("verify -crl_check -extended_crl -CAfile {} -CRLfile {} {}", &[&chain, &other, &file]);
        assert!(text(&judged).contains("scope"), "{}", text(&judged));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_cas_has_no_others_and_a_list_of_others_no_cas() {
    let pki = Pki::found("crl-halves", KeyAlgorithm::P256).await;
    let leaf = pki.issue("leaf.shirakaba.lg.jp").await;
    pki.revoke(leaf.serial(), RevocationReason::Superseded).await;
    let of = async |authority: &str, scope: ListScope| {
        let plan = plan(scope.complete());
        crl::refresh(&pki.store, &pki.signer(), (&id(authority), &plan), pki.clock.now()).await.unwrap();
        let der = pki.store.read().await.unwrap().latest_crl_octets(&id(authority), plan.list).await.unwrap();
        let file = pki.scratch.file(&format!("{authority}-{scope}.der"), der.as_ref().unwrap());
        let pem = openssl("crl -inform DER -in {} -outform PEM", &[&file]).stdout;
        (CertificateList::parse(&der.unwrap()).unwrap(), pki.scratch.file(&format!("{authority}-{scope}.pem"), pem))
    };
    assert!(serials(&of("issuing", ListScope::Authorities).await.0).is_empty());
    assert_eq!(serials(&of("issuing", ListScope::EndEntities).await.0), [leaf.serial().clone()].into());
    let mut txn = pki.store.write(pki.clock.now(), BY).await.unwrap();
    let reason = RevocationReason::CaCompromise;
    let revocation = Revocation { reason, revoked_at: pki.clock.now(), invalidity_at: None };
    txn.revoke(&id("root"), pki.issuing.serial(), &revocation).await.unwrap();
    txn.commit(Step::Revoked).await.unwrap();
    let (authorities, arl) = of("root", ListScope::Authorities).await;
    assert_eq!(serials(&authorities), [pki.issuing.serial().clone()].into());
    let idp = authorities.extensions.iter().find(|extension| extension.oid == "2.5.29.28").unwrap();
    assert_eq!((idp.critical, idp.value.as_slice()), (true, &[0x30, 3, 0x82, 1, 0xff][..]));
    assert!(serials(&of("root", ListScope::EndEntities).await.0).is_empty());
    let (root, issuing) = (pki.scratch.file("root.pem", pki.root.to_pem()), pki.certificate_file(&pki.issuing));
    let judged = openssl("verify -crl_check -CAfile {} -CRLfile {} {}", &[&root, &arl, &issuing]);
    assert!(text(&judged).contains("certificate revoked"), "{}", text(&judged));
    // The list of holders' certificates is none for a CA's.
    let (_, users) = of("root", ListScope::EndEntities).await;
    let judged = openssl("verify -crl_check -CAfile {} -CRLfile {} {}", &[&root, &users, &issuing]);
    assert!(!judged.status.success() && !text(&judged).contains("certificate revoked"), "{}", text(&judged));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_tells_openssl_what_the_list_it_builds_on_does_not() {
    let pki = Pki::found("crl-delta", KeyAlgorithm::P256).await;
    let delta = plan(ListScope::Full.delta());
    let base = ListPlan { freshest: delta.addresses.clone(), ..plan(ListId::FULL) };
    let none = pki.refresh_list(&delta).await.unwrap_err();
    assert!(matches!(none, RefreshError::NoBase(ListId::FULL)), "{none}");
    let mut certificates = Vec::new();
    for name in ["held", "before", "after", "good"] {
        certificates.push(pki.issue(&format!("{name}.shirakaba.lg.jp")).await);
    }
    let [held, before, after, good] = certificates.as_slice() else { panic!() };
    pki.revoke(held.serial(), RevocationReason::CertificateHold).await;
    pki.revoke(before.serial(), RevocationReason::Superseded).await;
    let complete = pki.list(&base).await;
    assert_eq!(serials(&complete), [held, before].map(|one| one.serial().clone()).into());
    pki.clock.set(pki.clock.now().plus(Duration::from_secs(1)));
    pki.unsuspend(held.serial()).await;
    pki.revoke(after.serial(), RevocationReason::KeyCompromise).await;
    let changed = pki.list(&delta).await;
    assert_eq!((changed.base_number, changed.number > complete.number), (complete.number, true));
    let mut said: Vec<_> = changed.entries.iter().map(|entry| (entry.serial.clone(), entry.reason)).collect();
    said.sort_by_key(|(_, reason)| reason.code());
    let expected = [(after, RevocationReason::KeyCompromise), (held, RevocationReason::RemoveFromCrl)];
    assert_eq!(said, expected.map(|(one, reason)| (one.serial().clone(), reason)));

    let shown = pki.scratch.file("base.der", pki.octets(ListId::FULL).await);
    let shown = text(&openssl("crl -inform DER -in {} -noout -text", &[&shown]));
    assert!(shown.contains("Freshest CRL") && shown.contains("Certificate Hold"), "{shown}");
    assert!(shown.contains("Hold Instruction Code"), "{shown}");
    let (chain, base) = (pki.chain_file(), pki.list_file(ListId::FULL).await);
    let delta = pki.list_file(delta.list).await;
    // OpenSSL looks at the real clock, one second behind ours.
    let judged = |certificate: &Certificate| {
        let file = pki.certificate_file(certificate);
        let at = pki.clock.now().seconds().to_string();
        let command = format!(
            "verify -attime {at} -crl_check -extended_crl -use_deltas -CAfile {{}} -CRLfile {{}} -CRLfile {{}} {{}}"
        );
        text(&openssl(&command, &[&chain, &base, &delta, &file]))
    };
    for (certificate, is_revoked) in [(held, false), (before, true), (after, true), (good, false)] {
        let said = judged(certificate);
        assert_eq!(said.contains("certificate revoked"), is_revoked, "{said}");
        assert_eq!(said.contains(": OK"), !is_revoked, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_ahead_is_served_only_once_it_is_released() {
    let pki = Pki::found("crl-emergency", KeyAlgorithm::P256).await;
    let plan = ListPlan { emergency: Some(Duration::from_secs(14 * 86_400)), ..plan(ListId::FULL) };
    let revoked = pki.issue("bad.shirakaba.lg.jp").await;
    pki.revoke(revoked.serial(), RevocationReason::Superseded).await;
    let regular = pki.list(&plan).await;
    let other = ca_core::id::AccountId::parse(&"0".repeat(32)).unwrap();
    let released = async || {
        let mut txn = pki.store.write(pki.clock.now(), BY).await.unwrap();
        let heads = txn.release_emergency_crls(&id("issuing"), &other).await.unwrap();
        txn.commit(Step::CrlStored).await.unwrap();
        heads
    };
    assert_eq!(released().await.len(), 1);
    let emergency = CertificateList::parse(&pki.octets(ListId::FULL).await).unwrap();
    assert_eq!(emergency.entries, regular.entries);
    assert_eq!(emergency.number, regular.number.map(|number| number + 1));
    assert_eq!(emergency.next_update, Some(emergency.this_update.plus(Duration::from_secs(14 * 86_400))));
    assert!(released().await.is_empty(), "released once");
    // When the keys are there again, the next list takes over, whatever was released.
    let next = pki.list(&plan).await;
    assert_eq!(next.number, emergency.number.map(|number| number + 1));
    assert_eq!(next.next_update, Some(next.this_update.plus(CrlPolicy::ISSUING.validity)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_longer_than_a_row_stands_in_pieces_on_sqlite() {
    long(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_longer_than_a_row_stands_in_pieces_on_postgres() {
    long(Kind::Postgres).await;
}

/// Puts that many revoked certificates into the database, as an import would.
pub(crate) async fn revoke_many(pki: &Pki, many: u32) {
    let now = pki.clock.now();
    let all =
        revoked(many, &Revocation { reason: RevocationReason::Unspecified, revoked_at: now, invalidity_at: None });
    let mut txn = pki.store.write(now, BY).await.unwrap();
    for part in all.chunks(10_000) {
        txn.import_certificates(&id("issuing"), part).await.unwrap();
    }
    txn.commit(Step::Setup).await.unwrap();
}

async fn long(kind: Kind) {
    const MANY: u32 = 90_000;
    let pki = Pki::found_on(kind, "crl-long", KeyAlgorithm::P256).await;
    let (now, many) = (pki.clock.now(), usize::try_from(MANY).unwrap());
    revoke_many(&pki, MANY).await;
    let Refreshed::Stored(head) = pki.refresh_crl().await.unwrap() else { panic!("overtaken") };
    assert_eq!(head.entries, Some(i64::from(MANY)));
    let row = pki.store.read().await.unwrap().latest_crl(&id("issuing"), ListId::FULL).await.unwrap().unwrap();
    assert_eq!(row.der.len(), store::crls::PIECE);
    let whole = pki.octets(ListId::FULL).await;
    assert_eq!(Some(ca_core::digest::sha256(&whole)), head.sha256);
    assert_eq!(i64::try_from(whole.len()).unwrap(), head.octets);
    assert_eq!(CertificateList::parse(&whole).unwrap().entries.len(), many);
    // The next follows it: all of it is read again, and one is new.
    let bad = pki.issue("late.shirakaba.lg.jp").await;
    pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
    let next = CertificateList::parse(&pki.crl().await).unwrap();
    assert_eq!(next.entries.len(), many + 1);
    let expired = Timestamp::from_seconds(now.seconds() + 2 * 86_400);
    pki.clock.set(expired);
    assert_eq!(CertificateList::parse(&pki.crl().await).unwrap().entries.len(), many + 1, "once more");
    pki.clock.set(expired.plus(Duration::from_secs(1)));
    assert_eq!(CertificateList::parse(&pki.crl().await).unwrap().entries.len(), 1, "the one that is valid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_can_be_read_to_its_end_when_the_next_is_there_on_sqlite() {
    followed(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_can_be_read_to_its_end_when_the_next_is_there_on_postgres() {
    followed(Kind::Postgres).await;
}

async fn followed(kind: Kind) {
    let pki = Pki::found_on(kind, "crl-followed", KeyAlgorithm::P256).await;
    revoke_many(&pki, 60_000).await;
    let hour = Duration::from_secs(3600);
    let stored = async |plan: &ListPlan| match pki.refresh_list(plan).await.unwrap() {
        Refreshed::Stored(head) => head,
        overtaken => panic!("{overtaken:?}"),
    };
    let pieces = async |number| {
        let mut txn = pki.store.read().await.unwrap();
        let mut found = 0;
        while txn.crl_piece(&id("issuing"), number, found + 1).await.unwrap().is_some() {
            found += 1;
        }
        found
    };
    let prune = async |rows| {
        let mut txn = pki.store.write(pki.clock.now(), BY).await.unwrap();
        let pruned = txn.prune_crl_pieces(pki.clock.now().minus(hour), rows).await.unwrap();
        txn.commit(Step::CrlPiecesPruned).await.unwrap();
        pruned
    };
    let plan = ListPlan { emergency: Some(14 * 24 * hour), ..plan(ListId::FULL) };
    let first = stored(&plan).await;
    let of_one = pieces(first.number).await;
    assert!(of_one >= 1);
    pki.clock.set(pki.clock.now().plus(2 * hour));
    assert_eq!(prune(99).await, 0, "what is signed ahead can still be released");
    let next = stored(&plan).await;
    assert_eq!(prune(99).await, 0, "who reads the first has an hour to end");
    assert_eq!(pieces(first.number).await, of_one);
    pki.clock.set(pki.clock.now().plus(hour));
    assert_eq!(prune(1).await, 1, "no more than asked for at once");
    // The first, and what was signed ahead with it.
    assert_eq!(prune(99).await, u64::try_from(2 * of_one - 1).unwrap());
    assert_eq!((pieces(first.number).await, pieces(first.number + 1).await), (0, 0));
    assert_eq!((pieces(next.number).await, pieces(next.number + 1).await), (of_one, of_one));
    let whole = pki.octets(ListId::FULL).await;
    assert_eq!(Some(ca_core::digest::sha256(&whole)), next.sha256);
    // What follows it, a delta too, is made from it.
    let bad = pki.issue("late.shirakaba.lg.jp").await;
    pki.revoke(bad.serial(), RevocationReason::KeyCompromise).await;
    let delta = pki.list(&ListPlan { list: ListScope::Full.delta(), emergency: None, ..plan }).await;
    assert_eq!((delta.entries.len(), delta.base_number), (1, u64::try_from(next.number).ok()));
}
