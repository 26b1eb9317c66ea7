//! GnuTLS: it builds and verifies the same chains with other code, prints every certificate, and reads CRLs and OCSP answers.
//! Its commands know no other time than the clock's, so they are shown the instant of the manifest by faketime.

use crate::samples::{Certificate, Samples};
use crate::trial::{Said, Trial};

pub(crate) const JUDGES: &[&str] = &["certtool", "certtool-print", "certtool-crl", "ocsptool"];

/// Signatures as strong as RSA with 2048 bits, which will be certtool's default.
const STRENGTH: &str = "--verify-profile medium";

pub(crate) fn trials(samples: &Samples) -> Vec<Trial> {
    let at = &samples.manifest.valid_at;
    let certificates = samples.manifest.certificates.iter().flat_map(|certificate| judged(at, certificate));
    let lists = samples.manifest.crls.iter().map(|list| {
        let verified = format!("faketime {at} certtool --verify-crl {STRENGTH} --load-ca-certificate {}", list.issuer);
        let line = format!("openssl crl -inform DER -in {} | {verified}", list.file);
        Trial { judge: "certtool-crl", file: list.file.clone(), line, reads: verdict }
    });
    let answers = samples.manifest.ocsp.iter().map(|answer| {
        let trusted = format!("--load-issuer {} --load-trust {}", answer.issuer, answer.issuer);
        let line = format!("faketime {at} ocsptool --verify-response --load-response {} {trusted}", answer.file);
        Trial { judge: "ocsptool", file: answer.file.clone(), line, reads: ocsptool }
    });
    certificates.chain(lists).chain(answers).collect()
}

/// The chain by itself, the chain under its anchor and CRL, and all fields printed.
fn judged(at: &str, certificate: &Certificate) -> Vec<Trial> {
    let Certificate { file, anchor, .. } = certificate;
    let chain = format!("cat {file} {}", certificate.chain.as_deref().unwrap_or_default());
    // certtool reads a CRL as PEM only.
    let made = certificate.crl.iter().map(|crl| format!("openssl crl -inform DER -in {crl} -out judging/crl.pem && "));
    let crl = certificate.crl.iter().map(|_| " --load-crl judging/crl.pem").collect::<String>();
    let under = format!("--verify {STRENGTH} --load-ca-certificate {anchor}{crl}");
    let trial = |judge, line, reads| Trial { judge, file: file.clone(), line, reads };
    vec![
        trial("certtool", format!("{chain} | faketime {at} certtool --verify-chain {STRENGTH}"), verdict),
        trial("certtool", format!("{}{chain} | faketime {at} certtool {under}", made.collect::<String>()), verdict),
        trial("certtool-print", format!("certtool --certificate-info --infile {file}"), printed),
    ]
}

/// "Chain verification output: Not verified. The certificate is NOT trusted. The … One sentence for each reason. "
fn verdict(said: &Said) -> Vec<String> {
    let verdicts = [said.after("Chain verification output: "), said.after("Verification output: ")].concat();
    let accepted = |verdict: &String| verdict == "Verified. The certificate is trusted.";
    if said.well && !verdicts.is_empty() && verdicts.iter().all(accepted) {
        return Vec::new();
    }
    let reasons = verdicts.iter().filter_map(|verdict| verdict.split_once("NOT trusted.")).map(|(_, reasons)| reasons);
    let sentences = reasons.flat_map(|reasons| reasons.split_inclusive('.')).map(|sentence| sentence.trim().to_owned());
    said.refused_with(sentences.filter(|sentence| !sentence.is_empty()).collect())
}

/// Unknown extensions are shown, not refused; what cannot be read is an "error: …" among the fields.
fn printed(said: &Said) -> Vec<String> {
    let complains = |line: &&str| line.starts_with("error") || line.starts_with("warning");
    let complaints: Vec<String> = said.text.lines().map(str::trim).filter(complains).map(str::to_owned).collect();
    if said.well && complaints.is_empty() { Vec::new() } else { said.refused_with(complaints) }
}

fn ocsptool(said: &Said) -> Vec<String> {
    // The exit code is 0 either way.
    let accepted =
        said.after("Verifying OCSP Response: ") == ["Success."] && said.text.contains("Certificate Status: good\n");
    if said.well && accepted { Vec::new() } else { said.refused_with(said.after("Failure, ")) }
}
