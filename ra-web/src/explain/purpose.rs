//! 何に使うか: what the family is for and not for; for other kinds what the usages say; and what the certificate's notices tell.

use ca_core::oid::ObjectId;
use ca_core::profile::{Family, purpose_word};

use super::kind::{DIGITAL_SIGNATURE, ENCRYPTION, Kind};
use super::{Question, names};
use crate::locale::{Language, Message, Words};

/// Usages in the order of keyUsage's bits, bit 0 highest.
const USAGES: [&str; 7] = [
    "explain-usage-signature",
    "explain-usage-commitment",
    "explain-usage-keys",
    "explain-usage-data",
    "explain-usage-agreement",
    "explain-usage-certificates",
    "explain-usage-lists",
];

/// Returns a purpose's word, such as serverAuth; its dotted form where it has none.
pub(super) fn word(dotted: &str) -> String {
    ObjectId::parse(dotted).map_or_else(|_| dotted.to_owned(), |purpose| purpose_word(&purpose))
}

pub(super) fn sentences(question: &Question<'_>, words: &Words) -> Vec<Message> {
    let (kind, extensions) = (question.kind(), question.certificate.extensions());
    let title = match (question.profile, words.language()) {
        (Some(profile), Language::Japanese) => profile.title.ja.clone(),
        (Some(profile), Language::English) => profile.title.en.clone(),
        (None, _) => words.t(kind.title()),
    };
    let mut said = vec![Message::new("explain-is").with("title", names::plain(&title))];
    said.extend(family(kind).iter().copied().map(Message::new));
    let usage = extensions.key_usage;
    if kind == Kind::Of(Family::Mail) {
        // Others' mail certificates may do one of the two; without keyUsage they may do both (RFC 5280 §4.2.1.3).
        let may = |bits: u16| usage.is_none_or(|usage| usage & bits != 0);
        said.extend(may(DIGITAL_SIGNATURE).then(|| Message::new("explain-mail-sign")));
        said.extend(may(ENCRYPTION).then(|| Message::new("explain-mail-encrypt")));
        said.push(Message::new("explain-mail-not"));
    }
    let also_client = extensions.extended_key_usage.iter().any(|found| word(found) == "clientAuth");
    if kind == Kind::Of(Family::WebServer) && also_client {
        said.push(Message::new("explain-server-client"));
    }
    if matches!(kind, Kind::Other) {
        said.push(usages(question, words));
    }
    let notices = extensions.notices.iter().take(3);
    said.extend(notices.map(|notice| Message::new("explain-notice").with("text", names::plain(notice))));
    said
}

fn family(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Of(Family::JobRole) => &["explain-job-role-sign", "explain-sign-receiver", "explain-job-role-not"],
        Kind::Of(Family::User) => &["explain-user-show", "explain-user-not"],
        Kind::Of(Family::Encryption) => &["explain-encryption-read", "explain-encryption-not"],
        Kind::Of(Family::WebServer) => &["explain-server-genuine", "explain-server-names", "explain-server-not"],
        Kind::Of(Family::PlatformServer) => {
            &["explain-platform-genuine", "explain-server-names", "explain-platform-not"]
        }
        Kind::Of(Family::Mail) => &[],
        Kind::Of(Family::CodeSigning) => &["explain-code-sign", "explain-code-not"],
        Kind::Of(Family::OcspResponder) => &["explain-responder-sign", "explain-service-not"],
        Kind::Of(Family::ValidationAuthority) => &["explain-validation-sign", "explain-service-not"],
        Kind::Of(Family::Root) => &["explain-root-begin", "explain-authority-only"],
        Kind::Of(Family::Subordinate) => &["explain-subordinate-issue", "explain-authority-only"],
        Kind::Of(Family::OldWithNew) => &["explain-link-why", "explain-old-with-new", "explain-authority-only"],
        Kind::Of(Family::NewWithOld) => &["explain-link-why", "explain-new-with-old", "explain-authority-only"],
        Kind::Of(Family::Cross) => &["explain-cross-recognise", "explain-cross-reach", "explain-authority-only"],
        Kind::Link => &["explain-link-why", "explain-link-either", "explain-authority-only"],
        Kind::Signing => &["explain-signing-sign", "explain-sign-receiver"],
        Kind::TimeStamping => &["explain-time-sign", "explain-service-not"],
        Kind::Other => &[],
    }
}

/// What keyUsage and extKeyUsage say, each in words.
fn usages(question: &Question<'_>, words: &Words) -> Message {
    let extensions = question.certificate.extensions();
    let bits = extensions.key_usage.unwrap_or(0);
    let set = USAGES.iter().enumerate().filter(|(bit, _)| bits & (DIGITAL_SIGNATURE >> bit) != 0);
    let mut uses: Vec<String> = set.map(|(_, key)| words.t(key)).collect();
    uses.extend(extensions.extended_key_usage.iter().map(|purpose| match word(purpose).as_str() {
        "clientAuth" => words.t("explain-usage-client"),
        "emailProtection" => words.t("explain-usage-mail"),
        other => words.t1("explain-usage-numbered", "number", other),
    }));
    match uses.as_slice() {
        [] => Message::new("explain-usage-unsaid"),
        uses => Message::new("explain-usage-said").with("uses", names::list(words, uses)),
    }
}
