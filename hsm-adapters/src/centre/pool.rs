//! Key pairs made ahead, because an RSA key takes up to seconds and an officer is waiting.
//!
//! One thread fills the pool and rests as long as it worked, so that it takes half of one core at most and none when the
//! pool is full. The keys are in memory only: none is on the disk before it belongs to somebody, none survives the process,
//! and a restart simply makes new ones.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ca_core::key::KeyAlgorithm;

use crate::holder::{HolderKey, HolderKeyError};

/// The most keys of one kind kept ready, whatever is asked for.
const MOST_OF_A_KIND: usize = 256;

/// How long the thread waits after a key could not be made.
const AFTER_A_FAILURE: Duration = Duration::from_secs(10);

/// A pool of fresh key pairs. Dropping it stops its thread, waiting for the key being made (RSA-4096: a few seconds at
/// most), and wipes the keys.
pub struct KeyPool {
    shared: Arc<Shared>,
    filling: Option<JoinHandle<()>>,
}

struct Shared {
    stock: Mutex<Stock>,
    changed: Condvar,
}

struct Stock {
    shelves: Vec<Shelf>,
    stopping: bool,
}

/// The keys of one kind.
struct Shelf {
    algorithm: KeyAlgorithm,
    wanted: usize,
    keys: VecDeque<HolderKey>,
}

impl KeyPool {
    /// A pool that keeps that many keys of each kind ready (256 at most), and begins to make them.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn start(wanted: &[(KeyAlgorithm, usize)]) -> std::io::Result<Self> {
        let shelves = wanted
            .iter()
            .map(|(algorithm, count)| Shelf {
                algorithm: *algorithm,
                wanted: (*count).min(MOST_OF_A_KIND),
                keys: VecDeque::new(),
            })
            .collect();
        let shared =
            Arc::new(Shared { stock: Mutex::new(Stock { shelves, stopping: false }), changed: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let filling = std::thread::Builder::new().name("key-pool".to_owned()).spawn(move || theirs.fill())?;
        Ok(Self { shared, filling: Some(filling) })
    }

    /// A key pair nobody has had. At once if one of the kind is ready; otherwise it is made now, on the calling thread.
    ///
    /// # Errors
    /// As [`HolderKey::generate`].
    pub fn take(&self, algorithm: KeyAlgorithm) -> Result<HolderKey, HolderKeyError> {
        let ready = self.shared.lock().shelf(algorithm).and_then(|shelf| shelf.keys.pop_front());
        match ready {
            Some(key) => {
                self.shared.changed.notify_all();
                Ok(key)
            }
            None => HolderKey::generate(algorithm),
        }
    }

    /// How many keys of that kind are ready.
    pub fn ready(&self, algorithm: KeyAlgorithm) -> usize {
        self.shared.lock().shelf(algorithm).map_or(0, |shelf| shelf.keys.len())
    }

    /// Waits until every kind is ready in full, for `patience` at most. Returns whether it is.
    pub fn wait_until_full(&self, patience: Duration) -> bool {
        let stock = self.shared.lock();
        let waited = self.shared.changed.wait_timeout_while(stock, patience, |stock| stock.next().is_some());
        waited.unwrap_or_else(PoisonError::into_inner).0.next().is_none()
    }
}

impl Drop for KeyPool {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        if let Some(filling) = self.filling.take() {
            // A thread that panicked has stopped as well.
            let _ = filling.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: makes what is wanted most until it is told to stop.
    fn fill(&self) {
        while let Some(algorithm) = self.wait_for_want() {
            let begun = Instant::now();
            let made = HolderKey::generate(algorithm);
            let rest = if made.is_ok() { begun.elapsed() } else { AFTER_A_FAILURE };
            if let Ok(key) = made {
                self.lock().put(key);
                self.changed.notify_all();
            }
            let resting = self.changed.wait_timeout_while(self.lock(), rest, |stock| !stock.stopping);
            drop(resting);
        }
    }

    /// The kind to make next; waits while nothing is wanted. `None` when the pool stops.
    fn wait_for_want(&self) -> Option<KeyAlgorithm> {
        let idle = |stock: &mut Stock| !stock.stopping && stock.next().is_none();
        let stock = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if stock.stopping { None } else { stock.next() }
    }
}

impl Stock {
    fn shelf(&mut self, algorithm: KeyAlgorithm) -> Option<&mut Shelf> {
        self.shelves.iter_mut().find(|shelf| shelf.algorithm == algorithm)
    }

    /// The kind that lacks most; `None` when all are there.
    fn next(&self) -> Option<KeyAlgorithm> {
        let lacking = self.shelves.iter().filter(|shelf| shelf.lacks() > 0);
        lacking.max_by_key(|shelf| shelf.lacks()).map(|shelf| shelf.algorithm)
    }

    fn put(&mut self, key: HolderKey) {
        if let Some(shelf) = self.shelf(key.public().algorithm()).filter(|shelf| shelf.lacks() > 0) {
            shelf.keys.push_back(key);
        }
    }
}

impl Shelf {
    fn lacks(&self) -> usize {
        self.wanted.saturating_sub(self.keys.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const PATIENCE: Duration = Duration::from_secs(120);

    #[test]
    fn a_pool_fills_to_what_is_wanted_and_again_after_a_key_is_taken() {
        let pool = KeyPool::start(&[(KeyAlgorithm::P256, 3), (KeyAlgorithm::Rsa2048, 1)]).unwrap();
        for _ in 0..2 {
            assert!(pool.wait_until_full(PATIENCE));
            assert_eq!((pool.ready(KeyAlgorithm::P256), pool.ready(KeyAlgorithm::Rsa2048)), (3, 1));
            assert_eq!(pool.take(KeyAlgorithm::Rsa2048).ok().unwrap().public().algorithm(), KeyAlgorithm::Rsa2048);
        }
    }

    #[test]
    fn nobody_gets_a_key_somebody_else_has() {
        let pool = KeyPool::start(&[(KeyAlgorithm::P256, 8)]).unwrap();
        let taken: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let take = || pool.take(KeyAlgorithm::P256).ok().unwrap().public().fingerprint();
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(move || (0..16).map(|_| take()).collect::<Vec<_>>())).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 64);
    }

    #[test]
    fn a_kind_that_is_not_kept_is_made_at_once() {
        let pool = KeyPool::start(&[]).unwrap();
        assert_eq!(pool.take(KeyAlgorithm::P384).ok().unwrap().public().algorithm(), KeyAlgorithm::P384);
        assert!(pool.take(KeyAlgorithm::Rsa(1024)).is_err());
    }

    #[test]
    fn a_pool_stops_while_it_is_filling() {
        let pool = KeyPool::start(&[(KeyAlgorithm::Rsa2048, MOST_OF_A_KIND + 1)]).unwrap();
        let shared = Arc::downgrade(&pool.shared);
        drop(pool);
        assert!(shared.upgrade().is_none(), "the thread has let go, and the keys are gone");
    }
}
