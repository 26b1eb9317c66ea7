//! Leads a ceremony through its script. For each step: who does it confirms, the journal says that it begins, it is done, the
//! journal says what it made, and the witnesses confirm what they have seen. A ceremony that was cut off goes on at the
//! first thing the journal does not have.

use super::custodians::{Activated, Shares};
use super::earlier::Earlier;
use super::journal::{Event, Journal, Line};
use super::people::Answers;
use super::{acts, record};
use crate::clock::SystemClock;
use crate::config::{Keys, Policy};
use crate::installation::Repository;
use crate::keys::KeyStores;
use crate::out;
use crate::secrets::KeySecrets;
use crate::trouble::{Exit, Trouble};
use ca_core::ceremony::{Script, Step};
use ca_core::digest::{hex, sha256};
use ca_core::entropy::Entropy;
use ca_core::id::KeyLabel;
use ca_core::kana::KanaWords;
use ca_core::key::KeyAlgorithm;
use ca_core::signer::SignerError;
use ca_core::time::{Clock, Timestamp};
use std::path::PathBuf;
use store::Store;

/// The step at which everybody confirms the script.
pub const OPENING: &str = "opening";
/// The key that signs records and bundles, made in the folder of each ceremony; a later one with the same folder adds a mark.
const RECORD_KEY: &str = "ceremony-record";

/// A ceremony that can go on.
pub struct Ceremony {
    /// What is done.
    pub script: Script,
    /// The script as it was read.
    pub text: String,
    /// Where the script is: files it names are beside it.
    pub beside: PathBuf,
    /// Whether nothing of it counts.
    pub rehearsal: bool,
    /// Where everything is that it makes.
    pub folder: PathBuf,
    /// The ceremony this one goes on with, if it does.
    pub earlier: Option<Earlier>,
    /// What happened.
    pub journal: Journal,
    /// Who is there.
    pub answers: Answers,
    /// Its database.
    pub store: Store,
    /// Its keys.
    pub keys: KeyStores,
    /// Where its keys are.
    pub places: Keys,
    /// Where passphrase and PINs come from.
    pub secrets: KeySecrets,
    /// Where the shares of custodians come from.
    pub shares: Shares,
    /// The key stores that custodians have opened.
    pub activated: Vec<Activated>,
    /// Software keys that are taken instead of making new ones, in a rehearsal.
    pub ready_keys: Option<PathBuf>,
    /// The packs, marked when it is a rehearsal.
    pub policy: Policy,
    /// The addresses written into certificates.
    pub repository: Repository,
}

impl Ceremony {
    /// Runs what is left of the script and writes the record. Errors: what stopped it; it can be resumed unless exit 6.
    pub async fn run(&mut self, entropy: &dyn Entropy) -> Result<(), Trouble> {
        self.open(entropy)?;
        for step in self.script.steps.clone() {
            self.step(&step).await?;
        }
        if !self.journal.is_closed() {
            self.write(Event::Closed)?;
        }
        record::write(self)
    }

    /// Ends its connections, and closes its keys: a token's module wants its sessions closed before the process ends.
    pub async fn close(&self) {
        self.store.close().await;
        self.keys.close_all();
    }

    /// The script is read aloud, everybody confirms it, and the seed of the serial numbers is drawn.
    fn open(&mut self, entropy: &dyn Entropy) -> Result<(), Trouble> {
        let digest = sha256(self.text.as_bytes());
        let script = hex(&digest);
        out::talk(format_args!("{}\n{}", self.script.title.ja, self.script.title.en));
        if self.rehearsal {
            out::talk("REHEARSAL: nothing of this counts 予行演習");
        }
        out::talk(format_args!("SHA-256 of the script, to be read aloud:\n{}", KanaWords::of(&digest)));
        if let Some(earlier) = &self.earlier {
            for (what, digest) in [("journal", earlier.head()), ("record", earlier.record())] {
                let words = record::digest_of(digest).map(|digest| KanaWords::of(&digest).to_string());
                let words = words.unwrap_or_default();
                out::talk(format_args!("SHA-256 of the earlier ceremony's {what}, to be read aloud:\n{words}"));
            }
        }
        if self.journal.script().is_none() {
            let mut seed = [0u8; 32];
            if self.rehearsal && self.earlier.is_none() {
                // The same rehearsal gives the same serial numbers. One that goes on with an earlier ceremony does not: its database may
                // have those of the same script, and a certificate is looked for by its serial.
                seed = sha256(format!("rehearsal of {script}").as_bytes());
            } else {
                entropy.fill(&mut seed).map_err(|error| Trouble::new(Exit::Unavailable, error.to_string()))?;
            }
            let program = format!("lgpki {}", env!("CARGO_PKG_VERSION"));
            let (rehearsal, seed) = (self.rehearsal, hex(&seed));
            let earlier = self.earlier.as_ref().map(|earlier| earlier.head().to_owned());
            let earlier_record = self.earlier.as_ref().map(|earlier| earlier.record().to_owned());
            self.write(Event::Opened { script, rehearsal, seed, program, earlier, earlier_record })?;
        }
        if !self.journal.is_closed() {
            for Activated { store, custodians, .. } in &self.activated {
                let (store, custodians) = (store.clone(), custodians.clone());
                out::talk(format_args!("{store} was opened by {}", custodians.join(", ")));
                self.journal.write(SystemClock.now(), Event::Activated { store, custodians })?;
            }
        }
        self.make_record_key()?;
        for person in self.script.people.clone() {
            self.confirmed(OPENING, &person.id)?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<(), Trouble> {
        let outputs = |event: &Event| matches!(event, Event::Done { step: done, .. } if *done == step.id);
        if !self.happened(outputs) {
            let (told, by) = (step.act.told(), self.script.person(&step.by));
            let by = by.map_or_else(|| step.by.clone(), |person| person.name.clone());
            out::talk(format_args!("\n[{}] {by}\n  {}\n  {}", step.id, told.ja, told.en));
            self.confirmed(&step.id, &step.by)?;
            let begun = self.begun(&step.id);
            let dated = match begun {
                Some(dated) => dated,
                None => {
                    let dated = if self.script.times_fixed { self.script.begins } else { SystemClock.now() };
                    self.write(Event::Begun { step: step.id.clone(), dated: dated.micros() })?;
                    dated
                }
            };
            // From here to `Done` everything can be done again: what is there already is taken.
            let outputs = acts::act(self, step, dated, begun.is_some()).await?;
            self.write(Event::Done { step: step.id.clone(), outputs })?;
        }
        let made: Vec<_> = self.journal.outputs().filter(|(of, _)| *of == step.id).map(|(_, made)| made).collect();
        for output in made {
            out::talk(format_args!("  {} SHA-256 {}", output.what, output.sha256));
            if let Some(digest) = record::digest_of(&output.sha256) {
                out::talk(
                    KanaWords::of(&digest)
                        .to_string()
                        .lines()
                        .map(|line| format!("    {line}\n"))
                        .collect::<String>()
                        .trim_end(),
                );
            }
        }
        if !step.witnesses.is_empty() {
            out::talk(format_args!("  to be seen: {}", step.see));
        }
        for witness in &step.witnesses {
            self.confirmed(&step.id, witness)?;
        }
        Ok(())
    }

    /// Returns when that person has confirmed, now or before.
    fn confirmed(&mut self, step: &str, person: &str) -> Result<(), Trouble> {
        let Some(person) = self.script.person(person).cloned() else {
            return Err(Trouble::new(Exit::Bug, format!("nobody is called {person}")));
        };
        let before = |event: &Event| matches!(event, Event::Confirmed { step: of, name, .. } if of == step && *name == person.name);
        if self.happened(before) {
            return Ok(());
        }
        self.answers.confirm(step, &person)?;
        let answered = self.answers.word().to_owned();
        self.write(Event::Confirmed { step: step.to_owned(), name: person.name, answered })
    }

    /// The key of the record is of this ceremony alone; its words stand on every page.
    fn make_record_key(&self) -> Result<(), Trouble> {
        let label = self.record_key()?;
        match self.keys.create_in(crate::keys::FOLDER, &label, KeyAlgorithm::P256) {
            Ok(_) | Err(SignerError::KeyExists(_)) => Ok(()),
            Err(error) => Err(Trouble::new(Exit::Unavailable, "the key of the record cannot be made").because(error)),
        }
    }

    /// The label of the key that signs the record. Bundles are numbered by key, so a later ceremony in the same folder of keys has
    /// another. Errors: as [`Self::seed`].
    pub(crate) fn record_key(&self) -> Result<KeyLabel, Trouble> {
        let label = match &self.earlier {
            None => RECORD_KEY.to_owned(),
            Some(_) => {
                // The seed itself stays in the journal: serial numbers are drawn from it.
                let mark = hex(&sha256(&[b"record key of ".as_slice(), &self.seed()?].concat()));
                format!("{RECORD_KEY}-{}", mark.get(..16).unwrap_or(&mark))
            }
        };
        KeyLabel::parse(&label).map_err(|error| Trouble::new(Exit::Bug, error.to_string()))
    }

    /// What serial numbers are drawn from. Errors: exit 6 for a journal without it.
    pub(crate) fn seed(&self) -> Result<[u8; 32], Trouble> {
        let seed = self.journal.lines().iter().find_map(|line| match &line.event {
            Event::Opened { seed, .. } => record::digest_of(seed),
            _ => None,
        });
        seed.ok_or_else(|| Trouble::new(Exit::Integrity, "the journal says no seed"))
    }

    fn begun(&self, step: &str) -> Option<Timestamp> {
        self.journal.lines().iter().find_map(|line| match &line.event {
            Event::Begun { step: begun, dated } if begun == step => Some(Timestamp::from_micros(*dated)),
            _ => None,
        })
    }

    fn happened(&self, what: impl Fn(&Event) -> bool) -> bool {
        self.journal.lines().iter().any(|Line { event, .. }| what(event))
    }

    fn write(&mut self, event: Event) -> Result<(), Trouble> {
        self.journal.write(SystemClock.now(), event)
    }
}
