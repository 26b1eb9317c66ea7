//! A page of a runbook: what is to be typed, and what is seen then.

use std::path::Path;

/// A page with its commands.
pub(crate) struct Page {
    /// Its file's name.
    pub(crate) name: String,
    /// In order.
    pub(crate) steps: Vec<Step>,
}

/// One block of commands.
pub(crate) struct Step {
    /// The line of the page where it begins, from 1.
    pub(crate) line: usize,
    /// What is typed.
    pub(crate) commands: String,
    /// Lines that are seen then, in that order.
    pub(crate) seen: Vec<String>,
}

impl Page {
    /// Reads a page.
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut steps: Vec<Step> = Vec::new();
        let mut lines = text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            let Some(kind) = line.strip_prefix("```") else { continue };
            let inside: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            match (kind, steps.last_mut()) {
                ("sh", _) => steps.push(Step { line: at + 1, commands: inside.join("\n"), seen: Vec::new() }),
                ("text", Some(step)) => step.seen.extend(inside.into_iter().map(str::to_owned)),
                _ => {}
            }
        }
        Self { name: path.file_name().unwrap().to_string_lossy().into_owned(), steps }
    }
}

impl Step {
    /// The first line of what should be seen that is not in what was.
    pub(crate) fn missing_in(&self, said: &str) -> Option<&str> {
        let mut said = said.lines();
        self.seen
            .iter()
            .map(String::as_str)
            .find(|wanted| !said.by_ref().any(|line| matches(wanted.trim(), line.trim())))
    }
}

/// Whether a line is what the page shows, `…` standing for anything.
fn matches(wanted: &str, line: &str) -> bool {
    let mut parts = wanted.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn three_dots_stand_for_anything() {
    assert!(matches("OK    keys …", "OK    keys           3 keys sign"));
    assert!(matches("… of 5 …", "3 of 5 custodians"));
    assert!(matches("exactly", "exactly"));
    assert!(!matches("exactly", "exactly so"));
    assert!(!matches("OK …", "FAIL keys"));
    assert!(!matches("a … c", "a b"));
}
