//! `lgpki ocsp query`: asks a responder about a certificate and judges the answer as a careful relying party does. What is signed
//! ahead is counted by [`status`] and made by [`presign`]; what edges answer from is made in [`bundle`].

pub mod bundle;
pub mod presign;
pub mod status;

use super::input;
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble, chain};
use ::ocsp::client::{judge, question};
use ::ocsp::{CertIdDigest, CertStatus};
use ca_core::entropy::Entropy;
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// How long the responder may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Larger than any OCSP answer.
const LARGEST_ANSWER: u64 = 256 * 1024;
/// RFC 9654 §2.1 recommends 32 octets.
const NONCE_OCTETS: usize = 32;

/// What to do with OCSP.
#[derive(Debug, clap::Subcommand)]
pub enum Ocsp {
    /// Ask whether a certificate is revoked
    Query(Query),
    /// Sign the answers that are missing or old now
    Presign(presign::Presign),
    /// Say how many answers are signed ahead, and which runs out first
    Status(status::Status),
    /// Put everything that is served into one signed file, for edges without key and database
    Bundle(bundle::BundleOf),
}

/// Arguments of `ocsp query`.
#[derive(Debug, clap::Args)]
pub struct Query {
    /// The certificate asked about
    #[arg(long, value_name = "FILE")]
    pub cert: PathBuf,
    /// The certificate of its issuer
    #[arg(long, value_name = "FILE")]
    pub issuer: PathBuf,
    /// The responder; by default the address in the certificate
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Send a nonce, so that the answer is signed for this question
    #[arg(long)]
    pub nonce: bool,
    /// Name the certificate with SHA-256 instead of SHA-1
    #[arg(long)]
    pub sha256: bool,
    /// Keep the answer (DER) in this file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

#[derive(Serialize)]
struct Answered {
    schema: &'static str,
    serial: String,
    url: String,
    status: &'static str,
    revoked_at: Option<String>,
    reason: Option<&'static str>,
    this_update: String,
    next_update: Option<String>,
    produced_at: String,
    /// Since when the responder keeps what it knows of expired certificates, where it says so.
    archive_cutoff: Option<String>,
    responder: Option<String>,
}

/// Asks; *good* is exit 0, *revoked* and *unknown* are exit 1. Errors: exit 2 for files, exit 5 when the responder does not
/// answer, exit 6 when its answer cannot be believed.
pub fn query(what: &Query) -> Result<Exit, Trouble> {
    let (certificate, issuer) = (input::certificate(&what.cert)?, input::certificate(&what.issuer)?);
    let url =
        what.url.clone().or_else(|| certificate.extensions().ocsp_uris.first().cloned()).ok_or_else(|| {
            Trouble::new(Exit::Usage, "the certificate names no responder").advice("name one with --url")
        })?;
    let nonce = what.nonce.then(nonce).transpose()?;
    let digest = if what.sha256 { CertIdDigest::Sha256 } else { CertIdDigest::Sha1 };
    let request = question(&issuer, certificate.serial(), digest, nonce);
    let der = ask(&url, &request.to_der())?;
    if let Some(file) = &what.out {
        std::fs::write(file, &der).map_err(|error| {
            Trouble::new(Exit::Unavailable, format!("{} cannot be written", file.display())).because(error)
        })?;
    }
    let verified = judge(&der, &request, &issuer, SystemClock.now()).map_err(|error| {
        Trouble::new(Exit::Integrity, format!("the answer of {url} cannot be believed")).because(chain(&error))
    })?;
    let Some(single) = verified.responses.first() else {
        return Err(Trouble::new(Exit::Integrity, format!("the answer of {url} says nothing about the certificate")));
    };
    let (status, revoked_at, reason) = match single.status {
        CertStatus::Good => ("good", None, None),
        CertStatus::Unknown => ("unknown", None, None),
        CertStatus::Revoked { at, reason } => ("revoked", Some(at), reason.map(|reason| reason.as_str())),
    };
    let answered = Answered {
        schema: "lgpki.ocsp.query/1",
        serial: certificate.serial().to_hex(),
        url,
        status,
        revoked_at: revoked_at.map(Timestamp::rfc3339),
        reason,
        this_update: single.this_update.rfc3339(),
        next_update: single.next_update.map(Timestamp::rfc3339),
        produced_at: verified.produced_at.rfc3339(),
        archive_cutoff: single.archive_cutoff.map(Timestamp::rfc3339),
        responder: verified.responder.map(|responder| responder.subject().to_string()),
    };
    match what.format {
        Format::Json => out::json(&answered)?,
        Format::Text => out::line(text(&answered))?,
    }
    Ok(if status == "good" { Exit::Done } else { Exit::Negative })
}

fn nonce() -> Result<Vec<u8>, Trouble> {
    let mut nonce = vec![0u8; NONCE_OCTETS];
    SystemEntropy.fill(&mut nonce).map_err(|error| Trouble::new(Exit::Unavailable, error.to_string()))?;
    Ok(nonce)
}

fn ask(url: &str, request: &[u8]) -> Result<Vec<u8>, Trouble> {
    let failed = |error: ureq::Error| {
        Trouble::new(Exit::Unavailable, format!("the responder {url} does not answer"))
            .because(error)
            .advice("is the service running, and the address right? --url names another")
    };
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
    let mut answer =
        agent.post(url).header("content-type", "application/ocsp-request").send(request).map_err(failed)?;
    answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec().map_err(failed)
}

fn text(answered: &Answered) -> String {
    let Answered { serial, status, this_update, produced_at, .. } = answered;
    let revoked = match (&answered.revoked_at, answered.reason) {
        (Some(at), Some(reason)) => format!(" since {at} ({reason})"),
        (Some(at), None) => format!(" since {at}"),
        (None, _) => String::new(),
    };
    let until = answered.next_update.as_deref().unwrap_or("-");
    let responder = answered.responder.as_deref().unwrap_or("the issuer itself");
    let kept = answered.archive_cutoff.as_deref();
    let kept = kept.map(|since| format!("\n    expired certificates are told of since {since}")).unwrap_or_default();
    format!(
        "{serial}: {status}{revoked}\n    valid {this_update} to {until}, made {produced_at}, signed by {responder}{kept}"
    )
}
