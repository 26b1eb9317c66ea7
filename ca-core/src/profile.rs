//! Profiles: what each kind of certificate contains. A profile decides every extension; a request decides none. Today the
//! shipped profiles are constants here; they become policy packs (data) later, parsed into this same type.

use crate::id::ProfileId;
use crate::key::KeyAlgorithm;
use crate::name::{Attribute, DistinguishedName, DnsName, NameError, OrganisationName, StringKind};
use crate::oid::{self, Oid};

/// Key usage bits (RFC 5280 §4.2.1.3), bit 0 highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    /// digitalSignature (0).
    pub const DIGITAL_SIGNATURE: Self = Self(0x8000);
    /// keyEncipherment (2).
    pub const KEY_ENCIPHERMENT: Self = Self(0x2000);
    /// keyCertSign (5).
    pub const CERT_SIGN: Self = Self(0x0400);
    /// keyCertSign (5) and cRLSign (6).
    pub const CERT_AND_CRL_SIGN: Self = Self(0x0600);
}

/// Whether certificates of a profile are CAs (RFC 5280 §4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A CA; `path_length` limits the CAs below it.
    Authority {
        /// pathLenConstraint; `None` for no limit.
        path_length: Option<u8>,
    },
    /// Not a CA.
    EndEntity,
}

/// One kind of certificate.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Its name: `web-server`.
    pub name: &'static str,
    /// CA or not.
    pub role: Role,
    /// Key usage, always critical.
    pub key_usage: KeyUsage,
    /// Extended key usage; none for CAs.
    pub extended_key_usage: &'static [Oid],
    /// Certificate policies.
    pub policies: &'static [Oid],
    /// How long certificates live, in days of 86,400 s, both ends included.
    pub days: u32,
    /// Whether subjectAltName carries DNS names.
    pub dns_names: DnsNames,
    /// Whether CRL and OCSP addresses are written: not in self-signed and not in OCSP responder certificates.
    pub revocation_addresses: RevocationAddresses,
}

/// Whether a profile names servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsNames {
    /// One to this many.
    UpTo(usize),
    /// None.
    None,
}

/// Where a certificate says its status is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationAddresses {
    /// CRL distribution point and AIA (OCSP, issuer's certificate).
    CrlAndOcsp,
    /// Nowhere: it is the trust anchor.
    None,
    /// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1): it lives shortly instead of being checked.
    NoCheck,
}

/// Self-signed root CA.
pub const ROOT_CA: Profile = Profile {
    name: "root-ca",
    role: Role::Authority { path_length: None },
    key_usage: KeyUsage::CERT_AND_CRL_SIGN,
    extended_key_usage: &[],
    policies: &[],
    days: 20 * 365 + 5,
    dns_names: DnsNames::None,
    revocation_addresses: RevocationAddresses::None,
};

/// Subordinate CA that issues to end entities.
pub const SUBORDINATE_CA: Profile = Profile {
    name: "subordinate-ca",
    role: Role::Authority { path_length: Some(0) },
    key_usage: KeyUsage::CERT_AND_CRL_SIGN,
    extended_key_usage: &[],
    policies: &[oid::POLICY_APPLICATION],
    days: 10 * 365 + 2,
    dns_names: DnsNames::None,
    revocation_addresses: RevocationAddresses::CrlAndOcsp,
};

/// Delegated OCSP responder (RFC 6960 §4.2.2.2).
pub const OCSP_RESPONDER: Profile = Profile {
    name: "ocsp-responder",
    role: Role::EndEntity,
    key_usage: KeyUsage::DIGITAL_SIGNATURE,
    extended_key_usage: &[oid::KP_OCSP_SIGNING],
    policies: &[],
    days: 90,
    dns_names: DnsNames::None,
    revocation_addresses: RevocationAddresses::NoCheck,
};

/// Web server of an organisation.
pub const WEB_SERVER: Profile = Profile {
    name: "web-server",
    role: Role::EndEntity,
    key_usage: KeyUsage::DIGITAL_SIGNATURE,
    extended_key_usage: &[oid::KP_SERVER_AUTH],
    policies: &[oid::POLICY_APPLICATION],
    days: 397,
    dns_names: DnsNames::UpTo(10),
    revocation_addresses: RevocationAddresses::CrlAndOcsp,
};

impl Profile {
    /// Every shipped profile.
    pub const ALL: [Self; 4] = [ROOT_CA, SUBORDINATE_CA, OCSP_RESPONDER, WEB_SERVER];

    /// The profile of that name.
    pub fn named(id: &ProfileId) -> Option<&'static Self> {
        const SHIPPED: &[Profile] = &Profile::ALL;
        SHIPPED.iter().find(|profile| profile.name == id.as_str())
    }

    /// Its name as an id.
    pub fn id(&self) -> ProfileId {
        ProfileId::parse(self.name).unwrap_or_else(|_| unreachable!("profile names are slugs; a test holds it"))
    }

    /// Key usage for a key of this kind: servers with RSA keys also encipher keys (TLS 1.2 with RSA key exchange).
    pub fn key_usage_for(&self, key: KeyAlgorithm) -> KeyUsage {
        if key.is_rsa() && self.extended_key_usage.contains(&oid::KP_SERVER_AUTH) {
            KeyUsage(self.key_usage.0 | KeyUsage::KEY_ENCIPHERMENT.0)
        } else {
            self.key_usage
        }
    }
}

/// Subject of a web server certificate: C=JP, O=the organisation's registered name, CN=the first DNS name. Names come
/// from the register, never from the request. A first name beyond 64 characters cannot be a common name and is left out
/// (it stands in subjectAltName, which is what clients read: RFC 9525 §6.1). Errors: never for a registered organisation.
pub fn web_server_subject(organisation: &OrganisationName, first: &DnsName) -> Result<DistinguishedName, NameError> {
    let mut attributes = vec![
        (Attribute::Country, StringKind::Printable, "JP"),
        (Attribute::Organisation, StringKind::Printable, organisation.as_str()),
    ];
    if first.as_str().len() <= 64 {
        attributes.push((Attribute::CommonName, StringKind::Printable, first.as_str()));
    }
    DistinguishedName::new(&attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_found_by_its_name() {
        for profile in Profile::ALL {
            assert_eq!(Profile::named(&profile.id()).unwrap().name, profile.name);
        }
    }

    #[test]
    fn a_web_servers_subject_comes_from_the_register() {
        let town = OrganisationName::parse("Shirakaba Town").unwrap();
        let name = |text: &str| web_server_subject(&town, &DnsName::parse(text).unwrap()).unwrap().to_string();
        assert_eq!(name("www.town.shirakaba.lg.jp"), "C=JP, O=Shirakaba Town, CN=www.town.shirakaba.lg.jp");
        assert_eq!(name(&format!("{}.lg.jp", "a".repeat(63))), "C=JP, O=Shirakaba Town");
    }
}
