//! What the steps of a script do. Each act takes what an earlier attempt left and does the rest, so doing it again after a
//! crash signs nothing twice and makes no key twice: a certificate is looked for by the serial its step draws, and where
//! that serial's outcome is unknown it is burnt and revoked, and the next is drawn.

use super::bundle::{Bundle, Content};
use super::engine::Ceremony;
use super::journal::Output;
use super::{Dated, Drawn, seal, write_whole};
use crate::commands::input::{bounded, certificates};
use crate::foundry::{Design, Established, Foundry, FoundryError};
use crate::trouble::{Exit, Trouble, chain};
use ca_core::audit::Actor;
use ca_core::ceremony::{Act, CrossedKey, Step};
use ca_core::certificate::Certificate;
use ca_core::digest::{hex, sha256};
use ca_core::id::{AuthorityId, KeyLabel, ProfileId};
use ca_core::issue::{Authority, Generation, Ledger, Order, Unsettled};
use ca_core::kana::KanaWords;
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::profile::{Family, Fields, Pack, Profile};
use ca_core::request::Csr;
use ca_core::revocation::{Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::signer::{KeyKeeper, Signer, SignerError};
use ca_core::time::Timestamp;
use crl::Refreshed;
use pem::Pem;
use std::sync::Arc;

const ACTOR: Actor = Actor::System("ceremony");
/// Serials of one step that may be burnt before somebody should look at the key store.
const MOST_ATTEMPTS: u32 = 100;

/// Does what `step` says, dated `dated`; `again` when an earlier attempt may have done a part. Returns what was made, durable.
/// Errors: exit 5 when something does not answer, exit 7 when a rule forbids it.
pub(super) async fn act(of: &Ceremony, step: &Step, dated: Timestamp, again: bool) -> Result<Vec<Output>, Trouble> {
    let acting = Acting { of, step, dated, again };
    let made = match &step.act {
        Act::MakeKey { key, kind, store } => return acting.make_key(key, *kind, store).await,
        Act::DestroyKey { key } => return acting.destroy_key(key).await,
        Act::Export { bundle } => return acting.export(bundle).await,
        Act::Cross { authority, profile, of } => {
            let key = acting.crossed_key(of).await?;
            acting.cross(authority, profile, key).await
        }
        Act::Certificate { authority, generation, key } => acting.certificate(authority, *generation, key).await,
        Act::Responder { authority, key } => acting.responder(authority, key).await,
        Act::Link { authority, of, profile } => acting.link(authority, of, profile).await,
        Act::Crl { authority } => acting.crl(authority).await,
        Act::Revoke { authority, serial, reason } => acting.revoke(authority, serial, *reason).await,
    };
    made.map_err(|error| {
        let exit = if matches!(error, FoundryError::Refused(_)) { Exit::Refused } else { Exit::Unavailable };
        Trouble::new(exit, format!("the step {} stopped", step.id))
            .because(chain(&error))
            .advice("mend the cause, then `lgpki ceremony resume` with the same script")
    })
}

struct Acting<'a> {
    of: &'a Ceremony,
    step: &'a Step,
    dated: Timestamp,
    again: bool,
}

impl Acting<'_> {
    async fn make_key(&self, key: &KeyLabel, kind: KeyAlgorithm, store: &str) -> Result<Vec<Output>, Trouble> {
        let failed =
            |error: SignerError| Trouble::new(Exit::Unavailable, format!("the key {key} was not made")).because(error);
        let (keys, label, store) = (self.of.keys.clone(), key.clone(), store.to_owned());
        self.take_ready_key(key)?;
        let ready = self.of.ready_keys.is_some();
        let made = tokio::task::spawn_blocking(move || match keys.public_key(&label) {
            Ok(there) => Ok((there, true)),
            Err(SignerError::NoSuchKey(_)) => keys.create_in(&store, &label, kind).map(|made| (made, false)),
            Err(error) => Err(error),
        });
        let (public, was_there) = made.await.map_err(|error| failed_thread(&error))?.map_err(failed)?;
        if was_there && !self.again && !ready {
            return Err(Trouble::new(Exit::Refused, format!("there is a key {key} already"))
                .because("this step has not begun before, so somebody else made it")
                .advice("begin with an empty folder and token, or give the key another label in the script"));
        }
        if public.algorithm() != kind {
            return Err(Trouble::new(Exit::Refused, format!("the key {key} is {}, not {kind}", public.algorithm())));
        }
        Ok(vec![self.of_key(key, &public)?])
    }

    /// In a rehearsal with keys that are ready, the key's file is taken whole.
    fn take_ready_key(&self, key: &KeyLabel) -> Result<(), Trouble> {
        let Some(folder) = self.of.ready_keys.as_ref().filter(|_| self.of.rehearsal) else { return Ok(()) };
        let name = format!("{key}.key.pem");
        let to = self.of.folder.join("keys").join(&name);
        if to.exists() {
            return Ok(());
        }
        std::fs::hard_link(folder.join(&name), &to).map_err(|error| {
            Trouble::new(Exit::Usage, format!("there is no {name} in {}", folder.display())).because(error)
        })
    }

    async fn destroy_key(&self, key: &KeyLabel) -> Result<Vec<Output>, Trouble> {
        let (keys, label) = (self.of.keys.making_in(crate::keys::FOLDER)?, key.clone());
        let gone = tokio::task::spawn_blocking(move || {
            let public = keys.public_key(&label)?;
            keys.destroy(&label).map(|()| public)
        });
        match gone.await.map_err(|error| failed_thread(&error))? {
            Ok(public) => Ok(vec![Output {
                what: format!("key {key}, destroyed"),
                file: None,
                sha256: hex(&public.fingerprint()),
            }]),
            // Destroyed before the crash.
            Err(SignerError::NoSuchKey(_)) if self.again => Ok(Vec::new()),
            Err(error) => {
                Err(Trouble::new(Exit::Unavailable, format!("the key {key} was not destroyed")).because(error))
            }
        }
    }

    async fn certificate(
        &self,
        line: &AuthorityId,
        generation: u32,
        key: &KeyLabel,
    ) -> Result<Vec<Output>, FoundryError> {
        let (pack, rule) = self.of.policy.packs.authority(line).ok_or_else(|| missing("authority", line))?;
        let issuer = match &rule.issuer {
            Some(issuer) => Some(self.established(issuer).await?),
            None => None,
        };
        let public = self.public_key(key).await?;
        let generation = Generation { line: line.clone(), number: generation, issues_from: self.dated };
        let design = Design { pack, rule, generation, key: public.algorithm() };
        let founder = design.founder(&public, key)?;
        let by = issuer.as_ref().map_or(&founder, |issuer| &issuer.authority);
        let certificate = self.issued(pack, by, || design.order(public.clone())).await?;
        let id = design.generation.id()?;
        if self.of.store.read().await?.authority(&id).await?.is_none() {
            self.foundry(0)?.enrol(&design, &certificate, key, issuer.as_ref()).await?;
        }
        self.of_certificate(&format!("certificate of {id}"), &certificate)
    }

    async fn responder(&self, line: &AuthorityId, key: &KeyLabel) -> Result<Vec<Output>, FoundryError> {
        let (pack, _) = self.of.policy.packs.authority(line).ok_or_else(|| missing("authority", line))?;
        let of = self.established(line).await?;
        let public = self.public_key(key).await?;
        let order = Foundry::responder_order(pack, &of, public)?.ok_or_else(|| missing("responder for", line))?;
        let certificate = self.issued(pack, &of.authority, || Ok(order.clone())).await?;
        let row = self.of.store.read().await?.authority(line).await?;
        if row.is_none_or(|row| row.ocsp_key_label.as_ref() != Some(key)) {
            self.foundry(0)?.enrol_responder(&of, &certificate, key).await?;
        }
        self.of_certificate(&format!("certificate of the OCSP responder of {line}"), &certificate)
    }

    async fn cross(
        &self,
        authority: &AuthorityId,
        profile: &ProfileId,
        key: SubjectKey,
    ) -> Result<Vec<Output>, FoundryError> {
        let (pack, profile) = self.profile(profile, &[Family::Cross])?;
        let by = self.established(authority).await?;
        let template = profile.subject.as_ref().ok_or_else(|| missing("subject in profile", &profile.id))?;
        let subject = template.fill(&Fields::default()).map_err(|_| missing("constant subject in", &profile.id))?;
        let certificate =
            self.issued(pack, &by.authority, || Ok(Order::ceremony(profile, subject.clone(), key.clone()))).await?;
        self.of_certificate(&format!("cross-certificate {} by {authority}", profile.id), &certificate)
    }

    async fn link(
        &self,
        authority: &AuthorityId,
        of: &AuthorityId,
        profile: &ProfileId,
    ) -> Result<Vec<Output>, FoundryError> {
        let (pack, profile) = self.profile(profile, &[Family::OldWithNew, Family::NewWithOld])?;
        let (by, linked) = (self.established(authority).await?, self.established(of).await?);
        let order = || {
            let certificate = &linked.certificate;
            let order = Order::ceremony(profile, certificate.subject().clone(), certificate.key().clone());
            let order = order.called(linked.authority.alternative_name().cloned());
            Ok(match profile.family {
                Family::OldWithNew => order.linking(certificate.validity()),
                _ => order,
            })
        };
        let certificate = self.issued(pack, &by.authority, order).await?;
        self.of_certificate(&format!("link certificate {} by {authority} for {of}", profile.id), &certificate)
    }

    async fn crl(&self, authority: &AuthorityId) -> Result<Vec<Output>, FoundryError> {
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

    async fn revoke(
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

    /// Everything made so far, in one signed file that travels to where it is used.
    async fn export(&self, bundle: &str) -> Result<Vec<Output>, Trouble> {
        let mut contents = Vec::new();
        for (_, output) in self.of.journal.outputs() {
            let Some(file) = &output.file else { continue };
            let text = std::fs::read_to_string(self.of.folder.join(file)).map_err(|error| unwritten(file, &error))?;
            contents.push(Content { file: file.clone(), sha256: hex(&sha256(text.as_bytes())), text });
        }
        let number = u64::try_from(self.of.journal.lines().len()).unwrap_or(u64::MAX);
        let made = Bundle::new(number, &self.of.script.name, self.of.rehearsal, contents);
        let payload = serde_json::to_string_pretty(&made).map_err(|error| unwritten(bundle, &error.into()))?;
        let (keys, octets) = (self.of.keys.clone(), payload.clone().into_bytes());
        let label = self.of.record_key()?;
        let seal = tokio::task::spawn_blocking(move || seal::sealed(&octets, &keys, &label));
        let seal = seal.await.map_err(|error| failed_thread(&error))??;
        let whole = format!("{payload}\n{seal}");
        write_whole(&self.of.folder.join(bundle), whole.as_bytes()).map_err(|error| unwritten(bundle, &error))?;
        let sha256 = hex(&sha256(whole.as_bytes()));
        Ok(vec![Output { what: format!("bundle {number}"), file: None, sha256 }])
    }

    /// The certificate of this step: the one an earlier attempt issued, or a new one.
    async fn issued(
        &self,
        pack: &Pack,
        by: &Authority,
        order: impl Fn() -> Result<Order, FoundryError>,
    ) -> Result<Certificate, FoundryError> {
        // What may have been signed and is not recorded is burnt first, and goes onto the next CRL.
        self.of.store.settle(by.id(), Unsettled::All, self.dated).await?;
        for attempt in 0..MOST_ATTEMPTS {
            let foundry = self.foundry(attempt)?;
            let serial = SerialNumber::drawn(self.drawn(attempt)?.as_ref()).map_err(ca_core::issue::Refusal::from)?;
            let known = self.of.store.read().await?.certificate(by.id(), &serial).await?;
            match known.map(|row| row.der) {
                Some(Some(der)) => return Ok(Certificate::from_der(&der)?),
                Some(None) => {} // burnt
                None => return foundry.issue(pack, by, order()?).await,
            }
        }
        Err(missing("serial number left for", by.id()))
    }

    async fn crossed_key(&self, key: &CrossedKey) -> Result<SubjectKey, Trouble> {
        let (file, words) = match key {
            CrossedKey::Authority(id) => {
                let found = self.established(id).await;
                return found.map(|found| found.certificate.key().clone()).map_err(|error| {
                    Trouble::new(Exit::Refused, format!("there is no certificate of {id} yet")).because(error)
                });
            }
            CrossedKey::File { file, words } => (self.of.beside.join(file), words),
        };
        let refused =
            |why: String| Trouble::new(Exit::Refused, format!("{} is not certified", file.display())).because(why);
        let octets = bounded(&file, 1024 * 1024).map_err(|error| refused(error.to_string()))?;
        KanaWords::of(&sha256(&octets)).compare(words).map_err(|error| refused(error.to_string()))?;
        if let Ok(csr) = Csr::parse(&octets) {
            let proven = csr.prove().map_err(|error| refused(error.to_string()))?;
            return Ok(proven.key().clone());
        }
        let certificate = certificates(&file)?.into_iter().next();
        certificate.map(|one| one.key().clone()).ok_or_else(|| refused("there is no certificate in it".into()))
    }

    fn profile(&self, id: &ProfileId, families: &[Family]) -> Result<(&Pack, &Arc<Profile>), FoundryError> {
        let found = self.of.policy.packs.profile(id).filter(|(_, profile)| families.contains(&profile.family));
        found.ok_or_else(|| missing("profile of that kind", id))
    }

    async fn established(&self, id: &AuthorityId) -> Result<Established, FoundryError> {
        let row = self.of.store.read().await?.authority(id).await?.ok_or_else(|| missing("certificate yet of", id))?;
        Established::of(&row, &self.of.repository)
    }

    async fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, FoundryError> {
        let (keys, label) = (self.of.keys.clone(), label.clone());
        let found = tokio::task::spawn_blocking(move || keys.public_key(&label)).await;
        Ok(found.map_err(|_| FoundryError::Thread)??)
    }

    fn drawn(&self, attempt: u32) -> Result<Arc<Drawn>, FoundryError> {
        let seed = self.of.seed().map_err(|_| missing("seed in", &"the journal"))?;
        Ok(Arc::new(Drawn::new(&seed, &self.step.id, attempt)))
    }

    fn foundry(&self, attempt: u32) -> Result<Foundry, FoundryError> {
        let keys = self.of.keys.making_in(crate::keys::FOLDER).map_err(|_| FoundryError::Thread)?;
        Ok(Foundry {
            store: self.of.store.clone(),
            keys: Arc::new(keys),
            entropy: self.drawn(attempt)?,
            clock: Arc::new(Dated(self.dated)),
            repository: self.of.repository.clone(),
            policy: self.of.policy.clone(),
        })
    }

    fn of_key(&self, key: &KeyLabel, public: &SubjectKey) -> Result<Output, Trouble> {
        let file = format!("{}.pub.pem", self.step.id);
        let text = pem::encode(&Pem::new("PUBLIC KEY", public.spki_der())).replace("\r\n", "\n");
        let written = write_whole(&self.of.folder.join(&file), text.as_bytes());
        written.map_err(|error| unwritten(&file, &error))?;
        let what = format!("key {key} ({})", public.algorithm());
        Ok(Output { what, file: Some(file), sha256: hex(&public.fingerprint()) })
    }

    fn of_certificate(&self, what: &str, certificate: &Certificate) -> Result<Vec<Output>, FoundryError> {
        let file = format!("{}.cer.pem", self.step.id);
        self.write(&file, certificate.to_pem().as_bytes())?;
        let sha256 = hex(&certificate.fingerprint());
        Ok(vec![Output { what: what.to_owned(), file: Some(file), sha256 }])
    }

    fn write(&self, file: &str, octets: &[u8]) -> Result<(), FoundryError> {
        write_whole(&self.of.folder.join(file), octets).map_err(FoundryError::File)
    }
}

fn missing(what: &str, of: &dyn std::fmt::Display) -> FoundryError {
    FoundryError::NotInPacks(format!("{what} {of}"))
}

fn unwritten(file: &str, error: &std::io::Error) -> Trouble {
    Trouble::new(Exit::Unavailable, format!("{file} cannot be read or written")).because(error)
}

fn failed_thread(error: &tokio::task::JoinError) -> Trouble {
    Trouble::new(Exit::Bug, "a thread ended without an answer").because(error)
}
