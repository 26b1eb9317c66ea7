//! `lgpki ceremony ask|take|bundle`: what travels between an installation and an offline CA. Requests go in a bundle that a key
//! of the installation signs; its words are read aloud to the ceremony by telephone. Results come back in another.

use crate::ceremony::bundle::{self, Bundle, Content, Kind};
use crate::ceremony::requests::{self, Wanted};
use crate::clock::SystemClock;
use crate::commands::input::bounded;
use crate::keys::{FOLDER, KeyStores};
use crate::sealing::{next_number, signing_key};
use crate::secrets::KeySecrets;
use crate::trouble::{Exit, Trouble};
use crate::{config, installation, out};
use ca_core::audit::Actor;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::kana::KanaWords;
use ca_core::key::SubjectKey;
use ca_core::request::Csr;
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::Clock;
use pem::Pem;
use std::io::Write;
use std::path::{Path, PathBuf};
use store::Store;

const ACTOR: Actor = Actor::System("command");
/// The key that signs an installation's requests.
const KEY: &str = "bundles";
/// Larger than any request, in octets.
const LARGEST_REQUEST: u64 = 1024 * 1024;

/// Arguments of `ceremony ask`.
#[derive(Debug, clap::Args)]
pub struct Ask {
    /// The bundle to write; it must not exist
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// A request to be certified: a CSR, in the bundle under its file's name, with .csr.pem at its end; once for each
    #[arg(long = "csr", value_name = "FILE")]
    pub requests: Vec<PathBuf>,
    /// A certificate to be revoked: who issued it, its serial number, and why (RFC 5280); once for each
    #[arg(long = "revoke", value_name = "AUTHORITY/SERIAL=REASON", value_parser = wanted)]
    pub revocations: Vec<Wanted>,
    /// Who asks, for the people of the ceremony
    #[arg(long, value_name = "NAME")]
    pub from: String,
    /// The key store of the key that signs; it is made there when it is missing
    #[arg(long, value_name = "NAME", default_value = FOLDER)]
    pub store: String,
    /// Where the secrets of the key stores come from.
    #[command(flatten)]
    pub secrets: KeySecrets,
}

/// Arguments of `ceremony take`.
#[derive(Debug, clap::Args)]
pub struct Take {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// The twelve words of the key that must have signed it, as they were read aloud
    #[arg(long, value_name = "WORDS")]
    pub words: String,
    /// Write what is in it into this folder; nothing there is replaced
    #[arg(long, value_name = "FOLDER")]
    pub into: PathBuf,
    /// Take a bundle of a rehearsal, of which nothing counts
    #[arg(long)]
    pub rehearsal: bool,
}

/// Arguments of `ceremony bundle`.
#[derive(Debug, clap::Args)]
pub struct BundleOf {
    /// The bundle
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The twelve words of the key that must have signed it, as they were read aloud
    #[arg(long, value_name = "WORDS")]
    pub words: String,
    /// Refuse a bundle whose number is not above this one: the last that was taken
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub after: u64,
    /// Write what is in it into this folder; nothing there is replaced
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

fn wanted(text: &str) -> Result<Wanted, String> {
    let shape = || "write it as root/0A1B=cessationOfOperation".to_owned();
    let (certificate, reason) = text.split_once('=').ok_or_else(shape)?;
    let (authority, serial) = certificate.split_once('/').ok_or_else(shape)?;
    Ok(Wanted {
        authority: AuthorityId::parse(authority).map_err(|error| error.to_string())?,
        serial: SerialNumber::parse_hex(serial).map_err(|error| error.to_string())?,
        reason: RevocationReason::parse(reason)
            .ok_or_else(|| format!("`{reason}` is no reason (RFC 5280 §5.3.1), as keyCompromise is"))?,
    })
}

/// Puts requests into a bundle and says the words to read aloud. Errors: exit 2 for what is no request, exit 7 for a request that
/// proves nothing or a file that is there, exit 3 and 5 for keys and database.
pub(super) async fn ask(what: &Ask, file: &Path) -> Result<Exit, Trouble> {
    let contents = asked(what)?;
    if what.bundle.exists() {
        return Err(Trouble::new(Exit::Refused, format!("{} is there already", what.bundle.display()))
            .advice("name another file: bundles are never overwritten"));
    }
    let config = config::load(file)?;
    let store = installation::open_current(&config.database).await?;
    let stores = installation::open_keys_in_service(&config, &what.secrets, &store).await?;
    let made = asked_in_bundle(what, contents, &stores, &store).await;
    store.close().await;
    stores.close_all();
    let (bundle, key) = made?;
    say(&bundle)?;
    let words = KanaWords::of(&key.fingerprint());
    out::line(format_args!("the words of the key that signed it, to be read aloud to the ceremony:\n{words}"))?;
    Ok(Exit::Done)
}

async fn asked_in_bundle(
    what: &Ask,
    contents: Vec<Content>,
    stores: &KeyStores,
    store: &Store,
) -> Result<(Bundle, SubjectKey), Trouble> {
    let label = KeyLabel::parse(KEY).map_err(|error| Trouble::new(Exit::Bug, error.to_string()))?;
    let key = signing_key(stores, (&what.store, &label), store).await?;
    let number = next_number(store).await?;
    let bundle = Bundle { contents, ..Bundle::new(Kind::Requests, number, &what.from) };
    let text = bundle.sealed(stores, &label)?;
    write_new(&what.bundle, text.as_bytes())?;
    Ok((bundle, key))
}

fn asked(what: &Ask) -> Result<Vec<Content>, Trouble> {
    let mut contents = Vec::new();
    for file in &what.requests {
        let wrong = |why: String| {
            Trouble::new(Exit::Usage, format!("{} is no request to be certified", file.display())).because(why)
        };
        let octets = bounded(file, LARGEST_REQUEST).map_err(|error| wrong(error.to_string()))?;
        let csr = Csr::parse(&octets).and_then(Csr::prove).map_err(|error| wrong(error.to_string()))?;
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.trim_end_matches(".pem").trim_end_matches(".csr").trim_end_matches(".der");
        let text = pem::encode(&Pem::new("CERTIFICATE REQUEST", csr.der())).replace("\r\n", "\n");
        contents.push(Content::new(format!("{name}.csr.pem"), text));
    }
    if !what.revocations.is_empty() {
        contents.push(Content::new(format!("all{}", requests::LIST), requests::list(&what.revocations)?));
    }
    match contents.is_empty() {
        false => Ok(contents),
        true => Err(Trouble::new(Exit::Usage, "nothing is asked for").advice("give --csr FILE or --revoke …")),
    }
}

/// Takes the results of a ceremony. Its number is remembered before its files are written. Errors: exit 2 for a file or words that
/// cannot be read, exit 6 for a bundle that another key signed, that was changed, or that is not newer than the last; exit 7 for
/// one of a rehearsal; exit 5 when a file cannot be written.
pub(super) async fn take(what: &Take, file: &Path) -> Result<Exit, Trouble> {
    let text = bundle::read(&what.bundle)?;
    let bundle = Bundle::parse(&text, &words(&what.words)?, 0)?;
    let refused = |why: &str| Trouble::new(Exit::Refused, "the bundle is refused").because(why);
    if bundle.kind != Kind::Results {
        return Err(refused("it carries requests, not results"));
    }
    if bundle.rehearsal != what.rehearsal {
        return Err(refused(match bundle.rehearsal {
            true => "it is one of a rehearsal, and nothing of it counts",
            false => "it is none of a rehearsal",
        }));
    }
    let store = installation::open_current(&config::load(file)?.database).await?;
    let txn = store.write(SystemClock.now(), ACTOR).await?;
    let remembered = bundle::remember(txn, &bundle, &text, String::new()).await;
    store.close().await;
    remembered?;
    std::fs::create_dir_all(&what.into).map_err(|error| {
        Trouble::new(Exit::Unavailable, format!("the folder {} cannot be made", what.into.display())).because(error)
    })?;
    say(&bundle)?;
    write_contents(&bundle, &what.into)?;
    Ok(Exit::Done)
}

/// Looks at a bundle, and takes its files out if that is wanted. Errors: exit 2 for a file or words that cannot be read, exit 5
/// when a file cannot be written, exit 6 as [`Bundle::parse`].
pub(super) fn opened(what: &BundleOf) -> Result<Exit, Trouble> {
    let bundle = Bundle::parse(&bundle::read(&what.file)?, &words(&what.words)?, what.after)?;
    say(&bundle)?;
    if let Some(folder) = &what.out {
        write_contents(&bundle, folder)?;
    }
    Ok(Exit::Done)
}

fn words(said: &str) -> Result<KanaWords, Trouble> {
    KanaWords::parse(said).map_err(|error| Trouble::new(Exit::Usage, "these are not the words of a key").because(error))
}

fn say(bundle: &Bundle) -> Result<(), Trouble> {
    let kind = if bundle.rehearsal { "a rehearsal of " } else { "" };
    let (number, from) = (bundle.number, out::visible(&bundle.from));
    out::line(format_args!(
        "bundle {number} of {kind}{from}, {}, signed by the key of these words",
        bundle.kind.told()
    ))?;
    for content in &bundle.contents {
        out::line(format_args!("  {} {}", content.sha256, content.file))?;
    }
    Ok(())
}

fn write_contents(bundle: &Bundle, folder: &Path) -> Result<(), Trouble> {
    bundle.contents.iter().try_for_each(|content| write_new(&folder.join(&content.file), content.text.as_bytes()))
}

/// Writes a file that is not there yet; durable on return. Errors: exit 5.
pub(super) fn write_new(path: &Path, octets: &[u8]) -> Result<(), Trouble> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(octets).and_then(|()| file.sync_all())).map_err(|error| {
        Trouble::new(Exit::Unavailable, format!("{} cannot be written", path.display())).because(error)
    })
}
