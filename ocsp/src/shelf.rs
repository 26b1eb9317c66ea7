//! Answers signed in advance, in memory: of each only what differs from the others. The rest — who answers, with which
//! certificate, by which algorithm — is the same for all that one responder has signed, and put around it when somebody asks. When
//! a responder's certificate is renewed, answers of two stand beside each other until those of the first have been replaced.
//!
//! An answer about a P-256 responder's certificate takes 112 octets; the list it stands in has an eighth more room at most. What
//! does not come out again octet for octet is not taken: then the database has it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use ca_core::der::{Reader, Writer};
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

use crate::frame::{About, Frame, Said};
use crate::response::{CertStatus, OcspResponse};

/// Lists an authority's answers are spread over, by the first octets of their serials, which are random: so that one more
/// moves few others.
const DRAWERS: usize = 1024;

/// Frames an authority's answers may have: of the responder it has now, and of those before whose answers have not ended.
const FRAMES: usize = 8;

/// The answers of one authority's responders.
#[derive(Debug)]
pub(crate) struct Shelf {
    /// The first is that of the responder it has now.
    frames: [OnceLock<Frame>; FRAMES],
    drawers: Vec<RwLock<Vec<Kept>>>,
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    serial: SerialNumber,
    /// A CRLReason, or the one below.
    status: u8,
    /// Which of the frames is around it.
    frame: u8,
    asked: Mark,
    this_update: Seconds,
    next_update: Seconds,
    revoked_at: Seconds,
    signature: Signature,
}

/// Status of a certificate that is good.
const GOOD: u8 = 0xff;

/// Whether somebody has asked for it since it was signed.
#[derive(Debug, Default)]
struct Mark(AtomicBool);

/// Seconds since 1970, until 2106.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seconds(u32);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Signature {
    /// r and s of ECDSA on P-256.
    P256([[u8; 32]; 2]),
    Other(Box<[u8]>),
}

impl Shelf {
    pub(crate) fn new(frame: Frame) -> Self {
        let drawers = std::iter::repeat_with(RwLock::default).take(DRAWERS).collect();
        let mut frames: [OnceLock<Frame>; FRAMES] = Default::default();
        let [first, ..] = &mut frames;
        *first = frame.into();
        Self { frames, drawers }
    }

    /// Whether the responder it was made for has that frame.
    pub(crate) fn is_for(&self, frame: &Frame) -> bool {
        self.frames.first().and_then(OnceLock::get) == Some(frame)
    }

    /// Keeps an answer in place of an older one about the same certificate. `false` when it is not about one certificate, would
    /// not come out as it went in, or when answers of too many responders are there already.
    pub(crate) fn keep(&self, der: &[u8]) -> bool {
        let Some(mut kept) = self.taken_apart(der) else { return false };
        let mut drawer = self.drawer(&kept.serial).write().unwrap_or_else(PoisonError::into_inner);
        match drawer.binary_search_by(|other| other.serial.cmp(&kept.serial)) {
            Ok(place) => {
                if let Some(other) = drawer.get_mut(place).filter(|other| other.this_update.0 <= kept.this_update.0) {
                    if other.this_update == kept.this_update {
                        // Most likely the same, found again.
                        kept.asked = other.asked.clone();
                    }
                    *other = kept;
                }
            }
            Err(place) => {
                if drawer.len() == drawer.capacity() {
                    let more = (drawer.len() / 8).max(4);
                    drawer.reserve_exact(more);
                }
                drawer.insert(place, kept);
            }
        }
        true
    }

    /// The answer about a certificate, DER, with its times; `None` when there is none.
    pub(crate) fn answer(&self, serial: &SerialNumber) -> Option<Assembled> {
        let drawer = self.drawer(serial).read().unwrap_or_else(PoisonError::into_inner);
        let place = drawer.binary_search_by(|kept| kept.serial.cmp(serial)).ok()?;
        let kept = drawer.get(place)?;
        kept.asked.set();
        let kept = kept.clone();
        drop(drawer);
        let der = self.assembled(&kept)?;
        Some(Assembled { der, this_update: kept.this_update.at(), next_update: kept.next_update.at() })
    }

    /// What the answer about a certificate says, while it is current.
    pub(crate) fn status(&self, serial: &SerialNumber, now: Timestamp) -> Option<CertStatus> {
        let drawer = self.drawer(serial).read().unwrap_or_else(PoisonError::into_inner);
        let place = drawer.binary_search_by(|kept| kept.serial.cmp(serial)).ok()?;
        let kept = drawer.get(place)?;
        kept.asked.set();
        let current = kept.this_update.at() <= now && now < kept.next_update.at();
        current.then(|| kept.status())?
    }

    /// Forgets the answer about a certificate unless it says `revoked`: a revocation has overtaken it.
    pub(crate) fn overtaken(&self, serial: &SerialNumber) {
        let mut drawer = self.drawer(serial).write().unwrap_or_else(PoisonError::into_inner);
        if let Ok(place) = drawer.binary_search_by(|kept| kept.serial.cmp(serial))
            && drawer.get(place).is_some_and(|kept| kept.status == GOOD)
        {
            drawer.remove(place);
        }
    }

    /// Takes the marks of up to so many answers that somebody has asked for and that end before `until`: whose they are.
    pub(crate) fn take_asked(&self, until: Timestamp, most: usize) -> Vec<SerialNumber> {
        let mut found = Vec::new();
        for drawer in &self.drawers {
            let drawer = drawer.read().unwrap_or_else(PoisonError::into_inner);
            let due = drawer.iter().filter(|kept| kept.next_update.at() < until);
            let left = most.saturating_sub(found.len());
            found.extend(due.filter(|kept| kept.asked.take()).take(left).map(|kept| kept.serial.clone()));
            if found.len() == most {
                break;
            }
        }
        found
    }

    /// How many answers there are.
    pub(crate) fn len(&self) -> usize {
        self.drawers.iter().map(|drawer| drawer.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }
}

/// An answer put together again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assembled {
    pub(crate) der: Vec<u8>,
    pub(crate) this_update: Timestamp,
    pub(crate) next_update: Timestamp,
}

impl Shelf {
    fn drawer(&self, serial: &SerialNumber) -> &RwLock<Vec<Kept>> {
        // Behind the first octet, of which seven bits are random at most.
        let (octets, _) = serial.padded();
        let [_, high, low, ..] = *octets;
        let place = usize::from(u16::from_be_bytes([high, low])) % DRAWERS;
        // There is one for each place.
        self.drawers.get(place).unwrap_or(&NONE)
    }

    fn taken_apart(&self, der: &[u8]) -> Option<Kept> {
        let Ok(OcspResponse::Signed(signed)) = OcspResponse::parse(der) else { return None };
        let [single] = signed.data.responses.as_slice() else { return None };
        let (status, revoked_at) = match single.status {
            CertStatus::Good => (GOOD, Seconds(0)),
            CertStatus::Revoked { at, reason } => {
                (reason.unwrap_or(RevocationReason::Unspecified).code(), Seconds::of(at)?)
            }
            CertStatus::Unknown => return None,
        };
        let mut kept = Kept {
            serial: single.cert_id.serial()?.clone(),
            status,
            frame: 0,
            asked: Mark::default(),
            this_update: Seconds::of(single.this_update)?,
            next_update: Seconds::of(single.next_update?)?,
            revoked_at,
            signature: Signature::of(&signed.signature),
        };
        // Nearly all are of the responder of now.
        if self.assembled(&kept)? == der {
            return Some(kept);
        }
        let frame = Frame::of(&signed)?;
        if kept.within(&frame)? != der {
            return None;
        }
        kept.frame = self.number_of(frame)?;
        Some(kept)
    }

    /// The number of a frame, which is put beside the others when it is not among them; `None` when there is no room.
    fn number_of(&self, frame: Frame) -> Option<u8> {
        let number = self.frames.iter().position(|known| *known.get_or_init(|| frame.clone()) == frame)?;
        u8::try_from(number).ok()
    }

    /// The answer, DER; `None` for a status that there is not.
    fn assembled(&self, kept: &Kept) -> Option<Vec<u8>> {
        kept.within(self.frames.get(usize::from(kept.frame))?.get()?)
    }
}

/// Of no serial.
static NONE: RwLock<Vec<Kept>> = RwLock::new(Vec::new());

impl Kept {
    /// The answer in that frame, DER; `None` for a status that there is not.
    fn within(&self, frame: &Frame) -> Option<Vec<u8>> {
        let said = Said {
            about: About::Serial(&self.serial),
            status: self.status()?,
            this_update: self.this_update.at(),
            next_update: self.next_update.at(),
        };
        Some(frame.around(&said, |w| self.signature.write(w)))
    }

    fn status(&self) -> Option<CertStatus> {
        if self.status == GOOD {
            return Some(CertStatus::Good);
        }
        let reason = RevocationReason::from_code(self.status)?;
        let reason = (reason != RevocationReason::Unspecified).then_some(reason);
        Some(CertStatus::Revoked { at: self.revoked_at.at(), reason })
    }
}

impl Mark {
    /// Writes only where it is not set: who asks for what everybody asks for keeps no other processor waiting.
    fn set(&self) {
        if !self.0.load(Ordering::Relaxed) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

impl Clone for Mark {
    fn clone(&self) -> Self {
        Self(AtomicBool::new(self.0.load(Ordering::Relaxed)))
    }
}

impl Seconds {
    fn of(at: Timestamp) -> Option<Self> {
        u32::try_from(at.seconds()).ok().map(Self)
    }

    fn at(self) -> Timestamp {
        Timestamp::from_seconds(i64::from(self.0))
    }
}

impl Signature {
    fn of(der: &[u8]) -> Self {
        let halves = || {
            let mut fields = Reader::of_sequence(der).ok()?;
            let half = |octets: &[u8]| {
                let mut half = [0u8; 32];
                let from = half.len().checked_sub(octets.len())?;
                half.iter_mut().skip(from).zip(octets).for_each(|(to, from)| *to = *from);
                Some(half)
            };
            let both = [half(fields.unsigned().ok()?)?, half(fields.unsigned().ok()?)?];
            fields.finish().ok()?;
            Some(Self::P256(both))
        };
        // Whatever else looks like two short integers would not come out as it went in, and is kept as it is.
        let same = |found: &Self| Writer::build(|w| found.write(w)) == der;
        halves().filter(same).unwrap_or_else(|| Self::Other(der.into()))
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::P256([r, s]) => writer.sequence(|w| {
                w.unsigned(s);
                w.unsigned(r);
            }),
            Self::Other(der) => writer.raw(der),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_takes_little_memory() {
        // With an eighth of room in its list, and its share of the lists: under 160 octets.
        assert!(size_of::<Kept>() <= 112, "{}", size_of::<Kept>());
    }
}
