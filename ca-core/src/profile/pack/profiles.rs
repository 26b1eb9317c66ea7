//! Profiles from their tables: what extends what is resolved, then each is read.

use super::file::{self, Encoding};
use super::head::{Placed, text};
use super::words::{self, Wrong, wrong};
use crate::id::{AuthorityId, ProfileId};
use crate::issue::lint::Baseline;
use crate::name::{DnsName, EmailAddress, GeneralName};
use crate::oid::ObjectId;
use crate::profile::{
    AlternativeRule, Boundary, Constraints, Count, Family, KeySource, KeyUsage, Length, NameTemplate, Policies,
    PolicyConstraints, PolicyMapping, PolicyTerm, Profile, RevocationRule, Role, ValidityRule,
};
use std::sync::Arc;
use toml::Spanned;

/// The profiles that can be issued by, in the order of the file; complaints go to `wrongs`.
pub(super) fn read(
    tables: file::Tables<file::Profile>,
    policies: &[Placed<PolicyTerm>],
    wrongs: &mut Vec<Wrong>,
) -> Vec<Placed<Arc<Profile>>> {
    let mut names: Vec<&Spanned<String>> = tables.keys().collect();
    names.sort_by_key(|name| name.span().start);
    let mut profiles = Vec::new();
    for name in names {
        let resolved = match resolve(name, &tables, 0) {
            Ok(resolved) => resolved,
            Err(wrong) => {
                wrongs.push(wrong);
                continue;
            }
        };
        if resolved.is_abstract {
            continue;
        }
        match (Reading { name, raw: &resolved, policies }).profile() {
            Ok(profile) => profiles.push((name.span().start, Arc::new(profile))),
            Err(wrong) => wrongs.push(wrong),
        }
    }
    profiles
}

/// Profiles may extend each other this deep; more is a circle, or nobody's to understand.
const DEEPEST: usize = 8;

fn resolve(name: &Spanned<String>, tables: &file::Tables<file::Profile>, depth: usize) -> Result<file::Profile, Wrong> {
    let table = |name: &str| tables.iter().find(|(known, _)| known.get_ref() == name);
    let Some((_, own)) = table(name.get_ref()) else {
        return Err(wrong(name, format!("there is no profile {} to extend", name.get_ref())));
    };
    let Some(base) = &own.extends else { return Ok(own.clone()) };
    if depth == DEEPEST {
        return Err(wrong(base, "profiles extend each other in a circle"));
    }
    let base = resolve(base, tables, depth.saturating_add(1))?;
    Ok(own.clone().over(&base))
}

/// One profile being read.
struct Reading<'a> {
    name: &'a Spanned<String>,
    raw: &'a file::Profile,
    policies: &'a [Placed<PolicyTerm>],
}

impl Reading<'_> {
    fn profile(&self) -> Result<Profile, Wrong> {
        let raw = self.raw;
        let id = ProfileId::parse(self.name.get_ref()).map_err(|error| wrong(self.name, error.to_string()))?;
        let family = words::word(
            self.needed("family", &raw.family)?,
            "family",
            &Family::ALL.map(Family::as_str),
            Family::parse,
        )?;
        let subject = raw.subject.as_ref().map(|words| {
            let encoding = *self.needed("subject-encoding", &raw.subject_encoding)?;
            words::template(words, words::string_kind(encoding))
        });
        let usage = |special: &Option<file::Words>| match special.as_ref().or(raw.key_usage.as_ref()) {
            Some(words) => words::key_usage(words),
            None => Ok(KeyUsage::default()),
        };
        let baseline = raw.baseline.as_ref().filter(|word| word.get_ref() != "none");
        let known = Baseline::ALL.map(Baseline::as_str);
        Ok(Profile {
            id,
            family,
            title: text(self.needed("title", &raw.title)?.clone()),
            about: text(self.needed("about", &raw.about)?.clone()),
            issuers: self.issuers()?,
            role: self.role(family)?,
            subject: subject.transpose()?,
            alternative: self.alternative()?,
            issuer_alternative: raw.issuer_alternative_name.unwrap_or(false),
            keys: words::keys(self.needed("keys", &raw.keys)?)?,
            key_sources: self.key_sources(family)?,
            validity: self.validity()?,
            scheduled_start: raw.scheduled_start.unwrap_or(false),
            key_usage_rsa: usage(&raw.key_usage_rsa)?,
            key_usage_ec: usage(&raw.key_usage_ec)?,
            extended_key_usage: self.purposes()?,
            extended_key_usage_critical: self.critical("extended-key-usage")?,
            policies: self.policies()?,
            revocation: self.revocation()?,
            constraints: self.constraints()?,
            baseline: baseline.map(|word| words::word(word, "baseline", &known, Baseline::parse)).transpose()?,
        })
    }

    fn needed<'v, T>(&self, key: &str, value: &'v Option<T>) -> Result<&'v T, Wrong> {
        value
            .as_ref()
            .ok_or_else(|| wrong(self.name, format!("the profile {} does not say its {key}", self.name.get_ref())))
    }

    fn issuers(&self) -> Result<Vec<AuthorityId>, Wrong> {
        let words = self.needed("issuers", &self.raw.issuers)?;
        let issuers = words.get_ref().iter();
        let issuers: Vec<AuthorityId> = issuers
            .map(|text| AuthorityId::parse(text.get_ref()).map_err(|error| wrong(text, error.to_string())))
            .collect::<Result<_, _>>()?;
        match issuers.iter().enumerate().find(|(index, issuer)| issuers.iter().take(*index).any(|b| b == *issuer)) {
            Some((_, twice)) => Err(wrong(words, format!("{twice} stands twice"))),
            None if issuers.is_empty() => Err(wrong(words, "at least one authority issues a profile")),
            None => Ok(issuers),
        }
    }

    fn role(&self, family: Family) -> Result<Role, Wrong> {
        match (&self.raw.path_length, family.is_authority()) {
            (length, true) => Ok(Role::Authority { path_length: length.as_ref().map(|length| *length.get_ref()) }),
            (None, false) => Ok(Role::EndEntity),
            (Some(length), false) => Err(wrong(
                length,
                "a path length is for CAs only (RFC 5280 §4.2.1.9): remove it, or choose another family",
            )),
        }
    }

    fn alternative(&self) -> Result<AlternativeRule, Wrong> {
        let Some(raw) = &self.raw.alternative_names else { return Ok(AlternativeRule::default()) };
        let count = |given: &Option<Spanned<file::Count>>| match given {
            None => Ok(Count::default()),
            Some(at) => {
                let file::Count { least, most } = *at.get_ref();
                if least <= most && (1..=100).contains(&most) {
                    Ok(Count { least, most })
                } else {
                    Err(wrong(at, "least must not be more than most, and most is 1 to 100"))
                }
            }
        };
        let utf8 = words::string_kind(Encoding::Utf8);
        let directory: Option<NameTemplate> =
            raw.directory.as_ref().map(|words| words::template(words, utf8)).transpose()?;
        if let (Some(words), true) = (&raw.directory, raw.of_authority) {
            return Err(wrong(words, "a directory name is either the authority's own or made from fields"));
        }
        Ok(AlternativeRule {
            dns: count(&raw.dns)?,
            emails: count(&raw.emails)?,
            directory,
            of_authority: raw.of_authority,
        })
    }

    fn key_sources(&self, family: Family) -> Result<Vec<KeySource>, Wrong> {
        let Some(words) = &self.raw.key_sources else { return Ok(vec![KeySource::Holder]) };
        if !family.is_requested() {
            return Err(wrong(words, "key-sources is for certificates of holders: other keys are made in ceremonies"));
        }
        let mut sources: Vec<KeySource> = Vec::new();
        for text in words.get_ref() {
            let source = words::word(text, "key source", &["holder", "centre"], KeySource::parse)?;
            if sources.contains(&source) {
                return Err(wrong(text, format!("{} stands twice", text.get_ref())));
            }
            sources.push(source);
        }
        if sources.is_empty() {
            Err(wrong(words, "somebody makes the key: holder, centre or both"))
        } else {
            Ok(sources)
        }
    }

    fn validity(&self) -> Result<ValidityRule, Wrong> {
        let at = self.needed("validity", &self.raw.validity)?;
        let raw = at.get_ref();
        let length = match (raw.years, raw.days) {
            (Some(years @ 1..=50), None) => Length::Years(years),
            (None, Some(days @ 1..=18_250)) => Length::Days(days),
            _ => return Err(wrong(at, "say either years, 1 to 50, or days, 1 to 18250")),
        };
        let boundary = match raw.boundary {
            Some(file::Boundary::JstDay) => Boundary::JstDay,
            Some(file::Boundary::Exact) | None => Boundary::Exact,
        };
        Ok(ValidityRule { length, boundary })
    }

    fn purposes(&self) -> Result<Vec<ObjectId>, Wrong> {
        let Some(words) = &self.raw.extended_key_usage else { return Ok(Vec::new()) };
        let mut purposes: Vec<ObjectId> = Vec::new();
        for text in words.get_ref() {
            let purpose = words::purpose(text)?;
            if purposes.contains(&purpose) {
                return Err(wrong(text, format!("{} stands twice", text.get_ref())));
            }
            purposes.push(purpose);
        }
        Ok(purposes)
    }

    /// Whether `extension` is to be critical, where the RFC leaves it to the profile; a pack that says what the RFC forbids is
    /// refused.
    fn critical(&self, extension: &str) -> Result<bool, Wrong> {
        for (name, value) in &self.raw.critical {
            let Some((_, fixed, section)) = CRITICALITY.iter().find(|(known, ..)| known == name.get_ref()) else {
                let known: Vec<&str> = CRITICALITY.iter().map(|(known, ..)| *known).collect();
                return Err(wrong(
                    name,
                    format!("`{}` is no extension; there are: {}", name.get_ref(), known.join(", ")),
                ));
            };
            if let Some(fixed) = fixed.filter(|fixed| fixed != value.get_ref()) {
                let must = if fixed { "must be" } else { "must not be" };
                return Err(wrong(value, format!("{} {must} critical (RFC 5280 {section})", name.get_ref())));
            }
        }
        Ok(self.raw.critical.iter().any(|(name, value)| name.get_ref() == extension && *value.get_ref()))
    }

    fn policies(&self) -> Result<Policies, Wrong> {
        let critical = self.critical("certificate-policies")?;
        let Some(words) = self.raw.policies.as_ref().filter(|words| !words.get_ref().is_empty()) else {
            if critical {
                return Err(wrong(self.name, "certificate-policies cannot be critical where there are none"));
            }
            return Ok(Policies::default());
        };
        let qualifiers: &[Spanned<String>] = self.raw.policy_qualifiers.as_ref().map_or(&[], |words| words.get_ref());
        let (mut cps, mut notice) = (false, false);
        for text in qualifiers {
            match text.get_ref().as_str() {
                "cps" => cps = true,
                "notice" => notice = true,
                other => return Err(wrong(text, format!("`{other}` is no qualifier; there are: cps, notice"))),
            }
        }
        let mut terms: Vec<PolicyTerm> = Vec::new();
        for text in words.get_ref() {
            let mut term = self.policy(text)?.clone();
            if terms.iter().any(|before| before.oid == term.oid) {
                return Err(wrong(text, format!("the policy {} stands twice (RFC 5280 §4.2.1.4)", text.get_ref())));
            }
            if (cps && term.cps.is_none()) || (notice && term.notice.is_none()) {
                return Err(wrong(text, format!("the policy {} has no such qualifier to write", text.get_ref())));
            }
            term.cps = term.cps.filter(|_| cps);
            term.notice = term.notice.filter(|_| notice);
            terms.push(term);
        }
        Ok(Policies { terms, critical })
    }

    fn policy(&self, text: &Spanned<String>) -> Result<&PolicyTerm, Wrong> {
        let found = self.policies.iter().find(|(_, policy)| policy.id.as_str() == text.get_ref());
        found
            .map(|(_, policy)| policy)
            .ok_or_else(|| wrong(text, format!("there is no [policy.{}] in this pack", text.get_ref())))
    }

    fn revocation(&self) -> Result<RevocationRule, Wrong> {
        let mut rule = RevocationRule::default();
        let Some(words) = &self.raw.revocation else { return Ok(rule) };
        for text in words.get_ref() {
            match text.get_ref().as_str() {
                "crl" => rule.crl = true,
                "directory-point" => rule.directory_point = true,
                "ocsp" => rule.ocsp = true,
                "issuer" => rule.issuer = true,
                "nocheck" => rule.nocheck = true,
                "stays-listed" => rule.stays_listed = true,
                other => {
                    let known = "crl, directory-point, ocsp, issuer, nocheck, stays-listed";
                    return Err(wrong(text, format!("`{other}` is no place of status; there are: {known}")));
                }
            }
        }
        if rule.nocheck && (rule.crl || rule.ocsp) {
            return Err(wrong(
                words,
                "nocheck says that nobody looks for its status: it stands alone (RFC 6960 §4.2.2.2.1)",
            ));
        }
        if rule.stays_listed && !rule.crl {
            return Err(wrong(words, "stays-listed speaks of entries of a CRL: it needs crl"));
        }
        if rule.directory_point && !rule.crl {
            return Err(wrong(words, "directory-point is a name of the CRL's distribution point: it needs crl"));
        }
        Ok(rule)
    }

    fn constraints(&self) -> Result<Constraints, Wrong> {
        let raw = self.raw;
        let mut constraints = Constraints::default();
        if let Some(mappings) = &raw.policy_mappings {
            for mapping in mappings.get_ref() {
                let (issuer, subject) =
                    (self.policy(&mapping.ours)?.oid.clone(), self.policy(&mapping.theirs)?.oid.clone());
                constraints.mappings.push(PolicyMapping { issuer, subject });
            }
        }
        if let Some(at) = &raw.policy_constraints {
            let policy = at.get_ref();
            let constraint = PolicyConstraints {
                require_explicit: policy.require_explicit_policy,
                inhibit_mapping: policy.inhibit_policy_mapping,
            };
            if constraint.is_empty() {
                return Err(wrong(at, "an empty policyConstraints must not be issued (RFC 5280 §4.2.1.11)"));
            }
            constraints.policy = constraint;
        }
        if let Some(at) = &raw.name_constraints {
            constraints.names.permitted =
                at.get_ref().permitted.iter().map(|tree| subtree(at, tree)).collect::<Result<_, _>>()?;
            constraints.names.excluded =
                at.get_ref().excluded.iter().map(|tree| subtree(at, tree)).collect::<Result<_, _>>()?;
            if constraints.names.is_empty() {
                return Err(wrong(at, "an empty nameConstraints must not be issued (RFC 5280 §4.2.1.10)"));
            }
        }
        constraints.inhibit_any = raw.inhibit_any_policy.as_ref().map(|skip| *skip.get_ref());
        Ok(constraints)
    }
}

/// One subtree of a nameConstraints.
fn subtree(at: &Spanned<file::NameConstraints>, tree: &file::Subtree) -> Result<GeneralName, Wrong> {
    match (&tree.dns, &tree.directory, &tree.email) {
        (Some(dns), None, None) => {
            let name = DnsName::parse(dns.get_ref()).map_err(|error| wrong(dns, error.to_string()))?;
            Ok(GeneralName::Dns(name.to_string()))
        }
        (None, Some(words), None) => {
            Ok(GeneralName::Directory(words::name(words, words::string_kind(Encoding::Utf8))?))
        }
        (None, None, Some(email)) => {
            let text = email.get_ref();
            let good = EmailAddress::parse(text).is_ok() || DnsName::parse(text).is_ok();
            if good {
                Ok(GeneralName::Email(text.clone()))
            } else {
                Err(wrong(email, "neither a mail address nor a host"))
            }
        }
        _ => Err(wrong(at, "a subtree is one of dns, directory and email")),
    }
}

/// What RFC 5280 §4.2 says about criticality: `Some` where it leaves no choice, with its section.
const CRITICALITY: [(&str, Option<bool>, &str); 12] = [
    ("authority-key-identifier", Some(false), "§4.2.1.1"),
    ("subject-key-identifier", Some(false), "§4.2.1.2"),
    ("key-usage", Some(true), "§4.2.1.3"),
    ("certificate-policies", None, "§4.2.1.4"),
    ("subject-alternative-name", Some(false), "§4.2.1.6"),
    ("issuer-alternative-name", Some(false), "§4.2.1.7"),
    ("basic-constraints", Some(true), "§4.2.1.9"),
    ("name-constraints", Some(true), "§4.2.1.10"),
    ("policy-constraints", Some(true), "§4.2.1.11"),
    ("extended-key-usage", None, "§4.2.1.12"),
    ("inhibit-any-policy", Some(true), "§4.2.1.14"),
    ("authority-information-access", Some(false), "§4.2.2.1"),
];
