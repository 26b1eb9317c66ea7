//! What is looked at before anything is written: that the list, the certificates and the last CRL of the other CA say one thing,
//! and that its certificate vouches for all of them. Everything that stands in the way is said at once.

use super::Takeable;
use crate::commands::input;
use crate::trouble::{Exit, Trouble, chain};
use ca_core::certificate::{Certificate, CertificateError, parts};
use ca_core::digest::sha256;
use ca_core::issued_list::{self, Listed};
use ca_core::revocation::Revocation;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use crl::CertificateList;
use crl::inspect::CrlError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::imports::ImportedCertificate;

/// Complaints shown; the rest is counted.
const SHOWN: usize = 20;

/// Where things stand.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Certificates of those above it, up to a root; none for a root.
    pub chain: &'a [Certificate],
    /// OpenSSL's index.txt.
    pub list: Option<&'a Path>,
    /// A folder of the certificates it has issued.
    pub folder: Option<&'a Path>,
    /// Its last CRL.
    pub last_crl: Option<&'a Path>,
    /// The number of its last CRL, where that is not at hand or was not the last.
    pub crl_number: Option<i64>,
}

/// Checks everything at `now`; `tell` hears what is being looked at, and how many. Errors: exit 2 for a file that cannot be read,
/// exit 7 with everything that stands in the way.
pub fn check(
    certificate: Certificate,
    inputs: Inputs<'_>,
    now: Timestamp,
    tell: &mut dyn FnMut(&str, usize),
) -> Result<Takeable, Trouble> {
    let mut wrong = Vec::new();
    let above = vouched_for(&certificate, inputs.chain, now, &mut wrong);
    let (listed, list_sha256) = listed(inputs.list, &mut wrong)?;
    tell("lines of the list", listed.len());
    let found = certificates(inputs.folder, &certificate, tell, &mut wrong)?;
    let mut issued = joined(listed, found, &certificate, inputs.list.is_some(), &mut wrong);
    let crl = last_crl(inputs.last_crl, &certificate, &mut wrong)?;
    let mut from_crl = 0;
    if let Some((crl, _)) = &crl {
        tell("entries of the last CRL", crl.entries.len());
        from_crl = revoked(&mut issued, crl, &certificate);
    }
    let crl_number = number(crl.as_ref().map(|(crl, _)| crl), inputs.crl_number, &mut wrong);
    if wrong.is_empty() {
        let issued = issued.into_values().collect();
        return Ok(Takeable { certificate, above, issued, crl, crl_number, list_sha256, from_crl });
    }
    let (count, more) = (wrong.len(), wrong.len().saturating_sub(SHOWN));
    wrong.truncate(SHOWN);
    if more > 0 {
        wrong.push(format!("and {more} more"));
    }
    let what = format!("{count} things stand in the way, and nothing was written");
    Err(Trouble::new(Exit::Refused, what)
        .because(format!("\n    {}", wrong.join("\n    ")))
        .advice("mend the list and the folder, in a copy, and try again with --dry-run"))
}

/// The CA's certificate is a CA's, holds now, and so does each above it, up to one that certifies itself: those, in that order.
fn vouched_for(
    certificate: &Certificate,
    above: &[Certificate],
    now: Timestamp,
    wrong: &mut Vec<String>,
) -> Vec<Certificate> {
    let mut way = Vec::new();
    if let Err(weak) = certificate.key().check_strength() {
        wrong.push(format!("its key is too weak to sign anything here: {weak}"));
    }
    let usage = certificate.extensions().key_usage;
    if !certificate.extensions().is_ca || usage.is_some_and(|usage| usage & 0x0600 != 0x0600) {
        wrong.push("the certificate is not one of a CA that signs certificates and CRLs".to_owned());
    }
    let mut one = certificate;
    for _ in 0..=above.len() {
        let is_root = one.issuer().matches(one.subject());
        let by = if is_root { Some(one) } else { above.iter().find(|by| by.subject().matches(one.issuer())) };
        let Some(by) = by else {
            wrong.push(format!("the certificate of {} is not in the chain: give it with --chain", one.issuer()));
            return way;
        };
        if let Err(error) = one.verify(by, now) {
            wrong.push(format!("the certificate of {}: {error}", one.subject()));
        }
        if is_root {
            return way;
        }
        way.push(by.clone());
        one = by;
    }
    wrong.push("the chain ends nowhere: it has no root".to_owned());
    way
}

fn listed(file: Option<&Path>, wrong: &mut Vec<String>) -> Result<(Vec<Listed>, Option<[u8; 32]>), Trouble> {
    let Some(file) = file else { return Ok((Vec::new(), None)) };
    let text = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
    let digest = sha256(&text);
    // Subjects may be in any encoding; everything else is ASCII.
    match issued_list::parse(&String::from_utf8_lossy(&text)) {
        Ok(listed) => Ok((listed, Some(digest))),
        Err(errors) => {
            wrong.extend(errors.iter().map(|error| format!("{}: {error}", file.display())));
            Ok((Vec::new(), Some(digest)))
        }
    }
}

/// The certificates in a folder, each verified against the CA's.
fn certificates(
    folder: Option<&Path>,
    issuer: &Certificate,
    tell: &mut dyn FnMut(&str, usize),
    wrong: &mut Vec<String>,
) -> Result<BTreeMap<SerialNumber, Certificate>, Trouble> {
    let mut found = BTreeMap::new();
    let Some(folder) = folder else { return Ok(found) };
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        files.push(entry.map_err(|error| unreadable(folder, &error))?.path());
    }
    files.retain(|path| path.is_file());
    files.sort();
    tell("files of certificates", files.len());
    for (file, verdict) in files.iter().zip(verified(&files, issuer)) {
        match verdict {
            Ok(certificate) => {
                let serial = certificate.serial().clone();
                let other = found.insert(serial.clone(), certificate.clone());
                if other.is_some_and(|other| other.der() != certificate.der()) {
                    wrong.push(format!("{}: another certificate has the serial number {serial}", file.display()));
                }
            }
            Err(why) => wrong.push(format!("{}: {why}", file.display())),
        }
    }
    Ok(found)
}

/// Each file's certificate, on all cores.
fn verified(files: &[PathBuf], issuer: &Certificate) -> Vec<Result<Certificate, String>> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = files.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let shares: Vec<_> = files
            .chunks(share)
            .map(|files| (files.len(), scope.spawn(move || files.iter().map(|file| issued_by(file, issuer)).collect())))
            .collect();
        let joined = |(count, thread): (usize, std::thread::ScopedJoinHandle<'_, Vec<_>>)| {
            thread.join().unwrap_or_else(|_| vec![Err("it could not be looked at".to_owned()); count])
        };
        shares.into_iter().flat_map(joined).collect()
    })
}

fn issued_by(file: &Path, issuer: &Certificate) -> Result<Certificate, String> {
    let blocks = input::read(file, "CERTIFICATE").map_err(|trouble| trouble.what().to_owned())?;
    let der = blocks.first().ok_or("there is no certificate in it")?;
    let certificate = Certificate::from_der(der).map_err(|error| match error {
        CertificateError::SignatureAlgorithm(_) => {
            format!("{}: leave it out of the folder, its line of the list is enough", chain(&error))
        }
        _ => chain(&error),
    })?;
    // It was good when it was issued; it may have ended since.
    let at = certificate.validity().not_before.max(issuer.validity().not_before);
    certificate.verify(issuer, at).map_err(|error| chain(&error))?;
    Ok(certificate)
}

/// List and folder together, by serial number.
fn joined(
    listed: Vec<Listed>,
    mut found: BTreeMap<SerialNumber, Certificate>,
    issuer: &Certificate,
    has_list: bool,
    wrong: &mut Vec<String>,
) -> BTreeMap<SerialNumber, ImportedCertificate> {
    let mut issued = BTreeMap::new();
    for Listed { line, serial, not_after, revocation, subject } in listed {
        let one = match found.remove(&serial) {
            Some(certificate) => {
                if certificate.validity().not_after != not_after {
                    wrong.push(format!("line {line} of the list: the certificate {serial} ends at another time"));
                }
                whole(&certificate)
            }
            None => entry(serial.clone(), subject, not_after, issuer),
        };
        issued.insert(serial, ImportedCertificate { revocation, ..one });
    }
    for (serial, certificate) in found {
        if has_list {
            wrong.push(format!("the certificate {serial} is in the folder and not in the list"));
        }
        issued.insert(serial, whole(&certificate));
    }
    issued
}

fn whole(certificate: &Certificate) -> ImportedCertificate {
    let extensions = certificate.extensions();
    let names: Vec<&str> = extensions.dns_names.iter().chain(&extensions.emails).map(String::as_str).collect();
    let tbs = parts(certificate.der()).map(|(tbs, _)| tbs.to_vec()).unwrap_or_default();
    ImportedCertificate {
        serial: certificate.serial().clone(),
        subject: certificate.subject().to_string(),
        names: names.join("\n"),
        key_sha256: sha256(certificate.key().spki_der()),
        not_before: certificate.validity().not_before,
        not_after: certificate.validity().not_after,
        tbs,
        der: certificate.der().to_vec(),
        revocation: None,
        is_ca: extensions.is_ca,
    }
}

/// A certificate of which only an entry is known.
fn entry(serial: SerialNumber, subject: String, not_after: Timestamp, issuer: &Certificate) -> ImportedCertificate {
    ImportedCertificate {
        serial,
        subject,
        names: String::new(),
        key_sha256: [0; 32],
        not_before: issuer.validity().not_before,
        not_after,
        tbs: Vec::new(),
        der: Vec::new(),
        revocation: None,
        is_ca: false,
    }
}

fn last_crl(
    file: Option<&Path>,
    issuer: &Certificate,
    wrong: &mut Vec<String>,
) -> Result<Option<(CertificateList, Vec<u8>)>, Trouble> {
    let Some(file) = file else { return Ok(None) };
    let Some(der) = input::read(file, "X509 CRL")?.into_iter().next() else { return Ok(None) };
    match CertificateList::parse(&der) {
        Ok(list) => {
            if !list.issuer.matches(issuer.subject()) {
                wrong.push(format!("{}: it is a CRL of {}", file.display(), list.issuer));
            } else if let Err(error) = list.verify(issuer) {
                wrong.push(format!("{}: {error}", file.display()));
            }
            Ok(Some((list, der)))
        }
        Err(error) => {
            let advice = match error {
                CrlError::SignatureAlgorithm(_) => ": give its number with --crl-number instead",
                _ => "",
            };
            wrong.push(format!("{}: {}{advice}", file.display(), chain(&error)));
            Ok(None)
        }
    }
}

/// What the last CRL says goes before what the list says: the world has seen it. Returns how many were revoked nowhere else.
fn revoked(
    issued: &mut BTreeMap<SerialNumber, ImportedCertificate>,
    crl: &CertificateList,
    issuer: &Certificate,
) -> usize {
    let mut nowhere_else = 0;
    for listed in &crl.entries {
        let revocation =
            Revocation { reason: listed.reason, revoked_at: listed.revoked_at, invalidity_at: listed.invalidity_at };
        let one = issued.entry(listed.serial.clone()).or_insert_with(|| {
            // Kept on every CRL to the end of the CA, since nobody knows when its certificate ends.
            entry(listed.serial.clone(), "(known from a CRL)".to_owned(), issuer.validity().not_after, issuer)
        });
        nowhere_else += usize::from(one.revocation.is_none());
        one.revocation = Some(revocation);
    }
    nowhere_else
}

fn number(crl: Option<&CertificateList>, given: Option<i64>, wrong: &mut Vec<String>) -> i64 {
    let stated = crl.and_then(|crl| crl.number);
    let stated = stated.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    match (stated, given) {
        (Some(i64::MAX), _) => wrong.push("the number of the last CRL is too large to be counted from".to_owned()),
        (Some(stated), Some(given)) if given < stated => {
            wrong.push(format!("--crl-number {given} is below the number of the last CRL, {stated}"));
        }
        (None, None) if crl.is_some() => {
            wrong.push("the last CRL has no number: give the number to count from with --crl-number, or 0".to_owned());
        }
        _ => {}
    }
    given.or(stated).unwrap_or(0).max(stated.unwrap_or(0))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::new(Exit::Usage, format!("{} cannot be read", path.display())).because(error)
}
