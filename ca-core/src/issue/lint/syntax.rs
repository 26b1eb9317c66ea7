//! The syntax of names that several rules look at: hosts, mailboxes, URIs. Nothing here allocates.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether `name` is a host name in the preferred name syntax (RFC 1034 §3.5, RFC 1123 §2.1): labels of 1–63 letters,
/// digits and inner hyphens, 253 characters in all.
pub(super) fn is_host(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether `text` is `local@host` (RFC 5321 §4.1.2 Mailbox, the host a name): nothing around it, no comment.
pub(super) fn is_mailbox(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    (1..=64).contains(&local.len()) && is_host(host) && (is_dot_string(local) || is_quoted(local))
}

fn is_dot_string(local: &str) -> bool {
    let is_atom = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet);
    local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

fn is_quoted(local: &str) -> bool {
    local.len() > 2
        && local.starts_with('"')
        && local.ends_with('"')
        && local.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic())
}

/// Whether `text` is an absolute URI (RFC 3986 §4.3): a scheme, something behind it, and where that is an authority, a host
/// name or an address; only LDAP may leave the host out (RFC 4516 §2).
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet));
    if !is_scheme || rest.is_empty() || !rest.bytes().all(|octet| octet.is_ascii_graphic()) {
        return false;
    }
    rest.strip_prefix("//").is_none_or(|behind| match host(behind) {
        "" => scheme.eq_ignore_ascii_case("ldap") || scheme.eq_ignore_ascii_case("ldaps"),
        found => is_host(found) || is_address(found),
    })
}

/// Whether `text` is an absolute `http` URI.
pub(super) fn is_http(text: &str) -> bool {
    text.starts_with("http://") && is_uri(text)
}

fn host(behind: &str) -> &str {
    let authority = behind.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') && port.bytes().all(|octet| octet.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_address(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.map_or_else(|| host.parse::<Ipv4Addr>().is_ok(), |inner| inner.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_are_a_local_part_and_a_host() {
        for good in ["a@b.jp", "first.last+tag@town.shirakaba.lg.jp", "\"a b\"@c.jp"] {
            assert!(is_mailbox(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b.jp",
            "a@",
            "a@b@c.jp",
            "<a@b.jp>",
            "A B <a@b.jp>",
            ".a@b.jp",
            "a..b@c.jp",
            "a@-b.jp",
            "職員@b.jp",
        ] {
            assert!(!is_mailbox(bad), "{bad}");
        }
    }

    #[test]
    fn uris_are_absolute_and_name_a_host() {
        for good in [
            "http://a.jp",
            "http://a.jp:8080/crl?x",
            "https://u@a.jp/",
            "http://[2001:db8::1]/",
            "http://192.0.2.1/",
            "ldap:///cn=a?b",
            "ldap://a.jp/cn=a",
            "urn:uuid:1",
        ] {
            assert!(is_uri(good), "{good}");
        }
        for bad in [
            "",
            "a.jp",
            "/a",
            "http:",
            "http://",
            "http:///a",
            "http://a b.jp/",
            "1http://a.jp",
            "http://a_b/",
            "http://白樺.jp/",
        ] {
            assert!(!is_uri(bad), "{bad}");
        }
        assert!(is_http("http://a.jp/") && !is_http("https://a.jp/") && !is_http("http://"));
    }
}
