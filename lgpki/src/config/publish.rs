//! Where lists and certificates are published, as the configuration says.

use super::checked::{Wrong, duration, wrong};
use super::file::{self, PublishKind};
use crate::publish::EntryName;
use ca_core::id::KeyLabel;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often everything is looked at again, or handed over, when nothing has changed.
const EVERY: Duration = Duration::from_secs(600);
/// The same for folders that are not read back, where every time is a whole bundle.
const EVERY_BUNDLE: Duration = Duration::from_secs(3600);

/// Octets of a value that a directory takes where nobody says otherwise: slapd reads 4 MiB from somebody it knows
/// (`sockbuf_max_incoming_auth`).
const LONGEST_VALUE: i64 = 4_000_000;
/// The longest that is held in memory, a few times over.
const LONGEST_HELD: i64 = 60_000_000;

/// Where directories answer (RFC 4511 §5.2).
const LDAP_PORT: u16 = 389;

/// A place that is published to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicationTarget {
    /// What it is called here.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// How often everything there is read back, or a bundle handed over, when nothing has changed.
    pub every: Duration,
    /// How long it may be behind before somebody is called; `None` for a third of the shortest life of a list.
    pub call_after: Option<Duration>,
}

/// Where a target is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder with the paths of the repository: `crl/…`, `aia/…`.
    Directory(PathBuf),
    /// A folder that bundles for edges are put into, and that is never looked into.
    DropFolder(DropPlace),
    /// A directory (LDAP).
    Ldap(LdapPlace),
}

/// A folder that leads out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropPlace {
    /// The folder.
    pub folder: PathBuf,
    /// Where the whole bundle is kept on this side that was put there last: deltas follow it. `None`: every bundle is a whole one.
    pub kept: Option<PathBuf>,
}

/// A directory, and the part of it that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LdapPlace {
    /// Where it answers.
    pub address: LdapAddress,
    /// Entries are made below this one, and this one if it is missing.
    pub base: EntryName,
    /// Who writes: a name, and the file with its password.
    pub bind: Option<(String, PathBuf)>,
    /// Octets of the longest value it takes.
    pub longest_value: i64,
}

/// Where a directory answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LdapAddress {
    /// A host and its port.
    Tcp(String),
    /// A socket of this machine.
    Socket(PathBuf),
}

impl fmt::Display for LdapAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(place) => write!(f, "ldap://{place}"),
            Self::Socket(path) => write!(f, "ldapi: {}", path.display()),
        }
    }
}

impl Place {
    /// The word of the configuration: `directory`, `drop-folder`, `ldap`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Directory(_) => "directory",
            Self::DropFolder(_) => "drop-folder",
            Self::Ldap(_) => "ldap",
        }
    }
}

/// Checks the sections. Errors: a name that is none or another's, a key that is missing.
pub(super) fn check(raw: Vec<file::Publish>, folder: &Path) -> Result<Vec<PublicationTarget>, Wrong> {
    let mut targets: Vec<PublicationTarget> = Vec::new();
    for section in raw {
        let name = section.name.get_ref().as_str();
        // A key's label is a name of the same letters.
        if KeyLabel::parse(name).is_err() {
            return Err(wrong(&section.name, "the name of a target is of the letters a to z, digits and hyphens"));
        }
        if targets.iter().any(|target| target.name == name) {
            return Err(wrong(&section.name, format!("a target is called {name} already: a name is one target's")));
        }
        targets.push(checked(section, folder)?);
    }
    Ok(targets)
}

fn checked(raw: file::Publish, folder: &Path) -> Result<PublicationTarget, Wrong> {
    let is_ldap = *raw.kind.get_ref() == PublishKind::Ldap;
    let of_ldap = raw.url.is_some() || raw.base.is_some() || raw.bind.is_some() || raw.password_file.is_some();
    let of_ldap = of_ldap || raw.longest_value.is_some();
    if (is_ldap && raw.folder.is_some()) || (!is_ldap && of_ldap) {
        let reason =
            "`folder` is for folders; `url`, `base`, `bind`, `password_file` and `longest_value` are for the kind ldap";
        return Err(wrong(&raw.kind, reason));
    }
    if let Some(kept) = raw.kept.as_ref().filter(|_| *raw.kind.get_ref() != PublishKind::DropFolder) {
        return Err(wrong(kept, "`kept` is for the kind drop-folder"));
    }
    let place = || {
        let missing = || wrong(&raw.kind, "this kind of target needs `folder`, the path of the folder");
        raw.folder.as_ref().map(|named| folder.join(named)).ok_or_else(missing)
    };
    let (place, otherwise) = match raw.kind.get_ref() {
        PublishKind::Directory => (Place::Directory(place()?), EVERY),
        PublishKind::DropFolder => {
            let kept = raw.kept.as_ref().map(|kept| folder.join(kept.get_ref()));
            (Place::DropFolder(DropPlace { folder: place()?, kept }), EVERY_BUNDLE)
        }
        PublishKind::Ldap => (Place::Ldap(ldap(&raw, folder)?), EVERY),
    };
    let every = duration(raw.every.as_ref(), otherwise)?;
    let call_after = raw.call_after.as_ref().map(|after| duration(Some(after), EVERY)).transpose()?;
    Ok(PublicationTarget { name: raw.name.into_inner(), place, every, call_after })
}

fn ldap(raw: &file::Publish, folder: &Path) -> Result<LdapPlace, Wrong> {
    let (Some(url), Some(base)) = (&raw.url, &raw.base) else {
        return Err(wrong(&raw.kind, "a directory needs `url` and `base`, the entry below which everything stands"));
    };
    let address = address(url.get_ref()).ok_or_else(|| {
        wrong(url, "the url of a directory is ldap://HOST or ldap://HOST:PORT, or ldapi:// with a socket")
    })?;
    let base = EntryName::parse(base.get_ref())
        .ok_or_else(|| wrong(base, "`base` is the name of an entry, as in o=LGPKI,c=JP"))?;
    let bind = match (&raw.bind, &raw.password_file) {
        (Some(name), Some(file)) => Some((name.clone(), folder.join(file))),
        (None, None) => None,
        _ => return Err(wrong(&raw.kind, "`bind` and `password_file` come together")),
    };
    if bind.is_some() && !is_local(&address) {
        let reason = "the password would cross the network for all to read: end a tunnel with TLS at ldap://127.0.0.1, \
            or use ldapi:// where the directory is on this machine";
        return Err(wrong(url, reason));
    }
    let longest_value = match &raw.longest_value {
        Some(octets) if !(1..=LONGEST_HELD).contains(octets.get_ref()) => {
            return Err(wrong(octets, format!("a value of a directory has 1 to {LONGEST_HELD} octets here")));
        }
        given => given.as_ref().map_or(LONGEST_VALUE, |octets| *octets.get_ref()),
    };
    Ok(LdapPlace { address, base, bind, longest_value })
}

fn address(url: &str) -> Option<LdapAddress> {
    if let Some(socket) = url.strip_prefix("ldapi://") {
        let path = socket.trim_end_matches('/').replace("%2F", "/").replace("%2f", "/");
        return (path.starts_with('/') && !path.contains('%')).then(|| LdapAddress::Socket(path.into()));
    }
    let place = url.strip_prefix("ldap://")?.trim_end_matches('/');
    let with_port = place.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).is_some();
    let plain = !place.is_empty() && !place.contains(['/', '?', '@', '#', ' ']);
    plain.then(|| LdapAddress::Tcp(if with_port { place.to_owned() } else { format!("{place}:{LDAP_PORT}") }))
}

/// Whether what is said to it stays on this machine.
fn is_local(address: &LdapAddress) -> bool {
    let LdapAddress::Tcp(place) = address else { return true };
    let host = place.rsplit_once(':').map_or(place.as_str(), |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigError, parse};
    use super::*;

    const TARGET: &str = "[[publish]]\nname = \"repository\"\nkind = \"directory\"\nfolder = \"/srv/repository\"\n";

    fn parsed(targets: &str) -> Result<Config, ConfigError> {
        let text = format!(
            "[database]\nurl = \"sqlite:lgpki.db\"\n[keys]\ndirectory = \"keys\"\n[public]\nurl = \"http://localhost:8080\"\n\
             repository_url = \"http://127.0.0.1:8080\"\nenvironment = \"demo\"\n{targets}"
        );
        parse(&text, Path::new("/etc/lgpki/lgpki.toml"))
    }

    fn said(targets: &str) -> String {
        parsed(targets).unwrap_err().to_string()
    }

    #[test]
    fn a_target_has_a_name_a_kind_and_a_folder() {
        let one = parsed(&format!("{TARGET}call_after = \"1h\"\n")).unwrap().publish;
        let other = TARGET.replace("directory", "drop-folder").replace("/srv/repository", "out");
        let two = parsed(&other).unwrap().publish;
        assert_eq!((one[0].every, one[0].call_after), (EVERY, Some(Duration::from_secs(3600))));
        assert_eq!((two[0].every, two[0].call_after), (EVERY_BUNDLE, None));
        assert_eq!(two[0].place, Place::DropFolder(DropPlace { folder: "/etc/lgpki/out".into(), kept: None }));
    }

    #[test]
    fn a_wrong_target_is_refused_with_its_line() {
        assert!(said(&format!("{TARGET}{TARGET}")).contains("14: a target is called repository already"));
        assert!(said(&TARGET.replace("\"repository\"", "\"the one\"")).contains("10: the name of a target"));
        assert!(said(&TARGET.replace("folder = \"/srv/repository\"\n", "")).contains("11: this kind of target needs"));
        assert!(said(&TARGET.replace("\"directory\"", "\"ftp\"")).contains("unknown variant `ftp`"));
        assert!(said(&format!("{TARGET}every = \"soon\"\n")).contains("13: `soon` is no length of time"));
    }

    const LDAP: &str = "[[publish]]\nname = \"directory\"\nkind = \"ldap\"\nurl = \"ldap://[::1]:1389\"\nbase = \"c=JP\"\n\
         bind = \"cn=writer\"\npassword_file = \"password\"\n";

    #[test]
    fn a_directory_is_written_to_by_somebody_whose_password_stays_here() {
        let place = |text: &str| parsed(text).unwrap().publish.remove(0).place;
        let Place::Ldap(ldap) = place(LDAP) else { panic!("a directory") };
        assert_eq!(ldap.address, LdapAddress::Tcp("[::1]:1389".to_owned()));
        assert_eq!(ldap.bind, Some(("cn=writer".to_owned(), "/etc/lgpki/password".into())));
        let Place::Ldap(socket) = place(&LDAP.replace("ldap://[::1]:1389", "ldapi://%2Frun%2Fslapd")) else { panic!() };
        assert_eq!(socket.address, LdapAddress::Socket("/run/slapd".into()));
        assert!(said(&LDAP.replace("[::1]:1389", "ldap.example")).contains("12: the password would cross the network"));
        let anonymous = LDAP.replace("bind = \"cn=writer\"\npassword_file = \"password\"\n", "");
        let Place::Ldap(far) = place(&anonymous.replace("[::1]:1389", "ldap.example")) else { panic!() };
        assert_eq!((far.address, far.bind), (LdapAddress::Tcp("ldap.example:389".to_owned()), None));
        assert!(said(&LDAP.replace("bind = \"cn=writer\"\n", "")).contains("come together"));
        assert!(said(&LDAP.replace("c=JP", "JP")).contains("13: `base` is the name of an entry"));
        assert!(said(&LDAP.replace("ldap://", "http://")).contains("12: the url of a directory"));
        assert!(said(&format!("{LDAP}folder = \"x\"\n")).contains("11: `folder` is for folders"));
        assert!(said(&LDAP.replace("base = \"c=JP\"\n", "")).contains("11: a directory needs"));
    }
}
