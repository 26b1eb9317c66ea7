//! What people and machines ask for: the PKCS#10 ([`csr`]) and the application around it ([`application`]); [`request_info`]
//! is what an authority here asks others with.

pub mod application;
pub mod csr;
mod info;

pub use application::{Application, ApprovalError, Approved, Approver, KeyOrigin, NewRequest, Submitted};
pub use csr::{Csr, CsrError, ProvenCsr, Repair};
pub use info::request_info;
