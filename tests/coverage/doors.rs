//! Invariant 4: one door per library. A library is used in the files listed for it and nowhere else, so that replacing it,
//! or reading how we use it, is a matter of a few files.

use crate::expect_none;
use crate::source::{names, program};

/// What stands behind a door.
struct Door {
    /// How code names it.
    library: &'static str,
    /// The files and folders (ending in `/`) that may.
    open_to: &'static [&'static str],
    /// What others use instead.
    instead: &'static str,
}

const DOORS: &[Door] = &[
    Door {
        library: "x509_parser::",
        open_to: &["ca-core/src/certificate/", "ca-core/src/request/csr.rs", "ca-core/src/issue/lint/"],
        instead: "ca_core::certificate::Certificate or ca_core::request::Csr, which stand behind the strict reader",
    },
    Door {
        library: "ring::",
        open_to: &["ca-core/src/digest.rs", "ca-core/src/verify.rs"],
        instead: "ca_core::digest and ca_core::verify",
    },
    Door { library: "p256::", open_to: &["ca-core/src/verify.rs"], instead: "ca_core::verify" },
    Door { library: "p384::", open_to: &["ca-core/src/verify.rs"], instead: "ca_core::verify" },
    Door { library: "rsa::", open_to: &["ca-core/src/verify.rs"], instead: "ca_core::verify" },
    Door { library: "tempfile::", open_to: &["crl/src/spool.rs"], instead: "crl::spool::Spool" },
    Door { library: "futures_util::", open_to: &["crl/src/http.rs"], instead: "a body of axum, or tokio" },
    Door { library: "ml_dsa::", open_to: &["ca-core/src/verify.rs"], instead: "ca_core::verify" },
    Door {
        library: "aws_lc_rs::",
        // The vault seals what the keys in soft/ are not for: AEAD, and no signature.
        open_to: &["hsm-adapters/src/soft/", "hsm-adapters/src/centre/vault.rs"],
        instead: "ca_core::signer::Signer, given as an argument",
    },
    Door {
        library: "pkcs8::",
        open_to: &["hsm-adapters/src/soft/"],
        instead: "hsm_adapters, which reads and writes key files",
    },
    Door {
        library: "cryptoki::",
        open_to: &["hsm-adapters/src/pkcs11/"],
        instead: "hsm_adapters::pkcs11, whose errors say which token and what to do",
    },
    Door {
        library: "p12_keystore::",
        open_to: &["hsm-adapters/src/centre/pkcs12.rs"],
        instead: "hsm_adapters::centre::seal_pkcs12",
    },
    Door { library: "sqlx::", open_to: &["store/src/"], instead: "a function of store; all SQL stands there" },
    Door {
        library: "askama::",
        open_to: &["ra-web/src/pages/", "ra-web/src/error.rs"],
        instead: "a page in ra-web/src/pages",
    },
    Door { library: "fluent_bundle::", open_to: &["ra-web/src/locale.rs"], instead: "ra_web's Texts" },
    Door { library: "rust_embed::", open_to: &["ra-web/src/assets.rs"], instead: "ra-web/src/assets.rs" },
    Door { library: "argon2::", open_to: &["ra-web/src/auth/password.rs"], instead: "ra_web's auth::password" },
    Door {
        library: "webauthn_rs::",
        open_to: &["ra-web/src/auth/passkey.rs", "ra-web/src/state.rs"],
        instead: "ra_web's auth::passkey",
    },
    Door { library: "totp_rs::", open_to: &["ra-web/src/auth/password.rs"], instead: "ra_web's auth::password" },
    Door {
        library: "num_bigint::",
        open_to: &["ca-core/src/key/weak.rs"],
        instead: "ca_core::key, which refuses weak keys",
    },
    Door {
        library: "unicode_normalization::",
        open_to: &["ca-core/src/name/text/", "ca-core/src/name/matching.rs"],
        instead: "ca_core::name::CertificateText and DistinguishedName::matches",
    },
    Door {
        library: "unicode_properties::",
        open_to: &["ca-core/src/name/text/"],
        instead: "ca_core::name::CertificateText",
    },
    Door {
        library: "unicode_security::",
        open_to: &["ca-core/src/name/text/"],
        instead: "ca_core::name::CertificateText",
    },
    Door {
        library: "stringprep::",
        open_to: &["ca-core/src/name/matching.rs"],
        instead: "ca_core::name::DistinguishedName::matches",
    },
    Door { library: "time::", open_to: &["ca-core/src/time.rs"], instead: "ca_core::time" },
    Door {
        library: "rcgen::",
        open_to: &["lgpki/src/"],
        instead: "ca_core::issue for certificates; rcgen only makes requests and keys of holders, in lgpki and in tests",
    },
    Door { library: "clap::", open_to: &["lgpki/src/"], instead: "an argument: lgpki reads the command line" },
    Door { library: "std::env", open_to: &["lgpki/src/"], instead: "an argument: lgpki reads the environment" },
    Door {
        library: "SystemTime",
        open_to: &["lgpki/src/clock.rs"],
        instead: "a Timestamp argument, or the Clock in the state; the one real clock is in lgpki/src/clock.rs",
    },
    Door {
        library: "getrandom::",
        open_to: &["lgpki/src/", "hsm-adapters/src/soft/"],
        instead: "an &dyn Entropy argument",
    },
    Door { library: "metrics::", open_to: &["lgpki/src/"], instead: "lgpki, which counts what the roles return" },
    Door { library: "ureq::", open_to: &["lgpki/src/"], instead: "nothing: only lgpki's commands call other servers" },
];

#[test]
fn each_library_is_used_behind_its_one_door() {
    let mut findings = Vec::new();
    for source in program() {
        let closed: Vec<&Door> = DOORS.iter().filter(|door| !door.lets_in(&source.path)).collect();
        for (number, line) in source.production() {
            for door in closed.iter().filter(|door| names(line, door.library)) {
                findings.push(format!("{}:{number}: {} — use {}", source.path, door.library, door.instead));
            }
        }
    }
    expect_none(
        findings,
        "go through the door named on the line (docs/architecture.md, invariant 4; DOORS in tests/coverage/doors.rs).",
    );
}

#[test]
fn every_door_is_used() {
    let program = program();
    let unused =
        DOORS.iter().flat_map(|door| door.open_to.iter().map(move |path| (door, *path))).filter(|(door, path)| {
            let inside = program.iter().filter(|source| within(&source.path, path));
            !inside.flat_map(|source| source.production()).any(|(_, line)| names(line, door.library))
        });
    let findings = unused.map(|(door, path)| format!("{} is not used in {path}", door.library)).collect();
    expect_none(findings, "close the door: remove that path from DOORS in tests/coverage/doors.rs.");
}

impl Door {
    fn lets_in(&self, path: &str) -> bool {
        self.open_to.iter().any(|open| within(path, open))
    }
}

fn within(path: &str, place: &str) -> bool {
    path == place || (place.ends_with('/') && path.starts_with(place))
}
