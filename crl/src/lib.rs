//! Certificate revocation lists (RFC 5280 §5): built, signed, checked, stored and served.
//!
//! - [`refresh()`] is the way of a list from the database back into it: number taken, gathered, signed, checked, stored.
//! - [`succession`] says what the next list has beside what the one before had; [`draft`] writes it down and has it signed;
//!   [`entries`] and [`build`] are its octets; [`check`] looks at it before anyone else can.
//! - [`reader`] reads a CRL entry by entry, [`inspect`] takes one apart in memory, [`coverage`] says what it speaks for.
//! - [`recover()`](recover::recover) takes back what a list outside knows and a restored database does not.
//! - [`repository`] has the authorities' certificates in their forms.
//! - [`http`] serves CRLs and the authorities' certificates with the headers caches want.
//!
//! Memory does not grow with the list: rows come by pages, entries go to a [`spool`], and a stored list stands in pieces.
//! Revocations arrive as rows of the database; this crate knows neither the registration application nor the OCSP responder.

pub mod build;
pub mod check;
pub mod coverage;
pub mod draft;
pub mod entries;
pub mod http;
pub mod inspect;
pub mod reader;
pub mod recover;
pub mod refresh;
pub mod repository;
mod source;
pub mod spool;
pub mod succession;

pub use http::{CrlState, router};
pub use inspect::CertificateList;
pub use refresh::{CrlPolicy, ListPlan, RefreshError, Refreshed, refresh};
