//! `/ca`: the authorities' certificates and revocation lists, for everybody.

use askama::Template;
use axum::response::Response;
use ca_core::certificate::Certificate;
use ca_core::issue::Standing;
use ca_core::revocation::{ListId, ListKind, ListScope};
use ca_core::time::Timestamp;
use store::authorities::{AuthorityKind, LinkRow};
use store::crls::CrlHead;

use crate::auth::Visitor;
use crate::desk::authorities::{self, AuthorityView};
use crate::error::Refusal;
use crate::locale::{Language, Words};
use crate::pages::{self, Base, dates, hexadecimal};
use crate::urls;

struct CrlView {
    href: String,
    number: i64,
    this_update: String,
    next_update: String,
    overdue: bool,
    name_key: &'static str,
    /// How many there are of its kind, where only the one that ends first is shown.
    shards: Option<String>,
}

struct CaView {
    id: String,
    name: String,
    use_key: &'static str,
    subject: String,
    period: String,
    fingerprint: String,
    pem: String,
    der: String,
    p7b: String,
    crls: Vec<CrlView>,
    standing_key: Option<&'static str>,
    activation: Option<ActivationView>,
    issues_from: String,
    links: Vec<LinkView>,
}

struct ActivationView {
    state_key: &'static str,
    since: String,
}

struct LinkView {
    href: String,
    by: String,
}

#[derive(Template)]
#[template(path = "ca.html")]
struct CaPage {
    base: Base,
    authorities: Vec<CaView>,
}

/// Draws the page.
pub async fn show(visitor: Visitor) -> Result<Response, Refusal> {
    let words = visitor.words();
    let now = visitor.ra.now();
    let found = authorities::list(visitor.ra.store(), now).await?;
    let base_url = visitor.ra.settings().repository_url.as_str().trim_end_matches('/').to_owned();
    let authorities = found.into_iter().map(|authority| view(&words, &base_url, authority, now)).collect();
    pages::page(&CaPage { base: visitor.base()?, authorities })
}

fn view(words: &Words, repository: &str, authority: AuthorityView, now: Timestamp) -> CaView {
    let AuthorityView { row, certificate, crls, standing, links, activation } = authority;
    let id = row.authority_id.to_string();
    let shards = crls.iter().filter(|crl| matches!(crl.list.scope, ListScope::Shard(_))).count();
    let crls = shown(&crls).map(|crl| CrlView {
        href: urls::published_crl(repository, &row.authority_id, crl.list),
        name_key: name_key(crl.list),
        shards: matches!(crl.list.scope, ListScope::Shard(_))
            .then(|| words.t1("ca-crl-shards", "count", &shards.to_string())),
        number: crl.number,
        this_update: dates::moment(words, crl.this_update),
        next_update: dates::moment(words, crl.next_update),
        overdue: crl.next_update < now,
    });
    let crls = crls.collect();
    CaView {
        name: match words.language() {
            Language::Japanese => row.name_ja,
            Language::English => row.name_en,
        },
        use_key: match row.kind {
            AuthorityKind::Root => "ca-use-root",
            AuthorityKind::Issuing => "ca-use-issuing",
        },
        subject: certificate.subject().to_string(),
        period: period(words, &certificate),
        fingerprint: hexadecimal::grouped(&certificate.fingerprint()),
        pem: urls::published_certificate(repository, &row.authority_id, "pem"),
        der: urls::published_certificate(repository, &row.authority_id, "cer"),
        p7b: urls::published_certificate(repository, &row.authority_id, "p7c"),
        crls,
        standing_key: standing.map(|standing| match standing {
            Standing::Waiting => "ca-standing-waiting",
            Standing::Issuing => "ca-standing-issuing",
            Standing::Retired => "ca-standing-retired",
        }),
        activation: activation.map(|activation| ActivationView {
            state_key: if activation.active { "ca-activation-active" } else { "ca-activation-rests" },
            since: dates::moment(words, activation.changed_at),
        }),
        issues_from: dates::moment(words, row.generation.issues_from),
        links: links.into_iter().map(|link| link_view(repository, &link)).collect(),
        id,
    }
}

fn link_view(repository: &str, link: &LinkRow) -> LinkView {
    LinkView {
        href: urls::published_link(repository, &link.subject_id, &link.authority_id),
        by: link.authority_id.to_string(),
    }
}

fn period(words: &Words, certificate: &Certificate) -> String {
    let validity = certificate.validity();
    let message = crate::desk::message::Message::new("certificate-until-value")
        .with("from", dates::day(words, validity.not_before))
        .with("until", dates::day(words, validity.not_after));
    words.say(&message)
}

/// The lists people are shown: each, but of partitions only the one that ends first.
fn shown(crls: &[CrlHead]) -> impl Iterator<Item = &CrlHead> {
    let is_shard = |crl: &&CrlHead| matches!(crl.list.scope, ListScope::Shard(_));
    let first = crls.iter().filter(is_shard).min_by_key(|crl| crl.next_update);
    crls.iter().filter(move |crl| !is_shard(crl)).chain(first)
}

const fn name_key(list: ListId) -> &'static str {
    match (list.kind, list.scope) {
        (ListKind::Delta, _) => "ca-crl-delta",
        (ListKind::Complete, ListScope::Full) => "ca-crl-full",
        (ListKind::Complete, ListScope::Authorities) => "ca-crl-authorities",
        (ListKind::Complete, ListScope::EndEntities) => "ca-crl-end-entities",
        (ListKind::Complete, ListScope::Shard(_)) => "ca-crl-shard",
    }
}
