//! だれのものか: the post, person, server, address or authority the certificate names.

use ca_core::name::Attribute;
use ca_core::profile::Family;

use super::kind::Kind;
use super::{Question, names};
use crate::locale::{Language, Message, Words};

pub(super) fn sentences(question: &Question<'_>, words: &Words) -> Vec<Message> {
    let extensions = question.certificate.extensions();
    let mut said = first(question, words);
    if !extensions.dns_names.is_empty() {
        said.push(Message::new("explain-whose-names").with("names", names::list(words, &extensions.dns_names)));
    }
    if !extensions.emails.is_empty() {
        said.push(Message::new("explain-whose-addresses").with("names", names::list(words, &extensions.emails)));
    }
    if let Some(japanese) = extensions.directory_names.first() {
        // Programs show the subject; in Japanese the sentences above have the other name.
        let other = match words.language() {
            Language::Japanese => question.certificate.subject(),
            Language::English => japanese,
        };
        said.push(Message::new("explain-whose-also").with("name", names::whole(other)));
    }
    said
}

fn first(question: &Question<'_>, words: &Words) -> Vec<Message> {
    let name = names::holder(words, question.certificate);
    let (place, common_name) = (names::place(words, name), names::last(name, Attribute::CommonName));
    let called = |key| vec![Message::new(key).with("name", names::called(words, name))];
    // The register's name is Japanese; the certificate's own is English where the family has no Japanese one.
    let registered = question.organisation.filter(|_| words.language() == Language::Japanese).map(names::plain);
    let of = |key, unnamed| match registered.or_else(|| names::organisation(name)) {
        Some(organisation) => vec![Message::new(key).with("organisation", organisation)],
        None => vec![Message::new(unnamed)],
    };
    match (question.kind(), place, common_name) {
        (Kind::Of(Family::JobRole), Some(place), Some(post)) => vec![
            Message::new("explain-whose-post").with("place", place).with("post", post),
            Message::new("explain-whose-post-only"),
        ],
        (Kind::Of(Family::User), Some(place), Some(person)) => {
            let number = names::last(name, Attribute::SerialNumber)
                .or_else(|| names::last(question.certificate.subject(), Attribute::SerialNumber));
            let number = number.map(|number| Message::new("explain-whose-number").with("number", number));
            let person = Message::new("explain-whose-person").with("place", place).with("person", person);
            [person].into_iter().chain(number).collect()
        }
        (Kind::Of(Family::WebServer | Family::PlatformServer), ..) => {
            of("explain-whose-server", "explain-whose-server-unnamed")
        }
        (Kind::Of(Family::Mail), _, common_name) => {
            let address = of("explain-whose-mail", "explain-whose-mail-unnamed");
            address
                .into_iter()
                .chain(common_name.map(|name| Message::new("explain-whose-called").with("name", name)))
                .collect()
        }
        (Kind::Of(Family::CodeSigning), ..) => of("explain-whose-code", "explain-whose-code-unnamed"),
        (Kind::Of(Family::OcspResponder), ..) => called("explain-whose-responder"),
        (Kind::Of(Family::ValidationAuthority), ..) => called("explain-whose-validation"),
        (Kind::Of(Family::Cross), ..) => called("explain-whose-other-authority"),
        (kind, ..) if kind.is_authority() => called("explain-whose-authority"),
        (_, Some(place), Some(name)) => {
            vec![Message::new("explain-whose-holder").with("place", place).with("name", name)]
        }
        _ if name.is_empty() => vec![Message::new("explain-whose-nobody")],
        (_, None, Some(name)) => vec![Message::new("explain-whose-name").with("name", name)],
        _ => vec![Message::new("explain-whose-name").with("name", names::whole(name))],
    }
}
