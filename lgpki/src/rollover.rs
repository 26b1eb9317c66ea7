//! Rolling an authority over: a new generation with a new key, its certificate, and, where the authority certifies itself,
//! the two link certificates (RFC 9810 §4.4) by which who trusts one key comes to trust the other.
//!
//! Every step looks first at what an earlier run has left, so that a rollover that stopped half-way is finished by beginning
//! it again: keys are never made twice, and a certificate the ledger has for the key is used.

use crate::foundry::{Design, Established, Foundry, FoundryError};
use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::issue::{Generation, Order};
use ca_core::key::KeyAlgorithm;
use ca_core::profile::{AuthorityRule, Family, Pack, Profile};
use ca_core::time::Timestamp;
use std::sync::Arc;
use store::authorities::AuthorityRow;
use store::{Step, StoreError};

const ACTOR: Actor = Actor::System("command");

/// What is to be rolled over, and how.
#[derive(Clone, Debug)]
pub struct Rollover {
    /// What the packs call the authority.
    pub line: AuthorityId,
    /// The new key's kind; `None` for the one the pack names first.
    pub key: Option<KeyAlgorithm>,
    /// From when the new generation issues.
    pub issues_from: Timestamp,
    /// Whether the two generations vouch for each other.
    pub joined: Joined,
}

/// Whether two generations of an authority that certifies itself vouch for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// By link certificates, for which the old key signs once.
    ByLinks,
    /// Not at all: the old key is lost, or must sign nothing more. The new certificate is a trust anchor of its own.
    Severed {
        /// Why, for the audit.
        reason: String,
    },
}

/// One step of a rollover, for whoever watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolloverStep {
    /// A generation that an earlier run began is finished.
    Continued(AuthorityId),
    /// Key and certificate of the new generation.
    Authority(AuthorityId),
    /// The two link certificates.
    Links,
    /// That there are none is written down.
    Severed,
    /// The OCSP responder.
    Responder,
    /// The first CRL.
    Crl,
}

/// A finished rollover.
#[derive(Clone, Debug)]
pub struct RolledOver {
    /// The generation there was.
    pub old: AuthorityRow,
    /// The new one.
    pub new: AuthorityRow,
    /// The link certificates; `None` for an authority that another certifies, without profiles for them, or severed from what
    /// was before.
    pub links: Option<Links>,
}

/// The two link certificates of a rollover.
#[derive(Clone, Debug)]
pub struct Links {
    /// The old key, certified with the new one.
    pub old_with_new: Certificate,
    /// The new key, certified with the old one.
    pub new_with_old: Certificate,
}

/// Why a rollover stopped. What is made so far stays; running it again goes on.
#[derive(Debug, thiserror::Error)]
pub enum RolloverError {
    /// No pack describes such an authority.
    #[error("no policy pack has an authority {0}")]
    NotInPacks(AuthorityId),
    /// There is none in this installation.
    #[error("this installation has no authority {0}")]
    NotHere(AuthorityId),
    /// The pack allows other kinds of keys.
    #[error("the policy pack gives {line} no key of the kind {key}")]
    KeyKind {
        /// The authority.
        line: AuthorityId,
        /// The kind.
        key: KeyAlgorithm,
    },
    /// Another certifies it, or its pack has no profiles of link certificates.
    #[error("{0} has no link certificates that could be left out")]
    NothingToSever(AuthorityId),
    /// An earlier run has made a link certificate already.
    #[error("{by} has certified the key of {subject} already")]
    LinkedAlready {
        /// Whose key.
        subject: AuthorityId,
        /// By whom.
        by: AuthorityId,
    },
    /// The new generation is made, its link certificates are not.
    #[error("the link certificates between {old} and the new generation were not made")]
    NotLinked {
        /// The generation there was.
        old: AuthorityId,
        /// Why.
        source: FoundryError,
    },
    /// The new generation would issue before the old one does.
    #[error("the new generation would begin at {}, before the one there is", .0.rfc3339())]
    Earlier(Timestamp),
    /// Nothing was made, or not everything.
    #[error(transparent)]
    Foundry(#[from] FoundryError),
}

impl From<StoreError> for RolloverError {
    fn from(error: StoreError) -> Self {
        Self::Foundry(error.into())
    }
}

impl From<ca_core::id::IdError> for RolloverError {
    fn from(error: ca_core::id::IdError) -> Self {
        Self::Foundry(error.into())
    }
}

/// Does it, and tells `watch` of each step. Everything is durable, and served by the repository, on return. Errors:
/// [`RolloverError`].
pub async fn roll_over(
    foundry: &Foundry,
    rollover: &Rollover,
    watch: &mut (dyn FnMut(RolloverStep) + Send),
) -> Result<RolledOver, RolloverError> {
    let line = &rollover.line;
    let (pack, rule) = foundry.policy.packs.authority(line).ok_or_else(|| RolloverError::NotInPacks(line.clone()))?;
    if rollover.joined != Joined::ByLinks && link_profiles(pack, rule).is_none() {
        return Err(RolloverError::NothingToSever(line.clone()));
    }
    let rows = foundry.store.read().await?.authorities().await?;
    let (old, begun) = generations(&rows, line).ok_or_else(|| RolloverError::NotHere(line.clone()))?;
    let new = match begun {
        Some(begun) if !is_finished(foundry, rule, begun).await? => {
            watch(RolloverStep::Continued(begun.authority_id.clone()));
            (old.clone(), Established::of(begun, &foundry.repository)?)
        }
        begun => {
            let old = begun.unwrap_or(old);
            let made = make(foundry, rollover, (pack, rule), (old, &rows)).await?;
            watch(RolloverStep::Authority(made.authority.id().clone()));
            (old.clone(), made)
        }
    };
    let (old, new) = new;
    let id = new.authority.id();
    let links = match &rollover.joined {
        Joined::ByLinks => {
            let (id, old) = (old.authority_id.clone(), Established::of(&old, &foundry.repository)?);
            let linked = link(foundry, (pack, rule), &old, &new).await;
            linked.map_err(|source| RolloverError::NotLinked { old: id, source })?
        }
        Joined::Severed { reason } => {
            sever(foundry, id, &old.authority_id, reason).await?;
            watch(RolloverStep::Severed);
            None
        }
    };
    if links.is_some() {
        watch(RolloverStep::Links);
    }
    let row = row(foundry, id).await?;
    if row.ocsp_certificate.is_none() && foundry.responder(pack, &new).await?.is_some() {
        watch(RolloverStep::Responder);
    }
    if foundry.store.read().await?.latest_crls(id).await?.is_empty() {
        foundry.first_crls(&new).await?;
        watch(RolloverStep::Crl);
    }
    Ok(RolledOver { old, new: self::row(foundry, id).await?, links })
}

/// The last generation but one and the last; `None` as the second where there is only one.
fn generations<'a>(
    rows: &'a [AuthorityRow],
    line: &AuthorityId,
) -> Option<(&'a AuthorityRow, Option<&'a AuthorityRow>)> {
    let mut of_line: Vec<&AuthorityRow> = rows.iter().filter(|row| row.generation.line == *line).collect();
    of_line.sort_by_key(|row| row.generation.number);
    let last = of_line.pop()?;
    Some(of_line.pop().map_or((last, None), |before| (before, Some(last))))
}

/// Whether everything of a generation is made. Its CRL comes last: links are there by then, or were left out on purpose.
async fn is_finished(foundry: &Foundry, rule: &AuthorityRule, row: &AuthorityRow) -> Result<bool, RolloverError> {
    let answers = rule.ocsp.is_none() || row.ocsp_certificate.is_some();
    Ok(answers && !foundry.store.read().await?.latest_crls(&row.authority_id).await?.is_empty())
}

async fn sever(foundry: &Foundry, new: &AuthorityId, old: &AuthorityId, reason: &str) -> Result<(), RolloverError> {
    let mut txn = foundry.store.write(foundry.clock.now(), ACTOR).await?;
    for (subject, by) in [(new, old), (old, new)] {
        if txn.links(subject).await?.iter().any(|link| link.authority_id == *by) {
            return Err(RolloverError::LinkedAlready { subject: subject.clone(), by: by.clone() });
        }
    }
    txn.sever(new, old, reason).await?;
    Ok(txn.commit(Step::Setup).await?)
}

/// Key, certificate and row of the new generation.
async fn make(
    foundry: &Foundry,
    rollover: &Rollover,
    (pack, rule): (&Pack, &AuthorityRule),
    (old, rows): (&AuthorityRow, &[AuthorityRow]),
) -> Result<Established, RolloverError> {
    let line = &rollover.line;
    let first = rule.keys.first().copied().unwrap_or(KeyAlgorithm::P256);
    let key = rollover.key.unwrap_or(first);
    if !rule.keys.contains(&key) {
        return Err(RolloverError::KeyKind { line: line.clone(), key });
    }
    if rollover.issues_from < old.generation.issues_from {
        return Err(RolloverError::Earlier(rollover.issues_from));
    }
    let issuer = match &rule.issuer {
        None => None,
        Some(issuer) => {
            let generations = rows.iter().map(|row| &row.generation);
            let current = Generation::issuing(generations, issuer, foundry.clock.now());
            let row = current.and_then(|current| rows.iter().find(|row| row.generation == *current));
            let row = row.ok_or_else(|| RolloverError::NotHere(issuer.clone()))?;
            Some(Established::of(row, &foundry.repository)?)
        }
    };
    let design = Design { pack, rule, generation: old.generation.next(rollover.issues_from), key };
    Ok(foundry.authority(&design, issuer.as_ref()).await?)
}

/// The link certificates between two generations of an authority that certifies itself, published on return.
async fn link(
    foundry: &Foundry,
    (pack, rule): (&Pack, &AuthorityRule),
    old: &Established,
    new: &Established,
) -> Result<Option<Links>, FoundryError> {
    let Some((old_with_new, new_with_old)) = link_profiles(pack, rule) else { return Ok(None) };
    // The old key first: where it cannot sign, the new one has vouched for nothing either.
    let new_with_old = certify(foundry, pack, new_with_old, old, new).await?;
    let old_with_new = certify(foundry, pack, old_with_new, new, old).await?;
    Ok(Some(Links { old_with_new, new_with_old }))
}

/// `subject`'s key certified by `by`, another generation of it, for as long as `subject`'s own certificate. Used as it is
/// when an earlier run has made it.
async fn certify(
    foundry: &Foundry,
    pack: &Pack,
    profile: &Profile,
    by: &Established,
    subject: &Established,
) -> Result<Certificate, FoundryError> {
    let (by_id, subject_id) = (by.authority.id(), subject.authority.id());
    let links = foundry.store.read().await?.links(subject_id).await?;
    if let Some(link) = links.into_iter().find(|link| link.authority_id == *by_id) {
        return Ok(Certificate::from_der(&link.der)?);
    }
    let certificate = &subject.certificate;
    let order = Order::ceremony(profile, certificate.subject().clone(), certificate.key().clone());
    let order = order.linking(certificate.validity());
    let certificate = foundry.issue_once(pack, &by.authority, order).await?;
    let mut txn = foundry.store.write(foundry.clock.now(), ACTOR).await?;
    txn.insert_link(by_id, certificate.serial(), subject_id).await?;
    txn.commit(Step::Setup).await?;
    Ok(certificate)
}

/// The profiles of the link certificates of an authority that certifies itself: OldWithNew, NewWithOld.
fn link_profiles<'a>(pack: &'a Pack, rule: &AuthorityRule) -> Option<(&'a Arc<Profile>, &'a Arc<Profile>)> {
    let of =
        |family| pack.profiles().iter().find(|profile| profile.family == family && profile.issuers.contains(&rule.id));
    rule.issuer.is_none().then(|| Some((of(Family::OldWithNew)?, of(Family::NewWithOld)?))).flatten()
}

async fn row(foundry: &Foundry, id: &AuthorityId) -> Result<AuthorityRow, RolloverError> {
    let row = foundry.store.read().await?.authority(id).await?;
    row.ok_or_else(|| RolloverError::NotHere(id.clone()))
}
