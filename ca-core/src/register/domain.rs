//! Whose domain is it? The register first, the pattern of LG.JP names second, a suggestion on a near miss.
//!
//! Few official names are in the register, so the pattern is read with the readings of the bodies: a name that reads like the
//! applicant's is expected, one that reads like another's alone is a reason to ask. A hyphen may set a prefecture or county
//! before a name (`town.hokkaido-mori`, `town.mikata-kami`) or belong to it (`city.sanyo-onoda`); only the prefecture is taken
//! off. Whether the applicant controls the domain is another question.

use super::RegisterAt;
use super::body::{Attribute, BodyKind, LgJpLabel, RegisteredBody};
use crate::name::{DnsName, LocalGovernmentCode, near_miss};

/// Who says a domain is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    /// Its code; it need not be in the register.
    pub code: LocalGovernmentCode,
    /// What it is, if that is known; the register's word counts more.
    pub kind: Option<BodyKind>,
}

/// What the register says of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainVerdict {
    /// It is the applicant's official name under lg.jp, its city's if it is a ward, or below that.
    Registered,
    /// It is what the applicant's reading leads to, or its city's if it is a ward, or below that. Not official.
    Expected,
    /// It has the form of such a name, with the attribute the applicant should have, and reads like nobody the register has.
    Pattern,
    /// It is the official name of another body, or below it.
    OtherBody(LocalGovernmentCode),
    /// It reads like another body and not like the applicant; the first one, if several read so. Not official: to be asked.
    ReadsLike(LocalGovernmentCode),
    /// It is one or two slips from a name the applicant is expected to have: this was probably meant.
    NearMiss(String),
    /// It is under lg.jp, and the applicant cannot have it.
    NotAllowed(LgJpFault),
    /// It is not under lg.jp: the register says nothing.
    Outside,
}

/// Why nobody, or this applicant, has a name under lg.jp.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LgJpFault {
    /// Not `<attribute>.<name>.lg.jp`.
    #[error("a name under lg.jp is metro, pref, city, town, vill or union, a dot, and the body's name")]
    Form,
    /// A name that is set aside: an attribute itself.
    #[error("{0} is a reserved word and nobody's name")]
    Reserved(String),
    /// Another attribute than the applicant's kind has.
    #[error("names of a {kind} begin with {}", .expected.map_or("another body's name", Attribute::as_str))]
    Attribute {
        /// What the applicant is.
        kind: BodyKind,
        /// The attribute it has; `None` for kinds that have none.
        expected: Option<Attribute>,
    },
}

/// Says whose `domain` is at the register's time, as far as the register and the rules for LG.JP names tell.
pub fn judge_domain(register: RegisterAt<'_>, applicant: &Applicant, domain: &DnsName) -> DomainVerdict {
    // A ward is a part of its city and stands under the city's name.
    let body = register.city_of(&applicant.code).or_else(|| register.body(&applicant.code));
    let label = label_of(domain);
    if let Some(holder) = label.as_ref().and_then(|label| register.holder(label)) {
        return if body.is_some_and(|body| body.code == holder.code) {
            DomainVerdict::Registered
        } else {
            DomainVerdict::OtherBody(holder.code.clone())
        };
    }
    let kind = body.map(|body| body.kind).or(applicant.kind).map(|kind| (kind, kind.attribute(&applicant.code)));
    let fault = match &label {
        None => Some(LgJpFault::Form),
        Some(label) if Attribute::of(label.name()).is_some() => Some(LgJpFault::Reserved(label.name().to_owned())),
        Some(label) => kind
            .filter(|(_, expected)| *expected != label.attribute())
            .map(|(kind, expected)| LgJpFault::Attribute { kind, expected }),
    };
    let good = label.as_ref().filter(|_| fault.is_none());
    if let Some(verdict) = good.and_then(|label| by_reading(register, body, label)) {
        return verdict;
    }
    let expected: Vec<String> =
        body.into_iter().flat_map(RegisteredBody::expected_labels).map(|label| label.domain()).collect();
    if let Some(meant) = near_miss(domain.as_str(), expected.iter().map(String::as_str)) {
        return DomainVerdict::NearMiss(meant);
    }
    match fault {
        _ if domain.as_str() != "lg.jp" && !domain.as_str().ends_with(".lg.jp") => DomainVerdict::Outside,
        Some(fault) => DomainVerdict::NotAllowed(fault),
        None => DomainVerdict::Pattern,
    }
}

/// What the readings say of a name: the applicant's own first, then those of others.
fn by_reading(register: RegisterAt<'_>, own: Option<&RegisteredBody>, label: &LgJpLabel) -> Option<DomainVerdict> {
    // Whose official name is known is not expected to have another.
    if own.is_some_and(|body| body.label.is_none() && body.reads_as(label)) {
        return Some(DomainVerdict::Expected);
    }
    let others = register.bodies().filter(|body| own.is_none_or(|own| own.code != body.code));
    others.into_iter().find(|body| body.reads_as(label)).map(|body| DomainVerdict::ReadsLike(body.code.clone()))
}

/// The last two labels before `lg.jp`, if they have the form of a body's name.
fn label_of(domain: &DnsName) -> Option<LgJpLabel> {
    let mut labels = domain.as_str().strip_suffix(".lg.jp")?.rsplit('.');
    let (name, attribute) = (labels.next()?, labels.next()?);
    LgJpLabel::parse(&format!("{attribute}.{name}"))
}
