//! The founding of an installation: root → application CA, an OCSP responder for each, the first CRLs. Used by `init` and
//! `demo`. Every certificate goes the way of all certificates (`ca_core::issue`), with the store as its ledger, so each
//! has its intent, its event and its second look.

use crate::config::CrlPolicies;
use crate::installation::addresses;
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::certificate::{Certificate, CertificateError};
use ca_core::entropy::Entropy;
use ca_core::id::{AuthorityId, IdError, KeyLabel};
use ca_core::issue::{self, Authority, AuthorityError, FailureCause, Order, Refusal};
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::name::{Attribute, DistinguishedName, NameError, StringKind};
use ca_core::profile::{self, Profile};
use ca_core::signer::{KeyKeeper, Signer, SignerError};
use ca_core::time::Clock;
use crl::{RefreshError, Refreshed};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::authorities::{AuthorityKind, AuthorityRow};
use store::{Step, Store, StoreError};
use url::Url;

const ACTOR: Actor = Actor::System("set-up");
/// OCSP answers are many and short-lived: the fastest key there is.
const RESPONDER_KEY: KeyAlgorithm = KeyAlgorithm::P256;

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
    pub repository_url: Url,
    /// The root's kind of key.
    pub root_key: KeyAlgorithm,
    /// The application CA's kind of key.
    pub issuing_key: KeyAlgorithm,
    /// How long the first CRLs are valid.
    pub crl: CrlPolicies,
}

/// One step of the founding, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundingStep {
    /// The root's key and self-signed certificate.
    Root,
    /// The application CA's key and certificate.
    ApplicationCa,
    /// The OCSP responders of both.
    Responders,
    /// The first CRLs of both.
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
        certificate: &'static str,
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
    let root = founding.found_root().await?;
    done(FoundingStep::Root);
    let issuing = founding.found_application_ca(&root).await?;
    done(FoundingStep::ApplicationCa);
    founding.found_responder(&root).await?;
    let responder = founding.found_responder(&issuing).await?;
    done(FoundingStep::Responders);
    let root_crl = founding.first_crl(&root, &founding.crl.root).await?;
    let issuing_crl = founding.first_crl(&issuing, &founding.crl.issuing).await?;
    done(FoundingStep::Crls);
    Ok(Founded { root: root.certificate, issuing: issuing.certificate, responder, root_crl, issuing_crl })
}

/// An authority that can issue.
struct Established {
    authority: Authority,
    certificate: Certificate,
}

impl Founding {
    async fn found_root(&self) -> Result<Established, FoundingError> {
        let (id, label) = (AuthorityId::parse(ROOT)?, KeyLabel::parse(ROOT)?);
        let name = name("Sample Root CA")?;
        let key = self.make_key(&label, self.root_key).await?;
        let founding = Authority::founding(id.clone(), name.clone(), key.clone(), label.clone());
        let certificate = self.issue(&founding, &profile::ROOT_CA, name, key).await?;
        self.record(&certificate, &id, &label, AuthorityKind::Root, ("ルート認証局", "Root CA")).await?;
        self.established(id, certificate, label)
    }

    async fn found_application_ca(&self, root: &Established) -> Result<Established, FoundingError> {
        let (id, label) = (AuthorityId::parse(APPLICATION_CA)?, KeyLabel::parse(APPLICATION_CA)?);
        let key = self.make_key(&label, self.issuing_key).await?;
        let subject = name("Sample Application CA")?;
        let certificate = self.issue(&root.authority, &profile::SUBORDINATE_CA, subject, key).await?;
        self.record(&certificate, &id, &label, AuthorityKind::Issuing, ("アプリケーション認証局", "Application CA"))
            .await?;
        self.established(id, certificate, label)
    }

    /// A responder of its own key: the authority's key signs certificates and CRLs only (RFC 6960 §4.2.2.2).
    async fn found_responder(&self, of: &Established) -> Result<Certificate, FoundingError> {
        let id = of.authority.id();
        let label = KeyLabel::parse(&format!("{id}-ocsp"))?;
        let key = self.make_key(&label, RESPONDER_KEY).await?;
        let common_name = of.certificate.subject().values(Attribute::CommonName).next().unwrap_or(id.as_str());
        let subject = name(&format!("{common_name} OCSP Responder"))?;
        let certificate = self.issue(&of.authority, &profile::OCSP_RESPONDER, subject, key).await?;
        let mut txn = self.store.write(self.clock.now(), ACTOR).await?;
        txn.audit(AuditEvent::new(Verb::KeyCreated, format!("key:{label}"))).await?;
        txn.set_ocsp_responder(id, certificate.der(), &label).await?;
        txn.commit(Step::Setup).await?;
        Ok(certificate)
    }

    async fn first_crl(&self, of: &Established, policy: &crl::CrlPolicy) -> Result<Vec<u8>, FoundingError> {
        let keys = Arc::clone(&self.keys);
        let signer: Arc<dyn Signer> = keys;
        match crl::refresh(&self.store, &signer, of.authority.id(), self.clock.now(), policy).await? {
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
        authority: &Authority,
        profile: &Profile,
        subject: DistinguishedName,
        key: SubjectKey,
    ) -> Result<Certificate, FoundingError> {
        let now = self.clock.now();
        let linted = issue::prepare(authority, Order::ceremony(profile, subject, key), self.entropy.as_ref(), now)?;
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
            (None, Some(failure)) => Err(FoundingError::NotIssued { certificate: profile.name, cause: failure.cause }),
            (None, None) => Err(FoundingError::Thread),
        }
    }

    async fn record(
        &self,
        certificate: &Certificate,
        id: &AuthorityId,
        label: &KeyLabel,
        kind: AuthorityKind,
        (name_ja, name_en): (&str, &str),
    ) -> Result<(), FoundingError> {
        let now = self.clock.now();
        let mut txn = self.store.write(now, ACTOR).await?;
        txn.audit(AuditEvent::new(Verb::KeyCreated, format!("key:{label}"))).await?;
        txn.insert_authority(&AuthorityRow {
            authority_id: id.clone(),
            name_ja: name_ja.to_owned(),
            name_en: name_en.to_owned(),
            kind,
            issuer_id: match kind {
                AuthorityKind::Root => None,
                AuthorityKind::Issuing => Some(AuthorityId::parse(ROOT)?),
            },
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

    fn established(
        &self,
        id: AuthorityId,
        certificate: Certificate,
        label: KeyLabel,
    ) -> Result<Established, FoundingError> {
        let addresses = addresses(&self.repository_url, &id);
        let authority = Authority::of_certificate(id, &certificate, label, addresses)?;
        Ok(Established { authority, certificate })
    }
}

fn name(common_name: &str) -> Result<DistinguishedName, NameError> {
    DistinguishedName::new(&[
        (Attribute::Country, StringKind::Printable, "JP"),
        (Attribute::Organisation, StringKind::Printable, "LGPKI Sample"),
        (Attribute::CommonName, StringKind::Printable, common_name),
    ])
}
