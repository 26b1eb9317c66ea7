//! Where in a form something is wrong. The sentence itself is a [`Message`]; the desk knows no language.

use super::message::Message;

/// A field of a form, so that a message can stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The server names.
    Names,
    /// The certificate signing request.
    Csr,
    /// The applicant's note.
    Note,
    /// The reason an approver gives.
    Reason,
    /// The reason of a revocation.
    RevocationReason,
    /// When a compromise became known.
    KnownSince,
    /// The statement an approver approves.
    Statement,
}

impl Field {
    /// Returns the `id` of the input in the page, which is its `name` too.
    pub fn id(self) -> &'static str {
        match self {
            Self::Names => "names",
            Self::Csr => "csr",
            Self::Note => "note",
            Self::Reason => "reason",
            Self::RevocationReason => "revocation-reason",
            Self::KnownSince => "known-since",
            Self::Statement => "statement",
        }
    }
}

/// Something a person has to mend before the form can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub field: Field,
    /// What, why and what to do.
    pub message: Message,
}

impl Problem {
    /// Returns a problem at `field`.
    pub fn new(field: Field, message: Message) -> Self {
        Self { field, message }
    }
}
