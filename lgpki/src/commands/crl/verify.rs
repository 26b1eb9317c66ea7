//! `lgpki crl verify`: a CRL of any length judged as a careful relying party does (RFC 5280 §5, §6.3.3): signature, dates, what it
//! speaks for, and a delta beside the list it builds on.

use super::source::{Listed, Source};
use crate::clock::SystemClock;
use crate::commands::input;
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble};
use ::crl::check::verify_signature;
use ::crl::coverage::Coverage;
use ca_core::certificate::Certificate;
use ca_core::oid;
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::path::PathBuf;

/// keyUsage cRLSign (RFC 5280 §4.2.1.3).
const CRL_SIGN: u16 = 0x0200;

/// Arguments of `crl verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// A CRL, PEM or DER
    pub file: PathBuf,
    /// The certificate of the authority that should have signed it
    #[arg(long, value_name = "FILE")]
    pub issuer: PathBuf,
    /// The complete list a delta is to be read with
    #[arg(long, value_name = "FILE")]
    pub base: Option<PathBuf>,
    /// The number it must at least have, as of the last list that was seen
    #[arg(long, value_name = "N")]
    pub at_least: Option<u64>,
    /// The moment at which it must be current [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = input::instant)]
    pub at: Option<Timestamp>,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Serialize)]
struct Verified {
    schema: &'static str,
    good: bool,
    issuer: String,
    number: Option<u64>,
    base_number: Option<u64>,
    covers: String,
    entries: u64,
    this_update: String,
    next_update: Option<String>,
    /// What is wrong, in sentences; empty for a good list.
    wrong: Vec<String>,
}

/// Judges it; one that does not hold is a negative answer. Errors: exit 2 for files that cannot be read.
pub(super) fn run(what: &Verify) -> Result<Exit, Trouble> {
    let issuer = input::certificate(&what.issuer)?;
    let list = Source::open(&what.file)?.finish()?;
    let base = what.base.as_deref().map(|base| Source::open(base)?.finish()).transpose()?;
    let at = what.at.unwrap_or_else(|| SystemClock.now());
    let (coverage, mut wrong) = judged(&list, &issuer, at);
    wrong.extend(numbers(what, &list));
    match (&base, list.trailer.base_number) {
        (Some(base), Some(_)) => {
            let (of_base, wrongs) = judged(base, &issuer, at);
            wrong.extend(wrongs.into_iter().map(|why| format!("the base: {why}")));
            wrong.extend(together(&list, (base, of_base == coverage)));
        }
        (Some(_), None) => wrong.push("a base is given, but the CRL is no delta".to_owned()),
        (None, Some(number)) => {
            out::talk(format_args!(
                "this is a delta: --base FILE looks whether list {number} or a later one fits to it"
            ));
        }
        (None, None) => {}
    }
    let verified = Verified {
        schema: "lgpki.crl.verify/1",
        good: wrong.is_empty(),
        issuer: list.header.issuer.to_string(),
        number: list.trailer.number,
        base_number: list.trailer.base_number,
        covers: coverage.map_or_else(|| "unknown".to_owned(), |coverage| coverage.in_words()),
        entries: list.entries,
        this_update: list.header.this_update.rfc3339(),
        next_update: list.header.next_update.map(Timestamp::rfc3339),
        wrong,
    };
    match what.format {
        Format::Json => out::json(&verified)?,
        Format::Text => say(&verified)?,
    }
    Ok(if verified.good { Exit::Done } else { Exit::Negative })
}

fn say(verified: &Verified) -> std::io::Result<()> {
    let Verified { number, entries, covers, this_update, next_update, .. } = verified;
    let number = number.map_or("without a number".to_owned(), |number| format!("number {number}"));
    let kind = verified.base_number.map_or("complete".to_owned(), |base| format!("a delta to number {base}"));
    let until = next_update.as_deref().unwrap_or("no end");
    out::line(format_args!("{number}, {kind}: {entries} entries, for {covers}, from {this_update} to {until}"))?;
    if verified.good {
        return out::line("good: signed by the issuer, current, and nothing in it is unknown");
    }
    verified.wrong.iter().try_for_each(|why| out::line(format_args!("NOT good: {why}")))
}

/// What it speaks for, and what is wrong with it by itself.
fn judged(list: &Listed, issuer: &Certificate, at: Timestamp) -> (Option<Coverage>, Vec<String>) {
    let Listed { header, trailer, .. } = list;
    let mut wrong = Vec::new();
    if header.issuer != *issuer.subject() {
        wrong.push(format!("it is of {}, not of {}", header.issuer, issuer.subject()));
    }
    if issuer.extensions().key_usage.is_some_and(|usage| usage & CRL_SIGN == 0) {
        wrong.push(format!("{} may not sign CRLs", issuer.subject()));
    }
    if verify_signature(issuer, header.algorithm, (&trailer.signed, &trailer.signature)).is_err() {
        wrong.push("the signature is not the issuer's".to_owned());
    }
    if trailer.authority_key_identifier.as_ref().is_some_and(|named| *named != issuer.key_identifier()) {
        wrong.push("it names another key of the issuer".to_owned());
    }
    let known = [oid::ISSUING_DISTRIBUTION_POINT, oid::DELTA_CRL_INDICATOR].map(|id| oid::dotted(id.as_bytes()));
    let unknown = trailer.extensions.iter().filter(|one| one.critical && !known.contains(&one.oid));
    wrong.extend(unknown.map(|one| format!("its critical extension {} is not understood", one.oid)));
    let point = trailer.extensions.iter().find(|one| Some(&one.oid) == known.first());
    let coverage = match point.map(|point| Coverage::read(&point.value)) {
        None => Some(Coverage::default()),
        Some(Ok(coverage)) => Some(coverage),
        Some(Err(error)) => {
            wrong.push(error.to_string());
            None
        }
    };
    if trailer.number.is_none() {
        wrong.push("it has no number (RFC 5280 §5.2.3)".to_owned());
    }
    match header.next_update {
        _ if at < header.this_update => wrong.push(format!("it is of the future: {}", header.this_update.rfc3339())),
        Some(next_update) if at > next_update => wrong.push(format!("it is overdue since {}", next_update.rfc3339())),
        None => wrong.push("it has no nextUpdate".to_owned()),
        Some(_) => {}
    }
    (coverage, wrong)
}

fn numbers(what: &Verify, list: &Listed) -> Option<String> {
    let (least, number) = (what.at_least?, list.trailer.number?);
    (number < least).then(|| format!("its number {number} is below {least}: a later list exists"))
}

/// What is wrong with a delta beside the list it is read with (RFC 5280 §5.2.4).
fn together(delta: &Listed, (base, same_coverage): (&Listed, bool)) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(number) = base.trailer.base_number {
        wrong.push(format!("the base is a delta itself, to number {number}"));
    }
    if !same_coverage {
        wrong.push("the base speaks for other certificates".to_owned());
    }
    let (Some(number), Some(builds_on), Some(of_base)) =
        (delta.trailer.number, delta.trailer.base_number, base.trailer.number)
    else {
        return wrong;
    };
    if of_base < builds_on {
        wrong.push(format!("the base has number {of_base}, the delta builds on {builds_on}"));
    }
    if of_base > number {
        wrong.push(format!("the base has number {of_base}, which is later than the delta's {number}"));
    }
    wrong
}
