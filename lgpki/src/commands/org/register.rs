//! `lgpki org register`: looking bodies up in the register of local governments.

use super::judged;
use crate::clock::SystemClock;
use crate::out::{self, Format};
use crate::registration::local_government_code;
use crate::trouble::{Exit, Trouble};
use ca_core::register::{LineageEvent, Register, RegisteredBody, english_name};
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::path::PathBuf;

/// What can be looked up.
#[derive(Debug, clap::Subcommand)]
pub enum Lookup {
    /// Find bodies by a part of their name, reading or LG.JP name, or by the first digits of their code
    Search(Search),
    /// Show one body with what it came from and what became of it
    Show(Show),
}

/// Arguments of `org register search`.
#[derive(Debug, clap::Args)]
pub struct Search {
    /// What to look for: 森町, もりまち, hokkaido-mori, 0134
    #[arg(value_name = "TEXT")]
    pub text: String,
    #[command(flatten)]
    pub shown: Shown,
}

/// Arguments of `org register show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The local government code (全国地方公共団体コード), six digits with the check digit
    #[arg(value_name = "CODE")]
    pub code: String,
    #[command(flatten)]
    pub shown: Shown,
}

/// Where bodies are looked up and how they are shown.
#[derive(Debug, clap::Args)]
pub struct Shown {
    /// Bodies of your own beside the register, lines of code,kind,name,reading,label; official LG.JP names, of code,label
    #[arg(long = "register", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The language of the words around the results
    #[arg(long, default_value = "en")]
    pub lang: Language,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// The language of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Japanese.
    Ja,
    /// English.
    En,
}

#[derive(Serialize)]
struct Found<'a> {
    schema: &'static str,
    bodies: Vec<Body<'a>>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    kind: &'static str,
    name: &'a str,
    kana: &'a str,
    name_en: Option<String>,
    /// Official, where it is known.
    domain: Option<String>,
    /// What the reading leads to where no official one is known.
    likely_domain: Option<String>,
    in_force: bool,
    predecessors: Vec<Step<'a>>,
    successors: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    event: &'static str,
    since: String,
    code: &'a str,
}

/// Does it. Errors: exit 2 for no code, exit 3 for a file that is no register. Exit 1 when nothing is found.
pub(super) fn run(what: &Lookup) -> Result<Exit, Trouble> {
    let now = SystemClock.now();
    match what {
        Lookup::Search(what) => {
            let register = judged::register(what.shown.file.as_deref())?;
            let found = register.search(&what.text);
            let lines = found.iter().map(|body| line(body, what.shown.lang, now));
            say(&register, &found, what.shown.format, lines, now)
        }
        Lookup::Show(what) => {
            let code = local_government_code(&what.code)?;
            let register = judged::register(what.shown.file.as_deref())?;
            let found: Vec<&RegisteredBody> = register.body(&code).into_iter().collect();
            let lines = found.iter().map(|body| page(&register, body, what.shown.lang, now));
            say(&register, &found, what.shown.format, lines, now)
        }
    }
}

fn say(
    register: &Register,
    found: &[&RegisteredBody],
    format: Format,
    mut lines: impl Iterator<Item = String>,
    now: Timestamp,
) -> Result<Exit, Trouble> {
    match format {
        Format::Text => lines.try_for_each(out::line)?,
        Format::Json => {
            let bodies = found.iter().map(|body| Body::of(register, body, now)).collect();
            out::json(&Found { schema: "lgpki.register/1", bodies })?;
        }
    }
    Ok(if found.is_empty() { Exit::Negative } else { Exit::Done })
}

fn line(body: &RegisteredBody, lang: Language, now: Timestamp) -> String {
    let RegisteredBody { code, name, kana, .. } = body;
    let domain = body.label.as_ref().map(|label| format!("  {}", label.domain())).unwrap_or_default();
    let ended = match (body.in_force(now), lang) {
        (true, _) => "",
        (false, Language::Ja) => "  現在はありません",
        (false, Language::En) => "  not in force",
    };
    format!("{code}  {name} ({kana})  {}{domain}{ended}", kind(body, lang))
}

fn page(register: &Register, body: &RegisteredBody, lang: Language, now: Timestamp) -> String {
    let mut lines = vec![line(body, lang, now)];
    let (from, to, derived) = match lang {
        Language::Ja => ("前身", "後継", "読みから推定したLG.JP名（公式ではありません）"),
        Language::En => ("came from", "became", "by its reading (not official)"),
    };
    lines.extend(likely(register, body, now).map(|domain| format!("        {derived}: {domain}")));
    let step = |word: &str, event: &LineageEvent, code| {
        let name = register.body(code).map_or("", |body| body.name.as_str());
        let happened = match lang {
            Language::Ja => event.kind.japanese(),
            Language::En => event.kind.as_str(),
        };
        format!("        {word} {code} {name} ({}, {happened})", day(event.effective))
    };
    lines.extend(register.predecessors(&body.code).map(|event| step(from, event, &event.predecessor)));
    lines.extend(register.successors(&body.code).map(|event| step(to, event, &event.successor)));
    lines.join("\n")
}

/// The domain a body's reading leads to, where its official one is not known.
fn likely(register: &Register, body: &RegisteredBody, now: Timestamp) -> Option<String> {
    let label = register.at(now).likely_label(body).filter(|_| body.label.is_none());
    label.map(|label| label.domain())
}

fn kind(body: &RegisteredBody, lang: Language) -> &'static str {
    match lang {
        Language::Ja => body.kind.japanese(),
        Language::En => body.kind.as_str(),
    }
}

/// The day of an instant in Japan.
fn day(at: Timestamp) -> String {
    at.jst().chars().take(10).collect()
}

impl<'a> Body<'a> {
    fn of(register: &'a Register, body: &'a RegisteredBody, now: Timestamp) -> Self {
        let step = |event: &'a LineageEvent, code: &'a ca_core::name::LocalGovernmentCode| Step {
            event: event.kind.as_str(),
            since: day(event.effective),
            code: code.as_str(),
        };
        Self {
            code: body.code.as_str(),
            kind: body.kind.as_str(),
            name: &body.name,
            kana: &body.kana,
            name_en: english_name(body),
            domain: body.label.as_ref().map(|label| label.domain()),
            likely_domain: likely(register, body, now),
            in_force: body.in_force(now),
            predecessors: register.predecessors(&body.code).map(|event| step(event, &event.predecessor)).collect(),
            successors: register.successors(&body.code).map(|event| step(event, &event.successor)).collect(),
        }
    }
}
