//! An application for a certificate, by state. Four eyes are in [`Application::approve`]: there is no other way from
//! [`Submitted`] to [`Approved`], except [`Application::restored`], which only the store calls for rows it wrote itself.
//!
//! What an approver approves is a text, the [statement](Application::statement): it names everything that will be in the
//! certificate. Its SHA-256 is shown, posted back and kept; approving another text than the one stored is refused.

use crate::digest::{constant_time_eq, hex, sha256};
use crate::id::{AccountId, OrganisationId, ProfileId, RequestId, RequestNumber};
use crate::key::SubjectKey;
use crate::name::{AlternativeNames, DistinguishedName};
use crate::profile::KeySource;
use crate::time::Timestamp;

/// What a request asks for, every field checked at the edge.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// Whose certificate it will be.
    pub organisation: OrganisationId,
    /// The profile it is issued by.
    pub profile: ProfileId,
    /// Subject name, made from the organisation register and the profile.
    pub subject: DistinguishedName,
    /// Names for subjectAltName; servers and mail addresses each within a verified domain of the organisation.
    pub names: AlternativeNames,
    /// The strong key.
    pub key: SubjectKey,
    /// Who made the key, and what proves that the holder has it.
    pub origin: KeyOrigin,
    /// The chosen beginning; `None` for the instant of issue.
    pub starts_at: Option<Timestamp>,
}

/// Who made a requested key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// The holder: the PKCS#10 that proves possession, in DER.
    Holder {
        /// CertificationRequest (RFC 2986).
        csr_der: Vec<u8>,
    },
    /// The centre: the private key is in its vault until it is handed over.
    Centre,
}

impl KeyOrigin {
    /// The same as a pack says it.
    pub const fn source(&self) -> KeySource {
        match self {
            Self::Holder { .. } => KeySource::Holder,
            Self::Centre => KeySource::Centre,
        }
    }

    /// The PKCS#10, if there is one.
    pub fn csr_der(&self) -> Option<&[u8]> {
        match self {
            Self::Holder { csr_der } => Some(csr_der),
            Self::Centre => None,
        }
    }
}

/// State: waiting for a second person.
#[derive(Clone, Debug)]
pub struct Submitted;

/// State: approved, by whom and when.
#[derive(Clone, Debug)]
pub struct Approved {
    by: AccountId,
    at: Timestamp,
}

/// Who approves: an account with the right to approve, and its organisation.
#[derive(Clone, Debug)]
pub struct Approver {
    /// The account.
    pub account: AccountId,
    /// The organisation whose requests it may approve.
    pub organisation: OrganisationId,
}

/// An application in a state.
#[derive(Clone, Debug)]
pub struct Application<State> {
    id: RequestId,
    number: RequestNumber,
    requester: AccountId,
    submitted_at: Timestamp,
    request: NewRequest,
    state: State,
}

/// Why an approval is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// Approver and requester are one person.
    #[error("the requester cannot approve the own request")]
    SamePerson,
    /// The approver belongs to another organisation.
    #[error("the request is another organisation's")]
    OtherOrganisation,
    /// What was approved is not what is stored.
    #[error("the request is not the one that was shown")]
    StatementChanged,
}

impl Application<Submitted> {
    /// A new application.
    pub const fn submitted(
        id: RequestId,
        number: RequestNumber,
        requester: AccountId,
        submitted_at: Timestamp,
        request: NewRequest,
    ) -> Self {
        Self { id, number, requester, submitted_at, request, state: Submitted }
    }

    /// Approves the statement with SHA-256 `shown`. Errors: the requester approves, another organisation approves, or
    /// the statement shown was another.
    pub fn approve(
        self,
        by: &Approver,
        shown: &[u8; 32],
        now: Timestamp,
    ) -> Result<Application<Approved>, ApprovalError> {
        if by.account == self.requester {
            return Err(ApprovalError::SamePerson);
        }
        if by.organisation != self.request.organisation {
            return Err(ApprovalError::OtherOrganisation);
        }
        if !constant_time_eq(shown, &self.statement_hash()) {
            return Err(ApprovalError::StatementChanged);
        }
        let Self { id, number, requester, submitted_at, request, .. } = self;
        let state = Approved { by: by.account.clone(), at: now };
        Ok(Application { id, number, requester, submitted_at, request, state })
    }
}

impl Application<Approved> {
    /// An application whose approval was stored: the one caller is the store, which wrote the row from an approved
    /// application. Errors, checked again: requester and approver are one person, or the stored hash of the statement
    /// approved is not that of the statement these fields make.
    pub fn restored(
        submitted: Application<Submitted>,
        by: AccountId,
        at: Timestamp,
        approved_hash: &[u8],
    ) -> Result<Self, ApprovalError> {
        if by == submitted.requester {
            return Err(ApprovalError::SamePerson);
        }
        if !constant_time_eq(approved_hash, &submitted.statement_hash()) {
            return Err(ApprovalError::StatementChanged);
        }
        let Application { id, number, requester, submitted_at, request, .. } = submitted;
        Ok(Self { id, number, requester, submitted_at, request, state: Approved { by, at } })
    }

    /// Who approved.
    pub const fn approved_by(&self) -> &AccountId {
        &self.state.by
    }

    /// When.
    pub const fn approved_at(&self) -> Timestamp {
        self.state.at
    }
}

impl<State> Application<State> {
    /// Its id.
    pub const fn id(&self) -> &RequestId {
        &self.id
    }

    /// The number people quote.
    pub const fn number(&self) -> &RequestNumber {
        &self.number
    }

    /// Who asked.
    pub const fn requester(&self) -> &AccountId {
        &self.requester
    }

    /// When.
    pub const fn submitted_at(&self) -> Timestamp {
        self.submitted_at
    }

    /// What is asked for.
    pub const fn request(&self) -> &NewRequest {
        &self.request
    }

    /// The text that is approved: one `name: value` a line, in fixed order, everything that decides the certificate.
    pub fn statement(&self) -> String {
        let request = &self.request;
        let names: Vec<String> = request.names.general_names().map(|name| name.to_string()).collect();
        let directory_der = request.names.directory.as_ref().map(|name| hex(&sha256(name.as_der())));
        format!(
            "lgpki request statement 2\nnumber: {}\nprofile: {}\norganisation: {}\nsubject: {}\nsubject-der-sha256: {}\n\
             names: {}\ndirectory-name-der-sha256: {}\nstarts: {}\nkey: {}\nkey-sha256: {}\nkey-source: {}\n\
             requester: {}\n",
            self.number,
            request.profile,
            request.organisation,
            request.subject,
            hex(&sha256(request.subject.as_der())),
            names.join("; "),
            directory_der.as_deref().unwrap_or("none"),
            request.starts_at.map_or_else(|| "when issued".to_owned(), Timestamp::rfc3339),
            request.key.algorithm(),
            hex(&request.key.fingerprint()),
            request.origin.source().as_str(),
            self.requester,
        )
    }

    /// SHA-256 of the statement.
    pub fn statement_hash(&self) -> [u8; 32] {
        sha256(self.statement().as_bytes())
    }
}

#[cfg(test)]
#[path = "application_tests.rs"]
mod tests;
