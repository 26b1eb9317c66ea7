//! Every object identifier we write or look for, as its DER content octets, with the section that defines it.

/// An object identifier: DER content octets, without tag and length.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Oid(pub &'static [u8]);

impl Oid {
    /// The DER content octets.
    pub const fn as_bytes(&self) -> &'static [u8] {
        self.0
    }
}

impl std::fmt::Debug for Oid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Oid({})", dotted(self.0))
    }
}

/// An object identifier that comes from data, as its DER content octets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObjectId(Box<[u8]>);

/// Text that is no object identifier in dotted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object identifier is numbers with dots between, such as 1.3.6.1.4.1.32473.1, the first 0, 1 or 2")]
pub struct NotObjectId;

impl ObjectId {
    /// Reads the dotted form. Errors: fewer than two arcs, a first arc above 2, a second above 39 under 0 and 1, leading
    /// zeros, an arc beyond 64 bits (X.660 §7.6).
    pub fn parse(text: &str) -> Result<Self, NotObjectId> {
        let arc = |arc: &str| {
            let decimal =
                !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'));
            decimal.then(|| arc.parse::<u64>().ok()).flatten().ok_or(NotObjectId)
        };
        let mut arcs = text.split('.');
        let (root, second) = (arc(arcs.next().ok_or(NotObjectId)?)?, arc(arcs.next().ok_or(NotObjectId)?)?);
        if root > 2 || (root < 2 && second > 39) {
            return Err(NotObjectId);
        }
        let first = second.checked_add(root.saturating_mul(40)).ok_or(NotObjectId)?;
        let mut octets = base128(first);
        for part in arcs {
            octets.extend(base128(arc(part)?));
        }
        Ok(Self(octets.into_boxed_slice()))
    }

    /// The DER content octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn base128(mut arc: u64) -> Vec<u8> {
    let mut octets = Vec::new();
    loop {
        let low = u8::try_from(arc & 0x7f).unwrap_or(0);
        octets.push(if octets.is_empty() { low } else { low | 0x80 });
        arc >>= 7;
        if arc == 0 {
            octets.reverse();
            return octets;
        }
    }
}

impl From<Oid> for ObjectId {
    fn from(oid: Oid) -> Self {
        Self(oid.0.into())
    }
}

impl PartialEq<Oid> for ObjectId {
    fn eq(&self, other: &Oid) -> bool {
        *self.0 == *other.0
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&dotted(&self.0))
    }
}

impl std::fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

/// The dotted form of DER content octets, for people: `2.5.29.15`. Arcs beyond 64 bits are shown as `?`.
pub fn dotted(content: &[u8]) -> String {
    let mut arcs: Vec<Option<u64>> = Vec::new();
    let mut value: Option<u64> = Some(0);
    for octet in content {
        value = value.and_then(|v| v.checked_mul(128)).and_then(|v| v.checked_add(u64::from(octet & 0x7f)));
        if octet & 0x80 == 0 {
            arcs.push(value);
            value = Some(0);
        }
    }
    let mut text = String::new();
    for (index, arc) in arcs.iter().enumerate() {
        match arc {
            Some(first) if index == 0 => {
                let root = (first / 40).min(2);
                text.push_str(&format!("{root}.{}", first.saturating_sub(root.saturating_mul(40))));
            }
            Some(arc) => text.push_str(&format!(".{arc}")),
            None => text.push_str(".?"),
        }
    }
    text
}

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $octets:expr;)+) => {$(
        $(#[$doc])*
        pub const $name: Oid = Oid($octets);
    )+};
}

oids! {
    /// commonName 2.5.4.3 (RFC 5280 §4.1.2.4, X.520).
    COMMON_NAME = &[0x55, 0x04, 0x03];
    /// surname 2.5.4.4 (X.520).
    SURNAME = &[0x55, 0x04, 0x04];
    /// serialNumber 2.5.4.5 (X.520).
    SERIAL_NUMBER = &[0x55, 0x04, 0x05];
    /// countryName 2.5.4.6.
    COUNTRY = &[0x55, 0x04, 0x06];
    /// localityName 2.5.4.7.
    LOCALITY = &[0x55, 0x04, 0x07];
    /// stateOrProvinceName 2.5.4.8.
    STATE = &[0x55, 0x04, 0x08];
    /// organizationName 2.5.4.10.
    ORGANISATION = &[0x55, 0x04, 0x0a];
    /// organizationalUnitName 2.5.4.11.
    ORGANISATIONAL_UNIT = &[0x55, 0x04, 0x0b];
    /// title 2.5.4.12.
    TITLE = &[0x55, 0x04, 0x0c];
    /// givenName 2.5.4.42 (X.520).
    GIVEN_NAME = &[0x55, 0x04, 0x2a];
    /// emailAddress 1.2.840.113549.1.9.1 (RFC 2985 §5.2.1): read in others' names, never written (RFC 5280 §4.1.2.6).
    EMAIL_ADDRESS = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];
    /// domainComponent 0.9.2342.19200300.100.1.25 (RFC 4519 §2.4).
    DOMAIN_COMPONENT = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19];

    /// subjectKeyIdentifier 2.5.29.14 (RFC 5280 §4.2.1.2).
    SUBJECT_KEY_IDENTIFIER = &[0x55, 0x1d, 0x0e];
    /// keyUsage 2.5.29.15 (RFC 5280 §4.2.1.3).
    KEY_USAGE = &[0x55, 0x1d, 0x0f];
    /// subjectAltName 2.5.29.17 (RFC 5280 §4.2.1.6).
    SUBJECT_ALT_NAME = &[0x55, 0x1d, 0x11];
    /// issuerAltName 2.5.29.18 (RFC 5280 §4.2.1.7).
    ISSUER_ALT_NAME = &[0x55, 0x1d, 0x12];
    /// basicConstraints 2.5.29.19 (RFC 5280 §4.2.1.9).
    BASIC_CONSTRAINTS = &[0x55, 0x1d, 0x13];
    /// cRLNumber 2.5.29.20 (RFC 5280 §5.2.3).
    CRL_NUMBER = &[0x55, 0x1d, 0x14];
    /// reasonCode 2.5.29.21 (RFC 5280 §5.3.1).
    REASON_CODE = &[0x55, 0x1d, 0x15];
    /// holdInstructionCode 2.5.29.23 (RFC 3280 §5.3.2; RFC 5280 leaves it out, X.509 has it).
    HOLD_INSTRUCTION_CODE = &[0x55, 0x1d, 0x17];
    /// id-holdinstruction-reject 1.2.840.10040.2.3 (RFC 3280 §5.3.2).
    HOLD_INSTRUCTION_REJECT = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x02, 0x03];
    /// invalidityDate 2.5.29.24 (RFC 5280 §5.3.2).
    INVALIDITY_DATE = &[0x55, 0x1d, 0x18];
    /// deltaCRLIndicator 2.5.29.27 (RFC 5280 §5.2.4).
    DELTA_CRL_INDICATOR = &[0x55, 0x1d, 0x1b];
    /// issuingDistributionPoint 2.5.29.28 (RFC 5280 §5.2.5).
    ISSUING_DISTRIBUTION_POINT = &[0x55, 0x1d, 0x1c];
    /// nameConstraints 2.5.29.30 (RFC 5280 §4.2.1.10).
    NAME_CONSTRAINTS = &[0x55, 0x1d, 0x1e];
    /// cRLDistributionPoints 2.5.29.31 (RFC 5280 §4.2.1.13).
    CRL_DISTRIBUTION_POINTS = &[0x55, 0x1d, 0x1f];
    /// certificatePolicies 2.5.29.32 (RFC 5280 §4.2.1.4).
    CERTIFICATE_POLICIES = &[0x55, 0x1d, 0x20];
    /// anyPolicy 2.5.29.32.0 (RFC 5280 §4.2.1.4).
    ANY_POLICY = &[0x55, 0x1d, 0x20, 0x00];
    /// policyMappings 2.5.29.33 (RFC 5280 §4.2.1.5).
    POLICY_MAPPINGS = &[0x55, 0x1d, 0x21];
    /// freshestCRL 2.5.29.46 (RFC 5280 §4.2.1.15, §5.2.6).
    FRESHEST_CRL = &[0x55, 0x1d, 0x2e];
    /// authorityKeyIdentifier 2.5.29.35 (RFC 5280 §4.2.1.1).
    AUTHORITY_KEY_IDENTIFIER = &[0x55, 0x1d, 0x23];
    /// policyConstraints 2.5.29.36 (RFC 5280 §4.2.1.11).
    POLICY_CONSTRAINTS = &[0x55, 0x1d, 0x24];
    /// extKeyUsage 2.5.29.37 (RFC 5280 §4.2.1.12).
    EXTENDED_KEY_USAGE = &[0x55, 0x1d, 0x25];
    /// inhibitAnyPolicy 2.5.29.54 (RFC 5280 §4.2.1.14).
    INHIBIT_ANY_POLICY = &[0x55, 0x1d, 0x36];
    /// authorityInfoAccess 1.3.6.1.5.5.7.1.1 (RFC 5280 §4.2.2.1).
    AUTHORITY_INFO_ACCESS = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];
    /// id-ad-ocsp 1.3.6.1.5.5.7.48.1 (RFC 5280 §4.2.2.1).
    AD_OCSP = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
    /// id-ad-caIssuers 1.3.6.1.5.5.7.48.2 (RFC 5280 §4.2.2.1).
    AD_CA_ISSUERS = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
    /// id-qt-cps 1.3.6.1.5.5.7.2.1 (RFC 5280 §4.2.1.4).
    QT_CPS = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01];
    /// id-qt-unotice 1.3.6.1.5.5.7.2.2 (RFC 5280 §4.2.1.4).
    QT_NOTICE = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x02];
    /// id-kp-serverAuth 1.3.6.1.5.5.7.3.1 (RFC 5280 §4.2.1.12).
    KP_SERVER_AUTH = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
    /// id-kp-clientAuth 1.3.6.1.5.5.7.3.2 (RFC 5280 §4.2.1.12).
    KP_CLIENT_AUTH = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
    /// id-kp-codeSigning 1.3.6.1.5.5.7.3.3 (RFC 5280 §4.2.1.12).
    KP_CODE_SIGNING = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];
    /// id-kp-emailProtection 1.3.6.1.5.5.7.3.4 (RFC 5280 §4.2.1.12).
    KP_EMAIL_PROTECTION = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04];
    /// id-kp-timeStamping 1.3.6.1.5.5.7.3.8 (RFC 5280 §4.2.1.12).
    KP_TIME_STAMPING = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
    /// id-kp-scvpServer 1.3.6.1.5.5.7.3.15 (RFC 5055 §9): signs answers of a certificate validation service.
    KP_SCVP_SERVER = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x0f];
    /// id-kp-documentSigning 1.3.6.1.5.5.7.3.36 (RFC 9336 §3.1).
    KP_DOCUMENT_SIGNING = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x24];
    /// id-kp-OCSPSigning 1.3.6.1.5.5.7.3.9 (RFC 6960 §4.2.2.2).
    KP_OCSP_SIGNING = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09];
    /// id-pkix-ocsp-basic 1.3.6.1.5.5.7.48.1.1 (RFC 6960 §4.2.1).
    OCSP_BASIC = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
    /// id-pkix-ocsp-nonce 1.3.6.1.5.5.7.48.1.2 (RFC 9654 §2.1).
    OCSP_NONCE = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02];
    /// id-pkix-ocsp-archive-cutoff 1.3.6.1.5.5.7.48.1.6 (RFC 6960 §4.4.4).
    OCSP_ARCHIVE_CUTOFF = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x06];
    /// id-pkix-ocsp-nocheck 1.3.6.1.5.5.7.48.1.5 (RFC 6960 §4.2.2.2.1).
    OCSP_NOCHECK = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05];

    /// id-ecPublicKey 1.2.840.10045.2.1 (RFC 5480 §2.1.1).
    EC_PUBLIC_KEY = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    /// secp256r1 1.2.840.10045.3.1.7 (RFC 5480 §2.1.1.1).
    SECP256R1 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    /// secp384r1 1.3.132.0.34 (RFC 5480 §2.1.1.1).
    SECP384R1 = &[0x2b, 0x81, 0x04, 0x00, 0x22];
    /// rsaEncryption 1.2.840.113549.1.1.1 (RFC 3279 §2.3.1).
    RSA_ENCRYPTION = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    /// id-mgf1 1.2.840.113549.1.1.8 (RFC 4055 §2.2).
    MGF1 = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
    /// id-RSASSA-PSS 1.2.840.113549.1.1.10 (RFC 4055 §3.1).
    RSASSA_PSS = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
    /// sha256WithRSAEncryption 1.2.840.113549.1.1.11 (RFC 4055 §5).
    SHA256_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    /// sha384WithRSAEncryption 1.2.840.113549.1.1.12 (RFC 4055 §5).
    SHA384_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c];
    /// ecdsa-with-SHA256 1.2.840.10045.4.3.2 (RFC 5758 §3.2).
    ECDSA_WITH_SHA256 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    /// ecdsa-with-SHA384 1.2.840.10045.4.3.3 (RFC 5758 §3.2).
    ECDSA_WITH_SHA384 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
    /// id-ml-dsa-44 2.16.840.1.101.3.4.3.17 (RFC 9881 §2).
    ML_DSA_44 = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11];
    /// id-ml-dsa-65 2.16.840.1.101.3.4.3.18 (RFC 9881 §2).
    ML_DSA_65 = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12];
    /// id-ml-dsa-87 2.16.840.1.101.3.4.3.19 (RFC 9881 §2).
    ML_DSA_87 = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13];
    /// id-sha1 1.3.14.3.2.26 (RFC 3279 §2.1): OCSP CertID only.
    SHA1 = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
    /// id-sha256 2.16.840.1.101.3.4.2.1 (RFC 4055 §2.1).
    SHA256 = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
    /// id-sha384 2.16.840.1.101.3.4.2.2 (RFC 4055 §2.1).
    SHA384 = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
    /// id-signedData 1.2.840.113549.1.7.2 (RFC 5652 §5.1).
    SIGNED_DATA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    /// id-data 1.2.840.113549.1.7.1 (RFC 5652 §4).
    DATA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
    /// extensionRequest 1.2.840.113549.1.9.14 (RFC 2985 §5.4.2).
    EXTENSION_REQUEST = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e];

    /// The shipped policy for application certificates, in the documentation arc 1.3.6.1.4.1.32473 (RFC 5612): .1.1.
    POLICY_APPLICATION = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x01, 0x01];
}

oids! {
    // Looked for by lint rules only.

    /// subjectDirectoryAttributes 2.5.29.9 (RFC 5280 §4.2.1.8).
    SUBJECT_DIRECTORY_ATTRIBUTES = &[0x55, 0x1d, 0x09];
    /// subjectInfoAccess 1.3.6.1.5.5.7.1.11 (RFC 5280 §4.2.2.2).
    SUBJECT_INFO_ACCESS = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x0b];
    /// anyExtendedKeyUsage 2.5.29.37.0 (RFC 5280 §4.2.1.12).
    ANY_EXTENDED_KEY_USAGE = &[0x55, 0x1d, 0x25, 0x00];
    /// id-on-SmtpUTF8Mailbox 1.3.6.1.5.5.7.8.9 (RFC 9598 §3).
    ON_SMTP_UTF8_MAILBOX = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09];
    /// streetAddress 2.5.4.9 (X.520).
    STREET_ADDRESS = &[0x55, 0x04, 0x09];
    /// postalCode 2.5.4.17 (X.520).
    POSTAL_CODE = &[0x55, 0x04, 0x11];
    /// dnQualifier 2.5.4.46 (X.520).
    DN_QUALIFIER = &[0x55, 0x04, 0x2e];
    /// secp521r1 1.3.132.0.35 (RFC 5480 §2.1.1.1).
    SECP521R1 = &[0x2b, 0x81, 0x04, 0x00, 0x23];
    /// id-Ed25519 1.3.101.112 (RFC 8410 §3).
    ED25519 = &[0x2b, 0x65, 0x70];
    /// id-Ed448 1.3.101.113 (RFC 8410 §3).
    ED448 = &[0x2b, 0x65, 0x71];
    /// md5WithRSAEncryption 1.2.840.113549.1.1.4 (RFC 3279 §2.2.1).
    MD5_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04];
    /// sha1WithRSAEncryption 1.2.840.113549.1.1.5 (RFC 3279 §2.2.1).
    SHA1_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05];
    /// sha512WithRSAEncryption 1.2.840.113549.1.1.13 (RFC 4055 §5).
    SHA512_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d];
    /// sha224WithRSAEncryption 1.2.840.113549.1.1.14 (RFC 4055 §5).
    SHA224_WITH_RSA = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0e];
    /// ecdsa-with-SHA1 1.2.840.10045.4.1 (RFC 3279 §2.2.3).
    ECDSA_WITH_SHA1 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
    /// ecdsa-with-SHA224 1.2.840.10045.4.3.1 (RFC 5758 §3.2).
    ECDSA_WITH_SHA224 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x01];
    /// ecdsa-with-SHA512 1.2.840.10045.4.3.4 (RFC 5758 §3.2).
    ECDSA_WITH_SHA512 = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];
    /// id-sha224 2.16.840.1.101.3.4.2.4 (RFC 4055 §2.1).
    SHA224 = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04];
    /// id-sha512 2.16.840.1.101.3.4.2.3 (RFC 4055 §2.1).
    SHA512 = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];
    /// The CA/Browser Forum's arc for policies 2.23.140.1 (BR §7.1.6.1).
    CABF_POLICIES = &[0x67, 0x81, 0x0c, 0x01];
    /// The CA/Browser Forum's arc for S/MIME policies 2.23.140.1.5 (S/MIME BR §7.1.6.1).
    CABF_SMIME = &[0x67, 0x81, 0x0c, 0x01, 0x05];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_form_matches_the_comments() {
        assert_eq!(dotted(KEY_USAGE.0), "2.5.29.15");
        assert_eq!(dotted(POLICY_APPLICATION.0), "1.3.6.1.4.1.32473.1.1");
        assert_eq!(dotted(DOMAIN_COMPONENT.0), "0.9.2342.19200300.100.1.25");
        assert_eq!(dotted(SECP256R1.0), "1.2.840.10045.3.1.7");
        assert_eq!(dotted(RSA_ENCRYPTION.0), "1.2.840.113549.1.1.1");
        assert_eq!(dotted(SHA256.0), "2.16.840.1.101.3.4.2.1");
        assert_eq!(dotted(SHA1.0), "1.3.14.3.2.26");
        assert_eq!(dotted(ML_DSA_65.0), "2.16.840.1.101.3.4.3.18");
        assert_eq!(dotted(MGF1.0), "1.2.840.113549.1.1.8");
        assert_eq!(dotted(SECP384R1.0), "1.3.132.0.34");
    }
}
