//! The founding of an installation: the authorities of a pack, each with its OCSP responder and its first CRL, made in the
//! [`foundry`](crate::foundry). Used by `init` and `demo`.

use crate::foundry::{Design, Established, Foundry, FoundryError, kind_of};
use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::issue::Generation;
use ca_core::key::KeyAlgorithm;
use ca_core::profile::{AuthorityRule, Pack};
use std::time::{Duration, Instant};
use store::authorities::AuthorityKind;

/// The pack whose authorities are founded where nobody names another; the bridge's are made in a ceremony, with the other side.
pub const USUAL_PACK: &str = "lgwan-private";

/// What an installation is founded with.
pub struct Founding {
    /// Where its authorities are made.
    pub foundry: Foundry,
    /// The pack that describes them.
    pub pack: Pack,
    /// Their kinds of key.
    pub kinds: Kinds,
}

/// Kinds of key, where somebody has chosen them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kinds {
    /// Of the authorities that issue to authorities only.
    pub root: Option<KeyAlgorithm>,
    /// Of the authorities that issue to holders.
    pub issuing: Option<KeyAlgorithm>,
}

impl Kinds {
    /// The kind of an authority's key: the chosen one, else P-384 for a root and P-256 for who issues to holders, or what the
    /// pack names first where it has no such keys. Errors: [`FoundingError::KeyKind`] when the pack has none of the chosen kind.
    pub fn of(self, pack: &Pack, rule: &AuthorityRule) -> Result<KeyAlgorithm, FoundingError> {
        let (chosen, usual) = match kind_of(pack, rule) {
            AuthorityKind::Issuing => (self.issuing, KeyAlgorithm::P256),
            AuthorityKind::Root => (self.root, KeyAlgorithm::P384),
        };
        let allowed = |key: &KeyAlgorithm| rule.keys.contains(key);
        match chosen {
            Some(key) if !allowed(&key) => Err(FoundingError::KeyKind { authority: rule.id.clone(), key }),
            Some(key) => Ok(key),
            None => Ok(Some(usual).filter(allowed).or(rule.keys.first().copied()).unwrap_or(usual)),
        }
    }
}

/// One step of the founding, for whoever watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundingStep {
    /// An authority's key and certificate.
    Authority {
        /// Which.
        id: AuthorityId,
        /// Its name for people, in English.
        title: String,
        /// Who issued its certificate; `None` when it did itself.
        issuer: Option<AuthorityId>,
        /// Its kind of key.
        key: KeyAlgorithm,
    },
    /// The OCSP responders of all.
    Responders,
    /// The first CRLs of all.
    Crls,
}

/// An authority that was founded.
#[derive(Clone, Debug)]
pub struct Founded {
    /// It.
    pub authority: Established,
    /// Its name for people, in English.
    pub title: String,
    /// The certificate of its OCSP responder, if the pack gives it one.
    pub responder: Option<Certificate>,
}

/// Why the founding stopped. What is recorded so far stays recorded; begin again with an empty database and key folder.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    /// There are authorities already; nothing is overwritten.
    #[error("the database has an installation already")]
    Exists,
    /// The pack allows other kinds of keys.
    #[error("the policy pack gives {authority} no key of the kind {key}")]
    KeyKind {
        /// The authority.
        authority: AuthorityId,
        /// The kind.
        key: KeyAlgorithm,
    },
    /// An authority was not made.
    #[error(transparent)]
    Foundry(#[from] FoundryError),
}

impl From<store::StoreError> for FoundingError {
    fn from(error: store::StoreError) -> Self {
        Self::Foundry(error.into())
    }
}

/// Founds the authorities of the pack and tells `watch` of each step with the time it took. Everything is durable on return;
/// the authorities are in the pack's order. Errors: [`FoundingError`]; nothing is ever overwritten.
pub async fn found(
    founding: &Founding,
    watch: &mut (dyn FnMut(FoundingStep, Duration) + Send),
) -> Result<Vec<Founded>, FoundingError> {
    let Founding { foundry, pack, kinds } = founding;
    if !foundry.store.read().await?.authorities().await?.is_empty() {
        return Err(FoundingError::Exists);
    }
    let mut clock = Instant::now();
    let mut done = |step| {
        watch(step, clock.elapsed());
        clock = Instant::now();
    };
    let missing = |what: String| FoundingError::Foundry(FoundryError::NotInPacks(what));
    let mut founded: Vec<Founded> = Vec::new();
    for rule in &pack.authorities {
        let issuer = rule.issuer.as_ref().map(|id| {
            let above = founded.iter().find(|one| one.authority.authority.id() == id);
            above.map(|above| &above.authority).ok_or_else(|| missing(format!("issuer {id} before {}", rule.id)))
        });
        let generation = Generation::first(rule.id.clone(), foundry.clock.now());
        let design = Design { pack, rule, generation, key: kinds.of(pack, rule)? };
        let authority = foundry.authority(&design, issuer.transpose()?).await?;
        let (id, title, issuer) = (rule.id.clone(), rule.title.en.clone(), rule.issuer.clone());
        done(FoundingStep::Authority { id, title: title.clone(), issuer, key: design.key });
        founded.push(Founded { authority, title, responder: None });
    }
    for one in &mut founded {
        one.responder = foundry.responder(pack, &one.authority).await?;
    }
    done(FoundingStep::Responders);
    for one in &founded {
        foundry.first_crls(&one.authority).await?;
    }
    done(FoundingStep::Crls);
    Ok(founded)
}
