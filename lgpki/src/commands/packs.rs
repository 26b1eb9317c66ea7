//! Which policy packs a command works by that has no installation: the shipped ones, or files that are named.

use super::input::bounded;
use super::profile::trial;
use crate::trouble::{Exit, Trouble};
use ca_core::profile::pack::{EXPERIMENTAL, shipped_names};
use ca_core::profile::{Pack, PackErrors, Packs};
use std::path::Path;

/// The shipped packs. Errors: exit 70, which a test excludes.
pub fn shipped() -> Result<Packs, Trouble> {
    Packs::shipped().map_err(|error| Trouble::new(Exit::Bug, "a shipped policy pack is wrong").because(error))
}

/// The experimental packs that come with the program. Errors: exit 70, which a test excludes.
pub fn experimental() -> Result<Vec<Pack>, Trouble> {
    let parsed = EXPERIMENTAL.iter().map(|(name, text)| Pack::parse(text, &format!("{name}.toml")));
    parsed
        .collect::<Result<_, _>>()
        .map_err(|error| Trouble::new(Exit::Bug, "a shipped policy pack is wrong").because(error))
}

/// The pack of that name, or in that file; or every line of it that is wrong. Errors: exit 2 when there is neither.
pub fn read(name: &str) -> Result<Result<Pack, PackErrors>, Trouble> {
    if let Some(shipped) = Pack::shipped(name) {
        return Ok(shipped);
    }
    let text = read_text(Path::new(name)).map_err(|error| {
        let known = shipped_names();
        Trouble::new(Exit::Usage, format!("there is no policy pack {name}"))
            .because(format!("no shipped one has that name, and as a file: {error}"))
            .advice(format!("name a TOML file, or one of {known}"))
    })?;
    Ok(Pack::parse(&text, name).and_then(|pack| trial::passed(pack, &text, name)))
}

/// Far more than anybody writes.
const LARGEST: u64 = 4 * 1024 * 1024;

fn read_text(file: &Path) -> std::io::Result<String> {
    String::from_utf8(bounded(file, LARGEST)?).map_err(|_| std::io::Error::other("this is no UTF-8 text"))
}

/// The pack of that name, or in that file. Errors: exit 2 when there is neither, exit 3 with every line that is wrong.
pub fn named(name: &str) -> Result<Pack, Trouble> {
    read(name)?.map_err(|errors| {
        Trouble::new(Exit::Configuration, format!("the policy pack {name} is refused"))
            .because(format!("\n    {}", errors.to_string().replace('\n', "\n    ")))
            .advice("correct these lines; docs/profiles.md shows what the shipped packs say")
    })
}
