//! What packs say, and what they are refused for.

mod authorities;

use super::*;
use crate::profile::{Family, Field, KeyUsage};

const PRIVATE: &str = SHIPPED[0].1;
const BRIDGE: &str = SHIPPED[1].1;

/// What is said of `text` with `old` replaced once by `new`: line and reason of each complaint.
fn complaints(text: &str, old: &str, new: &str) -> Vec<(usize, String)> {
    assert!(text.contains(old), "{old}");
    match Pack::parse(&text.replacen(old, new, 1), "p.toml") {
        Ok(_) => Vec::new(),
        Err(PackErrors(errors)) => errors.into_iter().map(|error| (error.line, error.reason)).collect(),
    }
}

/// Asserts that the change is refused at the line of `place` (in the changed text) for `reason`.
fn refused(text: &str, (old, new): (&str, &str), place: &str, reason: &str) {
    let changed = text.replacen(old, new, 1);
    let line = changed[..changed.find(place).unwrap()].matches('\n').count() + 1;
    let found = complaints(text, old, new);
    assert!(found.iter().any(|(at, why)| *at == line && why.contains(reason)), "line {line}, {reason:?}: {found:#?}");
}

#[test]
fn the_shipped_packs_are_in_order() {
    for (name, text) in SHIPPED {
        let pack = Pack::parse(text, name).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(pack.name.as_str(), name);
        assert!(pack.is_effective(Timestamp::from_jst(2026, 4, 1, 0, 0, 0).unwrap()));
        assert!(!pack.is_effective(Timestamp::from_jst(2026, 3, 31, 23, 59, 59).unwrap()));
        assert!(pack.is_effective(Timestamp::from_jst(2031, 3, 31, 23, 59, 59).unwrap()));
        assert!(!pack.is_effective(Timestamp::from_jst(2031, 4, 1, 0, 0, 0).unwrap()));
        assert_eq!(pack.differences(&pack), []);
    }
    assert!(Pack::shipped("other").is_none());
}

#[test]
fn every_family_has_a_profile_and_no_two_profiles_a_name() {
    let packs = [Pack::parse(PRIVATE, "a").unwrap(), Pack::parse(BRIDGE, "b").unwrap()];
    let profiles: Vec<_> = packs.iter().flat_map(Pack::profiles).collect();
    for family in Family::ALL {
        assert!(profiles.iter().any(|profile| profile.family == family), "{family}");
    }
    let mut names: Vec<&str> = profiles.iter().map(|profile| profile.id.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), profiles.len());
}

#[test]
fn a_profile_has_what_it_extends_and_says_the_rest_itself() {
    let pack = Pack::parse(PRIVATE, "a").unwrap();
    let (job_role, user) = (pack.profile_named("job-role").unwrap(), pack.profile_named("user").unwrap());
    assert_eq!((job_role.validity.length.to_string(), user.validity.length.to_string()), ("5y".into(), "3y".into()));
    assert!(job_role.policies.critical && !user.policies.critical);
    assert_eq!(job_role.key_usage_ec, KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::NON_REPUDIATION));
    assert!(job_role.scheduled_start && job_role.issuer_alternative && job_role.extended_key_usage.is_empty());
    assert_eq!(job_role.asked(), [Field::Units, Field::UnitsEn, Field::Post, Field::PostEn]);
    let server = pack.profile_named("web-server").unwrap();
    assert_eq!(server.asked(), []);
    assert!(server.key_usage_rsa.contains(KeyUsage::KEY_ENCIPHERMENT));
    assert!(pack.profile_named("organisation-holder").is_none(), "abstract");
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    refused(PRIVATE, ("version = ", "colour = 1\nversion = "), "colour = 1", "unknown field `colour`");
    refused(PRIVATE, ("key-usage = [\"keyCertSign\"", "key-usages = [\"keyCertSign\""), "key-usages", "unknown field");
    refused(PRIVATE, ("crl = { validity = \"90d\"", "crl = { lifetime = \"90d\""), "lifetime", "unknown field");
}

#[test]
fn words_that_mean_nothing_are_refused_with_what_there_is() {
    refused(
        PRIVATE,
        ("family = \"user\"", "family = \"users\""),
        "\"users\"",
        "`users` is no family; there are: job-role",
    );
    refused(PRIVATE, ("[\"clientAuth\"]", "[\"clientauth\"]"), "\"clientauth\"", "is no extended key usage");
    refused(PRIVATE, ("[\"keyAgreement\"]", "[\"agreement\"]"), "\"agreement\"", "`agreement` is no key usage");
    refused(
        PRIVATE,
        ("\"C=JP\", \"O={organisation-en}\"", "\"C=jp\", \"O={organisation-en}\""),
        "\"C=jp\"",
        "two capital letters",
    );
    refused(PRIVATE, ("\"C=JP\", \"ST={", "\"C={units}\", \"ST={"), "\"C={units}\"", "two capital letters");
    refused(PRIVATE, ("\"CN={person-en}\"", "\"CN={people}\""), "\"CN={people}\"", "`people` is no field");
    refused(PRIVATE, ("\"OU=Application Platform\"", "\"XX=a\""), "\"XX=a\"", "`XX` is no attribute");
    refused(PRIVATE, ("policies = [\"mail\"]", "policies = [\"post\"]"), "\"post\"", "no [policy.post] in this pack");
    refused(PRIVATE, ("extends = \"authority\"", "extends = \"nobody\""), "\"nobody\"", "no profile nobody to extend");
    refused(PRIVATE, ("oid = \"1.3.6.1.4.1.32473.1.2\"", "oid = \"3.1\""), "\"3.1\"", "object identifier");
    refused(PRIVATE, ("validity = \"72h\"", "validity = \"3 days\""), "\"3 days\"", "is no length of time");
    refused(
        PRIVATE,
        ("effective-from = 2026-04-01", "effective-from = 2032-01-01"),
        "2031-03-31",
        "before effective-from",
    );
    refused(
        PRIVATE,
        ("\"C=JP\", \"O=LGPKI Sample\", \"CN=Sample Root", "\"C=JP\", \"O=町\", \"CN=Sample Root"),
        "[\"C=JP\", \"O=町\"",
        "cannot contain",
    );
}

#[test]
fn what_extends_itself_is_refused() {
    let circle =
        ("[profile.job-role]\nextends = \"organisation-holder\"", "[profile.job-role]\nextends = \"job-role\"");
    refused(PRIVATE, circle, "\"job-role\"\nfamily", "in a circle");
}

#[test]
fn a_life_beyond_the_issuers_is_refused() {
    let longer = ("validity = { years = 3, boundary", "validity = { years = 21, boundary");
    refused(PRIVATE, longer, "user]\nextends", "lives for 21y, longer than organisation-ca");
}

#[test]
fn purposes_that_the_key_usage_forbids_are_refused() {
    let server = ("key-usage-ec = [\"digitalSignature\"]\nextended", "key-usage-ec = [\"nonRepudiation\"]\nextended");
    refused(PRIVATE, server, "web-server]\nextends", "serverAuth needs one of the key usages digitalSignature");
    let rsa = ("key-usage-rsa = [\"keyEncipherment\", \"dataEncipherment\"]", "key-usage-rsa = [\"keyAgreement\"]");
    refused(PRIVATE, rsa, "encryption]\nextends", "RSA keys do not agree on keys");
    let ec = ("key-usage-ec = [\"keyAgreement\"]", "key-usage-ec = [\"keyEncipherment\"]");
    refused(PRIVATE, ec, "encryption]\nextends", "elliptic-curve keys do not encipher");
    let signs = ("key-usage = [\"keyCertSign\", \"cRLSign\"]", "key-usage = [\"cRLSign\"]");
    refused(PRIVATE, signs, "root-ca]\nextends", "keyCertSign and the family root do not agree");
    let responder = ("extended-key-usage = [\"OCSPSigning\"]", "extended-key-usage = [\"codeSigning\"]");
    refused(
        PRIVATE,
        responder,
        "ocsp-responder-sub]\nfamily",
        "OCSPSigning and the family ocsp-responder do not agree",
    );
    let checked = ("revocation = [\"nocheck\"]", "revocation = [\"crl\"]");
    refused(PRIVATE, checked, "ocsp-responder-sub]\nfamily", "nocheck is for OCSP responders, and for all of them");
}

#[test]
fn criticality_that_the_rfc_forbids_is_refused() {
    let critical = |word: &str| format!("critical = {{ {word} }}");
    for (word, reason) in [
        ("authority-key-identifier = true", "must not be critical (RFC 5280 §4.2.1.1)"),
        ("subject-alternative-name = true", "must not be critical (RFC 5280 §4.2.1.6)"),
        ("authority-information-access = true", "must not be critical (RFC 5280 §4.2.2.1)"),
        ("name-constraints = false", "must be critical (RFC 5280 §4.2.1.10)"),
        ("key-usage = false", "must be critical (RFC 5280 §4.2.1.3)"),
        ("colour = true", "`colour` is no extension"),
    ] {
        let changed = critical(word);
        refused(PRIVATE, ("critical = { certificate-policies = true }", &changed), &changed, reason);
    }
}

#[test]
fn ml_dsa_keys_need_a_pack_that_says_it_is_experimental() {
    let experimental = EXPERIMENTAL[0].1;
    assert!(Pack::parse(experimental, "p.toml").unwrap().experimental);
    let plain = ("experimental = true", "experimental = false");
    for place in ["pqc-root]\ntitle", "pqc-root-ca]\nextends", "pqc-web-server]\nextends"] {
        refused(experimental, plain, place, "mldsa65 keys are experimental");
    }
    let web = ("keys = [\"p256\", \"p384\", \"rsa3072\", \"rsa4096\"]", "keys = [\"p256\", \"mldsa44\"]");
    refused(PRIVATE, web, "code-signing]\nextends", "mldsa44 keys are experimental");
    let enciphers = (
        "key-usage = [\"digitalSignature\"]\npolicy-qualifiers",
        "key-usage = [\"keyEncipherment\"]\npolicy-qualifiers",
    );
    refused(experimental, enciphers, "pqc-web-server]\nextends", "ML-DSA keys only sign (RFC 9881 §5)");
}

#[test]
fn a_notice_of_more_than_200_characters_is_refused() {
    let notice = format!("notice = \"{}\"", "字".repeat(201));
    let old = "notice = \"この証明書は、地方公共団体の職の名義で作成された電子文書を確認するためのものです。\"";
    refused(PRIVATE, (old, &notice), "\"字", "1 to 200 characters");
}

#[test]
fn all_that_is_wrong_is_said_at_once_by_line() {
    let text =
        PRIVATE.replacen("family = \"user\"", "family = \"x\"", 1).replacen("family = \"mail\"", "family = \"y\"", 1);
    let PackErrors(errors) = Pack::parse(&text, "my-pack.toml").unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].line < errors[1].line);
    assert!(errors[0].to_string().starts_with("my-pack.toml:"), "{}", errors[0]);
}

#[test]
fn what_differs_is_said_field_by_field() {
    let before = Pack::parse(PRIVATE, "a").unwrap();
    let changed = PRIVATE.replacen("validity = { days = 397 }", "validity = { days = 200 }", 1).replacen(
        "[profile.mail]",
        "[profile.post]",
        1,
    );
    let after = Pack::parse(&changed, "b").unwrap();
    let differences = before.differences(&after);
    let days = differences.iter().find(|one| one.of == "profile web-server").unwrap();
    assert_eq!(
        (days.field.as_str(), days.before.as_deref(), days.after.as_deref()),
        ("validity", Some("397 days"), Some("200 days"))
    );
    assert!(differences.iter().any(|one| one.of == "profile mail" && one.after.is_none()));
    assert!(differences.iter().any(|one| one.of == "profile post" && one.before.is_none()));
}

#[test]
fn what_is_new_is_said_as_a_whole_and_field_by_field() {
    let before = Pack::parse(PRIVATE, "a").unwrap();
    let added = PRIVATE.replacen(
        "[profile.code-signing]",
        "[profile.post]\nextends = \"mail\"\ntitle = { ja = \"手紙\", en = \"Letter\" }\n\n[profile.code-signing]",
        1,
    );
    let said = before.differences(&Pack::parse(&added, "b").unwrap());
    assert!(said.iter().all(|one| one.of == "profile post" && one.before.is_none()));
    assert_eq!((said[0].field.as_str(), said[0].after.as_deref()), ("", Some("")));
    assert!(said.iter().any(|one| one.field == "extKeyUsage" && one.after.as_deref() == Some("emailProtection")));
    // A field that only the second has.
    let scheduled =
        PRIVATE.replacen("validity = { days = 397 }", "validity = { days = 397 }\nscheduled-start = true", 1);
    let said = before.differences(&Pack::parse(&scheduled, "b").unwrap());
    let web = said.iter().find(|one| one.of == "profile web-server").unwrap();
    assert_eq!(
        (web.field.as_str(), web.before.as_deref(), web.after.as_deref()),
        ("scheduled start", None, Some("yes"))
    );
}

#[test]
fn the_order_of_a_pack_is_part_of_it() {
    let before = Pack::parse(PRIVATE, "a").unwrap();
    let table = |name: &str, number: u8| {
        format!("[policy.{name}]\noid = \"1.3.6.1.4.1.32473.2.{number}\"\ncps = \"http://www.lgpki.example/cps\"\n")
    };
    let (user, encryption) = (table("user", 2), table("encryption", 3));
    let (old, new) = (format!("{user}\n{encryption}"), format!("{encryption}\n{user}"));
    assert!(PRIVATE.contains(&old));
    let swapped = PRIVATE.replacen(&old, &new, 1);
    let said = before.differences(&Pack::parse(&swapped, "b").unwrap());
    assert_eq!(said.iter().map(|one| (one.of.as_str(), one.field.as_str())).collect::<Vec<_>>(), [("pack", "order")]);
}

#[test]
fn what_stands_twice_or_not_at_all_where_something_belongs_is_refused() {
    let sources = |list: &str| format!("key-sources = {list}");
    let old = "key-sources = [\"holder\"]";
    refused(PRIVATE, (old, &sources("[]")), "[]", "holder, centre or both");
    refused(PRIVATE, (old, &sources("[\"holder\", \"holder\"]")), "\"holder\", \"holder\"", "stands twice");
    refused(
        PRIVATE,
        (
            "issuers = [\"application-ca\"]\nkeys = [\"p256\", \"p384\", \"rsa3072\", \"rsa2048\"]",
            "issuers = [\"application-ca\", \"application-ca\"]\nkeys = [\"p256\"]",
        ),
        "[\"application-ca\", \"application-ca\"]",
        "stands twice",
    );
    refused(
        PRIVATE,
        ("policies = [\"job-role\"]\npolicy-qualifiers", "policies = []\npolicy-qualifiers"),
        "job-role]\nextends",
        "cannot be critical where there are none",
    );
}

#[test]
fn packs_together_name_each_thing_once() {
    let packs = Packs::shipped().unwrap();
    assert_eq!(packs.profile_named("va").unwrap().0.name.as_str(), "bridge-gpki");
    assert!(packs.requested().all(|profile| profile.subject.is_some()));
    let twice = |second: &str| {
        let pack = |text: &str| Pack::parse(text, "p").unwrap();
        Packs::new(vec![pack(PRIVATE), pack(second)]).unwrap_err()
    };
    assert!(matches!(twice(PRIVATE), PacksError::Pack(_)));
    let renamed = PRIVATE.replacen("name = \"lgwan-private\"", "name = \"other\"", 1);
    assert!(matches!(twice(&renamed), PacksError::Profile { .. }));
    assert_eq!(Packs::new(Vec::new()).unwrap_err(), PacksError::None);
}

#[test]
fn what_nobody_would_believe_is_refused() {
    let bridge = |change: (&str, &str), place: &str, reason: &str| refused(BRIDGE, change, place, reason);
    let private = |change: (&str, &str), place: &str, reason: &str| refused(PRIVATE, change, place, reason);
    private(("CN=Sample Application CA", "CN=SAMPLE ROOT ca"), "application-ca]\ntitle", "has the name of root");
    let fewer = ("policies = [\"web-server\", \"mail\", ", "policies = [\"web-server\", ");
    private(fewer, "mail]\nextends = \"application", "the policy mail is none of application-ca");
    private(
        ("rsa-up-to = 2048\nlives-until = 2030-12-31", "rsa-up-to = 2048\nlives-until = 2020-12-31"),
        "root]\ntitle",
        "rsa2048 keys may not be used",
    );
    private(("signature = \"sha1\"", "signature = \"sha384\""), "root]\ntitle", "p384 keys sign over sha384");
    private(
        ("extended-key-usage = [\"codeSigning\"]", "extended-key-usage = [\"documentSigning\"]"),
        "code-signing]\nextends",
        "are for codeSigning",
    );
    private(
        ("[\"digitalSignature\", \"nonRepudiation\"]", "[\"digitalSignature\"]"),
        "job-role]\nextends",
        "need one of the key usages nonRepudiation",
    );
    private(
        ("validity = { days = 90 }", "validity = { years = 10 }"),
        "ocsp-responder-sub]\nfamily",
        "lives for a year at most",
    );
    private(
        (
            "\"O={organisation-en}\", \"CN={server-name}\"]\nalternative-names = { dns = { least = 1",
            "\"O={organisation}\", \"CN={server-name}\"]\nalternative-names = { dns = { least = 1",
        ),
        "web-server]\nextends",
        "is Japanese",
    );
    private(("oid = \"1.3.6.1.4.1.32473.2.2\"", "oid = \"2.5.29.32.0\""), "user]\nextends", "anyPolicy is for CAs");
    private(
        ("title = { ja = \"メール証明書\", en = \"Mail certificate\" }", "title = { ja = \" \", en = \"Mail\" }"),
        "mail]\nextends = \"application",
        "a title or about text is empty",
    );
    private(
        (
            "ja = \"メール証明書\", en = \"Mail certificate\"",
            "ja = \"コード署名証明書\", en = \"Code-signing certificate\"",
        ),
        "code-signing]\nextends",
        "has the title of mail",
    );
    private(
        ("issuers = [\"root\"]\nvalidity", "issuers = [\"root\"]\npath-length = 0\nvalidity"),
        "application-ca]\ntitle",
        "allows no fewer CAs",
    );
    bridge(
        (
            "critical = { certificate-policies = true }",
            "critical = { certificate-policies = true, extended-key-usage = true }",
        ),
        "cross-gpki]\nextends",
        "cannot be critical where there is none",
    );
    bridge(
        (
            "validity = { years = 10, boundary = \"jst-day\" }\nalternative",
            "validity = { years = 10, boundary = \"jst-day\" }\nname-constraints = { permitted = [{ dns = \"lg.jp\" }] }\nalternative",
        ),
        "bridge-ca]\nextends",
        "are for cross-certificates",
    );
    assert!(
        !complaints(
            "[pack]\nname = \"a\"\nversion = \"1\"\ntitle = { ja = \"あ\", en = \"a\" }\neffective-from = 2026-04-01\n",
            "1",
            "1"
        )
        .is_empty()
    );
}
