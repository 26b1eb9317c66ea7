//! Certificates of authorities and their responders, of other organisations' keys, and of one generation by another.

use super::{ACTOR, Acting, missing};
use crate::ceremony::journal::Output;
use crate::foundry::{Design, Established, Foundry, FoundryError};
use crate::trouble::{Exit, Trouble};
use ca_core::ceremony::{CrossedKey, Sent};
use ca_core::certificate::Certificate;
use ca_core::digest::{hex, sha256};
use ca_core::id::{AuthorityId, KeyLabel, ProfileId};
use ca_core::issue::{Authority, Generation, Ledger, Order, Unsettled};
use ca_core::key::SubjectKey;
use ca_core::profile::{Family, Fields, Pack, Profile};
use ca_core::request::{Csr, CsrError, request_info};
use ca_core::serial::SerialNumber;
use ca_core::signer::{Signer, Tbs};
use pem::Pem;
use std::sync::Arc;
use store::Step;

/// Serials of one step that may be burnt before somebody should look at the key store.
const MOST_ATTEMPTS: u32 = 100;

impl Acting<'_> {
    pub(super) async fn certificate(
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

    /// The certificate of an authority whose key stays where it was made: it does its work there, so no row is written here.
    pub(super) async fn certificate_for(
        &self,
        line: &AuthorityId,
        key: SubjectKey,
    ) -> Result<Vec<Output>, FoundryError> {
        let (pack, rule) = self.of.policy.packs.authority(line).ok_or_else(|| missing("authority", line))?;
        let issuer = rule.issuer.as_ref().ok_or_else(|| missing("authority that certifies", line))?;
        let issuer = self.established(issuer).await?;
        let generation = Generation { line: line.clone(), number: 1, issues_from: self.dated };
        let design = Design { pack, rule, generation, key: key.algorithm() };
        let certificate = self.issued(pack, &issuer.authority, || design.order(key.clone())).await?;
        self.of_certificate(&format!("certificate of {line}, for a key that was sent"), &certificate)
    }

    /// A request with an authority's key, for another organisation.
    pub(super) async fn request(&self, authority: &AuthorityId) -> Result<Vec<Output>, FoundryError> {
        let of = self.established(authority).await?;
        let file = format!("{}.csr.pem", self.step.id);
        // Made by an attempt before the crash.
        let there = std::fs::read(self.of.folder.join(&file)).ok().and_then(|octets| Csr::parse(&octets).ok());
        let there = there.and_then(|csr| csr.prove().ok()).filter(|csr| csr.key() == of.certificate.key());
        let der = match there.filter(|_| self.again) {
            Some(csr) => csr.into_parts().1,
            None => self.signed_request(&of).await?,
        };
        let text = pem::encode(&Pem::new("CERTIFICATE REQUEST", der)).replace("\r\n", "\n");
        self.write(&file, text.as_bytes())?;
        let what = format!("request with the key of {authority}");
        Ok(vec![Output { what, file: Some(file), sha256: hex(&sha256(text.as_bytes())) }])
    }

    async fn signed_request(&self, of: &Established) -> Result<Vec<u8>, FoundryError> {
        let info = request_info(of.certificate.subject(), of.certificate.key());
        let (label, algorithm) = (of.authority.label().clone(), of.authority.signature_algorithm());
        let (keys, signed) = (self.of.keys.clone(), info.clone());
        let signature =
            tokio::task::spawn_blocking(move || keys.sign(&label, algorithm, &[Tbs::Request(&signed)]).pop());
        let signature = signature.await.map_err(|_| FoundryError::Thread)?.ok_or(FoundryError::Thread)??;
        Ok(algorithm.signed(&info, &signature))
    }

    pub(super) async fn responder(&self, line: &AuthorityId, key: &KeyLabel) -> Result<Vec<Output>, FoundryError> {
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

    pub(super) async fn cross(
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

    pub(super) async fn link(
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
        let links = self.of.store.read().await?.links(of).await?;
        if !links.iter().any(|link| link.der == certificate.der()) {
            let mut txn = self.of.store.write(self.dated, ACTOR).await?;
            txn.insert_link(authority, certificate.serial(), of).await?;
            txn.commit(Step::Setup).await?;
        }
        self.of_certificate(&format!("link certificate {} by {authority} for {of}", profile.id), &certificate)
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

    /// Whose key a cross-certificate is for. Errors: exit 7.
    pub(super) async fn crossed_key(&self, key: &CrossedKey) -> Result<SubjectKey, Trouble> {
        let sent = match key {
            CrossedKey::Authority(id) => {
                let found = self.established(id).await;
                return found.map(|found| found.certificate.key().clone()).map_err(|error| {
                    Trouble::new(Exit::Refused, format!("there is no certificate of {id} yet")).because(error)
                });
            }
            CrossedKey::Sent(sent) => sent,
        };
        let (name, octets) = self.sent(sent)?;
        match Csr::parse(&octets) {
            Err(CsrError::CertificatePasted) => certified(&octets).map_err(|why| uncertified(&name, why)),
            _ => self.proven_key(sent),
        }
    }

    /// The key of a request, whose sender has proved to have it. Errors: exit 7.
    pub(super) fn proven_key(&self, sent: &Sent) -> Result<SubjectKey, Trouble> {
        let (name, octets) = self.sent(sent)?;
        let proven = Csr::parse(&octets).and_then(Csr::prove).map_err(|error| uncertified(&name, error.to_string()))?;
        Ok(proven.key().clone())
    }

    fn profile(&self, id: &ProfileId, families: &[Family]) -> Result<(&Pack, &Arc<Profile>), FoundryError> {
        let found = self.of.policy.packs.profile(id).filter(|(_, profile)| families.contains(&profile.family));
        found.ok_or_else(|| missing("profile of that kind", id))
    }
}

/// The key of a certificate, in PEM or DER. Errors: a sentence.
fn certified(octets: &[u8]) -> Result<SubjectKey, String> {
    let block = pem::parse(octets).map(pem::Pem::into_contents);
    let certificate = Certificate::from_der(block.as_deref().unwrap_or(octets)).map_err(|error| error.to_string())?;
    certificate.key().check_strength().map_err(|error| error.to_string())?;
    Ok(certificate.key().clone())
}

fn uncertified(name: &str, why: String) -> Trouble {
    Trouble::new(Exit::Refused, format!("{name} is not certified")).because(why)
}
