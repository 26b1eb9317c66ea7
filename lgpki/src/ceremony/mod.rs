//! Key ceremonies: a script (`ca_core::ceremony`) is run, step by step, by people who confirm with their names. Needs no
//! service and no network: a folder with a SQLite database, keys, a journal and what was made.
//!
//! - [`engine`] leads through the steps, [`acts`] does what one says, [`people`] asks who is there.
//! - [`custodians`] open the key stores whose secret they share.
//! - [`earlier`] is a ceremony that a later one goes on with.
//! - [`journal`] is what happened, durable before and after each act: a ceremony that was cut off goes on from there.
//! - [`record`] is what is kept of a ceremony, signed, and [`page`] the same on paper; [`seal`] signs both and bundles ([`bundle`]).
//! - [`requests`] are what comes to a ceremony in a bundle.

pub mod acts;
pub mod bundle;
pub mod custodians;
pub mod earlier;
pub mod engine;
pub mod journal;
pub mod page;
pub mod people;
pub mod record;
pub mod requests;
pub mod seal;

use ca_core::digest::hmac_sha256;
use ca_core::entropy::{Entropy, EntropyUnavailable};
use ca_core::time::{Clock, Timestamp};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a ceremony draws: the same seed, step and attempt give the same octets, so that a step that is done again without a
/// lost outcome gives the same certificate.
pub(crate) struct Drawn {
    seed: [u8; 32],
    what: String,
    count: AtomicU64,
    left: Mutex<Vec<u8>>,
}

impl Drawn {
    pub(crate) fn new(seed: &[u8; 32], step: &str, attempt: u32) -> Self {
        Self { seed: *seed, what: format!("{step}/{attempt}/"), count: AtomicU64::new(0), left: Mutex::default() }
    }
}

impl Entropy for Drawn {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyUnavailable> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        for octet in out {
            if left.is_empty() {
                let count = self.count.fetch_add(1, Ordering::SeqCst);
                *left = hmac_sha256(&self.seed, format!("{}{count}", self.what).as_bytes()).to_vec();
            }
            *octet = left.pop().ok_or(EntropyUnavailable)?;
        }
        Ok(())
    }
}

/// The time a step is dated by.
pub(crate) struct Dated(pub(crate) Timestamp);

impl Clock for Dated {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Writes a file that appears whole or not at all, and is durable on return. Errors: as the system says.
pub(crate) fn write_whole(path: &Path, octets: &[u8]) -> std::io::Result<()> {
    let staged = path.with_extension("part");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&staged)?;
    file.write_all(octets)?;
    file.sync_all()?;
    std::fs::rename(&staged, path)?;
    // The name, too, must survive.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_attempt_draws_the_same_and_another_does_not() {
        let drawn = |step: &str, attempt| {
            let (drawn, mut out) = (Drawn::new(&[7; 32], step, attempt), [0; 40]);
            drawn.fill(&mut out).unwrap();
            out
        };
        assert_eq!(drawn("root", 0), drawn("root", 0));
        assert_ne!(drawn("root", 0), drawn("root", 1));
        assert_ne!(drawn("root", 0), drawn("sub", 0));
        assert_ne!(drawn("root", 0)[..8], drawn("root", 0)[32..]);
    }
}
