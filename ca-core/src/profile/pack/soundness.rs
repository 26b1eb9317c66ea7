//! What a pack must keep so that what it issues is believed: names that tell authorities apart, policies and path lengths that
//! chains accept, keys that may still be used, families that mean what they say. [`super::consistency`] looks at what
//! contradicts itself; this looks at what would be issued and then refused by everybody else.

use super::head::Placed;
use super::words::Wrong;
use super::{AuthorityRule, Pack};
use crate::key::KeyAlgorithm;
use crate::name::{StringKind, is_hidden};
use crate::oid::{self, Oid};
use crate::profile::{Count, Family, Field, KeyUsage, Length, Profile, Role, Source};
use crate::time::Validity;
use std::sync::Arc;

/// Most days of a responder that nobody can revoke (RFC 6960 §4.2.2.2.1 wants them short).
const LONGEST_NOCHECK_DAYS: u16 = 366;

/// Everything that nobody would believe.
pub(super) fn check(
    pack: &Pack,
    authorities: &[Placed<AuthorityRule>],
    profiles: &[Placed<Arc<Profile>>],
) -> Vec<Wrong> {
    let mut wrongs = Vec::new();
    if profiles.is_empty() {
        wrongs.push(Wrong { offset: 0, reason: "a pack without profiles issues nothing".to_owned() });
    }
    for (index, (offset, authority)) in authorities.iter().enumerate() {
        let mut wrong = |reason: String| wrongs.push(Wrong { offset: *offset, reason });
        let before = authorities.iter().take(index);
        if let Some((_, other)) = before.into_iter().find(|(_, other)| other.subject.matches(&authority.subject)) {
            wrong(format!(
                "{} has the name of {}: CRLs and serials of the two could not be told apart",
                authority.id, other.id
            ));
        }
        check_keys(pack, &authority.keys, &mut wrong);
        check_path_length(pack, authority, &mut wrong);
    }
    for (index, (offset, profile)) in profiles.iter().enumerate() {
        let mut wrong = |reason: String| wrongs.push(Wrong { offset: *offset, reason });
        check_keys(pack, &profile.keys, &mut wrong);
        check_family(profile, &mut wrong);
        check_holder(profile, &mut wrong);
        check_policies(pack, profile, &mut wrong);
        check_texts(profile, &mut wrong);
        let same_title = profiles.iter().take(index).find(|(_, other)| other.title == profile.title);
        if let Some((_, other)) = same_title.filter(|_| profile.family.is_requested()) {
            wrong(format!("has the title of {}: nobody could tell them apart on a form", other.id));
        }
    }
    wrongs
}

type Complain<'a> = dyn FnMut(String) + 'a;

/// Each key, and what it signs with, may be used when the pack takes effect.
fn check_keys(pack: &Pack, keys: &[KeyAlgorithm], wrong: &mut Complain<'_>) {
    let start = pack.effective_from;
    for key in keys {
        if pack.calendar.end_of(*key).is_some_and(|end| end <= start) {
            wrong(format!("{key} keys may not be used any more when this pack takes effect, by its own [[crypto]]"));
        }
        if key.is_ml_dsa() && !pack.experimental {
            wrong(format!(
                "{key} keys are experimental: only a pack that says experimental = true in [pack] may name them"
            ));
        }
        let Some(hash) = key.signature_algorithm().hash() else { continue };
        let then = Validity { not_before: start, not_after: start };
        if pack.calendar.against_signature(hash, then).is_some() {
            wrong(format!("{key} keys sign over {}, which this pack's own [[crypto]] forbids", hash.as_str()));
        }
    }
}

/// A CA under a CA allows fewer CAs below it (RFC 5280 §4.2.1.9).
fn check_path_length(pack: &Pack, authority: &AuthorityRule, wrong: &mut Complain<'_>) {
    let role = |id: &AuthorityRule| pack.profile(&id.profile).map(|profile| profile.role);
    let above = authority.issuer.as_ref().and_then(|issuer| pack.authority(issuer)).and_then(role);
    let (Some(Role::Authority { path_length: Some(above) }), Some(Role::Authority { path_length })) =
        (above, role(authority))
    else {
        return;
    };
    if path_length.is_none_or(|length| length >= above) {
        wrong(format!(
            "{} allows no fewer CAs below it than its issuer, which allows {above} (RFC 5280 §4.2.1.9)",
            authority.id
        ));
    }
}

/// What each family is for: a purpose it must have, and key usages one of which it must have.
type Meaning = (Family, Option<(Oid, &'static str)>, KeyUsage);

const MEANINGS: [Meaning; 8] = [
    (Family::JobRole, None, KeyUsage::NON_REPUDIATION),
    (Family::User, Some((oid::KP_CLIENT_AUTH, "clientAuth")), KeyUsage::DIGITAL_SIGNATURE),
    (Family::Encryption, None, KeyUsage(0x2800)),
    (Family::WebServer, Some((oid::KP_SERVER_AUTH, "serverAuth")), KeyUsage(0xa800)),
    (Family::PlatformServer, Some((oid::KP_SERVER_AUTH, "serverAuth")), KeyUsage(0xa800)),
    (Family::Mail, Some((oid::KP_EMAIL_PROTECTION, "emailProtection")), KeyUsage(0xe800)),
    (Family::CodeSigning, Some((oid::KP_CODE_SIGNING, "codeSigning")), KeyUsage::DIGITAL_SIGNATURE),
    (Family::ValidationAuthority, None, KeyUsage::DIGITAL_SIGNATURE),
];

fn check_family(profile: &Profile, wrong: &mut Complain<'_>) {
    let family = profile.family;
    if let Some((_, purpose, usage)) = MEANINGS.iter().find(|(known, ..)| *known == family) {
        if let Some((purpose, name)) = purpose
            && !profile.is_for(*purpose)
        {
            wrong(format!(
                "certificates of the family {family} are for {name}, which its extended-key-usage does not say"
            ));
        }
        for key in profile.keys.iter().filter(|key| !profile.key_usage_for(**key).intersects(*usage)) {
            let names = usage.names().collect::<Vec<_>>().join(", ");
            wrong(format!("certificates of the family {family} need one of the key usages {names}; {key} has none"));
        }
    }
    let constraints = &profile.constraints;
    let limits = !constraints.names.is_empty() || !constraints.mappings.is_empty() || !constraints.policy.is_empty();
    if profile.is_authority() && family != Family::Cross && limits {
        wrong(format!(
            "limits of names and policies are for cross-certificates: what a {family} CA here issues is not held to them"
        ));
    }
    let too_long = match profile.validity.length {
        Length::Years(years) => years > 1,
        Length::Days(days) => days > LONGEST_NOCHECK_DAYS,
    };
    if profile.revocation.nocheck && too_long {
        wrong(
            "a responder with nocheck cannot be revoked, so it lives for a year at most (RFC 6960 §4.2.2.2.1)"
                .to_owned(),
        );
    }
    if profile.extended_key_usage_critical && profile.extended_key_usage.is_empty() {
        wrong("extended-key-usage cannot be critical where there is none".to_owned());
    }
}

/// What holders' certificates must not have, and names that cannot be filled in.
fn check_holder(profile: &Profile, wrong: &mut Complain<'_>) {
    if profile.is_authority() {
        return;
    }
    const CRL_SIGN: KeyUsage = KeyUsage(0x0200);
    if profile.keys.iter().any(|key| profile.key_usage_for(*key).intersects(CRL_SIGN)) {
        wrong("cRLSign is for CAs (RFC 5280 §4.2.1.3)".to_owned());
    }
    if profile.policies.terms.iter().any(|term| term.oid == oid::ANY_POLICY) {
        wrong(
            "anyPolicy is for CAs: a holder's certificate says which policy it is under (RFC 5280 §4.2.1.4)".to_owned(),
        );
    }
    let Some(template) = profile.subject.as_ref().filter(|_| profile.family.is_requested()) else { return };
    let filled = template.parts.iter().any(|(_, source)| matches!(source, Source::Field(field) if !field.is_list()));
    if !filled {
        wrong("every holder would have the same subject: it needs a field such as {organisation-en}".to_owned());
    }
    let japanese = |field: &Field| matches!(field, Field::Organisation | Field::Units | Field::Post | Field::Person);
    if template.encoding == StringKind::Printable
        && let Some(field) = template.fields().find(japanese)
    {
        wrong(format!("{{{}}} is Japanese, which subject-encoding = \"printable\" cannot carry", field.as_str()));
    }
    let Count { least, .. } = profile.alternative.dns;
    if template.fields().any(|field| field == Field::ServerName) && least == 0 {
        wrong("{server-name} is the first DNS name: alternative-names.dns needs at least one".to_owned());
    }
}

/// A holder's policies are among those of the CA above it, unless that is the anchor, has none, or has anyPolicy (RFC 5280 §6.1.3).
fn check_policies(pack: &Pack, profile: &Profile, wrong: &mut Complain<'_>) {
    for authority in profile.issuers.iter().filter_map(|id| pack.authority(id)).filter(|one| one.issuer.is_some()) {
        let Some(above) = pack.profile(&authority.profile).map(|profile| &profile.policies.terms) else { continue };
        if above.is_empty() || above.iter().any(|term| term.oid == oid::ANY_POLICY) {
            continue;
        }
        for term in profile.policies.terms.iter().filter(|term| !above.iter().any(|one| one.oid == term.oid)) {
            let reason = format!(
                "the policy {} is none of {}, which issues it: no chain would have it (RFC 5280 §6.1.3)",
                term.id, authority.id
            );
            wrong(reason);
        }
    }
}

fn check_texts(profile: &Profile, wrong: &mut Complain<'_>) {
    for text in [&profile.title.ja, &profile.title.en, &profile.about.ja, &profile.about.en] {
        if text.trim().is_empty() || text.chars().any(is_hidden) {
            wrong("a title or about text is empty, or has control or invisible characters".to_owned());
        }
    }
}
