//! Who may do what: one table, role × capability. A route needs one capability; a person has those of the role. Nothing is inherited.

use store::accounts::Role;

/// Something a person may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Use the home page, see and change one's own log-in data.
    OwnAccount,
    /// See requests (own organisation; central roles: all).
    SeeRequests,
    /// File a request.
    SubmitRequests,
    /// Take back one's own organisation's request.
    WithdrawRequests,
    /// Approve, return or reject; never one's own request (four eyes are in `ca_core::request`).
    DecideRequests,
    /// See and download certificates.
    SeeCertificates,
    /// Revoke or suspend certificates of the own organisation; RA operators: what a CA that moved here has issued elsewhere.
    RevokeCertificates,
    /// See how far the move to new cryptography is (own organisation; central roles: all).
    SeeCampaigns,
}

use self::Capability as May;

impl Capability {
    /// Every capability, in the order of the table.
    pub const ALL: &'static [Self] = &[
        May::OwnAccount,
        May::SeeRequests,
        May::SubmitRequests,
        May::WithdrawRequests,
        May::DecideRequests,
        May::SeeCertificates,
        May::RevokeCertificates,
        May::SeeCampaigns,
    ];
}

/// The capabilities of a role.
pub fn capabilities(role: Role) -> &'static [Capability] {
    match role {
        Role::Officer => &[
            May::OwnAccount,
            May::SeeRequests,
            May::SubmitRequests,
            May::WithdrawRequests,
            May::SeeCertificates,
            May::RevokeCertificates,
            May::SeeCampaigns,
        ],
        // In a small town the manager files requests too; another person then approves them.
        Role::Manager => Capability::ALL,
        Role::RaOperator => {
            &[May::OwnAccount, May::SeeRequests, May::SeeCertificates, May::RevokeCertificates, May::SeeCampaigns]
        }
        Role::Auditor => &[May::OwnAccount, May::SeeRequests, May::SeeCertificates, May::SeeCampaigns],
    }
}

/// True when the role has the capability.
pub fn may(role: Role, capability: Capability) -> bool {
    capabilities(role).contains(&capability)
}

/// A capability as a type, so that `Officer<SubmitRequests>` says in a signature what was checked.
pub trait Needs: Send + Sync + 'static {
    /// The capability that must be there.
    const CAPABILITY: Capability;
}

macro_rules! capability_types {
    ($($name:ident),* $(,)?) => {$(
        #[doc = concat!("The type of [`Capability::", stringify!($name), "`].")]
        pub struct $name;
        impl Needs for $name {
            const CAPABILITY: Capability = Capability::$name;
        }
    )*};
}

capability_types!(
    OwnAccount,
    SeeRequests,
    SubmitRequests,
    WithdrawRequests,
    DecideRequests,
    SeeCertificates,
    RevokeCertificates,
    SeeCampaigns,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_an_account_of_its_own_and_every_capability_a_role() {
        assert!(Role::ALL.iter().all(|role| may(*role, May::OwnAccount)));
        for capability in Capability::ALL {
            assert!(Role::ALL.iter().any(|role| may(*role, *capability)), "{capability:?}");
        }
    }

    #[test]
    fn officer_may_not_decide_and_auditor_changes_nothing() {
        assert!(!may(Role::Officer, May::DecideRequests));
        let changing = [May::SubmitRequests, May::WithdrawRequests, May::DecideRequests, May::RevokeCertificates];
        assert!(changing.iter().all(|capability| !may(Role::Auditor, *capability)));
    }
}
