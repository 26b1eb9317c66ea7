//! What waits for a token, the most urgent first, and what is under way in it. Whoever asks waits here for the answers, and
//! gives up what takes too long.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ca_core::digest::Hashed;
use ca_core::id::KeyLabel;
use ca_core::key::{SignatureAlgorithm, SubjectKey};
use ca_core::signer::{Message, SignerError, Urgency};

use super::unusable;

/// What is asked of a token.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// The public half of a key.
    Look,
    /// A signature.
    Sign {
        /// By what.
        algorithm: SignatureAlgorithm,
        /// Over what.
        message: OwnedMessage,
    },
}

/// A message that waits for a session.
#[derive(Clone, Debug)]
pub(super) enum OwnedMessage {
    Octets(Arc<[u8]>),
    Hashed(Hashed),
}

impl From<Message<'_>> for OwnedMessage {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Octets(octets) => Self::Octets(Arc::from(octets)),
            Message::Hashed(hashed) => Self::Hashed(hashed.clone()),
        }
    }
}

impl OwnedMessage {
    pub(super) fn borrowed(&self) -> Message<'_> {
        match self {
            Self::Octets(octets) => Message::Octets(octets),
            Self::Hashed(hashed) => Message::Hashed(hashed),
        }
    }
}

/// What comes back.
#[derive(Debug)]
pub(super) enum Answer {
    Key(SubjectKey),
    Signature(Vec<u8>),
}

/// A task with its key.
pub(super) struct Job {
    pub(super) label: KeyLabel,
    pub(super) task: Task,
    asker: Arc<Asker>,
}

/// Whoever waits for a batch.
struct Asker {
    left: AtomicUsize,
    answered: Condvar,
}

/// What a worker does after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Stay,
    /// It was replaced while it was in the device.
    Leave,
}

/// How much a token has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Calls nobody has begun.
    pub waiting: usize,
    /// Calls that are in the device.
    pub under_way: usize,
    /// Calls that were given up and have not come back from the device.
    pub hung: usize,
}

/// How long closing waits for workers to end their sessions: a module whose process ends under them may crash.
const FAREWELL: Duration = Duration::from_secs(3);

pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    left: Condvar,
    sessions: usize,
    timeout: Duration,
}

struct State {
    waiting: BTreeMap<(Urgency, u64), Job>,
    under_way: HashMap<u64, UnderWay>,
    /// Answers that are not fetched yet.
    answers: HashMap<u64, Result<Answer, SignerError>>,
    next: u64,
    /// Workers that take calls.
    workers: usize,
    /// Workers that were given up.
    hung: usize,
    /// When anything came back from the device.
    progress: Instant,
    closed: bool,
}

struct UnderWay {
    since: Instant,
    phase: Phase,
    label: KeyLabel,
    asker: Arc<Asker>,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A session is opened, or the key looked for: nothing can have been signed.
    Preparing,
    /// The device has the octets.
    InDevice,
    /// The device has answered.
    Back,
}

impl Queue {
    /// For that many workers, which must be started.
    pub(super) fn new(sessions: usize, timeout: Duration) -> Self {
        let state = State {
            waiting: BTreeMap::new(),
            under_way: HashMap::new(),
            answers: HashMap::new(),
            next: 0,
            workers: sessions,
            hung: 0,
            progress: Instant::now(),
            closed: false,
        };
        Self { state: Mutex::new(state), arrived: Condvar::new(), left: Condvar::new(), sessions, timeout }
    }

    /// Workers at once.
    pub(super) const fn sessions(&self) -> usize {
        self.sessions
    }

    /// Nothing will be asked any more: workers end, and those that are not lost in the device have ended on return.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.arrived.notify_all();
        let waited = self.left.wait_timeout_while(state, FAREWELL, |state| state.workers > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// A worker has ended, and its session with it.
    pub(super) fn leave(&self) {
        let mut state = self.lock();
        state.workers = state.workers.saturating_sub(1);
        self.left.notify_all();
    }

    pub(super) fn load(&self) -> Load {
        let state = self.lock();
        Load { waiting: state.waiting.len(), under_way: state.under_way.len(), hung: state.hung }
    }

    /// Asks for `tasks` with one key and waits for all answers, in order. A call that is in the device for longer than the
    /// time-out is given up, and so is one that waits while nothing comes back from the device for as long; `replace` starts
    /// another worker for one that is lost, and says whether it could.
    pub(super) fn ask(
        &self,
        label: &KeyLabel,
        urgency: Urgency,
        tasks: Vec<Task>,
        replace: &dyn Fn() -> bool,
    ) -> Vec<Result<Answer, SignerError>> {
        let begun = Instant::now();
        let asker = Arc::new(Asker { left: AtomicUsize::new(tasks.len()), answered: Condvar::new() });
        let mut state = self.lock();
        if state.workers == 0 {
            let reason = format!("{} calls have not come back from its token", state.hung);
            return tasks.iter().map(|_| Err(unusable(label, reason.clone()))).collect();
        }
        let first = state.next;
        for task in tasks {
            let number = state.next;
            state.next = number.saturating_add(1);
            state.waiting.insert((urgency, number), Job { label: label.clone(), task, asker: Arc::clone(&asker) });
        }
        let numbers = first..state.next;
        self.arrived.notify_all();
        while asker.left.load(Ordering::Relaxed) > 0 {
            let now = Instant::now();
            let next = state.give_up_overdue(&numbers, (urgency, begun), now, self.timeout);
            self.replace_lost(&mut state, replace);
            let Some(next) = next else { continue };
            let pause = next.saturating_duration_since(now);
            state = asker.answered.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
        }
        let lost = || Err(unusable(label, "its answer was lost"));
        numbers.map(|number| state.answers.remove(&number).unwrap_or_else(lost)).collect()
    }

    /// The most urgent job, with its number; `None` when there will be no more. Waits for one.
    pub(super) fn take(&self) -> Option<(u64, Job)> {
        let mut state = self.lock();
        loop {
            if let Some(((_, number), job)) = state.waiting.pop_first() {
                let (label, asker) = (job.label.clone(), Arc::clone(&job.asker));
                let taken = UnderWay { since: Instant::now(), phase: Phase::Preparing, label, asker };
                state.under_way.insert(number, taken);
                return Some((number, job));
            }
            if state.closed {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The device is given the octets now; false when nobody waits for them any more.
    pub(super) fn begins(&self, number: u64) -> bool {
        self.lock().turn(number, Phase::InDevice)
    }

    /// The device has answered.
    pub(super) fn ended(&self, number: u64) {
        let mut state = self.lock();
        state.progress = Instant::now();
        state.turn(number, Phase::Back);
    }

    /// Hands an answer over, unless it was given up; what the worker does next.
    pub(super) fn answered(&self, number: u64, answer: Result<Answer, SignerError>) -> Next {
        let mut state = self.lock();
        state.progress = Instant::now();
        if let Some(under_way) = state.under_way.remove(&number) {
            state.answer(number, answer, &under_way.asker);
            return Next::Stay;
        }
        state.hung = state.hung.saturating_sub(1);
        if state.workers < self.sessions {
            state.workers = state.workers.saturating_add(1);
            return Next::Stay;
        }
        Next::Leave
    }

    /// Starts workers for those that were given up, as many as there are sessions beside the lost ones.
    fn replace_lost(&self, state: &mut State, replace: &dyn Fn() -> bool) {
        while state.workers < self.sessions
            && state.hung.saturating_add(state.workers) < self.sessions.saturating_mul(2)
        {
            if !replace() {
                return;
            }
            state.workers = state.workers.saturating_add(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn turn(&mut self, number: u64, phase: Phase) -> bool {
        match self.under_way.get_mut(&number) {
            Some(under_way) => {
                under_way.since = Instant::now();
                under_way.phase = phase;
                true
            }
            None => false,
        }
    }

    fn answer(&mut self, number: u64, answer: Result<Answer, SignerError>, asker: &Asker) {
        self.answers.insert(number, answer);
        if asker.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            asker.answered.notify_one();
        }
    }

    /// Answers in place of a device that takes too long; when to look again, `None` when nothing is open.
    fn give_up_overdue(
        &mut self,
        numbers: &Range<u64>,
        (urgency, begun): (Urgency, Instant),
        now: Instant,
        timeout: Duration,
    ) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        let idle = self.progress.max(begun);
        for number in numbers.clone() {
            let waits = self.waiting.contains_key(&(urgency, number));
            let since = match self.under_way.get(&number) {
                Some(under_way) => under_way.since,
                None if waits => idle,
                None => continue,
            };
            let due = since.checked_add(timeout).unwrap_or(now);
            if due > now {
                next = Some(next.map_or(due, |next| next.min(due)));
            } else if let Some(job) = self.waiting.remove(&(urgency, number)) {
                let reason = format!("nothing came back from its token for {} ms", timeout.as_millis());
                self.answer(number, Err(unusable(&job.label, reason)), &job.asker);
            } else if let Some(under_way) = self.under_way.remove(&number) {
                // Its worker is lost until the device comes back to it.
                self.workers = self.workers.saturating_sub(1);
                self.hung = self.hung.saturating_add(1);
                self.answer(number, Err(under_way.given_up(timeout)), &under_way.asker);
            }
        }
        next
    }
}

impl UnderWay {
    fn given_up(&self, timeout: Duration) -> SignerError {
        let label = self.label.clone();
        let reason = |what: &str| format!("its token {what} for {} ms", timeout.as_millis());
        match self.phase {
            Phase::Preparing => SignerError::Unusable { label, reason: reason("has not been ready") },
            Phase::InDevice | Phase::Back => SignerError::OutcomeUnknown { label, reason: reason("has not answered") },
        }
    }
}
