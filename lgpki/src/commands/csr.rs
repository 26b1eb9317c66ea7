//! `lgpki csr`: a request for a certificate, signed with the holder's key in a file or a token. The names in it are shown
//! to the officers who file and approve it; those of the certificate come from the register and the approved form.

use super::packs;
use crate::commands::input::key_kind;
use crate::commands::key;
use crate::commands::token::{TokenPlace, told};
use crate::holder::{RequestError, RequestKey};
use crate::out;
use crate::secrets::HolderPassphrase;
use crate::trouble::{Exit, Trouble};
use ca_core::id::ProfileId;
use ca_core::key::KeyAlgorithm;
use ca_core::name::DnsName;
use ca_core::profile::Packs;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What can be done with requests.
#[derive(Debug, clap::Subcommand)]
pub enum Csr {
    /// Make a request, with a key there is or a new one
    New(New),
}

/// Arguments of `csr new`.
#[derive(Debug, clap::Args)]
pub struct New {
    /// The kind of certificate: web-server, job-role, mail, … as the pack names it
    #[arg(long, value_name = "NAME")]
    pub profile: String,
    /// The policy pack the profile is in, by name or file; the shipped ones without it
    #[arg(long, value_name = "PACK")]
    pub pack: Option<String>,
    /// The file of the key
    #[arg(long, value_name = "FILE", required_unless_present = "token_module", conflicts_with = "token_module")]
    pub key: Option<PathBuf>,
    /// Make the key, too
    #[arg(long)]
    pub new_key: bool,
    /// The kind of the new key: p256, p384, rsa2048, rsa3072 or rsa4096
    #[arg(long, value_name = "KIND", default_value = "p256", value_parser = key_kind, requires = "new_key")]
    pub algorithm: KeyAlgorithm,
    /// A name of the server; can be given several times
    #[arg(long = "dns", value_name = "NAME")]
    pub dns_names: Vec<String>,
    /// The file to write the request to; it must not exist
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The passphrase of the key.
    #[command(flatten)]
    pub passphrase: HolderPassphrase,
    /// The token, for a key in one.
    #[command(flatten)]
    pub token: TokenPlace,
}

/// Makes the request and says where it is. Errors: exit 2 for what is named wrong, exit 3 for passphrase and PIN, exit 7
/// for what the profile does not allow and for names that are taken, exit 5 when a file or the token fails.
pub fn run(what: &Csr) -> Result<Exit, Trouble> {
    let Csr::New(what) = what;
    // All that can be said without a key is said first: a new key in a token is not made in vain.
    let asked = Asked::for_profile(&what.profile, what.pack.as_deref())?;
    let names = asked.names(&what.dns_names)?;
    if what.out.symlink_metadata().is_ok() {
        return Err(taken(&what.out));
    }
    if what.new_key {
        asked.allows(what.algorithm)?;
    }
    let pem = match (what.token.named(), &what.key) {
        (Some(named), _) => {
            let session = named.log_in()?;
            let key = if what.new_key {
                key::new_in_token(&session, named, what.algorithm)?
            } else {
                session.find(named.key).map_err(told)?
            };
            asked.signed(&RequestKey::Token(key), &names)
        }
        (None, Some(path)) => {
            let key = if what.new_key {
                key::new_in_file(path, what.algorithm, &what.passphrase)?
            } else {
                key::from_file(path, &what.passphrase)?
            };
            asked.signed(&RequestKey::File(key), &names)
        }
        (None, None) => {
            Err(Trouble::new(Exit::Usage, "there is no key").advice("give --key FILE or --token-module FILE"))
        }
    }?;
    write(&what.out, &pem)?;
    let named = if names.is_empty() { String::new() } else { format!(", {}", listed(&names)) };
    out::line(format_args!("request: {} ({}{named})", what.out.display(), asked.profile))?;
    Ok(Exit::Done)
}

/// What a profile wants of a request.
struct Asked {
    profile: ProfileId,
    /// How many DNS names at most; none at all for profiles without servers.
    most_names: usize,
    keys: Vec<KeyAlgorithm>,
}

impl Asked {
    /// The one place that looks a profile up. Errors: exit 2 for a name no profile has, exit 7 for a profile nobody requests.
    fn for_profile(name: &str, pack: Option<&str>) -> Result<Self, Trouble> {
        let packs = match pack {
            Some(name) => Packs::new(vec![packs::named(name)?])
                .map_err(|error| Trouble::new(Exit::Configuration, "this pack cannot be used").because(error))?,
            None => packs::shipped()?,
        };
        let known: Vec<&str> = packs.requested().map(|profile| profile.id.as_str()).collect();
        match packs.profile_named(name) {
            Some((_, profile)) if profile.family.is_requested() => Ok(Self {
                profile: profile.id.clone(),
                most_names: profile.alternative.dns.most,
                keys: profile.keys.clone(),
            }),
            Some(_) => Err(Trouble::new(Exit::Refused, format!("nobody requests certificates of the profile {name}"))
                .because("they are for the authorities' own keys, which are made in a ceremony")
                .advice(format!("give --profile one of: {}", known.join(", ")))),
            None => Err(Trouble::new(Exit::Usage, format!("there is no profile {name:?}"))
                .advice(format!("give --profile one of: {}", known.join(", ")))),
        }
    }

    /// The names, in order, each once. Errors: exit 2 for one that is none, for none where one is needed, and the reverse.
    fn names(&self, given: &[String]) -> Result<Vec<DnsName>, Trouble> {
        let mut names: Vec<DnsName> = Vec::new();
        for text in given {
            let name = DnsName::parse(text).map_err(|error| {
                Trouble::new(Exit::Usage, format!("{text:?} is no name of a server"))
                    .because(error)
                    .advice("write it in full, as www.town.example.lg.jp")
            })?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let wrong = |why: String| Trouble::new(Exit::Usage, "the names do not fit the profile").because(why);
        match (names.len(), self.most_names) {
            (0, most) if most > 0 => Err(wrong(format!("a {} certificate names a server", self.profile))
                .advice("give --dns NAME, once for each name")),
            (some, 0) if some > 0 => {
                Err(wrong(format!("a {} certificate names no server", self.profile)).advice("leave --dns away"))
            }
            (some, most) if some > most => {
                Err(wrong(format!("{some} names are given, {most} are allowed")).advice("make more than one request"))
            }
            _ => Ok(names),
        }
    }

    /// Errors: exit 7 for a kind of key the profile does not take.
    fn allows(&self, algorithm: KeyAlgorithm) -> Result<(), Trouble> {
        if self.keys.contains(&algorithm) {
            return Ok(());
        }
        let kinds: Vec<String> = self.keys.iter().map(ToString::to_string).collect();
        Err(Trouble::new(Exit::Refused, format!("a {} certificate takes no {algorithm} key", self.profile))
            .advice(format!("make a key of one of these kinds: {}", kinds.join(", "))))
    }

    /// The request in PEM, read back as the registration pages will read it. Errors: the key's or the token's.
    fn signed(&self, key: &RequestKey<'_>, names: &[DnsName]) -> Result<String, Trouble> {
        self.allows(key.public().algorithm())?;
        let names: Vec<&str> = names.iter().map(DnsName::as_str).collect();
        let pem = key.request(&names).map_err(|error| match error {
            RequestError::Token(error) => told(error),
            other => Trouble::new(Exit::Unavailable, "no request was made").because(other),
        })?;
        ca_core::request::Csr::parse(pem.as_bytes()).and_then(ca_core::request::Csr::prove).map_err(|error| {
            Trouble::new(Exit::Refused, "this key cannot be certified, and nothing was written")
                .because(error)
                .advice("make a new key with lgpki key new")
        })?;
        Ok(pem)
    }
}

/// A request is public: anybody may read the file, nobody's file is replaced.
fn write(path: &Path, pem: &str) -> Result<(), Trouble> {
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    made.and_then(|mut file| file.write_all(pem.as_bytes()).and_then(|()| file.sync_all())).map_err(|error| {
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => taken(path),
            _ => Trouble::new(Exit::Unavailable, format!("the request cannot be written to {}", path.display()))
                .because(error)
                .advice("see that the folder is there, is yours and has room; a key that was made stays, so leave --new-key away"),
        }
    })
}

fn taken(path: &Path) -> Trouble {
    Trouble::new(Exit::Refused, "no request was written")
        .because(format!("{} exists already", path.display()))
        .advice("choose another name")
}

fn listed(names: &[DnsName]) -> String {
    names.iter().map(DnsName::as_str).collect::<Vec<_>>().join(", ")
}
