//! What an organisation's people have to do in campaigns: on the campaign's page, on home, beside a certificate and a request.

use ca_core::campaign::{CertificateName, Certified, ItemStanding};
use ca_core::id::ProfileId;

use crate::auth::Officer;
use crate::auth::role::{Capability, Needs};
use crate::desk::campaigns::{self, ItemProgress, Share};
use crate::desk::message::Message;
use crate::desk::named;
use crate::error::Refusal;
use crate::pages::dates;
use crate::urls;

use super::picture::{standing_key, standing_tone};
use super::{days, title, wave_state};

/// A sentence with a link, for pages about other things.
pub(crate) struct Notice {
    pub(crate) sentence: String,
    pub(crate) href: String,
    pub(crate) link: String,
    pub(crate) urgent: bool,
}

/// An old certificate in the list.
pub(super) struct ItemLine {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) until: String,
    pub(super) state: &'static str,
    pub(super) tone: &'static str,
    /// The form that asks for the new one.
    pub(super) ask: Option<String>,
    /// The new one.
    pub(super) replacement: Option<String>,
    /// Where the old one is revoked, once the new one is there.
    pub(super) revoke: Option<String>,
}

/// An organisation's part.
pub(super) struct ShareView {
    pub(super) wave: String,
    pub(super) state: &'static str,
    pub(super) tone: &'static str,
    pub(super) items: Vec<ItemLine>,
}

impl ShareView {
    pub(super) fn of<C: Needs>(officer: &Officer<C>, share: Share) -> Self {
        let (words, now) = (officer.words(), officer.desk().now);
        let (state, tone) = wave_state(&share.wave, now);
        let open = share.campaign.closed_at.is_none();
        let items = share.items.into_iter().map(|item| line(officer, item, open)).collect();
        Self { wave: days(&words, &share.wave), state, tone, items }
    }
}

fn line<C: Needs>(officer: &Officer<C>, found: ItemProgress, open: bool) -> ItemLine {
    let ItemProgress { item, standing, replacement } = found;
    let (authority, serial) = &item.name;
    let asks = open && to_do(standing) && officer.may(Capability::SubmitRequests);
    let still_good = item.revoked_at.is_none() && item.not_after >= officer.desk().now;
    // Holders revoke what they have replaced, not the centre.
    let holder = officer.desk().scope().is_some() && officer.may(Capability::RevokeCertificates);
    let revokes = replacement.is_some() && still_good && holder;
    ItemLine {
        href: urls::certificate(authority, serial),
        name: named::names(&item.names, &item.certified.subject).into_iter().next().unwrap_or_default(),
        kind: officer.title(&item.certified.profile),
        until: dates::short(item.not_after),
        state: standing_key(standing),
        tone: standing_tone(standing),
        ask: asks.then(|| urls::request_form_like(&item.certified.profile, authority, serial)),
        replacement: replacement.as_ref().map(|(authority, serial)| urls::certificate(authority, serial)),
        revoke: revokes.then(|| urls::certificate_revoke(authority, serial)),
    }
}

const fn to_do(standing: ItemStanding) -> bool {
    matches!(standing, ItemStanding::Open | ItemStanding::Overdue)
}

/// What the officer's organisation has to do now, one sentence a campaign; nothing for central roles.
pub(crate) async fn notices<C: Needs>(officer: &Officer<C>) -> Result<Vec<Notice>, Refusal> {
    if officer.desk().scope().is_none() {
        return Ok(Vec::new());
    }
    let words = officer.words();
    let shares = campaigns::own_shares(&officer.desk()).await?;
    let notice = |share: Share| {
        let overdue = share.tally.of(ItemStanding::Overdue);
        let count = overdue.saturating_add(share.tally.of(ItemStanding::Open));
        let key = if overdue > 0 { "campaign-notice-overdue" } else { "campaign-notice" };
        let sentence = Message::new(key).with("title", title(&words, &share.campaign)).with("count", count);
        (count > 0).then(|| Notice {
            sentence: words.say(&sentence.with("due", dates::day(&words, share.wave.due_at))),
            href: urls::campaign(&share.campaign.campaign_id),
            link: words.t("campaign-notice-link"),
            urgent: overdue > 0,
        })
    };
    Ok(shares.into_iter().filter_map(notice).collect())
}

/// What open campaigns say of one certificate of the officer's organisation: ask for the new one, or revoke this one.
pub(crate) async fn of_certificate<C: Needs>(
    officer: &Officer<C>,
    name: &CertificateName,
) -> Result<Vec<Notice>, Refusal> {
    let words = officer.words();
    let shares = campaigns::own_shares(&officer.desk()).await?;
    let mut found = Vec::new();
    for share in shares {
        let (campaign, due) = (title(&words, &share.campaign), dates::day(&words, share.wave.due_at));
        let Some(item) = share.items.into_iter().find(|one| one.item.name == *name) else { continue };
        let line = line(officer, item, true);
        let (key, link, href) = match (line.ask, line.replacement) {
            (Some(ask), _) => ("campaign-certificate-ask", "campaign-ask", ask),
            (None, Some(new)) => ("campaign-certificate-replaced", "campaign-replacement", new),
            (None, None) => continue,
        };
        let sentence = words.say(&Message::new(key).with("title", campaign).with("due", due));
        found.push(Notice { sentence, href, link: words.t(link), urgent: key == "campaign-certificate-ask" });
    }
    Ok(found)
}

/// The campaigns whose waiting certificate a request answers: the sentence for its page.
pub(crate) async fn answering<C: Needs>(
    officer: &Officer<C>,
    profile: &ProfileId,
    subject: &str,
) -> Result<Vec<Notice>, Refusal> {
    let words = officer.words();
    let organisation = officer.organisation.organisation_id.clone();
    let certified = Certified { organisation, profile: profile.clone(), subject: subject.to_owned() };
    let shares = campaigns::own_shares(&officer.desk()).await?;
    let answered = |share: &Share| {
        share.items.iter().any(|one| one.item.certified == certified && one.standing != ItemStanding::Ended)
    };
    let notice = |share: Share| Notice {
        sentence: words.t1("campaign-answers", "title", &title(&words, &share.campaign)),
        href: urls::campaign(&share.campaign.campaign_id),
        link: words.t("campaign-notice-link"),
        urgent: false,
    };
    Ok(shares.into_iter().filter(answered).map(notice).collect())
}
