//! TBSCertificate (RFC 5280 §4.1.2) from a vetted order. Written back to front, so the code reads from the last field to
//! the first.

use super::{Authority, Facts, Vetted};
use crate::der::{Writer, tag};
use crate::entropy::{Entropy, EntropyUnavailable};
use crate::key::SignatureAlgorithm;
use crate::name::GeneralName;
use crate::oid::{self, Oid};
use crate::profile::pack::CrlRule;
use crate::profile::{Constraints, Profile, RevocationRule, Role};
use crate::revocation::{ListId, Listing};
use crate::serial::SerialNumber;
use std::sync::Arc;

/// A certificate that lacks only its signature.
#[derive(Debug)]
pub struct Unsigned {
    pub(super) facts: Facts,
    pub(super) profile: Arc<Profile>,
    pub(super) algorithm: SignatureAlgorithm,
}

/// Draws a serial and writes the TBSCertificate. `lists` are those of the authority, where the pack has it. Errors when there
/// is no randomness.
pub(super) fn encode(
    lists: Option<&CrlRule>,
    authority: &Authority,
    vetted: Vetted,
    entropy: &dyn Entropy,
) -> Result<Unsigned, EntropyUnavailable> {
    let serial = SerialNumber::drawn(entropy)?;
    let (is_ca, stays_listed) = (vetted.profile.is_authority(), vetted.profile.revocation.stays_listed);
    let listing = match lists {
        Some(rule) => rule.listing(&serial, is_ca, stays_listed),
        None => Listing { shard: None, is_ca, stays_listed },
    };
    let list = lists.map_or(ListId::FULL, |rule| rule.list_of(listing));
    let algorithm = authority.signature_algorithm();
    let mut w = Writer::with_capacity(1024);
    w.sequence(|w| {
        w.constructed(tag::context_constructed(3), |w| w.sequence(|w| extensions(w, (authority, list), &vetted)));
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
    let Vetted { request, profile, subject, names, key, validity } = vetted;
    let facts = Facts {
        authority: authority.id().clone(),
        serial,
        profile: profile.id.clone(),
        request,
        subject,
        names,
        key_fingerprint: key.fingerprint(),
        validity,
        listing,
        list,
        tbs: w.finish(),
    };
    Ok(Unsigned { facts, profile, algorithm })
}

/// The profile's extensions, last first; in the certificate they stand in the opposite order.
fn extensions(w: &mut Writer, (authority, list): (&Authority, ListId), vetted: &Vetted) {
    let profile = vetted.profile.as_ref();
    if profile.revocation.nocheck {
        extension(w, oid::OCSP_NOCHECK, Informational, Writer::null);
    }
    revocation_addresses(w, (authority, list), &profile.revocation);
    constraints(w, &profile.constraints);
    if profile.issuer_alternative
        && let Some(name) = authority.alternative_name()
    {
        let name = GeneralName::Directory(name.clone());
        extension(w, oid::ISSUER_ALT_NAME, Informational, |w| w.sequence(|w| name.write(w)));
    }
    if !vetted.names.is_empty() {
        // Critical when the subject is empty (RFC 5280 §4.2.1.6); ours never is.
        extension(w, oid::SUBJECT_ALT_NAME, Informational, |w| {
            w.sequence(|w| vetted.names.general_names().rev().for_each(|name| name.write(w)));
        });
    }
    let policies = &profile.policies;
    if !policies.terms.is_empty() {
        extension(w, oid::CERTIFICATE_POLICIES, critical_if(policies.critical), |w| {
            w.sequence(|w| policies.terms.iter().rev().for_each(|policy| policy.write(w)));
        });
    }
    if !profile.extended_key_usage.is_empty() {
        extension(w, oid::EXTENDED_KEY_USAGE, critical_if(profile.extended_key_usage_critical), |w| {
            let purposes = profile.extended_key_usage.iter().rev();
            w.sequence(|w| purposes.for_each(|purpose| w.primitive(tag::OID, purpose.as_bytes())));
        });
    }
    extension(w, oid::KEY_USAGE, Critical, |w| {
        w.named_bits(profile.key_usage_for(vetted.key.algorithm()).0);
    });
    if let Role::Authority { path_length } = profile.role {
        extension(w, oid::BASIC_CONSTRAINTS, Critical, |w| {
            w.sequence(|w| {
                if let Some(length) = path_length {
                    w.integer(u64::from(length));
                }
                w.boolean(true);
            });
        });
    }
    extension(w, oid::SUBJECT_KEY_IDENTIFIER, Informational, |w| {
        w.octet_string(&vetted.key.key_identifier());
    });
    extension(w, oid::AUTHORITY_KEY_IDENTIFIER, Informational, |w| {
        w.sequence(|w| w.primitive(tag::context(0), authority.key_identifier()));
    });
}

/// What limits CAs of other domains; each critical, as RFC 5280 §4.2.1.5, §4.2.1.10, §4.2.1.11 and §4.2.1.14 want it.
fn constraints(w: &mut Writer, constraints: &Constraints) {
    if let Some(skip) = constraints.inhibit_any {
        extension(w, oid::INHIBIT_ANY_POLICY, Critical, |w| w.integer(u64::from(skip)));
    }
    if !constraints.policy.is_empty() {
        extension(w, oid::POLICY_CONSTRAINTS, Critical, |w| constraints.policy.write(w));
    }
    if !constraints.names.is_empty() {
        extension(w, oid::NAME_CONSTRAINTS, Critical, |w| constraints.names.write(w));
    }
    if !constraints.mappings.is_empty() {
        extension(w, oid::POLICY_MAPPINGS, Critical, |w| {
            w.sequence(|w| constraints.mappings.iter().rev().for_each(|mapping| mapping.write(w)));
        });
    }
}

fn revocation_addresses(w: &mut Writer, (authority, list): (&Authority, ListId), rule: &RevocationRule) {
    let addresses = authority.addresses();
    let issuers = addresses.issuer_certificate.iter().filter(|_| rule.issuer).map(|uri| (oid::AD_CA_ISSUERS, uri));
    let responders = addresses.ocsp.iter().filter(|_| rule.ocsp).map(|uri| (oid::AD_OCSP, uri));
    if rule.ocsp || rule.issuer {
        extension(w, oid::AUTHORITY_INFO_ACCESS, Informational, |w| {
            w.sequence(|w| {
                responders.chain(issuers).rev().for_each(|(method, uri)| {
                    w.sequence(|w| {
                        GeneralName::Uri(uri.clone()).write(w);
                        w.oid(method);
                    });
                });
            });
        });
    }
    if rule.crl {
        // One point with several names: the same CRL in the directory and at each address.
        let point = |w: &mut Writer| {
            addresses.crl.iter().rev().for_each(|uri| GeneralName::Uri(list.address_beside(uri)).write(w));
            if rule.directory_point {
                GeneralName::Directory(authority.name().clone()).write(w);
            }
        };
        let name = |w: &mut Writer| w.constructed(tag::context_constructed(0), point);
        extension(w, oid::CRL_DISTRIBUTION_POINTS, Informational, |w| {
            w.sequence(|w| w.sequence(|w| w.constructed(tag::context_constructed(0), name)));
        });
    }
}

/// Whether a relying party that does not know an extension must refuse (RFC 5280 §4.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Criticality {
    Critical,
    Informational,
}

use Criticality::{Critical, Informational};

const fn critical_if(critical: bool) -> Criticality {
    if critical { Critical } else { Informational }
}

fn extension(w: &mut Writer, id: Oid, criticality: Criticality, value: impl FnOnce(&mut Writer)) {
    w.sequence(|w| {
        w.octet_string_of(value);
        if criticality == Critical {
            w.boolean(true);
        }
        w.oid(id);
    });
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
