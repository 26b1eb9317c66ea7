//! The system's randomness: the one place where it is drawn.

use ca_core::entropy::{Entropy, EntropyUnavailable};

/// The operating system's source, `getrandom(2)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyUnavailable> {
        getrandom::fill(out).map_err(|_| EntropyUnavailable)
    }
}
