//! The record of a ceremony: what the journal says, as JSON (`lgpki.ceremony-record/1`) with a detached signature beside it,
//! and as a page to print.

use super::engine::{Ceremony, OPENING};
use super::journal::{Event, Line, Output, checked};
use super::{page, seal, write_whole};
use crate::trouble::{Exit, Trouble};
use ca_core::ceremony::Step;
use ca_core::digest::{hex, sha256};
use ca_core::kana::KanaWords;
use ca_core::key::SubjectKey;
use ca_core::signer::Signer;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What `schema` says.
const SCHEMA: &str = "lgpki.ceremony-record/1";
/// The record's file in the folder of a ceremony; its seal and its page have the same name with another ending.
pub const FILE: &str = "record.json";

/// The record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which kind of object this is.
    pub schema: String,
    /// Whether nothing of it counts.
    pub rehearsal: bool,
    /// The ceremony's name, in Japanese and English.
    pub title: (String, String),
    /// Where it was held.
    pub place: String,
    /// SHA-256 of the script, and as words.
    pub script: Read,
    /// The ceremony this one goes on with, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<EarlierRead>,
    /// Who was there: name and role.
    pub people: Vec<(String, String)>,
    /// Who confirmed the script: name, where the answer came from, when.
    pub opening: Vec<Confirmed>,
    /// Who opened which key store, and when: store, names of its custodians, time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activated: Vec<(String, Vec<String>, String)>,
    /// What was done.
    pub steps: Vec<Told>,
    /// SHA-256 of the journal's last line, and how many it has.
    pub journal: (String, usize),
    /// The public key that signs this record.
    pub record_key: Read,
    /// Which program ran it.
    pub program: String,
}

/// An earlier ceremony, as a later one names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierRead {
    /// SHA-256 of its journal's last line.
    pub journal: Read,
    /// SHA-256 of its record.
    pub record: Read,
}

/// A record whose signature holds.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What it says.
    pub record: Record,
    /// SHA-256 of its octets, hexadecimal.
    pub sha256: String,
}

/// A digest as it is read aloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// The twelve words, in four lines.
    pub words: String,
}

/// That somebody confirmed: name, where the answer came from, when.
pub type Confirmed = (String, String, String);

/// A step that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its name in the script.
    pub id: String,
    /// What was done, in Japanese and English.
    pub what: (String, String),
    /// What had to be seen.
    pub see: String,
    /// Who confirmed.
    pub confirmed: Vec<Confirmed>,
    /// When it was done.
    pub done_at: String,
    /// What it made.
    pub made: Vec<(Output, Read)>,
}

/// The octets of 64 hexadecimal digits.
pub(crate) fn digest_of(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0u8; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, octet) in digest.iter_mut().enumerate() {
        *octet = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(digest)
}

impl Read {
    /// That digest, 64 hexadecimal digits, with its words.
    pub fn of(sha256: &str) -> Self {
        let words = digest_of(sha256).map(|digest| KanaWords::of(&digest).to_string()).unwrap_or_default();
        Self { sha256: sha256.to_owned(), words }
    }
}

/// Writes record, seal and page into the folder of a ceremony. Errors: exit 5.
pub fn write(of: &Ceremony) -> Result<(), Trouble> {
    let label = of.record_key()?;
    let key = of
        .keys
        .public_key(&label)
        .map_err(|error| Trouble::new(Exit::Unavailable, "the key of the record cannot be used").because(error))?;
    let record = gathered(of, &key);
    let failed = |error: std::io::Error| {
        Trouble::new(Exit::Unavailable, format!("the record cannot be written into {}", of.folder.display()))
            .because(error)
    };
    let text = serde_json::to_string_pretty(&record).map_err(|error| failed(error.into()))?;
    let seal = seal::sealed(text.as_bytes(), &of.keys, &label)?;
    let file = of.folder.join(FILE);
    write_whole(&file.with_extension("html"), page::of(&record).as_bytes()).map_err(failed)?;
    write_whole(&file.with_extension("seal"), seal.as_bytes()).map_err(failed)?;
    write_whole(&file, text.as_bytes()).map_err(failed)
}

fn gathered(of: &Ceremony, key: &SubjectKey) -> Record {
    let lines = of.journal.lines();
    let opened = lines.iter().find_map(|line| match &line.event {
        Event::Opened { program, earlier, earlier_record, .. } => Some((program, earlier, earlier_record)),
        _ => None,
    });
    let earlier = opened.and_then(|(_, journal, record)| {
        Some(EarlierRead {
            journal: Read::of(journal.as_ref()?),
            record: Read::of(record.as_deref().unwrap_or_default()),
        })
    });
    let activated = lines.iter().filter_map(|line| match &line.event {
        Event::Activated { store, custodians } => Some((store.clone(), custodians.clone(), line.at.clone())),
        _ => None,
    });
    Record {
        schema: SCHEMA.to_owned(),
        rehearsal: of.rehearsal,
        title: (of.script.title.ja.clone(), of.script.title.en.clone()),
        place: of.script.place.clone(),
        script: Read::of(&hex(&sha256(of.text.as_bytes()))),
        earlier,
        people: of.script.people.iter().map(|one| (one.name.clone(), one.role.as_str().to_owned())).collect(),
        opening: confirmed(OPENING, lines),
        activated: activated.collect(),
        steps: of.script.steps.iter().map(|step| told(step, lines)).collect(),
        journal: (of.journal.head().to_owned(), lines.len()),
        record_key: Read::of(&hex(&key.fingerprint())),
        program: opened.map(|(program, ..)| program.clone()).unwrap_or_default(),
    }
}

fn told(step: &Step, lines: &[Line]) -> Told {
    let what = step.act.told();
    let mut told = Told {
        id: step.id.clone(),
        what: (what.ja, what.en),
        see: step.see.clone(),
        confirmed: confirmed(&step.id, lines),
        done_at: String::new(),
        made: Vec::new(),
    };
    for line in lines {
        if let Event::Done { step: of, outputs } = &line.event
            && *of == step.id
        {
            told.done_at.clone_from(&line.at);
            told.made = outputs.iter().map(|made| (made.clone(), Read::of(&made.sha256))).collect();
        }
    }
    told
}

fn confirmed(step: &str, lines: &[Line]) -> Vec<Confirmed> {
    let of_step = lines.iter().filter_map(|line| match &line.event {
        Event::Confirmed { step: of, name, answered } if of == step => {
            Some((name.clone(), answered.clone(), line.at.clone()))
        }
        _ => None,
    });
    of_step.collect()
}

/// The record in `file`, whose seal beside it holds; what was made is compared where it is still beside it, and so is the
/// journal. Errors: exit 2 when it cannot be read, exit 6 when something is not as it was signed.
pub fn verified(file: &Path) -> Result<Verified, Trouble> {
    let read = |path: &Path| {
        let text = crate::commands::input::bounded(path, 64 * 1024 * 1024);
        text.map_err(|error| Trouble::new(Exit::Usage, format!("{} cannot be read", path.display())).because(error))
    };
    let broken = |why: String| Trouble::new(Exit::Integrity, "the record is not as it was signed").because(why);
    let text = read(file)?;
    let seal = String::from_utf8(read(&file.with_extension("seal"))?).map_err(|error| broken(error.to_string()))?;
    let key = seal::verified(&text, &seal)?;
    let record: Record = serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
    if record.schema != SCHEMA || record.record_key != Read::of(&hex(&key.fingerprint())) {
        return Err(broken("it names another key than the one that signed it".into()));
    }
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    let journal = folder.join("journal");
    if journal.exists() {
        let text = String::from_utf8(read(&journal)?).map_err(|error| broken(error.to_string()))?;
        let (lines, head) = checked(&text).map_err(|line| broken(format!("line {line} of the journal was changed")))?;
        if record.journal != (head, lines.len()) {
            return Err(broken("the journal beside it is another".into()));
        }
    }
    for (output, _) in record.steps.iter().flat_map(|step| &step.made) {
        let Some(path) = output.file.as_ref().map(|name| folder.join(name)).filter(|path| path.exists()) else {
            continue;
        };
        let octets = read(&path)?;
        let inside = pem::parse(&octets).map(|block| hex(&sha256(block.contents())));
        if hex(&sha256(&octets)) != output.sha256 && inside.ok().as_ref() != Some(&output.sha256) {
            return Err(broken(format!("{} beside it is another", path.display())));
        }
    }
    let page = folder.join(FILE).with_extension("html");
    if page.exists() && read(&page)? != page::of(&record).into_bytes() {
        return Err(broken("the page beside it says something else".into()));
    }
    Ok(Verified { record, sha256: hex(&sha256(&text)) })
}
