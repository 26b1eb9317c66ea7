//! Reading a CRL entry by entry: strictly, without judging it, and with no more of it in memory than one entry. Used by our
//! own check before a CRL is stored, by the next CRL to see what must not get lost, and for people.

use std::io::Read;

use ca_core::der::{DerError, Reader as Der, check_strict, tag};
use ca_core::digest::{Hashed, Hasher};
use ca_core::key::{SignatureAlgorithm, SignatureAlgorithmError};
use ca_core::name::DistinguishedName;
use ca_core::oid;
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::signer::Message;
use ca_core::time::Timestamp;

use crate::entries::CrlEntry;

/// Octets read at once.
const CHUNK: usize = 1 << 16;
/// Most octets of a field that is not the list of entries: the issuer's name, an entry, all extensions of the list.
const LARGEST_FIELD: usize = 1 << 20;

/// Why octets are no CRL this program reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// Not DER, or not in the shape of a CertificateList.
    #[error("the CRL is malformed: {0}")]
    Der(#[from] DerError),
    /// The octets cannot be read.
    #[error("the CRL cannot be read: {0}")]
    Source(String),
    /// A field far longer than any CRL has.
    #[error("a field of the CRL has more than {LARGEST_FIELD} octets")]
    TooLong,
    /// The issuer's name cannot be read.
    #[error("the issuer's name is malformed")]
    Issuer,
    /// Signed in a way that is not accepted.
    #[error(transparent)]
    SignatureAlgorithm(#[from] SignatureAlgorithmError),
    /// The signature names one algorithm and the signed part another.
    #[error("the CRL names two signature algorithms")]
    AlgorithmsDiffer,
    /// A serial no certificate can have.
    #[error("entry {0} has no serial number a certificate can have")]
    Serial(u64),
    /// A reason RFC 5280 does not know.
    #[error("entry {0} has an unknown reason")]
    Reason(u64),
    /// A critical extension of an entry that is not known.
    #[error("an entry has the unknown critical extension {0}")]
    UnknownCritical(String),
}

/// What a CRL says before its entries; nothing in it has been verified.
#[derive(Clone, Debug)]
pub struct CrlHeader {
    /// Who signed it, as it says.
    pub issuer: DistinguishedName,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next will exist.
    pub next_update: Option<Timestamp>,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
}

/// What a CRL says behind its entries; nothing in it has been verified.
#[derive(Clone, Debug)]
pub struct CrlTrailer {
    /// cRLNumber; `None` when absent or beyond 64 bits.
    pub number: Option<u64>,
    /// BaseCRLNumber of deltaCRLIndicator.
    pub base_number: Option<u64>,
    /// keyIdentifier of authorityKeyIdentifier.
    pub authority_key_identifier: Option<Vec<u8>>,
    /// Every extension of the list, in order.
    pub extensions: Vec<CrlExtension>,
    /// What the signature covers.
    pub signed: Signed,
    /// The signature.
    pub signature: Vec<u8>,
}

/// What a signature of a CRL covers, as far as it is needed to verify it.
#[derive(Clone, Debug)]
pub enum Signed {
    /// The digest of the TBSCertList.
    Hashed(Hashed),
    /// All of it, for an algorithm that brings its own digest.
    Whole(Vec<u8>),
}

impl Signed {
    /// What a verifier wants.
    pub fn message(&self) -> Message<'_> {
        match self {
            Self::Hashed(hashed) => Message::Hashed(hashed),
            Self::Whole(octets) => Message::Octets(octets),
        }
    }
}

/// An extension of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlExtension {
    /// Which, dotted.
    pub oid: String,
    /// Whether readers that do not know it must refuse the CRL.
    pub critical: bool,
    /// Its value, DER.
    pub value: Vec<u8>,
}

/// A CRL being read.
pub struct CrlReader<R> {
    octets: Octets<R>,
    header: CrlHeader,
    /// Where the outer value, the signed part and the entries end, in octets from the beginning.
    ends: Ends,
    count: u64,
}

struct Ends {
    whole: u64,
    tbs: u64,
    entries: u64,
}

impl<R: Read> CrlReader<R> {
    /// Reads up to the first entry of a CRL of version 2, DER.
    ///
    /// # Errors
    /// Every [`CrlError`] but those of entries.
    pub fn open(source: R) -> Result<Self, CrlError> {
        let mut octets = Octets::new(source);
        let (outer, whole) = octets.header(tag::SEQUENCE)?;
        octets.consume(outer)?;
        octets.covered = Covered::Prefix(Vec::new());
        let (inner, tbs) = octets.header(tag::SEQUENCE)?;
        octets.consume(inner)?;
        let version = octets.field()?;
        if Der::new(&version).small_integer()? != 1 {
            return Err(DerError::Value("a CRL of version 2").into());
        }
        let algorithm = octets.field()?;
        let mut fields = Der::new(&algorithm);
        let algorithm = SignatureAlgorithm::read(fields.expect(tag::SEQUENCE)?)?;
        octets.cover(algorithm);
        let issuer = DistinguishedName::from_der(&octets.field()?).map_err(|_| CrlError::Issuer)?;
        let this_update = octets.time()?;
        let next_update = match octets.peek()? {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(octets.time()?),
            _ => None,
        };
        let mut entries = octets.at;
        if octets.at < tbs && octets.peek()? == Some(tag::SEQUENCE) {
            let (header, end) = octets.header(tag::SEQUENCE)?;
            octets.consume(header)?;
            // revokedCertificates MUST be absent when empty (RFC 5280 §5.1.2.6).
            if end == octets.at {
                return Err(DerError::Value("revokedCertificates of at least one").into());
            }
            entries = end;
        }
        if tbs > whole || entries > tbs {
            return Err(DerError::Truncated.into());
        }
        let header = CrlHeader { issuer, this_update, next_update, algorithm };
        Ok(Self { octets, header, ends: Ends { whole, tbs, entries }, count: 0 })
    }

    /// What stands before the entries.
    pub const fn header(&self) -> &CrlHeader {
        &self.header
    }

    /// How many entries have been read.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The next entry; `None` behind the last.
    ///
    /// # Errors
    /// Every [`CrlError`].
    pub fn entry(&mut self) -> Result<Option<CrlEntry>, CrlError> {
        if self.octets.at >= self.ends.entries {
            return if self.octets.at == self.ends.entries { Ok(None) } else { Err(DerError::Truncated.into()) };
        }
        let count = self.count;
        let entry = self.octets.with_field(|der| {
            check_strict(der)?;
            read_entry(Der::of_sequence(der)?, count)
        })??;
        self.count = self.count.saturating_add(1);
        Ok(Some(entry))
    }

    /// Reads the rest, also entries that were not asked for.
    ///
    /// # Errors
    /// Every [`CrlError`].
    pub fn finish(mut self) -> Result<(CrlHeader, CrlTrailer), CrlError> {
        while self.entry()?.is_some() {}
        let mut extensions = Vec::new();
        if self.octets.at < self.ends.tbs {
            let field = self.octets.field()?;
            extensions = read_extensions(Der::of_sequence(Der::new(&field).expect(tag::context_constructed(0))?)?)?;
        }
        if self.octets.at != self.ends.tbs {
            let left = self.ends.tbs.saturating_sub(self.octets.at);
            return Err(DerError::TrailingData(usize::try_from(left).unwrap_or(usize::MAX)).into());
        }
        let signed = self.octets.covered();
        let outer = self.octets.field()?;
        if SignatureAlgorithm::read(Der::new(&outer).expect(tag::SEQUENCE)?)? != self.header.algorithm {
            return Err(CrlError::AlgorithmsDiffer);
        }
        let signature = Der::new(&self.octets.field()?).bit_string()?.to_vec();
        let behind = self.octets.rest()?;
        if self.octets.at != self.ends.whole || behind > 0 {
            return Err(DerError::TrailingData(behind).into());
        }
        let trailer = CrlTrailer {
            number: number(&extensions, oid::CRL_NUMBER)?,
            base_number: number(&extensions, oid::DELTA_CRL_INDICATOR)?,
            authority_key_identifier: key_identifier(&extensions)?,
            extensions,
            signed,
            signature,
        };
        Ok((self.header, trailer))
    }
}

/// What a signature covers, as it goes by.
enum Covered {
    Nothing,
    /// Until it is known how it is signed.
    Prefix(Vec<u8>),
    Hashed(Box<Hasher>),
    Whole(Vec<u8>),
}

/// Octets of a source, a window of them at a time.
struct Octets<R> {
    source: R,
    window: Vec<u8>,
    /// Where the next octet stands in the window.
    next: usize,
    /// Where it stands from the beginning.
    at: u64,
    covered: Covered,
}

impl<R: Read> Octets<R> {
    const fn new(source: R) -> Self {
        Self { source, window: Vec::new(), next: 0, at: 0, covered: Covered::Nothing }
    }

    /// The next octets, at least `wanted` unless the source ends before.
    fn look(&mut self, wanted: usize) -> Result<&[u8], CrlError> {
        while self.window.len().saturating_sub(self.next) < wanted {
            self.window.drain(..self.next);
            self.next = 0;
            let filled = self.window.len();
            self.window.resize(filled.saturating_add(CHUNK.max(wanted)), 0);
            let read = self.source.read(self.window.get_mut(filled..).unwrap_or_default());
            let read = read.map_err(|error| CrlError::Source(error.to_string()))?;
            self.window.truncate(filled.saturating_add(read));
            if read == 0 {
                break;
            }
        }
        Ok(self.window.get(self.next..).unwrap_or_default())
    }

    /// The tag of the next value; `None` at the end.
    fn peek(&mut self) -> Result<Option<u8>, CrlError> {
        Ok(self.look(1)?.first().copied())
    }

    /// How many octets the header of the next value has, which must have `expected`, and where the value ends.
    fn header(&mut self, expected: u8) -> Result<(usize, u64), CrlError> {
        let at = self.at;
        let octets = self.look(6)?;
        match octets.first() {
            Some(found) if *found == expected => {}
            Some(found) => return Err(DerError::UnexpectedTag { expected, found: *found }.into()),
            None => return Err(DerError::Truncated.into()),
        }
        let (header, content) = measured(octets)?;
        let length = u64::try_from(header.saturating_add(content)).unwrap_or(u64::MAX);
        Ok((header, at.saturating_add(length)))
    }

    /// The whole of the next value, whatever it is, in DER form.
    fn field(&mut self) -> Result<Vec<u8>, CrlError> {
        self.with_field(|der| check_strict(der).map(|()| der.to_vec()))?.map_err(CrlError::from)
    }

    fn time(&mut self) -> Result<Timestamp, CrlError> {
        Ok(Der::new(&self.field()?).time()?)
    }

    fn with_field<T>(&mut self, read: impl FnOnce(&[u8]) -> T) -> Result<T, CrlError> {
        let (header, content) = measured(self.look(6)?)?;
        let length = header.saturating_add(content);
        if length > LARGEST_FIELD {
            return Err(CrlError::TooLong);
        }
        let octets = self.look(length)?.get(..length).ok_or(DerError::Truncated)?;
        let value = read(octets);
        self.consume(length)?;
        Ok(value)
    }

    fn consume(&mut self, octets: usize) -> Result<(), CrlError> {
        let gone = self.window.get(self.next..self.next.saturating_add(octets)).ok_or(DerError::Truncated)?;
        match &mut self.covered {
            Covered::Nothing => {}
            Covered::Prefix(whole) | Covered::Whole(whole) => whole.extend_from_slice(gone),
            Covered::Hashed(hasher) => hasher.update(gone),
        }
        self.next = self.next.saturating_add(octets);
        self.at = self.at.saturating_add(u64::try_from(octets).unwrap_or(u64::MAX));
        Ok(())
    }

    /// From here on it is known how it is signed.
    fn cover(&mut self, algorithm: SignatureAlgorithm) {
        let prefix = match std::mem::replace(&mut self.covered, Covered::Nothing) {
            Covered::Prefix(prefix) => prefix,
            _ => Vec::new(),
        };
        self.covered = match algorithm.hash().and_then(Hasher::new) {
            Some(mut hasher) => {
                hasher.update(&prefix);
                Covered::Hashed(Box::new(hasher))
            }
            None => Covered::Whole(prefix),
        };
    }

    fn covered(&mut self) -> Signed {
        match std::mem::replace(&mut self.covered, Covered::Nothing) {
            Covered::Hashed(hasher) => Signed::Hashed(hasher.finish()),
            Covered::Whole(whole) | Covered::Prefix(whole) => Signed::Whole(whole),
            Covered::Nothing => Signed::Whole(Vec::new()),
        }
    }

    /// How many octets are left in the window and the source, one window at most.
    fn rest(&mut self) -> Result<usize, CrlError> {
        Ok(self.look(1)?.len())
    }
}

/// How many octets the header and the content of the value have that begins there.
fn measured(octets: &[u8]) -> Result<(usize, usize), DerError> {
    match octets {
        [_, first, ..] if *first < 0x80 => Ok((2, usize::from(*first))),
        [_, first, rest @ ..] => {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return Err(DerError::Length);
            }
            let length = rest.get(..count).ok_or(DerError::Truncated)?;
            let value = length.iter().fold(0usize, |value, octet| (value << 8) | usize::from(*octet));
            if value < 0x80 || length.first() == Some(&0) {
                return Err(DerError::Length);
            }
            Ok((count.saturating_add(2), value))
        }
        _ => Err(DerError::Truncated),
    }
}

fn read_entry(mut fields: Der<'_>, index: u64) -> Result<CrlEntry, CrlError> {
    let serial = SerialNumber::from_bytes(fields.unsigned()?).map_err(|_| CrlError::Serial(index))?;
    let revoked_at = fields.time()?;
    let mut entry = CrlEntry { serial, revoked_at, reason: RevocationReason::Unspecified, invalidity_at: None };
    if let Some(extensions) = fields.optional(tag::SEQUENCE)? {
        let mut extensions = Der::new(extensions);
        while !extensions.is_empty() {
            let (id, critical, value) = read_extension(&mut extensions)?;
            let mut value = Der::new(value);
            if id == oid::REASON_CODE.as_bytes() {
                let code = value.expect(tag::ENUMERATED)?;
                value.finish()?;
                let reason = match code {
                    [code] => RevocationReason::from_code(*code),
                    _ => None,
                };
                entry.reason = reason.ok_or(CrlError::Reason(index))?;
            } else if id == oid::INVALIDITY_DATE.as_bytes() {
                entry.invalidity_at = Some(value.time()?);
                value.finish()?;
            } else if critical {
                return Err(CrlError::UnknownCritical(oid::dotted(id)));
            }
        }
    }
    fields.finish()?;
    Ok(entry)
}

fn read_extensions(mut list: Der<'_>) -> Result<Vec<CrlExtension>, CrlError> {
    let mut extensions: Vec<CrlExtension> = Vec::new();
    while !list.is_empty() {
        let (id, critical, value) = read_extension(&mut list)?;
        let oid = oid::dotted(id);
        // RFC 5280 §4.2: one of a kind.
        if extensions.iter().any(|known| known.oid == oid) {
            return Err(DerError::Value("an extension that stands once").into());
        }
        extensions.push(CrlExtension { oid, critical, value: value.to_vec() });
    }
    Ok(extensions)
}

fn read_extension<'a>(list: &mut Der<'a>) -> Result<(&'a [u8], bool, &'a [u8]), DerError> {
    let mut fields = list.sequence()?;
    let id = fields.oid()?;
    let critical = fields.peek() == Some(tag::BOOLEAN) && fields.boolean()?;
    let value = fields.expect(tag::OCTET_STRING)?;
    fields.finish()?;
    Ok((id, critical, value))
}

fn value(extensions: &[CrlExtension], id: oid::Oid) -> Option<&[u8]> {
    let dotted = oid::dotted(id.as_bytes());
    extensions.iter().find(|extension| extension.oid == dotted).map(|extension| extension.value.as_slice())
}

/// An INTEGER; `None` when absent or beyond 64 bits.
fn number(extensions: &[CrlExtension], id: oid::Oid) -> Result<Option<u64>, DerError> {
    let Some(value) = value(extensions, id) else { return Ok(None) };
    let mut reader = Der::new(value);
    let octets = reader.unsigned()?;
    reader.finish()?;
    Ok((octets.len() <= 8).then(|| octets.iter().fold(0u64, |value, octet| (value << 8) | u64::from(*octet))))
}

fn key_identifier(extensions: &[CrlExtension]) -> Result<Option<Vec<u8>>, DerError> {
    let Some(value) = value(extensions, oid::AUTHORITY_KEY_IDENTIFIER) else { return Ok(None) };
    Ok(Der::of_sequence(value)?.optional(tag::context(0))?.map(<[u8]>::to_vec))
}
