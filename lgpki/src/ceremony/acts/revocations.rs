//! Revocations, and the lists they stand on.

use super::{ACTOR, Acting, missing};
use crate::ceremony::journal::Output;
use crate::ceremony::requests::{self, Wanted};
use crate::foundry::FoundryError;
use crate::trouble::{Exit, Trouble};
use ca_core::digest::{hex, sha256};
use ca_core::id::AuthorityId;
use ca_core::revocation::{ListId, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::signer::Signer;
use crl::{ListPlan, Refreshed};
use pem::Pem;
use std::sync::Arc;
use store::StoreError;

impl Acting<'_> {
    pub(super) async fn crl(&self, authority: &AuthorityId) -> Result<Vec<Output>, FoundryError> {
        let of = self.established(authority).await?;
        let mut outputs = Vec::new();
        for plan in self.of.policy.lists((of.authority.line(), of.kind), of.authority.addresses()) {
            outputs.push(self.list(authority, &plan).await?);
        }
        Ok(outputs)
    }

    async fn list(&self, authority: &AuthorityId, plan: &ListPlan) -> Result<Output, FoundryError> {
        // Stored by an earlier attempt of this step, unless an earlier step made it at the same instant.
        let known: Vec<&str> = self.of.journal.outputs().map(|(_, output)| output.sha256.as_str()).collect();
        let latest = self.of.store.read().await?.latest_crl_head(authority, plan.list).await?;
        let mine = latest.filter(|head| {
            let is_known = head.sha256.is_some_and(|digest| known.contains(&hex(&digest).as_str()));
            self.again && head.this_update == self.dated.whole_seconds() && !is_known
        });
        let head = match mine {
            Some(head) => head,
            None => {
                let signer: Arc<dyn Signer> = Arc::new(self.of.keys.clone());
                match crl::refresh(&self.of.store, &signer, (authority, plan), self.dated).await? {
                    Refreshed::Stored(head) => head,
                    Refreshed::Overtaken { .. } => return Err(FoundryError::Disturbed),
                }
            }
        };
        let mut txn = self.of.store.read().await?;
        let row = txn.crl(authority, head.number).await?.ok_or(StoreError::NotFound { what: "crl" })?;
        let der = txn.whole_crl(row).await?;
        let (file, list) = match plan.list {
            ListId::FULL => (format!("{}.crl.pem", self.step.id), String::new()),
            list => (format!("{}-{list}.crl.pem", self.step.id), format!(" {list}")),
        };
        let text = pem::encode(&Pem::new("X509 CRL", der.as_slice()));
        self.write(&file, text.replace("\r\n", "\n").as_bytes())?;
        let what = format!("CRL {}{list} of {authority}", head.number);
        Ok(Output { what, file: Some(file), sha256: hex(&sha256(&der)) })
    }

    /// What a list asks of that authority. Errors: exit 7 when it is no list, or speaks of another authority.
    pub(super) fn wanted(&self, authority: &AuthorityId, request: &str) -> Result<Vec<Wanted>, Trouble> {
        let text = String::from_utf8_lossy(&self.taken(request)?).into_owned();
        let wanted = requests::listed(&text)?;
        match wanted.iter().find(|one| one.authority != *authority) {
            None => Ok(wanted),
            Some(other) => Err(Trouble::new(Exit::Refused, format!("nothing of {request} is revoked"))
                .because(format!("it names a certificate of {}, and the step one of {authority}", other.authority))),
        }
    }

    /// Errors: exit 7 for the first certificate of a list that nobody here issued.
    pub(super) async fn all_known(&self, wanted: &[Wanted]) -> Result<(), Trouble> {
        for Wanted { authority, serial, .. } in wanted {
            if self.of.store.read().await?.certificate(authority, serial).await?.is_none() {
                return Err(Trouble::new(Exit::Refused, "the list of revocations is refused")
                    .because(format!("{authority} has issued no certificate {serial}"))
                    .advice(
                        "ask its sender for a new bundle, put it in this one's place, then `lgpki ceremony resume`",
                    ));
            }
        }
        Ok(())
    }

    /// Revokes one certificate after the other, in the order of the list; those that are revoked already stay as they are.
    pub(super) async fn revoke_all(&self, wanted: &[Wanted]) -> Result<Vec<Output>, FoundryError> {
        let mut outputs = Vec::new();
        for Wanted { authority, serial, reason } in wanted {
            let known = self.of.store.read().await?.certificate(authority, serial).await?;
            let known = known.ok_or_else(|| missing("certificate with that serial of", authority))?;
            if known.revocation.is_none() {
                self.write_revocation(authority, serial, *reason).await?;
            }
            outputs.extend(revoked(known.der, authority, serial));
        }
        Ok(outputs)
    }

    pub(super) async fn revoke(
        &self,
        authority: &AuthorityId,
        serial: &SerialNumber,
        reason: RevocationReason,
    ) -> Result<Vec<Output>, FoundryError> {
        let known = self.of.store.read().await?.certificate(authority, serial).await?;
        let known = known.ok_or_else(|| missing("certificate with that serial of", authority))?;
        if known.revocation.is_none() || !self.again {
            self.write_revocation(authority, serial, reason).await?;
        }
        Ok(revoked(known.der, authority, serial).into_iter().collect())
    }

    async fn write_revocation(
        &self,
        authority: &AuthorityId,
        serial: &SerialNumber,
        reason: RevocationReason,
    ) -> Result<(), FoundryError> {
        let revocation = Revocation { reason, revoked_at: self.dated.whole_seconds(), invalidity_at: None };
        let mut txn = self.of.store.write(self.dated, ACTOR).await?;
        txn.revoke(authority, serial, &revocation).await?;
        Ok(txn.commit(store::Step::Revoked).await?)
    }
}

fn revoked(der: Option<Vec<u8>>, authority: &AuthorityId, serial: &SerialNumber) -> Option<Output> {
    let what = format!("certificate {serial} of {authority}, revoked");
    der.map(|der| Output { what, file: None, sha256: hex(&sha256(&der)) })
}
