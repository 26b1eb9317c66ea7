//! The desk: use cases without HTTP. A page parses, asks the desk, and draws what it answers; enrolment protocols will do the same.
//!
//! - [`offer`]: what can be asked for; [`draft`]: a form as typed, its [`blank`]s and fields; [`check`]: its check, with
//!   [`written`], [`names`], [`start`] and [`diagnosis`]; [`requests`]: filing, listing, withdrawing.
//! - [`approvals`]: what waits for a second person, and the decision.
//! - [`certificates`]: finding, explaining and handing out certificates; [`search`] reads the search box.
//! - [`deliveries`]: handing over keys that the centre made.
//! - [`revocations`]: making a certificate unusable; [`suspensions`]: for a while; [`reach`]: who can see it.
//! - [`campaigns`]: how far the move to new cryptography is.
//! - [`authorities`]: what everybody may know about the authorities.
//!
//! Every function takes a [`Desk`], which says who acts and when, and looks only at rows that person may see: what belongs to
//! another organisation is [`DeskError::NotFound`], like what does not exist. A change, its audit event and its jobs are one transaction.

pub mod approvals;
pub mod authorities;
pub mod blank;
pub mod campaigns;
pub mod certificates;
pub mod check;
pub mod deliveries;
pub mod diagnosis;
pub mod draft;
pub mod era;
pub mod message;
pub mod named;
pub mod names;
pub mod offer;
pub mod problem;
pub mod reach;
pub mod requests;
pub mod revocations;
pub mod search;
pub mod start;
pub mod suspensions;
pub mod written;

use ca_core::audit::Actor;
use ca_core::entropy::{Entropy, EntropyUnavailable};
use ca_core::id::OrganisationId;
use ca_core::profile::Packs;
use ca_core::time::Timestamp;
use store::accounts::{Account, Role};
use store::organisations::Organisation;
use store::{Store, StoreError};

use crate::centre::{Centre, CentreError};

/// Who sits at the desk, when, and what is within reach.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The database.
    pub store: &'a Store,
    /// For fresh ids.
    pub entropy: &'a dyn Entropy,
    /// The instant of everything done here.
    pub now: Timestamp,
    /// What can be asked for.
    pub packs: &'a Packs,
    /// Keys made at the centre; `None` where they are not offered.
    pub centre: Option<&'a Centre>,
    /// The person.
    pub account: &'a Account,
    /// The person's organisation.
    pub organisation: &'a Organisation,
}

/// Why the desk could not answer.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such thing, or it belongs to another organisation: the two look the same.
    #[error("not found")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random octets.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// Keys made at the centre.
    #[error(transparent)]
    Centre(#[from] CentreError),
    /// A stored thing does not have the form this program writes.
    #[error("stored {what} is unreadable: {reason}")]
    Unreadable {
        /// What it is, for the log.
        what: &'static str,
        /// Why, for the log.
        reason: String,
    },
}

impl Desk<'_> {
    /// Returns the organisation whose rows the person may see; `None` means all (central roles).
    pub fn scope(&self) -> Option<&OrganisationId> {
        match self.account.role {
            Role::Officer | Role::Manager => Some(&self.account.organisation_id),
            Role::RaOperator | Role::Auditor => None,
        }
    }

    /// Returns true when the person may see things of `owner`.
    pub fn sees(&self, owner: &OrganisationId) -> bool {
        self.scope().is_none_or(|own| own == owner)
    }

    /// Returns who acts, for write transactions.
    pub fn actor(&self) -> Actor {
        Actor::Person(self.account.account_id.clone())
    }
}
