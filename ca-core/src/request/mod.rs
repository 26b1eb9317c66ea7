//! What people and machines ask for: the PKCS#10 ([`csr`]) and the application around it ([`application`]).

pub mod application;
pub mod csr;

pub use application::{Application, ApprovalError, Approved, Approver, KeyOrigin, NewRequest, Submitted};
pub use csr::{Csr, CsrError, ProvenCsr, Repair};
