//! What a sample of each profile is ordered as: the town of Shirakaba, its people and its servers.

use ca_core::issue::{Authority, Order};
use ca_core::key::SubjectKey;
use ca_core::name::{
    AlternativeNames, Attribute, DistinguishedName, DnsName, DnsNameError, EmailAddress, EmailAddressError, NameError,
    StringKind,
};
use ca_core::profile::{AuthorityRule, Count, Family, Field, Fields, FillError, Profile};
use ca_core::time::{Timestamp, Validity};
use std::time::Duration;

/// Why a sample cannot be ordered.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The profile's template.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// A name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A server.
    #[error(transparent)]
    Dns(#[from] DnsNameError),
    /// An address.
    #[error(transparent)]
    Email(#[from] EmailAddressError),
}

/// How much older the key of a link certificate is.
const GENERATION: Duration = Duration::from_secs(3 * 365 * 86_400);

/// The order of a sample of `profile` under `authority`, for `key`. Errors: a template of the pack that cannot be filled.
pub fn sample(
    profile: &Profile,
    (rule, authority): (&AuthorityRule, &Authority),
    key: SubjectKey,
    now: Timestamp,
) -> Result<Order, OrderError> {
    let subject = match (&profile.subject, profile.family) {
        (Some(template), _) => template.fill(&fields())?,
        (None, Family::OcspResponder) => crate::foundry::responder_name(authority.name())?,
        (None, family) if family.is_self_issued() => authority.name().clone(),
        (None, family) => below(rule, family)?,
    };
    let alternative = &profile.alternative;
    let some = |count: Count, names: &[&'static str]| names.iter().take(count.most.min(names.len())).copied().collect();
    let dns: Vec<&str> = some(alternative.dns, &["www.town.shirakaba.lg.jp", "town.shirakaba.lg.jp"]);
    let emails: Vec<&str> = some(alternative.emails, &["soumu@town.shirakaba.lg.jp"]);
    let names = AlternativeNames {
        dns: dns.into_iter().map(DnsName::parse).collect::<Result<_, _>>()?,
        emails: emails.into_iter().map(EmailAddress::parse).collect::<Result<_, _>>()?,
        directory: match &alternative.directory {
            Some(template) => Some(template.fill(&fields())?),
            None => rule.alternative.clone().filter(|_| alternative.of_authority),
        },
    };
    let order = Order::measured(profile, subject, names, key);
    Ok(match profile.family {
        // The old key has lived for a generation and has one before it.
        Family::OldWithNew => order.linking(Validity {
            not_before: now.whole_seconds().minus(GENERATION),
            not_after: now.whole_seconds().plus(GENERATION),
        }),
        _ => order,
    })
}

/// What an officer of the town would fill in.
pub fn fields() -> Fields {
    Fields::default()
        .with(Field::Organisation, "白樺町")
        .with(Field::OrganisationEn, "Shirakaba Town")
        .with(Field::PrefectureEn, "Hokkaido")
        .with(Field::Units, "総務部")
        .with(Field::Units, "総務課")
        .with(Field::UnitsEn, "General Affairs Department")
        .with(Field::UnitsEn, "General Affairs Division")
        .with(Field::Post, "町長")
        .with(Field::PostEn, "Mayor")
        .with(Field::Person, "佐藤 花子")
        .with(Field::PersonEn, "SATO HANAKO")
        .with(Field::PersonNumber, "000123")
        .with(Field::ServiceEn, "General Affairs Division")
        .with(Field::ServerName, "www.town.shirakaba.lg.jp")
}

/// A name for a CA under the authority.
fn below(rule: &AuthorityRule, family: Family) -> Result<DistinguishedName, NameError> {
    let organisation = rule.subject.values(Attribute::Organisation).next().unwrap_or("LGPKI Sample");
    DistinguishedName::new(&[
        (Attribute::Country, StringKind::Printable, "JP"),
        (Attribute::Organisation, StringKind::Utf8, organisation),
        (Attribute::CommonName, StringKind::Utf8, &format!("Sample {family} CA")),
    ])
}
