//! `manifest.json`: what each sample claims to be, and with what it is to be judged.

use super::line::SampleError;
use ca_core::certificate::Certificate;
use ca_core::profile::{Family, KeyUsage, Pack, Profile};
use ca_core::time::Timestamp;
use serde::Serialize;
use std::path::Path;

/// The folder's contents, as they come.
#[derive(Serialize)]
pub(super) struct Manifest {
    schema: &'static str,
    /// An instant (RFC 3339, UTC) at which everything is valid.
    valid_at: String,
    certificates: Vec<Entry>,
    crls: Vec<Crl>,
    ocsp: Vec<Ocsp>,
}

/// One certificate; paths are from the folder.
#[derive(Serialize)]
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) pack: String,
    pub(super) profile: String,
    pub(super) family: &'static str,
    pub(super) title: Title,
    pub(super) key: String,
    /// Issuer first, anchor last; none for a self-signed one.
    pub(super) chain: Option<String>,
    pub(super) anchor: String,
    pub(super) crl: Option<String>,
    pub(super) ocsp: Option<String>,
    /// Names of `openssl verify -purpose`.
    pub(super) purposes: Vec<&'static str>,
    pub(super) revoked: bool,
    pub(super) claims: Claims,
}

/// The profile's name.
#[derive(Serialize)]
pub(super) struct Title {
    ja: String,
    en: String,
}

/// What the certificate says.
#[derive(Serialize)]
pub(super) struct Claims {
    subject: String,
    issuer: String,
    serial: String,
    not_before: String,
    not_after: String,
    ca: bool,
    key_usage: Vec<&'static str>,
    extended_key_usage: Vec<String>,
    policies: Vec<String>,
    dns_names: Vec<String>,
    emails: Vec<String>,
    directory_names: Vec<String>,
}

#[derive(Serialize)]
struct Crl {
    file: String,
    issuer: String,
}

#[derive(Serialize)]
struct Ocsp {
    file: String,
    certificate: String,
    issuer: String,
    responder: String,
}

impl Manifest {
    pub(super) fn new() -> Self {
        let (certificates, crls, ocsp) = (Vec::new(), Vec::new(), Vec::new());
        Self { schema: "lgpki.samples/1", valid_at: String::new(), certificates, crls, ocsp }
    }

    pub(super) fn certificates(&self) -> usize {
        self.certificates.len()
    }

    /// Whether a certificate of that file is there already: authorities are samples themselves.
    pub(super) fn has(&self, file: &str) -> bool {
        self.certificates.iter().any(|entry| entry.file == file)
    }

    pub(super) fn add(&mut self, entry: Entry) {
        self.certificates.push(entry);
    }

    pub(super) fn add_crl(&mut self, file: String, issuer: String) {
        self.crls.push(Crl { file, issuer });
    }

    pub(super) fn add_ocsp(&mut self, certificate: &str, file: String, issuer: String, responder: String) {
        for entry in self.certificates.iter_mut().filter(|entry| entry.file == certificate) {
            entry.ocsp = Some(file.clone());
        }
        self.ocsp.push(Ocsp { file, certificate: certificate.to_owned(), issuer, responder });
    }

    /// Writes it. Everything was valid at `at` or before, and still is.
    pub(super) fn write(mut self, folder: &Path, at: Timestamp) -> Result<(), SampleError> {
        self.valid_at = at.rfc3339();
        let text = serde_json::to_string_pretty(&self).map_err(SampleError::of)?;
        super::line::write(&folder.join("manifest.json"), format!("{text}\n").as_bytes())
    }
}

impl Entry {
    /// A certificate of a profile; where it is to be found is filled in by who writes it.
    pub(super) fn of(pack: &Pack, profile: &Profile, certificate: &Certificate, stem: &str) -> Self {
        let (extensions, validity) = (certificate.extensions(), certificate.validity());
        let key = certificate.key().algorithm();
        Self {
            file: format!("{stem}.pem"),
            pack: pack.name.to_string(),
            profile: profile.id.to_string(),
            family: profile.family.as_str(),
            title: Title { ja: profile.title.ja.clone(), en: profile.title.en.clone() },
            key: key.to_string(),
            chain: None,
            anchor: format!("{stem}.pem"),
            crl: None,
            ocsp: None,
            purposes: purposes(profile.family, key.is_rsa()),
            revoked: false,
            claims: Claims {
                subject: certificate.subject().to_string(),
                issuer: certificate.issuer().to_string(),
                serial: certificate.serial().to_hex(),
                not_before: validity.not_before.rfc3339(),
                not_after: validity.not_after.rfc3339(),
                ca: extensions.is_ca,
                key_usage: KeyUsage(extensions.key_usage.unwrap_or(0)).names().collect(),
                extended_key_usage: extensions.extended_key_usage.clone(),
                policies: extensions.policies.clone(),
                dns_names: extensions.dns_names.clone(),
                emails: extensions.emails.clone(),
                directory_names: extensions.directory_names.iter().map(ToString::to_string).collect(),
            },
        }
    }
}

/// What OpenSSL 3.0 calls what a family is for. It has no word for code signing, and wants keyEncipherment for encrypted mail,
/// which keys of elliptic curves never have.
fn purposes(family: Family, rsa: bool) -> Vec<&'static str> {
    match family {
        Family::JobRole => vec!["smimesign"],
        Family::User => vec!["sslclient"],
        Family::Encryption if rsa => vec!["smimeencrypt"],
        Family::Mail if rsa => vec!["smimesign", "smimeencrypt"],
        Family::Mail => vec!["smimesign"],
        Family::WebServer => vec!["sslserver"],
        Family::PlatformServer => vec!["sslserver", "sslclient"],
        Family::OcspResponder => vec!["ocsphelper"],
        Family::Encryption | Family::CodeSigning | Family::ValidationAuthority => Vec::new(),
        Family::Root | Family::Subordinate | Family::OldWithNew | Family::NewWithOld | Family::Cross => vec!["crlsign"],
    }
}
