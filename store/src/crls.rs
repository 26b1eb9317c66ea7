//! CRL numbers and CRLs. A number is taken, durably, before anything is signed under it, and is never taken again; a CRL
//! is stored only while none of the same list with a higher number is. All lists of an authority share one sequence of
//! numbers, as RFC 5280 §5.2.3 wants it of a list and its deltas.
//!
//! A long CRL stands in pieces of [`PIECE`] octets: the first in its row, the others in a table of their own, written before
//! it counts as stored. So neither writing nor serving one holds more than a piece.

use crate::codec::{octets32, parsed, word};
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::digest::hex;
use ca_core::id::{AccountId, AuthorityId};
use ca_core::revocation::{ListId, ListKind, ListScope};
use ca_core::time::Timestamp;

/// Most octets in one row.
pub const PIECE: usize = 1 << 20;

/// A stored CRL, with its first piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlRow {
    /// What it says about itself.
    pub head: CrlHead,
    /// The signed CRL, DER, or its first [`PIECE`] octets.
    pub der: Vec<u8>,
}

/// What is known of a stored CRL without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlHead {
    /// Whose it is.
    pub authority_id: AuthorityId,
    /// Which list.
    pub list: ListId,
    /// Its CRLNumber.
    pub number: i64,
    /// BaseCRLNumber of a delta.
    pub base_number: Option<i64>,
    /// Its thisUpdate.
    pub this_update: Timestamp,
    /// Its nextUpdate.
    pub next_update: Timestamp,
    /// Its length.
    pub octets: i64,
    /// How many entries it has; `None` for one that an earlier version of the program stored.
    pub entries: Option<i64>,
    /// SHA-256 of it; `None` as above.
    pub sha256: Option<[u8; 32]>,
}

/// Whether a CRL is served as soon as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It is.
    Regular,
    /// It is signed ahead for an emergency, and served once two people have released it.
    Emergency,
}

#[derive(sqlx::FromRow)]
struct Record {
    authority_id: String,
    scope: String,
    number: i64,
    base_number: Option<i64>,
    this_update: i64,
    next_update: i64,
    octets: Option<i64>,
    entries: Option<i64>,
    sha256: Option<Vec<u8>>,
    der: Vec<u8>,
}

/// Changes nothing, and keeps others from taking a number until this transaction ends.
const HOLD: &str = "update authority set key_label = key_label where authority_id = $1";

const TAKE: &str = "insert into crl (authority_id, number, taken_at, scope, base_number, emergency)
    select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 from crl where authority_id = $1
    returning number";

/// The newest of each list that is signed ahead, unless a later one of the same list is served already.
const RELEASE: &str = "update crl set released_at = $2
    where authority_id = $1 and emergency and released_at is null and der is not null and not exists (
        select 1 from crl later where later.authority_id = crl.authority_id and later.scope = crl.scope
            and later.base_number is null and later.number > crl.number and later.der is not null)
    returning number";

const PIECE_OF: &str = "insert into crl_piece (authority_id, number, piece, octets) values ($1, $2, $3, $4)";

/// A list is followed when a later one is served, which what is signed ahead is once it is released.
const PRUNE: &str = "delete from crl_piece where (authority_id, number, piece) in (
    select p.authority_id, p.number, p.piece
    from crl_piece p join crl c on c.authority_id = p.authority_id and c.number = p.number
    where (c.der is null and c.taken_at <= $1) or (c.der is not null and exists (
        select 1 from crl later where later.authority_id = c.authority_id and later.number > c.number
            and later.scope = c.scope and (later.base_number is null) = (c.base_number is null)
            and ((later.der is not null and not later.emergency and later.stored_at <= $1)
                or later.released_at <= $1)))
    limit $2)";

/// A delta follows deltas, a complete list complete ones; what is signed ahead follows nothing. None of its pieces may be missing.
const STORE: &str =
    "update crl set this_update = $3, next_update = $4, der = $5, stored_at = $6, octets = $7, entries = $8,
        sha256 = $9
    where authority_id = $1 and number = $2 and der is null
        and $7 = $10 + (select coalesce(sum(length(octets)), 0) from crl_piece where authority_id = $1 and number = $2)
        and (emergency or not exists (
        select 1 from crl later where later.authority_id = crl.authority_id and later.number > crl.number
            and later.scope = crl.scope and (later.base_number is null) = (crl.base_number is null)
            and later.der is not null and not later.emergency))";

const LATEST: &str =
    "select authority_id, scope, number, base_number, this_update, next_update, octets, entries, sha256, der
    from crl
    where authority_id = $1 and scope = $2 and (base_number is null) = $3 and der is not null
        and (not emergency or released_at is not null)
    order by number desc limit 1";

const ONE: &str =
    "select authority_id, scope, number, base_number, this_update, next_update, octets, entries, sha256, der
    from crl where authority_id = $1 and number = $2 and der is not null";

/// Without its octets.
const LATEST_HEAD: &str =
    "select authority_id, scope, number, base_number, this_update, next_update, octets, entries, sha256,
        substr(der, 1, 0) as der
    from crl
    where authority_id = $1 and scope = $2 and (base_number is null) = $3 and der is not null
        and (not emergency or released_at is not null)
    order by number desc limit 1";

/// Without their octets.
const STANDING: &str =
    "select authority_id, scope, number, base_number, this_update, next_update, octets, entries, sha256,
        substr(der, 1, 0) as der
    from crl
    where authority_id = $1 and der is not null and number in (
        select max(number) from crl
        where authority_id = $1 and der is not null and (not emergency or released_at is not null)
        group by scope, base_number is null)
    order by scope, number";

/// When the list that follows the one with that number was made.
const AFTER: &str = "select min(this_update) from crl
    where authority_id = $1 and scope = $2 and (base_number is null) = $3 and number > $4 and der is not null
        and (not emergency or released_at is not null)";

const FURTHER: &str = "select octets from crl_piece where authority_id = $1 and number = $2 and piece = $3";

impl WriteTxn {
    /// Takes the next CRL number of an authority for a complete list that is served when it is stored, with its event. It is
    /// taken once the transaction is committed ([`crate::Step::CrlNumberTaken`]), and only then may anything be signed under
    /// it. Who takes one at the same time waits for this transaction to end. Errors: no such authority.
    pub async fn take_crl_number(&mut self, authority: &AuthorityId, scope: ListScope) -> Result<i64, StoreError> {
        self.take_number(authority, scope, (None, Purpose::Regular)).await
    }

    /// The same for a delta of the list with the number `base`.
    pub async fn take_delta_number(
        &mut self,
        authority: &AuthorityId,
        scope: ListScope,
        base: i64,
    ) -> Result<i64, StoreError> {
        self.take_number(authority, scope, (Some(base), Purpose::Regular)).await
    }

    /// The same for a complete list that is signed ahead.
    pub async fn take_emergency_number(
        &mut self,
        authority: &AuthorityId,
        scope: ListScope,
    ) -> Result<i64, StoreError> {
        self.take_number(authority, scope, (None, Purpose::Emergency)).await
    }

    async fn take_number(
        &mut self,
        authority: &AuthorityId,
        scope: ListScope,
        (base, purpose): (Option<i64>, Purpose),
    ) -> Result<i64, StoreError> {
        let (now, emergency) = (self.now().micros(), purpose == Purpose::Emergency);
        if on!(self, execute HOLD, authority.as_str())? == 0 {
            return Err(StoreError::NotFound { what: "authority" });
        }
        let taken = on!(self, one Only<i64>, TAKE, authority.as_str(), now, scope.to_string(), base, emergency)?;
        let (number,) = taken.ok_or(StoreError::NotFound { what: "authority" })?;
        let event = AuditEvent::new(Verb::CrlNumberTaken, format!("crl:{authority}/{number}"));
        self.audit(event.with("list", of(scope, base).to_string())).await?;
        Ok(number)
    }

    /// Writes a further piece of a CRL that is not stored yet; `piece` counts from 1. Conflicts: `crl_piece_pk`.
    pub async fn store_crl_piece(
        &mut self,
        authority: &AuthorityId,
        number: i64,
        piece: i64,
        octets: &[u8],
    ) -> Result<(), StoreError> {
        on!(self, execute PIECE_OF, authority.as_str(), number, piece, octets)?;
        Ok(())
    }

    /// Stores the CRL signed under a number that was taken, with its event. Errors: [`StoreError::Stale`] when that number
    /// was not taken, has its CRL already, its pieces are not all there, or a later one of the same list is stored.
    pub async fn store_crl(&mut self, crl: &CrlRow) -> Result<(), StoreError> {
        let CrlHead { authority_id, number, .. } = &crl.head;
        let (this_update, next_update) = (crl.head.this_update.micros(), crl.head.next_update.micros());
        let (octets, entries) = (crl.head.octets, crl.head.entries);
        let sha256 = crl.head.sha256.map(|digest| digest.to_vec());
        let now = self.now().micros();
        let first = parsed("length of crl.der", i64::try_from(crl.der.len()))?;
        let stored = on!(self, execute STORE, authority_id.as_str(), *number, this_update, next_update, &crl.der, now, octets,
            entries, sha256, first)?;
        if stored == 0 {
            return Err(StoreError::Stale { what: "crl" });
        }
        let event = AuditEvent::new(Verb::CrlStored, format!("crl:{authority_id}/{number}"));
        let event = event.with("list", crl.head.list.to_string());
        self.audit(match &crl.head.sha256 {
            Some(digest) => event.with("sha256", hex(digest)),
            None => event,
        })
        .await
    }

    /// Deletes at most `rows` further pieces of lists that nobody needs any more: those that were followed at `before` or earlier, and
    /// those whose number was taken then and that were never stored. Returns how many; fewer than `rows` are the last. The newest of
    /// each list, and what is signed ahead and can still be released, keep theirs.
    pub async fn prune_crl_pieces(&mut self, before: Timestamp, rows: u32) -> Result<u64, StoreError> {
        Ok(on!(self, execute PRUNE, before.micros(), i64::from(rows))?)
    }

    /// Lets the lists that were signed ahead be served, the newest of each, with an event for each, which names the other person
    /// who vouches for it beside the one whose act this is; returns them. None is left where a regular list is newer.
    pub async fn release_emergency_crls(
        &mut self,
        authority: &AuthorityId,
        other: &AccountId,
    ) -> Result<Vec<CrlHead>, StoreError> {
        let now = self.now().micros();
        let mut heads = Vec::new();
        for (number,) in on!(self, all Only<i64>, RELEASE, authority.as_str(), now)? {
            let row = self.crl(authority, number).await?.ok_or(StoreError::NotFound { what: "crl" })?;
            let event = AuditEvent::new(Verb::CrlReleased, format!("crl:{authority}/{number}"));
            let event = event.with("list", row.head.list.to_string());
            self.audit(event.with("with", format!("account:{other}"))).await?;
            heads.push(row.head);
        }
        Ok(heads)
    }
}

impl ReadTxn {
    /// The stored CRL of that list with the highest number, with its first piece.
    pub async fn latest_crl(&mut self, authority: &AuthorityId, list: ListId) -> Result<Option<CrlRow>, StoreError> {
        let complete = list.kind == ListKind::Complete;
        on!(self, one Record, LATEST, authority.as_str(), list.scope.to_string(), complete)?
            .map(CrlRow::try_from)
            .transpose()
    }

    /// The stored CRL with that number, with its first piece, also one that is signed ahead.
    pub async fn crl(&mut self, authority: &AuthorityId, number: i64) -> Result<Option<CrlRow>, StoreError> {
        on!(self, one Record, ONE, authority.as_str(), number)?.map(CrlRow::try_from).transpose()
    }

    /// The same as [`Self::latest_crl`] without reading it.
    pub async fn latest_crl_head(
        &mut self,
        authority: &AuthorityId,
        list: ListId,
    ) -> Result<Option<CrlHead>, StoreError> {
        let complete = list.kind == ListKind::Complete;
        let found = on!(self, one Record, LATEST_HEAD, authority.as_str(), list.scope.to_string(), complete)?;
        Ok(found.map(CrlRow::try_from).transpose()?.map(|row| row.head))
    }

    /// The newest of each list of an authority, by scope.
    pub async fn latest_crls(&mut self, authority: &AuthorityId) -> Result<Vec<CrlHead>, StoreError> {
        let records = on!(self, all Record, STANDING, authority.as_str())?;
        records.into_iter().map(|record| CrlRow::try_from(record).map(|row| row.head)).collect()
    }

    /// When the first of that list with a higher number than `number` was made; `None` when there is none.
    pub async fn followed_at(
        &mut self,
        authority: &AuthorityId,
        (list, number): (ListId, i64),
    ) -> Result<Option<Timestamp>, StoreError> {
        let (scope, complete) = (list.scope.to_string(), list.kind == ListKind::Complete);
        let found = on!(self, one Only<Option<i64>>, AFTER, authority.as_str(), scope, complete, number)?;
        Ok(found.and_then(|(made_at,)| made_at).map(Timestamp::from_micros))
    }

    /// A further piece of a stored CRL, counted from 1; `None` behind the last.
    pub async fn crl_piece(
        &mut self,
        authority: &AuthorityId,
        number: i64,
        piece: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let found = on!(self, one Only<Vec<u8>>, FURTHER, authority.as_str(), number, piece)?;
        Ok(found.map(|(octets,)| octets))
    }

    /// The octets of a stored CRL in their rows: the first counts as 0; `None` behind the last.
    pub async fn crl_part(
        &mut self,
        authority: &AuthorityId,
        number: i64,
        part: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        match part {
            0 => Ok(self.crl(authority, number).await?.map(|row| row.der)),
            further => self.crl_piece(authority, number, further).await,
        }
    }

    /// The whole of the stored CRL of that list with the highest number, in memory.
    pub async fn latest_crl_octets(
        &mut self,
        authority: &AuthorityId,
        list: ListId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        match self.latest_crl(authority, list).await? {
            Some(row) => self.whole_crl(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The whole of a stored CRL, in memory: for lists known to be short, and for people.
    pub async fn whole_crl(&mut self, row: CrlRow) -> Result<Vec<u8>, StoreError> {
        let CrlRow { head, mut der } = row;
        for piece in 1.. {
            match self.crl_piece(&head.authority_id, head.number, piece).await? {
                Some(octets) => der.extend_from_slice(&octets),
                None => break,
            }
        }
        Ok(der)
    }
}

fn of(scope: ListScope, base: Option<i64>) -> ListId {
    if base.is_some() { scope.delta() } else { scope.complete() }
}

impl TryFrom<Record> for CrlRow {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        let scope = word("crl.scope", &record.scope, ListScope::parse(&record.scope))?;
        let octets = record.octets.or_else(|| i64::try_from(record.der.len()).ok());
        Ok(Self {
            head: CrlHead {
                authority_id: parsed("crl.authority_id", AuthorityId::parse(&record.authority_id))?,
                list: of(scope, record.base_number),
                number: record.number,
                base_number: record.base_number,
                this_update: Timestamp::from_micros(record.this_update),
                next_update: Timestamp::from_micros(record.next_update),
                octets: octets.unwrap_or_default(),
                entries: record.entries,
                sha256: record.sha256.map(|digest| octets32("crl.sha256", digest)).transpose()?,
            },
            der: record.der,
        })
    }
}
