//! `lgpki crl`: CRLs read and judged; those that were signed ahead are let out; what a restored database has lost is taken back.

mod diff;
mod recover;
mod release;
mod source;
mod verify;

use super::input;
use crate::clock::SystemClock;
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble};
use ::crl::CertificateList;
use ca_core::certificate::Certificate;
use ca_core::digest::hex;
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::Interruption;

/// What to do with CRLs.
#[derive(Debug, clap::Subcommand)]
pub enum Crl {
    /// Show what a CRL says
    Inspect(Inspect),
    /// Say what a later CRL has that an earlier one has not, entry by entry
    Diff(diff::Diff),
    /// Judge a CRL of any length: signature, dates, numbers, what it speaks for, a delta beside its base
    Verify(verify::Verify),
    /// Let out the lists that were signed ahead for an emergency, as two RA operators
    Release(release::Release),
    /// Take back, after a backup was restored, what published lists say and the database does not
    Recover(recover::Recover),
}

/// Arguments of `crl inspect`.
#[derive(Debug, clap::Args)]
pub struct Inspect {
    /// A CRL, PEM or DER
    pub file: PathBuf,
    /// The certificate of the authority that should have signed it; without one the signature is not looked at
    #[arg(long, value_name = "FILE")]
    pub issuer: Option<PathBuf>,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// Does it. Errors: as each command says.
pub fn run(what: &Crl, config: &Path, interruption: Option<Arc<dyn Interruption>>) -> Result<Exit, Trouble> {
    match what {
        Crl::Inspect(what) => inspect(what),
        Crl::Diff(what) => diff::run(what),
        Crl::Verify(what) => verify::run(what),
        Crl::Release(what) => super::wait(release::run(what, config)),
        Crl::Recover(what) => super::wait(recover::run(what, config, interruption)),
    }
}

/// Shows it; with `--issuer` a CRL that does not hold is a negative answer. Errors: exit 2 for files that cannot be read.
fn inspect(what: &Inspect) -> Result<Exit, Trouble> {
    let list = read(&what.file)?;
    let issuer = what.issuer.as_deref().map(input::certificate).transpose()?;
    let outcome = issuer.map(|issuer| verify(&list, &issuer, SystemClock.now()));
    let shown = Shown::of(&list, outcome.as_ref());
    match what.format {
        Format::Text => out::line(text(&shown))?,
        Format::Json => out::json(&shown)?,
    }
    Ok(if outcome.is_some_and(|outcome| outcome.is_err()) { Exit::Negative } else { Exit::Done })
}

/// The CRL in `file`. Errors: exit 2.
pub(super) fn read(file: &Path) -> Result<CertificateList, Trouble> {
    let der = input::read(file, "X509 CRL")?;
    CertificateList::parse(der.first().map(Vec::as_slice).unwrap_or_default()).map_err(|error| {
        Trouble::new(Exit::Usage, format!("{}: not a CRL this program reads", file.display())).because(error)
    })
}

/// Errors, with a sentence, unless `issuer` signed `list` and it is current at `at`.
pub(super) fn verify(list: &CertificateList, issuer: &Certificate, at: Timestamp) -> Result<(), String> {
    if list.issuer != *issuer.subject() {
        return Err(format!("the CRL is of {}, not of {}", list.issuer, issuer.subject()));
    }
    if issuer.extensions().key_usage.is_some_and(|usage| usage & 0x0200 == 0) {
        return Err(format!("{} may not sign CRLs", issuer.subject()));
    }
    list.verify(issuer).map_err(|_| "the CRL's signature is not the issuer's".to_owned())?;
    // An issuingDistributionPoint may narrow what the list covers (RFC 5280 §5.2.5); we judge full CRLs only.
    if let Some(unknown) = list.extensions.iter().find(|extension| extension.critical) {
        return Err(format!("the CRL's critical extension {} is not understood", unknown.oid));
    }
    if at < list.this_update {
        return Err(format!("the CRL is of the future: thisUpdate {}", list.this_update.rfc3339()));
    }
    match list.next_update {
        Some(next_update) if at <= next_update => Ok(()),
        Some(next_update) => Err(format!("the CRL is overdue: nextUpdate {}", next_update.rfc3339())),
        None => Err("the CRL has no nextUpdate".to_owned()),
    }
}

#[derive(Serialize)]
struct Shown {
    schema: &'static str,
    issuer: String,
    number: Option<u64>,
    this_update: String,
    next_update: Option<String>,
    signature_algorithm: &'static str,
    authority_key_identifier: Option<String>,
    verified: Option<bool>,
    reason: Option<String>,
    entries: Vec<ShownEntry>,
}

#[derive(Serialize)]
struct ShownEntry {
    serial: String,
    revoked_at: String,
    reason: &'static str,
    invalidity_at: Option<String>,
}

impl Shown {
    fn of(list: &CertificateList, outcome: Option<&Result<(), String>>) -> Self {
        let entries = list.entries.iter().map(|entry| ShownEntry {
            serial: entry.serial.to_hex(),
            revoked_at: entry.revoked_at.rfc3339(),
            reason: entry.reason.as_str(),
            invalidity_at: entry.invalidity_at.map(Timestamp::rfc3339),
        });
        Self {
            schema: "lgpki.crl.inspect/1",
            issuer: list.issuer.to_string(),
            number: list.number,
            this_update: list.this_update.rfc3339(),
            next_update: list.next_update.map(Timestamp::rfc3339),
            signature_algorithm: list.algorithm.name(),
            authority_key_identifier: list.authority_key_identifier.as_deref().map(hex),
            verified: outcome.map(Result::is_ok),
            reason: outcome.and_then(|outcome| outcome.clone().err()),
            entries: entries.collect(),
        }
    }
}

fn text(shown: &Shown) -> String {
    let mut text = String::from("Certificate revocation list:");
    let none = || "none".to_owned();
    let verified = match (shown.verified, &shown.reason) {
        (None, _) => "not looked at (no --issuer)".to_owned(),
        (Some(true), _) => "by the issuer, and current".to_owned(),
        (Some(false), reason) => format!("NOT verified: {}", reason.clone().unwrap_or_default()),
    };
    let rows = [
        ("Issuer", shown.issuer.clone()),
        ("Number", shown.number.map_or_else(none, |number| number.to_string())),
        ("This update", shown.this_update.clone()),
        ("Next update", shown.next_update.clone().unwrap_or_else(none)),
        ("Signature", format!("{}, {verified}", shown.signature_algorithm)),
        ("Authority key", shown.authority_key_identifier.clone().unwrap_or_else(none)),
        ("Revoked", shown.entries.len().to_string()),
    ];
    // Writing to a String does not fail.
    for (name, value) in rows {
        let _ = write!(text, "\n    {name:<22}{value}");
    }
    for entry in &shown.entries {
        let _ = write!(text, "\n        {}  {}  {}", entry.serial, entry.revoked_at, entry.reason);
    }
    text
}
