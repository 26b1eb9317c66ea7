//! Mail addresses as certificates carry them (rfc822Name: RFC 5280 §4.2.1.6, a Mailbox of RFC 5321 §4.1.2): ASCII, the local
//! part as it was given, the domain in lower case. Quoted local parts, address literals, comments and names are not taken:
//! no registered domain has them, and mail programs differ about them.

use super::{DnsName, DnsNameError};

/// Longest local part, in octets (RFC 5321 §4.5.3.1.1).
const LONGEST_LOCAL_PART: usize = 64;
/// Longest address, in octets: a path of 256 without its angle brackets (RFC 5321 §4.5.3.1.3).
const LONGEST_ADDRESS: usize = 254;

/// A mail address. Equal when the local parts are the same octets and the domains the same name (RFC 5280 §7.5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress {
    local_part: String,
    domain: DnsName,
}

/// Why text is no mail address for a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailAddressError {
    /// No `@`, or more than one.
    #[error("a mail address has one @, this has {0}")]
    At(usize),
    /// Nothing before the `@`.
    #[error("nothing stands before the @")]
    NoLocalPart,
    /// The part before the `@` is longer than mail allows.
    #[error("{0} characters stand before the @; 64 are allowed")]
    LocalPartTooLong(usize),
    /// A dot at an end of the part before the `@`, or two together.
    #[error("before the @ a dot stands between other characters")]
    Dot,
    /// A character that the part before the `@` may not have without quotes.
    #[error("the character {0:?} is not allowed before the @")]
    Character(char),
    /// The part after the `@` is no host name.
    #[error("the domain: {0}")]
    Domain(#[from] DnsNameError),
    /// The whole is longer than mail allows.
    #[error("the address has {0} characters; 254 are allowed")]
    TooLong(usize),
}

impl EmailAddress {
    /// Reads an address. The local part comes back unchanged; the domain is lowered, and that is all that is changed: spaces
    /// around it, a final dot and full-width letters are refused. Errors say which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        let (local_part, domain) = match text.split_once('@') {
            Some(parts) if !parts.1.contains('@') => parts,
            _ => return Err(EmailAddressError::At(text.matches('@').count())),
        };
        if local_part.is_empty() {
            return Err(EmailAddressError::NoLocalPart);
        }
        if let Some(c) = local_part.chars().find(|c| !is_atom(*c) && *c != '.') {
            return Err(EmailAddressError::Character(c));
        }
        if local_part.split('.').any(str::is_empty) {
            return Err(EmailAddressError::Dot);
        }
        if local_part.len() > LONGEST_LOCAL_PART {
            return Err(EmailAddressError::LocalPartTooLong(local_part.len()));
        }
        // A host name forgives these when it is typed; an address does not.
        if let Some(c) = domain.chars().find(|c| c.is_whitespace()) {
            return Err(DnsNameError::Character(c).into());
        }
        if domain.ends_with('.') {
            return Err(DnsNameError::Label(String::new()).into());
        }
        let domain = DnsName::parse(domain)?;
        if text.len() > LONGEST_ADDRESS {
            return Err(EmailAddressError::TooLong(text.len()));
        }
        Ok(Self { local_part: local_part.to_owned(), domain })
    }

    /// The part before the `@`, as it was given: only the mail server knows whether capitals matter.
    pub fn local_part(&self) -> &str {
        &self.local_part
    }

    /// The domain, in lower case.
    pub const fn domain(&self) -> &DnsName {
        &self.domain
    }
}

/// The address as a certificate carries it: `sato@town.shirakaba.lg.jp`.
impl std::fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.local_part, self.domain)
    }
}

/// atext of RFC 5322 §3.2.3.
fn is_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_address_invariants() {
        let address = EmailAddress::parse("H.Sato+ra@Town.Shirakaba.LG.JP").unwrap();
        assert_eq!(address.to_string(), "H.Sato+ra@town.shirakaba.lg.jp");
        assert_eq!((address.local_part(), address.domain().as_str()), ("H.Sato+ra", "town.shirakaba.lg.jp"));
        let local = "a".repeat(64);
        assert!(EmailAddress::parse(&format!("{local}@b.jp")).is_ok());
        assert_eq!(EmailAddress::parse(&format!("{local}a@b.jp")), Err(EmailAddressError::LocalPartTooLong(65)));
        let long = format!("{local}@{}", ["b".repeat(62), "c".repeat(62), "d".repeat(60), "jp".to_owned()].join("."));
        assert_eq!(long.len(), 254);
        assert!(EmailAddress::parse(&long).is_ok());
        assert_eq!(EmailAddress::parse(&long.replace(".jp", "d.jp")), Err(EmailAddressError::TooLong(255)));
    }

    #[test]
    fn what_is_no_plain_mailbox_is_refused() {
        use EmailAddressError as E;
        let refused = |text: &str| EmailAddress::parse(text).unwrap_err();
        assert_eq!(refused("town.lg.jp"), E::At(0));
        assert_eq!(refused("a@b@town.lg.jp"), E::At(2));
        assert_eq!(refused("sato＠town.lg.jp"), E::At(0));
        assert_eq!(refused("@town.lg.jp"), E::NoLocalPart);
        for dots in [".a@b.jp", "a.@b.jp", "a..b@b.jp"] {
            assert_eq!(refused(dots), E::Dot, "{dots}");
        }
        for (text, c) in
            [("佐藤@b.jp", '佐'), ("\"a b\"@b.jp", '"'), ("a b@b.jp", ' '), ("<a@b.jp", '<'), ("a,b@c.jp", ',')]
        {
            assert_eq!(refused(text), E::Character(c), "{text}");
        }
        for domain in ["localhost", "[192.0.2.1]", "192.0.2.1", "町.jp", " b.jp", "b.jp ", "b.jp.", "b.jp>", ""] {
            assert!(matches!(refused(&format!("a@{domain}")), E::Domain(_)), "{domain}");
        }
    }
}
