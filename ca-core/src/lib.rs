//! The CA engine of LGPKI: the types that carry a certificate from a request to its revocation.
//!
//! This crate does no I/O, reads no clock and draws no randomness: all three are arguments ([`time::Timestamp`],
//! [`entropy::Entropy`], the [`issue::Ledger`] and [`signer::Signer`] traits). What must be true before something is
//! signed is in types; `issue` is the page to read first.
//!
//! - [`issue`]: the pipeline vet → encode → lint → record → sign → record, and the durability contract of the ledger.
//! - [`request`]: certification requests with proof of possession; applications and the four eyes that approve them.
//! - [`certificate`]: certificates decoded, verified, packed. [`key`], [`verify`], [`digest`]: public keys and signatures.
//! - [`name`]: distinguished names, DNS names, codes and names of organisations. [`profile`]: what each kind contains.
//! - [`campaign`]: moving a fleet of certificates to new cryptography, in waves.
//! - [`ceremony`]: scripts of key ceremonies. [`kana`]: digests as words that are read aloud.
//! - [`register`]: local governments with their codes, readings and LG.JP names; whose domain is whose.
//! - [`der`]: the one door for DER. [`oid`], [`serial`], [`id`], [`time`], [`entropy`], [`revocation`], [`audit`],
//!   [`signer`]: the words the rest is written in. [`testing`]: fixed stand-ins for tests.

pub mod audit;
pub mod campaign;
pub mod ceremony;
pub mod certificate;
pub mod der;
pub mod digest;
pub mod entropy;
pub mod id;
pub mod issue;
pub mod issued_list;
pub mod kana;
pub mod key;
pub mod name;
pub mod oid;
pub mod profile;
pub mod register;
pub mod request;
pub mod revocation;
pub mod serial;
pub mod signer;
pub mod testing;
pub mod time;
pub mod verify;
