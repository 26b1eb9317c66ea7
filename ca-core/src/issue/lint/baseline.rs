//! The CA/Browser Forum's requirements a certificate can be held to. Whether they apply is no property of the certificate:
//! a CA outside the public trust lists holds itself to them or does not, and says so in its policy.

use crate::oid;
use crate::profile::Profile;

/// A set of public requirements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Baseline {
    /// Baseline Requirements for TLS Server Certificates.
    TlsServer,
    /// Baseline Requirements for S/MIME Certificates.
    Smime,
    /// Baseline Requirements for Code Signing Certificates.
    CodeSigning,
}

impl Baseline {
    /// Every set.
    pub const ALL: [Self; 3] = [Self::TlsServer, Self::Smime, Self::CodeSigning];

    /// Its word: `tls`, `smime`, `code-signing`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TlsServer => "tls",
            Self::Smime => "smime",
            Self::CodeSigning => "code-signing",
        }
    }

    /// The set that certificates of `profile` are held to; `None` for none.
    pub fn of_profile(profile: &Profile) -> Option<Self> {
        profile.extended_key_usage.contains(&oid::KP_SERVER_AUTH).then_some(Self::TlsServer)
    }
}
