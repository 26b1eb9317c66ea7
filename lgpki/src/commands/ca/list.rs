//! `lgpki ca list`: every authority with its generations.

use crate::clock::SystemClock;
use crate::out;
use crate::trouble::{Exit, Trouble};
use ca_core::certificate::Certificate;
use ca_core::digest::hex;
use ca_core::issue::Standing;
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use store::authorities::AuthorityRow;
use store::{Store, StoreError};

/// Arguments of `ca list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    pub format: out::Format,
}

#[derive(Serialize)]
struct Answer {
    schema: &'static str,
    authorities: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    authority: String,
    line: String,
    generation: u32,
    standing: &'static str,
    issues_from: String,
    subject: String,
    key: String,
    signature: &'static str,
    sha256: String,
    valid_until: String,
    last_certificate_until: Option<String>,
    issuer: Option<String>,
    issuer_name: String,
    links_from: Vec<String>,
    crl_number: Option<i64>,
}

pub(super) async fn run(what: &List, store: &Store) -> Result<Exit, Trouble> {
    let lines = lines(store, SystemClock.now()).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
    match what.format {
        out::Format::Json => out::json(&Answer { schema: "lgpki.authorities/1", authorities: lines })?,
        out::Format::Text => lines.iter().try_for_each(|line| out::line(line.text()))?,
    }
    Ok(Exit::Done)
}

async fn lines(store: &Store, now: Timestamp) -> Result<Vec<Result<Line, Trouble>>, StoreError> {
    let mut txn = store.read().await?;
    let mut rows = txn.authorities().await?;
    rows.sort_by(|a, b| (&a.generation.line, a.generation.number).cmp(&(&b.generation.line, b.generation.number)));
    let generations: Vec<_> = rows.iter().map(|row| row.generation.clone()).collect();
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        let standing = row.generation.standing(&generations, now);
        let last = txn.last_end(&row.authority_id).await?;
        let links = txn.links(&row.authority_id).await?.into_iter().map(|link| link.authority_id.to_string());
        let crl = txn.latest_crls(&row.authority_id).await?.iter().map(|crl| crl.number).max();
        lines.push(line(row, standing).map(|line| Line {
            last_certificate_until: last.map(Timestamp::rfc3339),
            links_from: links.collect(),
            crl_number: crl,
            ..line
        }));
    }
    Ok(lines)
}

fn line(row: &AuthorityRow, standing: Standing) -> Result<Line, Trouble> {
    let certificate = Certificate::from_der(&row.certificate).map_err(|error| {
        let what = format!("the certificate of authority {} in the database cannot be read", row.authority_id);
        Trouble::new(Exit::Integrity, what).because(error)
    })?;
    let algorithm = certificate.key().algorithm();
    Ok(Line {
        authority: row.authority_id.to_string(),
        line: row.generation.line.to_string(),
        generation: row.generation.number,
        standing: standing.as_str(),
        issues_from: row.generation.issues_from.rfc3339(),
        subject: certificate.subject().to_string(),
        key: algorithm.to_string(),
        signature: row.signature.unwrap_or(algorithm.signature_algorithm()).name(),
        sha256: hex(&certificate.fingerprint()),
        valid_until: certificate.validity().not_after.rfc3339(),
        last_certificate_until: None,
        issuer: row.issuer_id.as_ref().map(ToString::to_string),
        issuer_name: certificate.issuer().to_string(),
        links_from: Vec::new(),
        crl_number: None,
    })
}

impl Line {
    fn text(&self) -> String {
        let begins = format!("{} from {}", self.standing, self.issues_from);
        let ends = match &self.last_certificate_until {
            Some(last) => format!("certificates until {last}"),
            None => "no certificates".to_owned(),
        };
        // Who is not here, as the offline root of a CA that was taken over, is known by the name in the certificate.
        let issuer = match &self.issuer {
            Some(id) => id.as_str(),
            None if self.issuer_name == self.subject => "itself",
            None => self.issuer_name.as_str(),
        };
        let crl = self.crl_number.map_or_else(|| "no CRL yet".to_owned(), |number| format!("CRL {number}"));
        let mut lines = vec![
            format!("{}: {begins}", self.authority),
            format!("  {} · key {} · {} · issued by {issuer}", self.subject, self.key, self.signature),
            format!("  valid until {}; {ends}; {crl}", self.valid_until),
        ];
        if !self.links_from.is_empty() {
            lines.push(format!("  linked from {}", self.links_from.join(", ")));
        }
        lines.push(format!("  SHA-256 {}", self.sha256));
        lines.join("\n")
    }
}
