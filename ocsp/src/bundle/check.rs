//! The look at a bundle before it is served. The manifest's signature says who made it; this says that everything in it can be
//! believed by itself: each answer and list is signed for an authority whose certificate is in the bundle, says what its line
//! in the index says, and is not older than what was held before.

use super::delta::Pairs;
use super::reader::{Bundle, LARGEST_WHOLE};
use super::record::{Kind, Record, key_of};
use super::{BundleError, answer_path};
use crate::cert_id::{CertIdDigest, IssuerHashes};
use crate::client;
use crate::response::{OcspResponse, SignedResponse};
use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::time::Timestamp;
use ca_core::verify::verify;
use std::collections::HashMap;
use std::io::{self, Read};
use std::num::NonZero;
use std::thread::available_parallelism;

/// Lines that one thread looks at before it takes more.
const SHARE: usize = 4096;

/// Why a bundle is not served.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It cannot be read, or is not what was signed.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// It was numbered by somebody else.
    #[error("it is numbered by {found}, and what is held by {held}")]
    AnotherOrigin {
        /// Who numbered it.
        found: String,
        /// Who numbered what is held.
        held: String,
    },
    /// It is not newer than what is held.
    #[error("its number is {number}, and {held} is held")]
    NotNewer {
        /// Its number.
        number: u64,
        /// That of what is held.
        held: u64,
    },
    /// Something in it is older than what is held under the same path.
    #[error("the artefact {key} has number {number} in it, and {held} is held")]
    Regresses {
        /// The SHA-256 of its path, hexadecimal.
        key: String,
        /// Its number.
        number: i64,
        /// That of what is held.
        held: i64,
    },
    /// Something in it cannot be believed.
    #[error("the artefact {key} is not believed: {reason}")]
    NotBelieved {
        /// The SHA-256 of its path, hexadecimal.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

/// What is said about a list by whoever read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListSays {
    /// Its CRLNumber.
    pub number: i64,
    /// Its thisUpdate.
    pub this_update: Timestamp,
    /// Its nextUpdate.
    pub next_update: Timestamp,
}

/// Reads a list to its end and verifies its signature with one of these certificates; the text says what is wrong.
pub type ListJudge<'a> = &'a (dyn Fn(&mut dyn Read, &[Certificate]) -> Result<ListSays, String> + Sync);

/// Looks at everything in `bundle`. What is the same in `held` was looked at then: of it, only the octets are held against their
/// digest. A `held` whose file was altered in the meantime says nothing but its number, and the bundle it was may be taken in
/// again. Blocking; uses all cores.
///
/// # Errors
/// Every [`NotTaken`].
pub fn take_in(bundle: &Bundle, held: Option<&Bundle>, lists: ListJudge<'_>) -> Result<(), NotTaken> {
    if let Some(held) = held {
        refuse_older(bundle, held)?;
    }
    let held = held.filter(|held| held.manifest() != bundle.manifest() && held.index_is_unaltered());
    let authorities = Authorities::of(bundle)?;
    let look = Look { bundle, authorities, lists };
    let mut lines = pairs(bundle, held);
    let threads = available_parallelism().map_or(1, NonZero::get);
    loop {
        let shares: Vec<Vec<Line>> = (0..threads)
            .map(|_| lines.by_ref().take(SHARE).collect::<Result<Vec<_>, _>>())
            .collect::<Result<_, _>>()?;
        if shares.iter().all(Vec::is_empty) {
            return Ok(());
        }
        let look = &look;
        std::thread::scope(|scope| {
            let threads: Vec<_> = shares.iter().map(|share| scope.spawn(move || look.at_all(share))).collect();
            threads.into_iter().try_for_each(|thread| {
                thread.join().unwrap_or_else(|_| Err(BundleError::from(io::Error::other("a thread was lost")).into()))
            })
        })?;
    }
}

fn refuse_older(bundle: &Bundle, held: &Bundle) -> Result<(), NotTaken> {
    let (new, old) = (bundle.manifest(), held.manifest());
    if new.origin != old.origin {
        return Err(NotTaken::AnotherOrigin { found: new.origin.clone(), held: old.origin.clone() });
    }
    if new.number < old.number || (new.number == old.number && new != old) {
        return Err(NotTaken::NotNewer { number: new.number, held: old.number });
    }
    Ok(())
}

/// A line of a bundle, with what is held under its key.
type Line = (Option<Record>, Record);

fn pairs<'a>(bundle: &'a Bundle, held: Option<&'a Bundle>) -> Box<dyn Iterator<Item = Result<Line, NotTaken>> + 'a> {
    match held {
        None => Box::new(bundle.records().map(|line| line.map(|line| (None, line)).map_err(NotTaken::from))),
        Some(held) => Box::new(Pairs::of(held, bundle).filter_map(|pair| match pair {
            Ok((old, Some(new))) => Some(Ok((old, new))),
            Ok((_, None)) => None,
            Err(error) => Some(Err(error.into())),
        })),
    }
}

/// The authorities of a bundle.
struct Authorities {
    by_name: HashMap<(Vec<u8>, Vec<u8>), (AuthorityId, Certificate)>,
    certificates: Vec<Certificate>,
}

impl Authorities {
    fn of(bundle: &Bundle) -> Result<Self, NotTaken> {
        let mut found = Self { by_name: HashMap::new(), certificates: Vec::new() };
        for path in &bundle.manifest().files {
            let Some(slug) = path.strip_prefix("/aia/").and_then(|file| file.strip_suffix(".cer")) else { continue };
            let Some(record) = bundle.find(path)? else { return Err(BundleError::Index.into()) };
            let certificate = Certificate::from_der(&bundle.whole(&record)?)
                .map_err(|error| not_believed(&record, error.to_string()))?;
            // A link (`root-g2.by-root`) is of a key that has its own certificate.
            if let Ok(authority) = AuthorityId::parse(slug) {
                let IssuerHashes { name, key, .. } = IssuerHashes::of(&certificate, CertIdDigest::Sha1);
                found.by_name.insert((name, key), (authority, certificate.clone()));
                found.certificates.push(certificate);
            }
        }
        Ok(found)
    }
}

struct Look<'a> {
    bundle: &'a Bundle,
    authorities: Authorities,
    lists: ListJudge<'a>,
}

/// Responders' certificates that were verified, by the authority's and their own octets.
type Known = HashMap<(AuthorityId, Vec<u8>), Option<Certificate>>;

impl Look<'_> {
    fn at_all(&self, share: &[Line]) -> Result<(), NotTaken> {
        let mut known = Known::new();
        share.iter().try_for_each(|(held, record)| self.at(held.as_ref(), record, &mut known))
    }

    fn at(&self, held: Option<&Record>, record: &Record, known: &mut Known) -> Result<(), NotTaken> {
        if let Some(held) = held {
            let falls = record.number < held.number || record.this_update < held.this_update;
            if falls && record.kind != Kind::Certificate {
                let key = ca_core::digest::hex(&record.key);
                return Err(NotTaken::Regresses { key, number: record.number, held: held.number });
            }
            if held.is_same_as(record) {
                return Ok(self.unaltered(record)?);
            }
        }
        match record.kind {
            Kind::Answer => self.answer(record, known),
            Kind::Crl => {
                let mut reading = self.bundle.reader(record);
                let says = (self.lists)(&mut reading, &self.authorities.certificates)
                    .map_err(|reason| not_believed(record, reason))?;
                // What the reader of lists does not look at is digested all the same.
                io::copy(&mut reading, &mut io::sink()).map_err(BundleError::from)?;
                let said = (says.number, says.this_update, says.next_update);
                same(record, said == (record.number, record.this_update, record.next_update))
            }
            Kind::Certificate => Ok(self.unaltered(record)?),
        }
    }

    fn unaltered(&self, record: &Record) -> Result<(), BundleError> {
        if record.octets <= LARGEST_WHOLE {
            return self.bundle.whole(record).map(drop);
        }
        io::copy(&mut self.bundle.reader(record), &mut io::sink())?;
        Ok(())
    }

    fn answer(&self, record: &Record, known: &mut Known) -> Result<(), NotTaken> {
        let refused = |reason: &str| not_believed(record, reason.to_owned());
        let parsed = OcspResponse::parse(&self.bundle.whole(record)?);
        let signed = match parsed.map_err(|error| not_believed(record, error.to_string()))? {
            OcspResponse::Signed(signed) => signed,
            OcspResponse::Refused(_) => return Err(refused("it is a refusal")),
        };
        let [single] = signed.data.responses.as_slice() else { return Err(refused("it is not about one certificate")) };
        let issuer = single.cert_id.issuer().filter(|issuer| issuer.digest == CertIdDigest::Sha1);
        let named = issuer.map(|issuer| (issuer.name.clone(), issuer.key.clone()));
        let (authority, issuer) = named
            .and_then(|named| self.authorities.by_name.get(&named))
            .ok_or_else(|| refused("it is about a certificate of no authority in the bundle"))?;
        let serial = single.cert_id.serial().ok_or_else(|| refused("it is about no serial number"))?;
        if key_of(&answer_path(authority, serial)) != record.key {
            return Err(refused("it is about another certificate"));
        }
        let responder =
            responder(&signed, (authority, issuer), known).map_err(|error| not_believed(record, error.to_string()))?;
        let key = responder.as_ref().map_or(issuer.key(), Certificate::key);
        verify(key, signed.algorithm, &signed.tbs, &signed.signature)
            .map_err(|_| refused("its signature does not verify"))?;
        let says = (single.this_update.seconds(), single.this_update, single.next_update);
        same(record, says == (record.number, record.this_update, Some(record.next_update)))
    }
}

/// Who signed, verified once for many answers.
fn responder<'k>(
    signed: &SignedResponse,
    (authority, issuer): (&AuthorityId, &Certificate),
    known: &'k mut Known,
) -> Result<&'k Option<Certificate>, client::NotBelieved> {
    use std::collections::hash_map::Entry;
    let octets = signed.certificates.first().cloned().unwrap_or_default();
    match known.entry((authority.clone(), octets)) {
        Entry::Occupied(entry) => Ok(entry.into_mut()),
        Entry::Vacant(entry) => Ok(entry.insert(client::responder(signed, issuer, signed.data.produced_at)?)),
    }
}

fn same(record: &Record, same: bool) -> Result<(), NotTaken> {
    if same {
        Ok(())
    } else {
        Err(not_believed(record, "it says something else than its line in the index".to_owned()))
    }
}

fn not_believed(record: &Record, reason: String) -> NotTaken {
    NotTaken::NotBelieved { key: ca_core::digest::hex(&record.key), reason }
}
