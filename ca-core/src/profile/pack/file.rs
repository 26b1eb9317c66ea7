//! A pack as it is written. Every table refuses keys it does not know; values keep their place in the file, so that a
//! contradiction found later can be pointed at.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::value::Datetime;

/// A named table, its name with its place.
pub(super) type Tables<T> = BTreeMap<Spanned<String>, T>;
/// A list of words with their places.
pub(super) type Words = Spanned<Vec<Spanned<String>>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) pack: Head,
    #[serde(default)]
    pub(super) crypto: Vec<Spanned<Crypto>>,
    #[serde(default)]
    pub(super) policy: Tables<Policy>,
    #[serde(default)]
    pub(super) authority: Tables<Authority>,
    #[serde(default)]
    pub(super) profile: Tables<Profile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Head {
    pub(super) name: Spanned<String>,
    pub(super) version: Spanned<String>,
    pub(super) title: Text,
    pub(super) effective_from: Spanned<Datetime>,
    pub(super) effective_until: Option<Spanned<Datetime>>,
    #[serde(default)]
    pub(super) experimental: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) ja: Spanned<String>,
    pub(super) en: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Crypto {
    pub(super) rsa_up_to: Option<u16>,
    pub(super) ec_up_to: Option<u16>,
    pub(super) signature: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) never: bool,
    pub(super) lives_until: Option<Spanned<Datetime>>,
    pub(super) issued_until: Option<Spanned<Datetime>>,
    pub(super) source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) oid: Spanned<String>,
    pub(super) cps: Option<Spanned<String>>,
    pub(super) notice: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authority {
    pub(super) title: Text,
    pub(super) profile: Spanned<String>,
    pub(super) issuer: Option<Spanned<String>>,
    pub(super) subject: Words,
    pub(super) alternative: Option<Words>,
    pub(super) encoding: Spanned<Encoding>,
    pub(super) keys: Words,
    pub(super) signature: Option<Spanned<String>>,
    pub(super) crl: Crl,
    pub(super) ocsp: Option<Ocsp>,
    pub(super) activation: Option<Activation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Activation {
    pub(super) custodians: Spanned<Custodians>,
    pub(super) on_restart: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Custodians {
    pub(super) least: u8,
    pub(super) of: u8,
}

/// How texts of names are encoded.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    Printable,
    Utf8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Crl {
    pub(super) validity: Spanned<String>,
    pub(super) refresh_before: Spanned<String>,
    pub(super) lists: Option<Words>,
    pub(super) shards: Option<Spanned<u16>>,
    pub(super) delta: Option<Delta>,
    pub(super) emergency: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) suspension: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Delta {
    pub(super) validity: Spanned<String>,
    pub(super) refresh_before: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Ocsp {
    pub(super) responder: Spanned<String>,
    pub(super) validity: Spanned<String>,
    pub(super) refresh_before: Spanned<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Profile {
    #[serde(default, rename = "abstract")]
    pub(super) is_abstract: bool,
    pub(super) extends: Option<Spanned<String>>,
    pub(super) family: Option<Spanned<String>>,
    pub(super) title: Option<Text>,
    pub(super) about: Option<Text>,
    pub(super) issuers: Option<Words>,
    pub(super) path_length: Option<Spanned<u8>>,
    pub(super) subject: Option<Words>,
    pub(super) subject_encoding: Option<Encoding>,
    pub(super) alternative_names: Option<AlternativeNames>,
    pub(super) issuer_alternative_name: Option<bool>,
    pub(super) keys: Option<Words>,
    pub(super) key_sources: Option<Words>,
    pub(super) validity: Option<Spanned<Validity>>,
    pub(super) scheduled_start: Option<bool>,
    pub(super) key_usage: Option<Words>,
    pub(super) key_usage_rsa: Option<Words>,
    pub(super) key_usage_ec: Option<Words>,
    pub(super) extended_key_usage: Option<Words>,
    pub(super) policies: Option<Words>,
    pub(super) policy_qualifiers: Option<Words>,
    #[serde(default)]
    pub(super) critical: Tables<Spanned<bool>>,
    pub(super) revocation: Option<Words>,
    pub(super) policy_mappings: Option<Spanned<Vec<Mapping>>>,
    pub(super) policy_constraints: Option<Spanned<PolicyConstraints>>,
    pub(super) name_constraints: Option<Spanned<NameConstraints>>,
    pub(super) inhibit_any_policy: Option<Spanned<u8>>,
    pub(super) baseline: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AlternativeNames {
    pub(super) dns: Option<Spanned<Count>>,
    pub(super) emails: Option<Spanned<Count>>,
    pub(super) directory: Option<Words>,
    #[serde(default)]
    pub(super) of_authority: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Count {
    pub(super) least: usize,
    pub(super) most: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Validity {
    pub(super) years: Option<u8>,
    pub(super) days: Option<u16>,
    pub(super) boundary: Option<Boundary>,
}

/// Where lives end.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Boundary {
    Exact,
    JstDay,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    pub(super) ours: Spanned<String>,
    pub(super) theirs: Spanned<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PolicyConstraints {
    pub(super) require_explicit_policy: Option<u8>,
    pub(super) inhibit_policy_mapping: Option<u8>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NameConstraints {
    #[serde(default)]
    pub(super) permitted: Vec<Subtree>,
    #[serde(default)]
    pub(super) excluded: Vec<Subtree>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subtree {
    pub(super) dns: Option<Spanned<String>>,
    pub(super) directory: Option<Words>,
    pub(super) email: Option<Spanned<String>>,
}

impl Profile {
    /// This profile with what it does not say itself from the one it extends. What is said of itself alone stays: whether it
    /// is abstract. `critical` is joined word by word.
    pub(super) fn over(self, base: &Self) -> Self {
        let mut critical = base.critical.clone();
        critical.extend(self.critical);
        let base = base.clone();
        // A general key usage of the child is meant for both kinds of keys, so the base's special ones do not outlive it.
        let (base_rsa, base_ec) =
            if self.key_usage.is_some() { (None, None) } else { (base.key_usage_rsa, base.key_usage_ec) };
        Self {
            is_abstract: self.is_abstract,
            extends: self.extends,
            family: self.family.or(base.family),
            title: self.title.or(base.title),
            about: self.about.or(base.about),
            issuers: self.issuers.or(base.issuers),
            path_length: self.path_length.or(base.path_length),
            subject: self.subject.or(base.subject),
            subject_encoding: self.subject_encoding.or(base.subject_encoding),
            alternative_names: self.alternative_names.or(base.alternative_names),
            issuer_alternative_name: self.issuer_alternative_name.or(base.issuer_alternative_name),
            keys: self.keys.or(base.keys),
            key_sources: self.key_sources.or(base.key_sources),
            validity: self.validity.or(base.validity),
            scheduled_start: self.scheduled_start.or(base.scheduled_start),
            key_usage: self.key_usage.or(base.key_usage),
            key_usage_rsa: self.key_usage_rsa.or(base_rsa),
            key_usage_ec: self.key_usage_ec.or(base_ec),
            extended_key_usage: self.extended_key_usage.or(base.extended_key_usage),
            policies: self.policies.or(base.policies),
            policy_qualifiers: self.policy_qualifiers.or(base.policy_qualifiers),
            critical,
            revocation: self.revocation.or(base.revocation),
            policy_mappings: self.policy_mappings.or(base.policy_mappings),
            policy_constraints: self.policy_constraints.or(base.policy_constraints),
            name_constraints: self.name_constraints.or(base.name_constraints),
            inhibit_any_policy: self.inhibit_any_policy.or(base.inhibit_any_policy),
            baseline: self.baseline.or(base.baseline),
        }
    }
}
