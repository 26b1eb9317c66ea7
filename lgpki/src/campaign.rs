//! Planning a campaign: one look at every valid certificate, then organisations are dealt to waves. Certificates are read in
//! pages, each in a transaction of its own, so that the service goes on beside it; of an old one its name and organisation are
//! kept, of the others nothing.

use ca_core::campaign::{CertificateName, OldKinds, deal};
use ca_core::certificate::{Certificate, CertificateError};
use ca_core::id::{AuthorityId, OrganisationId};
use ca_core::key::KeyAlgorithm;
use ca_core::profile::Packs;
use ca_core::time::{Timestamp, Validity};
use std::collections::HashMap;
use std::num::NonZeroU32;
use store::organisations::Organisation;
use store::{Store, StoreError};

/// Certificates that are read at a time.
const PAGE: u32 = 1000;

/// What a look at all valid certificates has found.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// How many certificates of organisations are valid.
    pub valid: u64,
    /// The old ones, with their organisations.
    pub old: Vec<(CertificateName, OrganisationId)>,
    /// Old ones that belong to no organisation: made at a ceremony, or before the CA moved here. They are nobody's in a campaign.
    pub of_nobody: u64,
    /// The valid ones by authority and kind of key.
    pub kinds: Vec<KindCount>,
}

/// The valid certificates of one authority and one kind of key.
#[derive(Clone, Debug)]
pub struct KindCount {
    /// The authority.
    pub authority: AuthorityId,
    /// The kind of the holders' keys.
    pub key: KeyAlgorithm,
    /// Whether they are old.
    pub is_old: bool,
    /// How many there are.
    pub certificates: u64,
    /// The last instant of the one that ends first.
    pub first_ends: Timestamp,
    /// How many outlive the date of their kind of key.
    pub outlive: u64,
    /// Until when the packs allow that kind of key, and who says so.
    pub allowed_until: Option<(Timestamp, String)>,
}

/// Why there is no survey.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A certificate in the database cannot be read.
    #[error("the certificate {} of {} cannot be read: {reason}", name.1.to_hex(), name.0)]
    Unreadable {
        /// Which.
        name: Box<CertificateName>,
        /// Why.
        reason: CertificateError,
    },
}

impl Survey {
    /// Looks at every certificate that is valid at `now`. `seen` is told how many were looked at so far, after each page.
    /// Errors: the database, or a certificate that cannot be read.
    pub async fn of(
        store: &Store,
        packs: &Packs,
        old: &OldKinds,
        now: Timestamp,
        seen: &mut dyn FnMut(u64),
    ) -> Result<Self, SurveyError> {
        let mut survey = Self::default();
        let (mut after, mut looked_at) = (None::<CertificateName>, 0_u64);
        loop {
            let page = store.read().await?.live_certificates(after.as_ref(), now, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.name.clone());
            looked_at = looked_at.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
            for live in page {
                // Of what another CA has issued, its entry in a list may be all there is: nobody knows whose it is, or its key.
                if live.der.is_empty() {
                    let is_old = old.authorities().contains(&live.name.0);
                    survey.of_nobody = survey.of_nobody.saturating_add(u64::from(is_old));
                    continue;
                }
                let read = Certificate::from_der(&live.der)
                    .map_err(|reason| SurveyError::Unreadable { name: Box::new(live.name.clone()), reason })?;
                let (key, is_old) = (read.key().algorithm(), old.cover(&live.name.0, read.key().algorithm()));
                match live.organisation {
                    Some(organisation) => {
                        survey.count(packs, (&live.name.0, key, is_old), live.not_after, now);
                        if is_old {
                            survey.old.push((live.name, organisation));
                        }
                    }
                    None if is_old => survey.of_nobody = survey.of_nobody.saturating_add(1),
                    None => {}
                }
            }
            seen(looked_at);
        }
        let ends =
            |kind: &KindCount| kind.allowed_until.as_ref().map_or(Timestamp::from_micros(i64::MAX), |(at, _)| *at);
        survey.kinds.sort_by_key(|kind| (ends(kind).min(kind.first_ends), kind.first_ends, kind.authority.clone()));
        Ok(survey)
    }

    fn count(
        &mut self,
        packs: &Packs,
        (authority, key, is_old): (&AuthorityId, KeyAlgorithm, bool),
        not_after: Timestamp,
        now: Timestamp,
    ) {
        self.valid = self.valid.saturating_add(1);
        let known = self.kinds.iter().position(|kind| kind.authority == *authority && kind.key == key);
        if known.is_none() {
            self.kinds.push(KindCount {
                authority: authority.clone(),
                key,
                is_old,
                certificates: 0,
                first_ends: not_after,
                outlive: 0,
                allowed_until: allowed_until(packs, key, now),
            });
        }
        let at = known.unwrap_or(self.kinds.len().saturating_sub(1));
        let Some(kind) = self.kinds.get_mut(at) else { return };
        kind.certificates = kind.certificates.saturating_add(1);
        kind.first_ends = kind.first_ends.min(not_after);
        if kind.allowed_until.as_ref().is_some_and(|(until, _)| not_after > *until) {
            kind.outlive = kind.outlive.saturating_add(1);
        }
    }

    /// Deals the organisations that have old certificates to waves, the smallest first; each comes with its number of old
    /// certificates. `organisations` are all there are.
    pub fn dealt(&self, organisations: Vec<Organisation>, waves: NonZeroU32) -> Vec<(Organisation, u64, u32)> {
        let mut sizes: HashMap<&OrganisationId, u64> = HashMap::new();
        for (_, organisation) in &self.old {
            let size = sizes.entry(organisation).or_default();
            *size = size.saturating_add(1);
        }
        let size = |one: &Organisation| sizes.get(&one.organisation_id).copied();
        let known = organisations.iter().filter_map(|one| Some((one.code.as_str().to_owned(), size(one)?)));
        let wave_of: HashMap<String, u32> = deal(known, waves).into_iter().collect();
        let of = |one: Organisation| Some((size(&one)?, *wave_of.get(one.code.as_str())?, one));
        let mut dealt: Vec<_> = organisations.into_iter().filter_map(of).collect();
        dealt.sort_by(|a, b| (a.1, a.2.code.as_str()).cmp(&(b.1, b.2.code.as_str())));
        dealt.into_iter().map(|(size, wave, one)| (one, size, wave)).collect()
    }
}

/// The earliest date any pack that is in effect gives that kind of key, and who says so.
fn allowed_until(packs: &Packs, key: KeyAlgorithm, now: Timestamp) -> Option<(Timestamp, String)> {
    let for_ever = Validity { not_before: now, not_after: Timestamp::from_micros(i64::MAX) };
    let of_pack = packs.iter().filter_map(|pack| {
        let until = pack.calendar.end_of(key)?;
        let source = pack.calendar.against_key(key, for_ever).map(|date| date.source.clone());
        Some((until, source.unwrap_or_default()))
    });
    of_pack.min()
}
