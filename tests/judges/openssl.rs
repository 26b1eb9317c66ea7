//! OpenSSL: the strict path validation it has, with purpose, CRL and policies; CRLs and OCSP answers under their issuers.

use crate::samples::{Certificate, Samples};
use crate::trial::{Said, Trial, said};

pub(crate) const JUDGES: &[&str] = &["openssl-verify", "openssl-crl", "openssl-ocsp"];

pub(crate) fn trials(samples: &Samples) -> Vec<Trial> {
    let certificates = samples.manifest.certificates.iter().flat_map(|certificate| paths(samples, certificate));
    let lists = samples.manifest.crls.iter().map(|list| Trial {
        judge: "openssl-crl",
        file: list.file.clone(),
        line: format!("openssl crl -inform DER -in {} -noout -verify -CAfile {}", list.file, list.issuer),
        reads: crl,
    });
    certificates.chain(lists).chain(answers(samples)).collect()
}

/// One validation for each purpose, or one without, and one for each policy.
fn paths(samples: &Samples, certificate: &Certificate) -> Vec<Trial> {
    let Certificate { file, anchor, .. } = certificate;
    let chain = certificate.chain.iter().map(|chain| format!(" -untrusted {chain}")).collect::<String>();
    let crl = certificate.crl.iter().map(|crl| format!(" -crl_check -CRLfile {crl}")).collect::<String>();
    let at = format!("-attime $(date -d {} +%s)", samples.manifest.valid_at);
    let mut wanted: Vec<String> = certificate.purposes.iter().map(|purpose| format!(" -purpose {purpose}")).collect();
    if wanted.is_empty() {
        wanted.push(String::new());
    }
    wanted.extend(policies(samples, file).map(|policy| format!(" -policy_check -explicit_policy -policy {policy}")));
    let line =
        |wanted: String| format!("openssl verify -x509_strict {at}{wanted} -trusted {anchor}{chain}{crl} {file}");
    let trial = |line: String| Trial { judge: "openssl-verify", file: file.clone(), line, reads: verify };
    wanted.into_iter().map(line).map(trial).collect()
}

/// The policies a certificate is issued under, as `-policy` takes them.
fn policies(samples: &Samples, file: &str) -> impl Iterator<Item = String> {
    let printed = said(samples, &format!("openssl x509 -in {file} -noout -ext certificatePolicies"));
    let policies = printed.after("Policy: ").into_iter();
    policies.map(|policy| if policy == "X509v3 Any Policy" { "anyPolicy".to_owned() } else { policy })
}

/// An answer is verified under the anchor of the certificate it is about, on the day of the manifest.
fn answers(samples: &Samples) -> impl Iterator<Item = Trial> {
    let at = &samples.manifest.valid_at;
    samples.manifest.ocsp.iter().map(move |answer| {
        let about = samples.manifest.certificates.iter().find(|certificate| certificate.file == answer.certificate);
        let anchor = &about.unwrap_or_else(|| panic!("{}: no such certificate", answer.certificate)).anchor;
        let (issuer, certificate, file) = (&answer.issuer, &answer.certificate, &answer.file);
        let asked = format!("-issuer {issuer} -cert {certificate} -respin {file} -no_nonce");
        let line = format!("faketime {at} openssl ocsp {asked} -CAfile {anchor} -verify_other {issuer}");
        Trial { judge: "openssl-ocsp", file: file.clone(), line, reads: ocsp }
    })
}

fn verify(said: &Said) -> Vec<String> {
    // "error 26 at 0 depth lookup: unsuitable certificate purpose"
    let codes = said.after("lookup: ");
    if said.well && codes.is_empty() && said.text.trim_end().ends_with(": OK") {
        return Vec::new();
    }
    said.refused_with(codes)
}

fn crl(said: &Said) -> Vec<String> {
    // The exit code is 0 either way.
    if said.well && said.text.trim() == "verify OK" { Vec::new() } else { said.refused_with(Vec::new()) }
}

fn ocsp(said: &Said) -> Vec<String> {
    let good = said.text.contains(": good\n") && said.text.contains("Response verify OK");
    // "a.pem: ERROR: No Status found." beside "Response verify OK", which is about the signature alone.
    let complaints = [said.after("WARNING: "), said.after("ERROR: ")].concat();
    if said.well && good && complaints.is_empty() { Vec::new() } else { said.refused_with(complaints) }
}
