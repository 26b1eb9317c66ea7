//! Others judge what the profiles give: `lgpki profile sample --all` is run once, and every file it writes is read and verified by
//! OpenSSL and GnuTLS as a person would run them, and linted by pkilint. What they find is a failure, unless `exceptions.toml`
//! says why it is not. `./check judges` installs pkilint; README.md beside this file says how to run a judge by hand.

#![cfg(test)]

mod exceptions;
mod gnutls;
mod openssl;
mod pkilint;
mod samples;
mod trial;
mod wrong;

use exceptions::Exceptions;
use samples::Samples;
use std::collections::BTreeSet;
use trial::{Finding, Trial, run_all};

#[test]
fn openssl_gnutls_and_pkilint_accept_every_sample() {
    let samples = Samples::taken();
    samples.everything_is_in_the_manifest();
    let findings = judged(&samples);
    let mut complaints = Exceptions::read().applied_to(findings);
    complaints.extend(pkilint::differences_from_the_commands(&samples));
    let count = complaints.len();
    assert!(count == 0, "{count} complaints:\n\n{}\n", complaints.join("\n\n"));
}

/// A judge that accepts everything would make the test above green for ever.
#[test]
fn every_judge_refuses_what_is_wrong() {
    let wrong = wrong::samples();
    let findings = judged(&wrong);
    let refused_by: BTreeSet<&str> = findings.iter().map(|finding| finding.judge.as_str()).collect();
    let judges = [openssl::JUDGES, gnutls::JUDGES, pkilint::LINTERS].concat();
    let asleep: Vec<_> = judges.iter().filter(|judge| !refused_by.contains(*judge)).collect();
    assert!(asleep.is_empty(), "these accept anything: {asleep:?}; the others found\n{findings:#?}");
    assert_eq!(pkilint::differences_from_the_commands(&wrong), Vec::<String>::new());
}

#[test]
fn every_exception_has_its_reason_and_there_are_no_more_than_there_were() {
    let complaints = Exceptions::read().complaints();
    assert!(complaints.is_empty(), "tests/judges/exceptions.toml:\n{}", complaints.join("\n"));
}

/// What all judges find, the three families of them side by side.
fn judged(samples: &Samples) -> Vec<Finding> {
    let in_turn = |trials: Vec<Trial>| run_all(samples, trials);
    std::thread::scope(|scope| {
        let by_openssl = scope.spawn(|| in_turn(openssl::trials(samples)));
        let by_gnutls = scope.spawn(|| in_turn(gnutls::trials(samples)));
        let mut findings = pkilint::findings(samples);
        findings.extend(by_openssl.join().unwrap());
        findings.extend(by_gnutls.join().unwrap());
        findings
    })
}
