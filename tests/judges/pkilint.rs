//! pkilint, by DigiCert: rules of RFC 5280 and RFC 6960, read from the octets by code that has nothing in common with ours.
//! `lint.py` runs its commands on everything in one process; that it says what they say is looked at as well.

use crate::samples::Samples;
use crate::trial::Finding;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Its commands.
pub(crate) const LINTERS: &[&str] =
    &["lint_pkix_cert", "lint_pkix_signer_signee_cert_chain", "lint_crl", "lint_ocsp_response"];

/// What is not reported below: NOTICE and INFO say how a thing is done, not that it is wrong.
const THRESHOLD: &str = "WARNING";

/// One run of one command.
struct Run {
    linter: &'static str,
    options: &'static [&'static str],
    /// The last one is what is judged.
    files: Vec<String>,
}

/// What `lint.py` says.
#[derive(Debug, Deserialize)]
struct Reported {
    file: String,
    linter: String,
    severity: String,
    code: String,
    message: Option<String>,
    place: Option<String>,
}

pub(crate) fn findings(samples: &Samples) -> Vec<Finding> {
    let runs = runs(samples);
    let said = driven(samples, &runs, THRESHOLD);
    let finding = |said: Reported| {
        let run = runs.iter().find(|run| run.linter == said.linter && run.files.last() == Some(&said.file));
        let (place, message) = (said.place.unwrap_or_default(), said.message.unwrap_or_default());
        Finding {
            said: format!("{} at {place}: {message}", said.severity),
            line: run.map(Run::line).unwrap_or_default(),
            judge: said.linter,
            file: said.file,
            code: said.code,
        }
    };
    said.into_iter().map(finding).collect()
}

/// Where `lint.py` says something else than the commands themselves, at every severity: on one run of each linter that finds
/// most.
pub(crate) fn differences_from_the_commands(samples: &Samples) -> Vec<String> {
    let every = runs(samples);
    let most = |linter: &&str| {
        let of_linter = every.iter().filter(|run| run.linter == *linter);
        of_linter.max_by_key(|run| run.files.iter().map(|file| size(&samples.path(file))).sum::<u64>())
    };
    let mut differences = Vec::new();
    for run in LINTERS.iter().filter_map(most) {
        let driven: BTreeSet<String> =
            driven(samples, std::slice::from_ref(run), "DEBUG").iter().map(Reported::key).collect();
        let alone = Command::new("bash").args(["-c", &run.line()]).current_dir(samples.folder()).output().unwrap();
        let Ok(report) = serde_json::from_slice::<Value>(&alone.stdout) else {
            // It could not read the file at all, and the driver must have said so.
            if !driven.iter().any(|key| key.contains("lint.broke_off")) {
                differences.push(format!("{} gives no report, lint.py {driven:?}", run.line()));
            }
            continue;
        };
        let alone = keys(&report);
        if alone != driven {
            differences.push(format!("{} says {alone:?}, lint.py {driven:?}", run.line()));
        }
    }
    differences
}

/// Everything that is to be linted.
fn runs(samples: &Samples) -> Vec<Run> {
    let run = |linter, options, files| Run { linter, options, files };
    let mut runs = Vec::new();
    for certificate in &samples.manifest.certificates {
        runs.push(run("lint_pkix_cert", &[], vec![certificate.file.clone()]));
        // A self-signed one is its own issuer.
        let issuer = certificate.chain.as_ref().map_or_else(|| certificate.file.clone(), |_| certificate.issuer());
        runs.push(run("lint_pkix_signer_signee_cert_chain", &[], vec![issuer, certificate.file.clone()]));
    }
    for list in &samples.manifest.crls {
        // The kind of CRL matters to the profile of the CA/Browser Forum only.
        runs.push(run("lint_crl", &["-t", "CRL", "-p", "PKIX"], vec![list.file.clone()]));
    }
    runs.extend(samples.manifest.ocsp.iter().map(|answer| run("lint_ocsp_response", &[], vec![answer.file.clone()])));
    runs
}

/// What `lint.py` says to these runs.
fn driven(samples: &Samples, runs: &[Run], threshold: &str) -> Vec<Reported> {
    let job = |run: &Run| json!({ "linter": run.linter, "options": run.options, "files": run.files });
    let jobs: Vec<Value> = runs.iter().map(job).collect();
    let python = installed("python");
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("judges/lint.py");
    let mut child = Command::new(&python)
        .arg(driver)
        .arg(threshold)
        .current_dir(samples.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; install pkilint with: ./check judges", python.display()));
    child.stdin.take().unwrap().write_all(Value::from(jobs).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "tests/judges/lint.py failed: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("lint.py says JSON")
}

/// A program of the environment that `./check judges` makes.
fn installed(program: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("target/tools/pkilint/bin").join(program)
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).len()
}

/// What a report of the command itself says, as [`Reported::key`] has it.
fn keys(report: &Value) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let results = report["results"].as_array().into_iter().flatten();
    let all = results.flat_map(|result| {
        let findings = result["finding_descriptions"].as_array().into_iter().flatten();
        findings.map(move |one| (&one["severity"], &one["code"], &one["message"], &result["node_path"]))
    });
    all.map(|(severity, code, message, place)| [severity, code, message, place].map(text).join(" | ")).collect()
}

impl Run {
    /// The command by itself.
    fn line(&self) -> String {
        let (program, options) = (installed(self.linter), self.options.iter().map(|option| format!(" {option}")));
        format!("{} lint{} -s DEBUG -f JSON {}", program.display(), options.collect::<String>(), self.files.join(" "))
    }
}

impl Reported {
    fn key(&self) -> String {
        let (message, place) = (self.message.clone().unwrap_or_default(), self.place.clone().unwrap_or_default());
        [self.severity.clone(), self.code.clone(), message, place].join(" | ")
    }
}
