//! One command run on one file, in the folder of the samples, and what it found. The command is a line for a shell, so that a
//! person can repeat exactly what the test did.

use crate::samples::Samples;
use lgpki_tests::tools::text;
use std::fmt;
use std::process::{Command, Output};

/// One command on one file.
pub(crate) struct Trial {
    pub(crate) judge: &'static str,
    pub(crate) file: String,
    /// A line for bash, run where the samples are.
    pub(crate) line: String,
    /// What is found in what the command said; nothing when it accepts.
    pub(crate) reads: fn(&Said) -> Vec<String>,
}

/// What a command said, both streams, and whether it ended well.
pub(crate) struct Said {
    pub(crate) well: bool,
    pub(crate) text: String,
}

/// What a judge found.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) judge: String,
    pub(crate) file: String,
    /// What it is; the key of an exception.
    pub(crate) code: String,
    /// All the judge said of it.
    pub(crate) said: String,
    /// How to see it alone.
    pub(crate) line: String,
}

impl Said {
    /// The last line that is not empty.
    pub(crate) fn last_line(&self) -> String {
        self.text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing").to_owned()
    }

    /// What follows `mark` in each line that has it.
    pub(crate) fn after(&self, mark: &str) -> Vec<String> {
        self.text.lines().filter_map(|line| Some(line.split_once(mark)?.1.trim().to_owned())).collect()
    }

    /// The findings, or the last line when the command did not accept and none was recognised.
    pub(crate) fn refused_with(&self, mut codes: Vec<String>) -> Vec<String> {
        if codes.is_empty() {
            codes.push(self.last_line());
        }
        codes.sort();
        codes.dedup();
        codes
    }
}

impl From<&Output> for Said {
    fn from(output: &Output) -> Self {
        Self { well: output.status.success(), text: text(output) }
    }
}

/// Runs them one after the other.
pub(crate) fn run_all(samples: &Samples, trials: Vec<Trial>) -> Vec<Finding> {
    trials.iter().flat_map(|trial| trial.run(samples)).collect()
}

impl Trial {
    fn run(&self, samples: &Samples) -> Vec<Finding> {
        let said = said(samples, &self.line);
        let finding = |code: String| Finding {
            judge: self.judge.to_owned(),
            file: self.file.clone(),
            code,
            said: said.text.trim().to_owned(),
            line: self.line.clone(),
        };
        (self.reads)(&said).into_iter().map(finding).collect()
    }
}

/// What a line of bash says where the samples are.
pub(crate) fn said(samples: &Samples, line: &str) -> Said {
    let ran = Command::new("bash").args(["-c", line]).current_dir(samples.folder()).env("LC_ALL", "C").output();
    Said::from(&ran.expect("bash runs"))
}

impl fmt::Display for Finding {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { judge, file, code, said, line } = self;
        let said = said.replace('\n', "\n    ");
        write!(
            to,
            "{file}: {judge}: {code}\n    {said}\n  alone, where the samples are (tests/judges/README.md):\n    {line}"
        )
    }
}
