//! A certificate under lint, as rules see it: parsed once, beside what it is held to. Nothing here allocates.

use super::{Baseline, LintError};
use crate::der::{Reader, check_strict, tag};
use crate::issue::{Authority, Facts};
use crate::key::{CryptoCalendar, KeyAlgorithm, SignatureHash};
use crate::oid::{self, Oid};
use crate::profile::{KeyUsage, Profile};
use crate::time::{Timestamp, Validity};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{
    AuthorityInfoAccess, BasicConstraints, CRLDistributionPoints, GeneralName, NameConstraints, ParsedExtension,
    PolicyInformation, PolicyMapping, X509Extension,
};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::x509::{AlgorithmIdentifier, X509Name};

/// What a rule reads.
pub struct Candidate<'a> {
    /// The certificate as the other implementation reads it; its signature is empty when it is about to be issued.
    pub x509: X509Certificate<'a>,
    /// The octets it was read from.
    pub der: &'a [u8],
    /// The dates of algorithms it is held to.
    pub calendar: &'a CryptoCalendar,
    /// The public requirements it is held to, if any.
    pub baseline: Option<Baseline>,
    /// What it was promised to be, if it is about to be issued here.
    pub promise: Option<Promise<'a>>,
}

/// What a certificate that is about to be issued must be.
#[derive(Clone, Copy)]
pub struct Promise<'a> {
    /// The profile it claims.
    pub profile: &'a Profile,
    /// Who issues it.
    pub authority: &'a Authority,
    /// What was ordered.
    pub facts: &'a Facts,
}

impl<'a> Candidate<'a> {
    /// Parses `der`, a certificate of any issuer; it is held to nothing but the calendar yet. Errors when it is not strict
    /// DER, and when the other implementation cannot read it.
    pub fn parse(der: &'a [u8], calendar: &'a CryptoCalendar) -> Result<Self, LintError> {
        check_strict(der)?;
        Self::parse_leniently(der, calendar)
    }

    /// As [`Self::parse`], but a rule's test may give octets that are not DER, to see that the rule alone refuses them.
    pub(super) fn parse_leniently(der: &'a [u8], calendar: &'a CryptoCalendar) -> Result<Self, LintError> {
        let parsed = X509Certificate::from_der(der);
        let (_, x509) = parsed.map_err(|error| LintError::Unreadable(error.to_string()))?;
        Ok(Self { x509, der, calendar, baseline: None, promise: None })
    }

    /// The same, held to `baseline`; `None` for a certificate that no public requirements apply to.
    #[must_use]
    pub const fn held_to(mut self, baseline: Option<Baseline>) -> Self {
        self.baseline = baseline;
        self
    }

    /// The same, held to what was promised.
    #[must_use]
    pub const fn promised(mut self, promise: Promise<'a>) -> Self {
        self.promise = Some(promise);
        self
    }

    /// The validity.
    pub fn validity(&self) -> Validity {
        let validity = self.x509.validity();
        Validity {
            not_before: Timestamp::from_seconds(validity.not_before.timestamp()),
            not_after: Timestamp::from_seconds(validity.not_after.timestamp()),
        }
    }

    /// The first extension with that OID.
    pub fn extension(&self, id: Oid) -> Option<&X509Extension<'a>> {
        self.x509.extensions().iter().find(|extension| extension.oid.as_bytes() == id.as_bytes())
    }

    /// Whether an extension with that OID stands.
    pub fn has(&self, id: Oid) -> bool {
        self.extension(id).is_some()
    }

    /// Whether the first extension with that OID is critical.
    pub fn is_critical(&self, id: Oid) -> bool {
        self.extension(id).is_some_and(|extension| extension.critical)
    }

    /// What the first extension with that OID says.
    pub fn parsed(&self, id: Oid) -> Option<&ParsedExtension<'a>> {
        self.extension(id).map(X509Extension::parsed_extension)
    }

    /// Key usage bits, bit 0 highest; `None` without a readable extension.
    pub fn key_usage(&self) -> Option<u16> {
        match self.parsed(oid::KEY_USAGE) {
            Some(ParsedExtension::KeyUsage(usage)) => Some(usage.flags.reverse_bits()),
            _ => None,
        }
    }

    /// Whether one of those key usage bits is set.
    pub fn is_used_for(&self, bits: u16) -> bool {
        self.key_usage().is_some_and(|usage| usage & bits != 0)
    }

    /// Purposes in extKeyUsage, in order, as content octets of object identifiers; none without a readable extension. The
    /// other implementation sorts them into flags, so the list itself is read.
    pub fn purposes(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut list = self.extension(oid::EXTENDED_KEY_USAGE).and_then(|found| Reader::of_sequence(found.value).ok());
        std::iter::from_fn(move || list.as_mut()?.oid().ok())
    }

    /// Whether extKeyUsage names that purpose.
    pub fn has_purpose(&self, purpose: Oid) -> bool {
        self.purposes().any(|found| found == purpose.as_bytes())
    }

    /// Whether keyCertSign is set.
    pub fn signs_certificates(&self) -> bool {
        self.key_usage().is_some_and(|usage| usage & KeyUsage::CERT_SIGN.0 != 0)
    }

    /// basicConstraints; `None` without a readable extension.
    pub fn basic_constraints(&self) -> Option<&BasicConstraints> {
        match self.parsed(oid::BASIC_CONSTRAINTS) {
            Some(ParsedExtension::BasicConstraints(basic)) => Some(basic),
            _ => None,
        }
    }

    /// Whether it says it is a CA.
    pub fn is_authority(&self) -> bool {
        self.basic_constraints().is_some_and(|basic| basic.ca)
    }

    /// Names in subjectAltName; `None` without a readable extension.
    pub fn alternative_names(&self) -> Option<&[GeneralName<'a>]> {
        match self.parsed(oid::SUBJECT_ALT_NAME) {
            Some(ParsedExtension::SubjectAlternativeName(names)) => Some(&names.general_names),
            _ => None,
        }
    }

    /// Names in issuerAltName; `None` without a readable extension.
    pub fn issuer_alternative_names(&self) -> Option<&[GeneralName<'a>]> {
        match self.parsed(oid::ISSUER_ALT_NAME) {
            Some(ParsedExtension::IssuerAlternativeName(names)) => Some(&names.general_names),
            _ => None,
        }
    }

    /// nameConstraints; `None` without a readable extension.
    pub fn name_constraints(&self) -> Option<&NameConstraints<'a>> {
        match self.parsed(oid::NAME_CONSTRAINTS) {
            Some(ParsedExtension::NameConstraints(constraints)) => Some(constraints),
            _ => None,
        }
    }

    /// policyMappings; empty without a readable extension.
    pub fn policy_mappings(&self) -> &[PolicyMapping<'a>] {
        match self.parsed(oid::POLICY_MAPPINGS) {
            Some(ParsedExtension::PolicyMappings(mappings)) => &mappings.mappings,
            _ => &[],
        }
    }

    /// certificatePolicies; empty without a readable extension.
    pub fn policies(&self) -> &[PolicyInformation<'a>] {
        match self.parsed(oid::CERTIFICATE_POLICIES) {
            Some(ParsedExtension::CertificatePolicies(policies)) => policies,
            _ => &[],
        }
    }

    /// cRLDistributionPoints; `None` without a readable extension.
    pub fn distribution_points(&self) -> Option<&CRLDistributionPoints<'a>> {
        match self.parsed(oid::CRL_DISTRIBUTION_POINTS) {
            Some(ParsedExtension::CRLDistributionPoints(points)) => Some(points),
            _ => None,
        }
    }

    /// authorityInfoAccess; `None` without a readable extension.
    pub fn authority_access(&self) -> Option<&AuthorityInfoAccess<'a>> {
        match self.parsed(oid::AUTHORITY_INFO_ACCESS) {
            Some(ParsedExtension::AuthorityInfoAccess(access)) => Some(access),
            _ => None,
        }
    }

    /// Whether subject and issuer are the same name: self-signed, or a link between two keys of one CA.
    pub fn is_self_issued(&self) -> bool {
        self.x509.issuer().as_raw() == self.x509.subject().as_raw()
    }

    /// How long it is valid in seconds, both ends included; zero when it ends before it begins.
    pub fn lifetime(&self) -> u64 {
        let Validity { not_before, not_after } = self.validity();
        u64::try_from(not_after.seconds().saturating_sub(not_before.seconds()).saturating_add(1)).unwrap_or(0)
    }

    /// The AlgorithmIdentifiers of the signature, inside what is signed and outside, each with its header; `None` where the
    /// octets are not DER up to there.
    pub fn signature_identifiers(&self) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
        let sequence = |fields: &mut Reader<'a>| Some(fields.expect_element(tag::SEQUENCE).ok()?.whole);
        let Ok(mut outer) = Reader::of_sequence(self.der) else { return (None, None) };
        let inside = outer.sequence().ok().and_then(|mut tbs| {
            tbs.optional(tag::context_constructed(0)).ok()?;
            tbs.expect(tag::INTEGER).ok()?;
            sequence(&mut tbs)
        });
        (inside, sequence(&mut outer))
    }

    /// The digest it is signed over; `None` for EdDSA and ML-DSA, which have their own, and for algorithms nobody knows.
    pub fn signature_hash(&self) -> Option<SignatureHash> {
        signature_hash(&self.x509.tbs_certificate.signature)
    }

    /// Kind and size of the certified key; `None` for any kind that is not certified here.
    pub fn key_algorithm(&self) -> Option<KeyAlgorithm> {
        if let Some(key) = self.rsa_key() {
            let modulus = without_padding(key.modulus);
            let zeros = modulus.first().map_or(0, |first| first.leading_zeros());
            let bits = modulus.len().saturating_mul(8).saturating_sub(usize::try_from(zeros).unwrap_or(0));
            return u16::try_from(bits).ok().map(KeyAlgorithm::rsa);
        }
        let algorithm = &self.x509.public_key().algorithm;
        if let Some(kind) = ml_dsa_kind(algorithm) {
            let octets = self.x509.public_key().subject_public_key.data.len();
            return (octets == usize::from(kind.bits() / 8)).then_some(kind);
        }
        if algorithm.algorithm.as_bytes() != oid::EC_PUBLIC_KEY.as_bytes() {
            return None;
        }
        match algorithm.parameters()?.data {
            curve if curve == oid::SECP256R1.as_bytes() => Some(KeyAlgorithm::P256),
            curve if curve == oid::SECP384R1.as_bytes() => Some(KeyAlgorithm::P384),
            _ => None,
        }
    }

    /// The certified key's numbers, if it is a readable RSA key.
    pub fn rsa_key(&self) -> Option<RSAPublicKey<'_>> {
        match self.x509.public_key().parsed() {
            Ok(PublicKey::RSA(key)) => Some(key),
            _ => None,
        }
    }
}

/// The kind of ML-DSA key that algorithm names.
pub(super) fn ml_dsa_kind(algorithm: &AlgorithmIdentifier<'_>) -> Option<KeyAlgorithm> {
    let id = algorithm.algorithm.as_bytes();
    KeyAlgorithm::EXPERIMENTAL.into_iter().find(|kind| kind.signature_algorithm().oid().as_bytes() == id)
}

/// The digest of a signature algorithm; `None` as for [`Candidate::signature_hash`].
pub(super) fn signature_hash(algorithm: &AlgorithmIdentifier<'_>) -> Option<SignatureHash> {
    let id = algorithm.algorithm.as_bytes();
    if id == oid::RSASSA_PSS.as_bytes() {
        return pss_hash(algorithm.parameters()?.data);
    }
    SIGNATURE_HASHES.iter().find(|(known, _)| known.as_bytes() == id).map(|(_, hash)| *hash)
}

/// Signature algorithms that fix their digest.
const SIGNATURE_HASHES: [(Oid, SignatureHash); 11] = [
    (oid::ECDSA_WITH_SHA256, SignatureHash::Sha256),
    (oid::ECDSA_WITH_SHA384, SignatureHash::Sha384),
    (oid::SHA256_WITH_RSA, SignatureHash::Sha256),
    (oid::SHA384_WITH_RSA, SignatureHash::Sha384),
    (oid::SHA512_WITH_RSA, SignatureHash::Sha512),
    (oid::ECDSA_WITH_SHA512, SignatureHash::Sha512),
    (oid::SHA1_WITH_RSA, SignatureHash::Sha1),
    (oid::ECDSA_WITH_SHA1, SignatureHash::Sha1),
    (oid::SHA224_WITH_RSA, SignatureHash::Sha224),
    (oid::ECDSA_WITH_SHA224, SignatureHash::Sha224),
    (oid::MD5_WITH_RSA, SignatureHash::Md5),
];

/// hashAlgorithm of RSASSA-PSS-params, given without their header; SHA-1 where it is left out (RFC 4055 §3.1).
fn pss_hash(parameters: &[u8]) -> Option<SignatureHash> {
    let mut fields = Reader::new(parameters);
    let Some(field) = fields.optional(tag::context_constructed(0)).ok()? else { return Some(SignatureHash::Sha1) };
    let id = Reader::of_sequence(field).ok()?.oid().ok()?;
    let digests = [
        (oid::SHA1, SignatureHash::Sha1),
        (oid::SHA224, SignatureHash::Sha224),
        (oid::SHA256, SignatureHash::Sha256),
        (oid::SHA384, SignatureHash::Sha384),
        (oid::SHA512, SignatureHash::Sha512),
    ];
    digests.iter().find(|(known, _)| known.as_bytes() == id).map(|(_, hash)| *hash)
}

/// An attribute of a name: its type's OID octets, its string's tag number and octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameAttribute<'a> {
    /// Content octets of the attribute type.
    pub id: &'a [u8],
    /// Tag number of the value.
    pub tag: u32,
    /// Content octets of the value.
    pub value: &'a [u8],
}

impl NameAttribute<'_> {
    /// Whether it is of that type.
    pub fn is(&self, kind: Oid) -> bool {
        self.id == kind.as_bytes()
    }

    /// Whether it is a string of that universal type, by its identifier octet.
    pub fn is_string(&self, string_tag: u8) -> bool {
        self.tag == u32::from(string_tag)
    }

    /// For a finding: `2.5.4.3 "Sample"`.
    pub fn shown(&self) -> String {
        format!("{} {:?}", oid::dotted(self.id), String::from_utf8_lossy(self.value))
    }
}

/// The attributes of `name`, in order.
pub(super) fn attributes<'n>(name: &'n X509Name<'_>) -> impl Iterator<Item = NameAttribute<'n>> {
    name.iter_attributes().map(|attribute| {
        let value = attribute.attr_value();
        NameAttribute { id: attribute.attr_type().as_bytes(), tag: value.tag().0, value: value.data }
    })
}

/// Content octets of an INTEGER without the zero that only says it is not negative.
pub(super) const fn without_padding(integer: &[u8]) -> &[u8] {
    match integer {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    }
}
