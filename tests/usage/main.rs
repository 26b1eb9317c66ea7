//! Certificates do their job: each family's samples are given to the programs people use them with, and those decide. nginx
//! serves, OpenSSL signs, encrypts and asks, osslsigncode and jarsigner sign programs, pyHanko signs documents, Chromium logs in.
//! All of them check chains and revocation against what the samples' authorities published; and each is seen refusing, too.

#![cfg(test)]

mod client;
mod code;
mod document;
mod mail;
mod nginx;
mod repository;
mod tls_server;
mod trust;

use lgpki_tests::samples::Samples;

/// The samples of this build.
fn samples() -> Samples {
    Samples::made_by(env!("CARGO_BIN_EXE_lgpki-for-tests"))
}
