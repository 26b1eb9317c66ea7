//! What all answers of one responder share: who answers, of which issuer, with which certificate, by which algorithm, and since
//! when it keeps what it knows. Encoded once, and put around what one answer says.

use ca_core::der::{Writer, tag};
use ca_core::key::SignatureAlgorithm;
use ca_core::oid;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

use crate::cert_id::{CertId, IssuerHashes};
use crate::extensions::{write_archive_cutoff, write_nonce};
use crate::response::{CertStatus, ResponderId, SignedResponse};

/// The same part of all answers of one responder, in pieces of DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// `[0]` with the certificates sent along.
    certificates: Vec<u8>,
    /// The signature's AlgorithmIdentifier.
    algorithm: Vec<u8>,
    /// What stands before the serial in a CertID.
    issuer: Vec<u8>,
    /// ResponderID.
    responder: Vec<u8>,
    /// singleExtensions, `[1]`; nothing where there are none.
    extensions: Vec<u8>,
}

/// What one answer about one certificate says for itself; times in whole seconds.
pub(crate) struct Said<'a> {
    pub(crate) about: About<'a>,
    pub(crate) status: CertStatus,
    /// Also producedAt.
    pub(crate) this_update: Timestamp,
    pub(crate) next_update: Timestamp,
}

/// Which certificate an answer is about.
pub(crate) enum About<'a> {
    /// The frame's issuer's with that serial.
    Serial(&'a SerialNumber),
    /// Whatever was asked, in the octets it was asked in.
    Asked(&'a CertId),
}

impl Frame {
    /// What an answer of this responder about a certificate of `issuer` has around it.
    pub(crate) fn new(
        responder: &ResponderId,
        issuer: &IssuerHashes,
        algorithm: SignatureAlgorithm,
        certificate: &[u8],
        archive_cutoff: Option<Timestamp>,
    ) -> Self {
        let sent_along = |w: &mut Writer| w.sequence(|w| w.raw(certificate));
        Self {
            certificates: Writer::build(|w| w.constructed(tag::context_constructed(0), sent_along)),
            algorithm: Writer::build(|w| algorithm.write(w)),
            issuer: Writer::build(|w| issuer.write(w)),
            responder: Writer::build(|w| responder.write(w)),
            extensions: archive_cutoff
                .map_or_else(Vec::new, |cutoff| Writer::build(|w| write_archive_cutoff(w, cutoff))),
        }
    }

    /// What that answer about one certificate has around it; `None` where it is about several, or names no issuer. Whether
    /// there is more in it, only a comparison tells.
    pub(crate) fn of(signed: &SignedResponse) -> Option<Self> {
        let ([single], [certificate]) = (signed.data.responses.as_slice(), signed.certificates.as_slice()) else {
            return None;
        };
        let issuer = single.cert_id.issuer()?;
        Some(Self::new(&signed.data.responder, issuer, signed.algorithm, certificate, single.archive_cutoff))
    }

    /// The whole OCSPResponse, DER, with its signature.
    pub(crate) fn around(&self, said: &Said<'_>, signature: impl FnOnce(&mut Writer)) -> Vec<u8> {
        self.whole(signature, |w| self.write_data(w, said, None))
    }

    /// The whole OCSPResponse, DER, of [`Frame::data`] and the signature over it.
    pub(crate) fn around_data(&self, data: &[u8], signature: &[u8]) -> Vec<u8> {
        self.whole(|w| w.raw(signature), |w| w.raw(data))
    }

    /// ResponseData about one certificate, DER: what is signed.
    pub(crate) fn data(&self, said: &Said<'_>, nonce: Option<&[u8]>) -> Vec<u8> {
        Writer::build(|w| self.write_data(w, said, nonce))
    }

    fn whole(&self, signature: impl FnOnce(&mut Writer), data: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let room = self.certificates.len().saturating_add(512);
        let mut writer = Writer::with_capacity(room);
        writer.sequence(|w| {
            w.constructed(tag::context_constructed(0), |w| {
                w.sequence(|w| {
                    w.octet_string_of(|w| {
                        w.sequence(|w| {
                            w.raw(&self.certificates);
                            w.bit_string_of(signature);
                            w.raw(&self.algorithm);
                            data(w);
                        });
                    });
                    w.oid(oid::OCSP_BASIC);
                });
            });
            w.enumerated(0);
        });
        writer.finish()
    }

    fn write_data(&self, writer: &mut Writer, said: &Said<'_>, nonce: Option<&[u8]>) {
        writer.sequence(|w| {
            if let Some(nonce) = nonce {
                write_nonce(w, 1, nonce);
            }
            w.sequence(|w| {
                w.sequence(|w| {
                    w.raw(&self.extensions);
                    w.constructed(tag::context_constructed(0), |w| w.generalized_time(said.next_update));
                    w.generalized_time(said.this_update);
                    said.status.write(w);
                    match said.about {
                        About::Serial(serial) => w.sequence(|w| {
                            w.unsigned(serial.as_bytes());
                            w.raw(&self.issuer);
                        }),
                        About::Asked(cert_id) => w.raw(cert_id.as_der()),
                    }
                });
            });
            w.generalized_time(said.this_update);
            w.raw(&self.responder);
        });
    }
}
