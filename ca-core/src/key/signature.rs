//! Signature algorithms: what each is called, and its AlgorithmIdentifier, written in one form and read strictly. Two of them
//! share an object identifier (RSASSA-PSS over two digests), so an algorithm is known by its parameters, too.

use super::calendar::SignatureHash;
use crate::der::{DerError, Reader, Writer, header, tag};
use crate::oid::{self, Oid};

/// A signature algorithm with its digest. Kept in the database as its [`name`](Self::name).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ecdsa-with-SHA256 (RFC 5758 §3.2).
    EcdsaSha256,
    /// ecdsa-with-SHA384 (RFC 5758 §3.2).
    EcdsaSha384,
    /// sha256WithRSAEncryption, PKCS#1 v1.5 (RFC 4055 §5).
    RsaSha256,
    /// sha384WithRSAEncryption, PKCS#1 v1.5 (RFC 4055 §5).
    RsaSha384,
    /// RSASSA-PSS over SHA-256, MGF1 over SHA-256, a salt of 32 octets (RFC 4055 §3.1).
    RsaPssSha256,
    /// RSASSA-PSS over SHA-384, MGF1 over SHA-384, a salt of 48 octets (RFC 4055 §3.1).
    RsaPssSha384,
    /// id-ml-dsa-44 (RFC 9881 §2): FIPS 204, pure, with an empty context.
    MlDsa44,
    /// id-ml-dsa-65 (RFC 9881 §2).
    MlDsa65,
    /// id-ml-dsa-87 (RFC 9881 §2).
    MlDsa87,
}

/// How an RSA key pads the digest it signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RsaPadding {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2): what everybody can verify.
    #[default]
    Pkcs1,
    /// RSASSA-PSS (RFC 8017 §8.1), the salt as long as the digest.
    Pss,
}

impl RsaPadding {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Pkcs1, Self::Pss];

    /// Its word in policy packs: `rsa-pkcs1`, `rsa-pss`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pkcs1 => "rsa-pkcs1",
            Self::Pss => "rsa-pss",
        }
    }

    /// The padding of that word; `None` for another.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|padding| padding.as_str() == word)
    }
}

/// Why an AlgorithmIdentifier names no signature algorithm that is signed with or accepted here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureAlgorithmError {
    /// Not DER of an AlgorithmIdentifier.
    #[error("the signature algorithm is malformed: {0}")]
    Der(#[from] DerError),
    /// Another algorithm; the dotted OID.
    #[error("signed with {0}, which is not accepted")]
    Unsupported(String),
    /// Parameters the algorithm does not have; its name.
    #[error("{0} with parameters that it does not have")]
    Parameters(&'static str),
    /// RSASSA-PSS over another digest; the dotted OID. SHA-1 where the parameters leave it out (RFC 4055 §3.1).
    #[error("RSASSA-PSS over the digest {0}, which is not accepted")]
    PssDigest(String),
    /// RSASSA-PSS with a salt of another length than the digest's, in octets.
    #[error("RSASSA-PSS with a salt of {found} octets; {expected} are accepted, as many as the digest has")]
    PssSalt {
        /// Octets found.
        found: u64,
        /// Octets of the digest.
        expected: u64,
    },
}

impl SignatureAlgorithm {
    /// Each of them.
    pub const ALL: [Self; 9] = [
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::RsaSha256,
        Self::RsaSha384,
        Self::RsaPssSha256,
        Self::RsaPssSha384,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// Its object identifier; one for both of RSASSA-PSS.
    pub const fn oid(self) -> Oid {
        match self {
            Self::EcdsaSha256 => oid::ECDSA_WITH_SHA256,
            Self::EcdsaSha384 => oid::ECDSA_WITH_SHA384,
            Self::RsaSha256 => oid::SHA256_WITH_RSA,
            Self::RsaSha384 => oid::SHA384_WITH_RSA,
            Self::RsaPssSha256 | Self::RsaPssSha384 => oid::RSASSA_PSS,
            Self::MlDsa44 => oid::ML_DSA_44,
            Self::MlDsa65 => oid::ML_DSA_65,
            Self::MlDsa87 => oid::ML_DSA_87,
        }
    }

    /// Its name, for people and in the database: `ecdsa-with-SHA256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EcdsaSha256 => "ecdsa-with-SHA256",
            Self::EcdsaSha384 => "ecdsa-with-SHA384",
            Self::RsaSha256 => "sha256WithRSAEncryption",
            Self::RsaSha384 => "sha384WithRSAEncryption",
            Self::RsaPssSha256 => "RSASSA-PSS with SHA256",
            Self::RsaPssSha384 => "RSASSA-PSS with SHA384",
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }

    /// The algorithm of that name, as [`Self::name`] gives it; `None` for another.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The digest it signs over; `None` with ML-DSA, which brings its own.
    pub const fn hash(self) -> Option<SignatureHash> {
        match self {
            Self::EcdsaSha256 | Self::RsaSha256 | Self::RsaPssSha256 => Some(SignatureHash::Sha256),
            Self::EcdsaSha384 | Self::RsaSha384 | Self::RsaPssSha384 => Some(SignatureHash::Sha384),
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => None,
        }
    }

    /// How it pads, with an RSA key; `None` with any other.
    pub const fn padding(self) -> Option<RsaPadding> {
        match self {
            Self::RsaSha256 | Self::RsaSha384 => Some(RsaPadding::Pkcs1),
            Self::RsaPssSha256 | Self::RsaPssSha384 => Some(RsaPadding::Pss),
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => None,
        }
    }

    /// Whether signatures are made with an RSA key.
    pub const fn is_rsa(self) -> bool {
        self.padding().is_some()
    }

    /// The same over the same digest with that padding; unchanged where no RSA key signs.
    #[must_use]
    pub const fn padded(self, padding: RsaPadding) -> Self {
        match (self, padding) {
            (Self::RsaSha256 | Self::RsaPssSha256, RsaPadding::Pkcs1) => Self::RsaSha256,
            (Self::RsaSha384 | Self::RsaPssSha384, RsaPadding::Pkcs1) => Self::RsaSha384,
            (Self::RsaSha256 | Self::RsaPssSha256, RsaPadding::Pss) => Self::RsaPssSha256,
            (Self::RsaSha384 | Self::RsaPssSha384, RsaPadding::Pss) => Self::RsaPssSha384,
            (other, _) => other,
        }
    }

    /// The algorithm of the AlgorithmIdentifier with these content octets. NULL may be missing where RFC 4055 §2.1 and §5 want
    /// that accepted (docs/leniency.md). Errors: [`SignatureAlgorithmError`].
    pub fn read(content: &[u8]) -> Result<Self, SignatureAlgorithmError> {
        let mut fields = Reader::new(content);
        let id = fields.oid()?;
        if id == oid::RSASSA_PSS.as_bytes() {
            return read_pss(&mut fields);
        }
        let algorithm = Self::ALL.into_iter().find(|algorithm| algorithm.oid().as_bytes() == id);
        let algorithm = algorithm.ok_or_else(|| SignatureAlgorithmError::Unsupported(oid::dotted(id)))?;
        let other = |_: DerError| SignatureAlgorithmError::Parameters(algorithm.name());
        if algorithm.is_rsa() {
            null_or_nothing(&mut fields).map_err(other)?;
        }
        fields.finish().map_err(other)?;
        Ok(algorithm)
    }

    /// Writes its AlgorithmIdentifier: NULL parameters with RSA PKCS#1 (RFC 4055 §5), digest, mask and salt with RSASSA-PSS
    /// (RFC 4055 §3.1), none with ECDSA (RFC 5758 §3.2) and ML-DSA (RFC 9881 §2).
    pub fn write(self, writer: &mut Writer) {
        writer.sequence(|w| {
            match self {
                Self::RsaSha256 | Self::RsaSha384 => w.null(),
                Self::RsaPssSha256 => write_pss(w, &PSS_SHA256),
                Self::RsaPssSha384 => write_pss(w, &PSS_SHA384),
                Self::EcdsaSha256 | Self::EcdsaSha384 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => {}
            }
            w.oid(self.oid());
        });
    }

    /// DER of the SEQUENCE that X.509 signs everything with (SIGNED, RFC 5912): `tbs`, this algorithm, `signature`.
    pub fn signed(self, tbs: &[u8], signature: &[u8]) -> Vec<u8> {
        let (before, after) = self.around(tbs.len(), signature);
        [&before, tbs, &after].concat()
    }

    /// What stands in it before and behind a `tbs` of that many octets, which may be too many to stand in memory.
    pub fn around(self, tbs: usize, signature: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let after = Writer::build(|w| {
            w.bit_string(signature);
            self.write(w);
        });
        (header(tag::SEQUENCE, tbs.saturating_add(after.len())), after)
    }
}

/// What RSASSA-PSS-params say: everything follows from the digest.
struct PssParameters {
    algorithm: SignatureAlgorithm,
    digest: Oid,
    salt: u64,
}

const PSS_SHA256: PssParameters =
    PssParameters { algorithm: SignatureAlgorithm::RsaPssSha256, digest: oid::SHA256, salt: 32 };
const PSS_SHA384: PssParameters =
    PssParameters { algorithm: SignatureAlgorithm::RsaPssSha384, digest: oid::SHA384, salt: 48 };

/// Octets of the salt where the parameters leave it out (RFC 4055 §3.1).
const DEFAULT_SALT: u64 = 20;

/// RSASSA-PSS-params (RFC 4055 §3.1); trailerField has its default and is left out.
fn write_pss(writer: &mut Writer, parameters: &PssParameters) {
    let digest = |w: &mut Writer| {
        w.sequence(|w| {
            w.null();
            w.oid(parameters.digest);
        });
    };
    writer.sequence(|w| {
        w.constructed(tag::context_constructed(2), |w| w.integer(parameters.salt));
        w.constructed(tag::context_constructed(1), |w| {
            w.sequence(|w| {
                digest(w);
                w.oid(oid::MGF1);
            });
        });
        w.constructed(tag::context_constructed(0), digest);
    });
}

fn read_pss(fields: &mut Reader<'_>) -> Result<SignatureAlgorithm, SignatureAlgorithmError> {
    const OTHER: SignatureAlgorithmError = SignatureAlgorithmError::Parameters("RSASSA-PSS");
    let mut parameters = fields.sequence().map_err(|_| OTHER)?;
    fields.finish().map_err(|_| OTHER)?;
    let digest = match parameters.optional(tag::context_constructed(0))? {
        Some(digest) => read_digest(digest).map_err(|_| OTHER)?,
        None => oid::SHA1.as_bytes(),
    };
    let known = [PSS_SHA256, PSS_SHA384].into_iter().find(|known| known.digest.as_bytes() == digest);
    let known = known.ok_or_else(|| SignatureAlgorithmError::PssDigest(oid::dotted(digest)))?;
    let mask = parameters.expect(tag::context_constructed(1)).and_then(read_mask).map_err(|_| OTHER)?;
    let salt = match parameters.optional(tag::context_constructed(2))? {
        Some(salt) => read_salt(salt).map_err(|_| OTHER)?,
        None => DEFAULT_SALT,
    };
    parameters.finish().map_err(|_| OTHER)?;
    if mask != digest {
        return Err(OTHER);
    }
    if salt != known.salt {
        return Err(SignatureAlgorithmError::PssSalt { found: salt, expected: known.salt });
    }
    Ok(known.algorithm)
}

/// The digest of an AlgorithmIdentifier, which stands alone in `der`.
fn read_digest(der: &[u8]) -> Result<&[u8], DerError> {
    let mut fields = Reader::of_sequence(der)?;
    let id = fields.oid()?;
    null_or_nothing(&mut fields)?;
    fields.finish()?;
    Ok(id)
}

/// The digest of MGF1 (RFC 4055 §2.2).
fn read_mask(der: &[u8]) -> Result<&[u8], DerError> {
    let mut fields = Reader::of_sequence(der)?;
    if fields.oid()? != oid::MGF1.as_bytes() {
        return Err(DerError::Value("MGF1"));
    }
    read_digest(fields.rest())
}

fn read_salt(der: &[u8]) -> Result<u64, DerError> {
    let mut field = Reader::new(der);
    let salt = field.small_integer()?;
    field.finish()?;
    Ok(salt)
}

fn null_or_nothing(fields: &mut Reader<'_>) -> Result<(), DerError> {
    match fields.optional(tag::NULL)? {
        None | Some([]) => Ok(()),
        Some(_) => Err(DerError::Value("a NULL")),
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
