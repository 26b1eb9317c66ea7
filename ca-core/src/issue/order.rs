//! What the engine is asked to issue: either an approved application, or a step of a ceremony.

use crate::id::{ProfileId, RequestId};
use crate::key::SubjectKey;
use crate::name::{DistinguishedName, DnsName};
use crate::profile::Profile;
use crate::request::{Application, Approved};

/// An order for one certificate. There are two ways to one: four eyes on an application, or a ceremony.
#[derive(Clone, Debug)]
pub struct Order {
    pub(super) request: Option<RequestId>,
    pub(super) profile: ProfileId,
    pub(super) subject: DistinguishedName,
    pub(super) dns_names: Vec<DnsName>,
    pub(super) key: SubjectKey,
}

impl Order {
    /// The order an approved application is.
    pub fn approved(application: &Application<Approved>) -> Self {
        let request = application.request();
        Self {
            request: Some(application.id().clone()),
            profile: request.profile.clone(),
            subject: request.subject.clone(),
            dns_names: request.dns_names.clone(),
            key: request.key.clone(),
        }
    }

    /// An order given in a ceremony or set-up, where people stand by: CA and responder certificates.
    pub fn ceremony(profile: &Profile, subject: DistinguishedName, key: SubjectKey) -> Self {
        Self { request: None, profile: profile.id(), subject, dns_names: Vec::new(), key }
    }

    /// An order without a request behind it, for measuring the pipeline.
    pub fn measured(profile: &Profile, subject: DistinguishedName, dns_names: Vec<DnsName>, key: SubjectKey) -> Self {
        Self { request: None, profile: profile.id(), subject, dns_names, key }
    }
}
