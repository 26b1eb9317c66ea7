//! Where in a form something is wrong. The sentence itself is a [`Message`]; the desk knows no language.

use super::blank::Blank;
use super::message::Message;

/// A field of a form, so that a message can stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// A part of the certificate's name.
    Blank(Blank),
    /// The server names.
    Names,
    /// The mail addresses.
    Emails,
    /// The day on which the certificate begins: its year, and the day as a whole.
    Start,
    /// Its month.
    StartMonth,
    /// Its day.
    StartDay,
    /// Who makes the key.
    KeySource,
    /// The kind of a key that the centre makes.
    KeyKind,
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
            Self::Blank(blank) => blank.id(),
            Self::Names => "names",
            Self::Emails => "emails",
            Self::Start => "start",
            Self::StartMonth => "start-month",
            Self::StartDay => "start-day",
            Self::KeySource => "key-source",
            Self::KeyKind => "key-kind",
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
