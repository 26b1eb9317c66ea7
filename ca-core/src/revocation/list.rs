//! The revocation lists of an authority: which there are, which certificates each speaks for, and where each is found.

use crate::id::AuthorityId;
use crate::serial::SerialNumber;

/// Which certificates a list speaks for. Kept in the database, and named in addresses, by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListScope {
    /// Every certificate of the authority: `full`.
    Full,
    /// Those of CAs, an ARL (RFC 5280 §5.2.5, onlyContainsCACerts): `ca`.
    Authorities,
    /// Those of nobody that is a CA (onlyContainsUserCerts): `ee`.
    EndEntities,
    /// Those whose distribution point names this partition, counted from 0: `7`.
    Shard(u16),
}

/// Whether a list says all it has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListKind {
    /// It does.
    Complete,
    /// It says what has changed since a complete one (RFC 5280 §5.2.4).
    Delta,
}

/// One of an authority's lists: what stands at one address and is followed by the next of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId {
    /// Which certificates.
    pub scope: ListScope,
    /// All of it, or what has changed.
    pub kind: ListKind,
}

/// Where a certificate's revocation will be listed: decided when it is issued, and never changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The partition its distribution point names; `None` where the authority has none, and for CAs.
    pub shard: Option<u16>,
    /// Whether it is a CA's.
    pub is_ca: bool,
    /// Whether its entry stays on the lists when it has expired: signatures made before count for longer.
    pub stays_listed: bool,
}

impl ListScope {
    /// The scope of that word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "full" => Some(Self::Full),
            "ca" => Some(Self::Authorities),
            "ee" => Some(Self::EndEntities),
            number => {
                let shard: u16 = number.parse().ok()?;
                (shard.to_string() == number).then_some(Self::Shard(shard))
            }
        }
    }

    /// Whether a list of that scope speaks for a certificate listed there.
    pub fn covers(self, listing: Listing) -> bool {
        match self {
            Self::Full => true,
            Self::Authorities => listing.is_ca,
            Self::EndEntities => !listing.is_ca,
            Self::Shard(shard) => listing.shard == Some(shard),
        }
    }

    /// Whether its lists say something of certificates listed at `narrowest`, the narrowest scope that speaks for them.
    pub fn speaks_for(self, narrowest: Self) -> bool {
        narrowest == Self::Full
            || self == Self::Full
            || self == narrowest
            || (matches!(narrowest, Self::Shard(_)) && self == Self::EndEntities)
    }

    /// Its complete list.
    pub const fn complete(self) -> ListId {
        ListId { scope: self, kind: ListKind::Complete }
    }

    /// Its delta.
    pub const fn delta(self) -> ListId {
        ListId { scope: self, kind: ListKind::Delta }
    }
}

impl std::fmt::Display for ListScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full => f.write_str("full"),
            Self::Authorities => f.write_str("ca"),
            Self::EndEntities => f.write_str("ee"),
            Self::Shard(shard) => write!(f, "{shard}"),
        }
    }
}

/// What the file of a list ends in.
const ENDING: &str = ".crl";
/// What the word of a delta ends in.
const DELTA: &str = "-delta";

impl ListId {
    /// The one list every authority had before there were others.
    pub const FULL: Self = ListScope::Full.complete();

    /// The list of that word: `full`, `ca-delta`.
    pub fn parse(word: &str) -> Option<Self> {
        match word.strip_suffix(DELTA) {
            Some(scope) => ListScope::parse(scope).map(ListScope::delta),
            None => ListScope::parse(word).map(ListScope::complete),
        }
    }

    /// Its path below `/crl/`: `application-ca.crl` for the full list, `application-ca/7.crl`, `application-ca/full-delta.crl`.
    pub fn path(self, authority: &AuthorityId) -> String {
        self.address_beside(&format!("{authority}{ENDING}"))
    }

    /// The list that stands at that path below `/crl/`, and whose it is; `None` for what is no such path.
    pub fn of_path(path: &str) -> Option<(AuthorityId, Self)> {
        let name = path.strip_suffix(ENDING)?;
        let (authority, list) = match name.split_once('/') {
            Some((authority, word)) => (authority, Self::parse(word).filter(|list| *list != Self::FULL)?),
            None => (name, Self::FULL),
        };
        Some((AuthorityId::parse(authority).ok()?, list))
    }

    /// Its address, from that of the authority's full list.
    pub fn address_beside(self, full: &str) -> String {
        if self == Self::FULL {
            return full.to_owned();
        }
        format!("{}/{self}{ENDING}", full.strip_suffix(ENDING).unwrap_or(full))
    }
}

impl std::fmt::Display for ListId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            ListKind::Complete => self.scope.fmt(f),
            ListKind::Delta => write!(f, "{}{DELTA}", self.scope),
        }
    }
}

/// The partition of a serial among `shards` of them: its last two octets, which are random; `None` where there are none.
pub fn shard_of(serial: &SerialNumber, shards: u16) -> Option<u16> {
    let last = serial.as_bytes().iter().rev().take(2).rev().fold(0u16, |value, octet| (value << 8) | u16::from(*octet));
    last.checked_rem(shards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_paths_round_trip() {
        let authority = AuthorityId::parse("application-ca").unwrap();
        let scopes = [ListScope::Full, ListScope::Authorities, ListScope::EndEntities, ListScope::Shard(7)];
        for list in scopes.into_iter().flat_map(|scope| [scope.complete(), scope.delta()]) {
            assert_eq!(ListId::parse(&list.to_string()), Some(list));
            assert_eq!(ListId::of_path(&list.path(&authority)), Some((authority.clone(), list)));
        }
        assert_eq!(ListId::FULL.path(&authority), "application-ca.crl");
        assert_eq!(ListScope::Shard(7).complete().path(&authority), "application-ca/7.crl");
        assert_eq!(ListScope::Full.delta().path(&authority), "application-ca/full-delta.crl");
        for not in [
            "application-ca/full.crl",
            "application-ca/07.crl",
            "application-ca/7",
            "application-ca/65536.crl",
            "/7.crl",
        ] {
            assert_eq!(ListId::of_path(not), None, "{not}");
        }
    }

    #[test]
    fn every_certificate_is_in_one_half_and_at_most_one_shard() {
        for is_ca in [false, true] {
            let listing = Listing { shard: (!is_ca).then_some(3), is_ca, stays_listed: false };
            assert!(ListScope::Full.covers(listing));
            assert_ne!(ListScope::Authorities.covers(listing), ListScope::EndEntities.covers(listing));
            let shards: Vec<u16> = (0..16).filter(|shard| ListScope::Shard(*shard).covers(listing)).collect();
            assert_eq!(shards, if is_ca { vec![] } else { vec![3] });
        }
    }

    #[test]
    fn shards_are_counted_from_the_end_of_the_serial() {
        let serial = SerialNumber::from_bytes(&[9, 9, 1, 2]).unwrap();
        assert_eq!(shard_of(&serial, 16), Some(2));
        assert_eq!(shard_of(&serial, 1000), Some(258));
        assert_eq!(shard_of(&SerialNumber::from_bytes(&[5]).unwrap(), 4), Some(1));
        assert_eq!(shard_of(&serial, 0), None);
    }
}
