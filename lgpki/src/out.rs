//! What the commands say: results on standard output, talk on standard error. The one place that writes to either.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs; every object has a `schema`.
    Json,
}

/// Writes a result and a line end to standard output, at once. A reader that has gone away (`lgpki … | head`) is no error.
/// Errors: anything else that keeps the result from being written.
pub fn line(text: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    forgiving(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// Writes `value` as indented JSON to standard output. Errors as [`line`].
pub fn json(value: &impl serde::Serialize) -> io::Result<()> {
    line(serde_json::to_string_pretty(value).map_err(io::Error::other)?)
}

/// Says something beside the result, on standard error. Nobody is there to be told when that fails.
pub fn talk(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn forgiving(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
