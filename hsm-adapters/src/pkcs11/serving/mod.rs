//! A token at the service of an authority: keys found by label and CKA_ID, and signatures from several threads at once.
//!
//! PKCS#11 sessions belong to one thread at a time, so each of a few [`worker`]s has its own, and a [`queue`] feeds them, the
//! most urgent work first. Whoever asks waits for a bounded time only: a call that the device does not come back from is
//! given up, and its thread is replaced. [`gate`] is the way into the token: the module, the PIN, the login.
//!
//! What holds: nothing is asked of the device a second time once it had the octets; a lost session, a lost login and a token
//! that comes back are mended by the next call; every signature is verified before it leaves; a PIN that was refused is not
//! tried again.

mod gate;
mod measure;
mod queue;
mod worker;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ca_core::id::KeyLabel;
use ca_core::key::{KeyAlgorithm, SignatureAlgorithm, SubjectKey};
use ca_core::signer::{KeyKeeper, Signer, SignerError, Tbs, Urgency};

use self::gate::Gate;
use self::queue::{Answer, Queue, Task};
use self::worker::Known;
use super::{TokenError, UnusableKey};
use crate::Passphrase;

pub use self::queue::Load;

/// Which token, and how it is used.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// The maker's PKCS#11 library.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// Sessions that sign at once, at least one.
    pub sessions: usize,
    /// How long a call may be in the device, and how long one waits for a device from which nothing comes.
    pub timeout: Duration,
}

/// The authorities' keys in one token. Clones share its sessions, which end with the last of them.
///
/// Nothing is opened before it is needed, so a token that is away shows at the first use, and the same keys can be used when
/// it is back. Signatures are asked for one by one and spread over the sessions. A call that was in the device when its time
/// ran out is [`SignerError::OutcomeUnknown`]; one that was not is [`SignerError::Unusable`].
#[derive(Clone)]
pub struct TokenKeys(Arc<Open>);

/// Closes the queue when nobody can ask any more.
struct Open(Arc<Shared>);

struct Shared {
    gate: Gate,
    queue: Queue,
    /// Keys that have been found and looked at.
    known: RwLock<worker::KnownKeys>,
}

impl TokenKeys {
    /// The keys of a token under `pin`, which a device with a PIN pad asks for itself.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(settings: TokenSettings, pin: Option<Passphrase>) -> std::io::Result<Self> {
        let queue = Queue::new(settings.sessions.max(1), settings.timeout);
        let shared = Arc::new(Shared { gate: Gate::new(settings, pin), queue, known: RwLock::default() });
        let keys = Self(Arc::new(Open(Arc::clone(&shared))));
        for _ in 0..shared.queue.sessions() {
            worker::start(&shared)?;
        }
        Ok(keys)
    }

    /// What it is doing.
    pub fn load(&self) -> Load {
        self.shared().queue.load()
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.queue.close();
    }
}

impl Signer for TokenKeys {
    fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, SignerError> {
        if let Some(known) = self.shared().known(label) {
            return Ok(known.public);
        }
        match self.shared().ask(label, Urgency::Probe, vec![Task::Look]).pop() {
            Some(Ok(Answer::Key(key))) => Ok(key),
            Some(Err(error)) => Err(error),
            Some(Ok(Answer::Signature(_))) | None => Err(unusable(label, "its token did not answer what was asked")),
        }
    }

    fn sign(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        batch: &[Tbs<'_>],
    ) -> Vec<Result<Vec<u8>, SignerError>> {
        let Some(urgency) = batch.iter().map(Tbs::urgency).min() else { return Vec::new() };
        let task = |tbs: &Tbs<'_>| Task::Sign { algorithm, message: tbs.message().into() };
        let answers = self.shared().ask(label, urgency, batch.iter().map(task).collect());
        let signature = |answer| match answer {
            Ok(Answer::Signature(signature)) => Ok(signature),
            Ok(Answer::Key(_)) => Err(unusable(label, "its token did not answer what was asked")),
            Err(error) => Err(error),
        };
        answers.into_iter().map(signature).collect()
    }
}

/// These wait for the device as long as it takes: an RSA key in a card takes minutes, and somebody is watching.
impl KeyKeeper for TokenKeys {
    fn create(&self, label: &KeyLabel, algorithm: KeyAlgorithm) -> Result<SubjectKey, SignerError> {
        let made = self.shared().gate.enter_to_change().and_then(|session| {
            let made = session.generate_sign_only(label.as_str(), algorithm)?;
            session.assert_sign_only(label.as_str(), &made).map(|()| made)
        });
        let made = made.map_err(|error| told(label, &error))?;
        self.shared().remember(label, Known { public: made.public.clone(), id: made.id });
        Ok(made.public)
    }

    fn destroy(&self, label: &KeyLabel) -> Result<(), SignerError> {
        let destroyed = self.shared().gate.enter_to_change().and_then(|session| {
            let key = session.look_for(label.as_str())?;
            session.destroy(&key)
        });
        destroyed.map_err(|error| told(label, &error))?;
        self.shared().forget(label);
        Ok(())
    }
}

impl Shared {
    fn ask(self: &Arc<Self>, label: &KeyLabel, urgency: Urgency, tasks: Vec<Task>) -> Vec<Result<Answer, SignerError>> {
        // A thread that cannot be started is not replaced; the others go on.
        self.queue.ask(label, urgency, tasks, &|| worker::start(self).is_ok())
    }

    fn known(&self, label: &KeyLabel) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(label)
    }

    fn remember(&self, label: &KeyLabel, key: Known) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(label, key);
    }

    fn forget(&self, label: &KeyLabel) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(label);
    }
}

fn unusable(label: &KeyLabel, reason: impl Into<String>) -> SignerError {
    SignerError::Unusable { label: label.clone(), reason: reason.into() }
}

/// What an error of the token means for whoever wanted a key.
fn told(label: &KeyLabel, error: &TokenError) -> SignerError {
    let reason = error.to_string();
    match error {
        TokenError::NoSuchKey { .. } => SignerError::NoSuchKey(label.clone()),
        TokenError::LabelTaken { .. } => SignerError::KeyExists(label.clone()),
        TokenError::OutcomeUnknown { .. } => SignerError::OutcomeUnknown { label: label.clone(), reason },
        TokenError::BadSignature { .. } => SignerError::WrongSignature { label: label.clone(), reason },
        TokenError::UnusableKey { reason: what, .. } => unusable(label, UnusableKey::to_string(what)),
        _ => unusable(label, reason),
    }
}
