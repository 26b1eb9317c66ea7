//! What the configuration says about policy: which packs this installation works by, and where it differs from their periods.

use super::checked::Wrong;
use super::file;
use crate::commands::profile::trial;
use crate::installation::Repository;
use ca_core::id::AuthorityId;
use ca_core::issue::PublicAddresses;
use ca_core::profile::pack::{Periods, shipped_names};
use ca_core::profile::{Pack, Packs};
use ca_core::revocation::{ListId, ListKind};
use crl::{CrlPolicy, ListPlan};
use ocsp::{OcspPolicies, OcspPolicy};
use std::path::Path;
use std::time::Duration;
use store::authorities::{AuthorityKind, AuthorityRow};

/// Packs and periods.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The packs.
    pub packs: Packs,
    /// The CRLs of authorities that issue to holders, where the configuration says so itself.
    pub(super) crl_issuing: Option<CrlPolicy>,
    /// The CRLs of roots, where the configuration says so itself.
    pub(super) crl_root: Option<CrlPolicy>,
    /// All OCSP answers, where the configuration says so itself.
    pub(super) ocsp: Option<OcspPolicy>,
    /// How long after lists were begun no others are: what is revoked meanwhile stands in the next.
    pub coalesce: Duration,
}

/// Short enough that nobody waits, long enough that a burst of revocations makes few lists.
pub(super) const COALESCE: Duration = Duration::from_secs(5);
/// Whoever revokes sees it in the list within a minute; signing and fetching want most of that.
pub(super) const LONGEST_COALESCE: Duration = Duration::from_secs(30);

impl Policy {
    /// What these packs say, and nothing else.
    pub const fn of(packs: Packs) -> Self {
        Self { packs, crl_issuing: None, crl_root: None, ocsp: None, coalesce: COALESCE }
    }

    /// Whether an authority of the packs may use its keys only after custodians have come.
    pub fn asks_for_custodians(&self) -> bool {
        self.packs.iter().flat_map(|pack| &pack.authorities).any(|authority| authority.activation.is_some())
    }

    /// How long CRLs of this authority are valid: as the configuration says, else as its pack does.
    pub fn crl_of(&self, authority: &AuthorityRow) -> CrlPolicy {
        self.crl(&authority.generation.line, authority.kind)
    }

    /// The same for an authority that has no row yet, by its line.
    pub fn crl(&self, authority: &AuthorityId, kind: AuthorityKind) -> CrlPolicy {
        let (configured, otherwise) = match kind {
            AuthorityKind::Root => (self.crl_root, CrlPolicy::ROOT),
            AuthorityKind::Issuing => (self.crl_issuing, CrlPolicy::ISSUING),
        };
        let packed = self.packs.authority(authority).map(|(_, rule)| {
            let Periods { validity, refresh_before } = rule.crl.periods;
            CrlPolicy { validity, refresh_before }
        });
        configured.or(packed).unwrap_or(otherwise)
    }

    /// The lists of an authority, complete ones first, and how each is made.
    pub fn lists_of(&self, authority: &AuthorityRow, repository: &Repository) -> Vec<ListPlan> {
        let addresses = repository.addresses(&authority.authority_id);
        self.lists((&authority.generation.line, authority.kind), &addresses)
    }

    /// The same for an authority that has no row yet, by its line.
    pub fn lists(&self, (line, kind): (&AuthorityId, AuthorityKind), addresses: &PublicAddresses) -> Vec<ListPlan> {
        let policy = self.crl(line, kind);
        let Some((_, rule)) = self.packs.authority(line) else { return vec![ListPlan::full(policy)] };
        let found = |list: ListId| addresses.crl.iter().map(|full| list.address_beside(full)).collect::<Vec<_>>();
        let plan = |list: ListId| {
            let complete = ListPlan { list, addresses: found(list), ..ListPlan::full(policy) };
            match (list.kind, rule.crl.delta) {
                (ListKind::Complete, delta) => {
                    let freshest = delta.map(|_| found(list.scope.delta())).unwrap_or_default();
                    ListPlan { freshest, emergency: rule.crl.emergency, ..complete }
                }
                (ListKind::Delta, Some(Periods { validity, refresh_before })) => {
                    ListPlan { policy: CrlPolicy { validity, refresh_before }, ..complete }
                }
                (ListKind::Delta, None) => complete,
            }
        };
        rule.crl.lists().map(plan).collect()
    }

    /// How long OCSP answers of each authority are valid: as the configuration says, else as its pack does.
    pub fn ocsp(&self) -> OcspPolicies {
        // What stays on the lists is told for ever by OCSP too.
        let stays = self.packs.iter().flat_map(Pack::profiles).filter(|profile| profile.revocation.stays_listed);
        let archives = stays.flat_map(|profile| profile.issuers.iter().cloned()).collect();
        if let Some(configured) = self.ocsp {
            return OcspPolicies { archives, ..OcspPolicies::from(configured) };
        }
        let rules = self.packs.iter().flat_map(|pack| &pack.authorities);
        let of = rules.filter_map(|rule| {
            let Periods { validity, refresh_before } = rule.ocsp.as_ref()?.periods;
            Some((rule.id.clone(), OcspPolicy { validity, refresh_before, ..OcspPolicy::DEFAULT }))
        });
        OcspPolicies { otherwise: OcspPolicy::DEFAULT, of: of.collect(), archives }
    }
}

/// The packs the file names: a shipped one by its name, another by its path. All shipped ones when it names none.
pub(super) fn packs(raw: &file::Policy, folder: &Path) -> Result<Packs, Wrong> {
    let Some(words) = &raw.packs else {
        return Packs::shipped().map_err(|error| Wrong { offset: 0, reason: error.to_string(), pack: None });
    };
    let wrong = |offset: usize, reason: String| Wrong { offset, reason, pack: None };
    let mut packs = Vec::new();
    for word in words.get_ref() {
        let (at, name) = (word.span().start, word.get_ref());
        let file = folder.join(name);
        let pack = match Pack::shipped(name) {
            Some(shipped) => shipped,
            None if name.ends_with(".toml") => {
                let text = std::fs::read_to_string(&file).map_err(|error| {
                    wrong(at, format!("the policy pack {} cannot be read: {error}", file.display()))
                })?;
                let shown = file.display().to_string();
                Pack::parse(&text, &shown).and_then(|pack| trial::passed(pack, &text, &shown))
            }
            None => {
                let known = shipped_names();
                return Err(wrong(
                    at,
                    format!("`{name}` is no policy pack: a file ending in .toml, or one of {known}"),
                ));
            }
        };
        let refused = |errors| Wrong { offset: at, reason: String::new(), pack: Some((file.clone(), errors)) };
        packs.push(pack.map_err(refused)?);
    }
    Packs::new(packs).map_err(|error| wrong(words.span().start, error.to_string()))
}

/// Errors when one of `packs` is experimental: production issues nothing that nobody may rely on.
pub(super) fn nothing_experimental(raw: &file::Policy, packs: &Packs) -> Result<(), Wrong> {
    let Some(pack) = packs.iter().find(|pack| pack.experimental) else { return Ok(()) };
    let offset = raw.packs.as_ref().map_or(0, |words| words.span().start);
    let reason = format!("the pack {} is experimental: leave it out in production, or try it in training", pack.name);
    Err(Wrong { offset, reason, pack: None })
}
