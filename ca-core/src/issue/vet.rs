//! Whether an order may be issued at all: its profile exists, its names and key fit it, and its time fits the authority's.

use super::order::Period;
use super::{Authority, Order, PublicAddresses};
use crate::id::{AuthorityId, ProfileId, RequestId};
use crate::key::{KeyAlgorithm, SubjectKey, WeakKey};
use crate::name::{AlternativeNames, DistinguishedName};
use crate::profile::{Count, Family, Pack, Profile};
use crate::time::{Timestamp, Validity};
use std::sync::Arc;

/// An order that may be issued, with everything decided but the serial.
#[derive(Debug)]
pub struct Vetted {
    pub(super) request: Option<RequestId>,
    pub(super) profile: Arc<Profile>,
    pub(super) subject: DistinguishedName,
    pub(super) names: AlternativeNames,
    pub(super) key: SubjectKey,
    pub(super) validity: Validity,
}

/// Why an order may not be issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VetError {
    /// The pack is not in effect.
    #[error("the policy pack {pack} is not in effect at {at}")]
    NotEffective {
        /// The pack.
        pack: ProfileId,
        /// The instant, RFC 3339.
        at: String,
    },
    /// No such profile.
    #[error("there is no profile {0}")]
    UnknownProfile(ProfileId),
    /// The profile is another authority's.
    #[error("the profile {profile} is not issued by {authority}")]
    OtherAuthority {
        /// The profile.
        profile: ProfileId,
        /// Who was asked.
        authority: AuthorityId,
    },
    /// The subject is not what the profile makes.
    #[error("the subject {subject} does not fit the profile {profile}")]
    Subject {
        /// The profile.
        profile: ProfileId,
        /// The subject, for people.
        subject: String,
    },
    /// The name in Japanese is missing, or not what the profile makes.
    #[error("the directory name of subjectAltName does not fit the profile {0}")]
    DirectoryName(ProfileId),
    /// Too few or too many names for the profile.
    #[error("{found} {kind} where the profile {profile} allows {} to {}", allowed.least, allowed.most)]
    Names {
        /// The profile.
        profile: ProfileId,
        /// Which names: DNS names, mail addresses.
        kind: &'static str,
        /// Names in the order.
        found: usize,
        /// What the profile allows.
        allowed: Count,
    },
    /// A name twice.
    #[error("the name {0} stands twice")]
    RepeatedName(String),
    /// A kind of key the profile does not certify.
    #[error("the profile {profile} does not certify {key}")]
    KeyKind {
        /// The profile.
        profile: ProfileId,
        /// The kind of key.
        key: KeyAlgorithm,
    },
    /// The key is too weak.
    #[error(transparent)]
    WeakKey(#[from] WeakKey),
    /// The order's key is the authority's own.
    #[error("the key is the authority's own")]
    AuthorityKey,
    /// The authority is not valid then.
    #[error("the authority's certificate is not valid at {0}")]
    AuthorityNotValid(String),
    /// Nothing is left of the certificate's life: its key may not be used as long.
    #[error("a key {key} may not be used at {at}")]
    KeyOutOfDate {
        /// The kind of key.
        key: KeyAlgorithm,
        /// When the certificate would begin, RFC 3339.
        at: String,
    },
    /// The profile begins when it is issued, but a beginning was chosen.
    #[error("the profile {0} has no chosen beginning")]
    NotScheduled(ProfileId),
    /// An authority whose certificate forbids CAs below it was asked for one.
    #[error("the authority's certificate allows no CA below it")]
    PathLength,
    /// The certificate would not say where its status is found: the authority has no such address.
    #[error("the authority has no CRL or OCSP address to write into the certificate")]
    NoAddresses,
    /// A self-signed certificate for a name or key that is not the authority's own.
    #[error("a founding authority issues only its own certificate")]
    Founding,
    /// A link certificate for another name than the authority's.
    #[error("a link certificate is for another key of the same authority")]
    NotLinked,
}

/// Errors unless `order` may be issued by `authority` under `pack` at `now`. The validity never begins in the past and never
/// ends after the authority's own, nor after the key may be used.
pub(super) fn vet(pack: &Pack, authority: &Authority, order: Order, now: Timestamp) -> Result<Vetted, VetError> {
    let Order { request, profile, subject, names, key, period } = order;
    if !pack.is_effective(now) {
        return Err(VetError::NotEffective { pack: pack.name.clone(), at: now.rfc3339() });
    }
    let profile = Arc::clone(pack.profile(&profile).ok_or(VetError::UnknownProfile(profile))?);
    if !profile.issuers.contains(authority.line()) {
        let authority = authority.line().clone();
        return Err(VetError::OtherAuthority { profile: profile.id.clone(), authority });
    }
    check_names(&profile, &subject, &names)?;
    if !profile.certifies(key.algorithm()) {
        return Err(VetError::KeyKind { profile: profile.id.clone(), key: key.algorithm() });
    }
    key.check_strength()?;
    check_place(&profile, authority, &subject, &key)?;
    let validity = validity(pack, authority, &profile, &key, (period, now))?;
    Ok(Vetted { request, profile, subject, names, key, validity })
}

fn check_names(profile: &Profile, subject: &DistinguishedName, names: &AlternativeNames) -> Result<(), VetError> {
    if profile.subject.as_ref().is_some_and(|template| !template.fits(subject)) {
        return Err(VetError::Subject { profile: profile.id.clone(), subject: subject.to_string() });
    }
    let directory_fits = match (&profile.alternative.directory, &names.directory) {
        (Some(template), Some(name)) => template.fits(name),
        (None, Some(_)) => profile.alternative.of_authority,
        (Some(_), None) => false,
        (None, None) => !profile.alternative.of_authority,
    };
    if !directory_fits {
        return Err(VetError::DirectoryName(profile.id.clone()));
    }
    let dns: Vec<String> = names.dns.iter().map(ToString::to_string).collect();
    let emails: Vec<String> = names.emails.iter().map(ToString::to_string).collect();
    for (kind, found, allowed) in
        [("DNS names", dns, profile.alternative.dns), ("mail addresses", emails, profile.alternative.emails)]
    {
        if !(allowed.least..=allowed.most).contains(&found.len()) {
            return Err(VetError::Names { profile: profile.id.clone(), kind, found: found.len(), allowed });
        }
        let repeated = found.iter().enumerate().find(|(index, name)| found.iter().take(*index).any(|b| b == *name));
        if let Some((_, name)) = repeated {
            return Err(VetError::RepeatedName(name.clone()));
        }
    }
    Ok(())
}

/// Whose key it is, and whether the authority may issue such a thing at all.
fn check_place(
    profile: &Profile,
    authority: &Authority,
    subject: &DistinguishedName,
    key: &SubjectKey,
) -> Result<(), VetError> {
    let own = key == authority.key();
    match authority.validity() {
        None if !own || subject != authority.name() || profile.family != Family::Root => {
            return Err(VetError::Founding);
        }
        Some(_) if own => return Err(VetError::AuthorityKey),
        _ => {}
    }
    if authority.validity().is_some() && profile.family.is_self_issued() && subject != authority.name() {
        return Err(VetError::NotLinked);
    }
    if profile.is_authority() && !profile.family.is_self_issued() && authority.path_length() == Some(0) {
        return Err(VetError::PathLength);
    }
    let PublicAddresses { crl, ocsp, issuer_certificate } = authority.addresses();
    let rule = &profile.revocation;
    if (rule.crl && crl.is_empty()) || (rule.ocsp && ocsp.is_empty()) || (rule.issuer && issuer_certificate.is_empty())
    {
        return Err(VetError::NoAddresses);
    }
    Ok(())
}

fn validity(
    pack: &Pack,
    authority: &Authority,
    profile: &Profile,
    key: &SubjectKey,
    (period, now): (Period, Timestamp),
) -> Result<Validity, VetError> {
    let now = now.whole_seconds();
    let Validity { not_before, mut not_after } = match period {
        Period::FromNow => profile.validity.period(now),
        Period::From(_) if !profile.scheduled_start => return Err(VetError::NotScheduled(profile.id.clone())),
        Period::From(start) => profile.validity.period(start.max(now)),
        Period::OfLinked(validity) => validity,
    };
    if let Some(of_authority) = authority.validity() {
        if !of_authority.contains(now) {
            return Err(VetError::AuthorityNotValid(now.rfc3339()));
        }
        not_after = not_after.min(of_authority.not_after);
    }
    let algorithm = key.algorithm();
    let out_of_date = || VetError::KeyOutOfDate { key: algorithm, at: not_before.rfc3339() };
    not_after = not_after.min(pack.calendar.end_of(algorithm).unwrap_or(not_after));
    if not_after <= not_before { Err(out_of_date()) } else { Ok(Validity { not_before, not_after }) }
}

#[cfg(test)]
#[path = "vet_tests.rs"]
mod tests;
