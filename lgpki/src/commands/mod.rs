//! What each command does. A command reads its arguments, does its work through the libraries, and says the result.

pub mod bench;
pub mod ca;
pub mod campaign;
pub mod ceremony;
pub mod cert;
pub mod crl;
pub mod csr;
pub mod demo;
pub mod doctor;
pub mod init;
pub mod input;
pub mod key;
pub mod lint;
pub mod mass_revoke;
pub mod ocsp;
pub mod officer;
pub mod org;
pub mod pack;
pub mod packs;
pub mod profile;
pub mod publish;
pub mod revocation;
pub mod serve;
pub mod token;
pub mod vault;

use crate::cli::{Bench, Cli, Command};
use crate::config::{LogFormat, LogLevel};
use crate::trouble::{Exit, Trouble, chain};
use crate::{logs, out};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use store::Interruption;

/// Does what the command line says. `started` is when the process began. Errors: why it could not be done.
pub fn run(cli: Cli, interruption: Option<Arc<dyn Interruption>>, started: Instant) -> Result<Exit, Trouble> {
    // `serve` logs as its configuration says; every other command keeps quiet unless something is wrong.
    if !matches!(cli.command, Command::Serve(_)) {
        logs::begin(LogFormat::Text, LogLevel::Warn);
    }
    match cli.command {
        Command::Init(what) => wait(init::run(&what)),
        Command::Serve(what) => serve::run(&what, &cli.config, interruption),
        Command::Org(what) => wait(org::run(&what, &cli.config)),
        Command::Officer(what) => wait(officer::run(&what, &cli.config)),
        Command::Demo(what) => wait(demo::run(&what, started)),
        Command::Doctor(what) => wait(doctor::run(&what, &cli.config)),
        Command::Key(what) => wait(key::run(&what, &cli.config)),
        Command::Csr(what) => csr::run(&what),
        Command::Vault(what) => wait(vault::run(&what, &cli.config)),
        Command::Ca(what) => wait(ca::run(&what, &cli.config)),
        Command::Campaign(what) => wait(campaign::run(&what, &cli.config)),
        Command::Ceremony(what) => wait(ceremony::run(&what, &cli.config, interruption)),
        Command::MassRevoke(what) => wait(mass_revoke::run(&what, &cli.config, interruption)),
        Command::Revocation(what) => wait(revocation::run(&what, &cli.config)),
        Command::Cert(what) => cert::run(&what),
        Command::Lint(what) => lint::run(&what),
        Command::Profile(what) => wait(profile::run(&what)),
        Command::Pack(what) => pack::run(&what),
        Command::Crl(what) => crl::run(&what, &cli.config, interruption),
        Command::Publish(what) => wait(publish::run(&what, &cli.config)),
        Command::Ocsp(ocsp::Ocsp::Query(what)) => ocsp::query(&what),
        Command::Ocsp(ocsp::Ocsp::Presign(what)) => wait(ocsp::presign::run(&what, &cli.config)),
        Command::Ocsp(ocsp::Ocsp::Status(what)) => wait(ocsp::status::run(&what, &cli.config)),
        Command::Ocsp(ocsp::Ocsp::Bundle(what)) => wait(ocsp::bundle::run(&what, &cli.config)),
        Command::Bench(what) => measure(&what, (started, &cli.config)),
    }
}

/// Measures, and says what came of it.
fn measure(what: &Bench, (started, config): (Instant, &Path)) -> Result<Exit, Trouble> {
    let failed = |why: String| Trouble::new(Exit::Unavailable, "nothing was measured").because(why);
    match what {
        Bench::Encode(what) => {
            let encoded = bench::encode::run(what).map_err(|error| failed(chain(&error)))?;
            match what.format {
                out::Format::Text => out::line(encoded.text())?,
                out::Format::Json => out::json(&encoded)?,
            }
        }
        Bench::Crl(what) => {
            hsm_adapters::warm_up();
            let listed = bench::crl::run(what).map_err(|error| failed(chain(&error)))?;
            match what.format {
                out::Format::Text => out::line(listed.text())?,
                out::Format::Json => out::json(&listed)?,
            }
        }
        Bench::Revocation(what) => {
            hsm_adapters::warm_up();
            let measured = wait(bench::revocation::run(what, config))?;
            match what.format {
                out::Format::Text => out::line(measured.text())?,
                out::Format::Json => out::json(&measured)?,
            }
        }
        Bench::Issue(what) => {
            hsm_adapters::warm_up();
            let issue = async { bench::run(what, started).await.map_err(|error| failed(chain(&error))) };
            let measured = wait(issue)?;
            match what.format {
                out::Format::Text => out::line(measured.text())?,
                out::Format::Json => out::json(&measured)?,
            }
        }
    }
    Ok(Exit::Done)
}

/// Runs `work` on a runtime of all cores to its end.
fn wait<T>(work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Trouble::new(Exit::Unavailable, "no threads can be started").because(error))?.block_on(work)
}
