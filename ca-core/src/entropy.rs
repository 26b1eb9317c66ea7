//! Where randomness comes from: an argument, never a global. Implemented by `lgpki` with the operating system's source
//! and by [`crate::testing`] with a counter.

/// A source of unpredictable octets.
pub trait Entropy: Send + Sync {
    /// Fills all of `out`. Errors when the source fails; then nothing of `out` may be used.
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyUnavailable>;
}

/// The operating system gave no randomness; nothing may be drawn from a weaker source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed")]
pub struct EntropyUnavailable;
