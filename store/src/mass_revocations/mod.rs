//! Much that is revoked at once: the plan, its certificates, and who has approved it. [`batch`] executes it.

mod batch;

pub use batch::Batch;

use crate::batch::BatchSql;
use crate::codec::{at, micros, octets32, parsed, serial};
use crate::db::on;
use crate::error::StoreError;
use crate::revocations::{reason, scope};
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::campaign::CertificateName;
use ca_core::digest::{Hasher, hex};
use ca_core::id::{AccountId, AuthorityId, MassRevocationId, OrganisationId, ProfileId};
use ca_core::key::SignatureHash;
use ca_core::revocation::{ListScope, RevocationReason};
use ca_core::time::Timestamp;
use std::collections::BTreeSet;

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MassRevocation {
    /// Its name.
    pub mass_revocation_id: MassRevocationId,
    /// How its certificates were chosen, in words.
    pub chosen_by: String,
    /// Why they are revoked.
    pub reason: RevocationReason,
    /// Since when their keys may have been misused.
    pub invalidity_at: Option<Timestamp>,
    /// SHA-256 of all its certificates in their order: of each `authority/serial` in hexadecimal, and a line feed.
    pub items_sha256: [u8; 32],
    /// When it was planned.
    pub created_at: Timestamp,
    /// When its first batch began.
    pub begun_at: Option<Timestamp>,
    /// When nothing was left to do.
    pub ended_at: Option<Timestamp>,
}

/// What is planned.
#[derive(Clone, Debug)]
pub struct NewMassRevocation {
    /// Its name.
    pub mass_revocation_id: MassRevocationId,
    /// How its certificates are chosen, in words.
    pub chosen_by: String,
    /// Why they are revoked.
    pub reason: RevocationReason,
    /// Since when their keys may have been misused.
    pub invalidity_at: Option<Timestamp>,
}

/// Which certificates are meant: those that are all of this. Of what nobody has asked for (responders', links, CAs of a ceremony),
/// only what a list names.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Made by this profile.
    pub profile: Option<ProfileId>,
    /// Of the key with this SHA-256 of its public key info.
    pub key_sha256: Option<[u8; 32]>,
    /// Of this organisation.
    pub organisation: Option<OrganisationId>,
    /// Issued by this generation of an authority.
    pub issuer: Option<AuthorityId>,
    /// Named one by one.
    pub named: Option<Vec<CertificateName>>,
}

/// How far a plan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Not looked at yet.
    pub open: u64,
    /// Revoked by it.
    pub revoked: u64,
    /// Revoked by somebody else before.
    pub revoked_before: u64,
    /// Ended before it was their turn.
    pub ended: u64,
}

impl Progress {
    /// All certificates of the plan.
    pub const fn all(self) -> u64 {
        self.open.saturating_add(self.done())
    }

    /// Takes note of what a batch has done.
    pub const fn add(&mut self, batch: Self) {
        self.open = self.open.saturating_sub(batch.done());
        self.revoked = self.revoked.saturating_add(batch.revoked);
        self.revoked_before = self.revoked_before.saturating_add(batch.revoked_before);
        self.ended = self.ended.saturating_add(batch.ended);
    }

    /// Those that need nothing more.
    pub const fn done(self) -> u64 {
        self.revoked.saturating_add(self.revoked_before).saturating_add(self.ended)
    }
}

/// How many open certificates of a plan are listed at one scope of one authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concerned {
    /// Who issued them.
    pub authority: AuthorityId,
    /// The narrowest scope of lists that will say it.
    pub scope: ListScope,
    /// How many.
    pub certificates: u64,
}

#[derive(sqlx::FromRow)]
struct Record {
    mass_revocation_id: String,
    chosen_by: String,
    reason: i64,
    invalidity_at: Option<i64>,
    items_sha256: Vec<u8>,
    created_at: i64,
    begun_at: Option<i64>,
    ended_at: Option<i64>,
}

const INSERT: &str = "insert into mass_revocation
        (mass_revocation_id, chosen_by, reason, invalidity_at, items_sha256, created_at, created_by)
    values ($1, $2, $3, $4, $5, $6, $7)";

/// What is revoked for good or has ended already needs no revocation. A burnt serial number is revoked.
const CHOOSE: &str = "insert into mass_revocation_item (mass_revocation_id, position, authority_id, serial)
    select $1, row_number() over (order by c.authority_id, c.serial), c.authority_id, c.serial
    from certificate c
        join intent i on i.authority_id = c.authority_id and i.serial = c.serial
        left join request q on q.request_id = c.request_id
        left join revocation v on v.authority_id = c.authority_id and v.serial = c.serial
    where i.not_after >= $2 and (v.reason is null or v.reason = 6)
        and (q.request_id is not null or i.profile_id = 'imported')
        and ($3 = '' or i.profile_id = $3) and ($4 = '' or q.organisation_id = $4)
        and ($5 = '' or c.authority_id = $5) and (length($6) = 0 or i.key_sha256 = $6)";

/// One that is named, if it is what else was asked for.
const NAMED: &str = "select i.not_after, coalesce(v.reason, -1)
    from certificate c
        join intent i on i.authority_id = c.authority_id and i.serial = c.serial
        left join request q on q.request_id = c.request_id
        left join revocation v on v.authority_id = c.authority_id and v.serial = c.serial
    where c.authority_id = $1 and c.serial = $2
        and ($3 = '' or i.profile_id = $3) and ($4 = '' or q.organisation_id = $4)
        and ($5 = '' or c.authority_id = $5) and (length($6) = 0 or i.key_sha256 = $6)";

static INSERT_ITEMS: BatchSql = BatchSql::new(
    "insert into mass_revocation_item (mass_revocation_id, position, authority_id, serial) values ",
    "($1, ?, ?, ?)",
    "",
    1,
);

const DIGESTED: &str = "update mass_revocation set items_sha256 = $2 where mass_revocation_id = $1";

const ITEMS: &str = "select position, authority_id, serial from mass_revocation_item
    where mass_revocation_id = $1 and position > $2 order by position limit $3";

const ALL: &str =
    "select mass_revocation_id, chosen_by, reason, invalidity_at, items_sha256, created_at, begun_at, ended_at
    from mass_revocation order by created_at desc, mass_revocation_id";

const BY_ID: &str =
    "select mass_revocation_id, chosen_by, reason, invalidity_at, items_sha256, created_at, begun_at, ended_at
    from mass_revocation where mass_revocation_id = $1";

const APPROVE: &str =
    "insert into mass_revocation_approval (mass_revocation_id, account_id, approved_at) values ($1, $2, $3)";

const APPROVALS: &str = "select account_id, approved_at from mass_revocation_approval
    where mass_revocation_id = $1 order by approved_at, account_id";

const PROGRESS: &str = "select coalesce(outcome, 'open'), count(*) from mass_revocation_item
    where mass_revocation_id = $1 group by outcome";

const CONCERNED: &str = "select t.authority_id, i.crl_shard, i.is_ca, count(*)
    from mass_revocation_item t join intent i on i.authority_id = t.authority_id and i.serial = t.serial
    where t.mass_revocation_id = $1 and t.outcome is null
    group by t.authority_id, i.crl_shard, i.is_ca
    order by t.authority_id, i.crl_shard, i.is_ca";

/// Certificates of a plan that are read at a time.
const PAGE: i64 = 10_000;

impl WriteTxn {
    /// Writes down a plan with the certificates that are chosen now, with its event; returns how many of those named need no
    /// revocation (revoked or ended). Conflicts: `mass_revocation_pk`. Errors: [`StoreError::NotFound`] for a name that is no
    /// certificate's, or of one that is not what else was asked for.
    pub async fn plan_mass_revocation(
        &mut self,
        new: &NewMassRevocation,
        chosen: &Chosen,
    ) -> Result<(MassRevocation, u64), StoreError> {
        let (id, now, by) = (new.mass_revocation_id.as_str(), self.now().micros(), self.actor().as_text());
        let (code, since) = (i64::from(new.reason.code()), micros(new.invalidity_at));
        let no_digest: &[u8] = &[];
        on!(self, execute INSERT, id, &new.chosen_by, code, since, no_digest, now, by)?;
        let needless = match &chosen.named {
            Some(names) => self.insert_named(&new.mass_revocation_id, chosen, names).await?,
            None => {
                let (profile, organisation, issuer, key) = chosen.columns();
                on!(self, execute CHOOSE, id, now, profile, organisation, issuer, key)?;
                0
            }
        };
        let (digest, count) = self.digest_of_items(&new.mass_revocation_id).await?;
        on!(self, execute DIGESTED, id, digest.as_slice())?;
        let event = AuditEvent::new(Verb::MassRevocationPlanned, format!("mass-revocation:{id}"));
        let event = event.with("chosen", &new.chosen_by).with("reason", new.reason.as_str());
        self.audit(event.with("certificates", count.to_string()).with("sha256", hex(&digest))).await?;
        let plan = self.mass_revocation(&new.mass_revocation_id).await?;
        Ok((plan.ok_or(StoreError::NotFound { what: "mass revocation" })?, needless))
    }

    async fn insert_named(
        &mut self,
        plan: &MassRevocationId,
        chosen: &Chosen,
        names: &[CertificateName],
    ) -> Result<u64, StoreError> {
        let (profile, organisation, issuer, key) = chosen.columns();
        let (now, mut needless, mut position, mut rows) = (self.now().micros(), 0_u64, 0_i64, Vec::new());
        // Once each, in their order.
        for (authority, serial) in names.iter().collect::<BTreeSet<_>>() {
            let (of, bytes) = (authority.as_str(), serial.as_bytes());
            let found = on!(self, one(i64, i64), NAMED, of, bytes, profile, organisation, issuer, key)?;
            match found {
                None => return Err(StoreError::NotFound { what: "certificate of the list" }),
                Some((not_after, reason)) if not_after < now || (reason >= 0 && reason != 6) => {
                    needless = needless.saturating_add(1);
                }
                Some(_) => {
                    position = position.saturating_add(1);
                    rows.push((position, authority, serial));
                }
            }
        }
        for (sql, rows) in INSERT_ITEMS.chunks(&rows) {
            on!(self, execute sql => |query| {
                query = query.bind(plan.as_str());
                for (position, authority, serial) in rows {
                    query = query.bind(*position).bind(authority.as_str()).bind(serial.as_bytes());
                }
            })?;
        }
        Ok(needless)
    }

    /// Writes down that this transaction's person approves the plan, with its event. Conflicts: `mass_revocation_approval_pk` when
    /// the person has before.
    pub async fn approve_mass_revocation(
        &mut self,
        plan: &MassRevocation,
        account: &AccountId,
    ) -> Result<(), StoreError> {
        let (id, now) = (plan.mass_revocation_id.as_str(), self.now().micros());
        on!(self, execute APPROVE, id, account.as_str(), now)?;
        let event = AuditEvent::new(Verb::MassRevocationApproved, format!("mass-revocation:{id}"));
        self.audit(event.with("by", account.as_str()).with("sha256", hex(&plan.items_sha256))).await
    }
}

impl ReadTxn {
    /// All plans, the newest first.
    pub async fn mass_revocations(&mut self) -> Result<Vec<MassRevocation>, StoreError> {
        on!(self, all Record, ALL)?.into_iter().map(MassRevocation::try_from).collect()
    }

    /// The plan of that name.
    pub async fn mass_revocation(&mut self, id: &MassRevocationId) -> Result<Option<MassRevocation>, StoreError> {
        on!(self, one Record, BY_ID, id.as_str())?.map(MassRevocation::try_from).transpose()
    }

    /// Who has approved a plan, and when, the first in front.
    pub async fn mass_revocation_approvals(
        &mut self,
        id: &MassRevocationId,
    ) -> Result<Vec<(AccountId, Timestamp)>, StoreError> {
        let rows = on!(self, all(String, i64), APPROVALS, id.as_str())?;
        let approval = |(account, at): (String, i64)| {
            let account = parsed("mass_revocation_approval.account_id", AccountId::parse(&account))?;
            Ok((account, Timestamp::from_micros(at)))
        };
        rows.into_iter().map(approval).collect()
    }

    /// How far a plan is.
    pub async fn mass_revocation_progress(&mut self, id: &MassRevocationId) -> Result<Progress, StoreError> {
        let mut progress = Progress::default();
        for (outcome, count) in on!(self, all(String, i64), PROGRESS, id.as_str())? {
            let count = parsed("count of mass_revocation_item", u64::try_from(count))?;
            match outcome.as_str() {
                "open" => progress.open = count,
                "revoked" => progress.revoked = count,
                "revoked-before" => progress.revoked_before = count,
                _ => progress.ended = count,
            }
        }
        Ok(progress)
    }

    /// Where the open certificates of a plan will be listed, by authority and scope.
    pub async fn mass_revocation_lists(&mut self, id: &MassRevocationId) -> Result<Vec<Concerned>, StoreError> {
        let rows = on!(self, all(String, Option<i64>, Option<bool>, i64), CONCERNED, id.as_str())?;
        let mut concerned: Vec<Concerned> = Vec::new();
        for (authority, shard, is_ca, count) in rows {
            let authority = parsed("mass_revocation_item.authority_id", AuthorityId::parse(&authority))?;
            let scope = scope((shard, is_ca))?;
            let count = parsed("count of mass_revocation_item", u64::try_from(count))?;
            // Of an unknown kind and no CA's are listed alike.
            match concerned.iter_mut().find(|known| known.authority == authority && known.scope == scope) {
                Some(known) => known.certificates = known.certificates.saturating_add(count),
                None => concerned.push(Concerned { authority, scope, certificates: count }),
            }
        }
        Ok(concerned)
    }

    /// SHA-256 of the certificates of a plan as [`MassRevocation::items_sha256`] has it, and how many there are.
    pub async fn digest_of_items(&mut self, id: &MassRevocationId) -> Result<([u8; 32], u64), StoreError> {
        let mut digest = Hasher::new(SignatureHash::Sha256).ok_or(StoreError::NotFound { what: "SHA-256" })?;
        let (mut count, mut after) = (0_u64, 0_i64);
        loop {
            let page = on!(self, all(i64, String, Vec<u8>), ITEMS, id.as_str(), after, PAGE)?;
            let Some((last, ..)) = page.last() else { break };
            after = *last;
            count = count.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
            for (_, authority, octets) in &page {
                let serial = serial("mass_revocation_item.serial", octets)?;
                digest.update(format!("{authority}/{}\n", serial.to_hex()).as_bytes());
            }
        }
        Ok((octets32("mass_revocation.items_sha256", digest.finish().as_bytes().to_vec())?, count))
    }
}

impl Chosen {
    /// Profile, organisation, issuer and key as the statements take them: empty for any.
    fn columns(&self) -> (&str, &str, &str, &[u8]) {
        let profile = self.profile.as_ref().map_or("", ProfileId::as_str);
        let organisation = self.organisation.as_ref().map_or("", OrganisationId::as_str);
        let issuer = self.issuer.as_ref().map_or("", AuthorityId::as_str);
        (profile, organisation, issuer, self.key_sha256.as_ref().map_or(&[][..], |digest| digest.as_slice()))
    }
}

impl TryFrom<Record> for MassRevocation {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        let id = MassRevocationId::parse(&record.mass_revocation_id);
        let digest = if record.items_sha256.is_empty() { vec![0; 32] } else { record.items_sha256 };
        Ok(Self {
            mass_revocation_id: parsed("mass_revocation.mass_revocation_id", id)?,
            chosen_by: record.chosen_by,
            reason: reason(record.reason)?,
            invalidity_at: at(record.invalidity_at),
            items_sha256: octets32("mass_revocation.items_sha256", digest)?,
            created_at: Timestamp::from_micros(record.created_at),
            begun_at: at(record.begun_at),
            ended_at: at(record.ended_at),
        })
    }
}
