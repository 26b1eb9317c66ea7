//! Whether an order may be issued at all: its profile exists, its names and key fit it, and its time fits the authority's.

use super::{Authority, Order, PublicAddresses};
use crate::id::{ProfileId, RequestId};
use crate::key::{SubjectKey, WeakKey};
use crate::name::{DistinguishedName, DnsName};
use crate::profile::{DnsNames, Profile, RevocationAddresses, Role};
use crate::time::{Timestamp, Validity};
use std::time::Duration;

/// An order that may be issued, with everything decided but the serial.
#[derive(Debug)]
pub struct Vetted {
    pub(super) request: Option<RequestId>,
    pub(super) profile: &'static Profile,
    pub(super) subject: DistinguishedName,
    pub(super) dns_names: Vec<DnsName>,
    pub(super) key: SubjectKey,
    pub(super) validity: Validity,
}

/// Why an order may not be issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VetError {
    /// No such profile.
    #[error("there is no profile {0}")]
    UnknownProfile(ProfileId),
    /// Too few or too many DNS names for the profile.
    #[error("{found} DNS names where the profile {profile} allows {allowed:?}")]
    DnsNames {
        /// The profile.
        profile: &'static str,
        /// Names in the order.
        found: usize,
        /// What the profile allows.
        allowed: DnsNames,
    },
    /// A DNS name twice.
    #[error("the name {0} stands twice")]
    RepeatedName(DnsName),
    /// The key is too weak.
    #[error(transparent)]
    WeakKey(#[from] WeakKey),
    /// The order's key is the authority's own.
    #[error("the key is the authority's own")]
    AuthorityKey,
    /// The authority is not valid now.
    #[error("the authority's certificate is not valid at {0}")]
    AuthorityNotValid(String),
    /// An authority whose certificate forbids CAs below it was asked for one.
    #[error("the authority's certificate allows no CA below it")]
    PathLength,
    /// The certificate would not say where its status is found: the authority has no CRL or OCSP address.
    #[error("the authority has no CRL or OCSP address to write into the certificate")]
    NoAddresses,
    /// A self-signed certificate for a name or key that is not the authority's own.
    #[error("a founding authority issues only its own certificate")]
    Founding,
}

/// Errors unless `order` may be issued by `authority` at `now`. The validity begins now and never ends after the
/// authority's own.
pub(super) fn vet(authority: &Authority, order: Order, now: Timestamp) -> Result<Vetted, VetError> {
    let Order { request, profile, subject, dns_names, key } = order;
    let profile = Profile::named(&profile).ok_or(VetError::UnknownProfile(profile))?;
    check_dns_names(profile, &dns_names)?;
    key.check_strength()?;
    let own = key == *authority.key();
    let not_before = now.whole_seconds();
    let days = Duration::from_secs(u64::from(profile.days) * 86_400);
    let mut not_after = not_before.plus(days).minus(Duration::from_secs(1));
    match authority.validity() {
        None if !own || subject != *authority.name() => return Err(VetError::Founding),
        None => {}
        Some(_) if own => return Err(VetError::AuthorityKey),
        Some(validity) if !validity.contains(not_before) => {
            return Err(VetError::AuthorityNotValid(not_before.rfc3339()));
        }
        Some(validity) => not_after = not_after.min(validity.not_after),
    }
    let PublicAddresses { crl, ocsp, .. } = authority.addresses();
    if profile.revocation_addresses == RevocationAddresses::CrlAndOcsp && (crl.is_empty() || ocsp.is_empty()) {
        return Err(VetError::NoAddresses);
    }
    if matches!(profile.role, Role::Authority { .. }) && authority.path_length() == Some(0) {
        return Err(VetError::PathLength);
    }
    Ok(Vetted { request, profile, subject, dns_names, key, validity: Validity { not_before, not_after } })
}

fn check_dns_names(profile: &'static Profile, names: &[DnsName]) -> Result<(), VetError> {
    let fits = match profile.dns_names {
        DnsNames::UpTo(most) => (1..=most).contains(&names.len()),
        DnsNames::None => names.is_empty(),
    };
    if !fits {
        return Err(VetError::DnsNames { profile: profile.name, found: names.len(), allowed: profile.dns_names });
    }
    let repeated =
        names.iter().enumerate().find(|(index, name)| names.iter().take(*index).any(|before| before == *name));
    repeated.map_or(Ok(()), |(_, name)| Err(VetError::RepeatedName(name.clone())))
}

#[cfg(test)]
#[path = "vet_tests.rs"]
mod tests;
