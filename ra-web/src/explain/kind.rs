//! What kind of certificate it is, as people would say: the family of its profile, or what it looks like.

use ca_core::certificate::{Certificate, Extensions};
use ca_core::profile::{Family, Profile};

use super::purpose::word;

/// Bits of keyUsage (RFC 5280 §4.2.1.3), bit 0 highest.
pub(super) const DIGITAL_SIGNATURE: u16 = 0x8000;
pub(super) const NON_REPUDIATION: u16 = 0x4000;
/// keyEncipherment, dataEncipherment and keyAgreement: others can send secrets to the holder.
pub(super) const ENCRYPTION: u16 = 0x3800;

/// A kind of certificate. The families, and what others' certificates may be beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A family of ours, or what looks like one.
    Of(Family),
    /// A link certificate of which nobody knows the direction.
    Link,
    /// Signs; nobody knows whether for a post or a person.
    Signing,
    /// Signs time-stamps.
    TimeStamping,
    /// None of these; its usages say what it may do.
    Other,
}

impl Kind {
    /// The kind of a certificate: its profile's family, or what the certificate says.
    pub(super) fn of(certificate: &Certificate, profile: Option<&Profile>) -> Self {
        match profile {
            Some(profile) => Self::Of(profile.family),
            None if certificate.extensions().is_ca => of_authority(certificate),
            None => of_holder(certificate.extensions()),
        }
    }

    /// Whether it is a CA's.
    pub(super) const fn is_authority(self) -> bool {
        match self {
            Self::Of(family) => family.is_authority(),
            Self::Link => true,
            Self::Signing | Self::TimeStamping | Self::Other => false,
        }
    }

    /// Whether subject and issuer are the same CA.
    pub(super) const fn is_self_issued(self) -> bool {
        match self {
            Self::Of(family) => family.is_self_issued(),
            Self::Link => true,
            Self::Signing | Self::TimeStamping | Self::Other => false,
        }
    }

    /// Whether people ask for it, and have to ask again when it ends.
    pub(super) const fn is_requested(self) -> bool {
        matches!(self, Self::Of(family) if family.is_requested())
    }

    /// The key of its name.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Of(Family::JobRole) => "explain-kind-job-role",
            Self::Of(Family::User) => "explain-kind-user",
            Self::Of(Family::Encryption) => "explain-kind-encryption",
            Self::Of(Family::WebServer) => "explain-kind-web-server",
            Self::Of(Family::Mail) => "explain-kind-mail",
            Self::Of(Family::CodeSigning) => "explain-kind-code-signing",
            Self::Of(Family::PlatformServer) => "explain-kind-platform-server",
            Self::Of(Family::OcspResponder) => "explain-kind-ocsp-responder",
            Self::Of(Family::ValidationAuthority) => "explain-kind-validation-authority",
            Self::Of(Family::Root) => "explain-kind-root",
            Self::Of(Family::Subordinate) => "explain-kind-subordinate",
            Self::Of(Family::OldWithNew) => "explain-kind-old-with-new",
            Self::Of(Family::NewWithOld) => "explain-kind-new-with-old",
            Self::Of(Family::Cross) => "explain-kind-cross",
            Self::Link => "explain-kind-link",
            Self::Signing => "explain-kind-signing",
            Self::TimeStamping => "explain-kind-time-stamping",
            Self::Other => "explain-kind-other",
        }
    }
}

/// A CA that names itself issuer is a root when the key is its own, else a link between two of its keys (RFC 5280 §3.2).
fn of_authority(certificate: &Certificate) -> Kind {
    let extensions = certificate.extensions();
    if certificate.subject().matches(certificate.issuer()) {
        let issuing = extensions.authority_key_identifier.as_ref();
        let own = issuing.is_none_or(|issuing| *issuing == certificate.key_identifier());
        return if own { Kind::Of(Family::Root) } else { Kind::Link };
    }
    let limited = !extensions.policy_mappings.is_empty()
        || !extensions.name_constraints.is_empty()
        || extensions.constrains_other_names
        || extensions.require_explicit_policy.is_some();
    Kind::Of(if limited { Family::Cross } else { Family::Subordinate })
}

fn of_holder(extensions: &Extensions) -> Kind {
    let is_for = |purpose: &str| extensions.extended_key_usage.iter().any(|found| word(found) == purpose);
    let usage = extensions.key_usage.unwrap_or(0);
    let purposes = [
        ("OCSPSigning", Kind::Of(Family::OcspResponder)),
        ("scvpServer", Kind::Of(Family::ValidationAuthority)),
        ("timeStamping", Kind::TimeStamping),
        ("codeSigning", Kind::Of(Family::CodeSigning)),
        // Servers of other CAs are often clients too, and people's certificates often sign mail too.
        ("serverAuth", Kind::Of(Family::WebServer)),
        ("documentSigning", Kind::Signing),
    ];
    if let Some((_, kind)) = purposes.into_iter().find(|(purpose, _)| is_for(purpose)) {
        kind
    } else if is_for("emailProtection") && !extensions.emails.is_empty() {
        Kind::Of(Family::Mail)
    } else if is_for("clientAuth") {
        Kind::Of(Family::User)
    } else if !extensions.extended_key_usage.is_empty() || usage == 0 {
        Kind::Other
    } else if usage & NON_REPUDIATION != 0 {
        Kind::Signing
    } else if usage & ENCRYPTION != 0 && usage & DIGITAL_SIGNATURE == 0 {
        Kind::Of(Family::Encryption)
    } else {
        Kind::Other
    }
}
