//! `lgpki lint`: certificates of any CA, held to the rules our own keep before their key is touched. Says each broken rule
//! in Japanese or English with its section and what was found; reads nothing but the files it is given.

mod files;
mod report;
mod text;

use super::packs;
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble};
use ca_core::issue::lint::{Baseline, Held, examine};
use ca_core::key::CryptoCalendar;
use files::Found;
use report::{File, Report, Rules};
use std::path::PathBuf;

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
pub struct Lint {
    /// Certificates in PEM or DER, and folders of them
    #[arg(required_unless_present = "rules", value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// The CA/Browser Forum's requirements to hold them to
    #[arg(long, value_name = "WHICH", default_value = "auto")]
    pub baseline: Requirements,
    /// The language of the text
    #[arg(long, default_value = "ja")]
    pub lang: Language,
    /// Show the rules instead of running them
    #[arg(long, conflicts_with = "paths")]
    pub rules: bool,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// Which of the CA/Browser Forum's requirements apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Requirements {
    /// Those whose policy the certificate names
    Auto,
    /// TLS servers
    Tls,
    /// S/MIME
    Smime,
    /// Code signing
    CodeSigning,
    /// None of them
    None,
}

/// A language of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Japanese
    Ja,
    /// English
    En,
}

impl Requirements {
    const fn held(self) -> Held {
        match self {
            Self::Auto => Held::AsClaimed,
            Self::Tls => Held::To(Some(Baseline::TlsServer)),
            Self::Smime => Held::To(Some(Baseline::Smime)),
            Self::CodeSigning => Held::To(Some(Baseline::CodeSigning)),
            Self::None => Held::To(None),
        }
    }
}

/// Does it. Exit 1 when a certificate breaks a rule that is an error. Errors: exit 2 when a path cannot be read, or no
/// certificate is in any of them.
pub fn run(what: &Lint) -> Result<Exit, Trouble> {
    if what.rules {
        let rules = Rules::all();
        match what.format {
            Format::Text => out::line(text::of_rules(&rules, what.lang))?,
            Format::Json => out::json(&rules)?,
        }
        return Ok(Exit::Done);
    }
    let report = lint(what)?;
    match what.format {
        Format::Text => out::line(text::of_report(&report, what.lang))?,
        Format::Json => out::json(&report)?,
    }
    Ok(if report.counts.errors == 0 { Exit::Done } else { Exit::Negative })
}

fn lint(what: &Lint) -> Result<Report, Trouble> {
    let calendar = calendar()?;
    let (mut linted, mut others) = (Vec::new(), Vec::new());
    for found in files::all(&what.paths)? {
        match found {
            Found::Certificate { file, index, der } => {
                linted.push(File::of(file, index, &der, examine(&der, what.baseline.held(), &calendar)));
            }
            Found::Other(other) => others.push(other),
        }
    }
    if linted.is_empty() {
        let why = others.iter().take(3).map(|other| format!("{}: {}", other.file, other.reason));
        return Err(Trouble::new(Exit::Usage, "no certificate was found")
            .because(why.collect::<Vec<_>>().join("; "))
            .advice("name files that hold certificates in PEM or DER, or a folder with such files"));
    }
    Ok(Report::new(linted, others))
}

/// The dates of the shipped pack: those of the country, whoever issued the certificate.
fn calendar() -> Result<CryptoCalendar, Trouble> {
    Ok(packs::named("lgwan-private")?.calendar)
}
