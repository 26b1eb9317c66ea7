//! Revocations, and the lists they stand on.

use super::{ACTOR, Acting, missing};
use crate::ceremony::journal::Output;
use crate::foundry::FoundryError;
use ca_core::digest::{hex, sha256};
use ca_core::id::AuthorityId;
use ca_core::revocation::{Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::signer::Signer;
use crl::Refreshed;
use pem::Pem;
use std::sync::Arc;

impl Acting<'_> {
    pub(super) async fn crl(&self, authority: &AuthorityId) -> Result<Vec<Output>, FoundryError> {
        let of = self.established(authority).await?;
        let latest = self.of.store.read().await?.latest_crl(authority).await?;
        // Stored by an earlier attempt of this step, unless an earlier step made it at the same instant.
        let known: Vec<&str> = self.of.journal.outputs().map(|(_, output)| output.sha256.as_str()).collect();
        let mine = latest.filter(|row| {
            self.again
                && row.this_update == self.dated.whole_seconds()
                && !known.contains(&hex(&sha256(&row.der)).as_str())
        });
        let row = match mine {
            Some(row) => row,
            None => {
                let signer: Arc<dyn Signer> = Arc::new(self.of.keys.clone());
                let policy = self.of.policy.crl(of.authority.line(), of.kind);
                match crl::refresh(&self.of.store, &signer, authority, self.dated, &policy).await? {
                    Refreshed::Stored(row) => row,
                    Refreshed::Overtaken { .. } => return Err(FoundryError::Disturbed),
                }
            }
        };
        let file = format!("{}.crl.pem", self.step.id);
        let text = pem::encode(&Pem::new("X509 CRL", row.der.as_slice()));
        self.write(&file, text.replace("\r\n", "\n").as_bytes())?;
        Ok(vec![Output {
            what: format!("CRL {} of {authority}", row.number),
            file: Some(file),
            sha256: hex(&sha256(&row.der)),
        }])
    }

    pub(super) async fn revoke(
        &self,
        authority: &AuthorityId,
        serial: &SerialNumber,
        reason: RevocationReason,
    ) -> Result<Vec<Output>, FoundryError> {
        let known = self.of.store.read().await?.certificate(authority, serial).await?;
        let known = known.ok_or_else(|| missing("certificate with that serial of", authority))?;
        let output = known.der.map(|der| Output {
            what: format!("certificate {serial} of {authority}, revoked"),
            file: None,
            sha256: hex(&sha256(&der)),
        });
        if known.revocation.is_none() || !self.again {
            let revocation = Revocation { reason, revoked_at: self.dated.whole_seconds(), invalidity_at: None };
            let mut txn = self.of.store.write(self.dated, ACTOR).await?;
            txn.revoke(authority, serial, &revocation).await?;
            txn.commit(store::Step::Revoked).await?;
        }
        Ok(output.into_iter().collect())
    }
}
