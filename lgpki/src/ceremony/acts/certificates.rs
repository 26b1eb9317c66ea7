//! Certificates of authorities and their responders, of other organisations' keys, and of one generation by another.

use super::{Acting, missing};
use crate::ceremony::journal::Output;
use crate::commands::input::{bounded, certificates};
use crate::foundry::{Design, Foundry, FoundryError};
use crate::trouble::{Exit, Trouble};
use ca_core::ceremony::CrossedKey;
use ca_core::certificate::Certificate;
use ca_core::digest::sha256;
use ca_core::id::{AuthorityId, KeyLabel, ProfileId};
use ca_core::issue::{Authority, Generation, Ledger, Order, Unsettled};
use ca_core::kana::KanaWords;
use ca_core::key::SubjectKey;
use ca_core::profile::{Family, Fields, Pack, Profile};
use ca_core::request::Csr;
use ca_core::serial::SerialNumber;
use std::sync::Arc;

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

    pub(super) async fn crossed_key(&self, key: &CrossedKey) -> Result<SubjectKey, Trouble> {
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
}
