//! CertificateList (RFC 5280 §5.1): what stands before and behind the entries, and the signed whole. The issuer's name is
//! copied octet for octet from its certificate. The entries themselves are written by [`crate::entries`].

use ca_core::certificate::Certificate;
use ca_core::der::{Writer, header, tag};
use ca_core::key::SignatureAlgorithm;
use ca_core::name::GeneralName;
use ca_core::oid;
use ca_core::revocation::{ListId, ListScope};
use ca_core::time::Timestamp;

use crate::entries::CrlEntry;

/// What a CRL is to say, but for its entries.
#[derive(Clone, Copy, Debug)]
pub struct CrlContent<'a> {
    /// The authority whose key signs.
    pub issuer: &'a Certificate,
    /// What it signs with.
    pub algorithm: SignatureAlgorithm,
    /// Which list it is.
    pub list: ListId,
    /// cRLNumber, taken before (never used twice).
    pub number: u64,
    /// BaseCRLNumber of a delta: the number of the complete list it builds on.
    pub base_number: Option<u64>,
    /// thisUpdate; the fraction of the second is dropped.
    pub this_update: Timestamp,
    /// nextUpdate; the fraction of the second is dropped.
    pub next_update: Timestamp,
    /// Where a partition is found: the addresses its certificates name (RFC 5280 §5.2.5). Not looked at for other lists.
    pub addresses: &'a [String],
    /// Where its deltas are found (RFC 5280 §5.2.6); empty where there are none, and in a delta.
    pub freshest: &'a [String],
}

/// What stands around the entries of one CRL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// From the first octet of TBSCertList to the header of revokedCertificates, included.
    pub before: Vec<u8>,
    /// crlExtensions, to the last octet of TBSCertList.
    pub after: Vec<u8>,
}

impl CrlContent<'_> {
    /// What stands around entries of `octets` octets in all.
    pub fn frame(&self, octets: usize) -> Frame {
        let after = Writer::build(|w| {
            w.constructed(tag::context_constructed(0), |w| w.sequence(|w| self.write_extensions(w)));
        });
        let fields = Writer::build(|w| {
            w.time(self.next_update);
            w.time(self.this_update);
            w.raw(self.issuer.subject().as_der());
            self.algorithm.write(w);
            // v2 is 1
            w.integer(1);
        });
        // revokedCertificates is absent when empty (RFC 5280 §5.1.2.6).
        let entries = if octets == 0 { Vec::new() } else { header(tag::SEQUENCE, octets) };
        let content = [fields.len(), entries.len(), octets, after.len()].into_iter().fold(0, usize::saturating_add);
        let before = [header(tag::SEQUENCE, content), fields, entries].concat();
        Frame { before, after }
    }

    /// TBSCertList with these entries, DER, in memory.
    pub fn to_tbs(&self, entries: &[CrlEntry]) -> Vec<u8> {
        let mut octets = Vec::with_capacity(entries.len().saturating_mul(52));
        entries.iter().for_each(|entry| entry.append(&mut octets));
        let Frame { before, after } = self.frame(octets.len());
        [before, octets, after].concat()
    }

    /// The extensions it has, with whether they are critical: RFC 5280 §5.2.3 to §5.2.6.
    pub(crate) fn extensions(&self) -> impl Iterator<Item = (oid::Oid, bool)> {
        [
            (oid::AUTHORITY_KEY_IDENTIFIER, false, true),
            (oid::CRL_NUMBER, false, true),
            (oid::DELTA_CRL_INDICATOR, true, self.base_number.is_some()),
            (oid::ISSUING_DISTRIBUTION_POINT, true, self.list.scope != ListScope::Full),
            (oid::FRESHEST_CRL, false, !self.freshest.is_empty()),
        ]
        .into_iter()
        .filter_map(|(id, critical, stands)| stands.then_some((id, critical)))
    }

    /// The last first.
    fn write_extensions(&self, writer: &mut Writer) {
        let all: Vec<_> = self.extensions().collect();
        for (id, critical) in all.into_iter().rev() {
            writer.sequence(|w| {
                w.octet_string_of(|w| self.write_value(w, id));
                if critical {
                    w.boolean(true);
                }
                w.oid(id);
            });
        }
    }

    fn write_value(&self, w: &mut Writer, id: oid::Oid) {
        if id == oid::AUTHORITY_KEY_IDENTIFIER {
            w.sequence(|w| w.primitive(tag::context(0), &self.issuer.key_identifier()));
        } else if id == oid::CRL_NUMBER {
            w.integer(self.number);
        } else if id == oid::DELTA_CRL_INDICATOR {
            w.integer(self.base_number.unwrap_or_default());
        } else if id == oid::FRESHEST_CRL {
            w.sequence(|w| w.sequence(|w| point(w, self.freshest)));
        } else {
            w.sequence(|w| match self.list.scope {
                ListScope::Full => {}
                // [2] and [1] IMPLICIT BOOLEAN
                ListScope::Authorities => w.primitive(tag::context(2), &[0xff]),
                ListScope::EndEntities => w.primitive(tag::context(1), &[0xff]),
                ListScope::Shard(_) => point(w, self.addresses),
            });
        }
    }
}

/// `[0] DistributionPointName` with `[0] fullName`.
fn point(w: &mut Writer, addresses: &[String]) {
    let names = |w: &mut Writer| addresses.iter().rev().for_each(|uri| GeneralName::Uri(uri.clone()).write(w));
    w.constructed(tag::context_constructed(0), |w| w.constructed(tag::context_constructed(0), names));
}
