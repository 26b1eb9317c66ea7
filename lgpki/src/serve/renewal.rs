//! Renewing the certificates of OCSP responders, each time with a new key. They live for 90 days, because nobody can revoke them
//! (RFC 6960 §4.2.2.2.1); one that ends unnoticed takes every answer with it. What was signed before stays good until it ends,
//! which is never after its signer's certificate.
//!
//! A key is only ever added, in the store that has the one before it: the service destroys none. Where none can be made, or the
//! keys of responders are with another process, the one there is stays.

use crate::foundry::{Established, FoundryError, NotIssued, issue_one, make_key};
use crate::installation::Repository;
use crate::keys::KeyStores;
use crate::trouble::chain;
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::certificate::{Certificate, CertificateError};
use ca_core::entropy::Entropy;
use ca_core::id::{AuthorityId, IdError, KeyLabel};
use ca_core::issue::{self, Authority, Order, Refusal};
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::name::DistinguishedName;
use ca_core::profile::Packs;
use ca_core::signer::{Signer, SignerError};
use ca_core::time::{Timestamp, Validity};
use std::sync::Arc;
use std::time::Duration;
use store::authorities::AuthorityRow;
use store::{Step, Store, StoreError};

const ACTOR: Actor = Actor::System("ca");
/// How long before its end a responder's certificate is renewed, or a third of its life where that is less.
const BEFORE_END: Duration = Duration::from_secs(30 * 86_400);

/// What renewing needs.
pub(super) struct Renewal {
    pub(super) store: Store,
    pub(super) signer: Arc<dyn Signer>,
    /// Where new keys are made.
    pub(super) stores: KeyStores,
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
        let Validity { not_before, not_after } = old.validity();
        let before_end = BEFORE_END.min(not_after.since(not_before) / 3);
        if now < not_after.minus(before_end) && !self.is_lost(label).await {
            return Ok(None);
        }
        let Established { authority, certificate, .. } = Established::of(&row, &self.repository)?;
        if certificate.validity().not_after <= old.validity().not_after {
            // The authority ends with it; a successor is a ceremony's matter.
            return Ok(None);
        }
        let (key, label) = self.next_key(label, &old).await;
        let new = self.issue(authority, (old.subject(), key), now).await?;
        self.put_in_use(of, &new, &label, now).await?;
        Ok(Some(new.validity().not_after))
    }

    /// Whether a key that was made here is gone, as it is when keys are restored that were copied before: the one it followed is here,
    /// and it is in no store.
    async fn is_lost(&self, label: &KeyLabel) -> bool {
        let (stores, label) = (self.stores.clone(), label.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let before = predecessor(&label)?;
            let is_gone = matches!(stores.public_key(&label), Err(SignerError::NoSuchKey(_)));
            Some(is_gone && stores.public_key(&before).is_ok())
        });
        looked.await.ok().flatten().unwrap_or(false)
    }

    /// The key after the one with that label, and its label; the one there is where no other can be made.
    async fn next_key(&self, label: &KeyLabel, old: &Certificate) -> (SubjectKey, KeyLabel) {
        match self.made_after(label, old.key().algorithm()).await {
            Ok(Some(made)) => return made,
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(event_id = "ocsp.key", key = %label, error = chain(&error), "the responder's key stays");
            }
        }
        (old.key().clone(), label.clone())
    }

    /// `None` where the store that has the key is not here. A key that an earlier attempt has made is used.
    async fn made_after(
        &self,
        label: &KeyLabel,
        kind: KeyAlgorithm,
    ) -> Result<Option<(SubjectKey, KeyLabel)>, FoundryError> {
        let next = successor(label)?;
        let Some(place) = self.place_of(label).await else { return Ok(None) };
        let Ok(keys) = self.stores.making_in(&place) else { return Ok(None) };
        let key = make_key(&self.store, Arc::new(keys), (&next, kind)).await?;
        Ok(Some((key, next)))
    }

    /// The store that has that key, or the one before it.
    async fn place_of(&self, label: &KeyLabel) -> Option<String> {
        let (stores, labels) = (self.stores.clone(), [Some(label.clone()), predecessor(label)]);
        let looked = tokio::task::spawn_blocking(move || {
            let mut here = labels.into_iter().flatten().filter(|label| stores.public_key(label).is_ok());
            here.find_map(|label| stores.place_of(&label).map(str::to_owned))
        });
        looked.await.ok().flatten()
    }

    async fn issue(
        &self,
        authority: Authority,
        (subject, key): (&DistinguishedName, SubjectKey),
        now: Timestamp,
    ) -> Result<Certificate, NotRenewed> {
        let rule = self.packs.authority(authority.line()).and_then(|(pack, rule)| Some((pack, rule.ocsp.as_ref()?)));
        let responder = rule.and_then(|(pack, rule)| Some((pack, pack.profile(&rule.profile)?)));
        let (pack, profile) = responder.ok_or_else(|| NotRenewed::NoProfile(authority.line().clone()))?;
        let order = Order::ceremony(profile, subject.clone(), key);
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
        if of.ocsp_key_label.as_ref() != Some(label) {
            txn.audit(AuditEvent::new(Verb::KeyCreated, format!("key:{label}"))).await?;
        }
        txn.set_ocsp_responder(&of.authority_id, new.der(), label).await?;
        Ok(txn.commit(Step::Setup).await?)
    }
}

/// The label of the key after that one: `root-ocsp`, `root-ocsp-2`, `root-ocsp-3`.
fn successor(label: &KeyLabel) -> Result<KeyLabel, IdError> {
    match numbered(label) {
        Some((name, number)) => KeyLabel::parse(&format!("{name}-{}", number.saturating_add(1))),
        None => KeyLabel::parse(&format!("{label}-2")),
    }
}

/// The label of the key before that one; `None` of the first.
fn predecessor(label: &KeyLabel) -> Option<KeyLabel> {
    match numbered(label)? {
        (name, 2) => KeyLabel::parse(name).ok(),
        (name, number) => KeyLabel::parse(&format!("{name}-{}", number.saturating_sub(1))).ok(),
    }
}

fn numbered(label: &KeyLabel) -> Option<(&str, u32)> {
    let (name, number) = label.as_str().rsplit_once('-')?;
    Some((name, number.parse().ok()?)).filter(|(name, number)| name.ends_with("ocsp") && *number >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::foundry::Foundry;
    use crate::keys::FOLDER;
    use crate::setup::{Founding, Kinds, USUAL_PACK, found};
    use ca_core::signer::KeyKeeper;
    use ca_core::testing::{CountingEntropy, FixedClock};
    use hsm_adapters::Passphrase;
    use store::OpenOptions;

    #[tokio::test]
    async fn a_responder_is_renewed_30_days_before_its_end_and_only_then() {
        let folder = std::env::temp_dir().join(format!("lgpki-renewal-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let entropy: Arc<dyn Entropy> = Arc::new(CountingEntropy::default());
        let url = format!("sqlite:{}", folder.join("lgpki.db").display());
        let store = Store::open(&url, &OpenOptions::new(Arc::clone(&entropy))).await.unwrap();
        store.migrate().await.unwrap();
        std::fs::create_dir_all(folder.join("keys")).unwrap();
        let stores = KeyStores::closed(&folder.join("keys"), []);
        stores.open(FOLDER, Some(Passphrase::drawn(entropy.as_ref()).unwrap())).unwrap();
        let keys = Arc::new(stores.making_in(FOLDER).unwrap());
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
        let renewal = Renewal { store: store.clone(), signer: keys, stores, entropy, repository, packs: policy.packs };
        let issuing = async || store.read().await.unwrap().authority(&id).await.unwrap().unwrap();
        let days = |days: u64| begun.plus(Duration::from_secs(days * 86_400));

        renewal.renew_if_due(&issuing().await, days(59)).await;
        assert_eq!(issuing().await.ocsp_certificate.unwrap(), old.der());
        renewal.renew_if_due(&issuing().await, days(61)).await;
        let new = Certificate::from_der(&issuing().await.ocsp_certificate.unwrap()).unwrap();
        assert_eq!(new.subject(), old.subject());
        assert!(new.key() != old.key() && new.validity().not_after > days(150));
        let labels = async || issuing().await.ocsp_key_label.unwrap().to_string();
        assert_eq!(labels().await, "application-ca-ocsp-2");
        renewal.renew_if_due(&issuing().await, days(61)).await;
        assert_eq!(issuing().await.ocsp_certificate.unwrap(), new.der(), "once");

        // Restored from a copy that was made before: the key is gone, the one before it is here.
        let kept = KeyLabel::parse("application-ca-ocsp-2").unwrap();
        renewal.stores.making_in(FOLDER).unwrap().destroy(&kept).unwrap();
        renewal.renew_if_due(&issuing().await, days(62)).await;
        assert_eq!(labels().await, "application-ca-ocsp-3");
        // No other can be made: the key stays, and is certified again.
        let next = KeyLabel::parse("application-ca-ocsp-4").unwrap();
        renewal.stores.making_in(FOLDER).unwrap().create(&next, KeyAlgorithm::P384).unwrap();
        let before = Certificate::from_der(&issuing().await.ocsp_certificate.unwrap()).unwrap();
        renewal.renew_if_due(&issuing().await, days(130)).await;
        let after = Certificate::from_der(&issuing().await.ocsp_certificate.unwrap()).unwrap();
        assert_eq!((labels().await.as_str(), after.key()), ("application-ca-ocsp-3", before.key()));
        assert!(after.validity().not_after > before.validity().not_after);
        store.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}
