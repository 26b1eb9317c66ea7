//! Whether a key can be used, found out by using it: a test message is signed and the signature verified by ring, the
//! other library. [`KeyStates`] remembers what came of it, and when to ask again.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use ca_core::id::KeyLabel;
use ca_core::key::SubjectKey;
use ca_core::signer::{Signer, SignerError, Tbs};
use ca_core::verify::verify;

/// What the probe signs. No structure of X.509 begins with a letter `L` (0x4c), so the signature is of no other use.
const MESSAGE: &[u8] = b"LGPKI key probe: this signature means nothing";

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The key signed, and its public half verified the signature.
    Usable,
    /// It did not.
    Unusable {
        /// What is wrong, for the operator: it names the key's file where there is one.
        reason: String,
    },
}

/// Signs a test message with the key `label` and verifies it. Blocking, as [`Signer::sign`].
pub fn probe(signer: &dyn Signer, label: &KeyLabel) -> Probe {
    match tried(signer, label) {
        Ok(()) => Probe::Usable,
        Err(reason) => Probe::Unusable { reason },
    }
}

fn tried(signer: &dyn Signer, label: &KeyLabel) -> Result<(), String> {
    let key = signer.public_key(label).map_err(|error| error.to_string())?;
    let algorithm = key.algorithm().signature_algorithm();
    let signature = signer
        .sign(label, algorithm, &[Tbs::Probe(MESSAGE)])
        .pop()
        .ok_or_else(|| "the signer returned nothing".to_owned())?
        .map_err(|error| error.to_string())?;
    verify(&key, algorithm, MESSAGE, &signature)
        .map_err(|_| format!("the key {label} signs, but its public half does not verify the signature"))
}

/// How a key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It has not answered yet.
    Probing,
    /// It signed when it was last asked.
    Usable,
    /// It did not.
    Unusable {
        /// What is wrong, for the operator.
        reason: String,
    },
    /// Every store has answered, and none has it: it is used elsewhere.
    Elsewhere,
    /// The label leads to another key than the certified one.
    Another,
}

impl KeyState {
    /// Every word of [`KeyState::as_str`].
    pub const WORDS: [&str; 5] = ["probing", "usable", "unusable", "elsewhere", "another"];

    /// `probing`, `usable`, `unusable`, `elsewhere`, `another`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Probing => "probing",
            Self::Usable => "usable",
            Self::Unusable { .. } => "unusable",
            Self::Elsewhere => "elsewhere",
            Self::Another => "another",
        }
    }

    /// What is wrong with a key that cannot be used, in words; `None` for one that can, or is not known yet.
    pub fn trouble(&self) -> Option<&str> {
        match self {
            Self::Probing | Self::Usable => None,
            Self::Unusable { reason } => Some(reason),
            Self::Elsewhere => Some("no store has it"),
            Self::Another => Some("it is not the key that is certified"),
        }
    }
}

/// The longest a key that cannot be used is left alone; it begins with a second, and doubles.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A key that has signed is not asked again for so long.
const TRUSTED: Duration = Duration::from_secs(60);

/// What is known of the keys a process needs. Clock-free: `now` is an argument.
#[derive(Default)]
pub struct KeyStates(RwLock<BTreeMap<KeyLabel, Watched>>);

struct Watched {
    /// The public half in the certificate.
    certified: SubjectKey,
    state: KeyState,
    failures: u32,
    due: Instant,
    /// It was usable once: it belongs here.
    ours: bool,
}

impl KeyStates {
    /// From now on this key is watched; it is to be probed at once. One that is watched already goes on as it is.
    pub fn watch(&self, label: &KeyLabel, certified: &SubjectKey, now: Instant) {
        let fresh =
            || Watched { certified: certified.clone(), state: KeyState::Probing, failures: 0, due: now, ours: false };
        self.write().entry(label.clone()).or_insert_with(fresh);
    }

    /// How a key stands; `None` for one that is not watched.
    pub fn state(&self, label: &KeyLabel) -> Option<KeyState> {
        self.read().get(label).map(|watched| watched.state.clone())
    }

    /// All that are watched, by their labels.
    pub fn all(&self) -> Vec<(KeyLabel, KeyState)> {
        self.read().iter().map(|(label, watched)| (label.clone(), watched.state.clone())).collect()
    }

    /// Watches no others than these any more.
    pub fn forget_others(&self, labels: &[&KeyLabel]) {
        self.write().retain(|label, _| labels.contains(&label));
    }

    /// Whether all signed when they were last asked.
    pub fn all_usable(&self) -> bool {
        self.read().values().all(|watched| watched.state == KeyState::Usable)
    }

    /// The keys to be probed now, each told to one asker.
    pub fn take_due(&self, now: Instant) -> Vec<KeyLabel> {
        let mut states = self.write();
        let due = states.iter_mut().filter(|(_, watched)| watched.due <= now);
        due.map(|(label, watched)| {
            watched.due = after(now, LONGEST_PAUSE);
            label.clone()
        })
        .collect()
    }

    /// Keys that cannot be used are to be probed at once: something was done about them.
    pub fn hurry(&self, now: Instant) {
        for watched in self.write().values_mut().filter(|watched| watched.state != KeyState::Usable) {
            watched.due = now;
        }
    }

    /// A key has signed. Whether it could not before.
    pub fn signed(&self, label: &KeyLabel, now: Instant) -> bool {
        let mut states = self.write();
        let Some(watched) = states.get_mut(label) else { return false };
        let before = std::mem::replace(&mut watched.state, KeyState::Usable);
        (watched.failures, watched.due, watched.ours) = (0, after(now, TRUSTED), true);
        before != KeyState::Usable
    }

    /// A key has not signed: it is left alone for a while that grows. Whether it could before.
    pub fn failed(&self, label: &KeyLabel, reason: &str, now: Instant) -> bool {
        let mut states = self.write();
        let Some(watched) = states.get_mut(label) else { return false };
        let before = std::mem::replace(&mut watched.state, KeyState::Unusable { reason: reason.to_owned() });
        watched.due = after(now, pause(watched.failures));
        watched.failures = watched.failures.saturating_add(1);
        !matches!(before, KeyState::Unusable { .. })
    }

    /// Probes a key through `signer` and remembers what came of it. Blocking. Returns the new state when it is another.
    pub fn probe(&self, signer: &dyn Signer, label: &KeyLabel) -> Option<KeyState> {
        let certified = self.read().get(label).map(|watched| watched.certified.clone())?;
        let (outcome, now) = (asked(signer, label, &certified), Instant::now());
        let elsewhere = !self.read().get(label).is_some_and(|watched| watched.ours);
        let changed = match &outcome {
            Ok(()) => self.signed(label, now),
            Err(NotUsable::Absent) if elsewhere => self.settle(label, KeyState::Elsewhere, now),
            Err(NotUsable::Absent) => self.failed(label, "its store has no such key any more", now),
            Err(NotUsable::Another) => self.settle(label, KeyState::Another, now),
            Err(NotUsable::Because(reason)) => self.failed(label, reason, now),
        };
        if changed { self.state(label) } else { None }
    }

    /// What does not change by itself, and is asked for now and then all the same.
    fn settle(&self, label: &KeyLabel, state: KeyState, now: Instant) -> bool {
        let mut states = self.write();
        let Some(watched) = states.get_mut(label) else { return false };
        watched.due = after(now, LONGEST_PAUSE);
        std::mem::replace(&mut watched.state, state.clone()) != state
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<KeyLabel, Watched>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<KeyLabel, Watched>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

enum NotUsable {
    Absent,
    Another,
    Because(String),
}

fn asked(signer: &dyn Signer, label: &KeyLabel, certified: &SubjectKey) -> Result<(), NotUsable> {
    match signer.public_key(label) {
        Err(SignerError::NoSuchKey(_)) => return Err(NotUsable::Absent),
        Err(error) => return Err(NotUsable::Because(error.to_string())),
        Ok(key) if key != *certified => {
            return Err(NotUsable::Another);
        }
        Ok(_) => {}
    }
    match probe(signer, label) {
        Probe::Usable => Ok(()),
        Probe::Unusable { reason } => Err(NotUsable::Because(reason)),
    }
}

/// 1, 2, 4 … 60 seconds.
fn pause(failures: u32) -> Duration {
    Duration::from_secs(1u64 << failures.min(8)).min(LONGEST_PAUSE)
}

fn after(now: Instant, pause: Duration) -> Instant {
    now.checked_add(pause).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holder::HolderKey;
    use ca_core::key::KeyAlgorithm;

    #[test]
    fn a_key_that_fails_is_left_alone_longer_each_time_until_it_signs() {
        let (states, now) = (KeyStates::default(), Instant::now());
        let label = KeyLabel::parse("root").unwrap();
        let key = HolderKey::generate(KeyAlgorithm::P256).ok().unwrap();
        states.watch(&label, key.public(), now);
        assert_eq!((states.state(&label), states.take_due(now).len()), (Some(KeyState::Probing), 1));
        assert_eq!(states.take_due(now).len(), 0, "it is told once");
        let seconds = |n| now + Duration::from_secs(n);
        assert!(states.failed(&label, "away", now));
        assert_eq!((states.take_due(now).len(), states.take_due(seconds(1)).len()), (0, 1));
        assert!(!states.failed(&label, "away", seconds(1)), "it is no news");
        assert_eq!((states.take_due(seconds(2)).len(), states.take_due(seconds(3)).len()), (0, 1));
        assert!(states.signed(&label, seconds(3)));
        assert_eq!(states.all(), [(label.clone(), KeyState::Usable)]);
        assert_eq!((states.take_due(seconds(62)).len(), states.take_due(seconds(63)).len()), (0, 1));
        assert!(states.failed(&label, "away", seconds(63)));
        assert_eq!(states.take_due(seconds(63)).len(), 0);
        states.hurry(seconds(63));
        assert_eq!(states.take_due(seconds(63)).len(), 1);
        assert_eq!(pause(0), Duration::from_secs(1));
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
