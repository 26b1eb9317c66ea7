//! Others judge our bytes: OpenSSL reads and verifies what the crates make, and generated input is thrown at what they read.

#![cfg(test)]

mod certificates;
mod crl_commands;
mod crl_lists;
mod crl_openssl;
mod edge_bundle;
mod golden;
mod issued_lists;
mod judged;
mod mldsa;
mod names;
mod ocsp_archive;
mod ocsp_http;
mod ocsp_memory;
mod ocsp_openssl;
mod ocsp_renewing;
mod packs;
mod pki;
mod properties;
mod publication;
mod publication_ldap;
mod refused;
mod revocation_model;
