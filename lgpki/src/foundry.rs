//! The foundry: where authorities are made, one certificate at a time, with their OCSP responders and first CRLs. Setting an
//! installation up, rolling a key over and ceremonies all work with it. Every certificate goes the way of all certificates
//! (`ca_core::issue`), with the store as its ledger, so each has its intent, its event and its second look.

use crate::config::Policy;
use crate::installation::Repository;
use ca_core::audit::{Actor, AuditEvent, Verb};
use ca_core::certificate::{Certificate, CertificateError};
use ca_core::entropy::Entropy;
use ca_core::id::{IdError, KeyLabel, ProfileId};
use ca_core::issue::{
    self, Authority, AuthorityError, FailureCause, Generation, Ledger, LedgerError, Linted, Order, Refusal, Unsettled,
};
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::name::{Attribute, DistinguishedName, NameError, StringKind};
use ca_core::profile::pack::ResponderRule;
use ca_core::profile::{AuthorityRule, Pack, Profile};
use ca_core::signer::{KeyKeeper, Signer, SignerError};
use ca_core::time::{Clock, Timestamp};
use crl::{RefreshError, Refreshed};
use std::sync::Arc;
use store::authorities::{AuthorityKind, AuthorityRow};
use store::{Step, Store, StoreError};

const ACTOR: Actor = Actor::System("set-up");
/// OCSP answers are many and short-lived: the fastest key there is, where the profile of responders certifies it.
const RESPONDER_KEY: KeyAlgorithm = KeyAlgorithm::P256;

/// What authorities are made with.
#[derive(Clone)]
pub struct Foundry {
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
    /// What is issued, and how long the first CRLs are valid.
    pub policy: Policy,
}

/// An authority that can issue.
#[derive(Clone, Debug)]
pub struct Established {
    /// As the engine sees it.
    pub authority: Authority,
    /// Its certificate.
    pub certificate: Certificate,
    /// Its place.
    pub kind: AuthorityKind,
}

impl Established {
    /// That of a row. Errors: its certificate cannot be read, or is no CA's.
    pub fn of(row: &AuthorityRow, repository: &Repository) -> Result<Self, FoundryError> {
        let (id, certificate) = (row.authority_id.clone(), Certificate::from_der(&row.certificate)?);
        let addresses = repository.addresses(&id);
        let authority = Authority::of_certificate(id, &certificate, row.key_label.clone(), addresses)?;
        let authority = match row.signature {
            Some(algorithm) => authority.signing_with(algorithm)?,
            None => authority,
        };
        Ok(Self { authority: authority.of_line(row.generation.line.clone()), certificate, kind: row.kind })
    }
}

/// An authority that is to be made.
#[derive(Clone, Debug)]
pub struct Design<'a> {
    /// The pack that describes it.
    pub pack: &'a Pack,
    /// What the pack says about it.
    pub rule: &'a AuthorityRule,
    /// Which generation it will be; its id and the label of its key are the generation's.
    pub generation: Generation,
    /// Its kind of key.
    pub key: KeyAlgorithm,
}

impl Design<'_> {
    /// The order of its certificate. Errors: the pack lacks its profile.
    pub fn order(&self, key: SubjectKey) -> Result<Order, FoundryError> {
        let Self { pack, rule, .. } = self;
        let order = Order::ceremony(profile(pack, &rule.profile)?, rule.subject.clone(), key);
        Ok(order.called(rule.alternative.clone()))
    }

    /// It before it has a certificate: what a root issues first is its own. Errors: its key does not sign so.
    pub fn founder(&self, key: &SubjectKey, label: &KeyLabel) -> Result<Authority, FoundryError> {
        let (id, subject) = (self.generation.id()?, self.rule.subject.clone());
        let founding = Authority::founding(id, subject, key.clone(), label.clone()).of_line(self.rule.id.clone());
        Ok(founding.signing_with(self.rule.signature_algorithm(key.algorithm()))?)
    }
}

/// Why an authority, or something of it, was not made. What is recorded so far stays recorded.
#[derive(Debug, thiserror::Error)]
pub enum FoundryError {
    /// The packs of the configuration lack what is needed.
    #[error("the policy packs have no {0}")]
    NotInPacks(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of a ceremony.
    #[error("a file cannot be written: {0}")]
    File(std::io::Error),
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
    /// What failed could not be settled; the service does it when it starts next.
    #[error("what failed could not be settled: {0}")]
    Unsettled(#[from] LedgerError),
    /// A thread ended without an answer.
    #[error("a thread ended without an answer")]
    Thread,
    /// A CRL could not be made.
    #[error(transparent)]
    Crl(#[from] RefreshError),
    /// Another process made CRLs at the same time.
    #[error("another process is working on this database")]
    Disturbed,
    /// A name or label made here is wrong: a fault of the program.
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

impl Foundry {
    /// Makes an authority: its key, its certificate (by `issuer`, or its own) and its row, all durable on return. What an
    /// earlier attempt has left of them is used. Errors: [`FoundryError`].
    pub async fn authority(
        &self,
        design: &Design<'_>,
        issuer: Option<&Established>,
    ) -> Result<Established, FoundryError> {
        let label = KeyLabel::parse(design.generation.id()?.as_str())?;
        let key = self.make_key(&label, design.key).await?;
        let founder = design.founder(&key, &label)?;
        let by = issuer.map_or(&founder, |issuer| &issuer.authority);
        let certificate = self.issue_once(design.pack, by, design.order(key)?).await?;
        self.enrol(design, &certificate, &label, issuer).await
    }

    /// Writes the row of an authority whose certificate is issued. Errors: [`FoundryError`].
    pub async fn enrol(
        &self,
        design: &Design<'_>,
        certificate: &Certificate,
        label: &KeyLabel,
        issuer: Option<&Established>,
    ) -> Result<Established, FoundryError> {
        let (rule, now) = (design.rule, self.clock.now());
        let row = AuthorityRow {
            authority_id: design.generation.id()?,
            generation: design.generation.clone(),
            signature: Some(rule.signature_algorithm(design.key)),
            name_ja: rule.title.ja.clone(),
            name_en: rule.title.en.clone(),
            kind: kind_of(design.pack, rule),
            issuer_id: issuer.map(|issuer| issuer.authority.id().clone()),
            certificate: certificate.der().to_vec(),
            key_label: label.clone(),
            ocsp_certificate: None,
            ocsp_key_label: None,
            created_at: now,
        };
        let mut txn = self.store.write(now, ACTOR).await?;
        txn.audit(AuditEvent::new(Verb::KeyCreated, format!("key:{label}"))).await?;
        txn.insert_authority(&row).await?;
        txn.commit(Step::Setup).await?;
        Established::of(&row, &self.repository)
    }

    /// Makes the OCSP responder of an authority, with a key of its own: the authority's key signs certificates and CRLs only
    /// (RFC 6960 §4.2.2.2). `None` when the pack gives it none. Errors: [`FoundryError`].
    pub async fn responder(&self, pack: &Pack, of: &Established) -> Result<Option<Certificate>, FoundryError> {
        let label = KeyLabel::parse(&format!("{}-ocsp", of.authority.id()))?;
        let Some(rule) = Self::responder_rule(pack, of) else { return Ok(None) };
        let certified = &profile(pack, &rule.profile)?.keys;
        let own = of.certificate.key().algorithm();
        let kind = [RESPONDER_KEY, own].into_iter().find(|kind| certified.contains(kind));
        let kind = kind.or(certified.first().copied()).unwrap_or(RESPONDER_KEY);
        let key = self.make_key(&label, kind).await?;
        let Some(order) = Self::responder_order(pack, of, key)? else { return Ok(None) };
        let certificate = self.issue_once(pack, &of.authority, order).await?;
        self.enrol_responder(of, &certificate, &label).await?;
        Ok(Some(certificate))
    }

    /// The order of a responder's certificate; `None` when the pack gives the authority none. Errors: [`FoundryError`].
    pub fn responder_order(pack: &Pack, of: &Established, key: SubjectKey) -> Result<Option<Order>, FoundryError> {
        let Some(rule) = Self::responder_rule(pack, of) else { return Ok(None) };
        let subject = responder_name(of.certificate.subject())?;
        Ok(Some(Order::ceremony(profile(pack, &rule.profile)?, subject, key)))
    }

    /// Writes down which responder answers for an authority. Errors: [`FoundryError`].
    pub async fn enrol_responder(
        &self,
        of: &Established,
        certificate: &Certificate,
        label: &KeyLabel,
    ) -> Result<(), FoundryError> {
        let mut txn = self.store.write(self.clock.now(), ACTOR).await?;
        txn.audit(AuditEvent::new(Verb::KeyCreated, format!("key:{label}"))).await?;
        txn.set_ocsp_responder(of.authority.id(), certificate.der(), label).await?;
        Ok(txn.commit(Step::Setup).await?)
    }

    fn responder_rule<'a>(pack: &'a Pack, of: &Established) -> Option<&'a ResponderRule> {
        pack.authority(of.authority.line()).and_then(|rule| rule.ocsp.as_ref())
    }

    /// Makes the first CRLs of an authority: each list once. Errors: [`FoundryError`].
    pub async fn first_crls(&self, of: &Established) -> Result<(), FoundryError> {
        let (signer, id) = (self.signer(), of.authority.id());
        for plan in self.policy.lists((of.authority.line(), of.kind), of.authority.addresses()) {
            if let Refreshed::Overtaken { .. } =
                crl::refresh(&self.store, &signer, (id, &plan), self.clock.now()).await?
            {
                return Err(FoundryError::Disturbed);
            }
        }
        Ok(())
    }

    /// Makes a key; durable on return. A key of that label and kind that an earlier attempt has made, and that no authority
    /// or responder has, is used. Errors: [`FoundryError::Signer`].
    pub async fn make_key(&self, label: &KeyLabel, kind: KeyAlgorithm) -> Result<SubjectKey, FoundryError> {
        make_key(&self.store, Arc::clone(&self.keys), (label, kind)).await
    }

    /// As [`Self::issue`], unless the ledger has such a certificate for that key already: then that one, which an earlier
    /// attempt did not live to use. Errors: [`FoundryError`].
    pub async fn issue_once(&self, pack: &Pack, by: &Authority, order: Order) -> Result<Certificate, FoundryError> {
        let mut txn = self.store.read().await?;
        let found = txn.certificate_for_key(by.id(), order.profile(), order.key()).await?.and_then(|row| row.der);
        drop(txn);
        match found {
            Some(der) => Ok(Certificate::from_der(&der)?),
            None => self.issue(pack, by, order).await,
        }
    }

    /// Issues one certificate by the way of all certificates. Errors: [`FoundryError`].
    pub async fn issue(&self, pack: &Pack, by: &Authority, order: Order) -> Result<Certificate, FoundryError> {
        let (profile, now) = (order.profile().clone(), self.clock.now());
        let linted = issue::prepare(pack, by, order, self.entropy.as_ref(), now)?;
        issue_one(&self.store, self.signer(), by, linted, now).await.map_err(|error| match error {
            NotIssued::Failed(cause) => FoundryError::NotIssued { certificate: profile, cause },
            NotIssued::Unsettled(error) => FoundryError::Unsettled(error),
            NotIssued::Thread => FoundryError::Thread,
            NotIssued::Certificate(error) => FoundryError::Certificate(error),
        })
    }

    fn signer(&self) -> Arc<dyn Signer> {
        self.keys.clone()
    }
}

/// Why [`issue_one`] gave no certificate. What may have been signed is settled, except with `Unsettled`.
#[derive(Debug, thiserror::Error)]
pub enum NotIssued {
    /// The pipeline stopped.
    #[error("not issued: {0}")]
    Failed(FailureCause),
    /// What failed could not be settled.
    #[error("what failed could not be settled: {0}")]
    Unsettled(#[from] LedgerError),
    /// The signing thread ended without an answer.
    #[error("the signing thread ended without an answer")]
    Thread,
    /// What was issued cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Issues one prepared certificate outside the engine's lanes and settles what fails. Errors: [`NotIssued`].
pub async fn issue_one(
    store: &Store,
    signer: Arc<dyn Signer>,
    by: &Authority,
    linted: Linted,
    now: Timestamp,
) -> Result<Certificate, NotIssued> {
    let (authority, ledger, runtime) = (by.clone(), store.clone(), tokio::runtime::Handle::current());
    // Signing blocks, so the whole of it happens where blocking is allowed.
    let issued = tokio::task::spawn_blocking(move || {
        runtime.block_on(issue::issue(&authority, signer.as_ref(), &ledger, vec![linted], now))
    });
    let (issued, failures) = issued.await.map_err(|_| NotIssued::Thread)?;
    if let Some(failure) = failures.into_iter().next() {
        if !failure.unsettled.is_empty() {
            store.settle(by.id(), Unsettled::These(failure.unsettled), now).await?;
        }
        return Err(NotIssued::Failed(failure.cause));
    }
    Ok(Certificate::from_der(issued.first().ok_or(NotIssued::Thread)?.der())?)
}

/// Whether an authority of the pack issues to holders.
pub fn kind_of(pack: &Pack, rule: &AuthorityRule) -> AuthorityKind {
    let issues = |profile: &Profile| profile.family.is_requested() && profile.issuers.contains(&rule.id);
    match pack.profiles().iter().any(|profile| issues(profile)) {
        true => AuthorityKind::Issuing,
        false => AuthorityKind::Root,
    }
}

fn profile<'a>(pack: &'a Pack, id: &ProfileId) -> Result<&'a Arc<Profile>, FoundryError> {
    pack.profile(id).ok_or_else(|| FoundryError::NotInPacks(format!("profile {id}")))
}

/// As [`Foundry::make_key`], without the rest of a foundry. Errors: [`FoundryError::Signer`].
pub(crate) async fn make_key(
    store: &Store,
    keys: Arc<dyn KeyKeeper>,
    (label, kind): (&KeyLabel, KeyAlgorithm),
) -> Result<SubjectKey, FoundryError> {
    let taken = store.read().await?.authorities().await?;
    let taken = taken.iter().any(|row| row.key_label == *label || row.ocsp_key_label.as_ref() == Some(label));
    let label = label.clone();
    let made = tokio::task::spawn_blocking(move || match keys.create(&label, kind) {
        Err(SignerError::KeyExists(label)) if !taken => {
            let found = keys.public_key(&label)?;
            if found.algorithm() == kind { Ok(found) } else { Err(SignerError::KeyExists(label)) }
        }
        made => made,
    });
    Ok(made.await.map_err(|_| FoundryError::Thread)??)
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
