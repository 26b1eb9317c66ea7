//! A certificate under lint, as rules see it: parsed once, beside what it is held to. Nothing here allocates.

use super::{Baseline, LintError};
use crate::der::check_strict;
use crate::issue::{Authority, Facts};
use crate::key::{CryptoCalendar, KeyAlgorithm};
use crate::oid::{self, Oid};
use crate::profile::{KeyUsage, Profile};
use crate::time::{Timestamp, Validity};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{
    AuthorityInfoAccess, BasicConstraints, CRLDistributionPoints, GeneralName, ParsedExtension, PolicyInformation,
    X509Extension,
};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::{PublicKey, RSAPublicKey};

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

    /// Kind and size of the certified key; `None` for any kind that is not certified here.
    pub fn key_algorithm(&self) -> Option<KeyAlgorithm> {
        if let Some(key) = self.rsa_key() {
            let modulus = without_padding(key.modulus);
            let zeros = modulus.first().map_or(0, |first| first.leading_zeros());
            let bits = modulus.len().saturating_mul(8).saturating_sub(usize::try_from(zeros).unwrap_or(0));
            return u16::try_from(bits).ok().map(KeyAlgorithm::rsa);
        }
        let algorithm = &self.x509.public_key().algorithm;
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

/// Content octets of an INTEGER without the zero that only says it is not negative.
pub(super) const fn without_padding(integer: &[u8]) -> &[u8] {
    match integer {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    }
}
