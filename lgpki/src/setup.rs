//! The founding of an installation: the authorities of a pack, each with its OCSP responder and its first CRL. Used by
//! `init` and `demo`. Every certificate goes the way of all certificates (`ca_core::issue`), with the store as its ledger, so
//! each has its intent, its event and its second look.

use crate::config::Policy;
use crate::installation::Repository;
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::certificate::{Certificate, CertificateError};
use ca_core::entropy::Entropy;
use ca_core::id::{AuthorityId, IdError, KeyLabel, ProfileId};
use ca_core::issue::{self, Authority, AuthorityError, FailureCause, Order, Refusal};
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::name::{Attribute, DistinguishedName, NameError, StringKind};
use ca_core::profile::{AuthorityRule, Pack, Profile};
use ca_core::signer::{KeyKeeper, Signer, SignerError};
use ca_core::time::Clock;
use crl::{RefreshError, Refreshed};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::authorities::{AuthorityKind, AuthorityRow};
use store::{Step, Store, StoreError};

const ACTOR: Actor = Actor::System("set-up");
/// OCSP answers are many and short-lived: the fastest key there is.
const RESPONDER_KEY: KeyAlgorithm = KeyAlgorithm::P256;
/// The pack whose authorities are founded; the bridge's are made in a ceremony, with the other side.
const FOUNDED_BY: &str = "lgwan-private";

/// What an installation is founded with.
pub struct Founding {
    /// The database, its schema up to date.
    pub store: Store,
    /// Where the keys are made.
    pub keys: Arc<dyn KeyKeeper>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The base of the addresses written into certificates.
    pub repository: Repository,
    /// The root's kind of key.
    pub root_key: KeyAlgorithm,
    /// The kind of key of the authorities that issue to holders.
    pub issuing_key: KeyAlgorithm,
    /// What is issued, and how long the first CRLs are valid.
    pub policy: Policy,
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
    /// The packs of the configuration lack what an installation needs.
    #[error("the policy packs have no {0}")]
    NotInPacks(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The engine refused an order.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A certificate was not issued.
    #[error("{certificate} was not issued: {cause}")]
    NotIssued {
        /// Its profile.
        certificate: ProfileId,
        /// Why.
        cause: FailureCause,
    },
    /// A thread ended without an answer.
    #[error("a thread ended without an answer")]
    Thread,
    /// A CRL could not be made.
    #[error(transparent)]
    Crl(#[from] RefreshError),
    /// Another process made CRLs at the same time.
    #[error("another process is working on this database")]
    Disturbed,
    /// A fixed name or label of this file is wrong: a fault of the program.
    #[error("a fixed name is wrong: {0}")]
    Id(#[from] IdError),
    /// As above.
    #[error("a fixed name is wrong: {0}")]
    Name(#[from] NameError),
    /// A certificate just issued cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A CA certificate just issued is no CA's.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
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
    if !founding.store.read().await?.authorities().await?.is_empty() {
        return Err(FoundingError::Exists);
    }
    let mut clock = Instant::now();
    let mut done = |step| {
        watch(step, clock.elapsed());
        clock = Instant::now();
    };
    let missing = |what: &str| FoundingError::NotInPacks(what.to_owned());
    let pack = founding.policy.packs.named(FOUNDED_BY).ok_or_else(|| missing("pack lgwan-private"))?;
    let mut established: Vec<Established> = Vec::new();
    for rule in &pack.authorities {
        let issuer = rule.issuer.as_ref().map(|id| {
            established
                .iter()
                .find(|one| one.authority.id() == id)
                .ok_or_else(|| missing(&format!("issuer {id} before {}", rule.id)))
        });
        let one = founding.found_authority(pack, rule, issuer.transpose()?).await?;
        let (id, title, issuer) = (rule.id.clone(), rule.title.en.clone(), rule.issuer.clone());
        done(FoundingStep::Authority { id, title, issuer, key: one.certificate.key().algorithm() });
        established.push(one);
    }
    let mut responders = Vec::new();
    for one in &established {
        responders.push(founding.found_responder(pack, one).await?);
    }
    done(FoundingStep::Responders);
    let mut crls = Vec::new();
    for one in &established {
        crls.push(founding.first_crl(one).await?);
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

/// An authority that can issue.
struct Established {
    authority: Authority,
    certificate: Certificate,
    kind: AuthorityKind,
}

impl Founding {
    async fn found_authority(
        &self,
        pack: &Pack,
        rule: &AuthorityRule,
        issuer: Option<&Established>,
    ) -> Result<Established, FoundingError> {
        let (id, label) = (rule.id.clone(), KeyLabel::parse(rule.id.as_str())?);
        let profile = profile(pack, &rule.profile)?;
        let issues = |profile: &Profile| profile.family.is_requested() && profile.issuers.contains(&id);
        let issuing = pack.profiles().iter().any(|profile| issues(profile));
        let (kind, key) =
            if issuing { (AuthorityKind::Issuing, self.issuing_key) } else { (AuthorityKind::Root, self.root_key) };
        let key = self.make_key(&label, key).await?;
        let order = Order::ceremony(profile, rule.subject.clone(), key.clone()).called(rule.alternative.clone());
        let certificate = match issuer {
            Some(issuer) => self.issue(pack, &issuer.authority, profile, order).await?,
            None => {
                let founding = Authority::founding(id.clone(), rule.subject.clone(), key, label.clone());
                self.issue(pack, &founding, profile, order).await?
            }
        };
        self.record(&certificate, rule, &label, kind).await?;
        let addresses = self.repository.addresses(&id);
        let authority = Authority::of_certificate(id, &certificate, label, addresses)?;
        Ok(Established { authority, certificate, kind })
    }

    /// A responder of its own key: the authority's key signs certificates and CRLs only (RFC 6960 §4.2.2.2).
    async fn found_responder(&self, pack: &Pack, of: &Established) -> Result<Option<Certificate>, FoundingError> {
        let id = of.authority.id();
        let Some(rule) = pack.authority(id).and_then(|rule| rule.ocsp.as_ref()) else { return Ok(None) };
        let label = KeyLabel::parse(&format!("{id}-ocsp"))?;
        let key = self.make_key(&label, RESPONDER_KEY).await?;
        let subject = responder_name(of.certificate.subject())?;
        let profile = profile(pack, &rule.profile)?;
        let order = Order::ceremony(profile, subject, key);
        let certificate = self.issue(pack, &of.authority, profile, order).await?;
        let mut txn = self.store.write(self.clock.now(), ACTOR).await?;
        txn.audit(AuditEvent::new(Verb::KeyCreated, format!("key:{label}"))).await?;
        txn.set_ocsp_responder(id, certificate.der(), &label).await?;
        txn.commit(Step::Setup).await?;
        Ok(Some(certificate))
    }

    async fn first_crl(&self, of: &Established) -> Result<Vec<u8>, FoundingError> {
        let keys = Arc::clone(&self.keys);
        let signer: Arc<dyn Signer> = keys;
        let policy = self.policy.crl(of.authority.id(), of.kind);
        match crl::refresh(&self.store, &signer, of.authority.id(), self.clock.now(), &policy).await? {
            Refreshed::Stored(row) => Ok(row.der),
            Refreshed::Overtaken { .. } => Err(FoundingError::Disturbed),
        }
    }

    async fn make_key(&self, label: &KeyLabel, kind: KeyAlgorithm) -> Result<SubjectKey, FoundingError> {
        let (keys, label) = (Arc::clone(&self.keys), label.clone());
        let made = tokio::task::spawn_blocking(move || keys.create(&label, kind)).await;
        Ok(made.map_err(|_| FoundingError::Thread)??)
    }

    async fn issue(
        &self,
        pack: &Pack,
        authority: &Authority,
        profile: &Profile,
        order: Order,
    ) -> Result<Certificate, FoundingError> {
        let now = self.clock.now();
        let linted = issue::prepare(pack, authority, order, self.entropy.as_ref(), now)?;
        let (authority, store, keys) = (authority.clone(), self.store.clone(), Arc::clone(&self.keys));
        let runtime = tokio::runtime::Handle::current();
        // Signing blocks, so the whole of it happens where blocking is allowed.
        let issued = tokio::task::spawn_blocking(move || {
            let signer: &dyn Signer = keys.as_ref();
            runtime.block_on(issue::issue(&authority, signer, &store, vec![linted], now))
        });
        let (issued, failures) = issued.await.map_err(|_| FoundingError::Thread)?;
        match (issued.first(), failures.into_iter().next()) {
            (Some(issued), _) => Ok(Certificate::from_der(issued.der())?),
            // What is unsettled stays so: a founding that fails is thrown away and begun again.
            (None, Some(failure)) => {
                Err(FoundingError::NotIssued { certificate: profile.id.clone(), cause: failure.cause })
            }
            (None, None) => Err(FoundingError::Thread),
        }
    }

    async fn record(
        &self,
        certificate: &Certificate,
        rule: &AuthorityRule,
        label: &KeyLabel,
        kind: AuthorityKind,
    ) -> Result<(), FoundingError> {
        let now = self.clock.now();
        let mut txn = self.store.write(now, ACTOR).await?;
        txn.audit(AuditEvent::new(Verb::KeyCreated, format!("key:{label}"))).await?;
        txn.insert_authority(&AuthorityRow {
            authority_id: rule.id.clone(),
            name_ja: rule.title.ja.clone(),
            name_en: rule.title.en.clone(),
            kind,
            issuer_id: rule.issuer.clone(),
            certificate: certificate.der().to_vec(),
            key_label: label.clone(),
            ocsp_certificate: None,
            ocsp_key_label: None,
            created_at: now,
        })
        .await?;
        txn.commit(Step::Setup).await?;
        Ok(())
    }
}

fn profile<'a>(pack: &'a Pack, id: &ProfileId) -> Result<&'a Arc<Profile>, FoundingError> {
    pack.profile(id).ok_or_else(|| FoundingError::NotInPacks(format!("profile {id}")))
}

/// The authority's name with what its responder is instead of what the authority is called.
pub fn responder_name(authority: &DistinguishedName) -> Result<DistinguishedName, NameError> {
    let value = |kind: Attribute| authority.values(kind).next();
    let called = value(Attribute::CommonName).or(value(Attribute::OrganisationalUnit)).unwrap_or("CA");
    let called = format!("{called} OCSP Responder");
    let country = value(Attribute::Country).unwrap_or("JP");
    let mut attributes = vec![(Attribute::Country, StringKind::Printable, country)];
    let organisation = value(Attribute::Organisation);
    attributes.extend(organisation.map(|name| (Attribute::Organisation, StringKind::Utf8, name)));
    attributes.push((Attribute::CommonName, StringKind::Utf8, &called));
    DistinguishedName::new(&attributes)
}
