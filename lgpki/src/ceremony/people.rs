//! Who is there. A person confirms by typing their name, as the script writes it, at a terminal; in rehearsals and tests the
//! names may come from a file, and the record says so.

use crate::out;
use crate::trouble::{Exit, Trouble};
use ca_core::ceremony::Person;
use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};
use std::path::Path;

/// In a file of answers: who confirms steps it does not name.
const EVERY_STEP: &str = "every-step";

/// Where confirmations come from.
#[derive(Clone, Debug)]
pub enum Answers {
    /// A person types.
    Terminal,
    /// A TOML file: for each step the names that confirm, `every-step` for the others.
    File(BTreeMap<String, Vec<String>>),
}

impl Answers {
    /// Those of a file, or a person's. Errors: exit 2 for a file that is none, exit 3 when nobody is there to ask.
    pub fn from(file: Option<&Path>) -> Result<Self, Trouble> {
        let Some(file) = file else {
            if std::io::stdin().is_terminal() {
                return Ok(Self::Terminal);
            }
            return Err(Trouble::new(Exit::Configuration, "nobody can confirm")
                .because("there is no terminal to type a name at")
                .advice("begin at a terminal; a rehearsal may take --answers FILE"));
        };
        let wrong = |why: String| {
            Trouble::new(Exit::Usage, format!("{} is no file of answers", file.display()))
                .because(why)
                .advice("write `every-step = [\"name\", …]`, or a list of names for each step")
        };
        let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        toml::from_str(&text).map(Self::File).map_err(|error| wrong(error.message().to_owned()))
    }

    /// How its confirmations stand in the record.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::File(_) => "file",
        }
    }

    /// Returns when `person` has confirmed `step`. Errors: exit 7 when they do not.
    pub fn confirm(&self, step: &str, person: &Person) -> Result<(), Trouble> {
        let refused = || {
            Trouble::new(Exit::Refused, format!("{} has not confirmed {step}", person.name))
                .advice("nothing of this step was begun that is not in the journal; go on with `lgpki ceremony resume`")
        };
        match self {
            Self::File(answers) => {
                let names = answers.get(step).or_else(|| answers.get(EVERY_STEP));
                match names.is_some_and(|names| names.contains(&person.name)) {
                    true => Ok(()),
                    false => Err(refused()),
                }
            }
            Self::Terminal => loop {
                out::talk(format_args!("{}: type your name to confirm 氏名を入力して確認してください", person.name));
                let mut typed = String::new();
                let read = std::io::stdin().lock().read_line(&mut typed);
                match read {
                    Ok(0) | Err(_) => return Err(refused()),
                    Ok(_) if typed.trim() == person.name => return Ok(()),
                    Ok(_) => out::talk("that is not the name in the script"),
                }
            },
        }
    }
}
