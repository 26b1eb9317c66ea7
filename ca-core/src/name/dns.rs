//! DNS names of servers, as certificates carry them: A-labels in lower case, no trailing dot, no wildcard, no address.

/// A host name of at least two labels, lower case. Kept in the database as its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(String);

/// Why text is no host name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsNameError {
    /// Nothing there.
    #[error("the name is empty")]
    Empty,
    /// Longer than DNS allows.
    #[error("the name has {0} characters; 253 are allowed")]
    TooLong(usize),
    /// Only one label: no public or LGWAN host has one.
    #[error("the name has only one label")]
    OneLabel,
    /// A label that is empty, longer than 63 or begins or ends with a hyphen.
    #[error("the label {0:?} is not allowed")]
    Label(String),
    /// A character other than a–z, 0–9 and hyphen.
    #[error("the character {0:?} is not allowed")]
    Character(char),
    /// A wildcard.
    #[error("wildcards are not allowed")]
    Wildcard,
    /// An IP address.
    #[error("an address is not a name")]
    Address,
}

impl DnsName {
    /// Reads a host name; upper case is lowered and one trailing dot dropped. Errors say which rule it breaks
    /// (RFC 1123 §2.1, RFC 5280 §4.2.1.6).
    pub fn parse(text: &str) -> Result<Self, DnsNameError> {
        let name = text.trim().to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        if name.is_empty() {
            return Err(DnsNameError::Empty);
        }
        if name.contains('*') {
            return Err(DnsNameError::Wildcard);
        }
        if name.parse::<std::net::IpAddr>().is_ok() {
            return Err(DnsNameError::Address);
        }
        if let Some(c) = name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-' | '.')) {
            return Err(DnsNameError::Character(c));
        }
        if name.len() > 253 {
            return Err(DnsNameError::TooLong(name.len()));
        }
        for label in name.split('.') {
            if label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-') {
                return Err(DnsNameError::Label(label.to_owned()));
            }
        }
        if name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
            return Err(DnsNameError::Address);
        }
        if name.contains('.') { Ok(Self(name.to_owned())) } else { Err(DnsNameError::OneLabel) }
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `domain` or lies under it.
    pub fn is_within(&self, domain: &Self) -> bool {
        self.0 == domain.0 || self.0.strip_suffix(&domain.0).is_some_and(|host| host.ends_with('.'))
    }
}

impl std::fmt::Display for DnsName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_name_invariants() {
        let label = "a".repeat(63);
        assert_eq!(DnsName::parse(" WWW.Town.Example.LG.JP. ").unwrap().as_str(), "www.town.example.lg.jp");
        assert!(DnsName::parse(&format!("{label}.jp")).is_ok());
        assert!(matches!(DnsName::parse(&format!("{label}a.jp")), Err(DnsNameError::Label(_))));
        assert!(matches!(DnsName::parse(&format!("{}jp", "a23456789.".repeat(26))), Err(DnsNameError::TooLong(262))));
        assert_eq!(DnsName::parse(""), Err(DnsNameError::Empty));
        assert_eq!(DnsName::parse("localhost"), Err(DnsNameError::OneLabel));
        assert_eq!(DnsName::parse("*.lg.jp"), Err(DnsNameError::Wildcard));
        assert_eq!(DnsName::parse("192.0.2.1"), Err(DnsNameError::Address));
        assert_eq!(DnsName::parse("2001:db8::1"), Err(DnsNameError::Address));
        assert_eq!(DnsName::parse("ｗｗｗ.lg.jp"), Err(DnsNameError::Character('ｗ')));
        for bad in ["-a.jp", "a-.jp", "a..jp", ".jp"] {
            assert!(matches!(DnsName::parse(bad), Err(DnsNameError::Label(_))), "{bad}");
        }
    }

    #[test]
    fn within_means_the_same_or_below() {
        let domain = DnsName::parse("town.shirakaba.lg.jp").unwrap();
        let within = |name: &str| DnsName::parse(name).unwrap().is_within(&domain);
        assert!(within("town.shirakaba.lg.jp") && within("www.town.shirakaba.lg.jp"));
        assert!(!within("xtown.shirakaba.lg.jp") && !within("shirakaba.lg.jp"));
    }
}
