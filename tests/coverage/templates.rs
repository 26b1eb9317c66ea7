//! Pages: nothing unescaped, nothing from another origin, no script or style inside a page (the content security policy
//! would stop it), every form that changes something carries its token, no template without a page.

use crate::expect_none;
use crate::repository::{File, files};
use crate::source::sources;

fn templates() -> Vec<File> {
    files("ra-web/templates", &[".html"])
}

/// `path:line: what` for each line of `files` on which `found` finds something.
fn lines_with(files: &[File], found: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let each =
        files.iter().flat_map(|file| file.text.lines().enumerate().map(move |(index, line)| (file, index, line)));
    each.filter_map(|(file, index, line)| Some(format!("{}:{}: {}", file.path, index + 1, found(line)?))).collect()
}

#[test]
fn no_template_switches_escaping_off() {
    let unescaped = |line: &str| {
        let dense: String = line.split_whitespace().collect();
        ["|safe", "|escape(", "|e(", "escape=\"none\""]
            .iter()
            .find(|filter| dense.contains(*filter))
            .map(|found| (*found).to_owned())
    };
    let mut findings = lines_with(&templates(), unescaped);
    let pages = files("ra-web/src", &[".rs"]);
    findings
        .extend(lines_with(&pages, |line| line.contains("escape = \"none\"").then(|| "escape = \"none\"".to_owned())));
    expect_none(findings, "hand the template plain text and let it escape; put markup into the template itself.");
}

#[test]
fn pages_take_nothing_from_another_origin() {
    let mut looked_at = templates();
    looked_at.extend(files("ra-web/assets", &[".css", ".js"]));
    let foreign = |line: &str| {
        let starts = ["http://", "https://", "\"//", "'//", "url(//", "@import"];
        // The namespace of an SVG is a name, not an address.
        let line = line.replace("http://www.w3.org/2000/svg", "");
        starts.iter().find(|start| line.contains(*start)).map(|found| (*found).to_owned())
    };
    expect_none(
        lines_with(&looked_at, foreign),
        "put the file under ra-web/assets and link it through urls.rs: terminals on the closed network reach no other server.",
    );
}

#[test]
fn pages_have_no_inline_script_or_style() {
    let inline = |line: &str| {
        let lower = line.to_lowercase();
        let handler = lower.match_indices(" on").any(|(at, _)| {
            let rest = lower[at + 3..].trim_start_matches(|letter: char| letter.is_ascii_lowercase());
            rest.starts_with("=\"") || rest.starts_with("='")
        });
        let script = lower.contains("<script") && !lower.contains("<script src=");
        let style = lower.contains("<style") || lower.contains(" style=");
        let address = lower.contains("javascript:");
        [(handler, "an event handler"), (script, "a script"), (style, "a style"), (address, "a javascript: address")]
            .into_iter()
            .find_map(|(found, what)| found.then(|| what.to_owned()))
    };
    expect_none(
        lines_with(&templates(), inline),
        "put it into ra-web/assets/app.js or app.css and tie it to a class or a data- attribute; the content security policy forbids it here.",
    );
}

/// Forms without a token: what they change is not worth forging.
const WITHOUT_TOKEN: &[(&str, &str)] = &[("urls::language()", "switches the language of the pages, for strangers too")];

#[test]
fn every_form_that_changes_something_carries_its_token() {
    let mut findings = Vec::new();
    for file in templates() {
        for (at, _) in file.text.match_indices("<form") {
            let form = &file.text[at..file.text[at..].find("</form>").map_or(file.text.len(), |end| at + end)];
            let line = file.text[..at].lines().count().max(1);
            let open = form.split('>').next().unwrap_or_default();
            let excused = WITHOUT_TOKEN.iter().any(|(action, _)| open.contains(action));
            if open.contains("method=\"post\"") && !excused && !form.contains("name=\"form_token\"") {
                findings.push(format!("{}:{line}: {open}", file.path));
            }
        }
    }
    expect_none(
        findings,
        "add the hidden field form_token, or, if nothing can be won by forging it, WITHOUT_TOKEN with the reason.",
    );
}

#[test]
fn every_template_is_drawn_by_a_page_or_another_template() {
    let templates = templates();
    let pages = sources("ra-web/src");
    let named = |path: &str| {
        let quoted = format!("\"{path}\"");
        pages.iter().any(|page| page.text.contains(&quoted))
            || templates.iter().any(|other| other.text.contains(&quoted))
    };
    let orphans = templates.iter().filter(|file| !named(file.path.trim_start_matches("ra-web/templates/")));
    expect_none(orphans.map(|file| file.path.clone()).collect(), "remove the template, or draw it.");
}

#[test]
fn fragments_begin_with_an_underscore_and_pages_have_one_heading() {
    let mut findings = Vec::new();
    for file in templates() {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let is_page = file.text.contains("{% extends");
        if is_page == name.starts_with('_') {
            findings.push(format!("{}: a page extends _layout.html, a fragment's name begins with _", file.path));
        }
        // A page that says different things in its branches has one heading in each.
        if is_page
            && file.text.contains("{% block content %}")
            && !file.text.contains("<h1")
            && !file.text.contains("{% include")
        {
            findings.push(format!("{}: no h1", file.path));
        }
    }
    expect_none(findings, "follow ra-web/templates/_layout.html and its neighbours.");
}
