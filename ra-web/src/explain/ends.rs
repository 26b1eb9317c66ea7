//! 使えなくなるとき: what makes the certificate invalid before its end, and where that is made known.

use ca_core::profile::Family;

use super::kind::Kind;
use super::period::has_no_end;
use super::{Question, names};
use crate::locale::{Message, Words};

pub(super) fn sentences(question: &Question<'_>, words: &Words) -> Vec<Message> {
    let kind = question.kind();
    let mut said = Vec::new();
    if !has_no_end(question.certificate.validity().not_after) {
        said.push(Message::new("explain-ends-period"));
    }
    said.extend(reasons(kind).iter().copied().map(Message::new));
    // What other CAs do then is theirs to say.
    if kind.is_requested() && question.profile.is_some() {
        said.push(Message::new("explain-ends-replaced"));
    }
    if kind != Kind::Of(Family::Root) {
        said.push(Message::new("explain-ends-issuer"));
    }
    said.extend(status(question, words));
    said
}

fn reasons(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Of(Family::JobRole | Family::Encryption) => &["explain-ends-key", "explain-ends-post"],
        Kind::Of(Family::User) => &["explain-ends-key", "explain-ends-person"],
        Kind::Of(Family::WebServer | Family::PlatformServer) => &["explain-ends-server-key", "explain-ends-server"],
        Kind::Of(Family::Mail) => &["explain-ends-key", "explain-ends-address"],
        Kind::Of(Family::CodeSigning) => &["explain-ends-key", "explain-ends-code", "explain-ends-organisation"],
        Kind::Of(Family::OcspResponder) => &["explain-ends-responder-key"],
        Kind::Of(Family::ValidationAuthority) | Kind::TimeStamping => &["explain-ends-server-key"],
        Kind::Of(Family::Root) => &["explain-ends-root"],
        Kind::Of(Family::Subordinate) => &["explain-ends-authority"],
        Kind::Of(Family::OldWithNew | Family::NewWithOld) | Kind::Link => &["explain-ends-link"],
        Kind::Of(Family::Cross) => &["explain-ends-cross", "explain-ends-authority"],
        Kind::Signing | Kind::Other => &["explain-ends-key"],
    }
}

/// Where the status is found: lists, their directory, responders.
fn status(question: &Question<'_>, words: &Words) -> Vec<Message> {
    let extensions = question.certificate.extensions();
    if extensions.ocsp_nocheck {
        return vec![Message::new("explain-status-nocheck")];
    }
    let mut said = Vec::new();
    if !extensions.crl_uris.is_empty() {
        let places = names::list(words, &extensions.crl_uris);
        said.push(Message::new("explain-status-crl").with("places", places));
    }
    if !extensions.crl_directories.is_empty() {
        let entries = names::quoted(words, extensions.crl_directories.iter().map(ToString::to_string));
        said.push(Message::new("explain-status-directory").with("entries", entries));
    }
    if !extensions.ocsp_uris.is_empty() {
        let places = names::list(words, &extensions.ocsp_uris);
        said.push(Message::new("explain-status-ocsp").with("places", places));
    }
    match (said.is_empty(), question.kind()) {
        (true, Kind::Of(Family::Root)) => vec![Message::new("explain-status-root")],
        (true, _) => vec![Message::new("explain-status-none")],
        (false, _) => said,
    }
}
