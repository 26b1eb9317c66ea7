//! `/certificates/{authority}/{serial}`: one certificate, plain language first, then its fields, then PEM; and its files.

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use ca_core::id::AuthorityId;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use serde::Deserialize;

use crate::auth::Officer;
use crate::auth::role::{Capability, SeeCertificates};
use crate::desk::Desk;
use crate::desk::certificates::{self, CertificateView, Download, DownloadForm, Standing};
use crate::desk::diagnosis::key_label;
use crate::desk::era::CivilDate;
use crate::desk::named;
use crate::desk::revocations;
use crate::desk::suspensions::{self, Suspension};
use crate::error::Refusal;
use crate::explain::{self, Origin, Paragraph, Question};
use crate::locale::{Language, Words};
use crate::pages::campaigns::{self, Notice};
use crate::pages::{self, Base, dates, hexadecimal};
use crate::urls;

use super::{state_key, tone};

/// The query of the page.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    done: String,
}

/// A file to take.
struct FileLink {
    href: String,
    label: &'static str,
    hint: &'static str,
}

struct FieldLine {
    label: &'static str,
    value: String,
    mono: bool,
}

#[derive(Template)]
#[template(path = "certificates/certificate.html")]
struct CertificatePage {
    base: Base,
    done: Option<&'static str>,
    title: String,
    state: &'static str,
    tone: &'static str,
    notices: Vec<Notice>,
    state_sentence: String,
    reason: Option<String>,
    known_since: Option<String>,
    paragraphs: Vec<Paragraph>,
    request: Option<(String, String)>,
    fields: Vec<FieldLine>,
    pem: Option<String>,
    files: Vec<FileLink>,
    reach: Option<String>,
    suspension: Option<SuspensionLink>,
    revoke: Option<String>,
}

/// The way to the page that suspends, or lifts a suspension.
struct SuspensionLink {
    href: String,
    title: &'static str,
    lead: &'static str,
    label: &'static str,
}

/// Reads the two parts of a certificate's address.
pub(crate) fn address(authority: &str, serial: &str) -> Result<(AuthorityId, SerialNumber), Refusal> {
    let authority = AuthorityId::parse(authority).map_err(|_| Refusal::NotFound)?;
    let serial = SerialNumber::parse_hex(serial).map_err(|_| Refusal::NotFound)?;
    Ok((authority, serial))
}

/// Draws the page.
pub async fn show(
    officer: Officer<SeeCertificates>,
    Path((authority, serial)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let (authority, serial) = address(&authority, &serial)?;
    let desk = officer.desk();
    let view = certificates::show(&desk, &authority, &serial).await?;
    let words = officer.words();
    let standing = certificates::standing(&view.row, desk.now);
    let ours = view.row.organisation_id.as_ref() == Some(&officer.organisation.organisation_id);
    let answers = revocations::answers_for(&desk, &view.row) && officer.may(Capability::RevokeCertificates);
    let revocable = answers && matches!(standing, Standing::Valid | Standing::NotYet | Standing::Suspended);
    let possible = suspensions::possible(&desk, view.authority.as_ref(), standing);
    let name = (authority.clone(), serial.clone());
    let notices = if ours { campaigns::of_certificate(&officer, &name).await? } else { Vec::new() };
    pages::page(&CertificatePage {
        base: officer.base()?,
        notices,
        done: done(&asked.done),
        title: title(&words, &view),
        state: state_key(standing),
        tone: tone(standing),
        state_sentence: state_sentence(&words, &view, standing),
        reason: reason(&words, &view, standing),
        known_since: known_since(&words, &view),
        paragraphs: paragraphs(&desk, &words, &view),
        request: view.request.as_ref().map(|number| (urls::request(number), number.to_string())),
        fields: fields(&desk, &words, &view),
        pem: view.certificate.as_ref().map(ca_core::certificate::Certificate::to_pem),
        files: if view.certificate.is_some() { files(&authority, &serial) } else { Vec::new() },
        reach: view.row.revocation.as_ref().map(|_| urls::certificate_reach(&authority, &serial)),
        suspension: suspension_link(possible, urls::certificate_suspension(&authority, &serial)).filter(|_| answers),
        revoke: revocable.then(|| urls::certificate_revoke(&authority, &serial)),
    })
}

/// What was done a moment ago, by the word in the address.
fn done(word: &str) -> Option<&'static str> {
    match word {
        "revoked" => Some("revoke-done"),
        "suspended" => Some("suspension-done"),
        "lifted" => Some("suspension-lifted"),
        _ => None,
    }
}

fn suspension_link(possible: Suspension, href: String) -> Option<SuspensionLink> {
    let (title, lead, label) = match possible {
        Suspension::Offered => ("certificate-suspend-title", "certificate-suspend-lead", "certificate-suspend-link"),
        Suspension::Lasts => ("certificate-lift-title", "certificate-lift-lead", "certificate-lift-link"),
        Suspension::NotOffered | Suspension::Needless => return None,
    };
    Some(SuspensionLink { href, title, lead, label })
}

/// Hands out a file.
pub async fn download(
    officer: Officer<SeeCertificates>,
    Path((authority, serial, form)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let (authority, serial) = address(&authority, &serial)?;
    let form = DownloadForm::parse(&form).ok_or(Refusal::NotFound)?;
    let file = certificates::download(&officer.desk(), &authority, &serial, form).await?;
    attachment(file)
}

/// Returns the answer that a browser stores as a file.
pub(crate) fn attachment(file: Download) -> Result<Response, Refusal> {
    let disposition = HeaderValue::from_str(&disposition(&file)).map_err(Refusal::internal)?;
    let mut response = Body::from(file.content).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// Both names of a file (RFC 6266 §4.3, RFC 8187): ASCII for old programs, Japanese for the others.
fn disposition(file: &Download) -> String {
    let encoded: String = file
        .name
        .bytes()
        .map(|octet| match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => char::from(octet).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{}\"; filename*=UTF-8''{encoded}", file.ascii_name)
}

fn title(words: &Words, view: &CertificateView) -> String {
    if view.row.der.is_none() {
        return words.t("certificate-title-burnt");
    }
    let names = named::names(&view.row.names, &view.row.subject);
    words.t1("certificate-title", "name", names.first().map_or("", String::as_str))
}

fn state_sentence(words: &Words, view: &CertificateView, standing: Standing) -> String {
    let revoked_at = view.row.revocation.as_ref().map_or(view.row.recorded_at, |revocation| revocation.revoked_at);
    match standing {
        Standing::Valid => words.t("certificate-state-valid-sentence"),
        Standing::NotYet => words.t("certificate-state-not-yet-sentence"),
        Standing::Expired => words.t("certificate-state-expired-sentence"),
        Standing::Burnt => words.t("certificate-state-burnt-sentence"),
        Standing::Revoked => words.t1("certificate-state-revoked-sentence", "when", &dates::moment(words, revoked_at)),
        Standing::Suspended => {
            words.t1("certificate-state-suspended-sentence", "when", &dates::moment(words, revoked_at))
        }
    }
}

fn reason(words: &Words, view: &CertificateView, standing: Standing) -> Option<String> {
    let revocation = view.row.revocation.as_ref().filter(|_| standing == Standing::Revoked)?;
    let reason = words.t(&format!("reason-{}", revocation.reason.as_str()));
    Some(words.t1("certificate-state-revoked-reason", "reason", &reason))
}

fn known_since(words: &Words, view: &CertificateView) -> Option<String> {
    let at = view.row.revocation.as_ref()?.invalidity_at?;
    Some(words.t1("certificate-known-since", "date", &dates::day(words, at)))
}

/// What the certificate says, in sentences; for a burnt serial number only whose it would have been.
fn paragraphs(desk: &Desk<'_>, words: &Words, view: &CertificateView) -> Vec<Paragraph> {
    let Some(certificate) = &view.certificate else {
        let whose = |name: &String| Paragraph { heading: words.t("explain-whose"), sentences: vec![name.clone()] };
        return view.organisation.iter().map(whose).collect();
    };
    let issued_by = desk.packs.profile(&view.row.profile_id);
    let origin = match (&view.row.revocation, certificates::standing(&view.row, desk.now)) {
        (Some(found), Standing::Suspended) => Origin::Suspended(found.revoked_at),
        (Some(found), _) => Origin::Revoked(found.revoked_at),
        (None, _) => Origin::Issued,
    };
    let question = Question {
        certificate,
        profile: issued_by.map(|(_, profile)| profile.as_ref()),
        organisation: view.organisation.as_deref(),
        key_ends: explain::key_ends(issued_by.map(|(pack, _)| pack).into_iter(), certificate),
        origin,
        now: desk.now,
    };
    explain::explain(&question, words)
}

/// The name of the profile in the packs of this installation; its id when none has it any more.
fn profile_title(desk: &Desk<'_>, words: &Words, view: &CertificateView) -> String {
    match (desk.packs.profile(&view.row.profile_id), words.language()) {
        (Some((_, profile)), Language::Japanese) => profile.title.ja.clone(),
        (Some((_, profile)), Language::English) => profile.title.en.clone(),
        (None, _) => view.row.profile_id.to_string(),
    }
}

fn fields(desk: &Desk<'_>, words: &Words, view: &CertificateView) -> Vec<FieldLine> {
    let plain = |label, value| FieldLine { label, value, mono: false };
    let mono = |label, value| FieldLine { label, value, mono: true };
    let mut lines = vec![
        mono("field-serial", hexadecimal::grouped(view.row.serial.as_bytes())),
        mono("field-serial-decimal", hexadecimal::decimal(view.row.serial.as_bytes())),
        plain("field-profile", profile_title(desk, words, view)),
    ];
    if let Some(authority) = &view.authority {
        let name = match words.language() {
            Language::Japanese => &authority.name_ja,
            Language::English => &authority.name_en,
        };
        lines.push(plain("field-authority", name.clone()));
    }
    lines.push(plain("field-subject", view.row.subject.clone()));
    if let Some(certificate) = &view.certificate {
        lines.push(plain("field-issuer", certificate.issuer().to_string()));
        lines.push(plain("field-key", key_label(certificate.key().algorithm())));
        lines.push(mono("field-fingerprint", hexadecimal::grouped(&certificate.fingerprint())));
    }
    if !view.row.names.is_empty() {
        lines.push(plain("field-san", view.row.names.join(", ")));
    }
    lines.push(mono("field-key-fingerprint", hexadecimal::grouped(&view.row.key_sha256)));
    lines.push(mono("field-not-before", instant(view.row.validity.not_before)));
    lines.push(mono("field-not-after", instant(view.row.validity.not_after)));
    lines
}

/// Both clocks, for those who compare with other programs.
fn instant(at: Timestamp) -> String {
    let (year, clock) = (CivilDate::in_japan(at).era_ja(), at.jst());
    format!("{clock} JST ({year}), {}", at.rfc3339())
}

fn files(authority: &AuthorityId, serial: &SerialNumber) -> Vec<FileLink> {
    [
        ("chain", "download-chain", "download-chain-hint"),
        ("pem", "download-pem", "download-pem-hint"),
        ("der", "download-der", "download-der-hint"),
        ("p7b", "download-p7b", "download-p7b-hint"),
    ]
    .into_iter()
    .map(|(form, label, hint)| FileLink { href: urls::certificate_download(authority, serial, form), label, hint })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_an_ascii_name_and_a_japanese_one() {
        let file = Download {
            content_type: "application/pkix-cert",
            ascii_name: "R8-000123_shirakaba_www.cer".to_owned(),
            name: "R8-000123_白樺町_www.cer".to_owned(),
            content: Vec::new(),
        };
        assert_eq!(
            disposition(&file),
            "attachment; filename=\"R8-000123_shirakaba_www.cer\"; \
             filename*=UTF-8''R8-000123_%E7%99%BD%E6%A8%BA%E7%94%BA_www.cer"
        );
    }
}
