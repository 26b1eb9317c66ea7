//! A line of samples: the authorities of one pack with keys of one kind, and everything issued under them. Each line has a
//! database and a key folder of its own, in a scratch folder that is gone at the end.

use super::Sample;
use super::lineage::Lineage;
use super::manifest::{Entry, Manifest};
use super::order::{self, OrderError};
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::installation::Repository;
use crate::issuance::{Issuance, Means};
use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::issue::{Authority, Generation, Order, PublicAddresses};
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::profile::{AuthorityRule, Family, Pack, Packs, Profile};
use ca_core::revocation::{ListId, Revocation, RevocationReason};
use ca_core::signer::{KeyKeeper, Signer};
use ca_core::time::Clock;
use crl::{CrlPolicy, ListPlan, Refreshed};
use hsm_adapters::holder::{HolderKey, file::create_plain};
use hsm_adapters::{Passphrase, SoftKeys};
use ocsp::{OcspPolicy, Responder};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use store::authorities::{AuthorityKind, AuthorityRow};
use store::{OpenOptions, Step, Store};

const ACTOR: Actor = Actor::System("samples");

/// Why samples are not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum SampleError {
    /// The name, the key or the pack does not allow it.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// Anything else on the way.
    #[error("{0}")]
    Failed(String),
}

impl SampleError {
    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// An authority of the line.
struct Member {
    rule: AuthorityRule,
    engine: Issuance,
    /// Its own certificate's file, and those above it up to the anchor.
    file: String,
    chain: Vec<Certificate>,
    anchor: String,
    /// The file of its responder's certificate.
    responder: Option<String>,
    certificate: Certificate,
    /// `root-ec`: the name of its CRL.
    name: String,
}

/// A certificate that was issued, and the files it needs.
struct Issued {
    stem: String,
    certificate: Certificate,
    authority: AuthorityId,
    wants_answer: bool,
}

/// The line.
pub(super) struct Line<'a> {
    pack: &'a Pack,
    lineage: Lineage,
    scratch: PathBuf,
    store: Store,
    keys: SoftKeys,
    members: Vec<Member>,
    issued: Mutex<Vec<Issued>>,
    /// RSA keys are slow to make: holders of the line share one of each size.
    shared: Mutex<HashMap<KeyAlgorithm, Arc<HolderKey>>>,
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for temporary files.
        drop(std::fs::remove_dir_all(&self.scratch));
    }
}

impl<'a> Line<'a> {
    /// Founds the authorities of `pack` with the first of their keys that is of the lineage, each with its responder.
    pub(super) async fn founded(pack: &'a Pack, lineage: Lineage, what: &Sample) -> Result<Self, SampleError> {
        let name = ca_core::id::JobId::new(SystemClock.now(), &SystemEntropy).map_err(SampleError::of)?;
        let scratch = std::env::temp_dir().join(format!("lgpki-samples-{name}"));
        std::fs::create_dir(&scratch).map_err(SampleError::of)?;
        let url = format!("sqlite:{}", scratch.join("lgpki.db").display());
        let store = Store::open(&url, &OpenOptions::new(Arc::new(SystemEntropy))).await.map_err(SampleError::of)?;
        store.migrate().await.map_err(SampleError::of)?;
        let passphrase = Passphrase::drawn(&SystemEntropy).map_err(SampleError::of)?;
        // The folder lives for seconds, and its passphrase is drawn: more rounds would slow down nobody.
        let keys = SoftKeys::open_with_iterations(&scratch.join("keys"), passphrase, 1_000).map_err(SampleError::of)?;
        let (members, issued, shared) = (Vec::new(), Mutex::default(), Mutex::default());
        let mut line = Self { pack, lineage, scratch, store, keys, members, issued, shared };
        for rule in &pack.authorities {
            line.found(rule, what).await?;
        }
        Ok(line)
    }

    async fn found(&mut self, rule: &AuthorityRule, what: &Sample) -> Result<(), SampleError> {
        let missing = |what: &str| SampleError::Failed(format!("{}: no {what}", rule.id));
        let key =
            rule.keys.iter().copied().find(|key| self.lineage.has(*key)).ok_or_else(|| missing("key of this kind"))?;
        let label = KeyLabel::parse(rule.id.as_str()).map_err(SampleError::of)?;
        let public = self.create(&label, key).await?;
        let profile = self.pack.profile(&rule.profile).ok_or_else(|| missing("profile"))?;
        let order = Order::ceremony(profile, rule.subject.clone(), public.clone()).called(rule.alternative.clone());
        let above = rule.issuer.as_ref().map(|id| self.member(id)).transpose()?;
        let certificate = match above {
            Some(above) => submit(&above.engine, order).await?,
            None => {
                let founding = Authority::founding(rule.id.clone(), rule.subject.clone(), public, label.clone());
                let founding = founding.signing_with(rule.signature_algorithm(key)).map_err(SampleError::of)?;
                submit(&self.engine(founding)?, order).await?
            }
        };
        let (name, stem) = (format!("{}-{}", rule.id, self.lineage), format!("{}-{key}", rule.profile));
        let authority = Authority::of_certificate(rule.id.clone(), &certificate, label.clone(), addresses(what, &name));
        let authority = authority.and_then(|authority| authority.signing_with(rule.signature_algorithm(key)));
        let authority = authority.map_err(SampleError::of)?;
        let file = format!("{stem}.pem");
        let mut chain = vec![certificate.clone()];
        chain.extend(above.iter().flat_map(|above| above.chain.iter().cloned()));
        let anchor = above.map_or_else(|| file.clone(), |above| above.anchor.clone());
        let engine = self.engine(authority)?;
        self.record(rule, &certificate, label).await?;
        let issuer = rule.issuer.clone();
        self.members.push(Member {
            rule: rule.clone(),
            engine,
            file,
            chain,
            anchor,
            responder: None,
            certificate,
            name,
        });
        self.found_responder(&rule.id, key).await?;
        if let Some(issuer) = issuer {
            let certificate = self.member(&rule.id)?.certificate.clone();
            self.remember(Issued { stem, certificate, authority: issuer, wants_answer: profile.revocation.ocsp });
        }
        Ok(())
    }

    /// The responder's key is of the authority's kind where its profile certifies that, else the first of the lineage.
    async fn found_responder(&mut self, id: &AuthorityId, of_authority: KeyAlgorithm) -> Result<(), SampleError> {
        let member = self.member(id)?;
        let Some(rule) = &member.rule.ocsp else { return Ok(()) };
        let profile =
            self.pack.profile(&rule.profile).ok_or_else(|| SampleError::Failed(format!("no {}", rule.profile)))?;
        let first = profile.keys.iter().copied().find(|key| self.lineage.has(*key));
        let key = Some(of_authority).filter(|key| profile.certifies(*key)).or(first);
        let key = key.ok_or_else(|| SampleError::Failed(format!("{}: no key of this kind", profile.id)))?;
        let label = KeyLabel::parse(&format!("{id}-ocsp")).map_err(SampleError::of)?;
        let public = self.create(&label, key).await?;
        let order = order::sample(profile, (&member.rule, member.engine.authority()), public, SystemClock.now())?;
        let certificate = submit(&member.engine, order).await?;
        let mut txn = self.store.write(SystemClock.now(), ACTOR).await.map_err(SampleError::of)?;
        txn.set_ocsp_responder(id, certificate.der(), &label).await.map_err(SampleError::of)?;
        txn.commit(Step::Setup).await.map_err(SampleError::of)?;
        // Two authorities may have responders of one profile and kind: the file says whose it is.
        let stem = format!("{}-{key}", profile.id);
        let taken = |stem: &str| self.remembered(|issued| issued.iter().any(|one| one.stem == stem));
        let stem = if taken(&stem) { format!("{}-{id}-{key}", profile.id) } else { stem };
        let file = format!("{stem}.pem");
        self.remember(Issued { stem, certificate, authority: id.clone(), wants_answer: false });
        for member in self.members.iter_mut().filter(|member| member.rule.id == *id) {
            member.responder = Some(file.clone());
        }
        Ok(())
    }

    /// One certificate of `profile` for each of its kinds of keys that is of this line, and a revoked one if that is wanted.
    pub(super) async fn issue_samples(
        &self,
        profile: &Arc<Profile>,
        manifest: &mut Manifest,
        what: &Sample,
    ) -> Result<(), SampleError> {
        let issuer =
            profile.issuers.first().ok_or_else(|| SampleError::Failed(format!("nobody issues {}", profile.id)))?;
        let member = self.member(issuer)?;
        for key in profile.keys.iter().copied().filter(|key| self.lineage.has(*key)) {
            let stem = format!("{}-{key}", profile.id);
            let known = self.remembered(|issued| issued.iter().any(|one| one.stem == stem));
            let own = self.members.iter().any(|member| member.file == format!("{stem}.pem"));
            if known || own || manifest.has(&format!("{stem}.pem")) {
                continue;
            }
            let (certificate, holder) = self.issue_one(profile, member, key).await?;
            if what.keys && profile.family.is_requested() {
                self.write_key(what, &stem, &holder)?;
            }
            if profile.family == Family::Root {
                self.write_certificate(what, manifest, profile, (&stem, &certificate), None)?;
                continue;
            }
            let (authority, wants_answer) = (issuer.clone(), profile.revocation.ocsp);
            self.remember(Issued { stem, certificate, authority, wants_answer });
        }
        if what.revoked && profile.family.is_requested() {
            self.issue_revoked(profile, member, what).await?;
        }
        Ok(())
    }

    async fn issue_one(
        &self,
        profile: &Arc<Profile>,
        member: &Member,
        key: KeyAlgorithm,
    ) -> Result<(Certificate, Arc<HolderKey>), SampleError> {
        let holder = self.holder(key, profile.is_authority()).await?;
        let public = holder.public().clone();
        let order =
            order::sample(profile, (&member.rule, member.engine.authority()), public.clone(), SystemClock.now())?;
        if profile.family != Family::Root {
            return Ok((submit(&member.engine, order).await?, holder));
        }
        // Self-signed with a key of its own: signed by the folder's keys, as every authority is.
        let rule = &member.rule;
        let label = KeyLabel::parse(&format!("{}-{key}", rule.id)).map_err(SampleError::of)?;
        let public = self.create(&label, key).await?;
        let founding = Authority::founding(rule.id.clone(), rule.subject.clone(), public.clone(), label);
        let founding = founding.signing_with(rule.signature_algorithm(key)).map_err(SampleError::of)?;
        let order = Order::ceremony(profile, rule.subject.clone(), public).called(rule.alternative.clone());
        Ok((submit(&self.engine(founding)?, order).await?, holder))
    }

    async fn issue_revoked(&self, profile: &Arc<Profile>, member: &Member, what: &Sample) -> Result<(), SampleError> {
        let Some(key) = profile.keys.iter().copied().find(|key| self.lineage.has(*key)) else { return Ok(()) };
        let (certificate, holder) = self.issue_one(profile, member, key).await?;
        let (id, now) = (&member.rule.id, SystemClock.now());
        let revocation =
            Revocation { reason: RevocationReason::Superseded, revoked_at: now.whole_seconds(), invalidity_at: None };
        let mut txn = self.store.write(now, ACTOR).await.map_err(SampleError::of)?;
        txn.revoke(id, certificate.serial(), &revocation).await.map_err(SampleError::of)?;
        txn.commit(Step::Revoked).await.map_err(SampleError::of)?;
        let stem = format!("{}-{key}-revoked", profile.id);
        if what.keys {
            self.write_key(what, &stem, &holder)?;
        }
        self.remember(Issued { stem, certificate, authority: id.clone(), wants_answer: profile.revocation.ocsp });
        Ok(())
    }

    /// Writes what was issued, then the CRL of each authority and the OCSP answers.
    pub(super) async fn finish(&self, manifest: &mut Manifest, what: &Sample) -> Result<(), SampleError> {
        for member in &self.members {
            if member.chain.len() == 1 {
                let stem = member.file.trim_end_matches(".pem");
                let profile = self.pack.profile(&member.rule.profile).ok_or_else(|| SampleError::of("no profile"))?;
                self.write_certificate(what, manifest, profile, (stem, &member.certificate), None)?;
            }
        }
        let issued = self.remembered(std::mem::take);
        for one in &issued {
            let stem = one.stem.trim_end_matches("-revoked");
            let profile = self.pack.profiles().iter().filter(|profile| stem.starts_with(profile.id.as_str()));
            let profile =
                profile.max_by_key(|profile| profile.id.as_str().len()).ok_or_else(|| SampleError::of("no profile"))?;
            let member = self.member(&one.authority)?;
            self.write_certificate(what, manifest, profile, (&one.stem, &one.certificate), Some(member))?;
        }
        let policy = OcspPolicy::DEFAULT;
        let signer: Arc<dyn Signer> = Arc::new(self.keys.clone());
        let responder = Responder::new(self.store.clone(), Arc::clone(&signer), Arc::new(SystemClock), policy);
        for member in &self.members {
            let id = &member.rule.id;
            let plan = ListPlan::full(CrlPolicy::ISSUING);
            let refreshed = crl::refresh(&self.store, &signer, (id, &plan), SystemClock.now()).await;
            let Refreshed::Stored(_) = refreshed.map_err(SampleError::of)? else {
                return Err(SampleError::of("another process made a CRL"));
            };
            let mut txn = self.store.read().await.map_err(SampleError::of)?;
            let der = txn.latest_crl_octets(id, ListId::FULL).await.map_err(SampleError::of)?;
            drop(txn);
            let der = der.ok_or_else(|| SampleError::of("the CRL is not there"))?;
            let file = format!("crls/{}.crl", member.name);
            write(&what.out.join(&file), &der)?;
            manifest.add_crl(file, member.file.clone());
            let answered: Vec<&Issued> = issued.iter().filter(|one| one.wants_answer && one.authority == *id).collect();
            let Some(by) = &member.responder else { continue };
            let serials: Vec<_> = answered.iter().map(|one| one.certificate.serial().clone()).collect();
            responder.presign(id, &serials).await.map_err(SampleError::of)?;
            let mut txn = self.store.read().await.map_err(SampleError::of)?;
            for one in answered {
                let row = txn.presigned(id, one.certificate.serial()).await.map_err(SampleError::of)?;
                let row = row.ok_or_else(|| SampleError::of(format!("no OCSP answer for {}", one.stem)))?;
                let file = format!("ocsp/{}.der", one.stem);
                write(&what.out.join(&file), &row.der)?;
                manifest.add_ocsp(&format!("{}.pem", one.stem), file, member.file.clone(), by.clone());
            }
        }
        Ok(())
    }

    /// Writes a certificate, its chain if it has an issuer, and its entry.
    fn write_certificate(
        &self,
        what: &Sample,
        manifest: &mut Manifest,
        profile: &Profile,
        (stem, certificate): (&str, &Certificate),
        issuer: Option<&Member>,
    ) -> Result<(), SampleError> {
        let mut entry = Entry::of(self.pack, profile, certificate, stem);
        entry.revoked = stem.ends_with("-revoked");
        write(&what.out.join(&entry.file), certificate.to_pem().as_bytes())?;
        if let Some(issuer) = issuer {
            let file = format!("chains/{stem}.pem");
            let chain: String = issuer.chain.iter().map(Certificate::to_pem).collect();
            write(&what.out.join(&file), chain.as_bytes())?;
            (entry.chain, entry.anchor) = (Some(file), issuer.anchor.clone());
            entry.crl = Some(format!("crls/{}.crl", issuer.name));
        }
        manifest.add(entry);
        Ok(())
    }

    fn write_key(&self, what: &Sample, stem: &str, key: &HolderKey) -> Result<(), SampleError> {
        create_plain(&what.out.join(format!("keys/{stem}.key.pem")), key).map_err(SampleError::of)
    }

    fn member(&self, id: &AuthorityId) -> Result<&Member, SampleError> {
        let found = self.members.iter().find(|member| member.rule.id == *id);
        found.ok_or_else(|| SampleError::Failed(format!("the authority {id} is not founded yet")))
    }

    fn engine(&self, authority: Authority) -> Result<Issuance, SampleError> {
        let means = Means {
            packs: Packs::new(vec![self.pack.clone()]).map_err(SampleError::of)?,
            signer: Arc::new(self.keys.clone()),
            store: self.store.clone(),
            entropy: Arc::new(SystemEntropy),
            clock: Arc::new(SystemClock),
        };
        Issuance::start(authority, means, 1).map_err(SampleError::of)
    }

    async fn create(&self, label: &KeyLabel, key: KeyAlgorithm) -> Result<SubjectKey, SampleError> {
        let (keys, label) = (self.keys.clone(), label.clone());
        let made = tokio::task::spawn_blocking(move || keys.create(&label, key)).await;
        made.map_err(SampleError::of)?.map_err(SampleError::of)
    }

    /// A key of a holder, or of a CA that is somebody else's.
    async fn holder(&self, key: KeyAlgorithm, of_authority: bool) -> Result<Arc<HolderKey>, SampleError> {
        let slow = key.is_rsa();
        let known = self.shared.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known.filter(|_| slow) {
            return Ok(known);
        }
        let made = tokio::task::spawn_blocking(move || HolderKey::generate(key)).await;
        let made = Arc::new(made.map_err(SampleError::of)?.map_err(SampleError::of)?);
        if slow && !of_authority {
            self.shared.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&made));
        }
        Ok(made)
    }

    async fn record(
        &self,
        rule: &AuthorityRule,
        certificate: &Certificate,
        label: KeyLabel,
    ) -> Result<(), SampleError> {
        let now = SystemClock.now();
        let row = AuthorityRow {
            authority_id: rule.id.clone(),
            generation: Generation::first(rule.id.clone(), now),
            signature: Some(rule.signature_algorithm(certificate.key().algorithm())),
            name_ja: rule.title.ja.clone(),
            name_en: rule.title.en.clone(),
            kind: AuthorityKind::Issuing,
            issuer_id: rule.issuer.clone(),
            certificate: certificate.der().to_vec(),
            key_label: label,
            ocsp_certificate: None,
            ocsp_key_label: None,
            created_at: now,
        };
        let mut txn = self.store.write(now, ACTOR).await.map_err(SampleError::of)?;
        txn.insert_authority(&row).await.map_err(SampleError::of)?;
        txn.commit(Step::Setup).await.map_err(SampleError::of)
    }

    fn remember(&self, issued: Issued) {
        self.remembered(|all| all.push(issued));
    }

    fn remembered<T>(&self, look: impl FnOnce(&mut Vec<Issued>) -> T) -> T {
        look(&mut self.issued.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn submit(engine: &Issuance, order: Order) -> Result<Certificate, SampleError> {
    let issued = engine.submit(order).await.map_err(SampleError::of)?;
    Certificate::from_der(issued.der()).map_err(SampleError::of)
}

fn addresses(what: &Sample, name: &str) -> PublicAddresses {
    let repository =
        Repository { url: what.repository_url.clone(), lgwan_url: Some(what.lgwan_repository_url.clone()) };
    AuthorityId::parse(name).map(|name| repository.addresses(&name)).unwrap_or_default()
}

/// Writes a file that is not there yet.
pub(super) fn write(path: &Path, octets: &[u8]) -> Result<(), SampleError> {
    std::fs::write(path, octets).map_err(|error| SampleError::Failed(format!("{}: {error}", path.display())))
}
