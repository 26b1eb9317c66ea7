//! Online certificate status (RFC 6960, RFC 5019, RFC 9654): who asks for one certificate learns whether it is revoked.
//!
//! - [`request`] and [`response`] read and write the two messages, [`cert_id`] the name of a certificate in both.
//! - [`responder`] answers: from what [`presign`] has signed in advance, or signed now; [`policy`] says for how long.
//! - `shelf` keeps those in memory, of each what differs from the others; [`Responder::follow`] keeps it in step.
//! - [`bundle`] carries answers away in a file, [`edge`] answers from it, without key and database.
//! - [`http`] carries it over GET and POST; what need not be waited for goes past it, by `at_once`, `frame` and `hot`.
//! - [`client`] asks, and judges an answer as a relying party does.
//!
//! What is true stands in the database; this crate knows neither the registration application nor CRLs.

mod at_once;
pub mod bundle;
pub mod cert_id;
pub mod client;
pub mod edge;
pub mod extensions;
mod follow;
mod frame;
mod hot;
pub mod http;
mod identity;
pub mod policy;
pub mod presign;
pub mod request;
pub mod responder;
pub mod response;
mod shelf;
mod unanswered;

pub use at_once::Asked;
pub use cert_id::{CertId, CertIdDigest, IssuerHashes};
pub use follow::Follower;
pub use http::{Outcome, router};
pub use identity::SigningError;
pub use policy::{OcspPolicies, OcspPolicy};
pub use presign::{PresignError, Presigned};
pub use request::{OcspRequest, RequestError};
pub use responder::Responder;
pub use response::{CertStatus, OcspResponse, Refusal, ResponseError, SingleResponse};
