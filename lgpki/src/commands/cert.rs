//! `lgpki cert`: certificates read, explained and judged.

mod explain;

use super::input;
use crate::clock::SystemClock;
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble};
use ::crl::CertificateList;
use ca_core::certificate::Certificate;
use ca_core::digest::hex;
use ca_core::oid::ObjectId;
use ca_core::profile::{KeyUsage, purpose_word};
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;

/// What to do with certificates.
#[derive(Debug, clap::Subcommand)]
pub enum Cert {
    /// Say in sentences whose a certificate is, what it is for, until when, and what would make it invalid
    Explain(explain::Explain),
    /// Show what a certificate says
    Inspect(Inspect),
    /// Check that a certificate holds under its issuers, at a time, against a CRL
    Verify(Verify),
}

/// Arguments of `cert inspect`.
#[derive(Debug, clap::Args)]
pub struct Inspect {
    /// A certificate, or several in PEM
    pub file: PathBuf,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// Arguments of `cert verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The certificate
    pub file: PathBuf,
    /// The certificates from its issuer up to the one you trust, in PEM
    #[arg(long, visible_alias = "issuer", value_name = "FILE")]
    pub chain: PathBuf,
    /// The instant to judge for, as 2026-11-21T10:00:00Z; now by default
    #[arg(long, value_name = "TIME", value_parser = input::instant)]
    pub at: Option<Timestamp>,
    /// The issuer's CRL; without one, revocation is not looked at
    #[arg(long, value_name = "FILE")]
    pub crl: Option<PathBuf>,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// Does it. Errors: exit 2 for a file that cannot be read as what it should be.
pub fn run(what: &Cert) -> Result<Exit, Trouble> {
    match what {
        Cert::Explain(what) => explain::run(what),
        Cert::Inspect(what) => inspect(what),
        Cert::Verify(what) => verify(what),
    }
}

fn inspect(what: &Inspect) -> Result<Exit, Trouble> {
    let certificates = input::certificates(&what.file)?;
    match what.format {
        Format::Text => {
            let texts: Vec<String> = certificates.iter().map(text).collect();
            out::line(texts.join("\n\n"))?;
        }
        Format::Json => {
            let shown = certificates.iter().map(Shown::of).collect();
            out::json(&Inspected { schema: "lgpki.cert.inspect/1", certificates: shown })?;
        }
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Inspected {
    schema: &'static str,
    certificates: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    serial: String,
    issuer: String,
    subject: String,
    not_before: String,
    not_after: String,
    key: String,
    key_identifier: String,
    signature_algorithm: &'static str,
    ca: bool,
    path_length: Option<u32>,
    key_usage: Vec<&'static str>,
    extended_key_usage: Vec<String>,
    dns_names: Vec<String>,
    emails: Vec<String>,
    directory_names: Vec<String>,
    policies: Vec<String>,
    crl_uris: Vec<String>,
    ocsp_uris: Vec<String>,
    issuer_uris: Vec<String>,
    ocsp_nocheck: bool,
    unknown_critical: Vec<String>,
    sha256: String,
}

impl Shown {
    fn of(certificate: &Certificate) -> Self {
        let extensions = certificate.extensions().clone();
        let validity = certificate.validity();
        Self {
            serial: certificate.serial().to_hex(),
            issuer: certificate.issuer().to_string(),
            subject: certificate.subject().to_string(),
            not_before: validity.not_before.rfc3339(),
            not_after: validity.not_after.rfc3339(),
            key: certificate.key().algorithm().to_string(),
            key_identifier: hex(&certificate.key_identifier()),
            signature_algorithm: certificate.signature_algorithm().name(),
            key_usage: KeyUsage(extensions.key_usage.unwrap_or(0)).names().collect(),
            extended_key_usage: extensions.extended_key_usage.iter().map(|oid| purpose(oid)).collect(),
            ca: extensions.is_ca,
            path_length: extensions.path_length,
            directory_names: extensions.directory_names.iter().map(ToString::to_string).collect(),
            dns_names: extensions.dns_names,
            emails: extensions.emails,
            policies: extensions.policies,
            crl_uris: extensions.crl_uris,
            ocsp_uris: extensions.ocsp_uris,
            issuer_uris: extensions.issuer_uris,
            ocsp_nocheck: extensions.ocsp_nocheck,
            unknown_critical: extensions.unknown_critical,
            sha256: hex(&certificate.fingerprint()),
        }
    }
}

fn purpose(oid: &str) -> String {
    ObjectId::parse(oid).map_or_else(|_| oid.to_owned(), |purpose| purpose_word(&purpose))
}

fn text(certificate: &Certificate) -> String {
    let shown = Shown::of(certificate);
    let mut text = String::from("Certificate:");
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a String does not fail.
            let _ = write!(text, "\n    {name:<22}{value}");
        }
    };
    row("Serial", &shown.serial);
    row("Issuer", &shown.issuer);
    row("Subject", &shown.subject);
    row("Not before", &format!("{} ({} JST)", shown.not_before, certificate.validity().not_before.jst()));
    row("Not after", &format!("{} ({} JST)", shown.not_after, certificate.validity().not_after.jst()));
    row("Public key", &shown.key);
    row("Key identifier", &shown.key_identifier);
    row("Signature", shown.signature_algorithm);
    row("CA", if shown.ca { "yes" } else { "no" });
    row("Path length", &shown.path_length.map(|length| length.to_string()).unwrap_or_default());
    row("Key usage", &shown.key_usage.join(", "));
    row("Extended key usage", &shown.extended_key_usage.join(", "));
    row("DNS names", &shown.dns_names.join(", "));
    row("Mail addresses", &shown.emails.join(", "));
    row("Directory names", &shown.directory_names.join("; "));
    row("Policies", &shown.policies.join(", "));
    row("CRL", &shown.crl_uris.join(", "));
    row("OCSP", &shown.ocsp_uris.join(", "));
    row("Issuer's certificate", &shown.issuer_uris.join(", "));
    row("OCSP no check", if shown.ocsp_nocheck { "yes" } else { "" });
    row("Unknown critical", &shown.unknown_critical.join(", "));
    row("SHA-256", &shown.sha256);
    text
}

#[derive(Serialize)]
struct Verified {
    schema: &'static str,
    verified: bool,
    at: String,
    serial: String,
    subject: String,
    trusted: String,
    revocation: &'static str,
    reason: Option<String>,
}

fn verify(what: &Verify) -> Result<Exit, Trouble> {
    let certificate = input::certificate(&what.file)?;
    let chain = input::certificates(&what.chain)?;
    let crl = what.crl.as_deref().map(super::crl::read).transpose()?;
    let at = what.at.unwrap_or_else(|| SystemClock.now());
    let outcome = judge(&certificate, &chain, crl.as_ref(), at);
    let verified = Verified {
        schema: "lgpki.cert.verify/1",
        verified: outcome.is_ok(),
        at: at.rfc3339(),
        serial: certificate.serial().to_hex(),
        subject: certificate.subject().to_string(),
        trusted: chain.last().map(|anchor| anchor.subject().to_string()).unwrap_or_default(),
        revocation: if crl.is_some() { "looked at" } else { "not looked at" },
        reason: outcome.err(),
    };
    match (what.format, &verified.reason) {
        (Format::Json, _) => out::json(&verified)?,
        (Format::Text, None) => out::line(format_args!(
            "verified at {}: {}, trusting {}; revocation {}",
            verified.at, verified.subject, verified.trusted, verified.revocation
        ))?,
        (Format::Text, Some(reason)) => out::line(format_args!("NOT verified at {}: {reason}", verified.at))?,
    }
    Ok(if verified.verified { Exit::Done } else { Exit::Negative })
}

/// Each certificate under the next; then the CRL of the first's issuer. The reason when it does not hold.
fn judge(
    certificate: &Certificate,
    chain: &[Certificate],
    crl: Option<&CertificateList>,
    at: Timestamp,
) -> Result<(), String> {
    let mut holder = certificate;
    for (above, issuer) in chain.iter().enumerate() {
        if holder.der() == issuer.der() {
            break;
        }
        holder.verify(issuer, at).map_err(|error| format!("{}: {error}", holder.subject()))?;
        let limit = issuer.extensions().path_length.map(usize::try_from);
        if limit.is_some_and(|limit| limit.is_ok_and(|limit| limit < above)) {
            return Err(format!("{}: more CAs below it than its path length allows", issuer.subject()));
        }
        holder = issuer;
    }
    let (Some(crl), Some(issuer)) = (crl, chain.first()) else { return Ok(()) };
    super::crl::verify(crl, issuer, at)?;
    match crl.entries.iter().find(|entry| entry.serial == *certificate.serial()) {
        None => Ok(()),
        Some(entry) if entry.revoked_at > at => Ok(()),
        Some(entry) => Err(format!("revoked at {} ({})", entry.revoked_at.rfc3339(), entry.reason.as_str())),
    }
}
