//! The families of certificates: what a certificate is for, in one word. A profile belongs to one family; pages, explanations
//! and samples go by the family, everything in the certificate goes by the profile.

/// What a kind of certificate is for. Kept in manifests and packs as its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// 職責証明書: signs documents in the name of a post.
    JobRole,
    /// 利用者証明書: authenticates a person to LGWAN systems.
    User,
    /// 暗号化通信用等証明書: receives encrypted messages.
    Encryption,
    /// Web server of an organisation or an LGWAN-ASP provider.
    WebServer,
    /// Mail signing and encryption (S/MIME).
    Mail,
    /// Code signing.
    CodeSigning,
    /// アプリケーション基盤用サーバ証明書: servers of the platform itself.
    PlatformServer,
    /// Delegated OCSP responder (RFC 6960 §4.2.2.2).
    OcspResponder,
    /// VA証明書: the certificate validation service.
    ValidationAuthority,
    /// Self-signed CA.
    Root,
    /// CA under a CA.
    Subordinate,
    /// Link certificate: the old key certified with the new (RFC 9810 §4.4).
    OldWithNew,
    /// Link certificate: the new key certified with the old (RFC 9810 §4.4).
    NewWithOld,
    /// 相互認証証明書: a CA of another domain (RFC 5280 §3.2).
    Cross,
}

impl Family {
    /// Every family, in the order people read them.
    pub const ALL: [Self; 14] = [
        Self::JobRole,
        Self::User,
        Self::Encryption,
        Self::WebServer,
        Self::Mail,
        Self::CodeSigning,
        Self::PlatformServer,
        Self::OcspResponder,
        Self::ValidationAuthority,
        Self::Root,
        Self::Subordinate,
        Self::OldWithNew,
        Self::NewWithOld,
        Self::Cross,
    ];

    /// Its word: `job-role`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JobRole => "job-role",
            Self::User => "user",
            Self::Encryption => "encryption",
            Self::WebServer => "web-server",
            Self::Mail => "mail",
            Self::CodeSigning => "code-signing",
            Self::PlatformServer => "platform-server",
            Self::OcspResponder => "ocsp-responder",
            Self::ValidationAuthority => "validation-authority",
            Self::Root => "root",
            Self::Subordinate => "subordinate",
            Self::OldWithNew => "old-with-new",
            Self::NewWithOld => "new-with-old",
            Self::Cross => "cross",
        }
    }

    /// The family of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.as_str() == word)
    }

    /// Whether its certificates are CAs'.
    pub const fn is_authority(self) -> bool {
        matches!(self, Self::Root | Self::Subordinate | Self::OldWithNew | Self::NewWithOld | Self::Cross)
    }

    /// Whether subject and issuer are the same CA (RFC 5280 §3.2: self-issued), as path lengths do not count.
    pub const fn is_self_issued(self) -> bool {
        matches!(self, Self::Root | Self::OldWithNew | Self::NewWithOld)
    }

    /// Whether people ask for it with a request; the others are made in ceremonies.
    pub const fn is_requested(self) -> bool {
        matches!(
            self,
            Self::JobRole
                | Self::User
                | Self::Encryption
                | Self::WebServer
                | Self::Mail
                | Self::CodeSigning
                | Self::PlatformServer
        )
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for family in Family::ALL {
            assert_eq!(Family::parse(family.as_str()), Some(family));
        }
        assert_eq!(Family::parse("wildcard"), None);
    }
}
