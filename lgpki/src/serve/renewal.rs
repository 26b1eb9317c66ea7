//! Renewing the certificates of OCSP responders. They live for 90 days, because nobody can revoke them (RFC 6960
//! §4.2.2.2.1); one that ends unnoticed takes every answer with it. The key stays, so answers signed before stay good.

use crate::foundry::{Established, FoundryError, NotIssued, issue_one};
use crate::installation::Repository;
use crate::trouble::chain;
use ca_core::audit::Actor;
use ca_core::certificate::{Certificate, CertificateError};
use ca_core::entropy::Entropy;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::issue::{self, Authority, Order, Refusal};
use ca_core::profile::Packs;
use ca_core::signer::Signer;
use ca_core::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use store::authorities::AuthorityRow;
use store::{Step, Store, StoreError};

const ACTOR: Actor = Actor::System("ca");
/// How long before its end a responder's certificate is renewed.
const BEFORE_END: Duration = Duration::from_secs(30 * 86_400);

/// What renewing needs.
pub(super) struct Renewal {
    pub(super) store: Store,
    pub(super) signer: Arc<dyn Signer>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) repository: Repository,
    pub(super) packs: Packs,
}

/// Why a responder has no new certificate. The old one stays in use.
#[derive(Debug, thiserror::Error)]
enum NotRenewed {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Authority(#[from] FoundryError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("no policy pack has a responder for {0}")]
    NoProfile(AuthorityId),
    #[error(transparent)]
    NotIssued(#[from] NotIssued),
}

impl Renewal {
    /// Renews the certificate of the responder of `of`, an authority whose key is here, if it ends soon. What goes wrong is
    /// logged; the next round tries again.
    pub(super) async fn renew_if_due(&self, of: &AuthorityRow, now: Timestamp) {
        match self.try_renew(of, now).await {
            Ok(None) => {}
            Ok(Some(until)) => {
                tracing::info!(event_id = "ocsp.renewed", authority = %of.authority_id, until = until.rfc3339());
            }
            Err(error) => {
                tracing::error!(event_id = "ocsp.renewal", authority = %of.authority_id, error = chain(&error));
            }
        }
    }

    async fn try_renew(&self, of: &AuthorityRow, now: Timestamp) -> Result<Option<Timestamp>, NotRenewed> {
        // Read again: another process may have renewed it.
        let Some(row) = self.store.read().await?.authority(&of.authority_id).await? else { return Ok(None) };
        let (Some(der), Some(label)) = (&row.ocsp_certificate, &row.ocsp_key_label) else { return Ok(None) };
        let old = Certificate::from_der(der)?;
        if now < old.validity().not_after.minus(BEFORE_END) {
            return Ok(None);
        }
        let Established { authority, certificate, .. } = Established::of(&row, &self.repository)?;
        if certificate.validity().not_after <= old.validity().not_after {
            // The authority ends with it; a successor is a ceremony's matter.
            return Ok(None);
        }
        let new = self.issue(authority, &old, now).await?;
        self.put_in_use(of, &new, label, now).await?;
        Ok(Some(new.validity().not_after))
    }

    async fn issue(&self, authority: Authority, old: &Certificate, now: Timestamp) -> Result<Certificate, NotRenewed> {
        let rule = self.packs.authority(authority.line()).and_then(|(pack, rule)| Some((pack, rule.ocsp.as_ref()?)));
        let responder = rule.and_then(|(pack, rule)| Some((pack, pack.profile(&rule.profile)?)));
        let (pack, profile) = responder.ok_or_else(|| NotRenewed::NoProfile(authority.line().clone()))?;
        let order = Order::ceremony(profile, old.subject().clone(), old.key().clone());
        let linted = issue::prepare(pack, &authority, order, self.entropy.as_ref(), now)?;
        Ok(issue_one(&self.store, Arc::clone(&self.signer), &authority, linted, now).await?)
    }

    async fn put_in_use(
        &self,
        of: &AuthorityRow,
        new: &Certificate,
        label: &KeyLabel,
        now: Timestamp,
    ) -> Result<(), NotRenewed> {
        let mut txn = self.store.write(now, ACTOR).await?;
        txn.set_ocsp_responder(&of.authority_id, new.der(), label).await?;
        Ok(txn.commit(Step::Setup).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::foundry::Foundry;
    use crate::setup::{Founding, Kinds, USUAL_PACK, found};
    use ca_core::testing::{CountingEntropy, FixedClock};
    use hsm_adapters::{Passphrase, SoftKeys};
    use store::OpenOptions;

    #[tokio::test]
    async fn a_responder_is_renewed_30_days_before_its_end_and_only_then() {
        let folder = std::env::temp_dir().join(format!("lgpki-renewal-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let entropy: Arc<dyn Entropy> = Arc::new(CountingEntropy::default());
        let url = format!("sqlite:{}", folder.join("lgpki.db").display());
        let store = Store::open(&url, &OpenOptions::new(Arc::clone(&entropy))).await.unwrap();
        store.migrate().await.unwrap();
        let passphrase = Passphrase::drawn(entropy.as_ref()).unwrap();
        let keys = Arc::new(SoftKeys::open_with_iterations(&folder.join("keys"), passphrase, 1).unwrap());
        let begun = Timestamp::from_utc(2026, 11, 21, 0, 0, 0).unwrap();
        let text = "[database]\nurl = \"sqlite:a.db\"\n[keys]\ndirectory = \"keys\"\n[public]\nurl = \"http://localhost:1\"\n\
            repository_url = \"http://repository.example.lg.jp\"\nenvironment = \"demo\"\n";
        let config = config::parse(text, &folder.join("lgpki.toml")).unwrap();
        let (repository, policy) = (Repository::of(&config.public), config.policy);
        let foundry = Foundry {
            store: store.clone(),
            keys: keys.clone(),
            entropy: Arc::clone(&entropy),
            clock: Arc::new(FixedClock::at(begun)),
            repository: repository.clone(),
            policy: policy.clone(),
        };
        let pack = policy.packs.named(USUAL_PACK).unwrap().clone();
        let founding = Founding { foundry, pack, kinds: Kinds::default() };
        let founded = found(&founding, &mut |_, _| {}).await.unwrap();
        let id = ca_core::id::AuthorityId::parse("application-ca").unwrap();
        let old = founded.into_iter().find(|one| *one.authority.authority.id() == id).unwrap().responder.unwrap();
        let renewal = Renewal { store: store.clone(), signer: keys, entropy, repository, packs: policy.packs };
        let issuing = async || store.read().await.unwrap().authority(&id).await.unwrap().unwrap();
        let days = |days: u64| begun.plus(Duration::from_secs(days * 86_400));

        renewal.renew_if_due(&issuing().await, days(59)).await;
        assert_eq!(issuing().await.ocsp_certificate.unwrap(), old.der());
        renewal.renew_if_due(&issuing().await, days(61)).await;
        let new = Certificate::from_der(&issuing().await.ocsp_certificate.unwrap()).unwrap();
        assert_eq!((new.key(), new.subject()), (old.key(), old.subject()));
        assert!(new.validity().not_after > days(150));
        store.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}
