//! Invariant 1: `ca-core` does no I/O, reads no clock and draws no randomness; all three are arguments.

use crate::arrows::{dependencies, metadata};
use crate::expect_none;
use crate::source::{names, sources};

/// What would be I/O, a clock, randomness, or a thread of its own.
const OUTSIDE_WORLD: &[&str] = &[
    "std::fs",
    "std::io",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "std::env",
    "std::process",
    "std::thread",
    "std::os",
    "SystemTime",
    "Instant",
    "OffsetDateTime::now_utc",
    "ring::rand",
    "SystemRandom",
    "rand::",
    "getrandom::",
    "tokio::",
    "async_std::",
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "dbg!",
];

/// Libraries that compute and nothing else. `ring` also draws randomness, which the list above catches.
const PURE: &[&str] = &[
    "ml-dsa",
    "num-bigint",
    "p256",
    "p384",
    "pem",
    "ring",
    "rsa",
    "serde",
    "stringprep",
    "thiserror",
    "time",
    "toml",
    "unicode-normalization",
    "unicode-properties",
    "unicode-security",
    "x509-parser",
    "zeroize",
];

#[test]
fn the_engine_neither_reads_nor_writes_nor_knows_the_time_nor_draws() {
    let mut findings = Vec::new();
    for source in sources("ca-core/src") {
        for (number, line) in source.production() {
            let found = OUTSIDE_WORLD.iter().filter(|path| names(line, path));
            findings.extend(found.map(|path| format!("{}:{number}: {path}", source.path)));
        }
    }
    expect_none(
        findings,
        "ca-core is told what it needs: take a Timestamp, an &dyn Entropy, a Signer or a Ledger as an argument, and do the \
         rest in the crate that calls (docs/architecture.md, invariant 1).",
    );
}

#[test]
fn the_engine_depends_only_on_libraries_that_compute() {
    let metadata = metadata();
    let others = dependencies(&metadata, "ca-core").into_iter().filter(|name| !PURE.contains(&name.as_str()));
    expect_none(
        others.collect(),
        "a library that reads, writes or draws belongs in another crate; one that only computes is added to PURE in \
         tests/coverage/engine.rs, with its reason in docs/decisions/0002-libraries.md.",
    );
}
