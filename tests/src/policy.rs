//! The shipped policy, for tests in which one authority issues everything.
#![expect(clippy::expect_used, reason = "a harness: what fails here is a failed test, and says why")]

use ca_core::id::AuthorityId;
use ca_core::name::DistinguishedName;
use ca_core::profile::{Field, Fields, Pack, Profile};
use std::path::Path;
use std::sync::Arc;

/// The pack `lgwan-private`, each profile of which these authorities issue too.
pub fn pack(issuers: &[&str]) -> Pack {
    let pack = Pack::shipped("lgwan-private").expect("a shipped pack").expect("in order");
    issuers.iter().fold(pack, |pack, id| pack.also_issued_by(&AuthorityId::parse(id).expect("an id")))
}

/// The text of that pack, with more in the `crl = { … }` of the authorities that issue to holders: `suspension = true`.
pub fn pack_listing(more: &str) -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ca-core/packs/lgwan-private.toml");
    let (text, plain) = (std::fs::read_to_string(shipped).expect("a pack"), "refresh-before = \"48h\" }");
    assert!(text.contains(plain), "the shipped pack says otherwise now");
    text.replace(plain, &format!("refresh-before = \"48h\", {more} }}"))
}

/// One of its profiles.
pub fn profile(name: &str) -> Arc<Profile> {
    Arc::clone(pack(&[]).profile_named(name).expect("a profile"))
}

/// The subject of a web server of the town of Shirakaba.
pub fn server_subject(host: &str) -> DistinguishedName {
    let fields = Fields::default().with(Field::OrganisationEn, "Shirakaba Town").with(Field::ServerName, host);
    profile("web-server").subject.as_ref().expect("a template").fill(&fields).expect("a name")
}
