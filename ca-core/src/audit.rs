//! What is written down when something happens. An event is stored in the transaction of its effect: no effect without
//! its event, no event without its effect. The verbs are a fixed list; a journey test sees every one of them.

use crate::id::AccountId;

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person with an account.
    Person(AccountId),
    /// A part of the system, by name: `ca`, `crl`, `ocsp`, `set-up`, `command` (somebody at the machine's command line).
    System(&'static str),
}

impl Actor {
    /// The text kept in the database: `account:<id>` or `system:<name>`.
    pub fn as_text(&self) -> String {
        match self {
            Self::Person(account) => format!("account:{account}"),
            Self::System(name) => format!("system:{name}"),
        }
    }
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What happened. Kept in the database as its text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Verb {$($(#[$doc])* $name,)+}

        impl Verb {
            /// Every verb.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The text kept in the database.
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$name => $text,)+}
            }
        }
    };
}

verbs! {
    /// An authority was set up.
    AuthorityCreated = "authority.created",
    /// A link certificate between two generations of an authority was published.
    AuthorityLinked = "authority.linked",
    /// A generation of an authority begins without link certificates: nothing may be signed with the key before it any more.
    AuthoritySevered = "authority.severed",
    /// A CA that existed was taken over, with everything it has issued.
    AuthorityImported = "authority.imported",
    /// An authority may use its keys: as many custodians as it takes have come.
    AuthorityActivated = "authority.activated",
    /// An authority may not use its keys any more.
    AuthorityDeactivated = "authority.deactivated",
    /// The secret of a key store was shared among custodians.
    CustodySetMade = "custody.made",
    /// A key store opens with the secret of a set of shares, and with no earlier one.
    CustodySetInForce = "custody.in-force",
    /// Custodians have shown that they can open a key store.
    QuorumProven = "custody.proven",
    /// A key was made.
    KeyCreated = "key.created",
    /// A key made a wrong signature, or is distrusted: nothing more is signed with it.
    KeyOutOfService = "key.out-of-service",
    /// Somebody has looked at a key's device, and it signs again.
    KeyReturnedToService = "key.returned-to-service",
    /// A signed bundle was given its number: requests to, or results of, an offline CA.
    BundleNumbered = "bundle.numbered",
    /// A signed bundle was taken; no older one of its sender is from then on.
    BundleTaken = "bundle.taken",
    /// An organisation was registered.
    OrganisationCreated = "organisation.created",
    /// It was said what an organisation is.
    OrganisationClassified = "organisation.classified",
    /// An organisation ended.
    OrganisationClosed = "organisation.closed",
    /// A domain of an organisation was registered as verified.
    DomainVerified = "domain.verified",
    /// An account was made.
    AccountCreated = "account.created",
    /// An account was closed, and its sessions ended.
    AccountSuspended = "account.suspended",
    /// Somebody logged in.
    LoginSucceeded = "login.succeeded",
    /// A log-in failed.
    LoginFailed = "login.failed",
    /// Somebody logged out.
    LoggedOut = "login.ended",
    /// A passkey was registered.
    PasskeyAdded = "passkey.added",
    /// A passkey was removed.
    PasskeyRemoved = "passkey.removed",
    /// A request was submitted.
    RequestSubmitted = "request.submitted",
    /// A request was approved.
    RequestApproved = "request.approved",
    /// A request was returned for correction.
    RequestReturned = "request.returned",
    /// A request was rejected.
    RequestRejected = "request.rejected",
    /// A request was withdrawn by its requester.
    RequestWithdrawn = "request.withdrawn",
    /// The engine refused to issue what was approved.
    IssueRefused = "request.refused",
    /// A key was made at the centre for a request.
    HolderKeyMade = "holder-key.made",
    /// The PIN of a key made at the centre was made and shown; the key alone is kept no more.
    HolderKeyPacked = "holder-key.packed",
    /// A download link was made; an earlier one is void.
    HolderKeyLinked = "holder-key.linked",
    /// A key made at the centre was downloaded; nothing of it is kept.
    HolderKeyFetched = "holder-key.fetched",
    /// A key made at the centre was erased before anybody had it.
    HolderKeyErased = "holder-key.erased",
    /// The exact octets to be signed became durable: from here they may exist.
    IntentRecorded = "certificate.intended",
    /// A certificate was signed, verified and stored.
    CertificateIssued = "certificate.issued",
    /// Whether a certificate was signed is unknown: its serial is burnt.
    OutcomeUnknown = "certificate.unknown",
    /// A certificate was revoked.
    CertificateRevoked = "certificate.revoked",
    /// A suspended certificate is good again.
    SuspensionLifted = "certificate.unsuspended",
    /// It was planned to revoke much at once.
    MassRevocationPlanned = "mass-revocation.planned",
    /// Somebody of the centre has looked at a plan to revoke much at once, and approves it.
    MassRevocationApproved = "mass-revocation.approved",
    /// All certificates of a plan to revoke much at once are revoked or need it no more.
    MassRevocationEnded = "mass-revocation.ended",
    /// A move to new cryptography was planned.
    CampaignPlanned = "campaign.planned",
    /// An organisation of a campaign was moved to another wave, or a wave to other days.
    CampaignMoved = "campaign.moved",
    /// A campaign was closed.
    CampaignClosed = "campaign.closed",
    /// A CRL number was taken.
    CrlNumberTaken = "crl.numbered",
    /// A CRL was signed, checked and stored.
    CrlStored = "crl.stored",
    /// A CRL that was signed ahead was let out.
    CrlReleased = "crl.released",
    /// Everything a CRL has that was found outside stands in the database: it had been restored from a backup.
    CrlRecovered = "crl.recovered",
    /// A CRL, or a bundle for edges, was seen to stand at a place of publication for the first time, or was handed over there.
    Published = "publication.seen",
}

/// One thing that happened, before the store adds when and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// What happened.
    pub verb: Verb,
    /// To what: `request:<id>`, `certificate:<authority>/<serial>`, `account:<id>`, `crl:<authority>`.
    pub object: String,
    /// More facts, by name; never names of people, secrets or keys.
    pub detail: Vec<(&'static str, String)>,
}

impl AuditEvent {
    /// An event without more facts.
    pub fn new(verb: Verb, object: impl Into<String>) -> Self {
        Self { verb, object: object.into(), detail: Vec::new() }
    }

    /// The same event with one more fact.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.detail.push((name, value.into()));
        self
    }
}
