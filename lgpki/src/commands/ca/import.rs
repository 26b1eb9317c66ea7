//! `lgpki ca import`: a CA that exists moves here.

use crate::clock::SystemClock;
use crate::commands::input;
use crate::config::Config;
use crate::entropy::SystemEntropy;
use crate::foundry::Foundry;
use crate::import::{self, ImportError, Inputs, Takeable};
use crate::installation::{self, Repository};
use crate::keys::{FOLDER, KeyStores};
use crate::out;
use crate::secrets::{ImportedKeyPassphrase, KeySecrets};
use crate::trouble::{Exit, Trouble, chain};
use ca_core::certificate::{Certificate, CertificateError};
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::signer::{Signer, SignerError};
use ca_core::time::Clock;
use hsm_adapters::centre::{OpenedPkcs12, open_foreign_pkcs12};
use hsm_adapters::holder::HolderKey;
use hsm_adapters::holder::file::{KeyFile, look};
use hsm_adapters::probe::{Probe, probe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Store, StoreError};

/// No PKCS#12 file is larger.
const LARGEST_PKCS12: u64 = 1 << 20;

/// Arguments of `ca import`.
///
/// Nothing is signed with SHA-1 here, and no RSA key below 2048 bits is taken: a CA with such a key, or whose certificate is
/// signed so, is refused. Keys are never overwritten.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// What the policy packs call it: the authority whose profiles it issues from now on
    pub authority: String,
    /// Its certificate; without it, the one in the PKCS#12 file
    #[arg(long, value_name = "FILE", required_unless_present = "pkcs12")]
    pub certificate: Option<PathBuf>,
    /// The certificates above it, up to the root; none for a root
    #[arg(long, value_name = "FILE")]
    pub chain: Option<PathBuf>,
    /// Its key: PKCS#8 in PEM, sealed or not (mode 0600). It is sealed anew in the folder of software keys
    #[arg(long, value_name = "FILE", group = "its_key")]
    pub key: Option<PathBuf>,
    /// Its key in a PKCS#12 file
    #[arg(long, value_name = "FILE", group = "its_key")]
    pub pkcs12: Option<PathBuf>,
    /// Its key is in one of the key stores already, under this label
    #[arg(long, value_name = "LABEL", group = "its_key")]
    pub key_label: Option<String>,
    /// Where the passphrase of that key comes from.
    #[command(flatten)]
    pub key_passphrase: ImportedKeyPassphrase,
    /// The list of what it has issued: OpenSSL's index.txt
    #[arg(long, value_name = "FILE", required_unless_present = "certificates")]
    pub index: Option<PathBuf>,
    /// A folder with the certificates it has issued, one a file, PEM or DER
    #[arg(long, value_name = "FOLDER")]
    pub certificates: Option<PathBuf>,
    /// Its last CRL, PEM or DER: number, entries and times are carried on
    #[arg(long, value_name = "FILE", required_unless_present = "crl_number")]
    pub last_crl: Option<PathBuf>,
    /// The number of its last CRL, decimal or 0x with hexadecimal digits; 0 when it has never made one
    #[arg(long, value_name = "N", value_parser = crl_number)]
    pub crl_number: Option<i64>,
    /// The key store the key of its OCSP responder is made in
    #[arg(long, value_name = "NAME", default_value = FOLDER)]
    pub store: String,
    /// Look at everything, say what would be taken over, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where the secrets of the key stores come from.
    #[command(flatten)]
    pub secrets: KeySecrets,
}

fn crl_number(text: &str) -> Result<i64, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.ok().filter(|number| *number >= 0).ok_or_else(|| "a number from 0, or 0x and hexadecimal digits".to_owned())
}

/// Checks everything, and takes the CA over. Errors: exit 7 with all that stands in the way, exit 6 when the key is not the
/// certificate's, exit 3 and 5 for stores and database.
pub(super) async fn run(what: &Import, config: &Config, database: &Store) -> Result<Exit, Trouble> {
    hsm_adapters::warm_up();
    let line = AuthorityId::parse(&what.authority).map_err(|error| Trouble::new(Exit::Usage, error.to_string()))?;
    let (pack, rule) = config.policy.packs.authority(&line).ok_or_else(|| {
        Trouble::new(Exit::Usage, format!("no policy pack has an authority {line}"))
            .advice("describe it in a pack of yours first: what it issues from now on stands there")
    })?;
    let key = given_key(what)?;
    let (certificate, chain) = certificates(what, &key)?;
    if let Some(key) = &key.key
        && key.public() != certificate.key()
    {
        return Err(not_its_key("the key"));
    }
    let inputs = Inputs {
        chain: &chain,
        list: what.index.as_deref(),
        folder: what.certificates.as_deref(),
        last_crl: what.last_crl.as_deref(),
        crl_number: what.crl_number,
    };
    let now = SystemClock.now();
    let mut look = |what: &str, count: usize| out::talk(format_args!("looking at {count} {what}"));
    let taken = import::check(certificate, inputs, now, &mut look)?;
    let place = import::place(database, (pack, rule), &taken.certificate, now).await.map_err(not_taken)?;
    let id = place.generation.id().map_err(|error| not_taken(error.into()))?;
    say(&taken, &id)?;
    if what.dry_run {
        out::line("nothing was written: this was a dry run")?;
        return Ok(Exit::Done);
    }
    let stores = installation::open_keys_in_service(config, &what.secrets, database).await?;
    let label = key_in_place(what, &stores, key.key, &id, &taken)?;
    let foundry = Foundry {
        store: database.clone(),
        keys: Arc::new(stores.making_in(&what.store)?),
        entropy: Arc::new(SystemEntropy),
        clock: Arc::new(SystemClock),
        repository: Repository::of(&config.public),
        policy: config.policy.clone(),
    };
    let all = taken.issued.len();
    let mut tell = |done: usize| out::talk(format_args!("{done} of {all} certificates are written"));
    let imported = import::take_over(&foundry, &place, &taken, &label, &mut tell).await;
    // A token's module wants its sessions closed before the process ends.
    stores.close_all();
    let id = imported.map_err(not_taken)?;
    out::line(format_args!("{id} is here, and issues from now on; its next CRL is signed"))?;
    out::line(
        "stop the old CA, destroy its copies of the key, put keys and database into the backup, and start the service anew",
    )?;
    Ok(Exit::Done)
}

/// The key that was given, and what else was in its file.
#[derive(Default)]
struct GivenKey {
    key: Option<HolderKey>,
    certificates: Vec<Certificate>,
}

fn given_key(what: &Import) -> Result<GivenKey, Trouble> {
    let unusable = |file: &std::path::Path, error: &dyn std::fmt::Display| {
        Trouble::new(Exit::Refused, format!("the key in {} cannot be taken over", file.display())).because(error)
    };
    if let Some(file) = &what.key {
        let key = match look(file).map_err(|error| unusable(file, &error))? {
            KeyFile::Plain(key) => key,
            KeyFile::Sealed(sealed) => {
                let passphrase = what.key_passphrase.passphrase()?;
                sealed.open(passphrase).map_err(|error| unusable(file, &error))?
            }
        };
        return Ok(GivenKey { key: Some(key), certificates: Vec::new() });
    }
    let Some(file) = &what.pkcs12 else { return Ok(GivenKey::default()) };
    let octets = input::bounded(file, LARGEST_PKCS12).map_err(|error| unusable(file, &error))?;
    let passphrase = what.key_passphrase.passphrase()?;
    let OpenedPkcs12 { keys, certificates, .. } =
        open_foreign_pkcs12(&octets, &passphrase).map_err(|error| unusable(file, &error))?;
    let [key] = keys.as_slice() else {
        return Err(unusable(file, &format!("it holds {} keys, not one", keys.len())));
    };
    let key = HolderKey::from_pkcs8(&key.pkcs8).map_err(|error| unusable(file, &error))?;
    let read = certificates.iter().map(|(der, _)| Certificate::from_der(der).map_err(|error| unusable(file, &error)));
    Ok(GivenKey { key: Some(key), certificates: read.collect::<Result<_, _>>()? })
}

/// The CA's certificate, and those above it.
fn certificates(what: &Import, key: &GivenKey) -> Result<(Certificate, Vec<Certificate>), Trouble> {
    let mut chain = key.certificates.clone();
    if let Some(file) = &what.chain {
        chain.extend(input::certificates(file)?);
    }
    let certificate = match (&what.certificate, &key.key) {
        (Some(file), _) => Some(own(file)?),
        (None, Some(key)) => key_certificate(&chain, key),
        (None, None) => None,
    };
    let certificate = certificate.ok_or_else(|| {
        Trouble::new(Exit::Usage, "the PKCS#12 file holds no certificate of its key")
            .advice("give it with --certificate")
    })?;
    Ok((certificate, chain))
}

/// What to do about a certificate that is signed with SHA-1: the same key, name, number and time, signed by today's means.
const SIGN_IT_ANEW: &str = "have its issuer sign it again, with SHA-256. A root does so itself, and what it has issued stays valid under it: \
    openssl x509 -in OLD.pem -signkey KEY -sha256 -preserve_dates -out NEW.pem; give the new one to those who trust the old one";

/// The CA's certificate. Errors: exit 7 for one that is signed as nothing is here, exit 2 for what is none.
fn own(file: &Path) -> Result<Certificate, Trouble> {
    let blocks = input::read(file, "CERTIFICATE")?;
    match blocks.first().map(|der| Certificate::from_der(der)) {
        Some(Err(error @ CertificateError::SignatureAlgorithm(_))) => {
            let what = format!("the certificate in {} is signed as nothing is signed here", file.display());
            Err(Trouble::new(Exit::Refused, what).because(chain(&error)).advice(SIGN_IT_ANEW))
        }
        _ => input::certificate(file),
    }
}

fn key_certificate(chain: &[Certificate], key: &HolderKey) -> Option<Certificate> {
    chain.iter().find(|certificate| certificate.key() == key.public()).cloned()
}

/// Brings the key to its place, and lets it prove itself. Errors: exit 7 when another key has its label, exit 6 when it is not the
/// certificate's, exit 5.
fn key_in_place(
    what: &Import,
    stores: &KeyStores,
    key: Option<HolderKey>,
    id: &AuthorityId,
    taken: &Takeable,
) -> Result<KeyLabel, Trouble> {
    let named = what.key_label.as_deref().unwrap_or(id.as_str());
    let label = KeyLabel::parse(named).map_err(|error| {
        Trouble::new(Exit::Usage, format!("{named:?} cannot be the label of an authority's key"))
            .because(error)
            .advice("give the key another label with the token's own tool: letters a to z, digits and hyphens")
    })?;
    if let Some(key) = key {
        let folder =
            stores.folder().ok_or_else(|| Trouble::new(Exit::Configuration, "the folder of keys is closed"))?;
        match folder.import(&label, key.pkcs8_der()) {
            // An earlier run may have brought it; whether it is the same one shows below.
            Ok(_) | Err(SignerError::KeyExists(_)) => {}
            Err(error) => return Err(Trouble::new(Exit::Unavailable, "the key was not written").because(error)),
        }
    }
    let found = stores.public_key(&label).map_err(|error| {
        Trouble::new(Exit::Configuration, format!("the key {label} is not in the key stores")).because(error)
    })?;
    if found != *taken.certificate.key() {
        return Err(not_its_key(&format!("the key {label}")));
    }
    match probe(stores, &label) {
        Probe::Usable => Ok(label),
        Probe::Unusable { reason } => {
            Err(Trouble::new(Exit::Unavailable, format!("the key {label} does not sign")).because(reason))
        }
    }
}

fn not_its_key(which: &str) -> Trouble {
    Trouble::new(Exit::Integrity, format!("{which} is not the certificate's, and nothing was written"))
        .advice("bring the key and the certificate that belong together")
}

fn say(taken: &Takeable, id: &AuthorityId) -> Result<(), Trouble> {
    let Takeable { certificate, issued, crl_number, from_crl, .. } = taken;
    out::line(format_args!("{}: it will be {id}", certificate.subject()))?;
    out::line(format_args!("  SHA-256 {}", ca_core::digest::hex(&certificate.fingerprint())))?;
    let (all, revoked, entries) = (issued.len(), taken.revoked(), taken.entries_only());
    out::line(format_args!("{all} certificates, {revoked} of them revoked"))?;
    if entries > 0 {
        out::line(format_args!("  {entries} are known by an entry only: their pages show no more than that"))?;
    }
    if *from_crl > 0 {
        out::line(format_args!("  {from_crl} are revoked by the last CRL and not by the list: they stay revoked"))?;
    }
    out::line(format_args!("the next CRL has the number {}", crl_number.saturating_add(1)))?;
    Ok(())
}

fn not_taken(error: ImportError) -> Trouble {
    let what = "the CA was not taken over";
    match error {
        ImportError::Another { .. } => Trouble::new(Exit::Refused, what)
            .because(error)
            .advice("give it an authority of its own in a pack, and import it as that"),
        ImportError::Store(error @ (StoreError::Conflict { .. } | StoreError::OutcomeUnknown(_))) => {
            Trouble::new(Exit::Unavailable, what).because(chain(&error)).advice("run it again: it goes on where it was")
        }
        error => Trouble::new(Exit::Unavailable, "the CA is not taken over completely")
            .because(chain(&error))
            .advice("mend what is said there and run it again: it goes on where it was"),
    }
}
