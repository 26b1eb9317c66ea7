//! What packs say of authorities, and what they are refused for.

use super::*;

#[test]
fn an_authority_may_ask_for_custodians_and_never_for_one_alone() {
    let with = |rule: &str| format!("[authority.application-ca]\nactivation = {rule}");
    let good = with("{ custodians = { least = 2, of = 4 }, on-restart = \"keep\" }");
    let pack = Pack::parse(&PRIVATE.replace("[authority.application-ca]", &good), "p.toml").unwrap();
    let rule = |id: &str| pack.authority(&AuthorityId::parse(id).unwrap()).unwrap().activation;
    assert_eq!(rule("application-ca"), Some(ActivationRule { least: 2, of: 4, on_restart: OnRestart::Keep }));
    assert_eq!(rule("organisation-ca"), None);
    let of = |custodians: &str| with(&format!("{{ custodians = {custodians}, on-restart = \"deactivate\" }}"));
    for (custodians, reason) in [
        ("{ least = 1, of = 3 }", "at least two custodians must come together"),
        ("{ least = 3, of = 2 }", "3 of 2 custodians: there must be 3 to 16"),
        ("{ least = 3, of = 17 }", "3 of 17 custodians"),
    ] {
        refused(PRIVATE, ("[authority.application-ca]", &of(custodians)), custodians, reason);
    }
    let word = with("{ custodians = { least = 2, of = 4 }, on-restart = \"forget\" }");
    refused(PRIVATE, ("[authority.application-ca]", &word), "\"forget\"", "there are: deactivate, keep");
}

#[test]
fn contradictions_of_authorities_are_refused() {
    refused(PRIVATE, ("issuer = \"root\"", "issuer = \"nobody\""), "application-ca]\ntitle", "no [authority.nobody]");
    refused(
        PRIVATE,
        ("profile = \"root-ca\"", "profile = \"web-server\""),
        "root]\ntitle",
        "certificate of family web-server",
    );
    let responder = ("responder = \"ocsp-responder-sub\"", "responder = \"ocsp-responder-root\"");
    refused(
        PRIVATE,
        responder,
        "application-ca]\ntitle",
        "is no profile of OCSP responders that application-ca issues",
    );
    refused(PRIVATE, ("refresh-before = \"48h\"", "refresh-before = \"72h\""), "\"72h\"", "shorter than validity");
    let below = ("issuers = [\"root\"]\npath-length = 0", "issuers = [\"application-ca\"]\npath-length = 0");
    refused(PRIVATE, below, "subordinate-ca]\nextends", "a CA under application-ca, whose path length is 0");
    let unnamed = ("issuers = [\"organisation-ca\"]\nkeys", "issuers = [\"application-ca\"]\nkeys");
    refused(PRIVATE, unnamed, "job-role]\nextends", "repeats the alternative name of application-ca, which has none");
}

#[test]
fn an_authority_of_rsa_keys_may_sign_with_pss_and_no_other() {
    let keys = (
        "keys = [\"p256\", \"p384\", \"rsa4096\", \"rsa3072\", \"rsa2048\"]\ncrl = { validity = \"72h\"",
        |keys: &str, signature: &str| {
            format!("keys = [{keys}]\nsignature = \"{signature}\"\ncrl = {{ validity = \"72h\"")
        },
    );
    let text = PRIVATE.replacen(keys.0, &keys.1("\"rsa3072\", \"rsa4096\"", "rsa-pss"), 1);
    let pack = Pack::parse(&text, "test.toml").unwrap();
    let rule = pack.authority(&AuthorityId::parse("application-ca").unwrap()).unwrap();
    assert_eq!(rule.signature_algorithm(KeyAlgorithm::Rsa3072), SignatureAlgorithm::RsaPssSha256);
    assert_eq!(rule.signature_algorithm(KeyAlgorithm::Rsa4096), SignatureAlgorithm::RsaPssSha384);
    let before = Pack::parse(PRIVATE, "test.toml").unwrap();
    assert!(
        before.differences(&pack).iter().any(|one| one.field == "signature" && one.after.as_deref() == Some("rsa-pss"))
    );
    let curve = keys.1("\"p256\"", "rsa-pss");
    refused(PRIVATE, (keys.0, &curve), "\"rsa-pss\"", "a key p256 does not sign with rsa-pss");
    let unknown = keys.1("\"rsa3072\"", "rsa-sha1");
    refused(PRIVATE, (keys.0, &unknown), "\"rsa-sha1\"", "`rsa-sha1` is no signature; there are: rsa-pkcs1, rsa-pss");
}

#[test]
fn an_authority_has_a_root_above_it_and_can_sign_its_crls() {
    let circle = ("issuer = \"root\"", "issuer = \"application-ca\"");
    refused(PRIVATE, circle, "application-ca]\ntitle", "the issuers above application-ca lead back to it");
    let alone = ("key-usage = [\"keyCertSign\", \"cRLSign\"]", "key-usage = [\"keyCertSign\"]");
    refused(PRIVATE, alone, "root]\ntitle", "root with a key p384 could not sign its CRLs");
}

#[test]
fn limits_of_other_domains_are_for_cas_and_never_empty() {
    let on_va =
        ("extended-key-usage = [\"scvpServer\"]", "extended-key-usage = [\"scvpServer\"]\ninhibit-any-policy = 0");
    refused(BRIDGE, on_va, "va]\nfamily", "for CAs only");
    let empty =
        ("policy-constraints = { require-explicit-policy = 0, inhibit-policy-mapping = 0 }", "policy-constraints = {}");
    refused(BRIDGE, empty, "{}", "an empty policyConstraints");
    let not_ours = ("ours = \"bridge\", theirs = \"government\"", "ours = \"government\", theirs = \"bridge\"");
    refused(BRIDGE, not_ours, "cross-gpki]\nextends", "is mapped, but is no policy of the profile");
    let any = ("oid = \"1.3.6.1.4.1.32473.9.1\"", "oid = \"2.5.29.32.0\"");
    refused(BRIDGE, any, "cross-gpki]\nextends", "anyPolicy cannot be mapped");
}
