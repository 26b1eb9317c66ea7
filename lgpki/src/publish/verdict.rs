//! What is to be done about what stands at the place of a list: an older one is replaced, a newer one never: this database learns from it. Both are told by
//! their signed numbers; what the authority has not signed has none.

use super::wanted::WantedList;
use crate::edge::verified_list;
use ca_core::digest::Hasher;
use ca_core::key::SignatureHash;
use ca_core::oid;
use ca_core::revocation::ListKind;
use crl::coverage::Coverage;
use crl::reader::CrlTrailer;
use ocsp::bundle::ListSays;
use std::io::{self, Read, Seek};
use store::crls::CrlHead;
use store::publications::PublicationRow;

/// What stands at the place of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing.
    Nothing,
    /// A list of the authority: the wanted one or another.
    List(PublicationRow),
    /// Something else; why it is no list of that authority.
    Foreign(String),
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Leave,
    /// The wanted list takes the place.
    Put,
    /// The wanted list waits, and what stands there is taken back: this database knows less; why.
    Recover(String),
}

impl There {
    /// Reads what stands there to its end, once, or twice if it is not the wanted list.
    pub(super) fn of(mut source: impl Read + Seek, wanted: &WantedList) -> io::Result<Self> {
        let sha256 = digest_of(&mut source)?;
        if sha256 == wanted.sha256 {
            return Ok(Self::List(wanted.as_seen()));
        }
        source.rewind()?;
        let issuers = wanted.issuer();
        Ok(match verified_list(&mut source, issuers.as_slice()) {
            // All lists of an authority share one sequence of numbers, so another of them is no measure for this one.
            Ok((_, trailer)) if !is_the_same_list(&trailer, wanted) => {
                Self::Foreign("it is another list of the authority".to_owned())
            }
            Ok((ListSays { number, this_update, next_update }, _)) => {
                Self::List(PublicationRow { path: wanted.path.clone(), number, sha256, this_update, next_update })
            }
            Err(why) => Self::Foreign(why),
        })
    }

    /// What is to be done.
    pub(super) fn verdict(&self, wanted: &WantedList) -> Verdict {
        let ours = wanted.head.number;
        match self {
            Self::Nothing | Self::Foreign(_) => Verdict::Put,
            Self::List(there) if there.sha256 == wanted.sha256 => Verdict::Leave,
            Self::List(there) if there.number < ours => Verdict::Put,
            Self::List(there) if there.number == ours => Verdict::Recover(format!(
                "another list with the same number {ours} stands at {}: this database was restored from a backup.",
                wanted.path
            )),
            Self::List(there) => Verdict::Recover(format!(
                "number {} stands at {}, and the newest here is {ours}: this database was restored from a backup.",
                there.number, wanted.path
            )),
        }
    }

    /// What is written down of it when it stays.
    pub(super) fn seen(&self) -> Option<PublicationRow> {
        match self {
            Self::List(there) => Some(there.clone()),
            Self::Nothing | Self::Foreign(_) => None,
        }
    }
}

/// Whether what follows the entries of a list says that it is an earlier or later one of the wanted.
fn is_the_same_list(trailer: &CrlTrailer, wanted: &WantedList) -> bool {
    let CrlHead { list, authority_id, .. } = &wanted.head;
    let point = oid::dotted(oid::ISSUING_DISTRIBUTION_POINT.as_bytes());
    let point = trailer.extensions.iter().find(|extension| extension.oid == point);
    let coverage = point.map_or(Ok(Coverage::default()), |point| Coverage::read(&point.value));
    let is_delta = trailer.base_number.is_some();
    coverage.is_ok_and(|coverage| coverage.is_of(list.scope, authority_id))
        && is_delta == (list.kind == ListKind::Delta)
}

/// SHA-256 of everything `source` has.
pub(super) fn digest_of(source: &mut impl Read) -> io::Result<[u8; 32]> {
    let mut hasher = Hasher::new(SignatureHash::Sha256).ok_or_else(|| io::Error::other("SHA-256 is not there"))?;
    let mut octets = vec![0u8; 1 << 16];
    loop {
        match source.read(&mut octets)? {
            0 => break,
            read => hasher.update(octets.get(..read).unwrap_or_default()),
        }
    }
    hasher.finish().as_bytes().try_into().map_err(|_| io::Error::other("SHA-256 has another length"))
}
