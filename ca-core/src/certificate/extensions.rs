//! The extensions of a certificate, sorted into fields. Values behind an id come from x509-parser where it is exact, from the
//! strict reader where its view is too coarse (names with their octets, qualifiers, subtrees).

use crate::der::{DerError, Element, Reader, tag};
use crate::name::{DistinguishedName, GeneralName as OwnGeneralName, NameError};
use crate::oid;
use crate::profile::NameConstraints;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};

/// What the extensions say (RFC 5280 §4.2), as far as we act on it or explain it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// basicConstraints cA.
    pub is_ca: bool,
    /// pathLenConstraint.
    pub path_length: Option<u32>,
    /// keyUsage bits, bit 0 highest; `None` without the extension.
    pub key_usage: Option<u16>,
    /// Dotted OIDs of extendedKeyUsage.
    pub extended_key_usage: Vec<String>,
    /// dNSNames of subjectAltName.
    pub dns_names: Vec<String>,
    /// rfc822Names of subjectAltName.
    pub emails: Vec<String>,
    /// directoryNames of subjectAltName.
    pub directory_names: Vec<DistinguishedName>,
    /// directoryNames of issuerAltName.
    pub issuer_directory_names: Vec<DistinguishedName>,
    /// subjectKeyIdentifier.
    pub subject_key_identifier: Option<Vec<u8>>,
    /// keyIdentifier of authorityKeyIdentifier.
    pub authority_key_identifier: Option<Vec<u8>>,
    /// Dotted OIDs of certificatePolicies.
    pub policies: Vec<String>,
    /// Whether a reader that does not understand policies must refuse.
    pub policies_critical: bool,
    /// Where their certification practice statements are (id-qt-cps), each once.
    pub practice_statements: Vec<String>,
    /// What their notices tell a reader (explicitText of id-qt-unotice), each once.
    pub notices: Vec<String>,
    /// Dotted OIDs of policyMappings: ours (issuerDomainPolicy), and theirs that is as good.
    pub policy_mappings: Vec<(String, String)>,
    /// nameConstraints, in the forms of names this PKI uses.
    pub name_constraints: NameConstraints,
    /// Whether nameConstraints say more than [`Self::name_constraints`]: other forms of names, or what cannot be read.
    pub constrains_other_names: bool,
    /// requireExplicitPolicy of policyConstraints.
    pub require_explicit_policy: Option<u64>,
    /// inhibitPolicyMapping of policyConstraints.
    pub inhibit_policy_mapping: Option<u64>,
    /// inhibitAnyPolicy.
    pub inhibit_any_policy: Option<u64>,
    /// directoryNames of cRLDistributionPoints.
    pub crl_directories: Vec<DistinguishedName>,
    /// URIs of cRLDistributionPoints.
    pub crl_uris: Vec<String>,
    /// URIs of OCSP responders (AIA).
    pub ocsp_uris: Vec<String>,
    /// URIs of the issuer's certificate (AIA).
    pub issuer_uris: Vec<String>,
    /// Whether id-pkix-ocsp-nocheck stands there.
    pub ocsp_nocheck: bool,
    /// Dotted OIDs of critical extensions [`Certificate::verify`](super::Certificate::verify) does not act on: unknown ones, and
    /// those only a whole path can keep (name and policy constraints).
    pub unknown_critical: Vec<String>,
}

impl Extensions {
    pub(super) fn read(x509: &X509Certificate<'_>) -> Self {
        let mut found = Self::default();
        for extension in x509.extensions() {
            let id = extension.oid.as_bytes();
            found.read_explained(id, extension.critical, extension.value);
            match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(basic) => {
                    (found.is_ca, found.path_length) = (basic.ca, basic.path_len_constraint);
                }
                ParsedExtension::KeyUsage(usage) => found.key_usage = Some(usage.flags.reverse_bits()),
                ParsedExtension::ExtendedKeyUsage(_) => found.extended_key_usage = key_purposes(extension.value),
                ParsedExtension::SubjectAlternativeName(_) => found.read_names(extension.value),
                ParsedExtension::SubjectKeyIdentifier(key) => found.subject_key_identifier = Some(key.0.to_vec()),
                ParsedExtension::AuthorityKeyIdentifier(key) => {
                    found.authority_key_identifier = key.key_identifier.as_ref().map(|key| key.0.to_vec());
                }
                ParsedExtension::CertificatePolicies(policies) => {
                    found.policies = policies.iter().map(|policy| oid::dotted(policy.policy_id.as_bytes())).collect();
                }
                ParsedExtension::CRLDistributionPoints(points) => {
                    use x509_parser::extensions::DistributionPointName::FullName;
                    let names = points.points.iter().filter_map(|point| match &point.distribution_point {
                        Some(FullName(names)) => Some(names),
                        _ => None,
                    });
                    let names: Vec<_> = names.flatten().collect();
                    found.crl_uris = names.iter().filter_map(|name| uri(name)).collect();
                    found.crl_directories = names.iter().filter_map(|name| directory(name)).collect();
                }
                ParsedExtension::AuthorityInfoAccess(access) => {
                    for description in &access.accessdescs {
                        let method = description.access_method.as_bytes();
                        let target = uri(&description.access_location);
                        if method == oid::AD_OCSP.as_bytes() {
                            found.ocsp_uris.extend(target);
                        } else if method == oid::AD_CA_ISSUERS.as_bytes() {
                            found.issuer_uris.extend(target);
                        }
                    }
                }
                _ if id == oid::OCSP_NOCHECK.as_bytes() => found.ocsp_nocheck = true,
                _ if extension.critical => found.unknown_critical.push(oid::dotted(id)),
                _ => {}
            }
        }
        found
    }

    /// Reads what is explained to people but acted on only with a whole path. What cannot be read is left out, and a lint rule
    /// says so; limits of names are never dropped silently.
    fn read_explained(&mut self, id: &[u8], critical: bool, value: &[u8]) {
        if id == oid::ISSUER_ALT_NAME.as_bytes() {
            let names = OwnGeneralName::read_all(value).unwrap_or_default().into_iter();
            self.issuer_directory_names = names.filter_map(directory_of).collect();
        } else if id == oid::CERTIFICATE_POLICIES.as_bytes() {
            self.policies_critical = critical;
            // Qualifiers up to the first that cannot be read.
            let _ = self.read_qualifiers(value);
        } else if id == oid::POLICY_MAPPINGS.as_bytes() {
            self.policy_mappings = mappings(value).unwrap_or_default();
        } else if id == oid::NAME_CONSTRAINTS.as_bytes() {
            self.constrains_other_names |= !matches!(self.read_subtrees(value), Ok(AllRead));
        } else if id == oid::POLICY_CONSTRAINTS.as_bytes() {
            (self.require_explicit_policy, self.inhibit_policy_mapping) = skips(value).unwrap_or_default();
        } else if id == oid::INHIBIT_ANY_POLICY.as_bytes() {
            self.inhibit_any_policy = Reader::new(value).small_integer().ok();
        }
    }

    /// PolicyInformation with its qualifiers (RFC 5280 §4.2.1.4).
    fn read_qualifiers(&mut self, value: &[u8]) -> Result<(), DerError> {
        let mut policies = Reader::of_sequence(value)?;
        while !policies.is_empty() {
            let mut policy = policies.sequence()?;
            policy.oid()?;
            if policy.is_empty() {
                continue;
            }
            let mut qualifiers = policy.sequence()?;
            while !qualifiers.is_empty() {
                let mut qualifier = qualifiers.sequence()?;
                let (id, value) = (qualifier.oid()?, qualifier.element()?);
                let said = match id {
                    id if id == oid::QT_CPS.as_bytes() => Some((&mut self.practice_statements, text(value))),
                    id if id == oid::QT_NOTICE.as_bytes() => Some((&mut self.notices, explicit_text(value)?)),
                    _ => None,
                };
                if let Some((list, Some(said))) = said
                    && !list.contains(&said)
                {
                    list.push(said);
                }
            }
        }
        Ok(())
    }

    /// NameConstraints (RFC 5280 §4.2.1.10); says whether all of them are in the fields now.
    fn read_subtrees(&mut self, value: &[u8]) -> Result<Subtrees, NameError> {
        let mut lists = Reader::of_sequence(value)?;
        let mut all = AllRead;
        let constraints = &mut self.name_constraints;
        for (number, list) in [(0, &mut constraints.permitted), (1, &mut constraints.excluded)] {
            let Some(content) = lists.optional(tag::context_constructed(number))? else { continue };
            let mut subtrees = Reader::new(content);
            while !subtrees.is_empty() {
                let mut subtree = subtrees.sequence()?;
                match OwnGeneralName::read(subtree.element()?)? {
                    // A distance limits further than the base says.
                    Some(base) if subtree.is_empty() => list.push(base),
                    _ => all = SomeLeftOut,
                }
            }
        }
        lists.finish()?;
        Ok(all)
    }

    /// Sorts the names of a subjectAltName; one that is not of its form is left out, and a lint rule says so.
    fn read_names(&mut self, value: &[u8]) {
        for name in OwnGeneralName::read_all(value).unwrap_or_default() {
            match name {
                OwnGeneralName::Dns(name) => self.dns_names.push(name),
                OwnGeneralName::Email(address) => self.emails.push(address),
                OwnGeneralName::Directory(name) => self.directory_names.push(name),
                OwnGeneralName::Uri(_) => {}
            }
        }
    }
}

fn key_purposes(value: &[u8]) -> Vec<String> {
    let mut purposes = Vec::new();
    if let Ok(mut list) = Reader::of_sequence(value) {
        while let Ok(purpose) = list.oid() {
            purposes.push(oid::dotted(purpose));
        }
    }
    purposes
}

/// Whether everything nameConstraints say was read.
enum Subtrees {
    AllRead,
    SomeLeftOut,
}

use Subtrees::{AllRead, SomeLeftOut};

/// PolicyMappings (RFC 5280 §4.2.1.5).
fn mappings(value: &[u8]) -> Result<Vec<(String, String)>, DerError> {
    let (mut mappings, mut found) = (Reader::of_sequence(value)?, Vec::new());
    while !mappings.is_empty() {
        let mut pair = mappings.sequence()?;
        found.push((oid::dotted(pair.oid()?), oid::dotted(pair.oid()?)));
    }
    Ok(found)
}

/// PolicyConstraints (RFC 5280 §4.2.1.11): requireExplicitPolicy, inhibitPolicyMapping, implicitly tagged.
fn skips(value: &[u8]) -> Result<(Option<u64>, Option<u64>), DerError> {
    let mut fields = Reader::of_sequence(value)?;
    let mut skip = |number| -> Result<Option<u64>, DerError> {
        let octets = fields.optional(tag::context(number))?;
        Ok(octets
            .map(|octets| octets.iter().fold(0, |value: u64, octet| value.saturating_mul(256) | u64::from(*octet))))
    };
    Ok((skip(0)?, skip(1)?))
}

/// explicitText of a UserNotice, in the string types that are octets of UTF-8.
fn explicit_text(notice: Element<'_>) -> Result<Option<String>, DerError> {
    let mut fields = Reader::of_sequence(notice.whole)?;
    fields.optional(tag::SEQUENCE)?; // noticeRef
    if fields.is_empty() { Ok(None) } else { Ok(text(fields.element()?)) }
}

fn text(value: Element<'_>) -> Option<String> {
    const VISIBLE_STRING: u8 = 0x1a;
    let known = [tag::UTF8_STRING, tag::IA5_STRING, VISIBLE_STRING].contains(&value.tag);
    known.then(|| String::from_utf8(value.content.to_vec()).ok()).flatten()
}

fn directory_of(name: OwnGeneralName) -> Option<DistinguishedName> {
    match name {
        OwnGeneralName::Directory(name) => Some(name),
        _ => None,
    }
}

fn directory(name: &GeneralName<'_>) -> Option<DistinguishedName> {
    match name {
        GeneralName::DirectoryName(name) => DistinguishedName::from_der(name.as_raw()).ok(),
        _ => None,
    }
}

fn uri(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    }
}
