//! Keys made at the centre, from the request to the delivery. What is secret stands in a row only as long as its state needs
//! it, sealed by a vault this crate knows nothing of, and leaves in the transaction that moves the row on.
//!
//! `kept` → `packed` → `fetched`, and from each of the first two to `erased`: with its request, or when nobody comes for it.

use crate::codec::{at, octets32, parsed, word};
use crate::db::{Only, on};
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::id::{AccountId, RequestId};
use ca_core::time::Timestamp;

/// How far a key has come. Kept in the database as `TEXT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Made and sealed; its PIN is not.
    Kept,
    /// Sealed into a file under a PIN that has been shown.
    Packed,
    /// Downloaded, and gone.
    Fetched,
    /// Gone, and nobody has it.
    Erased,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Kept, Self::Packed, Self::Fetched, Self::Erased];

    /// `kept`, `packed`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Packed => "packed",
            Self::Fetched => "fetched",
            Self::Erased => "erased",
        }
    }

    /// The state of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Why a key was erased before anybody had it. Kept in the database as `TEXT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Erasure {
    /// Its request was returned, rejected, withdrawn or refused.
    RequestEnded,
    /// Nobody made its PIN for too long after the certificate was there.
    NotPacked,
    /// Nobody downloaded the file in time.
    NotFetched,
    /// Its certificate was revoked.
    Revoked,
}

impl Erasure {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::RequestEnded, Self::NotPacked, Self::NotFetched, Self::Revoked];

    /// `request-ended`, `not-packed`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestEnded => "request-ended",
            Self::NotPacked => "not-packed",
            Self::NotFetched => "not-fetched",
            Self::Revoked => "revoked",
        }
    }

    /// The reason of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A delivery as pages show it; what is sealed is read by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Whose key it is.
    pub request_id: RequestId,
    /// How far it has come.
    pub state: DeliveryState,
    /// SHA-256 of the newest link's token; `None` before there was a link.
    pub token_sha256: Option<[u8; 32]>,
    /// When the PIN was made and shown.
    pub packed_at: Option<Timestamp>,
    /// By whom.
    pub packed_by: Option<AccountId>,
    /// When the file is erased if nobody has it by then.
    pub expires_at: Option<Timestamp>,
    /// When it was downloaded.
    pub fetched_at: Option<Timestamp>,
    /// By whom.
    pub fetched_by: Option<AccountId>,
    /// When it was erased, and why.
    pub erased: Option<(Timestamp, Erasure)>,
}

#[derive(sqlx::FromRow)]
struct Record {
    request_id: String,
    state: String,
    token_sha256: Option<Vec<u8>>,
    packed_at: Option<i64>,
    packed_by: Option<String>,
    expires_at: Option<i64>,
    fetched_at: Option<i64>,
    fetched_by: Option<String>,
    erased_at: Option<i64>,
    erased_because: Option<String>,
}

/// Only with the request, and only for one whose key the centre makes.
const KEEP: &str = "insert into delivery (request_id, state, sealed_key, kept_at)
    select request_id, 'kept', $2, $3 from request
    where request_id = $1 and key_source = 'centre' and state = 'submitted'";

const PACK: &str =
    "update delivery set state = 'packed', sealed_key = null, sealed_file = $2, packed_at = $3, packed_by = $4,
        expires_at = $5
    where request_id = $1 and state = 'kept'
        and exists (select 1 from request q where q.request_id = delivery.request_id and q.state = 'issued')";

const LINK: &str =
    "update delivery set token_sha256 = $2 where request_id = $1 and state = 'packed' and expires_at > $3";

const FETCH: &str = "update delivery set state = 'fetched', sealed_file = null, fetched_at = $3, fetched_by = $4
    where request_id = $1 and state = 'packed' and token_sha256 = $2 and expires_at > $3";

const ERASE: &str = "update delivery set state = 'erased', sealed_key = null, sealed_file = null, erased_at = $2,
        erased_because = $3
    where request_id = $1 and state in ('kept', 'packed')";

const BY_REQUEST: &str =
    "select request_id, state, token_sha256, packed_at, packed_by, expires_at, fetched_at, fetched_by,
        erased_at, erased_because
    from delivery where request_id = $1";

const SEALED_KEY: &str = "select sealed_key from delivery where request_id = $1 and state = 'kept'";

const SEALED_FILE: &str = "select sealed_file from delivery where request_id = $1 and state = 'packed'";

const OVERDUE: &str = "select d.request_id,
        case when r.serial is not null then 'revoked' when d.state = 'packed' then 'not-fetched' else 'not-packed' end
    from delivery d
    left join certificate c on c.request_id = d.request_id and c.der is not null
    left join revocation r on r.authority_id = c.authority_id and r.serial = c.serial
    where d.state in ('kept', 'packed')
        and (r.serial is not null or (d.state = 'packed' and d.expires_at <= $1)
            or (d.state = 'kept' and c.recorded_at <= $2))
    order by d.request_id limit 100";

impl WriteTxn {
    /// Keeps the sealed private key of a request that was filed in this transaction, with its event. Conflicts:
    /// `delivery_pk`. Errors: there is no such request, or its key is its holder's ([`StoreError::NotFound`]).
    pub async fn keep_holder_key(&mut self, id: &RequestId, sealed_key: &[u8]) -> Result<(), StoreError> {
        let now = self.now().micros();
        match on!(self, execute KEEP, id.as_str(), sealed_key, now)? {
            0 => Err(StoreError::NotFound { what: "request" }),
            _ => self.audit(event(Verb::HolderKeyMade, id)).await,
        }
    }

    /// Puts the sealed file in the place of the sealed key, to be erased at `expires_at`, with its event. `form` is how the file is
    /// sealed under its PIN, for the event. Errors: [`StoreError::Stale`] when the key is not kept any more or its certificate is not
    /// there yet; [`StoreError::NotFound`] when the actor is no person.
    pub async fn pack_delivery(
        &mut self,
        id: &RequestId,
        sealed_file: &[u8],
        expires_at: Timestamp,
        form: &'static str,
    ) -> Result<(), StoreError> {
        let (by, now) = (self.person()?, self.now().micros());
        let changed = on!(self, execute PACK, id.as_str(), sealed_file, now, by.as_str(), expires_at.micros())?;
        self.moved(changed, event(Verb::HolderKeyPacked, id).with("form", form)).await
    }

    /// Makes the token with that hash the one that leads to the file, and any earlier one void, with its event. Errors:
    /// [`StoreError::Stale`] when there is no file, or its time is over.
    pub async fn link_delivery(&mut self, id: &RequestId, token_sha256: &[u8; 32]) -> Result<(), StoreError> {
        let now = self.now().micros();
        let changed = on!(self, execute LINK, id.as_str(), token_sha256.as_slice(), now)?;
        self.moved(changed, event(Verb::HolderKeyLinked, id)).await
    }

    /// Erases the file because the actor takes it away, with its event: read it before, hand it over after the commit.
    /// Errors: [`StoreError::Stale`] when there is no file, its time is over, or the token is not the newest;
    /// [`StoreError::NotFound`] when the actor is no person.
    pub async fn fetch_delivery(&mut self, id: &RequestId, token_sha256: &[u8; 32]) -> Result<(), StoreError> {
        let (by, now) = (self.person()?, self.now().micros());
        let changed = on!(self, execute FETCH, id.as_str(), token_sha256.as_slice(), now, by.as_str())?;
        self.moved(changed, event(Verb::HolderKeyFetched, id)).await
    }

    /// Erases what is kept for a request's holder, with its event. Returns whether there was anything.
    pub async fn erase_holder_key(&mut self, id: &RequestId, because: Erasure) -> Result<bool, StoreError> {
        let now = self.now().micros();
        if on!(self, execute ERASE, id.as_str(), now, because.as_str())? == 0 {
            return Ok(false);
        }
        self.audit(event(Verb::HolderKeyErased, id).with("because", because.as_str())).await?;
        Ok(true)
    }

    async fn moved(&mut self, changed: u64, event: AuditEvent) -> Result<(), StoreError> {
        if changed == 0 { Err(StoreError::Stale { what: "delivery" }) } else { self.audit(event).await }
    }

    fn person(&self) -> Result<AccountId, StoreError> {
        match self.actor() {
            Actor::Person(account) => Ok(account.clone()),
            Actor::System(_) => Err(StoreError::NotFound { what: "account" }),
        }
    }
}

impl ReadTxn {
    /// How far the key of a request has come; `None` when its holder has made it.
    pub async fn delivery(&mut self, id: &RequestId) -> Result<Option<DeliveryRow>, StoreError> {
        on!(self, one Record, BY_REQUEST, id.as_str())?.map(DeliveryRow::try_from).transpose()
    }

    /// The sealed private key, while it is kept.
    pub async fn sealed_key(&mut self, id: &RequestId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(on!(self, one Only<Vec<u8>>, SEALED_KEY, id.as_str())?.map(|(sealed,)| sealed))
    }

    /// The sealed PKCS#12, while it waits to be fetched.
    pub async fn sealed_file(&mut self, id: &RequestId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(on!(self, one Only<Vec<u8>>, SEALED_FILE, id.as_str())?.map(|(sealed,)| sealed))
    }

    /// What is to be erased at `now`, at most a hundred: files whose time is over, keys whose certificate was recorded before
    /// `kept_since` and has no PIN yet, and everything whose certificate is revoked.
    pub async fn overdue_deliveries(
        &mut self,
        now: Timestamp,
        kept_since: Timestamp,
    ) -> Result<Vec<(RequestId, Erasure)>, StoreError> {
        let found = on!(self, all(String, String), OVERDUE, now.micros(), kept_since.micros())?;
        let row = |(id, because): (String, String)| {
            Ok((parsed("delivery.request_id", RequestId::parse(&id))?, erasure(&because)?))
        };
        found.into_iter().map(row).collect()
    }
}

fn event(verb: Verb, id: &RequestId) -> AuditEvent {
    AuditEvent::new(verb, format!("request:{id}"))
}

fn erasure(text: &str) -> Result<Erasure, StoreError> {
    word("delivery.erased_because", text, Erasure::parse(text))
}

impl TryFrom<Record> for DeliveryRow {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        let account = |id: Option<String>| id.as_deref().map(AccountId::parse).transpose();
        let because = record.erased_because.as_deref().map(erasure).transpose()?;
        Ok(Self {
            request_id: parsed("delivery.request_id", RequestId::parse(&record.request_id))?,
            state: word("delivery.state", &record.state, DeliveryState::parse(&record.state))?,
            token_sha256: record.token_sha256.map(|hash| octets32("delivery.token_sha256", hash)).transpose()?,
            packed_at: at(record.packed_at),
            packed_by: parsed("delivery.packed_by", account(record.packed_by))?,
            expires_at: at(record.expires_at),
            fetched_at: at(record.fetched_at),
            fetched_by: parsed("delivery.fetched_by", account(record.fetched_by))?,
            erased: at(record.erased_at).zip(because),
        })
    }
}
