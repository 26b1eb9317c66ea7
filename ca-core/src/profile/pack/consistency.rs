//! Contradictions: what each table says is well-formed by now, but two of them, or two lines of one, cannot both be meant.

use super::head::Placed;
use super::words::Wrong;
use super::{AuthorityRule, Pack};

use crate::key::KeyAlgorithm;
use crate::oid::{self, Oid};
use crate::profile::{Family, KeyUsage, Profile, Role};
use crate::time::Timestamp;
use std::sync::Arc;

/// Everything that contradicts something else.
pub(super) fn check(
    pack: &Pack,
    authorities: &[Placed<AuthorityRule>],
    profiles: &[Placed<Arc<Profile>>],
) -> Vec<Wrong> {
    let mut wrongs = Vec::new();
    for (offset, authority) in authorities {
        let mut wrong = |reason: String| wrongs.push(Wrong { offset: *offset, reason });
        check_authority(pack, authority, &mut wrong);
    }
    for (offset, profile) in profiles {
        let mut wrong = |reason: String| wrongs.push(Wrong { offset: *offset, reason });
        check_purposes(profile, &mut wrong);
        check_authority_matters(profile, &mut wrong);
        check_names(profile, &mut wrong);
        for issuer in &profile.issuers {
            match pack.authority(issuer) {
                None => wrong(format!("there is no [authority.{issuer}] in this pack to issue {}", profile.id)),
                Some(authority) => check_under(pack, profile, authority, &mut wrong),
            }
        }
    }
    wrongs
}

type Complain<'a> = dyn FnMut(String) + 'a;

fn check_authority(pack: &Pack, authority: &AuthorityRule, wrong: &mut Complain<'_>) {
    let id = &authority.id;
    if let Some(issuer) = &authority.issuer
        && pack.authority(issuer).is_none()
    {
        wrong(format!("there is no [authority.{issuer}] in this pack to issue the certificate of {id}"));
    }
    if is_above_itself(pack, authority) {
        wrong(format!("the issuers above {id} lead back to it: one of them must be a root, without an issuer"));
    }
    match pack.profile(&authority.profile) {
        None => wrong(format!("there is no [profile.{}] in this pack for the certificate of {id}", authority.profile)),
        Some(profile) => {
            let own = authority.issuer.as_ref().unwrap_or(id);
            if (profile.family == Family::Root) != authority.issuer.is_none() || !profile.is_authority() {
                wrong(format!("{id} cannot have a certificate of family {}", profile.family));
            }
            if !profile.issuers.contains(own) {
                wrong(format!("the profile {} of {id}'s certificate is not issued by {own}", profile.id));
            }
            if let Some(key) =
                authority.keys.iter().find(|key| !profile.key_usage_for(**key).contains(KeyUsage::CERT_AND_CRL_SIGN))
            {
                wrong(format!(
                    "{id} with a key {key} could not sign its CRLs: its profile {} needs cRLSign",
                    profile.id
                ));
            }
            if let Some(key) = authority.keys.iter().find(|key| !profile.certifies(**key)) {
                wrong(format!("{id} may have a key {key}, which its profile {} does not certify", profile.id));
            }
            if profile.alternative.of_authority != authority.alternative.is_some() {
                wrong(format!(
                    "{id} has an alternative name, or its profile {} promises one, but not both",
                    profile.id
                ));
            }
        }
    }
    if let Some(responder) = &authority.ocsp {
        let profile = pack.profile(&responder.profile);
        let fits =
            profile.is_some_and(|profile| profile.family == Family::OcspResponder && profile.issuers.contains(id));
        if !fits {
            wrong(format!("{} is no profile of OCSP responders that {id} issues", responder.profile));
        }
    }
}

/// Whether an authority is reached again on the way to its root.
fn is_above_itself(pack: &Pack, authority: &AuthorityRule) -> bool {
    let above = |one: &&AuthorityRule| pack.authority(one.issuer.as_ref()?);
    let way = std::iter::successors(above(&authority), above).take(pack.authorities.len());
    way.into_iter().any(|one| one.id == authority.id)
}

/// RFC 5280 §4.2.1.12: for each purpose, one of these key usages.
const PURPOSE_NEEDS: [(Oid, &str, KeyUsage); 7] = [
    (oid::KP_SERVER_AUTH, "serverAuth", KeyUsage(0xa800)),
    (oid::KP_CLIENT_AUTH, "clientAuth", KeyUsage(0x8800)),
    (oid::KP_CODE_SIGNING, "codeSigning", KeyUsage(0x8000)),
    (oid::KP_EMAIL_PROTECTION, "emailProtection", KeyUsage(0xe800)),
    (oid::KP_TIME_STAMPING, "timeStamping", KeyUsage(0xc000)),
    (oid::KP_OCSP_SIGNING, "OCSPSigning", KeyUsage(0xc000)),
    (oid::KP_SCVP_SERVER, "scvpServer", KeyUsage(0xc800)),
];

/// Key usage against purposes, kinds of keys and family.
fn check_purposes(profile: &Profile, wrong: &mut Complain<'_>) {
    for key in &profile.keys {
        let usage = profile.key_usage_for(*key);
        if usage == KeyUsage::default() {
            wrong(format!("the profile {} says no key usage for {key}", profile.id));
        }
        for (purpose, name, needs) in PURPOSE_NEEDS {
            if profile.is_for(purpose) && !usage.intersects(needs) {
                let needs = needs.names().collect::<Vec<_>>().join(", ");
                wrong(format!("{name} needs one of the key usages {needs} (RFC 5280 §4.2.1.12); {key} has none"));
            }
        }
        check_usage_of_key(*key, usage, wrong);
        if usage.contains(KeyUsage::CERT_SIGN) != profile.is_authority() {
            wrong(format!("keyCertSign and the family {} do not agree (RFC 5280 §4.2.1.3)", profile.family));
        }
    }
    if profile.is_authority() && !profile.extended_key_usage.is_empty() {
        wrong("a CA's certificate here has no extended key usage (RFC 5280 §4.2.1.12)".to_owned());
    }
    let responder = profile.is_for(oid::KP_OCSP_SIGNING);
    if responder != (profile.family == Family::OcspResponder) {
        wrong(format!("OCSPSigning and the family {} do not agree (RFC 6960 §4.2.2.2)", profile.family));
    }
    if profile.revocation.nocheck != responder {
        wrong("nocheck is for OCSP responders, and for all of them (RFC 6960 §4.2.2.2.1)".to_owned());
    }
}

fn check_usage_of_key(key: KeyAlgorithm, usage: KeyUsage, wrong: &mut Complain<'_>) {
    const ENCIPHERS: KeyUsage = KeyUsage(0x3000);
    if key.is_rsa() && usage.intersects(KeyUsage::KEY_AGREEMENT) {
        wrong(format!("{key}: RSA keys do not agree on keys (RFC 3279 §2.3.1); say keyAgreement in key-usage-ec"));
    }
    if key.is_ml_dsa() && usage.intersects(ENCIPHERS.and(KeyUsage::KEY_AGREEMENT)) {
        wrong(format!("{key}: ML-DSA keys only sign (RFC 9881 §5); leave encipherment and agreement out of key-usage"));
        return;
    }
    if !key.is_rsa() && usage.intersects(ENCIPHERS) {
        wrong(format!("{key}: elliptic-curve keys do not encipher (RFC 5480 §3); say it in key-usage-rsa"));
    }
}

/// What only CAs may have.
fn check_authority_matters(profile: &Profile, wrong: &mut Complain<'_>) {
    let constraints = &profile.constraints;
    let limits = !constraints.mappings.is_empty()
        || !constraints.policy.is_empty()
        || !constraints.names.is_empty()
        || constraints.inhibit_any.is_some();
    if limits && !profile.is_authority() {
        wrong("policy mappings and constraints are for CAs only (RFC 5280 §4.2.1.5, §4.2.1.10, §4.2.1.11)".to_owned());
    }
    for mapping in &constraints.mappings {
        if mapping.issuer == oid::ANY_POLICY || mapping.subject == oid::ANY_POLICY {
            wrong("anyPolicy cannot be mapped (RFC 5280 §4.2.1.5)".to_owned());
        }
        if !profile.policies.terms.iter().any(|term| term.oid == mapping.issuer) {
            wrong(format!("{} is mapped, but is no policy of the profile (RFC 5280 §4.2.1.5)", mapping.issuer));
        }
    }
    let skips = [constraints.policy.require_explicit, constraints.policy.inhibit_mapping, constraints.inhibit_any];
    let length = match profile.role {
        Role::Authority { path_length } => path_length,
        Role::EndEntity => None,
    };
    if skips.into_iter().chain([length]).flatten().any(|number| number > 100) {
        wrong("path lengths and skipped certificates are at most 100".to_owned());
    }
}

fn check_names(profile: &Profile, wrong: &mut Complain<'_>) {
    let family = profile.family;
    let named = family.is_requested() || matches!(family, Family::Cross | Family::ValidationAuthority);
    if named != profile.subject.is_some() {
        let has = if profile.subject.is_some() { "has no place for" } else { "needs" };
        wrong(format!(
            "the family {family} {has} a subject: holders and others are named by it, our own CAs by the authority"
        ));
    }
    let fields = profile.subject.iter().any(|template| template.fields().next().is_some());
    if fields && !family.is_requested() {
        wrong(format!("the family {family} has a fixed subject: nobody fills in its fields"));
    }
    let alternative = &profile.alternative;
    if alternative.of_authority && !profile.is_authority() {
        wrong("of-authority is for CAs: their name is the authority's".to_owned());
    }
    let needs = [
        (oid::KP_SERVER_AUTH, alternative.dns.least, "serverAuth", "dns"),
        (oid::KP_EMAIL_PROTECTION, alternative.emails.least, "emailProtection", "emails"),
    ];
    for (purpose, least, name, kind) in needs {
        if profile.is_for(purpose) && least == 0 {
            wrong(format!("{name} without a name of kind {kind} serves nobody: say alternative-names.{kind}"));
        }
    }
}

/// A profile under an authority that issues it: its length of life and its path length fit.
fn check_under(pack: &Pack, profile: &Profile, authority: &AuthorityRule, wrong: &mut Complain<'_>) {
    let Some(own) = pack.profile(&authority.profile) else { return };
    let start = pack.effective_from;
    let ends = |profile: &Profile| -> Timestamp { profile.validity.period(start).not_after };
    if ends(profile) > ends(own) {
        wrong(format!(
            "lives for {}, longer than {}, which issues it and lives for {}",
            profile.validity.length, authority.id, own.validity.length
        ));
    }
    let forbids = own.role == Role::Authority { path_length: Some(0) };
    if profile.is_authority() && forbids && !profile.family.is_self_issued() {
        wrong(format!("a CA under {}, whose path length is 0 (RFC 5280 §4.2.1.9)", authority.id));
    }
    if (profile.issuer_alternative || profile.alternative.of_authority) && authority.alternative.is_none() {
        wrong(format!("repeats the alternative name of {}, which has none", authority.id));
    }
    if profile.revocation.ocsp && authority.ocsp.is_none() {
        wrong(format!("names an OCSP responder, but {} has none", authority.id));
    }
}
