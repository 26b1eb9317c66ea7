//! What a subjectAltName says of a holder beside the subject: servers, mail addresses, and the name in Japanese.

use super::{DistinguishedName, DnsName, EmailAddress, GeneralName};

/// The names for subjectAltName (RFC 5280 §4.2.1.6), each kind in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlternativeNames {
    /// Servers; each within a verified domain of the organisation.
    pub dns: Vec<DnsName>,
    /// Mail addresses; each at a registered domain of the organisation.
    pub emails: Vec<EmailAddress>,
    /// The holder's name in Japanese.
    pub directory: Option<DistinguishedName>,
}

impl AlternativeNames {
    /// Servers only.
    pub const fn of_servers(dns: Vec<DnsName>) -> Self {
        Self { dns, emails: Vec::new(), directory: None }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.emails.is_empty() && self.directory.is_none()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.general_names().count()
    }

    /// The names as they stand in the extension: the directory name, the servers, the addresses.
    pub fn general_names(&self) -> impl DoubleEndedIterator<Item = GeneralName> {
        let directory = self.directory.iter().cloned().map(GeneralName::Directory);
        let servers = self.dns.iter().map(|name| GeneralName::Dns(name.to_string()));
        directory.chain(servers).chain(self.emails.iter().map(|address| GeneralName::Email(address.to_string())))
    }
}
