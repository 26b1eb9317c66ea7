//! Server names as a person types them: one a line, checked against the domains the organisation has proved.
//!
//! What is repaired (width, case, a final dot) is reported, never silent; what is refused says why and, where a spelling slip
//! is likely, what was probably meant.

use ca_core::name::{AlternativeNames, DnsName, near_miss};
use ca_core::time::Timestamp;
use store::organisations::{OrganisationDomain, uncovered};

use super::message::Message;
use super::problem::{Field, Problem};
use super::search::half_width;

/// The most names one certificate may carry.
pub const MOST_NAMES: usize = 10;

/// Names that passed, with what was repaired on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedNames {
    /// The names, first typed first, without repetition.
    pub names: Vec<DnsName>,
    /// What was changed in what the person typed.
    pub notices: Vec<Message>,
}

/// Returns the names in `typed` (separated by line ends, commas or spaces) or every problem found, in the order typed.
///
/// Each name must be a host name in ASCII without wildcard, equal to or below one of `domains` whose proof has not expired at `now`.
pub fn accept(typed: &str, domains: &[OrganisationDomain], now: Timestamp) -> Result<AcceptedNames, Vec<Problem>> {
    let mut accepted = AcceptedNames { names: Vec::new(), notices: Vec::new() };
    let mut problems = Vec::new();
    for word in words(typed) {
        match accept_one(word, domains, now) {
            Ok(name) if accepted.names.contains(&name) => {
                accepted.notices.push(Message::new("names-repeated").with("name", name));
            }
            Ok(name) => {
                if name.to_string() != word {
                    accepted.notices.push(Message::new("names-normalised").with("typed", word).with("name", &name));
                }
                accepted.names.push(name);
            }
            Err(message) => problems.push(Problem::new(Field::Names, message)),
        }
    }
    if problems.is_empty() && accepted.names.is_empty() {
        problems.push(Problem::new(Field::Names, Message::new("names-empty")));
    }
    if accepted.names.len() > MOST_NAMES {
        let message = Message::new("names-too-many").with("count", accepted.names.len()).with("limit", MOST_NAMES);
        problems.push(Problem::new(Field::Names, message));
    }
    if problems.is_empty() { Ok(accepted) } else { Err(problems) }
}

/// Returns the words of the list as typed.
fn words(typed: &str) -> impl Iterator<Item = &str> {
    typed.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '、' | '，')).filter(|word| !word.is_empty())
}

fn accept_one(word: &str, domains: &[OrganisationDomain], now: Timestamp) -> Result<DnsName, Message> {
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
    allowed(&name, domains, now)?;
    Ok(name)
}

/// Checks that the organisation has proved a domain which holds `name`.
fn allowed(name: &DnsName, domains: &[OrganisationDomain], now: Timestamp) -> Result<(), Message> {
    if uncovered(&AlternativeNames::of_servers(vec![name.clone()]), domains, now).is_none() {
        return Ok(());
    }
    if let Some(domain) = domains.iter().find(|domain| name.is_within(&domain.domain)) {
        return Err(Message::new("names-domain-expired").with("name", name).with("domain", &domain.domain));
    }
    let registered: Vec<String> =
        domains.iter().filter(|domain| domain.verified_until > now).map(|domain| domain.domain.to_string()).collect();
    if registered.is_empty() {
        return Err(Message::new("names-no-domains").with("name", name));
    }
    let message = match near_miss(name.as_str(), registered.iter().map(String::as_str)) {
        Some(suggestion) => Message::new("names-misspelt-domain").with("suggestion", suggestion),
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
        match accept(typed, &domains(), Timestamp::from_seconds(NOW)) {
            Ok(accepted) => Ok(accepted.names.iter().map(ToString::to_string).collect()),
            Err(problems) => Err(problems.into_iter().map(|problem| problem.message).collect()),
        }
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
        let accepted = accept(typed, &domains(), Timestamp::from_seconds(NOW)).unwrap();
        assert_eq!(accepted.names, [DnsName::parse("www.town.shirakaba.lg.jp").unwrap()]);
        assert_eq!(accepted.notices[0].key, "names-normalised");
    }

    #[test]
    fn a_repeated_name_is_taken_once_with_a_notice() {
        let typed = "www.town.shirakaba.lg.jp www.town.shirakaba.lg.jp";
        let accepted = accept(typed, &domains(), Timestamp::from_seconds(NOW)).unwrap();
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
