//! `exceptions.toml`: what a judge finds and we keep. It only shrinks: each entry excuses something, has its reason, and there
//! are no more of them than [`MOST`].

use crate::trial::Finding;
use serde::Deserialize;

/// How many there may be. Lower it when one goes; raise it only with a page in docs/decisions.
const MOST: usize = 1;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exceptions {
    #[serde(default)]
    exception: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    judge: String,
    code: String,
    /// File names; `*` stands for anything.
    files: String,
    reason: String,
}

impl Exceptions {
    pub(crate) fn read() -> Self {
        toml::from_str(include_str!("exceptions.toml")).expect("exceptions.toml has the form its head describes")
    }

    /// What is wrong with the entries themselves.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let reasonless = self.exception.iter().filter(|exception| exception.reason.split_whitespace().count() < 5);
        let mut complaints: Vec<String> =
            reasonless.map(|exception| format!("{exception:?}: say why, in a sentence")).collect();
        let count = self.exception.len();
        if count != MOST {
            complaints.push(format!("there are {count} exceptions, MOST in exceptions.rs says {MOST}: it only falls"));
        }
        complaints
    }

    /// The findings that no entry excuses, and the entries that excuse nothing, as texts.
    pub(crate) fn applied_to(&self, findings: Vec<Finding>) -> Vec<String> {
        let excuses = |exception: &Exception, finding: &Finding| {
            exception.judge == finding.judge
                && exception.code == finding.code
                && matches(&exception.files, &finding.file)
        };
        let idle = |exception: &&Exception| !findings.iter().any(|finding| excuses(exception, finding));
        let idle: Vec<String> = self.exception.iter().filter(idle).map(Exception::idle).collect();
        let excused = |finding: &Finding| self.exception.iter().any(|exception| excuses(exception, finding));
        findings.iter().filter(|finding| !excused(finding)).map(ToString::to_string).chain(idle).collect()
    }
}

impl Exception {
    fn idle(&self) -> String {
        let Self { judge, code, files, .. } = self;
        format!(
            "tests/judges/exceptions.toml: nothing is excused by ({judge}, {code}, {files}): remove it, and lower MOST"
        )
    }
}

/// Whether a name is of a pattern in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name
            .strip_prefix(start)
            .is_some_and(|name| name.char_indices().any(|(at, _)| matches(rest, &name[at..])) || matches(rest, "")),
    }
}

#[test]
fn a_pattern_matches_what_it_says() {
    let matching = [("a.pem", "a.pem"), ("cross-*.pem", "cross-gpki-rsa4096.pem"), ("*", "crls/root.crl"), ("a*", "a")];
    for (pattern, name) in matching {
        assert!(matches(pattern, name), "{pattern} {name}");
    }
    for (pattern, name) in [("a.pem", "b.pem"), ("cross-*.pem", "link-p384.pem"), ("a*.pem", "a.crl"), ("", "a")] {
        assert!(!matches(pattern, name), "{pattern} {name}");
    }
}

#[test]
fn an_exception_excuses_its_finding_and_no_other_and_is_missed_when_idle() {
    let exceptions: Exceptions = toml::from_str(
        "[[exception]]\njudge = 'lint_crl'\ncode = 'pkix.a'\nfiles = 'crls/*'\nreason = 'one two three four five'\n",
    )
    .unwrap();
    let finding = |judge: &str, code: &str, file: &str| Finding {
        judge: judge.to_owned(),
        file: file.to_owned(),
        code: code.to_owned(),
        said: String::new(),
        line: String::new(),
    };
    let excused = finding("lint_crl", "pkix.a", "crls/x.crl");
    assert_eq!(exceptions.applied_to(vec![excused.clone()]), Vec::<String>::new());
    let others = ["lint_crl pkix.b crls/x.crl", "lint_pkix_cert pkix.a crls/x.crl", "lint_crl pkix.a x.crl"];
    for other in others {
        let [judge, code, file] = other.split(' ').collect::<Vec<_>>()[..] else { unreachable!() };
        let left = exceptions.applied_to(vec![excused.clone(), finding(judge, code, file)]);
        assert_eq!(left.len(), 1, "{left:?}");
    }
    assert!(exceptions.applied_to(Vec::new())[0].contains("nothing is excused"));
}
