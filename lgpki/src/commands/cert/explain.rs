//! `lgpki cert explain`: a certificate of any CA in sentences, the same as on its page in the registration web application.
//! Reads nothing but the file and the policy packs, and says that it verified nothing.

use crate::clock::SystemClock;
use crate::commands::{input, packs};
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble};
use ca_core::profile::Packs;
use ca_core::time::{Clock, Timestamp};
use ra_web::explain::{Paragraph, Question, explain};
use ra_web::locale::{Language, Texts, Words};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;

/// Arguments of `cert explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The certificate, in PEM or DER; the first one of several
    pub file: PathBuf,
    /// The language of the sentences
    #[arg(long, default_value = "ja")]
    pub lang: Tongue,
    /// The policy packs whose certificates are recognised: names of shipped ones, or files; all shipped ones by default
    #[arg(long = "pack", value_name = "NAME|FILE")]
    pub packs: Vec<String>,
    /// The instant to explain it for, as 2026-11-21T10:00:00Z; now by default
    #[arg(long, value_name = "TIME", value_parser = input::instant)]
    pub at: Option<Timestamp>,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// A language of the sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Tongue {
    /// Japanese
    Ja,
    /// English
    En,
}

#[derive(Serialize)]
struct Explained {
    schema: &'static str,
    lang: &'static str,
    headings: Vec<Heading>,
}

#[derive(Serialize)]
struct Heading {
    heading: String,
    sentences: Vec<String>,
}

/// Does it. Errors: exit 2 for a file that is no certificate or pack, exit 3 for a pack that is refused, exit 70 for texts that
/// are broken, which a test excludes.
pub(super) fn run(what: &Explain) -> Result<Exit, Trouble> {
    let certificate = input::certificate(&what.file)?;
    let packs = recognised_by(&what.packs)?;
    let now = what.at.unwrap_or_else(|| SystemClock.now());
    let texts =
        Texts::load().map_err(|error| Trouble::new(Exit::Bug, "the program's texts are broken").because(error))?;
    let language = match what.lang {
        Tongue::Ja => Language::Japanese,
        Tongue::En => Language::English,
    };
    let paragraphs = explain(&Question::of_file(&certificate, &packs, now), &Words::new(Arc::new(texts), language));
    match what.format {
        Format::Text => out::line(text(&paragraphs))?,
        Format::Json => out::json(&Explained::of(paragraphs, language))?,
    }
    Ok(Exit::Done)
}

impl Explained {
    fn of(paragraphs: Vec<Paragraph>, language: Language) -> Self {
        let heading = |paragraph: Paragraph| Heading { heading: paragraph.heading, sentences: paragraph.sentences };
        let headings = paragraphs.into_iter().map(heading).collect();
        Self { schema: "lgpki.cert.explain/1", lang: language.tag(), headings }
    }
}

fn recognised_by(names: &[String]) -> Result<Packs, Trouble> {
    if names.is_empty() {
        return packs::shipped();
    }
    let packs = names.iter().map(|name| packs::named(name)).collect::<Result<Vec<_>, _>>()?;
    Packs::new(packs).map_err(|error| {
        Trouble::new(Exit::Usage, "these policy packs do not go together")
            .because(error)
            .advice("name one of them only")
    })
}

fn text(paragraphs: &[Paragraph]) -> String {
    let each = paragraphs.iter().map(|paragraph| {
        let sentences: String = paragraph.sentences.iter().map(|sentence| format!("\n  {sentence}")).collect();
        format!("{}{sentences}", paragraph.heading)
    });
    each.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraphs() -> Vec<Paragraph> {
        let paragraph = |heading: &str, sentences: &[&str]| Paragraph {
            heading: heading.to_owned(),
            sentences: sentences.iter().map(|sentence| (*sentence).to_owned()).collect(),
        };
        vec![paragraph("だれのものか", &["白樺町のサーバのものです。"]), paragraph("何に使うか", &["一つ。", "二つ。"])]
    }

    #[test]
    fn people_read_headings_with_their_sentences_below() {
        assert_eq!(text(&paragraphs()), "だれのものか\n  白樺町のサーバのものです。\n\n何に使うか\n  一つ。\n  二つ。");
    }

    #[test]
    fn programs_read_a_schema_a_language_and_the_same_sentences() {
        let json = serde_json::to_value(Explained::of(paragraphs(), Language::Japanese)).unwrap();
        let expected = serde_json::json!({
            "schema": "lgpki.cert.explain/1",
            "lang": "ja",
            "headings": [
                { "heading": "だれのものか", "sentences": ["白樺町のサーバのものです。"] },
                { "heading": "何に使うか", "sentences": ["一つ。", "二つ。"] },
            ],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn packs_are_the_shipped_ones_unless_some_are_named() {
        assert_eq!(recognised_by(&[]).unwrap().iter().count(), 2);
        assert_eq!(recognised_by(&["bridge-gpki".to_owned()]).unwrap().iter().count(), 1);
        assert!(recognised_by(&["bridge-gpki".to_owned(), "bridge-gpki".to_owned()]).is_err());
        assert!(recognised_by(&["nowhere.toml".to_owned()]).is_err());
    }
}
