//! A line of the index: what an artefact is, from when to when it counts, its digest, and where it stands in the file. All
//! lines have one length and are sorted by key.

use ca_core::digest::sha256;
use ca_core::time::Timestamp;

/// Octets of a line.
pub const OCTETS: usize = 112;
/// Octets of a line that the manifest's digest covers: all but where the artefact stands in this file.
pub(super) const SIGNED: usize = 104;

/// What an artefact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An OCSP answer about one certificate.
    Answer,
    /// A revocation list.
    Crl,
    /// A certificate of an authority, in one of its forms.
    Certificate,
}

/// An artefact that goes into a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artefact {
    /// Where it is served: `/ocsp/<authority>/<serial>`, `/crl/<authority>.crl`, `/aia/<authority>.cer`.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Never falls for one path: the CRLNumber of a list, the thisUpdate of an answer in seconds, 0 for a certificate.
    pub number: i64,
    /// Its thisUpdate; whole seconds.
    pub this_update: Timestamp,
    /// Its nextUpdate; whole seconds. The end of a certificate.
    pub next_update: Timestamp,
}

/// A line of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// SHA-256 of the path.
    pub key: [u8; 32],
    /// SHA-256 of the artefact.
    pub sha256: [u8; 32],
    /// Its length.
    pub octets: u64,
    /// [`Artefact::number`].
    pub number: i64,
    /// [`Artefact::this_update`].
    pub this_update: Timestamp,
    /// [`Artefact::next_update`].
    pub next_update: Timestamp,
    /// What it is.
    pub kind: Kind,
    /// Where it begins in the file.
    pub at: u64,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Answer, Self::Crl, Self::Certificate];

    const fn code(self) -> u64 {
        match self {
            Self::Answer => 1,
            Self::Crl => 2,
            Self::Certificate => 3,
        }
    }
}

/// The key of a path.
pub fn key_of(path: &str) -> [u8; 32] {
    sha256(path.as_bytes())
}

impl Record {
    /// The line, its numbers with the highest octet first.
    pub fn to_octets(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(OCTETS);
        octets.extend_from_slice(&self.key);
        octets.extend_from_slice(&self.sha256);
        octets.extend_from_slice(&self.octets.to_be_bytes());
        for signed in [self.number, self.this_update.seconds(), self.next_update.seconds()] {
            octets.extend_from_slice(&signed.to_be_bytes());
        }
        octets.extend_from_slice(&self.kind.code().to_be_bytes());
        octets.extend_from_slice(&self.at.to_be_bytes());
        octets
    }

    /// Reads a line; `None` for what is none.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let (key, rest) = octets.split_first_chunk::<32>()?;
        let (sha256, rest) = rest.split_first_chunk::<32>()?;
        let (numbers, []) = rest.as_chunks::<8>() else { return None };
        let &[octets, number, this_update, next_update, code, at] = numbers else { return None };
        let instant = |octets| Timestamp::from_seconds(i64::from_be_bytes(octets));
        let code = u64::from_be_bytes(code);
        Some(Self {
            key: *key,
            sha256: *sha256,
            octets: u64::from_be_bytes(octets),
            number: i64::from_be_bytes(number),
            this_update: instant(this_update),
            next_update: instant(next_update),
            kind: Kind::ALL.into_iter().find(|kind| kind.code() == code)?,
            at: u64::from_be_bytes(at),
        })
    }

    /// Whether both are the same artefact, wherever it stands.
    pub fn is_same_as(&self, other: &Self) -> bool {
        Self { at: 0, ..self.clone() } == Self { at: 0, ..other.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_and_has_its_length() {
        let record = Record {
            key: key_of("/crl/application-ca.crl"),
            sha256: [7; 32],
            octets: 1,
            number: i64::MAX,
            this_update: Timestamp::from_seconds(-1),
            next_update: Timestamp::from_seconds(4_000_000_000),
            kind: Kind::Crl,
            at: u64::MAX,
        };
        let octets = record.to_octets();
        assert_eq!(octets.len(), OCTETS);
        assert_eq!(Record::read(&octets), Some(record));
        assert_eq!(Record::read(&octets[1..]), None);
        assert_eq!(Record::read(&[octets.clone(), vec![0; 8]].concat()), None);
        let mut unknown = octets;
        unknown[SIGNED - 1] = 9;
        assert_eq!(Record::read(&unknown), None);
    }
}
