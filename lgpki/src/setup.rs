//! The founding of an installation: the authorities of a pack, each with its OCSP responder and its first CRL, made in the
//! [`foundry`](crate::foundry). Used by `init` and `demo`.

use crate::foundry::{Design, Established, Foundry, FoundryError, kind_of};
use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::issue::Generation;
use ca_core::key::KeyAlgorithm;
use std::time::{Duration, Instant};
use store::authorities::AuthorityKind;

/// The pack whose authorities are founded; the bridge's are made in a ceremony, with the other side.
const FOUNDED_BY: &str = "lgwan-private";

/// What an installation is founded with.
pub struct Founding {
    /// Where its authorities are made.
    pub foundry: Foundry,
    /// The root's kind of key.
    pub root_key: KeyAlgorithm,
    /// The kind of key of the authorities that issue to holders.
    pub issuing_key: KeyAlgorithm,
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

/// What was founded.
#[derive(Clone, Debug)]
pub struct Founded {
    /// The root's certificate.
    pub root: Certificate,
    /// The application CA's certificate.
    pub issuing: Certificate,
    /// The certificate of the application CA's OCSP responder.
    pub responder: Certificate,
    /// The root's first CRL, DER.
    pub root_crl: Vec<u8>,
    /// The application CA's first CRL, DER.
    pub issuing_crl: Vec<u8>,
}

/// Why the founding stopped. What is recorded so far stays recorded; begin again with an empty database and key folder.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    /// There are authorities already; nothing is overwritten.
    #[error("the database has an installation already")]
    Exists,
    /// An authority was not made.
    #[error(transparent)]
    Foundry(#[from] FoundryError),
}

impl From<store::StoreError> for FoundingError {
    fn from(error: store::StoreError) -> Self {
        Self::Foundry(error.into())
    }
}

/// The root's id.
pub const ROOT: &str = "root";
/// The application CA's id.
pub const APPLICATION_CA: &str = "application-ca";

/// Founds the hierarchy and tells `watch` of each step with the time it took. Everything is durable on return. Errors:
/// [`FoundingError`]; nothing is ever overwritten.
pub async fn found(
    founding: &Founding,
    watch: &mut (dyn FnMut(FoundingStep, Duration) + Send),
) -> Result<Founded, FoundingError> {
    if !founding.foundry.store.read().await?.authorities().await?.is_empty() {
        return Err(FoundingError::Exists);
    }
    let mut clock = Instant::now();
    let mut done = |step| {
        watch(step, clock.elapsed());
        clock = Instant::now();
    };
    let missing = |what: &str| FoundingError::Foundry(FoundryError::NotInPacks(what.to_owned()));
    let pack = founding.foundry.policy.packs.named(FOUNDED_BY).ok_or_else(|| missing("pack lgwan-private"))?;
    let mut established: Vec<Established> = Vec::new();
    for rule in &pack.authorities {
        let issuer = rule.issuer.as_ref().map(|id| {
            established
                .iter()
                .find(|one| one.authority.id() == id)
                .ok_or_else(|| missing(&format!("issuer {id} before {}", rule.id)))
        });
        let key = match kind_of(pack, rule) {
            AuthorityKind::Issuing => founding.issuing_key,
            AuthorityKind::Root => founding.root_key,
        };
        let generation = Generation::first(rule.id.clone(), founding.foundry.clock.now());
        let design = Design { pack, rule, generation, key };
        let one = founding.foundry.authority(&design, issuer.transpose()?).await?;
        let (id, title, issuer) = (rule.id.clone(), rule.title.en.clone(), rule.issuer.clone());
        done(FoundingStep::Authority { id, title, issuer, key: one.certificate.key().algorithm() });
        established.push(one);
    }
    let mut responders = Vec::new();
    for one in &established {
        responders.push(founding.foundry.responder(pack, one).await?);
    }
    done(FoundingStep::Responders);
    let mut crls = Vec::new();
    for one in &established {
        crls.push(founding.foundry.first_crl(one).await?);
    }
    done(FoundingStep::Crls);
    let mut all: Vec<_> = established.into_iter().zip(responders).zip(crls).collect();
    let mut take = |id: &str| {
        let place = all.iter().position(|((one, _), _)| one.authority.id().as_str() == id);
        place.map(|place| all.swap_remove(place)).ok_or_else(|| missing(&format!("authority {id}")))
    };
    let ((root, _), root_crl) = take(ROOT)?;
    let ((issuing, responder), issuing_crl) = take(APPLICATION_CA)?;
    let responder = responder.ok_or_else(|| missing("responder of application-ca"))?;
    Ok(Founded { root: root.certificate, issuing: issuing.certificate, responder, root_crl, issuing_crl })
}
