//! What lists are made from, as it stands in the database: the revocations of every generation of an authority in one order,
//! a page of each at a time, and the list that was made before.

use std::collections::VecDeque;

use ca_core::id::AuthorityId;
use ca_core::revocation::ListScope;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use store::crls::CrlRow;
use store::revocations::{PAGE, RevokedEntry};
use store::{ReadTxn, StoreError};

use crate::entries::{CrlEntry, Revoked};
use crate::refresh::RefreshError;
use crate::spool::Spool;

/// Octets of the earlier list that stay in memory; a longer one is read from a file.
const IN_MEMORY: usize = 8 << 20;

/// The revoked certificates that a list speaks for, in the order of their serials. Those of all generations are among them:
/// all have one issuer name, so a reader may take the CRL of one for the other's, and RFC 5280 §5.2.5 lets it where no
/// issuingDistributionPoint says otherwise.
pub(crate) struct Revocations {
    scope: ListScope,
    generations: Vec<Generation>,
}

struct Generation {
    authority: AuthorityId,
    page: VecDeque<Revoked>,
    last: Option<SerialNumber>,
    more: bool,
}

impl Revocations {
    pub(crate) async fn of(txn: &mut ReadTxn, authority: &AuthorityId, scope: ListScope) -> Result<Self, StoreError> {
        let generations = txn.generations(authority).await?.into_iter();
        let begin = |authority| Generation { authority, page: VecDeque::new(), last: None, more: true };
        Ok(Self { scope, generations: generations.map(begin).collect() })
    }

    /// The next; `None` behind the last. A serial that two generations have revoked, which should not be, comes once.
    pub(crate) async fn next(&mut self, txn: &mut ReadTxn) -> Result<Option<Revoked>, StoreError> {
        for generation in &mut self.generations {
            if generation.page.is_empty() && generation.more {
                generation.turn(txn, self.scope).await?;
            }
        }
        let serial = |generation: &Generation| generation.page.front().map(|next| next.entry.serial.clone());
        let [only] = self.generations.as_mut_slice() else {
            let Some(next) = self.generations.iter().filter_map(serial).min() else { return Ok(None) };
            let having = self.generations.iter_mut().filter(|generation| serial(generation).as_ref() == Some(&next));
            return Ok(having
                .filter_map(|generation| generation.page.pop_front())
                .min_by_key(|one| one.entry.revoked_at));
        };
        Ok(only.page.pop_front())
    }
}

impl Generation {
    async fn turn(&mut self, txn: &mut ReadTxn, scope: ListScope) -> Result<(), StoreError> {
        let page = txn.revocations(&self.authority, scope, self.last.as_ref()).await?;
        self.more = u32::try_from(page.len()).is_ok_and(|rows| rows >= PAGE);
        self.last = page.last().map(|entry| entry.serial.clone()).or_else(|| self.last.take());
        self.page = page.into_iter().map(Revoked::from).collect();
        Ok(())
    }
}

impl From<RevokedEntry> for Revoked {
    fn from(row: RevokedEntry) -> Self {
        let entry = CrlEntry {
            serial: row.serial,
            revoked_at: row.revocation.revoked_at.whole_seconds(),
            reason: row.revocation.reason,
            invalidity_at: row.revocation.invalidity_at.map(Timestamp::whole_seconds),
        };
        Self { entry, not_after: row.not_after, stays_listed: row.stays_listed }
    }
}

/// All octets of a stored list.
pub(crate) async fn kept(txn: &mut ReadTxn, row: CrlRow) -> Result<Spool, RefreshError> {
    let mut spool = Spool::new(IN_MEMORY);
    let CrlRow { head, der } = row;
    spool.append(|out| *out = der)?;
    for piece in 1.. {
        match txn.crl_piece(&head.authority_id, head.number, piece).await? {
            Some(octets) => spool.append(|out| out.extend_from_slice(&octets))?,
            None => break,
        }
    }
    Ok(spool)
}
