//! Others judge our bytes: OpenSSL reads and verifies what the crates make, and generated input is thrown at what they read.

#![cfg(test)]

mod crl_openssl;
#[path = "../journeys/keys_contract.rs"]
mod keys_contract;
mod ocsp_http;
mod ocsp_openssl;
mod pki;
mod properties;
