//! `lgpki ocsp status`: how many answers are signed ahead, which is the first to run out, and until when responders may answer.

use crate::clock::SystemClock;
use crate::commands::input;
use crate::out::{self, Format};
use crate::progress::bar;
use crate::trouble::{Exit, Trouble};
use crate::{config, installation};
use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::path::Path;
use store::Store;
use store::authorities::AuthorityRow;

/// Arguments of `ocsp status`.
#[derive(Debug, clap::Args)]
pub struct Status {
    /// The authority; all that have a responder without it
    #[arg(value_parser = input::authority)]
    pub authority: Option<AuthorityId>,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Serialize)]
struct Listing {
    schema: &'static str,
    authorities: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    authority: String,
    /// Certificates that have not ended, revoked ones among them.
    certificates: u64,
    /// Answers for them that are signed ahead and current.
    answers: u64,
    missing: u64,
    /// The nextUpdate of the answer that runs out first.
    first_ends: Option<String>,
    /// The end of the responder's certificate; none where it cannot be read.
    responder_until: Option<String>,
}

/// Says it; a missing answer or a responder whose certificate has ended is a negative answer. Errors: exit 2 for an authority there is
/// none of, exit 5 when the database does not answer.
pub async fn run(what: &Status, file: &Path) -> Result<Exit, Trouble> {
    let store = installation::open_current(&config::load(file)?.database).await?;
    let now = SystemClock.now();
    let mut authorities = Vec::new();
    let mut in_order = true;
    for row in with_responders(&store, what.authority.as_ref()).await? {
        let standing = store.read().await?.ocsp_standing(&row.authority_id, now).await?;
        let until = row.ocsp_certificate.as_deref().and_then(|der| Certificate::from_der(der).ok());
        let until = until.map(|certificate| certificate.validity().not_after);
        let missing = standing.certificates.saturating_sub(standing.answers);
        in_order &= missing == 0 && until.is_some_and(|until| until >= now);
        authorities.push(Listed {
            authority: row.authority_id.to_string(),
            certificates: standing.certificates,
            answers: standing.answers,
            missing,
            first_ends: standing.first_ends.map(Timestamp::rfc3339),
            responder_until: until.map(Timestamp::rfc3339),
        });
    }
    store.close().await;
    match what.format {
        Format::Json => out::json(&Listing { schema: "lgpki.ocsp.status/1", authorities })?,
        Format::Text => authorities.iter().try_for_each(say)?,
    }
    Ok(if in_order { Exit::Done } else { Exit::Negative })
}

fn say(listed: &Listed) -> std::io::Result<()> {
    let Listed { authority, certificates, answers, missing, .. } = listed;
    let first = listed.first_ends.as_deref().unwrap_or("none");
    let until = listed.responder_until.as_deref().unwrap_or("unknown: its certificate cannot be read");
    out::line(format_args!(
        "{authority}: {}  {answers} of {certificates} answers signed ahead",
        bar(*answers, *certificates)
    ))?;
    if *missing > 0 {
        out::line(format_args!(
            "  {missing} missing: `lgpki ocsp presign {authority}` signs them, or a running service by and by"
        ))?;
    }
    out::line(format_args!("  the first runs out {first}; the responder may answer until {until}"))
}

/// The authorities that have a responder, or the one that is named. Errors: exit 2 when it is none, or has none.
pub(super) async fn with_responders(store: &Store, named: Option<&AuthorityId>) -> Result<Vec<AuthorityRow>, Trouble> {
    let mut rows = store.read().await?.authorities().await?;
    rows.retain(|row| row.ocsp_certificate.is_some() && named.is_none_or(|named| row.authority_id == *named));
    match named {
        Some(named) if rows.is_empty() => {
            Err(Trouble::new(Exit::Usage, format!("there is no authority {named} with an OCSP responder"))
                .advice("see `lgpki ca list` and `lgpki doctor`"))
        }
        _ => Ok(rows),
    }
}
