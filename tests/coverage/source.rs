//! Rust sources as these tests read them: with comments and the insides of strings blanked out, so that a word in prose
//! is not taken for code, and with production code told from its unit tests.

use crate::repository::{self, CRATES, File};

/// A Rust source file.
pub(crate) struct Source {
    /// Its path from the root.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// The same text line for line, comments and strings blanked.
    pub(crate) code: String,
    /// How many lines come before its unit tests.
    pub(crate) production_lines: usize,
}

impl Source {
    fn of(file: File, test_modules: &[String]) -> Self {
        let File { path, text } = file;
        let code = blanked(&text);
        let is_test = path.starts_with("tests/") || test_modules.iter().any(|module| path.starts_with(module));
        let production_lines = if is_test { 0 } else { lines_before_tests(&text) };
        Self { path, text, code, production_lines }
    }

    /// Lines of production code with their numbers, blanked.
    pub(crate) fn production(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().take(self.production_lines).enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Lines of test code with their numbers, blanked.
    pub(crate) fn tests(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().skip(self.production_lines).map(|(index, line)| (index + 1, line))
    }
}

/// The sources of the program (`<crate>/src`), their unit tests included.
pub(crate) fn program() -> Vec<Source> {
    CRATES.iter().flat_map(|name| sources(&format!("{name}/src"))).collect()
}

/// The sources under a folder.
pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let files = repository::files(folder, &[".rs"]);
    let test_modules: Vec<String> = files.iter().flat_map(test_modules).collect();
    files.into_iter().map(|file| Source::of(file, &test_modules)).collect()
}

/// Whether `line` names `path` as code: a library or module (`ring::`, `std::fs`) not as the end of a longer path, a type
/// (`SystemTime`) however it is reached, and neither as a part of a longer word.
pub(crate) fn names(line: &str, path: &str) -> bool {
    let in_word = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        let is_type = path.starts_with(char::is_uppercase);
        let starts = !before.is_some_and(|character| in_word(character) || character == ':' && !is_type);
        let ends = path.ends_with(|last| !in_word(last)) || !after.is_some_and(in_word);
        starts && ends
    })
}

/// What the paths of files begin with that are compiled for tests only: those `#[cfg(test)] mod name;` brings in.
fn test_modules(file: &File) -> Vec<String> {
    let folder = match file.path.rsplit_once('/') {
        Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder,
        _ => file.path.trim_end_matches(".rs"),
    };
    let beside = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let lines: Vec<&str> = file.text.lines().collect();
    let mut modules = Vec::new();
    for declared in lines.windows(3).filter(|lines| lines[0] == "#[cfg(test)]") {
        if let Some(path) = declared[1].strip_prefix("#[path = \"") {
            modules.push(format!("{beside}/{}", path.trim_end_matches("\"]")));
        } else if let Some((_, name)) = declared[1].strip_suffix(';').and_then(|line| line.split_once("mod ")) {
            modules.extend([format!("{folder}/{name}.rs"), format!("{folder}/{name}/")]);
        }
    }
    // The declaration may also be the last line of its file.
    if let [.., "#[cfg(test)]", last] = lines[..]
        && let Some(name) = last.strip_prefix("mod ").and_then(|line| line.strip_suffix(';'))
    {
        modules.extend([format!("{folder}/{name}.rs"), format!("{folder}/{name}/")]);
    }
    modules
}

/// How many lines come before `#[cfg(test)] mod … {`; unit tests stand last.
fn lines_before_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let starts = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].contains("mod ") && pair[1].ends_with('{');
    lines.windows(2).position(starts).unwrap_or(lines.len())
}

/// `text` with comments and the contents of string and character literals as spaces; line for line.
fn blanked(text: &str) -> String {
    let mut blank = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            'r' if !blank.ends_with(|before: char| before.is_alphanumeric() || before == '_') => raw_string(rest),
            '"' => quoted(rest, '"'),
            '\'' => character(rest),
            _ => 0,
        };
        let length = if length == 0 {
            blank.push(first);
            first.len_utf8()
        } else {
            blank.extend(rest[..length].chars().map(|inside| if inside == '\n' { '\n' } else { ' ' }));
            length
        };
        rest = &rest[length..];
    }
    blank
}

/// The length of the raw string `rest` begins with; 0 when it begins with something else.
fn raw_string(rest: &str) -> usize {
    let hashes = rest[1..].chars().take_while(|character| *character == '#').count();
    if !rest[1 + hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    rest[2 + hashes..].find(&end).map_or(rest.len(), |at| 2 + hashes + at + end.len())
}

/// The length of the literal between two `quote`s, escapes observed.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            found if found == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut after = rest.chars().skip(1);
    match (after.next(), after.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(rest, '\''),
        _ => 0,
    }
}

#[test]
fn comments_and_strings_are_not_taken_for_code() {
    let text =
        "let a = \"ring::\\\"x\"; // sqlx::\nlet b = r#\"\"ring::\"\"#; let c: &'a str = d('\"', '\\'');/* ring:: */\n";
    let code = blanked(text);
    assert_eq!(code.lines().count(), text.lines().count());
    assert!(!code.contains("ring::") && !code.contains("sqlx::"), "{code}");
    assert!(code.contains("let c: &'a str = d("), "{code}");
}

#[test]
fn a_library_is_not_found_in_longer_words() {
    assert!(names("use ring::digest;", "ring::"));
    assert!(!names("let s = String::new();", "ring::"));
    assert!(!names("use crate::time::Timestamp;", "time::"));
    assert!(names("let t = std::env::var(x);", "std::env"));
    assert!(!names("use std::environment;", "std::env"));
    assert!(names("std::time::SystemTime::now()", "SystemTime"));
    assert!(!names("MySystemTime::now()", "SystemTime"));
}
