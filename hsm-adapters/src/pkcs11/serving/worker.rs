//! A thread with a session of its own: takes what is most urgent, signs, verifies, answers.

use std::collections::HashMap;
use std::sync::Arc;

use ca_core::id::KeyLabel;
use ca_core::key::{SignatureAlgorithm, SubjectKey};
use ca_core::signer::SignerError;

use super::queue::{Answer, Job, Next, Task};
use super::{Shared, told, unusable};
use crate::pkcs11::keys::{Found, unusable as unusable_key};
use crate::pkcs11::sign::fits;
use crate::pkcs11::{TokenError, TokenSession, UnusableKey};

/// A key that was found and is what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) public: SubjectKey,
    /// CKA_ID.
    pub(super) id: Vec<u8>,
}

/// The keys that are known, by their labels.
#[derive(Default)]
pub(super) struct KnownKeys {
    keys: HashMap<KeyLabel, Known>,
    /// Rises when one is destroyed: what workers remember of it is void.
    generation: u64,
}

impl KnownKeys {
    pub(super) fn get(&self, label: &KeyLabel) -> Option<Known> {
        self.keys.get(label).cloned()
    }

    pub(super) fn insert(&mut self, label: &KeyLabel, key: Known) {
        self.keys.insert(label.clone(), key);
    }

    pub(super) fn remove(&mut self, label: &KeyLabel) {
        self.keys.remove(label);
        self.generation = self.generation.saturating_add(1);
    }
}

/// Starts a worker. Errors: no thread can be started.
pub(super) fn start(shared: &Arc<Shared>) -> std::io::Result<()> {
    let shared = Arc::clone(shared);
    let work = move || {
        let mut worker = Worker { shared, inside: None };
        while let Some((number, job)) = worker.shared.queue.take() {
            let answer = worker.work(number, &job);
            if worker.shared.queue.answered(number, answer) == Next::Leave {
                return;
            }
        }
        worker.inside = None;
        worker.shared.queue.leave();
    };
    std::thread::Builder::new().name("token".to_owned()).spawn(work).map(drop)
}

struct Worker {
    shared: Arc<Shared>,
    inside: Option<Inside>,
}

/// A login, and the handles that are good as long as it.
struct Inside {
    session: TokenSession,
    found: HashMap<KeyLabel, Found>,
    generation: u64,
}

impl Worker {
    fn work(&mut self, number: u64, job: &Job) -> Result<Answer, SignerError> {
        let mut mended = false;
        loop {
            match self.attempt(number, job) {
                // The device has seen nothing of the octets: a new session may sign them.
                Err(error) if error.is_lost_session() && !mended => {
                    self.inside = None;
                    mended = true;
                }
                Err(error) => {
                    // Whatever state the device left the session in, the next call begins with a new one.
                    if error.is_the_devices() {
                        self.inside = None;
                    }
                    return Err(told(&job.label, &error));
                }
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => return Err(unusable(&job.label, "it was given up before the token had it")),
            }
        }
    }

    /// One attempt; `None` when nobody waits for it any more.
    fn attempt(&mut self, number: u64, job: &Job) -> Result<Option<Answer>, TokenError> {
        let shared = Arc::clone(&self.shared);
        let (session, key) = self.key(&job.label)?;
        match &job.task {
            Task::Look => Ok(Some(Answer::Key(key.public.clone()))),
            Task::Sign { algorithm, message } => {
                refuse_other_algorithm(&job.label, key, *algorithm)?;
                // From here the octets may be signed.
                if !shared.queue.begins(number) {
                    return Ok(None);
                }
                let signed = session.sign(key, *algorithm, message.borrowed());
                // The device is out of it: what follows takes our time, not its.
                shared.queue.ended(number);
                let signature = signed?;
                session.check(key, *algorithm, message.borrowed(), &signature)?;
                Ok(Some(Answer::Signature(signature)))
            }
        }
    }

    /// The login of this worker and the key in it; both are looked for when they are not there.
    fn key(&mut self, label: &KeyLabel) -> Result<(&TokenSession, &Found), TokenError> {
        let generation = self.shared.known.read().map_or(0, |known| known.generation);
        let inside = match self.inside.take() {
            Some(inside) if inside.generation == generation => inside,
            Some(Inside { session, .. }) => Inside { session, found: HashMap::new(), generation },
            None => Inside { session: self.shared.gate.enter()?, found: HashMap::new(), generation },
        };
        let Inside { session, found, .. } = self.inside.insert(inside);
        if !found.contains_key(label) {
            found.insert(label.clone(), self.shared.found_again(session, label)?);
        }
        let key = found.get(label).ok_or_else(|| unusable_key(label.as_str(), UnusableKey::Unreadable))?;
        Ok((session, key))
    }
}

impl Shared {
    /// The key by its label, and asserted to be one that only signs; when it was known before, the same by its CKA_ID.
    fn found_again(&self, session: &TokenSession, label: &KeyLabel) -> Result<Found, TokenError> {
        let found = session.look_for(label.as_str())?;
        session.assert_sign_only(label.as_str(), &found)?;
        let now = Known { public: found.public.clone(), id: found.id.clone() };
        match self.known(label) {
            Some(before) if before != now => Err(unusable_key(label.as_str(), UnusableKey::Exchanged)),
            Some(_) => Ok(found),
            None => {
                self.remember(label, now);
                Ok(found)
            }
        }
    }
}

fn refuse_other_algorithm(label: &KeyLabel, key: &Found, algorithm: SignatureAlgorithm) -> Result<(), TokenError> {
    if fits(key.public.algorithm(), algorithm) {
        return Ok(());
    }
    Err(unusable_key(label.as_str(), UnusableKey::OtherAlgorithm(algorithm.name())))
}
