//! CertificateList (RFC 5280 §5.1): what is to be signed, and the signed whole. The issuer's name is copied octet for octet
//! from its certificate.

use ca_core::certificate::Certificate;
use ca_core::der::{Writer, tag};
use ca_core::key::SignatureAlgorithm;
use ca_core::oid;
use ca_core::revocation::RevocationReason;
use ca_core::time::Timestamp;

use crate::entries::CrlEntry;
use crate::scope::Scope;

/// What a CRL is to say.
#[derive(Clone, Copy, Debug)]
pub struct CrlContent<'a> {
    /// The authority whose key signs.
    pub issuer: &'a Certificate,
    /// What it signs with.
    pub algorithm: SignatureAlgorithm,
    /// What it covers.
    pub scope: Scope,
    /// cRLNumber, taken before (never used twice).
    pub number: u64,
    /// thisUpdate; the fraction of the second is dropped.
    pub this_update: Timestamp,
    /// nextUpdate; the fraction of the second is dropped.
    pub next_update: Timestamp,
    /// The entries, in order.
    pub entries: &'a [CrlEntry],
}

impl CrlContent<'_> {
    /// TBSCertList, DER: version 2, with authorityKeyIdentifier and cRLNumber (RFC 5280 §5.2.1, §5.2.3). About 40 octets
    /// an entry.
    pub fn to_tbs(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(self.entries.len().saturating_mul(56).saturating_add(512));
        writer.sequence(|w| {
            w.constructed(tag::context_constructed(0), |w| w.sequence(|w| self.write_extensions(w)));
            // revokedCertificates is absent when empty (RFC 5280 §5.1.2.6).
            if !self.entries.is_empty() {
                w.sequence(|w| self.entries.iter().rev().for_each(|entry| write_entry(w, entry)));
            }
            w.time(self.next_update);
            w.time(self.this_update);
            w.raw(self.issuer.subject().as_der());
            self.algorithm.write(w);
            // v2 is 1
            w.integer(1);
        });
        writer.finish()
    }

    fn write_extensions(&self, writer: &mut Writer) {
        match self.scope {
            Scope::Full => {}
        }
        extension(writer, oid::CRL_NUMBER, |w| w.integer(self.number));
        extension(writer, oid::AUTHORITY_KEY_IDENTIFIER, |w| {
            w.sequence(|w| w.primitive(tag::context(0), &self.issuer.key_identifier()));
        });
    }
}

fn write_entry(writer: &mut Writer, entry: &CrlEntry) {
    writer.sequence(|w| {
        let has_reason = entry.reason != RevocationReason::Unspecified;
        if has_reason || entry.invalidity_at.is_some() {
            w.sequence(|w| {
                if let Some(at) = entry.invalidity_at {
                    // Always GeneralizedTime, unlike the other dates (RFC 5280 §5.3.2).
                    extension(w, oid::INVALIDITY_DATE, |w| w.generalized_time(at));
                }
                if has_reason {
                    extension(w, oid::REASON_CODE, |w| w.enumerated(entry.reason.code()));
                }
            });
        }
        w.time(entry.revoked_at);
        w.unsigned(entry.serial.as_bytes());
    });
}

/// Extensions of CRLs are not critical, except those of scopes that are not offered yet.
fn extension(writer: &mut Writer, id: oid::Oid, value: impl FnOnce(&mut Writer)) {
    writer.sequence(|w| {
        w.octet_string_of(value);
        w.oid(id);
    });
}
