//! A list found outside that says more than this database: it was restored from a backup that was made before the list was. What
//! the list has is written down here again, and the numbers go on above its own, so that the next list has a higher number and lacks
//! nothing.
//!
//! Whatever hands the list over is not trusted: it is copied, and believed once the copy is found to be signed by the authority.

use std::io::{self, Read};

use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::digest::Hasher;
use ca_core::id::AuthorityId;
use ca_core::key::SignatureHash;
use ca_core::oid;
use ca_core::revocation::{ListId, Revocation};
use ca_core::time::Timestamp;
use store::recovery::{FoundEntry, FoundList, LostEntry};
use store::{Step, Store, StoreError};

use crate::check::{CheckError, verify_signature};
use crate::coverage::{Coverage, CoverageError};
use crate::entries::CrlEntry;
use crate::reader::{CrlError, CrlReader, CrlTrailer};
use crate::spool::Spool;

/// Octets of a found list that stay in memory; a longer one goes to a file.
const IN_MEMORY: usize = 8 << 20;
/// Octets copied at once.
const CHUNK: usize = 1 << 16;
/// Entries looked up at once.
const LOOKED_UP: usize = 1024;
/// Lost entries written down in one transaction; the last of them also raises the number.
pub const BATCH: usize = 250;

/// Why nothing is recovered from a list.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// It is no CRL.
    #[error(transparent)]
    Unreadable(#[from] CrlError),
    /// It is another authority's.
    #[error("the list is not of {0}")]
    AnotherIssuer(AuthorityId),
    /// The authority has not signed it.
    #[error(transparent)]
    Signature(#[from] CheckError),
    /// It says that it speaks for something that no list of this program does.
    #[error(transparent)]
    Coverage(#[from] CoverageError),
    /// It is no list of those an authority has here.
    #[error("the list speaks for none of the sets of certificates that {0} has lists for")]
    NoSuchList(AuthorityId),
    /// Nothing can be counted on from it.
    #[error("the list has no number")]
    NoNumber,
    /// What follows it would be dated before it: the clock is behind.
    #[error("the list was made at {}, after now: the clock is behind", .0.rfc3339())]
    Future(Timestamp),
    /// There is no such authority.
    #[error("there is no authority {0}")]
    NoSuchAuthority(AuthorityId),
    /// The authority's certificate in the database cannot be read.
    #[error("the certificate of authority {0} cannot be read")]
    AuthorityCertificate(AuthorityId),
    /// The database failed. Safe to try again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The list cannot be copied.
    #[error("the list cannot be copied: {0}")]
    File(#[from] io::Error),
}

/// A copy of a list that the authority has signed.
#[derive(Debug)]
pub struct Found {
    head: FoundList,
    this_update: Timestamp,
    entries: u64,
    copy: Spool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The number of the list.
    pub number: i64,
    /// How many of its entries were lost here, and are known again.
    pub revocations: u64,
    /// Whether there was anything to do: new lists are asked for then.
    pub is_new: bool,
}

impl Found {
    /// Copies `source` to its end and looks whether `authority`, whose certificate this is, has signed it. Reads and writes files.
    ///
    /// # Errors
    /// Every [`RecoverError`] but those of the database and of the clock.
    pub fn read(
        mut source: impl Read,
        (authority, certificate): (&AuthorityId, &Certificate),
    ) -> Result<Self, RecoverError> {
        let mut copy = Spool::new(IN_MEMORY);
        let mut hasher = Hasher::new(SignatureHash::Sha256).ok_or_else(|| io::Error::other("SHA-256 is not there"))?;
        let mut octets = vec![0u8; CHUNK];
        loop {
            let read = source.read(&mut octets)?;
            if read == 0 {
                break;
            }
            let piece = octets.get(..read).unwrap_or_default();
            hasher.update(piece);
            copy.append(|out| out.extend_from_slice(piece))?;
        }
        let mut reader = CrlReader::open(copy.reader()?)?;
        while reader.entry()?.is_some() {}
        let entries = reader.count();
        let (header, trailer) = reader.finish()?;
        let names_another_key =
            trailer.authority_key_identifier.as_ref().is_some_and(|key| *key != certificate.key_identifier());
        if header.issuer != *certificate.subject() || names_another_key {
            return Err(RecoverError::AnotherIssuer(authority.clone()));
        }
        verify_signature(certificate, header.algorithm, (&trailer.signed, &trailer.signature))?;
        let number = trailer.number.and_then(|number| i64::try_from(number).ok()).ok_or(RecoverError::NoNumber)?;
        let sha256 =
            hasher.finish().as_bytes().try_into().map_err(|_| io::Error::other("SHA-256 has another length"))?;
        let head = FoundList {
            authority_id: authority.clone(),
            list: list_of(&trailer, authority)?,
            number,
            sha256,
            validity: certificate.validity(),
        };
        Ok(Self { head, this_update: header.this_update, entries, copy })
    }

    /// Its number.
    pub const fn number(&self) -> i64 {
        self.head.number
    }

    /// How many entries it has.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// Which list it is.
    pub const fn list(&self) -> ListId {
        self.head.list
    }
}

/// Which of the authority's lists it is.
fn list_of(trailer: &CrlTrailer, authority: &AuthorityId) -> Result<ListId, RecoverError> {
    let id = oid::dotted(oid::ISSUING_DISTRIBUTION_POINT.as_bytes());
    let point = trailer.extensions.iter().find(|extension| extension.oid == id);
    let coverage = point.map(|point| Coverage::read(&point.value)).transpose()?.unwrap_or_default();
    let scope = coverage.scope(authority).ok_or_else(|| RecoverError::NoSuchList(authority.clone()))?;
    Ok(if trailer.base_number.is_some() { scope.delta() } else { scope.complete() })
}

/// Copies the list in `source` and recovers what it has: [`Found::read`] with the authority's certificate in the database, on a thread
/// that may block, then [`recover`].
///
/// # Errors
/// Every [`RecoverError`].
pub async fn recover_from(
    store: &Store,
    authority: &AuthorityId,
    source: impl Read + Send + 'static,
    (now, by): (Timestamp, Actor),
) -> Result<Recovered, RecoverError> {
    let found = find(store, authority, source).await?;
    recover(store, found, (now, by), |_| {}).await
}

/// A copy of the list in `source`, which `authority` has signed.
///
/// # Errors
/// As [`Found::read`]; the database.
pub async fn find(
    store: &Store,
    authority: &AuthorityId,
    source: impl Read + Send + 'static,
) -> Result<Found, RecoverError> {
    let row = store.read().await?.authority(authority).await?;
    let row = row.ok_or_else(|| RecoverError::NoSuchAuthority(authority.clone()))?;
    let id = authority.clone();
    let read = tokio::task::spawn_blocking(move || {
        let certificate = Certificate::from_der(&row.certificate);
        let certificate = certificate.map_err(|_| RecoverError::AuthorityCertificate(id.clone()))?;
        Found::read(source, (&id, &certificate))
    });
    read.await.map_err(io::Error::other)?
}

/// Writes down what the list has and this database has not, at most [`BATCH`] entries in a transaction, counts the numbers of its
/// authority on from its own, and asks for new lists. `told` hears how many entries were looked at. On return all of it is durable. Cut
/// off anywhere and done again, it goes on; until it has ended no list of the authority is made, unless everything is one transaction.
///
/// # Errors
/// [`RecoverError::Future`], [`RecoverError::Unreadable`], [`RecoverError::File`], [`RecoverError::Store`].
pub async fn recover(
    store: &Store,
    mut found: Found,
    (now, by): (Timestamp, Actor),
    mut told: impl FnMut(u64),
) -> Result<Recovered, RecoverError> {
    if found.this_update > now {
        return Err(RecoverError::Future(found.this_update));
    }
    let head = found.head;
    let mut reader = CrlReader::open(found.copy.reader()?)?;
    let (mut lost, mut recovered): (Vec<LostEntry>, u64) = (Vec::new(), 0);
    loop {
        let entries = page(&mut reader)?;
        if entries.is_empty() {
            break;
        }
        lost.extend(store.read().await?.lost_entries(&head, &entries).await?);
        told(reader.count());
        while lost.len() > BATCH {
            let batch: Vec<LostEntry> = lost.drain(..BATCH).collect();
            // Nothing is missing from what was written: the next attempt finds these, and goes on behind them.
            let mut txn = store.write(now, by.clone()).await?;
            recovered = recovered.saturating_add(txn.recover_revocations(&head, &batch).await?);
            txn.commit(Step::RevocationsRecovered).await?;
        }
    }
    let mut txn = store.write(now, by).await?;
    if !lost.is_empty() {
        recovered = recovered.saturating_add(txn.recover_revocations(&head, &lost).await?);
    }
    // Last: only now the list that follows may have a higher number.
    let is_new = txn.end_crl_recovery(&head, recovered).await?;
    if is_new {
        txn.commit(Step::RevocationsRecovered).await?;
    }
    Ok(Recovered { number: head.number, revocations: recovered, is_new })
}

/// The next entries.
fn page(reader: &mut CrlReader<impl Read>) -> Result<Vec<FoundEntry>, CrlError> {
    let mut entries = Vec::new();
    while entries.len() < LOOKED_UP {
        let Some(entry) = reader.entry()? else { break };
        let CrlEntry { serial, revoked_at, reason, invalidity_at } = entry;
        entries.push(FoundEntry { serial, revocation: Revocation { reason, revoked_at, invalidity_at } });
    }
    Ok(entries)
}
