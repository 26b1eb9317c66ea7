//! Keys for the engine, behind `ca_core`'s [`Signer`](ca_core::signer::Signer) and
//! [`KeyKeeper`](ca_core::signer::KeyKeeper).
//!
//! - [`soft`]: keys in files, each sealed with a passphrase. For try-outs, tests and offline roots on an encrypted disk.
//! - [`passphrase`]: where that passphrase may come from: a file, a descriptor, a prompt. Never an argument, never the environment.
//! - [`probe`]: asks a signer to prove that it can use a key.
//!
//! PKCS#11 devices stand beside `soft` when they come. Nobody but the command and the tests depends on this crate: the
//! engine sees the two traits only. aws-lc-rs is named in `soft/` and nowhere else.

pub mod passphrase;
pub mod probe;
pub mod soft;

pub use passphrase::Passphrase;
pub use soft::{SoftKeys, warm_up};
