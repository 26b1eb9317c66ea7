//! Keys: those of the engine, behind `ca_core`'s [`Signer`](ca_core::signer::Signer) and
//! [`KeyKeeper`](ca_core::signer::KeyKeeper), and those of holders.
//!
//! - [`soft`]: keys in files, each sealed with a passphrase. For try-outs, tests and offline roots on an encrypted disk.
//! - [`pkcs11`]: key pairs in a token, which signs with them itself.
//! - [`passphrase`]: where that passphrase may come from: a file, a descriptor, a prompt. Never an argument, never the environment.
//! - [`probe`]: asks a signer to prove that it can use a key.
//! - [`holder`]: key pairs of certificate holders, and their files.
//! - [`custody`]: the secret that opens a key store, shared among custodians.
//! - [`centre`]: holders' keys made here: a pool of them, a vault while they wait, the PKCS#12 and its PIN.
//!
//! Nobody but the command and the tests depends on this crate: the engine sees the two traits only. aws-lc-rs is named in
//! `soft/` and in the vault, and nowhere else.

pub mod centre;
pub mod custody;
pub mod holder;
pub mod passphrase;
pub mod pkcs11;
pub mod probe;
pub mod soft;

pub use passphrase::Passphrase;
pub use soft::{SoftKeys, warm_up};
