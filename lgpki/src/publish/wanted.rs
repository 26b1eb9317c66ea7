//! What should stand at a target: the newest of each list, and the certificates of the authorities, at the paths of the
//! repository. Which octets, the database says; a list is never whole in memory.

use crate::config::{Config, Policy};
use crate::installation::Repository;
use crate::owed::owes_nothing;
use ca_core::certificate::Certificate;
use ca_core::digest::sha256;
use ca_core::id::AuthorityId;
use ca_core::revocation::ListId;
use ca_core::time::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;
use store::crls::CrlHead;
use store::publications::PublicationRow;
use store::{Store, StoreError};

/// Where everything that is published comes from.
#[derive(Clone)]
pub struct Source {
    /// The database.
    pub store: Store,
    /// Says which lists there should be.
    pub policy: Policy,
    /// Where they are found.
    pub repository: Repository,
}

/// A list that should stand at every target.
#[derive(Clone, Debug)]
pub struct WantedList {
    /// Where: `crl/application-ca.crl`.
    pub path: String,
    /// What it is.
    pub head: CrlHead,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
    /// The certificate of who signed it, DER.
    issuer: Vec<u8>,
}

impl WantedList {
    /// The certificate of who signed it; `None` where the database's cannot be read.
    pub(super) fn issuer(&self) -> Option<Certificate> {
        Certificate::from_der(&self.issuer).ok()
    }

    /// From thisUpdate to nextUpdate.
    pub fn life(&self) -> Duration {
        self.head.next_update.since(self.head.this_update)
    }

    /// What is written down of it once it stands there.
    pub(super) fn as_seen(&self) -> PublicationRow {
        let CrlHead { number, this_update, next_update, .. } = self.head;
        PublicationRow { path: self.path.clone(), number, sha256: self.sha256, this_update, next_update }
    }

    /// Whether it is among what was seen at a target.
    pub fn is_among(&self, seen: &[PublicationRow]) -> bool {
        seen.iter().any(|row| row.path == self.path && row.sha256 == self.sha256)
    }
}

impl Source {
    /// What is published of the installation with that configuration.
    pub fn of(store: Store, config: &Config) -> Self {
        Self { store, policy: config.policy.clone(), repository: Repository::of(&config.public) }
    }

    /// The newest of each list. Errors: the database.
    pub async fn lists(&self) -> Result<Vec<WantedList>, StoreError> {
        let mut txn = self.store.read().await?;
        let mut lists = Vec::new();
        for authority in txn.authorities().await? {
            for head in txn.latest_crls(&authority.authority_id).await? {
                let sha256 = match head.sha256 {
                    Some(digest) => digest,
                    // Of an earlier version of the program, whose lists are short.
                    None => sha256(&txn.latest_crl_octets(&head.authority_id, head.list).await?.unwrap_or_default()),
                };
                let path = path_of(head.list, &authority.authority_id);
                lists.push(WantedList { path, head, sha256, issuer: authority.certificate.clone() });
            }
        }
        Ok(lists)
    }

    /// The paths of lists that are made for somebody: that of an authority that owes nothing may run out, and one that its pack has
    /// no more. Errors: the database.
    pub async fn owed(&self, now: Timestamp) -> Result<BTreeSet<String>, StoreError> {
        let mut txn = self.store.read().await?;
        let mut owed = BTreeSet::new();
        for authority in txn.authorities().await? {
            if !owes_nothing(&mut txn, &authority, now).await? {
                let plans = self.policy.lists_of(&authority, &self.repository);
                owed.extend(plans.iter().map(|plan| path_of(plan.list, &authority.authority_id)));
            }
        }
        Ok(owed)
    }
}

/// Where a list stands: `crl/application-ca.crl`.
fn path_of(list: ListId, authority: &AuthorityId) -> String {
    format!("crl/{}", list.path(authority))
}

/// Every file of the authorities' certificates, with its path: `aia/root.cer`.
///
/// # Errors
/// The database.
pub(super) async fn wanted_certificates(store: &Store) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let authorities = store.read().await?.authorities().await?;
    let mut files = Vec::new();
    for authority in authorities {
        let of_one = crl::repository::certificate_files(store, &authority.authority_id).await?;
        files.extend(of_one.into_iter().map(|(path, octets)| (path.trim_start_matches('/').to_owned(), octets)));
    }
    Ok(files)
}
