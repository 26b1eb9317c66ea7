//! `lgpki profile shadow`: what certificates, CRLs and OCSP answers would weigh with ML-DSA. Each chosen profile is issued with
//! today's key and, from its shadow pack ([`Pack::shadow`]), with each ML-DSA kind, all through the real pipeline; what is
//! measured are the octets that came out.

use super::Sample;
use super::line::Line;
use super::lineage::Lineage;
use super::manifest::Manifest;
use crate::commands::{input, packs};
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble, chain};
use ca_core::certificate::{Certificate, parts};
use ca_core::key::KeyAlgorithm;
use ca_core::profile::{Pack, Profile};
use ca_core::revocation::{ListId, RevocationReason};
use ca_core::serial::SerialNumber;
use crl::CertificateList;
use crl::build::CrlContent;
use crl::entries::CrlEntry;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `profile shadow`.
#[derive(Debug, clap::Args)]
pub struct Shadow {
    /// Which profiles of the pack
    #[arg(required = true, value_name = "PROFILE")]
    pub profiles: Vec<String>,
    /// The policy pack, by name or file
    #[arg(long, value_name = "PACK", default_value = "lgwan-private")]
    pub pack: String,
    /// Today's kind of key, against which the ratios are
    #[arg(long, value_name = "KIND", default_value = "p256", value_parser = input::key_kind)]
    pub against: KeyAlgorithm,
    /// Revoked certificates on the longer of the two CRLs
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub entries: u16,
    /// How the sizes are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Octets of one profile's certificate with one kind of key, and of what goes with it.
#[derive(Debug, Serialize)]
struct Sizes {
    profile: String,
    key: String,
    certificate: usize,
    public_key: usize,
    signature: usize,
    /// The certificate and those above it, the root included.
    chain: usize,
    crl_without_entries: usize,
    crl_with_entries: usize,
    /// None where the profile has no responder.
    ocsp_answer: Option<usize>,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    against: String,
    crl_entries: u16,
    sizes: &'a [Sizes],
}

/// Does it. Errors: exit 2 for a profile that is not there or has no such key, exit 5 when the pipeline fails.
pub(super) async fn run(what: &Shadow) -> Result<Exit, Trouble> {
    let pack = packs::named(&what.pack)?;
    let mut sizes = measured(&pack, what, what.against).await?;
    for kind in KeyAlgorithm::EXPERIMENTAL {
        sizes.extend(measured(&pack.shadow(kind), what, kind).await?);
    }
    match what.format {
        Format::Text => out::line(table(what, &sizes).trim_end())?,
        Format::Json => out::json(&Report {
            schema: "lgpki/profile-shadow/1",
            against: what.against.to_string(),
            crl_entries: what.entries,
            sizes: &sizes,
        })?,
    }
    Ok(Exit::Done)
}

/// The chosen profiles with keys of that kind, issued in a folder that is gone afterwards.
async fn measured(pack: &Pack, what: &Shadow, key: KeyAlgorithm) -> Result<Vec<Sizes>, Trouble> {
    let failed = |error: &dyn std::error::Error| {
        Trouble::new(Exit::Unavailable, format!("{key} could not be measured")).because(chain(error))
    };
    let folder = crate::commands::bench::Scratch::new().map_err(|error| failed(&error))?;
    let sample = sample_in(&folder.path, what).map_err(|error| failed(&error))?;
    let profiles = what.profiles.iter().map(|name| wanted(pack, name, key)).collect::<Result<Vec<_>, _>>()?;
    let mut manifest = Manifest::new();
    let line = Line::founded(pack, Lineage::of_key(key), &sample).await.map_err(|error| failed(&error))?;
    for profile in &profiles {
        line.issue_samples(profile, &mut manifest, &sample).await.map_err(|error| failed(&error))?;
    }
    line.finish(&mut manifest, &sample).await.map_err(|error| failed(&error))?;
    profiles.iter().map(|profile| sizes(&folder.path, profile, key, what.entries)).collect()
}

fn wanted<'a>(pack: &'a Pack, name: &str, key: KeyAlgorithm) -> Result<&'a Arc<Profile>, Trouble> {
    let known = || pack.profiles().iter().map(|profile| profile.id.as_str()).collect::<Vec<_>>().join(", ");
    let found = pack.profile_named(name).filter(|profile| profile.certifies(key));
    found.ok_or_else(|| {
        Trouble::new(Exit::Usage, format!("there is no profile {name} with {key} keys"))
            .because("ML-DSA only signs: what only enciphers has no shadow")
            .advice(format!("there are: {}", known()))
    })
}

fn sample_in(folder: &Path, what: &Shadow) -> Result<Sample, std::io::Error> {
    for name in ["chains", "crls", "ocsp"] {
        std::fs::create_dir_all(folder.join(name))?;
    }
    let url = |text: &str| url::Url::parse(text).map_err(std::io::Error::other);
    Ok(Sample {
        profiles: what.profiles.clone(),
        all: false,
        out: folder.to_path_buf(),
        packs: Vec::new(),
        keys: false,
        revoked: false,
        repository_url: url("http://repository.lgpki.example")?,
        lgwan_repository_url: url("http://repository.lgwan.example")?,
    })
}

fn sizes(folder: &Path, profile: &Profile, key: KeyAlgorithm, entries: u16) -> Result<Sizes, Trouble> {
    let stem = format!("{}-{key}", profile.id);
    let unreadable =
        |reason: String| Trouble::new(Exit::Bug, format!("the sample {stem} cannot be read")).because(reason);
    let read = |file: PathBuf| std::fs::read(file).map_err(|error| unreadable(error.to_string()));
    let certificates = |file: PathBuf| -> Result<Vec<Certificate>, Trouble> {
        let blocks = pem::parse_many(read(file)?).map_err(|error| unreadable(error.to_string()))?;
        let read = blocks.iter().map(|block| Certificate::from_der(block.contents()));
        read.collect::<Result<_, _>>().map_err(|error| unreadable(error.to_string()))
    };
    let own = certificates(folder.join(format!("{stem}.pem")))?;
    let certificate = own.first().ok_or_else(|| unreadable("no certificate".to_owned()))?;
    let above = certificates(folder.join(format!("chains/{stem}.pem")))?;
    let issuer = above.first().ok_or_else(|| unreadable("no issuer".to_owned()))?;
    let authority = profile.issuers.first().ok_or_else(|| unreadable("no authority".to_owned()))?;
    let crl = read(folder.join(format!("crls/{authority}-{}.crl", Lineage::of_key(key))))?;
    let list = CertificateList::parse(&crl).map_err(|error| unreadable(error.to_string()))?;
    let ocsp = folder.join(format!("ocsp/{stem}.der"));
    let (_, signature) = parts(certificate.der()).map_err(|error| unreadable(error.to_string()))?;
    Ok(Sizes {
        profile: profile.id.to_string(),
        key: key.to_string(),
        certificate: certificate.der().len(),
        public_key: certificate.key().key_bits().len(),
        signature: signature.len(),
        chain: own.iter().chain(&above).map(|one| one.der().len()).sum(),
        crl_without_entries: crl.len(),
        crl_with_entries: longer(issuer, &list, certificate.serial(), entries),
        ocsp_answer: ocsp.exists().then(|| read(ocsp)).transpose()?.map(|answer| answer.len()),
    })
}

/// Octets of the same CRL with that many entries, each with a serial as long as ours and a reason.
fn longer(issuer: &Certificate, list: &CertificateList, serial: &SerialNumber, entries: u16) -> usize {
    let entry = CrlEntry {
        serial: serial.clone(),
        revoked_at: list.this_update,
        reason: RevocationReason::Superseded,
        invalidity_at: None,
    };
    let entries = vec![entry; usize::from(entries)];
    let content = CrlContent {
        issuer,
        algorithm: list.algorithm,
        list: ListId::FULL,
        number: list.number.unwrap_or(1),
        base_number: None,
        this_update: list.this_update,
        next_update: list.next_update.unwrap_or(list.this_update),
        addresses: &[],
        freshest: &[],
    };
    list.algorithm.signed(&content.to_tbs(&entries), &list.signature).len()
}

fn table(what: &Shadow, sizes: &[Sizes]) -> String {
    let mut text = String::new();
    // Writing to a String does not fail; each `let _` below is one.
    let entries = format!("CRL of {}", what.entries);
    for name in &what.profiles {
        let _ = writeln!(text, "{name}, octets (times those of {})", what.against);
        let _ = writeln!(
            text,
            "  {:<10}{:>16}{:>16}{:>16}{:>16}{:>16}{:>16}{:>16}",
            "key", "certificate", "public key", "signature", "chain", "empty CRL", entries, "OCSP answer"
        );
        let of = |one: &&Sizes| one.profile == *name;
        let Some(today) = sizes.iter().find(of) else { continue };
        for one in sizes.iter().filter(of) {
            let columns = [
                (one.certificate, today.certificate),
                (one.public_key, today.public_key),
                (one.signature, today.signature),
                (one.chain, today.chain),
                (one.crl_without_entries, today.crl_without_entries),
                (one.crl_with_entries, today.crl_with_entries),
                (one.ocsp_answer.unwrap_or(0), today.ocsp_answer.unwrap_or(0)),
            ];
            let columns = columns.map(|(octets, before)| format!("{:>16}", shown(octets, before)));
            let _ = writeln!(text, "  {:<10}{}", one.key, columns.concat());
        }
        text.push('\n');
    }
    text
}

/// `5,930 (×8.1)`; a dash where there is nothing.
fn shown(octets: usize, before: usize) -> String {
    let tenths = octets.saturating_mul(10).saturating_add(before / 2).checked_div(before);
    match (octets, tenths) {
        (0, _) => "–".to_owned(),
        (_, None | Some(10)) => octets.to_string(),
        (_, Some(tenths)) => format!("{octets} (×{}.{})", tenths / 10, tenths % 10),
    }
}
