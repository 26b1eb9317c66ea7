//! What should stand in a directory: an entry for each name of an authority, with its certificates and lists, and one below it for
//! each further list (RFC 4523).

use super::client::{Client, LdapError};
use super::message::{Change, Values};
use crate::config::LdapPlace;
use crate::publish::wanted::WantedList;
use ca_core::certificate::Certificate;
use ca_core::der::{Writer, tag};
use ca_core::name::DistinguishedName;
use ca_core::revocation::{ListId, ListKind, ListScope};
use ca_core::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use store::authorities::AuthorityRow;
use store::{ReadTxn, Store, StoreError};

const CERTIFICATES: &str = "cACertificate;binary";
const PAIRS: &str = "crossCertificatePair;binary";
const CRL: &str = "certificateRevocationList;binary";
const ARL: &str = "authorityRevocationList;binary";
const DELTA: &str = "deltaRevocationList;binary";

/// The name of an entry (RFC 4514): attributes from the last to the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryName(Vec<(String, String)>);

/// An entry that should stand there.
pub(super) struct Entry {
    pub(super) name: EntryName,
    /// The auxiliary classes of its attributes.
    classes: Vec<&'static str>,
    pub(super) attributes: Vec<Attribute>,
}

/// An attribute that should stand there.
pub(super) enum Attribute {
    /// Certificates, or pairs of them: these values.
    Certificates { name: &'static str, values: Vec<Vec<u8>> },
    /// Lists, one of each generation, with their octets.
    Lists { name: &'static str, lists: Vec<(WantedList, Vec<u8>)> },
}

/// The entries, and what cannot be published.
pub(super) struct Entries {
    pub(super) entries: Vec<Entry>,
    pub(super) wrong: Vec<String>,
}

impl Attribute {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Certificates { name, .. } | Self::Lists { name, .. } => name,
        }
    }
}

/// Everything that should stand at `place`. Generations of an authority share its name, so they share its entry. Errors: the
/// database.
pub(super) async fn entries(
    store: &Store,
    place: &LdapPlace,
    lists: &[WantedList],
    now: Timestamp,
) -> Result<Entries, StoreError> {
    let (mut gathered, mut wrong): (BTreeMap<EntryName, Gathered>, Vec<String>) = Default::default();
    let mut txn = store.read().await?;
    for authority in txn.authorities().await? {
        let id = &authority.authority_id;
        let name = match EntryName::of(&authority.certificate, &place.base) {
            Ok(name) => name,
            Err(why) => {
                wrong.push(format!("{id} has no entry: {why}"));
                continue;
            }
        };
        let entry = gathered.entry(name.clone()).or_default();
        entry.certificates.push(authority.certificate.clone());
        entry.pairs.extend(pairs(&mut txn, &authority, now).await?);
        for list in lists.iter().filter(|list| list.head.authority_id == *id) {
            let (octets, most) = (list.head.octets, place.longest_value);
            if octets > most {
                wrong
                    .push(format!("{} has {octets} octets, and `longest_value` of the directory is {most}", list.path));
                continue;
            }
            let Some(row) = txn.crl(id, list.head.number).await? else { continue };
            let der = txn.whole_crl(row).await?;
            let (entry, attribute) = place_of(list.head.list, &name);
            let entry = gathered.entry(entry).or_default();
            entry.lists.entry(attribute).or_default().push((list.clone(), der));
        }
    }
    let entries = gathered.into_iter().map(|(name, gathered)| gathered.entry(name)).collect();
    Ok(Entries { entries, wrong })
}

/// What has come together for an entry.
#[derive(Default)]
struct Gathered {
    certificates: Vec<Vec<u8>>,
    pairs: Vec<Vec<u8>>,
    lists: BTreeMap<&'static str, Vec<(WantedList, Vec<u8>)>>,
}

impl Gathered {
    fn entry(self, name: EntryName) -> Entry {
        let mut classes = Vec::new();
        if !self.certificates.is_empty() {
            classes.push("pkiCA");
            if self.lists.contains_key(DELTA) {
                classes.push("deltaCRL");
            }
        }
        let of = [(CERTIFICATES, self.certificates), (PAIRS, self.pairs)];
        let certificates = of.into_iter().filter(|(_, values)| !values.is_empty());
        let certificates = certificates.map(|(name, values)| Attribute::Certificates { name, values });
        let lists = self.lists.into_iter().map(|(name, lists)| Attribute::Lists { name, lists });
        Entry { name, classes, attributes: certificates.chain(lists).collect() }
    }
}

/// The entry of a list and its attribute there: the authority's own for its full list, its ARL and the delta of the full list; one
/// below it for every other (RFC 4523 §3.4, cRLDistributionPoint).
fn place_of(list: ListId, authority: &EntryName) -> (EntryName, &'static str) {
    match (list.scope, list.kind) {
        (ListScope::Full, ListKind::Complete) => (authority.clone(), CRL),
        (ListScope::Full, ListKind::Delta) => (authority.clone(), DELTA),
        (ListScope::Authorities, ListKind::Complete) => (authority.clone(), ARL),
        (scope, ListKind::Complete) => (authority.below(&scope), CRL),
        (scope, ListKind::Delta) => (authority.below(&scope), DELTA),
    }
}

/// CertificatePairs: certificates that others, or other generations, have issued to the authority, and those it has issued to other
/// CAs (RFC 4523 §2.5).
async fn pairs(txn: &mut ReadTxn, authority: &AuthorityRow, now: Timestamp) -> Result<Vec<Vec<u8>>, StoreError> {
    let to_it = txn.links(&authority.authority_id).await?.into_iter().map(|link| pair(0, &link.der));
    let mut pairs: Vec<_> = to_it.collect();
    let by_it = txn.certificates_of_authorities(&authority.authority_id, now).await?;
    pairs.extend(by_it.iter().filter(|der| **der != authority.certificate).map(|der| pair(1, der)));
    Ok(pairs)
}

/// `CertificatePair ::= SEQUENCE { issuedToThisCA [0], issuedByThisCA [1] }`, tagged explicitly (X.509 §11.2.3).
fn pair(which: u8, certificate: &[u8]) -> Vec<u8> {
    Writer::build(|w| w.sequence(|w| w.constructed(tag::context_constructed(which), |w| w.raw(certificate))))
}

impl Entry {
    /// Makes it, with the entries above it that are missing, up to `base`.
    pub(super) fn make(&self, client: &mut Client, base: &EntryName) -> Result<(), LdapError> {
        for name in self.name.ancestors(base) {
            if client.read(&name.to_string(), &["objectClass"])?.is_none() {
                client.add(&name.to_string(), &name.attributes(&[]))?;
            }
        }
        client.add(&self.name.to_string(), &self.attributes_when_made())
    }

    fn attributes_when_made(&self) -> Vec<Values> {
        if self.classes.is_empty() {
            return self.name.named_by("cRLDistributionPoint", &[]);
        }
        self.name.attributes(&self.classes)
    }

    /// Gives an entry that was there before the classes it needs, besides its own.
    pub(super) fn complete_classes(&self, client: &mut Client, there: &[Vec<u8>]) -> Result<(), LdapError> {
        // It was made a moment ago, with all of them.
        if there.is_empty() {
            return Ok(());
        }
        let has = |class: &str| there.iter().any(|one| one.eq_ignore_ascii_case(class.as_bytes()));
        let missing: Vec<_> =
            self.classes.iter().filter(|class| !has(class)).map(|class| class.as_bytes().to_vec()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        client.modify(&self.name.to_string(), Change::Add, &("objectClass".to_owned(), missing))
    }
}

impl EntryName {
    /// Reads a name written as RFC 4514 has it, without multi-valued parts and hexadecimal: `ou=ca,o=LGPKI,c=JP`. `None` for what
    /// is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        for part in text.split(',') {
            let (kind, value) = part.trim().split_once('=')?;
            let plain = |text: &str| !text.is_empty() && !text.contains(['\\', '"', '+', '#', ';', '<', '>']);
            if !plain(kind) || !plain(value) {
                return None;
            }
            parts.push((kind.trim().to_lowercase(), value.trim().to_owned()));
        }
        Some(Self(parts))
    }

    /// That of the authority with that certificate. Errors: why there is none below `base`.
    fn of(certificate: &[u8], base: &Self) -> Result<Self, String> {
        let certificate = Certificate::from_der(certificate).map_err(|error| error.to_string())?;
        let subject: &DistinguishedName = certificate.subject();
        let parts = subject.attributes().map(|(kind, value)| Some((kind?.short().to_lowercase(), value.to_owned())));
        let mut parts = parts.collect::<Option<Vec<_>>>().ok_or("its name has an attribute that is not known")?;
        parts.reverse();
        let name = Self(parts);
        if name.is_below(base) { Ok(name) } else { Err(format!("{name} is not below {base}")) }
    }

    fn is_below(&self, base: &Self) -> bool {
        let end = self.0.len().checked_sub(base.0.len()).and_then(|from| self.0.get(from..)).unwrap_or_default();
        let same = |((kind, value), (other_kind, other)): (&(String, String), &(String, String))| {
            kind == other_kind && value.to_lowercase() == other.to_lowercase()
        };
        !base.0.is_empty() && end.len() == base.0.len() && end.iter().zip(&base.0).all(same)
    }

    fn below(&self, scope: &ListScope) -> Self {
        let mut parts = vec![("cn".to_owned(), scope.to_string())];
        parts.extend(self.0.iter().cloned());
        Self(parts)
    }

    /// The entries above it, from `base` down.
    fn ancestors(&self, base: &Self) -> Vec<Self> {
        let above = (1..self.0.len()).rev().filter_map(|from| self.0.get(from..).map(|parts| Self(parts.to_vec())));
        above.filter(|name| name.0.len() >= base.0.len()).collect()
    }

    /// The attributes of the entry of that name when it is made, with these classes besides its own.
    fn attributes(&self, classes: &[&str]) -> Vec<Values> {
        let kind = self.0.first().map_or("", |(kind, _)| kind.as_str());
        let class = match kind {
            "c" => "country",
            "o" => "organization",
            "ou" => "organizationalUnit",
            "l" | "st" => "locality",
            // RFC 4519 §3.1: what has a name and nothing else to say.
            _ => "applicationProcess",
        };
        self.named_by(class, classes)
    }

    fn named_by(&self, class: &str, further: &[&str]) -> Vec<Values> {
        let classes = ["top", class].iter().chain(further).map(|class| class.as_bytes().to_vec()).collect();
        let named = self.0.first().map(|(kind, value)| (kind.clone(), vec![value.clone().into_bytes()]));
        std::iter::once(("objectClass".to_owned(), classes)).chain(named).collect()
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (kind, value)) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            write!(f, "{kind}=")?;
            let last = value.chars().count().saturating_sub(1);
            for (place, character) in value.chars().enumerate() {
                match character {
                    // RFC 4514 §2.4.
                    '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{character}")?,
                    ' ' if place == 0 || place == last => f.write_str("\\ ")?,
                    '#' if place == 0 => f.write_str("\\#")?,
                    '\0' => f.write_str("\\00")?,
                    other => write!(f, "{other}")?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> EntryName {
        EntryName::parse(text).unwrap()
    }

    #[test]
    fn names_are_written_as_rfc_4514_wants_them() {
        assert_eq!(name("OU=CA, o=LGPKI Sample,c=JP").to_string(), "ou=CA,o=LGPKI Sample,c=JP");
        let odd = EntryName(vec![("o".to_owned(), "#A, B+\\ \"C\" ".to_owned())]);
        assert_eq!(odd.to_string(), "o=\\#A\\, B\\+\\\\ \\\"C\\\"\\ ");
        for not in ["", "LGPKI", "o=", "=x", "o=a+ou=b", "o=\\41"] {
            assert_eq!(EntryName::parse(not), None, "{not}");
        }
    }

    #[test]
    fn what_is_above_an_entry_is_made_from_the_base_down() {
        let (entry, base) = (name("cn=7,cn=Root CA,o=LGPKI,c=JP"), name("o=lgpki,c=jp"));
        assert!(entry.is_below(&base) && !base.is_below(&entry) && !entry.is_below(&name("o=other,c=jp")));
        let above: Vec<_> = entry.ancestors(&base).iter().map(ToString::to_string).collect();
        assert_eq!(above, ["o=LGPKI,c=JP", "cn=Root CA,o=LGPKI,c=JP"]);
    }

    #[test]
    fn lists_stand_where_rfc_4523_has_them() {
        let authority = name("cn=CA,c=JP");
        let place = |list: ListId| {
            let (entry, attribute) = place_of(list, &authority);
            format!("{entry} {attribute}")
        };
        assert_eq!(place(ListId::FULL), "cn=CA,c=JP certificateRevocationList;binary");
        assert_eq!(place(ListScope::Full.delta()), "cn=CA,c=JP deltaRevocationList;binary");
        assert_eq!(place(ListScope::Authorities.complete()), "cn=CA,c=JP authorityRevocationList;binary");
        assert_eq!(place(ListScope::EndEntities.complete()), "cn=ee,cn=CA,c=JP certificateRevocationList;binary");
        assert_eq!(place(ListScope::Shard(7).delta()), "cn=7,cn=CA,c=JP deltaRevocationList;binary");
    }
}
