//! What the engine is asked to issue: either an approved application, or a step of a ceremony.

use crate::id::{ProfileId, RequestId};
use crate::key::SubjectKey;
use crate::name::{AlternativeNames, DistinguishedName};
use crate::profile::Profile;
use crate::request::{Application, Approved};
use crate::time::{Timestamp, Validity};

/// An order for one certificate. There are two ways to one: four eyes on an application, or a ceremony.
#[derive(Clone, Debug)]
pub struct Order {
    pub(super) request: Option<RequestId>,
    pub(super) profile: ProfileId,
    pub(super) subject: DistinguishedName,
    pub(super) names: AlternativeNames,
    pub(super) key: SubjectKey,
    pub(super) period: Period,
}

/// When an ordered certificate is to be valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    /// From now, for as long as the profile says.
    FromNow,
    /// From a chosen instant, or from now if that has passed, for as long as the profile says.
    From(Timestamp),
    /// As the certificate of the key that is linked (RFC 9810 §4.4).
    OfLinked(Validity),
}

impl Order {
    /// The profile it is by.
    pub const fn profile(&self) -> &ProfileId {
        &self.profile
    }

    /// The key it certifies.
    pub const fn key(&self) -> &SubjectKey {
        &self.key
    }

    /// The order an approved application is.
    pub fn approved(application: &Application<Approved>) -> Self {
        let request = application.request();
        Self {
            request: Some(application.id().clone()),
            profile: request.profile.clone(),
            subject: request.subject.clone(),
            names: request.names.clone(),
            key: request.key.clone(),
            period: request.starts_at.map_or(Period::FromNow, Period::From),
        }
    }

    /// An order given in a ceremony or set-up, where people stand by: CA and responder certificates.
    pub fn ceremony(profile: &Profile, subject: DistinguishedName, key: SubjectKey) -> Self {
        Self::measured(profile, subject, AlternativeNames::default(), key)
    }

    /// The same with the authority's name in Japanese, for profiles that carry it.
    #[must_use]
    pub fn called(mut self, alternative: Option<DistinguishedName>) -> Self {
        self.names.directory = alternative;
        self
    }

    /// The same, valid as the certificate of the key that is linked: for link certificates (RFC 9810 §4.4).
    #[must_use]
    pub const fn linking(mut self, of_linked: Validity) -> Self {
        self.period = Period::OfLinked(of_linked);
        self
    }

    /// An order without a request behind it, for measuring the pipeline and for samples.
    pub fn measured(profile: &Profile, subject: DistinguishedName, names: AlternativeNames, key: SubjectKey) -> Self {
        Self { request: None, profile: profile.id.clone(), subject, names, key, period: Period::FromNow }
    }
}
