//! What the commands say: results on standard output, talk on standard error. The one place that writes to either.

use std::borrow::Cow;
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

/// `text` with what a terminal would obey, or not show, written out: names in
/// certificates, and files, are written by strangers.
pub fn visible(text: &str) -> Cow<'_, str> {
    // Control characters, and those that turn the direction of writing (Unicode bidirectional formatting).
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if hidden(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

fn forgiving(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
