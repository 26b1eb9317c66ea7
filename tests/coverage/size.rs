//! Files and functions that fit in a head: 450 lines and 60 lines, tests not counted.

use crate::expect_none;
use crate::source::program;

const FILE_LINES: usize = 450;
const FUNCTION_LINES: usize = 60;

#[test]
fn no_file_is_longer_than_its_reader_can_keep_in_mind() {
    let long = program().into_iter().filter(|source| source.production_lines > FILE_LINES);
    expect_none(
        long.map(|source| format!("{}: {} lines before its tests", source.path, source.production_lines)).collect(),
        "split the file by noun, not by layer; 150 to 300 lines is usual, 450 the limit.",
    );
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let mut findings = Vec::new();
    for source in program() {
        let lines: Vec<(usize, &str)> = source.production().collect();
        for (index, (number, line)) in lines.iter().enumerate().filter(|(_, (_, line))| begins_function(line)) {
            // Comments, and lines inside a string, are blank here and do not count.
            let body = &lines[index..index + end_of_function(&lines[index..], indentation(line))];
            let length = body.iter().skip(1).filter(|(_, line)| !line.trim().is_empty()).count();
            if length > FUNCTION_LINES {
                findings.push(format!("{}:{number}: {length} lines", source.path));
            }
        }
    }
    expect_none(findings, "give a part of the function a name of its own; 60 lines is the limit.");
}

/// Where the function that begins with `lines` ends: rustfmt puts its last brace at the indentation of its beginning. 0 for
/// a declaration without a body.
fn end_of_function(lines: &[(usize, &str)], indented: usize) -> usize {
    let outer = lines.iter().enumerate().skip(1).filter(|(_, (_, line))| {
        let goes_on = ["{", "where"].contains(&line.trim());
        !line.trim().is_empty() && !goes_on && indentation(line) <= indented
    });
    for (index, (_, line)) in outer {
        match line.trim() {
            "}" => return index,
            end if end.starts_with(')') && !end.ends_with(';') => {}
            _ => return 0,
        }
    }
    0
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether a function whose body spans lines begins here.
fn begins_function(line: &str) -> bool {
    let mut words = line.split_whitespace().skip_while(|word| {
        word.starts_with("pub") || matches!(*word, "const" | "async" | "unsafe" | "extern" | "in" | "crate)" | "super)")
    });
    words.next() == Some("fn") && !line.trim_end().ends_with(['}', ';'])
}
