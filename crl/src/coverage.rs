//! What a CRL says it speaks for: its issuingDistributionPoint (RFC 5280 §5.2.5), read strictly.

use ca_core::der::{DerError, Reader as Der, tag};
use ca_core::id::AuthorityId;
use ca_core::name::GeneralName;
use ca_core::revocation::{ListId, ListScope};

/// What an issuingDistributionPoint narrows a list to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The addresses of the list; certificates that name none of them are not spoken for. Empty: every certificate is.
    pub addresses: Vec<String>,
    /// onlyContainsUserCerts.
    pub only_end_entities: bool,
    /// onlyContainsCACerts.
    pub only_authorities: bool,
}

/// Why a coverage cannot be relied on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoverageError {
    /// It is not written as it must be.
    #[error(transparent)]
    Der(#[from] DerError),
    /// It says something this program does not understand: reasons, other CAs' certificates, attribute certificates, a name
    /// relative to the issuer.
    #[error("its issuingDistributionPoint says more than this program understands (field {0})")]
    Field(u8),
    /// Both kinds of certificates are left out.
    #[error("its issuingDistributionPoint leaves out every certificate")]
    Nothing,
}

impl Coverage {
    /// Reads the value of the extension, DER.
    ///
    /// # Errors
    /// Every [`CoverageError`].
    pub fn read(value: &[u8]) -> Result<Self, CoverageError> {
        let mut fields = Der::of_sequence(value)?;
        let mut coverage = Self::default();
        if let Some(point) = fields.optional(tag::context_constructed(0))? {
            let mut point = Der::new(point);
            // [1] nameRelativeToCRLIssuer is the other choice.
            let names = point.optional(tag::context_constructed(0))?.ok_or(CoverageError::Field(0))?;
            point.finish()?;
            let mut names = Der::new(names);
            while !names.is_empty() {
                let name = GeneralName::read(names.element()?).map_err(|_| CoverageError::Field(0))?;
                if let Some(GeneralName::Uri(uri)) = name {
                    coverage.addresses.push(uri);
                }
            }
        }
        coverage.only_end_entities = set(&mut fields, 1)?;
        coverage.only_authorities = set(&mut fields, 2)?;
        if let Some(other) = fields.peek() {
            return Err(CoverageError::Field(other & 0x1f));
        }
        if coverage.only_end_entities && coverage.only_authorities {
            return Err(CoverageError::Nothing);
        }
        Ok(coverage)
    }

    /// The scope of lists of `authority` that cover this; a partition is known by its address. `None` for one that is no list of it.
    pub fn scope(&self, authority: &AuthorityId) -> Option<ListScope> {
        let Self { addresses, only_end_entities, only_authorities } = self;
        match (only_authorities, only_end_entities) {
            (true, _) => Some(ListScope::Authorities),
            (_, true) => Some(ListScope::EndEntities),
            _ if addresses.is_empty() => Some(ListScope::Full),
            _ => addresses.iter().find_map(|address| partition(address, authority)),
        }
    }

    /// Whether it is that of a list of `authority` with that scope.
    pub fn is_of(&self, scope: ListScope, authority: &AuthorityId) -> bool {
        self.scope(authority) == Some(scope)
    }

    /// In words: `end entities`, `certificates that name https://…`.
    pub fn in_words(&self) -> String {
        let kinds = match (self.only_end_entities, self.only_authorities) {
            (true, _) => "end entities",
            (_, true) => "CAs",
            _ => "certificates",
        };
        match self.addresses.as_slice() {
            [] if kinds == "certificates" => "all certificates of the issuer".to_owned(),
            [] => format!("{kinds} alone"),
            addresses => format!("{kinds} that name {}", addresses.join(" or ")),
        }
    }
}

/// The partition of `authority` whose list stands at that address: `…/application-ca/7.crl`.
fn partition(address: &str, authority: &AuthorityId) -> Option<ListScope> {
    let (before, name) = address.rsplit_once('/')?;
    let (_, whose) = before.rsplit_once('/')?;
    let (found, list) = ListId::of_path(&format!("{whose}/{name}"))?;
    (found == *authority && matches!(list.scope, ListScope::Shard(_))).then_some(list.scope)
}

/// `[number] IMPLICIT BOOLEAN DEFAULT FALSE`: in DER only TRUE is written.
fn set(fields: &mut Der<'_>, number: u8) -> Result<bool, CoverageError> {
    match fields.optional(tag::context(number))? {
        None => Ok(false),
        Some([0xff]) => Ok(true),
        Some(_) => Err(DerError::Value("TRUE, or nothing for the default").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_cas_or_of_holders_says_so() {
        let cas = Coverage::read(&[0x30, 3, 0x82, 1, 0xff]).unwrap();
        assert!(cas.only_authorities && cas.in_words() == "CAs alone");
        let holders = Coverage::read(&[0x30, 3, 0x81, 1, 0xff]).unwrap();
        assert!(holders.only_end_entities && holders.addresses.is_empty());
        assert_eq!(Coverage::read(&[0x30, 0]).unwrap().in_words(), "all certificates of the issuer");
    }

    #[test]
    fn a_partition_names_its_addresses() {
        let uri = b"http://a/1.crl";
        let value = [&[0x30, 20, 0xa0, 18, 0xa0, 16, 0x86, 14][..], uri].concat();
        assert_eq!(Coverage::read(&value).unwrap().addresses, ["http://a/1.crl"]);
    }

    #[test]
    fn a_list_is_known_by_what_it_covers() {
        let authority = AuthorityId::parse("ca").unwrap();
        let shard = Coverage { addresses: vec!["http://a/crl/ca/1.crl".to_owned()], ..Coverage::default() };
        let cas = Coverage { only_authorities: true, ..Coverage::default() };
        let holders = Coverage { only_end_entities: true, ..Coverage::default() };
        let all = [Coverage::default(), cas, holders, shard];
        let scopes = [ListScope::Full, ListScope::Authorities, ListScope::EndEntities, ListScope::Shard(1)];
        for (place, coverage) in all.iter().enumerate() {
            for (other, scope) in scopes.into_iter().enumerate() {
                assert_eq!(coverage.is_of(scope, &authority), place == other, "{scope}: {coverage:?}");
            }
            assert!(!coverage.is_of(ListScope::Shard(11), &authority));
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert_eq!(Coverage::read(&[0x30, 3, 0x84, 1, 0xff]), Err(CoverageError::Field(4)), "indirectCRL");
        assert_eq!(Coverage::read(&[0x30, 6, 0x81, 1, 0xff, 0x82, 1, 0xff]), Err(CoverageError::Nothing));
        assert!(Coverage::read(&[0x30, 3, 0x81, 1, 0]).is_err(), "a default that is written");
    }
}
