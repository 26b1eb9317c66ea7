//! Campaigns: how far the move to new cryptography is, for everybody or for one organisation. It is counted from the
//! certificates that exist, in pages of whole organisations, so that memory does not grow with the fleet.

use std::collections::HashMap;

use ca_core::campaign::{CertificateName, ItemStanding, Replacements, Tally, Wave};
use ca_core::id::{CampaignId, OrganisationId};
use ca_core::time::Timestamp;
use store::ReadTxn;
use store::campaigns::{CampaignItem, CampaignRow};
use store::organisations::Organisation;

use super::{Desk, DeskError};

/// Old certificates that are looked at together: whole organisations are added until there are as many.
const PAGE_ITEMS: u64 = 2000;

/// How far a campaign is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The campaign.
    pub campaign: CampaignRow,
    /// Its waves, from the first.
    pub waves: Vec<WaveProgress>,
    /// All its certificates.
    pub tally: Tally,
}

/// How far a wave is.
#[derive(Clone, Debug)]
pub struct WaveProgress {
    /// The wave.
    pub wave: Wave,
    /// Its organisations, by code.
    pub organisations: Vec<OrganisationProgress>,
    /// All its certificates.
    pub tally: Tally,
}

/// How far an organisation is.
#[derive(Clone, Debug)]
pub struct OrganisationProgress {
    /// The organisation.
    pub organisation: Organisation,
    /// Its certificates.
    pub tally: Tally,
}

/// An old certificate with what has become of it.
#[derive(Clone, Debug)]
pub struct ItemProgress {
    /// The certificate.
    pub item: CampaignItem,
    /// What has become of it.
    pub standing: ItemStanding,
    /// What took its place.
    pub replacement: Option<CertificateName>,
}

/// What an organisation has to do in a campaign.
#[derive(Clone, Debug)]
pub struct Share {
    /// The campaign.
    pub campaign: CampaignRow,
    /// The organisation's wave.
    pub wave: Wave,
    /// Its old certificates, those that end first in front.
    pub items: Vec<ItemProgress>,
    /// The same, counted.
    pub tally: Tally,
}

/// A campaign, as a person may see it.
#[derive(Clone, Debug)]
pub enum View {
    /// Everybody's part: for central roles.
    Everybody(Progress),
    /// The own organisation's part.
    Own(Share),
}

/// Returns the campaigns the person may see with their certificates counted, the newest first.
pub async fn list(desk: &Desk<'_>) -> Result<Vec<(CampaignRow, Tally)>, DeskError> {
    let mut txn = desk.store.read().await?;
    let mut found = Vec::new();
    for campaign in txn.campaigns().await? {
        let tally = match desk.scope() {
            None => Some(progress(&mut txn, campaign.clone(), desk.now).await?.tally),
            Some(own) => share(&mut txn, campaign.clone(), own, desk.now).await?.map(|share| share.tally),
        };
        found.extend(tally.map(|tally| (campaign, tally)));
    }
    Ok(found)
}

/// Returns the campaign of that name. Errors: [`DeskError::NotFound`] also where the person's organisation has no part in it.
pub async fn show(desk: &Desk<'_>, name: &CampaignId) -> Result<View, DeskError> {
    let mut txn = desk.store.read().await?;
    let campaign = txn.campaign(name).await?.ok_or(DeskError::NotFound)?;
    match desk.scope() {
        None => Ok(View::Everybody(progress(&mut txn, campaign, desk.now).await?)),
        Some(own) => share(&mut txn, campaign, own, desk.now).await?.map(View::Own).ok_or(DeskError::NotFound),
    }
}

/// Returns what the person's own organisation has to do in open campaigns.
pub async fn own_shares(desk: &Desk<'_>) -> Result<Vec<Share>, DeskError> {
    let mut txn = desk.store.read().await?;
    let mut shares = Vec::new();
    for campaign in txn.campaigns().await?.into_iter().filter(|campaign| campaign.closed_at.is_none()) {
        shares.extend(share(&mut txn, campaign, &desk.account.organisation_id, desk.now).await?);
    }
    Ok(shares)
}

/// Returns how far a campaign is at `now`, wave by wave and organisation by organisation.
pub async fn progress(txn: &mut ReadTxn, campaign: CampaignRow, now: Timestamp) -> Result<Progress, DeskError> {
    let waves = txn.campaign_waves(&campaign.campaign_id).await?;
    let members = txn.campaign_organisations(&campaign.campaign_id).await?;
    let mut tallies: HashMap<OrganisationId, Tally> = HashMap::with_capacity(members.len());
    let wave_of: HashMap<&OrganisationId, &Wave> = members
        .iter()
        .filter_map(|(id, number, _)| Some((id, waves.iter().find(|wave| wave.number == *number)?)))
        .collect();
    for (first, last) in pages(&members) {
        for (owner, item) in looked_at(txn, &campaign, (first, last), now, &wave_of).await? {
            tallies.entry(owner).or_default().count(item.standing);
        }
    }
    let mut shown: Vec<WaveProgress> = waves
        .iter()
        .map(|wave| WaveProgress { wave: *wave, organisations: Vec::new(), tally: Tally::default() })
        .collect();
    let mut all = Tally::default();
    let number_of: HashMap<&OrganisationId, u32> = members.iter().map(|(id, wave, _)| (id, *wave)).collect();
    // In the order of their codes.
    for organisation in txn.organisations().await? {
        let Some(number) = number_of.get(&organisation.organisation_id) else { continue };
        let Some(wave) = shown.iter_mut().find(|of| of.wave.number == *number) else { continue };
        let tally = tallies.remove(&organisation.organisation_id).unwrap_or_default();
        wave.tally.add(&tally);
        all.add(&tally);
        wave.organisations.push(OrganisationProgress { organisation, tally });
    }
    Ok(Progress { campaign, waves: shown, tally: all })
}

/// Returns what `organisation` has to do in a campaign; `None` when it is not part of it.
pub async fn share(
    txn: &mut ReadTxn,
    campaign: CampaignRow,
    organisation: &OrganisationId,
    now: Timestamp,
) -> Result<Option<Share>, DeskError> {
    let members = txn.campaign_organisations(&campaign.campaign_id).await?;
    let Some((_, number, _)) = members.into_iter().find(|(id, _, _)| id == organisation) else { return Ok(None) };
    let waves = txn.campaign_waves(&campaign.campaign_id).await?;
    let Some(wave) = waves.into_iter().find(|wave| wave.number == number) else { return Ok(None) };
    let wave_of = HashMap::from([(organisation, &wave)]);
    let found = looked_at(txn, &campaign, (organisation, organisation), now, &wave_of).await?;
    let items: Vec<ItemProgress> = found.into_iter().map(|(_, item)| item).collect();
    let mut tally = Tally::default();
    items.iter().for_each(|item| tally.count(item.standing));
    Ok(Some(Share { campaign, wave, items, tally }))
}

/// The old certificates of the organisations from the first to the last of `range`, each with its owner.
async fn looked_at(
    txn: &mut ReadTxn,
    campaign: &CampaignRow,
    range: (&OrganisationId, &OrganisationId),
    now: Timestamp,
    wave_of: &HashMap<&OrganisationId, &Wave>,
) -> Result<Vec<(OrganisationId, ItemProgress)>, DeskError> {
    let id = &campaign.campaign_id;
    let mut replacements = Replacements::default();
    for candidate in txn.campaign_candidates(id, range.0, range.1, now).await? {
        let octets = (candidate.der.as_slice(), candidate.recorded_at);
        replacements
            .offer(&campaign.old, candidate.certified, candidate.name, octets)
            .map_err(|error| DeskError::Unreadable { what: "certificate", reason: error.to_string() })?;
    }
    // A campaign that was closed is over: nothing becomes overdue afterwards.
    let day = campaign.closed_at.map_or(now, |closed| closed.min(now));
    let items = txn.campaign_items(id, range.0, range.1).await?;
    let with_wave = items.into_iter().filter_map(|item| {
        let wave = wave_of.get(&item.certified.organisation)?;
        let replacement = replacements.of(&item.certified, item.recorded_at).cloned();
        let ended = item.revoked_at.is_some() || item.not_after < now;
        let standing = ItemStanding::of(replacement.is_some(), ended, wave, day);
        Some((item.certified.organisation.clone(), ItemProgress { item, standing, replacement }))
    });
    Ok(with_wave.collect())
}

/// Ranges of ids that hold about [`PAGE_ITEMS`] certificates each, in whole organisations.
fn pages(members: &[(OrganisationId, u32, u64)]) -> Vec<(&OrganisationId, &OrganisationId)> {
    let mut pages: Vec<(&OrganisationId, &OrganisationId)> = Vec::new();
    let mut room = 0_u64;
    for (id, _, items) in members {
        match pages.last_mut() {
            Some((_, last)) if room >= *items => {
                *last = id;
                room = room.saturating_sub(*items);
            }
            _ => {
                pages.push((id, id));
                room = PAGE_ITEMS.saturating_sub(*items);
            }
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_whole_organisations_and_every_one_once() {
        let id = |n: u64| OrganisationId::parse(&format!("{n:032}")).unwrap();
        let members: Vec<_> = [3, 1990, 7, 1, 5000, 2, 0].into_iter().zip(1..).map(|(n, at)| (id(at), 1, n)).collect();
        let ranges: Vec<_> = pages(&members).into_iter().map(|(a, b)| (a.clone(), b.clone())).collect();
        assert_eq!(ranges, [(id(1), id(3)), (id(4), id(4)), (id(5), id(5)), (id(6), id(7))]);
        assert!(pages(&[]).is_empty());
    }
}
