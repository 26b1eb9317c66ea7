//! The revocation lists of an authority, as its pack has them.

use super::words::{self, Wrong, wrong};
use super::{Periods, file, head};
use crate::revocation::list::shard_of;
use crate::revocation::{ListId, ListScope, Listing};
use crate::serial::SerialNumber;
use std::collections::BTreeSet;
use std::time::Duration;

/// Most partitions of an authority's list: ten million entries then stand in lists of a few hundred kilobytes.
const MOST_SHARDS: u16 = 1024;

/// The revocation lists of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlRule {
    /// How long complete lists are valid, and when the next is made.
    pub periods: Periods,
    /// Which complete lists there are, in order. Together they speak for every certificate.
    pub scopes: Vec<ListScope>,
    /// Into how many partitions certificates are put; 0 for none.
    pub shards: u16,
    /// How long deltas are valid, and when the next is made; `None` where there are none.
    pub delta: Option<Periods>,
    /// How long lists that are signed ahead for an emergency are valid; `None` where none are.
    pub emergency: Option<Duration>,
    /// Whether certificates may be suspended and taken back (certificateHold).
    pub suspension: bool,
}

impl CrlRule {
    /// One list of everything.
    pub fn full(periods: Periods) -> Self {
        let scopes = vec![ListScope::Full];
        Self { periods, scopes, shards: 0, delta: None, emergency: None, suspension: false }
    }

    /// Every list there is: the complete ones, then their deltas.
    pub fn lists(&self) -> impl Iterator<Item = ListId> {
        let deltas = self.scopes.iter().filter(|_| self.delta.is_some()).map(|scope| scope.delta());
        self.scopes.iter().map(|scope| scope.complete()).chain(deltas)
    }

    /// Where the certificate with that serial will be listed.
    pub fn listing(&self, serial: &SerialNumber, is_ca: bool, stays_listed: bool) -> Listing {
        let shard = if is_ca { None } else { shard_of(serial, self.shards) };
        Listing { shard, is_ca, stays_listed }
    }

    /// The list a certificate points to: the shortest that speaks for it.
    pub fn list_of(&self, listing: Listing) -> ListId {
        let shortest = self.scopes.iter().filter(|scope| scope.covers(listing)).max();
        shortest.copied().unwrap_or(ListScope::Full).complete()
    }

    /// Which lists, for people: `full, ca, 16 shards`; empty for the full list alone.
    pub(in crate::profile) fn described_lists(&self) -> String {
        if self.scopes == [ListScope::Full] {
            return String::new();
        }
        let whole = self.scopes.iter().filter(|scope| !matches!(scope, ListScope::Shard(_))).map(ToString::to_string);
        let shards = (self.shards > 0).then(|| format!("{} shards", self.shards));
        whole.chain(shards).collect::<Vec<_>>().join(", ")
    }
}

/// What stands in the file. Errors: a word that is no list, partitions without a number or the other way round, certificates
/// that no list speaks for.
pub(super) fn read(raw: &file::Crl) -> Result<CrlRule, Wrong> {
    let mut rule = CrlRule {
        delta: raw.delta.as_ref().map(|delta| head::periods(&delta.validity, &delta.refresh_before)).transpose()?,
        emergency: raw.emergency.as_ref().map(words::duration).transpose()?,
        suspension: raw.suspension,
        ..CrlRule::full(head::periods(&raw.validity, &raw.refresh_before)?)
    };
    if let (Some(delta), Some(raw)) = (rule.delta, &raw.delta)
        && delta.validity > rule.periods.validity
    {
        return Err(wrong(&raw.validity, "a delta is not valid for longer than the list it builds on"));
    }
    if let (Some(emergency), Some(raw)) = (rule.emergency, &raw.emergency)
        && emergency <= rule.periods.validity
    {
        return Err(wrong(raw, "a list for an emergency must be valid for longer than the others"));
    }
    if let Some(shards) = &raw.shards {
        rule.shards = *shards.get_ref();
        if !(2..=MOST_SHARDS).contains(&rule.shards) {
            return Err(wrong(shards, format!("there are 2 to {MOST_SHARDS} shards")));
        }
    }
    let Some(lists) = &raw.lists else {
        return match &raw.shards {
            Some(shards) => Err(wrong(shards, "shards are listed: say lists = [\"ca\", \"shards\"]")),
            None => Ok(rule),
        };
    };
    let mut scopes = BTreeSet::new();
    for word in lists.get_ref() {
        let added: Vec<ListScope> = match word.get_ref().as_str() {
            "full" => vec![ListScope::Full],
            "ca" => vec![ListScope::Authorities],
            "ee" => vec![ListScope::EndEntities],
            "shards" if rule.shards > 0 => (0..rule.shards).map(ListScope::Shard).collect(),
            "shards" => return Err(wrong(word, "how many? say shards = 16")),
            other => return Err(wrong(word, format!("`{other}` is no list; there are: full, ca, ee, shards"))),
        };
        scopes.extend(added);
    }
    let has = |scope| scopes.contains(&scope);
    if rule.shards > 0 && !has(ListScope::Shard(0)) {
        return Err(wrong(lists, "there are shards, but they are not listed"));
    }
    let holders = has(ListScope::EndEntities) || rule.shards > 0;
    let everybody = has(ListScope::Full) || (has(ListScope::Authorities) && holders);
    if !everybody {
        return Err(wrong(lists, "some certificates would be on no list: name full, or ca with ee or shards"));
    }
    rule.scopes = scopes.into_iter().collect();
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Pack;

    const PRIVATE: &str = include_str!("../../../packs/lgwan-private.toml");
    const ISSUING: &str = "crl = { validity = \"72h\", refresh-before = \"48h\" }";

    /// The first issuing authority's rule when it says `more` about its CRLs.
    fn with(more: &str) -> Result<CrlRule, String> {
        let text = PRIVATE.replacen(ISSUING, &format!("{} , {more} }}", ISSUING.trim_end_matches(" }")), 1);
        let pack = Pack::parse(&text, "pack.toml").map_err(|errors| errors.to_string())?;
        let issuing = pack.authorities.iter().find(|authority| authority.issuer.is_some()).unwrap();
        Ok(issuing.crl.clone())
    }

    #[test]
    fn lists_are_read_and_every_certificate_points_to_the_shortest() {
        let rule = with(
            "lists = [\"shards\", \"ca\", \"full\"], shards = 16, delta = { validity = \"3h\", refresh-before = \"2h\" }",
        );
        let rule = rule.unwrap();
        assert_eq!(rule.described_lists(), "full, ca, 16 shards");
        assert_eq!(rule.lists().count(), 2 * 18);
        let serial = SerialNumber::from_bytes(&[1, 0x25]).unwrap();
        assert_eq!(rule.list_of(rule.listing(&serial, false, false)), ListScope::Shard(5).complete());
        assert_eq!(rule.list_of(rule.listing(&serial, true, false)), ListScope::Authorities.complete());
        assert_eq!(with("suspension = true").unwrap().list_of(Listing::default()), ListId::FULL);
    }

    #[test]
    fn lists_that_leave_a_certificate_out_and_other_contradictions_are_refused() {
        for (more, reason) in [
            ("lists = [\"ca\"]", "some certificates would be on no list"),
            ("lists = [\"ca\", \"shards\"]", "how many? say shards = 16"),
            ("lists = [\"full\"], shards = 4", "they are not listed"),
            ("shards = 4", "say lists ="),
            ("lists = [\"full\", \"shards\"], shards = 1", "2 to 1024 shards"),
            ("lists = [\"all\"]", "there are: full, ca, ee, shards"),
            ("emergency = \"24h\"", "valid for longer"),
            ("delta = { validity = \"80h\", refresh-before = \"2h\" }", "not valid for longer"),
        ] {
            let errors = with(more).unwrap_err();
            assert!(errors.contains(reason), "{more}: {errors}");
        }
    }
}
