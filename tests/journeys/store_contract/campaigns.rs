//! Campaigns: a plan comes back as it was written; an organisation is in one wave; candidates are what is valid and new.

use super::fixture::{Ca, Fixture, START, Town, after};
use super::on_both_databases;
use ca_core::campaign::{OldKinds, Wave};
use ca_core::certificate::Certificate;
use ca_core::id::CampaignId;
use ca_core::issue;
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::{Revocation, RevocationReason};
use std::time::Duration;
use store::audit::AuditFilter;
use store::campaigns::{LiveCertificate, NewCampaign};
use store::{Step, StoreError};

on_both_databases!(
    a_plan_comes_back_as_it_was_written,
    a_campaign_is_planned_once,
    an_organisation_is_moved_to_a_wave_there_is,
    a_wave_is_put_on_other_days,
    a_closed_campaign_changes_no_more,
    what_is_valid_and_no_item_may_take_its_place,
    live_certificates_come_in_pages,
);

const DAY: u64 = 86_400;

fn name() -> CampaignId {
    CampaignId::parse("new-cryptography").unwrap()
}

fn waves() -> Vec<Wave> {
    let wave = |number, from: u64| Wave { number, opens_at: after(from * DAY), due_at: after((from + 7) * DAY) };
    vec![wave(1, 1), wave(2, 8)]
}

/// Issues a certificate of that name to the town.
async fn issued(db: &Fixture<'_>, ca: &Ca, town: &Town, server: &str, seconds: u64) -> LiveCertificate {
    let request = db.approved(town, server, after(seconds)).await;
    let linted = db.linted_for(ca, &request).await;
    let (issued, failures) = issue::issue(&ca.authority, &ca.signer, &db.store, vec![linted], after(seconds)).await;
    assert!(failures.is_empty(), "{failures:?}");
    let serial = Certificate::from_der(issued[0].der()).unwrap().serial().clone();
    let row = db.store.read().await.unwrap().certificate(ca.authority.id(), &serial).await.unwrap().unwrap();
    LiveCertificate {
        name: (row.authority_id, row.serial),
        der: issued[0].der().to_vec(),
        not_after: row.validity.not_after,
        organisation: row.organisation_id,
    }
}

async fn planned(db: &Fixture<'_>, town: &Town, items: &[&LiveCertificate]) -> NewCampaign {
    let new = NewCampaign {
        campaign_id: name(),
        title_ja: "新暗号対応".to_owned(),
        title_en: "New cryptography".to_owned(),
        old: OldKinds::new(vec![KeyAlgorithm::Rsa2048], Vec::new()).unwrap(),
        waves: waves(),
        organisations: vec![(town.organisation.clone(), 1)],
        items: items.iter().map(|item| (item.name.clone(), town.organisation.clone())).collect(),
    };
    let mut txn = db.write(after(100)).await;
    txn.insert_campaign(&new).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    new
}

async fn a_plan_comes_back_as_it_was_written(db: Fixture<'_>) {
    let (ca, town) = (db.ca().await, db.town("011002").await);
    let old = issued(&db, &ca, &town, "www.town.shirakaba.lg.jp", 1).await;
    let new = planned(&db, &town, &[&old]).await;
    let mut read = db.store.read().await.unwrap();
    let row = read.campaign(&name()).await.unwrap().unwrap();
    assert_eq!(read.campaigns().await.unwrap(), std::slice::from_ref(&row));
    assert_eq!((&row.title_ja, &row.title_en, &row.old), (&new.title_ja, &new.title_en, &new.old));
    assert_eq!((row.created_at, row.created_by.as_str(), row.closed_at), (after(100), "system:set-up", None));
    assert_eq!(read.campaign_waves(&name()).await.unwrap(), waves());
    let members = read.campaign_organisations(&name()).await.unwrap();
    assert_eq!(members, [(town.organisation.clone(), 1, 1)]);
    let items = read.campaign_items(&name(), &town.organisation, &town.organisation).await.unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!((&items[0].name, items[0].not_after, items[0].revoked_at), (&old.name, old.not_after, None));
    assert_eq!(items[0].certified.organisation, town.organisation);
    assert_eq!(items[0].names, ["www.town.shirakaba.lg.jp"]);
    let filter = AuditFilter { object: Some(format!("campaign:{}", name())), before: None };
    let events = read.audit_events(&filter, 9).await.unwrap();
    let expected = [("waves", "2"), ("organisations", "1"), ("certificates", "1")];
    let detail: Vec<_> = events[0].detail.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(events[0].verb, "campaign.planned");
    assert!(expected.iter().all(|pair| detail.contains(pair)), "{detail:?}");
    assert_eq!(db.count("campaign_item", 1), 1);
}

async fn a_campaign_is_planned_once(db: Fixture<'_>) {
    let town = db.town("011002").await;
    let new = planned(&db, &town, &[]).await;
    let mut txn = db.write(after(200)).await;
    let again = txn.insert_campaign(&new).await;
    assert!(matches!(again, Err(StoreError::Conflict { ref constraint }) if constraint == "campaign_pk"), "{again:?}");
}

async fn an_organisation_is_moved_to_a_wave_there_is(db: Fixture<'_>) {
    let (town, other) = (db.town("011002").await, db.town("012025").await);
    planned(&db, &town, &[]).await;
    let mut txn = db.write(after(200)).await;
    txn.move_in_campaign(&name(), &town.organisation, 2).await.unwrap();
    assert_eq!(txn.campaign_organisations(&name()).await.unwrap(), [(town.organisation.clone(), 2, 0)]);
    let foreign = txn.move_in_campaign(&name(), &other.organisation, 2).await;
    assert!(matches!(foreign, Err(StoreError::NotFound { .. })), "{foreign:?}");
    let nowhere = txn.move_in_campaign(&name(), &town.organisation, 3).await;
    assert!(nowhere.is_err(), "there is no third wave");
}

async fn a_wave_is_put_on_other_days(db: Fixture<'_>) {
    let town = db.town("011002").await;
    planned(&db, &town, &[]).await;
    let other = Wave { number: 2, opens_at: after(5_000), due_at: after(6_000) };
    let mut txn = db.write(after(200)).await;
    txn.reschedule_wave(&name(), &other).await.unwrap();
    assert_eq!(txn.campaign_waves(&name()).await.unwrap().into_iter().find(|wave| wave.number == 2), Some(other));
    let third = txn.reschedule_wave(&name(), &Wave { number: 3, ..other }).await;
    assert!(matches!(third, Err(StoreError::NotFound { .. })), "{third:?}");
    txn.close_campaign(&name()).await.unwrap();
    let closed = txn.reschedule_wave(&name(), &other).await;
    assert!(matches!(closed, Err(StoreError::NotFound { .. })), "{closed:?}");
    drop(txn);
    let mut txn = db.write(after(300)).await;
    let backwards = txn.reschedule_wave(&name(), &Wave { due_at: after(4_000), ..other }).await;
    assert!(backwards.is_err(), "it would end before it begins");
}

async fn a_closed_campaign_changes_no_more(db: Fixture<'_>) {
    let town = db.town("011002").await;
    planned(&db, &town, &[]).await;
    let mut txn = db.write(after(300)).await;
    txn.close_campaign(&name()).await.unwrap();
    txn.commit(Step::Setup).await.unwrap();
    let mut txn = db.write(after(400)).await;
    assert_eq!(txn.campaign(&name()).await.unwrap().unwrap().closed_at, Some(after(300)));
    assert!(matches!(txn.close_campaign(&name()).await, Err(StoreError::NotFound { .. })));
    let moved = txn.move_in_campaign(&name(), &town.organisation, 2).await;
    assert!(matches!(moved, Err(StoreError::NotFound { .. })), "{moved:?}");
}

async fn what_is_valid_and_no_item_may_take_its_place(db: Fixture<'_>) {
    let (ca, town) = (db.ca().await, db.town("011002").await);
    let old = issued(&db, &ca, &town, "www.town.shirakaba.lg.jp", 1).await;
    planned(&db, &town, &[&old]).await;
    let new = issued(&db, &ca, &town, "www.town.shirakaba.lg.jp", 200).await;
    let candidates = |now| {
        let (store, town) = (db.store.clone(), town.organisation.clone());
        async move { store.read().await.unwrap().campaign_candidates(&name(), &town, &town, now).await.unwrap() }
    };
    let found = candidates(START).await;
    assert_eq!(found.len(), 1, "not the old one itself");
    assert_eq!((&found[0].name, &found[0].der), (&new.name, &new.der));
    assert!(found[0].recorded_at >= after(200));
    assert!(candidates(new.not_after.plus(Duration::from_secs(1))).await.is_empty(), "it has ended");
    let mut txn = db.write(after(300)).await;
    let reason = RevocationReason::KeyCompromise;
    let revocation = Revocation { reason, revoked_at: after(300), invalidity_at: None };
    txn.revoke(&new.name.0, &new.name.1, &revocation).await.unwrap();
    txn.commit(Step::Revoked).await.unwrap();
    assert!(candidates(START).await.is_empty(), "it is revoked");
}

async fn live_certificates_come_in_pages(db: Fixture<'_>) {
    let (ca, town) = (db.ca().await, db.town("011002").await);
    let mut expected = Vec::new();
    for seconds in 1..=3 {
        expected.push(issued(&db, &ca, &town, "www.town.shirakaba.lg.jp", seconds).await);
    }
    expected.sort_by(|a, b| a.name.1.as_bytes().cmp(b.name.1.as_bytes()));
    let mut read = db.store.read().await.unwrap();
    let mut found = Vec::new();
    loop {
        let after = found.last().map(|live: &LiveCertificate| live.name.clone());
        let page = read.live_certificates(after.as_ref(), START, 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        found.extend(page);
    }
    // The authority's own certificate is there too, and is nobody's.
    let of_town: Vec<_> = found.iter().filter(|live| live.organisation.is_some()).cloned().collect();
    assert_eq!((found.len(), of_town), (4, expected));
}
