//! Taking a bundle in: looked at whole before it is served, and never an older one after a newer. What number was served last
//! is kept in a file beside the bundle, so that an older one is refused after a restart too.

use super::{judge_list, signed_by};
use crate::files::{Arriving, Identity};
use crate::trouble::chain;
use ca_core::kana::KanaWords;
use ocsp::bundle::{Bundle, Delta, Manifest, take_in};
use ocsp::edge::Edge;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What comes in, and where it is served.
pub struct Intake {
    bundle: PathBuf,
    delta: PathBuf,
    taken: PathBuf,
    words: KanaWords,
    edge: Edge,
    /// The files that were looked at last, whatever came of it.
    seen: (Option<Identity>, Option<Identity>),
}

/// What a look has found.
#[derive(Debug)]
pub enum Looked {
    /// Nothing that was not there before.
    Nothing,
    /// That bundle is served from now on.
    Taken(Arc<Manifest>),
    /// A file is refused, and what was served before goes on; which one, and why.
    Refused(PathBuf, String),
}

/// The bundle that was served last.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    origin: String,
    number: u64,
    index_sha256: String,
}

impl Intake {
    /// Takes in what stands in the file `bundle`, and deltas in `bundle` with `.delta` at its end, signed by the key of those words.
    pub fn new(bundle: &Path, words: KanaWords, edge: Edge) -> Self {
        let beside = |ending: &str| {
            let mut name = bundle.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        let (delta, taken) = (beside(".delta"), beside(".taken"));
        Self { bundle: bundle.to_owned(), delta, taken, words, edge, seen: (None, None) }
    }

    /// Looks whether there is something new, and takes it in. Blocking: as long as it takes to read the whole bundle.
    pub fn look(&mut self) -> Looked {
        let bundle = Identity::of(&self.bundle);
        if bundle != self.seen.0 {
            self.seen.0 = bundle;
            if bundle.is_some() {
                let outcome = self.take();
                if outcome.is_err() {
                    // A delta that was looked at before may lead on from this one.
                    self.seen.1 = None;
                }
                return self.told(outcome, self.bundle.clone());
            }
        }
        let delta = Identity::of(&self.delta);
        if delta != self.seen.1 {
            self.seen.1 = delta;
            if delta.is_some()
                && let Some(earlier) = self.edge.held().filter(|_| !self.edge.is_altered()).or_else(|| self.stands())
            {
                let outcome = self.take_delta(&earlier);
                self.seen.0 = Identity::of(&self.bundle);
                return self.told(outcome, self.delta.clone());
            }
        }
        Looked::Nothing
    }

    /// The bundle that stands there, though it is too old to be served: a later one may be made of it.
    fn stands(&self) -> Option<Bundle> {
        let file = File::open(&self.bundle).ok()?;
        Bundle::open(Arc::new(file), &signed_by(&self.words)).ok()
    }

    fn told(&self, outcome: Result<Option<Bundle>, String>, file: PathBuf) -> Looked {
        match outcome {
            Ok(Some(bundle)) => {
                let manifest = Arc::new(bundle.manifest().clone());
                self.edge.hold(bundle);
                Looked::Taken(manifest)
            }
            Ok(None) => Looked::Nothing,
            Err(why) => Looked::Refused(file, why),
        }
    }

    fn take(&self) -> Result<Option<Bundle>, String> {
        let file = File::open(&self.bundle).map_err(|error| error.to_string())?;
        let bundle = Bundle::open(Arc::new(file), &signed_by(&self.words)).map_err(|error| chain(&error))?;
        self.refuse_before(bundle.manifest())?;
        take_in(&bundle, self.edge.held().as_ref(), &judge_list).map_err(|error| chain(&error))?;
        self.remember(bundle.manifest())?;
        Ok(Some(bundle))
    }

    /// The later bundle takes the name of the earlier, so that the next start finds it.
    fn take_delta(&self, earlier: &Bundle) -> Result<Option<Bundle>, String> {
        let file = File::open(&self.delta).map_err(|error| error.to_string())?;
        let judge = signed_by(&self.words);
        let delta = Delta::open(Arc::new(file), &judge).map_err(|error| chain(&error))?;
        if delta.manifest() == earlier.manifest() {
            return Ok(None);
        }
        self.refuse_before(delta.manifest())?;
        let arriving = Arriving::at(&self.bundle).map_err(|error| error.to_string())?;
        let made = || -> Result<Bundle, String> {
            let file = arriving.begin().map_err(|error| error.to_string())?;
            delta.apply(earlier, file).map_err(|error| chain(&error))?;
            let file = arriving.open().map_err(|error| error.to_string())?;
            let bundle = Bundle::open(Arc::new(file), &judge).map_err(|error| chain(&error))?;
            take_in(&bundle, self.edge.held().as_ref(), &judge_list).map_err(|error| chain(&error))?;
            Ok(bundle)
        };
        let bundle = made().inspect_err(|_| arriving.give_up())?;
        arriving.arrive().map_err(|error| error.to_string())?;
        self.remember(bundle.manifest())?;
        Ok(Some(bundle))
    }

    /// Refuses what is older than what was served before, also by an earlier process.
    fn refuse_before(&self, manifest: &Manifest) -> Result<(), String> {
        let kept = match std::fs::read(&self.taken) {
            Ok(kept) => kept,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(format!("{} cannot be read: {error}", self.taken.display())),
        };
        let last: Taken = serde_json::from_slice(&kept)
            .map_err(|error| format!("{} cannot be read: {error}", self.taken.display()))?;
        let now = Taken::of(manifest);
        if last.origin != now.origin {
            return Err(format!(
                "it is numbered by {}, and the last by {}; if that is meant, remove {}",
                now.origin,
                last.origin,
                self.taken.display()
            ));
        }
        if now.number < last.number || (now.number == last.number && now != last) {
            return Err(format!("its number is {}, and {} was served already", now.number, last.number));
        }
        Ok(())
    }

    /// Durable on return; before it is served.
    fn remember(&self, manifest: &Manifest) -> Result<(), String> {
        let write = || -> std::io::Result<()> {
            let arriving = Arriving::at(&self.taken)?;
            let mut file = arriving.begin()?;
            file.write_all(&serde_json::to_vec(&Taken::of(manifest))?)?;
            file.sync_all()?;
            arriving.arrive()
        };
        write().map_err(|error| format!("{} cannot be written: {error}", self.taken.display()))
    }
}

impl Taken {
    fn of(manifest: &Manifest) -> Self {
        let Manifest { origin, number, index_sha256, .. } = manifest.clone();
        Self { origin, number, index_sha256 }
    }
}
