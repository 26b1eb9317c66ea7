//! Server names and mail addresses as a person types them: one a line, checked against the domains the organisation has proved.
//!
//! What is repaired (width, case, a final dot) is reported, never silent; what is refused says why and, where a spelling slip
//! is likely, what was probably meant.

use ca_core::name::{DnsName, EmailAddress, EmailAddressError, near_miss};
use ca_core::profile::Count;
use ca_core::time::Timestamp;
use store::organisations::OrganisationDomain;

use super::message::Message;
use super::problem::{Field, Problem};
use super::search::half_width;

/// Names that passed, with what was repaired on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedNames<Name> {
    /// The names, first typed first, without repetition.
    pub names: Vec<Name>,
    /// What was changed in what the person typed.
    pub notices: Vec<Message>,
}

/// The domains of an organisation, and when they are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Proven<'a> {
    /// Also those whose proof has run out.
    pub domains: &'a [OrganisationDomain],
    /// Now.
    pub now: Timestamp,
}

/// A kind of name: how one is read, and what is said of the list.
struct Kind<Name> {
    field: Field,
    read: fn(&str, Proven<'_>) -> Result<Name, Message>,
    empty: &'static str,
    too_many: &'static str,
}

/// Returns the server names in `typed` (separated by line ends, commas or spaces) or every problem found, in the order typed.
///
/// Each name must be a host name in ASCII without wildcard, equal to or below a domain whose proof has not expired.
pub fn accept(typed: &str, allowed: Count, proven: Proven<'_>) -> Result<AcceptedNames<DnsName>, Vec<Problem>> {
    let kind = Kind { field: Field::Names, read: server, empty: "names-empty", too_many: "names-too-many" };
    accept_all(&kind, typed, allowed, proven)
}

/// Returns the mail addresses in `typed`, as [`accept`] does: each at or below a domain whose proof has not expired.
pub fn accept_emails(
    typed: &str,
    allowed: Count,
    proven: Proven<'_>,
) -> Result<AcceptedNames<EmailAddress>, Vec<Problem>> {
    let kind = Kind { field: Field::Emails, read: address, empty: "emails-empty", too_many: "emails-too-many" };
    accept_all(&kind, typed, allowed, proven)
}

fn accept_all<Name: ToString + PartialEq>(
    kind: &Kind<Name>,
    typed: &str,
    allowed: Count,
    proven: Proven<'_>,
) -> Result<AcceptedNames<Name>, Vec<Problem>> {
    let mut accepted = AcceptedNames { names: Vec::new(), notices: Vec::new() };
    let mut problems = Vec::new();
    for word in words(typed) {
        match (kind.read)(word, proven) {
            Ok(name) if accepted.names.contains(&name) => {
                accepted.notices.push(Message::new("names-repeated").with("name", name.to_string()));
            }
            Ok(name) => {
                if name.to_string() != word {
                    let message = Message::new("names-normalised").with("typed", word).with("name", name.to_string());
                    accepted.notices.push(message);
                }
                accepted.names.push(name);
            }
            Err(message) => problems.push(Problem::new(kind.field, message)),
        }
    }
    if problems.is_empty() && accepted.names.len() < allowed.least {
        problems.push(Problem::new(kind.field, Message::new(kind.empty)));
    }
    if accepted.names.len() > allowed.most {
        let count = Message::new(kind.too_many).with("count", accepted.names.len());
        problems.push(Problem::new(kind.field, count.with("limit", allowed.most)));
    }
    if problems.is_empty() { Ok(accepted) } else { Err(problems) }
}

/// Returns the words of the list as typed.
fn words(typed: &str) -> impl Iterator<Item = &str> {
    typed.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '、' | '，')).filter(|word| !word.is_empty())
}

fn server(word: &str, proven: Proven<'_>) -> Result<DnsName, Message> {
    let text = half_width(word).to_lowercase();
    let text = text.strip_suffix('.').unwrap_or(&text);
    // Only a piece is repeated in the message: a person may paste anything here.
    let shown: String = word.chars().take(80).collect();
    if text.contains("://") || text.contains('/') {
        let bare = text.split_once("://").map_or(text, |(_, rest)| rest).split(['/', ':']).next().unwrap_or_default();
        return Err(Message::new("names-url")
            .with("name", shown)
            .with("suggestion", bare.chars().take(80).collect::<String>()));
    }
    if text.contains('*') {
        return Err(Message::new("names-wildcard").with("name", shown));
    }
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Err(Message::new("names-ip-address").with("name", shown));
    }
    if let Some(odd) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')) {
        let code = format!("U+{:04X}", u32::from(odd));
        return Err(Message::new("names-character").with("name", shown).with("character", odd).with("code", code));
    }
    if !text.contains('.') {
        return Err(Message::new("names-no-dot").with("name", shown));
    }
    let name = DnsName::parse(text).map_err(|_| Message::new("names-syntax").with("name", shown))?;
    within(&name, name.as_str(), proven)?;
    Ok(name)
}

fn address(word: &str, proven: Proven<'_>) -> Result<EmailAddress, Message> {
    use EmailAddressError::{At, Character, Domain, Dot, LocalPartTooLong, NoLocalPart, TooLong};
    let text = half_width(word);
    let text = text.strip_prefix("mailto:").unwrap_or(&text);
    let address = EmailAddress::parse(text).map_err(|error| {
        let key = match error {
            At(_) => "emails-at",
            NoLocalPart | Dot => "emails-local-part",
            Character(_) => "emails-character",
            Domain(_) => "emails-domain",
            LocalPartTooLong(_) | TooLong(_) => "emails-too-long",
        };
        let message = Message::new(key).with("name", word.chars().take(80).collect::<String>());
        if let Character(odd) = error { message.with("character", odd) } else { message }
    })?;
    within(address.domain(), &address.to_string(), proven)?;
    Ok(address)
}

/// Checks that the organisation has proved a domain which holds `host`, the end of `name`.
fn within(host: &DnsName, name: &str, Proven { domains, now }: Proven<'_>) -> Result<(), Message> {
    if domains.iter().any(|domain| domain.covers(host, now)) {
        return Ok(());
    }
    if let Some(domain) = domains.iter().find(|domain| host.is_within(&domain.domain)) {
        return Err(Message::new("names-domain-expired").with("name", name).with("domain", &domain.domain));
    }
    let registered: Vec<String> =
        domains.iter().filter(|domain| domain.verified_until > now).map(|domain| domain.domain.to_string()).collect();
    if registered.is_empty() {
        return Err(Message::new("names-no-domains").with("name", name));
    }
    let message = match near_miss(host.as_str(), registered.iter().map(String::as_str)) {
        Some(suggestion) => {
            let before = name.strip_suffix(host.as_str()).unwrap_or_default();
            Message::new("names-misspelt-domain").with("suggestion", format!("{before}{suggestion}"))
        }
        None => Message::new("names-foreign-domain"),
    };
    Err(message.with("name", name).with("domains", registered.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_275_000;

    fn domains() -> Vec<OrganisationDomain> {
        [("town.shirakaba.lg.jp", 1_000), ("old.shirakaba.lg.jp", -1)]
            .map(|(domain, left)| OrganisationDomain {
                domain: DnsName::parse(domain).unwrap(),
                verified_until: Timestamp::from_seconds(NOW + left),
            })
            .to_vec()
    }

    fn names(typed: &str) -> Result<Vec<String>, Vec<Message>> {
        match servers(typed) {
            Ok(accepted) => Ok(accepted.names.iter().map(ToString::to_string).collect()),
            Err(problems) => Err(problems.into_iter().map(|problem| problem.message).collect()),
        }
    }

    fn servers(typed: &str) -> Result<AcceptedNames<DnsName>, Vec<Problem>> {
        let proven = Proven { domains: &domains(), now: Timestamp::from_seconds(NOW) };
        accept(typed, Count { least: 1, most: 10 }, proven)
    }

    fn emails(typed: &str) -> Result<Vec<String>, Vec<&'static str>> {
        let proven = Proven { domains: &domains(), now: Timestamp::from_seconds(NOW) };
        match accept_emails(typed, Count { least: 1, most: 3 }, proven) {
            Ok(accepted) => Ok(accepted.names.iter().map(ToString::to_string).collect()),
            Err(problems) => Err(problems.into_iter().map(|problem| problem.message.key).collect()),
        }
    }

    #[test]
    fn mail_addresses_are_held_to_the_same_domains() {
        let good = "H.Sato+ra@Town.Shirakaba.LG.JP\nsoumu@town.shirakaba.lg.jp";
        assert_eq!(emails(good).unwrap(), ["H.Sato+ra@town.shirakaba.lg.jp", "soumu@town.shirakaba.lg.jp"]);
        for (typed, key) in [
            ("", "emails-empty"),
            ("town.shirakaba.lg.jp", "emails-at"),
            ("@town.shirakaba.lg.jp", "emails-local-part"),
            ("佐藤@town.shirakaba.lg.jp", "emails-character"),
            ("sato@localhost", "emails-domain"),
            ("sato@example.jp", "names-foreign-domain"),
            ("sato@town.shirakba.lg.jp", "names-misspelt-domain"),
            ("sato@old.shirakaba.lg.jp", "names-domain-expired"),
        ] {
            assert_eq!(emails(typed).unwrap_err(), [key], "{typed}");
        }
        let four: Vec<String> = (0..4).map(|n| format!("a{n}@town.shirakaba.lg.jp")).collect();
        assert_eq!(emails(&four.join("\n")).unwrap_err(), ["emails-too-many"]);
    }

    fn refusal(typed: &str) -> &'static str {
        names(typed).unwrap_err()[0].key
    }

    #[test]
    fn a_name_at_or_below_a_verified_domain_is_accepted() {
        assert_eq!(names("town.shirakaba.lg.jp\r\nwww.town.shirakaba.lg.jp").unwrap().len(), 2);
    }

    #[test]
    fn width_case_and_final_dot_are_repaired_with_a_notice() {
        let typed = "ＷＷＷ．town.Shirakaba.lg.jp.";
        let accepted = servers(typed).unwrap();
        assert_eq!(accepted.names, [DnsName::parse("www.town.shirakaba.lg.jp").unwrap()]);
        assert_eq!(accepted.notices[0].key, "names-normalised");
    }

    #[test]
    fn a_repeated_name_is_taken_once_with_a_notice() {
        let typed = "www.town.shirakaba.lg.jp www.town.shirakaba.lg.jp";
        let accepted = servers(typed).unwrap();
        assert_eq!(accepted.names.len(), 1);
        assert_eq!(accepted.notices[0].key, "names-repeated");
    }

    #[test]
    fn a_misspelt_domain_is_answered_with_the_likely_name() {
        let messages = names("www.town.shirakba.lg.jp").unwrap_err();
        assert_eq!(messages[0].key, "names-misspelt-domain");
        assert!(format!("{messages:?}").contains(r#"("suggestion", "www.town.shirakaba.lg.jp")"#), "{messages:?}");
        let messages = names("www.townshirakaba.lg.jp").unwrap_err();
        assert!(format!("{messages:?}").contains(r#"("suggestion", "www.town.shirakaba.lg.jp")"#), "{messages:?}");
    }

    #[test]
    fn a_foreign_domain_is_refused_and_the_registered_ones_are_named() {
        let messages = names("www.example.jp").unwrap_err();
        assert_eq!(messages[0].key, "names-foreign-domain");
        assert!(format!("{messages:?}").contains(r#"("domains", "town.shirakaba.lg.jp")"#), "{messages:?}");
        // Ending in the same letters is not being below it.
        assert_ne!(names("eviltown.shirakaba.lg.jp"), Ok(vec!["eviltown.shirakaba.lg.jp".to_owned()]));
    }

    #[test]
    fn an_expired_proof_is_said_to_be_expired() {
        assert_eq!(refusal("www.old.shirakaba.lg.jp"), "names-domain-expired");
    }

    #[test]
    fn every_kind_of_slip_has_its_own_sentence() {
        assert_eq!(refusal(""), "names-empty");
        assert_eq!(refusal("https://www.town.shirakaba.lg.jp/"), "names-url");
        assert_eq!(refusal("*.town.shirakaba.lg.jp"), "names-wildcard");
        assert_eq!(refusal("192.0.2.1"), "names-ip-address");
        assert_eq!(refusal("白樺.lg.jp"), "names-character");
        assert_eq!(refusal("www_1.town.shirakaba.lg.jp"), "names-character");
        assert_eq!(refusal("shirakaba"), "names-no-dot");
        assert_eq!(refusal("-www.town.shirakaba.lg.jp"), "names-syntax");
        let eleven: Vec<String> = (0..11).map(|n| format!("w{n}.town.shirakaba.lg.jp")).collect();
        assert_eq!(refusal(&eleven.join("\n")), "names-too-many");
    }
}
