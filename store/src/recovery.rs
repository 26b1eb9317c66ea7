//! Revocations that this database has lost, since it was restored from a backup, and that a list outside still has. Whether that list
//! is one of the authority's, the caller has looked; here is what is missing, and how it is written down again.
//!
//! A serial number whose certificate is lost too is kept as a burnt one is: nobody knows what it was, so it is revoked, and its entry
//! stays on the lists. Done again, each of these does nothing.

use crate::batch::BatchSql;
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::jobs::Job;
use crate::revocations::revoked_event;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::digest::hex;
use ca_core::id::AuthorityId;
use ca_core::issue::Unsettled;
use ca_core::revocation::{ListId, ListScope, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::Validity;
use std::collections::{BTreeSet, HashMap};

/// The profile of certificates of which only an entry in a list is known. No pack has one of that name.
pub const PROFILE: &str = "recovered";

/// A list that was found outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundList {
    /// Whose it is: who signed it.
    pub authority_id: AuthorityId,
    /// Which list.
    pub list: ListId,
    /// Its number.
    pub number: i64,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
    /// When the authority's certificate is good; nothing it has issued is good after that.
    pub validity: Validity,
}

/// An entry of such a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEntry {
    /// The certificate.
    pub serial: SerialNumber,
    /// What the list says of it.
    pub revocation: Revocation,
}

/// What this database lacks of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    /// That a certificate it knows is revoked.
    Revocation,
    /// The certificate too.
    Certificate,
    /// That what it knows to be suspended is revoked for good.
    Reason,
    /// On which lists a certificate stands of which only an entry is known.
    Place,
}

/// An entry this database lacks something of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostEntry {
    entry: FoundEntry,
    /// The generation that issued it, as far as that is known.
    issuer: AuthorityId,
    lack: Lack,
}

/// `placeless` says that only an entry is known, and nothing of its partition.
static KNOWN: BatchSql = BatchSql::new(
    "select serial, reason,
        recorded_at is not null and crl_shard is null and (is_ca is null or not is_ca) as placeless
    from revocation where authority_id = $1 and serial in (",
    "?",
    ")",
    1,
);

static ISSUED: BatchSql =
    BatchSql::new("select serial from certificate where authority_id = $1 and serial in (", "?", ")", 1);

const RECORDED: &str = "update revocation set recorded_at = $3 where authority_id = $1 and serial = $2";

const INTENT: &str =
    "insert into intent (authority_id, serial, request_id, profile_id, subject, names, key_sha256, not_before, not_after,
        crl_shard, is_ca, stays_listed, tbs, tbs_sha256, recorded_at)
    values ($1, $2, null, $3, '', '', $4, $5, $6, $7, $8, true, $9, $4, $10)
    on conflict (authority_id, serial) do nothing";

const CERTIFICATE: &str = "insert into certificate (authority_id, serial, request_id, der, recorded_at)
    values ($1, $2, null, null, $3)";

const PLACE_INTENT: &str = "update intent set crl_shard = $3, is_ca = $4
    where authority_id = $1 and serial = $2 and profile_id = $5";

const PLACE: &str = "update revocation set crl_shard = $3, is_ca = $4 where authority_id = $1 and serial = $2";

/// Changes nothing, and keeps others from taking a number until this transaction ends.
const HOLD: &str = "update authority set key_label = key_label where authority_id = $1";

const BEGIN: &str = "insert into crl_recovery (authority_id, number, begun_at) values ($1, $2, $3)
    on conflict (authority_id) do update set number = excluded.number, begun_at = excluded.begun_at";

const END: &str = "delete from crl_recovery where authority_id = $1";

const UNDER_WAY: &str = "select number from crl_recovery where authority_id = $1";

const HIGHEST: &str = "select max(number) from crl where authority_id = $1";

const KNOWN_AS: &str = "select sha256 from crl where authority_id = $1 and number = $2";

/// With the digest of the list outside, so that it is known again.
const RAISE: &str = "insert into crl (authority_id, number, taken_at, scope, sha256) values ($1, $2, $3, $4, $5)";

impl ReadTxn {
    /// What this database lacks of these entries, in their order. A suspension that only an older list than the newest of this
    /// database has may have been lifted since, and is not missed.
    pub async fn lost_entries(
        &mut self,
        found: &FoundList,
        entries: &[FoundEntry],
    ) -> Result<Vec<LostEntry>, StoreError> {
        let generations = self.generations(&found.authority_id).await?;
        let is_older = self.highest_crl_number(&found.authority_id).await? > found.number;
        let serials: Vec<&SerialNumber> = entries.iter().map(|entry| &entry.serial).collect();
        let known = self.known(&generations, &serials).await?;
        let missing: Vec<&SerialNumber> =
            serials.into_iter().filter(|serial| !known.contains_key(serial.as_bytes())).collect();
        let issued = self.issued(&generations, &missing).await?;
        let lost = entries.iter().filter_map(|entry| {
            let serial = entry.serial.as_bytes();
            let held = entry.revocation.reason == RevocationReason::CertificateHold;
            let lost = |issuer: &AuthorityId, lack| LostEntry { entry: entry.clone(), issuer: issuer.clone(), lack };
            match (entry.revocation.reason, known.get(serial), issued.get(serial)) {
                (RevocationReason::RemoveFromCrl, ..) => None,
                (_, Some((issuer, _, true)), _) if narrows(found.list.scope) => Some(lost(issuer, Lack::Place)),
                (_, Some((issuer, SUSPENDED, _)), _) if !held => Some(lost(issuer, Lack::Reason)),
                (_, Some(_), _) => None,
                (_, None, Some(_)) if held && is_older => None,
                (_, None, Some(issuer)) => Some(lost(issuer, Lack::Revocation)),
                (_, None, None) => Some(lost(&found.authority_id, Lack::Certificate)),
            }
        });
        Ok(lost.collect())
    }

    /// The number of the list outside whose revocations are being taken over: until that has ended, none of the authority is made.
    pub async fn crl_recovery(&mut self, authority: &AuthorityId) -> Result<Option<i64>, StoreError> {
        Ok(on!(self, one Only<i64>, UNDER_WAY, authority.as_str())?.map(|(number,)| number))
    }

    async fn highest_crl_number(&mut self, authority: &AuthorityId) -> Result<i64, StoreError> {
        Ok(on!(self, one Only<Option<i64>>, HIGHEST, authority.as_str())?.and_then(|(number,)| number).unwrap_or(0))
    }

    /// Which of these are revoked: by whom they were issued, why, and whether their place is unknown.
    async fn known(
        &mut self,
        generations: &[AuthorityId],
        serials: &[&SerialNumber],
    ) -> Result<HashMap<Vec<u8>, (AuthorityId, i64, bool)>, StoreError> {
        let mut known = HashMap::new();
        for generation in generations {
            for (sql, chunk) in KNOWN.chunks(serials) {
                let rows = on!(self, all(Vec<u8>, i64, bool), sql => |query| {
                    query = query.bind(generation.as_str());
                    for serial in chunk {
                        query = query.bind(serial.as_bytes());
                    }
                })?;
                known.extend(rows.into_iter().map(|(serial, why, place)| (serial, (generation.clone(), why, place))));
            }
        }
        Ok(known)
    }

    /// Who issued these, as far as there is a certificate or burnt serial number.
    async fn issued(
        &mut self,
        generations: &[AuthorityId],
        serials: &[&SerialNumber],
    ) -> Result<HashMap<Vec<u8>, AuthorityId>, StoreError> {
        let mut issued = HashMap::new();
        for generation in generations {
            for (sql, chunk) in ISSUED.chunks(serials) {
                let rows = on!(self, all Only<Vec<u8>>, sql => |query| {
                    query = query.bind(generation.as_str());
                    for serial in chunk {
                        query = query.bind(serial.as_bytes());
                    }
                })?;
                issued.extend(rows.into_iter().map(|(serial,)| (serial, generation.clone())));
            }
        }
        Ok(issued)
    }
}

/// The code of certificateHold, as a pattern.
const SUSPENDED: i64 = 6;

/// Whether lists of that scope say on which list an entry stands beside the full one.
const fn narrows(scope: ListScope) -> bool {
    matches!(scope, ListScope::Authorities | ListScope::Shard(_))
}

impl WriteTxn {
    /// Writes down what was lost of these entries, each with its event and the jobs that tell it, as far as it still is. Returns how
    /// many there were. Unless it is all there is to recover ([`Self::end_crl_recovery`] in the same transaction), no list of the
    /// authority is made until the end.
    pub async fn recover_revocations(&mut self, found: &FoundList, lost: &[LostEntry]) -> Result<u64, StoreError> {
        let (authority, now) = (found.authority_id.as_str(), self.now().micros());
        on!(self, execute HOLD, authority)?;
        on!(self, execute BEGIN, authority, found.number, now)?;
        let entries: Vec<FoundEntry> = lost.iter().map(|lost| lost.entry.clone()).collect();
        let (mut scopes, mut count) = (BTreeSet::new(), 0u64);
        // Once more: somebody may have been faster.
        for lost in self.lost_entries(found, &entries).await? {
            scopes.insert(self.recover_revocation(found, &lost).await?);
            count = count.saturating_add(1);
        }
        for scope in scopes {
            self.ask_for_crls(&found.authority_id, scope).await?;
        }
        Ok(count)
    }

    /// Says that everything the list outside has stands here, and that `recovered` entries of it did not: the numbers of the authority
    /// go on above its number, lists are made again, and all are asked for, with events. Returns whether anything of it was new.
    pub async fn end_crl_recovery(&mut self, found: &FoundList, recovered: u64) -> Result<bool, StoreError> {
        let (authority, now) = (&found.authority_id, self.now().micros());
        on!(self, execute HOLD, authority.as_str())?;
        let begun = on!(self, execute END, authority.as_str())? > 0;
        let highest = self.highest_crl_number(authority).await?;
        let raises = highest < found.number;
        if raises {
            let (scope, digest) = (found.list.scope.to_string(), found.sha256.to_vec());
            on!(self, execute RAISE, authority.as_str(), found.number, now, scope, digest)?;
            let event = AuditEvent::new(Verb::CrlNumberTaken, format!("crl:{authority}/{}", found.number));
            self.audit(event.with("list", found.list.to_string()).with("from", "recovery")).await?;
        }
        let same = on!(self, one Only<Option<Vec<u8>>>, KNOWN_AS, authority.as_str(), found.number)?;
        let is_doubled = highest == found.number && same.is_none_or(|(sha256,)| sha256 != Some(found.sha256.to_vec()));
        if !(begun || raises || is_doubled || recovered > 0) {
            return Ok(false);
        }
        let event = AuditEvent::new(Verb::CrlRecovered, format!("crl:{authority}/{}", found.number));
        let event = event.with("list", found.list.to_string()).with("sha256", hex(&found.sha256));
        self.audit(event.with("revocations", recovered.to_string())).await?;
        self.ask_for_crls(authority, ListScope::Full).await?;
        Ok(true)
    }

    /// Returns the narrowest scope of lists that have to say it.
    async fn recover_revocation(&mut self, found: &FoundList, lost: &LostEntry) -> Result<ListScope, StoreError> {
        let LostEntry { entry: FoundEntry { serial, revocation }, issuer, lack } = lost;
        let number = found.number.to_string();
        let scope = match lack {
            Lack::Place => return self.place(found, (issuer, serial)).await,
            Lack::Reason => {
                // With its event and jobs.
                self.revoke_suspended(issuer, serial, revocation).await?;
                ListScope::Full
            }
            Lack::Revocation => {
                let scope = self.insert_revocation(issuer, serial, revocation).await?;
                self.audit(revoked_event(issuer, serial, revocation).with("found_in", number)).await?;
                scope
            }
            Lack::Certificate => {
                if !self.insert_unknown(found, &lost.entry).await? {
                    // There was an intent without an outcome.
                    let burnt = self.burn_unsettled(issuer, Unsettled::These(vec![serial.clone()])).await?;
                    return if burnt.is_empty() {
                        Err(StoreError::Stale { what: "intent" })
                    } else {
                        Ok(ListScope::Full)
                    };
                }
                let scope = self.insert_revocation(issuer, serial, revocation).await?;
                let event = AuditEvent::new(Verb::OutcomeUnknown, format!("certificate:{issuer}/{serial}"));
                self.audit(event.with("found_in", number)).await?;
                scope
            }
        };
        let now = self.now();
        on!(self, execute RECORDED, issuer.as_str(), serial.as_bytes(), now.micros())?;
        self.forget_response(issuer, serial).await?;
        self.enqueue(&Job::Presign(issuer.clone(), serial.clone()), now).await?;
        Ok(scope)
    }

    /// A certificate of which only the entry is known. False when there is an intent of that serial number.
    async fn insert_unknown(&mut self, found: &FoundList, entry: &FoundEntry) -> Result<bool, StoreError> {
        let (authority, now) = (found.authority_id.as_str(), self.now().micros());
        let (begin, end) = (found.validity.not_before.micros(), found.validity.not_after.micros());
        let (shard, is_ca) = listed(found.list.scope);
        let (digest, nothing): ([u8; 32], &[u8]) = ([0; 32], &[]);
        let serial = entry.serial.as_bytes();
        let made = on!(self, execute INTENT, authority, serial, PROFILE, digest.as_slice(), begin, end, shard, is_ca,
            nothing, now)?;
        if made > 0 {
            on!(self, execute CERTIFICATE, authority, serial, now)?;
        }
        Ok(made > 0)
    }

    async fn place(
        &mut self,
        found: &FoundList,
        (issuer, serial): (&AuthorityId, &SerialNumber),
    ) -> Result<ListScope, StoreError> {
        let (shard, is_ca) = listed(found.list.scope);
        on!(self, execute PLACE_INTENT, issuer.as_str(), serial.as_bytes(), shard, is_ca, PROFILE)?;
        on!(self, execute PLACE, issuer.as_str(), serial.as_bytes(), shard, is_ca)?;
        Ok(found.list.scope)
    }
}

/// The partition of what stands on lists of that scope, and whether it is a CA's, as far as that says.
fn listed(scope: ListScope) -> (Option<i64>, Option<bool>) {
    match scope {
        ListScope::Full => (None, None),
        ListScope::Authorities => (None, Some(true)),
        ListScope::EndEntities => (None, Some(false)),
        ListScope::Shard(shard) => (Some(i64::from(shard)), Some(false)),
    }
}
