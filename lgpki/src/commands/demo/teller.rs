//! Telling the story while it happens: a line for each step with its time and what was checked, and the same as data.

use std::io::Write;
use std::time::{Duration, Instant};

/// One step that was taken and checked.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Step {
    /// When it was done, in milliseconds since the start.
    pub at_ms: u64,
    /// What was done.
    pub did: String,
    /// What was looked at afterwards and found right.
    pub checked: String,
}

/// Writes steps as they are taken and keeps them.
pub struct Teller {
    started: Instant,
    out: Box<dyn Write + Send>,
    steps: Vec<Step>,
}

impl Teller {
    /// Tells to `out`, with times counted from `started`.
    pub fn new(started: Instant, out: Box<dyn Write + Send>) -> Self {
        Self { started, out, steps: Vec::new() }
    }

    /// A step is done and checked.
    pub fn step(&mut self, did: impl Into<String>, checked: impl Into<String>) {
        let (did, checked) = (did.into(), checked.into());
        let at = self.started.elapsed();
        self.line(&format!("{:>8.3} s  ✓ {did}\n             {checked}", at.as_secs_f64()));
        self.steps.push(Step { at_ms: millis(at), did, checked });
    }

    /// A line that is no step.
    pub fn line(&mut self, text: &str) {
        // A reader who has gone away does not stop the story; its outcome is in the exit code.
        drop(writeln!(self.out, "{text}").and_then(|()| self.out.flush()));
    }

    /// The steps so far.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
