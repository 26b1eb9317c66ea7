//! Packs for programs: `lgpki.pack/1`, `lgpki.pack-check/1` and `lgpki.pack-diff/1`. Fields have the words of packs and
//! RFC 5280, in their order.

use super::Shown;
use ca_core::profile::pack::Difference;
use ca_core::profile::{Described, Pack, PackErrors, Text};
use ca_core::time::Timestamp;
use serde::{Serialize, Serializer};

/// What packs say.
#[derive(Serialize)]
pub(super) struct Show {
    schema: &'static str,
    packs: Vec<Shape>,
}

#[derive(Serialize)]
struct Shape {
    name: String,
    version: String,
    title: Both,
    effective_from: String,
    effective_until: Option<String>,
    experimental: bool,
    crypto: Vec<Date>,
    policies: Vec<Policy>,
    authorities: Vec<Named>,
    profiles: Vec<Named>,
}

/// A text in both languages.
#[derive(Serialize)]
struct Both {
    ja: String,
    en: String,
}

#[derive(Serialize)]
struct Date {
    of: String,
    allowed: String,
    source: String,
}

#[derive(Serialize)]
struct Policy {
    id: String,
    oid: String,
    cps: Option<String>,
    notice: Option<String>,
}

/// An authority or a profile.
#[derive(Serialize)]
struct Named {
    id: String,
    title: Both,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<Both>,
    #[serde(serialize_with = "in_order")]
    fields: Described,
}

/// An object with its fields in their order.
fn in_order<S: Serializer>(fields: &Described, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
}

fn both(text: &Text) -> Both {
    Both { ja: text.ja.clone(), en: text.en.clone() }
}

/// The fields that are not said elsewhere in the same object.
fn rest(fields: Described) -> Described {
    fields.into_iter().filter(|(name, _)| !["title", "about"].contains(name)).collect()
}

impl Show {
    /// Everything that is to be shown.
    pub(super) fn of(shown: &Shown) -> Self {
        let packs = shown.packs.iter().map(|pack| {
            let profiles = pack.profiles().iter();
            let wanted = profiles.filter(|profile| shown.only.as_ref().is_none_or(|only| only.id == profile.id));
            Shape {
                name: pack.name.to_string(),
                version: pack.version.clone(),
                title: both(&pack.title),
                effective_from: pack.effective_from.rfc3339(),
                effective_until: pack.effective_until.map(Timestamp::rfc3339),
                experimental: pack.experimental,
                crypto: pack.calendar.dates().iter().map(Date::of).collect(),
                policies: pack.policies.iter().map(Policy::of).collect(),
                authorities: pack
                    .authorities
                    .iter()
                    .map(|one| Named {
                        id: one.id.to_string(),
                        title: both(&one.title),
                        about: None,
                        fields: rest(one.described()),
                    })
                    .collect(),
                profiles: wanted
                    .map(|one| Named {
                        id: one.id.to_string(),
                        title: both(&one.title),
                        about: Some(both(&one.about)),
                        fields: rest(one.described()),
                    })
                    .collect(),
            }
        });
        Self { schema: "lgpki.pack/1", packs: packs.collect() }
    }
}

impl Date {
    fn of(date: &ca_core::key::CryptoDate) -> Self {
        Self { of: date.of.to_string(), allowed: date.allowed.to_string(), source: date.source.clone() }
    }
}

impl Policy {
    fn of(policy: &ca_core::profile::PolicyTerm) -> Self {
        Self {
            id: policy.id.to_string(),
            oid: policy.oid.to_string(),
            cps: policy.cps.clone(),
            notice: policy.notice.clone(),
        }
    }
}

/// Whether packs are in order.
#[derive(Serialize)]
pub(super) struct Check {
    schema: &'static str,
    in_order: bool,
    files: Vec<Checked>,
}

#[derive(Serialize)]
struct Checked {
    file: String,
    in_order: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pack: Option<Counted>,
    errors: Vec<Wrong>,
}

#[derive(Serialize)]
struct Counted {
    name: String,
    version: String,
    authorities: usize,
    policies: usize,
    profiles: usize,
}

#[derive(Serialize)]
struct Wrong {
    line: usize,
    reason: String,
}

impl Check {
    /// What was read, by the names that were given.
    pub(super) fn of(read: &[(&str, Result<Pack, PackErrors>)]) -> Self {
        let files = read.iter().map(|(file, pack)| Checked {
            file: (*file).to_owned(),
            in_order: pack.is_ok(),
            pack: pack.as_ref().ok().map(|pack| Counted {
                name: pack.name.to_string(),
                version: pack.version.clone(),
                authorities: pack.authorities.len(),
                policies: pack.policies.len(),
                profiles: pack.profiles().len(),
            }),
            errors: pack.as_ref().err().map_or_else(Vec::new, |errors| {
                errors.0.iter().map(|error| Wrong { line: error.line, reason: error.reason.clone() }).collect()
            }),
        });
        Self {
            schema: "lgpki.pack-check/1",
            in_order: read.iter().all(|(_, pack)| pack.is_ok()),
            files: files.collect(),
        }
    }
}

/// What two packs say differently.
#[derive(Serialize)]
pub(super) struct Diff<'a> {
    schema: &'static str,
    before: Side<'a>,
    after: Side<'a>,
    differences: Vec<One<'a>>,
}

#[derive(Serialize)]
struct Side<'a> {
    file: &'a str,
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct One<'a> {
    of: &'a str,
    field: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl<'a> Diff<'a> {
    /// The two packs, by the names that were given, and their differences.
    pub(super) fn of([before, after]: [(&'a str, &'a Pack); 2], differences: &'a [Difference]) -> Self {
        let side = |(file, pack): (&'a str, &'a Pack)| Side { file, name: pack.name.as_str(), version: &pack.version };
        let one = |one: &'a Difference| One {
            of: &one.of,
            field: &one.field,
            before: one.before.as_deref(),
            after: one.after.as_deref(),
        };
        Self {
            schema: "lgpki.pack-diff/1",
            before: side(before),
            after: side(after),
            differences: differences.iter().map(one).collect(),
        }
    }
}
