//! TBSCertificate (RFC 5280 §4.1.2) from a vetted order. Written back to front, so the code reads from the last field to
//! the first.

use super::{Authority, Facts, Vetted};
use crate::der::{Writer, tag};
use crate::entropy::{Entropy, EntropyUnavailable};
use crate::key::SignatureAlgorithm;
use crate::name::GeneralName;
use crate::oid::{self, Oid};
use crate::profile::{Profile, RevocationAddresses, Role};
use crate::serial::SerialNumber;

/// A certificate that lacks only its signature.
#[derive(Debug)]
pub struct Unsigned {
    pub(super) facts: Facts,
    pub(super) profile: &'static Profile,
    pub(super) algorithm: SignatureAlgorithm,
}

/// Draws a serial and writes the TBSCertificate. Errors when there is no randomness.
pub(super) fn encode(
    authority: &Authority,
    vetted: Vetted,
    entropy: &dyn Entropy,
) -> Result<Unsigned, EntropyUnavailable> {
    let serial = SerialNumber::drawn(entropy)?;
    let algorithm = authority.key().algorithm().signature_algorithm();
    let mut w = Writer::with_capacity(1024);
    w.sequence(|w| {
        w.constructed(tag::context_constructed(3), |w| w.sequence(|w| extensions(w, authority, &vetted)));
        w.raw(vetted.key.spki_der());
        w.raw(vetted.subject.as_der());
        w.sequence(|w| {
            w.time(vetted.validity.not_after);
            w.time(vetted.validity.not_before);
        });
        w.raw(authority.name().as_der()); // octet for octet the subject of the authority's certificate
        algorithm.write(w);
        w.unsigned(serial.as_bytes());
        w.constructed(tag::context_constructed(0), |w| w.integer(2)); // v3
    });
    let Vetted { request, profile, subject, dns_names, key, validity } = vetted;
    let facts = Facts {
        authority: authority.id().clone(),
        serial,
        profile: profile.id(),
        request,
        subject,
        dns_names,
        key_fingerprint: key.fingerprint(),
        validity,
        tbs: w.finish(),
    };
    Ok(Unsigned { facts, profile, algorithm })
}

/// A certificate's outer SEQUENCE around a TBSCertificate and its signature; empty for linting.
pub(super) fn assemble(tbs: &[u8], algorithm: SignatureAlgorithm, signature: &[u8]) -> Vec<u8> {
    let mut w = Writer::with_capacity(tbs.len().saturating_add(signature.len()).saturating_add(64));
    w.sequence(|w| {
        w.bit_string(signature);
        algorithm.write(w);
        w.raw(tbs);
    });
    w.finish()
}

/// The profile's extensions, last first; in the certificate they stand in the opposite order.
fn extensions(w: &mut Writer, authority: &Authority, vetted: &Vetted) {
    let profile = vetted.profile;
    if profile.revocation_addresses == RevocationAddresses::NoCheck {
        extension(w, oid::OCSP_NOCHECK, Criticality::Informational, Writer::null);
    }
    if profile.revocation_addresses == RevocationAddresses::CrlAndOcsp {
        revocation_addresses(w, authority);
    }
    if !vetted.dns_names.is_empty() {
        // Critical when the subject is empty (RFC 5280 §4.2.1.6); ours never is.
        extension(w, oid::SUBJECT_ALT_NAME, Criticality::Informational, |w| {
            w.sequence(|w| {
                let names = vetted.dns_names.iter().rev();
                names.for_each(|name| GeneralName::Dns(name.to_string()).write(w));
            });
        });
    }
    if !profile.policies.is_empty() {
        extension(w, oid::CERTIFICATE_POLICIES, Criticality::Informational, |w| {
            w.sequence(|w| profile.policies.iter().rev().for_each(|policy| w.sequence(|w| w.oid(*policy))));
        });
    }
    if !profile.extended_key_usage.is_empty() {
        extension(w, oid::EXTENDED_KEY_USAGE, Criticality::Informational, |w| {
            w.sequence(|w| profile.extended_key_usage.iter().rev().for_each(|purpose| w.oid(*purpose)));
        });
    }
    extension(w, oid::KEY_USAGE, Criticality::Critical, |w| {
        w.named_bits(profile.key_usage_for(vetted.key.algorithm()).0);
    });
    if let Role::Authority { path_length } = profile.role {
        extension(w, oid::BASIC_CONSTRAINTS, Criticality::Critical, |w| {
            w.sequence(|w| {
                if let Some(length) = path_length {
                    w.integer(u64::from(length));
                }
                w.boolean(true);
            });
        });
    }
    extension(w, oid::SUBJECT_KEY_IDENTIFIER, Criticality::Informational, |w| {
        w.octet_string(&vetted.key.key_identifier());
    });
    extension(w, oid::AUTHORITY_KEY_IDENTIFIER, Criticality::Informational, |w| {
        w.sequence(|w| w.primitive(tag::context(0), authority.key_identifier()));
    });
}

fn revocation_addresses(w: &mut Writer, authority: &Authority) {
    let addresses = authority.addresses();
    if !addresses.crl.is_empty() {
        extension(w, oid::CRL_DISTRIBUTION_POINTS, Criticality::Informational, |w| {
            // One point with several names: the same CRL at each address.
            w.sequence(|w| {
                w.sequence(|w| {
                    w.constructed(tag::context_constructed(0), |w| {
                        w.constructed(tag::context_constructed(0), |w| {
                            addresses.crl.iter().rev().for_each(|uri| GeneralName::Uri(uri.clone()).write(w));
                        });
                    });
                });
            });
        });
    }
    if addresses.ocsp.is_empty() && addresses.issuer_certificate.is_empty() {
        return;
    }
    extension(w, oid::AUTHORITY_INFO_ACCESS, Criticality::Informational, |w| {
        w.sequence(|w| {
            let issuers = addresses.issuer_certificate.iter().map(|uri| (oid::AD_CA_ISSUERS, uri));
            let responders = addresses.ocsp.iter().map(|uri| (oid::AD_OCSP, uri));
            responders.chain(issuers).rev().for_each(|(method, uri)| {
                w.sequence(|w| {
                    GeneralName::Uri(uri.clone()).write(w);
                    w.oid(method);
                });
            });
        });
    });
}

/// Whether a relying party that does not know an extension must refuse (RFC 5280 §4.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Criticality {
    Critical,
    Informational,
}

fn extension(w: &mut Writer, id: Oid, criticality: Criticality, value: impl FnOnce(&mut Writer)) {
    w.sequence(|w| {
        w.octet_string_of(value);
        if criticality == Criticality::Critical {
            w.boolean(true);
        }
        w.oid(id);
    });
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
