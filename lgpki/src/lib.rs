//! The command: argv, configuration and composition; the only place where everything meets.
//!
//! - [`cli`] is the command line, [`commands`] what each command does, [`trouble`] how it ends, [`out`] how it speaks.
//! - [`config`] turns the TOML file into checked types; [`secrets`] and [`installation`] open what it names; [`keys`] are its
//!   key stores.
//! - [`ceremony`] runs scripts of key ceremonies.
//! - [`foundry`] makes authorities, [`setup`] founds an installation with it, [`rollover`] gives one a new key.
//! - [`registration`] says who may use an installation, [`serve`] runs one: listeners, worker, metrics. [`issuance`] is the
//!   issuing engine as a running thing.
//! - [`clock`] and [`entropy`] are the only places where the time is read and randomness drawn.
//! - [`visitor`] is a browser without script, through which the demonstration and the tests use the pages.
//! - [`control`] is how a person at the machine speaks to a running service.
//! - [`custody`] shares what opens a key store among custodians, and brings their shares together.
//! - [`campaign`] looks at every valid certificate and plans the move to new cryptography.
//! - [`witness`] lets people of the centre vouch for an act at the command line; [`progress`] says how far long work is.
//! - [`owed`] says what an authority still owes those who trust what it has issued.
//! - [`publish`] pushes lists and certificates to the places the configuration names.
//! - [`import`] takes over a CA that exists, with everything it has issued.
//! - [`holder`] makes keys and requests as a holder of certificates does, for the demonstration and the measurement.

pub mod campaign;
pub mod centre;
pub mod ceremony;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod control;
pub mod custody;
pub mod edge;
pub mod entropy;
mod files;
pub mod foundry;
pub mod holder;
pub mod import;
pub mod installation;
pub mod issuance;
pub mod keys;
pub mod logs;
pub mod out;
pub mod owed;
mod pauses;
pub mod progress;
pub mod publish;
pub mod reach;
pub mod registration;
pub mod rollover;
mod sealing;
pub mod secrets;
pub mod serve;
pub mod setup;
mod spoken;
pub mod trouble;
pub mod visitor;
pub mod witness;

use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use store::Interruption;
use trouble::{Exit, Trouble};

/// The program: reads `args` (the first is its own name), does what they say and returns the exit code. `interruption` is a
/// fault for the durable steps; the program passes none, the fault tests' own binary passes theirs.
pub fn main(args: impl IntoIterator<Item = OsString>, interruption: Option<Arc<dyn Interruption>>) -> ExitCode {
    let started = Instant::now();
    let cli = match cli::Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(asked) => return answered(&asked),
    };
    let run = AssertUnwindSafe(|| commands::run(cli, interruption, started));
    match catch_unwind(run) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(trouble)) => {
            out::talk(&trouble);
            trouble.exit().into()
        }
        Err(_) => {
            let trouble = Trouble::new(Exit::Bug, "a fault of this program; the log above says where")
                .advice("please report it with the log");
            out::talk(&trouble);
            Exit::Bug.into()
        }
    }
}

/// Help and version go to standard output and are no error; a wrong command line is.
fn answered(asked: &clap::Error) -> ExitCode {
    match asked.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match out::line(asked.render().to_string().trim_end()) {
            Ok(()) => Exit::Done.into(),
            Err(_) => Exit::Unavailable.into(),
        },
        _ => {
            out::talk(asked.render().to_string().trim_end());
            Exit::Usage.into()
        }
    }
}
