//! Mail addresses as certificates carry them (rfc822Name, RFC 5280 §4.2.1.6).

use super::{DnsName, DnsNameError};

/// A mail address: local part as it stands, domain in lower case. Kept in the database as its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String, DnsName);

/// Why text is no mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// No `@`, or a local part that RFC 5321 does not know.
    #[error("the part before @ is not allowed")]
    LocalPart,
    /// The domain is none.
    #[error(transparent)]
    Domain(#[from] DnsNameError),
}

impl EmailAddress {
    /// Reads an address. Errors: [`EmailError`].
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::LocalPart)?;
        let domain = DnsName::parse(domain)?;
        if local.is_empty() || local.len() > 64 || !local.bytes().all(|b| b.is_ascii_graphic() && b != b'@') {
            return Err(EmailError::LocalPart);
        }
        Ok(Self(format!("{local}@{domain}"), domain))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its domain.
    pub const fn domain(&self) -> &DnsName {
        &self.1
    }
}

impl std::fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
