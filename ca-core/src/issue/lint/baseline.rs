//! The CA/Browser Forum's requirements a certificate can be held to. Whether they apply is no property of the certificate:
//! a CA outside the public trust lists holds itself to them or does not, and says so in its policy.

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

    /// The set of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|baseline| baseline.as_str() == word)
    }
}
