//! Certificate revocation lists (RFC 5280 §5): built, signed, checked, stored and served.
//!
//! - [`refresh()`] is the way of a CRL from the database back into it: number taken, built, signed, checked, stored.
//! - [`entries`] says what is listed, [`build`] writes it, [`check`] looks at it before anyone else can.
//! - [`inspect`] reads a CRL for people and for the check.
//! - [`http`] serves CRLs and the authorities' certificates with the headers caches want.
//!
//! Revocations arrive as rows of the database; this crate knows neither the registration application nor the OCSP responder.

pub mod build;
pub mod check;
pub mod entries;
pub mod http;
pub mod inspect;
pub mod refresh;
pub mod scope;

pub use http::{CrlState, router};
pub use inspect::CertificateList;
pub use refresh::{CrlPolicy, RefreshError, Refreshed, refresh};
