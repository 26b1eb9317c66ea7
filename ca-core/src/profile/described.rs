//! Profiles and authorities as named texts: what `lgpki pack show`, a comparison of packs and docs/profiles.md print. The words
//! are those of packs and RFC 5280, so they are the same in every language.

use super::pack::Periods;
use super::pack::words::PURPOSES;
use super::{
    ActivationRule, AlternativeRule, AuthorityRule, Count, KeySource, Length, NameConstraints, Profile, Role,
    ValidityRule,
};
use super::{Boundary, PolicyTerm};
use crate::key::{KeyAlgorithm, RsaPadding};
use crate::name::StringKind;
use crate::oid::ObjectId;
use std::time::Duration;

/// A field's name and what it says.
pub type Described = Vec<(&'static str, String)>;

/// The word for an extended key usage: `serverAuth`; its dotted form where it has none.
pub fn purpose_word(purpose: &ObjectId) -> String {
    let known = PURPOSES.iter().find(|(_, oid)| *purpose == *oid);
    known.map_or_else(|| purpose.to_string(), |(word, _)| (*word).to_owned())
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

fn keys(keys: &[KeyAlgorithm]) -> String {
    list(keys)
}

/// The ASN.1 type that texts of a name are written in.
const fn encoding(kind: StringKind) -> &'static str {
    match kind {
        StringKind::Printable => "PrintableString",
        StringKind::Utf8 => "UTF8String",
        StringKind::Ia5 => "IA5String",
    }
}

/// A length of time in the largest unit that is exact; in hours up to three days, as operators count them.
fn exactly(period: Duration) -> String {
    let seconds = period.as_secs();
    let whole = |unit: u64| seconds.is_multiple_of(unit);
    match seconds {
        _ if whole(86_400) && seconds > 3 * 86_400 => format!("{} days", seconds / 86_400),
        _ if whole(3600) => format!("{} h", seconds / 3600),
        _ if whole(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

impl Profile {
    /// Every field that says something, in the order of RFC 5280.
    pub fn described(&self) -> Described {
        let mut fields = vec![
            ("family", self.family.to_string()),
            ("title", format!("{} / {}", self.title.ja, self.title.en)),
            ("about", format!("{} / {}", self.about.ja, self.about.en)),
            ("issuers", list(&self.issuers)),
            ("subject", self.subject.as_ref().map(ToString::to_string).unwrap_or_default()),
            (
                "subject encoding",
                self.subject.as_ref().map(|name| encoding(name.encoding).to_owned()).unwrap_or_default(),
            ),
            ("validity", self.validity.to_string()),
            ("scheduled start", if self.scheduled_start { "yes".to_owned() } else { String::new() }),
            ("keys", keys(&self.keys)),
            (
                "key sources",
                list(self.key_sources.iter().map(|source| source.as_str()).filter(|_| self.family.is_requested())),
            ),
            ("basicConstraints", self.role.to_string()),
        ];
        fields.extend(self.usages());
        fields.extend(self.names_and_policies());
        fields.extend(self.limits());
        fields.retain(|(_, value)| !value.is_empty());
        fields
    }

    fn usages(&self) -> Described {
        let (rsa, ec) = (list(self.key_usage_rsa.names()), list(self.key_usage_ec.names()));
        let critical = if self.extended_key_usage_critical { "critical: " } else { "" };
        let purposes = list(self.extended_key_usage.iter().map(purpose_word));
        let purposes = if purposes.is_empty() { purposes } else { format!("{critical}{purposes}") };
        let both = if rsa == ec {
            vec![("keyUsage", format!("critical: {rsa}"))]
        } else {
            vec![("keyUsage (RSA)", format!("critical: {rsa}")), ("keyUsage (EC)", format!("critical: {ec}"))]
        };
        both.into_iter().chain([("extKeyUsage", purposes)]).collect()
    }

    fn names_and_policies(&self) -> Described {
        let critical = if self.policies.critical { "critical: " } else { "" };
        let policies = list(&self.policies.terms);
        let policies = if policies.is_empty() { policies } else { format!("{critical}{policies}") };
        let revocation = &self.revocation;
        let mut points = match (revocation.crl, revocation.directory_point) {
            (true, true) => "directory name of the CA, addresses of its CRL".to_owned(),
            (true, false) => "addresses of its CRL".to_owned(),
            (false, _) => String::new(),
        };
        if revocation.stays_listed {
            points.push_str(", where it stays when it has expired");
        }
        let access = [(revocation.ocsp, "OCSP"), (revocation.issuer, "caIssuers")];
        vec![
            ("subjectAltName", self.alternative.to_string()),
            (
                "issuerAltName",
                if self.issuer_alternative { "directory name of the CA".to_owned() } else { String::new() },
            ),
            ("certificatePolicies", policies),
            ("cRLDistributionPoints", points),
            ("authorityInfoAccess", list(access.into_iter().filter(|(on, _)| *on).map(|(_, word)| word))),
            ("ocsp-nocheck", if revocation.nocheck { "yes".to_owned() } else { String::new() }),
            ("baseline", self.baseline.map(|baseline| baseline.as_str().to_owned()).unwrap_or_default()),
        ]
    }

    fn limits(&self) -> Described {
        let constraints = &self.constraints;
        let mappings = constraints.mappings.iter().map(|map| format!("{} = {}", map.issuer, map.subject));
        let mappings = list(mappings);
        let policy = [
            constraints.policy.require_explicit.map(|skip| format!("requireExplicitPolicy {skip}")),
            constraints.policy.inhibit_mapping.map(|skip| format!("inhibitPolicyMapping {skip}")),
        ];
        let critical = |value: String| if value.is_empty() { value } else { format!("critical: {value}") };
        vec![
            ("policyMappings", critical(mappings)),
            ("nameConstraints", critical(constraints.names.to_string())),
            ("policyConstraints", critical(list(policy.into_iter().flatten()))),
            ("inhibitAnyPolicy", critical(constraints.inhibit_any.map(|skip| skip.to_string()).unwrap_or_default())),
        ]
    }
}

impl AuthorityRule {
    /// Every field that says something.
    pub fn described(&self) -> Described {
        let periods = |Periods { validity, refresh_before }: Periods| {
            format!("{}, next {} before its end", exactly(validity), exactly(refresh_before))
        };
        let ocsp = self.ocsp.as_ref();
        let mut fields = vec![
            ("title", format!("{} / {}", self.title.ja, self.title.en)),
            ("profile", self.profile.to_string()),
            ("issuer", self.issuer.as_ref().map_or_else(|| "itself".to_owned(), ToString::to_string)),
            ("subject", self.subject.to_string()),
            ("encoding", encoding(self.encoding).to_owned()),
            ("alternative", self.alternative.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("keys", keys(&self.keys)),
            ("signature", padding(self.padding).to_owned()),
            ("CRL", periods(self.crl.periods)),
            ("CRL lists", self.crl.described_lists()),
            ("CRL deltas", self.crl.delta.map(periods).unwrap_or_default()),
            ("CRLs signed ahead", self.crl.emergency.map(exactly).unwrap_or_default()),
            ("suspension", if self.crl.suspension { "allowed".to_owned() } else { String::new() }),
            ("OCSP responder", ocsp.map(|ocsp| ocsp.profile.to_string()).unwrap_or_default()),
            ("OCSP", ocsp.map(|ocsp| periods(ocsp.periods)).unwrap_or_default()),
            ("activation", self.activation.as_ref().map(ToString::to_string).unwrap_or_default()),
        ];
        fields.retain(|(_, value)| !value.is_empty());
        fields
    }
}

/// The padding where it was chosen; empty where it is the usual one.
const fn padding(padding: RsaPadding) -> &'static str {
    match padding {
        RsaPadding::Pkcs1 => "",
        RsaPadding::Pss => padding.as_str(),
    }
}

impl std::fmt::Display for ActivationRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "by {} of {} custodians, on restart: {}", self.least, self.of, self.on_restart.as_str())
    }
}

impl KeySource {
    /// The source of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Holder, Self::Centre].into_iter().find(|source| source.as_str() == word)
    }

    /// Its word in packs and in the database: `holder`, `centre`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Centre => "centre",
        }
    }
}

impl std::fmt::Display for PolicyTerm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.id, self.oid)?;
        let qualifiers = [self.cps.as_ref().map(|_| "CPS"), self.notice.as_ref().map(|_| "notice")];
        let qualifiers: Vec<&str> = qualifiers.into_iter().flatten().collect();
        if qualifiers.is_empty() { Ok(()) } else { write!(f, " ({})", qualifiers.join(", ")) }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::EndEntity => Ok(()),
            Self::Authority { path_length: None } => f.write_str("critical: CA"),
            Self::Authority { path_length: Some(length) } => write!(f, "critical: CA, pathLen {length}"),
        }
    }
}

impl std::fmt::Display for ValidityRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.length {
            Length::Years(years) => write!(f, "{years} years")?,
            Length::Days(days) => write!(f, "{days} days")?,
        }
        match self.boundary {
            Boundary::Exact => Ok(()),
            Boundary::JstDay => f.write_str(", to the end of a day in Japan"),
        }
    }
}

impl std::fmt::Display for AlternativeRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = |count: Count, what: &str| match count {
            Count { most: 0, .. } => None,
            Count { least, most } => Some(format!("{least}–{most} {what}")),
        };
        let directory = self.directory.as_ref().map(|name| format!("directory {name}"));
        let own = self.of_authority.then(|| "directory name of the CA".to_owned());
        let parts = [own, directory, count(self.dns, "DNS names"), count(self.emails, "mail addresses")];
        f.write_str(&list(parts.into_iter().flatten()))
    }
}

impl std::fmt::Display for NameConstraints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut between = "";
        for (what, subtrees) in [("permitted", &self.permitted), ("excluded", &self.excluded)] {
            for subtree in subtrees {
                write!(f, "{between}{what} {}", subtree)?;
                between = "; ";
            }
        }
        Ok(())
    }
}
