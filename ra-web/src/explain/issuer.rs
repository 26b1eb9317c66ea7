//! だれが保証しているか: the issuer, its rules, and for CAs how far the trust put into them reaches.

use ca_core::certificate::Extensions;

use super::kind::Kind;
use super::{Question, names};
use crate::locale::{Message, Words};
use ca_core::profile::Family;

/// anyPolicy (RFC 5280 §4.2.1.4).
const ANY_POLICY: &str = "2.5.29.32.0";

pub(super) fn sentences(question: &Question<'_>, words: &Words) -> Vec<Message> {
    let (kind, extensions) = (question.kind(), question.certificate.extensions());
    let name = names::called(words, names::issuer(words, question.certificate));
    let mut said = match kind {
        Kind::Of(Family::Root) => vec![Message::new("explain-issuer-self"), Message::new("explain-issuer-self-trust")],
        kind if kind.is_self_issued() => vec![Message::new("explain-issuer-same")],
        _ => vec![Message::new("explain-issuer-name").with("name", name)],
    };
    if kind.is_authority() {
        said.push(below(extensions.path_length));
        said.extend(limits_of_names(extensions, words));
    }
    said.extend(policies(extensions, words));
    if kind.is_authority() {
        said.extend(limits_of_policies(extensions));
    }
    if !extensions.practice_statements.is_empty() {
        let places = names::list(words, &extensions.practice_statements);
        said.push(Message::new("explain-practice").with("places", places));
    }
    said
}

/// pathLenConstraint (RFC 5280 §4.2.1.9) in words.
fn below(path_length: Option<u32>) -> Message {
    match path_length {
        None => Message::new("explain-below-unlimited"),
        Some(0) => Message::new("explain-below-none"),
        Some(levels) => Message::new("explain-below-levels").with("levels", levels),
    }
}

fn limits_of_names(extensions: &Extensions, words: &Words) -> Vec<Message> {
    let (limits, mut said) = (&extensions.name_constraints, Vec::new());
    for (key, bases) in [("explain-names-permitted", &limits.permitted), ("explain-names-excluded", &limits.excluded)] {
        if !bases.is_empty() {
            let bases: Vec<String> = bases.iter().map(|base| names::subtree(words, base)).collect();
            said.push(Message::new(key).with("names", names::list(words, &bases)));
        }
    }
    if extensions.constrains_other_names {
        said.push(Message::new("explain-names-others"));
    }
    said
}

fn policies(extensions: &Extensions, words: &Words) -> Vec<Message> {
    let mut said = Vec::new();
    let (any, named): (Vec<String>, Vec<String>) =
        extensions.policies.iter().cloned().partition(|policy| policy == ANY_POLICY);
    if !named.is_empty() {
        said.push(Message::new("explain-policies").with("numbers", names::list(words, &named)));
    }
    if !any.is_empty() {
        said.push(Message::new("explain-policies-any"));
    }
    if extensions.policies_critical && !extensions.policies.is_empty() {
        said.push(Message::new("explain-policies-critical"));
    }
    said
}

/// What the issuer makes of the other domain's policies (RFC 5280 §4.2.1.5, §4.2.1.11, §4.2.1.14). A skip of 0 begins at once.
fn limits_of_policies(extensions: &Extensions) -> Vec<Message> {
    let mappings = extensions.policy_mappings.iter().take(5).map(|(ours, theirs)| {
        Message::new("explain-mapping").with("ours", names::plain(ours)).with("theirs", names::plain(theirs))
    });
    let skips = [
        (extensions.require_explicit_policy, "explain-explicit-now", "explain-explicit-later"),
        (extensions.inhibit_policy_mapping, "explain-inhibit-mapping-now", "explain-inhibit-mapping-later"),
        (extensions.inhibit_any_policy, "explain-inhibit-any-now", "explain-inhibit-any-later"),
    ];
    let skips = skips.into_iter().filter_map(|(skip, now, later)| match skip {
        None => None,
        Some(0) => Some(Message::new(now)),
        Some(levels) => Some(Message::new(later).with("levels", levels)),
    });
    mappings.chain(skips).collect()
}
