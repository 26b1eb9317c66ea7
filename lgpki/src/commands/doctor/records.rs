//! What the doctor sees in the database and the key store.

use super::{Finding, State, keys, publication};
use crate::centre::{self, VaultStanding};
use crate::config::Config;
use crate::installation::Repository;
use crate::keys::KeyStores;
use crate::owed::owes_nothing;
use crate::spoken::spoken;
use crate::trouble::{Trouble, chain};
use ca_core::certificate::Certificate;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::revocation::ListId;
use ca_core::time::Timestamp;
use crl::ListPlan;
use hsm_adapters::SoftKeys;
use store::authorities::AuthorityRow;
use store::crls::CrlHead;
use store::keys_out_of_service::KeyOutOfServiceRow;
use store::{Schema, Store, StoreError};

const DAY: u64 = 86_400;
/// A new CA needs a ceremony, and its certificate must be spread before the old one ends.
const CA_DAYS: u64 = 365;
/// A responder's certificate is renewed on one day.
const RESPONDER_DAYS: u64 = 30;

/// Database, authorities, keys, CRLs, open intents.
pub(super) async fn examine(
    store: &Store,
    config: &Config,
    keys: Result<KeyStores, Trouble>,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = match schema(store, config).await {
        Ok(finding) => vec![finding],
        Err(error) => return vec![failed(&error)],
    };
    let authorities = match async { store.read().await?.authorities().await }.await {
        Ok(authorities) => authorities,
        Err(error) => {
            findings.push(failed(&error));
            return findings;
        }
    };
    if authorities.is_empty() {
        let fix = "is this the right database? `lgpki init` makes an installation";
        findings.push(Finding::fail("authorities", "the database has none", fix));
    }
    for authority in &authorities {
        findings.extend(certificates(authority, now));
        match crls(store, config, authority, now).await {
            Ok(lists) => findings.extend(lists),
            Err(error) => findings.push(failed(&error)),
        }
    }
    match keys {
        Ok(stores) => {
            findings.extend(stores.folder().and_then(|folder| vault(config, &folder)));
            match wanted(store, &authorities, now).await {
                Ok((wanted, rows)) => findings.extend(keys::examine(stores, &wanted, &rows).await),
                Err(error) => findings.push(failed(&error)),
            }
        }
        Err(trouble) => findings.push(Finding::of("keys", &trouble)),
    }
    match activations(store, config, &authorities).await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(failed(&error)),
    }
    match publication::examine(store, config, now).await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(failed(&error)),
    }
    findings.push(open_ends(store, &authorities).await.unwrap_or_else(|error| failed(&error)));
    findings
}

/// The authorities whose keys are needed, since they still owe something, and those of their keys that are out of service.
async fn wanted(
    store: &Store,
    authorities: &[AuthorityRow],
    now: Timestamp,
) -> Result<(Vec<AuthorityRow>, Vec<KeyOutOfServiceRow>), StoreError> {
    let mut txn = store.read().await?;
    let mut wanted = Vec::new();
    for authority in authorities {
        if !owes_nothing(&mut txn, authority, now).await? {
            wanted.push(authority.clone());
        }
    }
    let mut rows = txn.keys_out_of_service().await?;
    let has = |one: &AuthorityRow, key: &KeyLabel| one.key_label == *key || one.ocsp_key_label.as_ref() == Some(key);
    rows.retain(|row| wanted.iter().any(|one| has(one, &row.key_label)));
    Ok((wanted, rows))
}

/// Whether the authorities are at work that ask for custodians.
async fn activations(store: &Store, config: &Config, authorities: &[AuthorityRow]) -> Result<Vec<Finding>, StoreError> {
    let known = store.read().await?.activations().await?;
    let mut findings = Vec::new();
    for authority in authorities {
        let rule = config.policy.packs.authority(&authority.generation.line).and_then(|(_, rule)| rule.activation);
        let Some(rule) = rule else { continue };
        let (id, who) = (&authority.authority_id, format!("{} of {} custodians", rule.least, rule.of));
        let fix = "bring shares to the running service: `lgpki ca activate --share FILE`, once for each custodian";
        findings.push(match known.iter().find(|one| one.authority_id == *id) {
            Some(one) if one.active => {
                Finding::ok("activation", format!("{id} is active since {}", one.changed_at.rfc3339()))
            }
            Some(one) => {
                let since = one.changed_at.rfc3339();
                Finding::warn("activation", format!("{id} rests since {since}: {who} must come"), fix)
            }
            None => Finding::warn("activation", format!("{id} was never activated: {who} must come"), fix),
        });
    }
    Ok(findings)
}

fn failed(error: &StoreError) -> Finding {
    Finding::fail("database", chain(error), "look at the database's own log")
}

async fn schema(store: &Store, config: &Config) -> Result<Finding, StoreError> {
    let url = &config.database.url;
    Ok(match store.schema().await? {
        Schema::Current => Finding::ok("database", format!("{url} answers; its schema is current")),
        Schema::Absent => Finding::fail(
            "database",
            format!("{url} answers, but holds no installation"),
            "is this the right database? `lgpki init` makes an installation",
        ),
        Schema::Behind => Finding::warn(
            "database",
            format!("{url} has the schema of an older version"),
            "`lgpki serve` brings it up to date; make a backup first",
        ),
        Schema::Ahead => Finding::fail(
            "database",
            format!("{url} has the schema of a newer version"),
            "run the version of lgpki that was here before, or restore a backup",
        ),
    })
}

fn certificates(authority: &AuthorityRow, now: Timestamp) -> Vec<Finding> {
    let name = authority.authority_id.to_string();
    let responder = authority.ocsp_certificate.as_deref();
    let mut findings = vec![days_left(&name, &authority.certificate, CA_DAYS, now)];
    findings.push(match responder {
        Some(certificate) => days_left(&format!("OCSP responder of {name}"), certificate, RESPONDER_DAYS, now),
        None => Finding::warn("certificates", format!("{name} has no OCSP responder"), "make one in a ceremony"),
    });
    findings
}

fn days_left(whose: &str, der: &[u8], enough: u64, now: Timestamp) -> Finding {
    let Ok(certificate) = Certificate::from_der(der) else {
        let detail = format!("{whose}: the certificate in the database cannot be read");
        return Finding::fail("certificates", detail, "restore the database from its backup");
    };
    let validity = certificate.validity();
    let days = validity.not_after.since(now).as_secs() / DAY;
    let detail = format!("{whose}: {days} days left, until {}", validity.not_after.rfc3339());
    if now < validity.not_before {
        let detail = format!("{whose}: valid only from {}", validity.not_before.rfc3339());
        Finding::fail("certificates", detail, "the clock is behind: set it")
    } else if !validity.contains(now) {
        Finding::fail("certificates", detail, "issue a new one; nothing signed under this one is believed any more")
    } else if days < enough {
        Finding::warn("certificates", detail, "plan its successor now")
    } else {
        Finding::ok("certificates", detail)
    }
}

/// One finding for each list that is not in order; one for all that are.
async fn crls(
    store: &Store,
    config: &Config,
    authority: &AuthorityRow,
    now: Timestamp,
) -> Result<Vec<Finding>, StoreError> {
    let id = &authority.authority_id;
    let mut txn = store.read().await?;
    if txn.has_ended(authority, now).await? {
        return Ok(vec![Finding::ok("crl", format!("{id}: retired, and all its certificates have ended"))]);
    }
    if owes_nothing(&mut txn, authority, now).await? {
        let detail = format!("{id}: retired, and what it has issued is revoked or has ended");
        return Ok(vec![Finding::ok("crl", detail)]);
    }
    let latest = txn.latest_crls(id).await?;
    let mut findings: Vec<Finding> =
        txn.crl_recovery(id).await?.map(|number| recovering(id, number)).into_iter().collect();
    let mut in_order = Vec::new();
    for plan in config.policy.lists_of(authority, &Repository::of(&config.public)) {
        let Some(crl) = latest.iter().find(|crl| crl.list == plan.list) else {
            let fix = "run `lgpki serve --roles ca` where its key is";
            findings.push(Finding::fail("crl", format!("{} has none", of(id, plan.list)), fix));
            continue;
        };
        match trouble(crl, &plan, now) {
            Some(finding) => findings.push(finding),
            None => in_order.push(crl),
        }
    }
    if let Some(first) = in_order.iter().min_by_key(|crl| crl.next_update) {
        let further = in_order.len().saturating_sub(1);
        let more = if further > 0 { format!(", and {further} further lists") } else { String::new() };
        findings.push(Finding::ok("crl", format!("{}{more}", described(first, now))));
    }
    Ok(findings)
}

/// No list of the authority is made meanwhile.
fn recovering(id: &AuthorityId, number: i64) -> Finding {
    let detail = format!("{id}: what list {number} says, which was found outside, is not all taken over yet");
    let fix =
        format!("if nobody is at it, do it again: `lgpki crl recover {id} --from FILE`, with that list or a later one");
    Finding::fail("crl", detail, fix)
}

/// What is not in order with a list.
fn trouble(crl: &CrlHead, plan: &ListPlan, now: Timestamp) -> Option<Finding> {
    let detail = described(crl, now);
    if crl.this_update > now {
        let detail = format!("{detail}, but made in the future");
        Some(Finding::fail("crl", detail, "the clock went back: set it"))
    } else if crl.next_update <= now {
        let fix = "run `lgpki serve --roles ca` where its key is, and read its log";
        Some(Finding::fail("crl", format!("{detail}: overdue"), fix))
    } else if now > crl.next_update.minus(plan.policy.refresh_before / 2) {
        // Half of the time for renewing has gone by and nobody has renewed it.
        let detail = format!("{detail}: not renewed in time");
        Some(Finding::warn("crl", detail, "is `lgpki serve --roles ca` running?"))
    } else {
        None
    }
}

/// With how long is left.
fn described(crl: &CrlHead, now: Timestamp) -> String {
    let (name, number, until) = (of(&crl.authority_id, crl.list), crl.number, crl.next_update.rfc3339());
    let left = crl.next_update.since(now);
    let left = if left.is_zero() { String::new() } else { format!(", in {}", spoken(left)) };
    format!("{name}: number {number}, next update {until}{left}")
}

fn of(authority: &AuthorityId, list: ListId) -> String {
    if list == ListId::FULL { authority.to_string() } else { format!("{authority}/{list}") }
}

/// An installation from before there were vaults serves everything else without one.
fn vault(config: &Config, keys: &SoftKeys) -> Option<Finding> {
    Some(match centre::standing(config, keys) {
        VaultStanding::NotNeeded => return None,
        VaultStanding::Opens => Finding::ok("vault", "the vault of keys made at the centre opens"),
        VaultStanding::Absent(trouble) => Finding { state: State::Warn, ..Finding::of("vault", &trouble) },
        VaultStanding::Closed(trouble) => Finding::of("vault", &trouble),
    })
}

async fn open_ends(store: &Store, authorities: &[AuthorityRow]) -> Result<Finding, StoreError> {
    let mut txn = store.read().await?;
    let mut open = 0usize;
    for authority in authorities {
        open = open.saturating_add(txn.unsettled(&authority.authority_id).await?.len());
    }
    let jobs = txn.job_count().await?;
    let detail = format!("{jobs} jobs wait, {open} certificates of unknown outcome");
    Ok(if open == 0 {
        Finding::ok("work", detail)
    } else {
        Finding::warn("work", detail, "a running service finishes them; a start of `lgpki serve` settles what is left")
    })
}
