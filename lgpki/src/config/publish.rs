//! Where lists and certificates are published, as the configuration says.

use super::checked::{Wrong, duration, wrong};
use super::file::{self, PublishKind};
use ca_core::id::KeyLabel;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often everything is looked at again, or handed over, when nothing has changed.
const EVERY: Duration = Duration::from_secs(600);
/// The same for folders that are not read back, where every time is a whole bundle.
const EVERY_BUNDLE: Duration = Duration::from_secs(3600);

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
    DropFolder(PathBuf),
}

impl Place {
    /// The word of the configuration: `directory`, `drop-folder`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Directory(_) => "directory",
            Self::DropFolder(_) => "drop-folder",
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
    let place = |named: Option<PathBuf>| {
        let missing = || wrong(&raw.kind, "this kind of target needs `folder`, the path of the folder");
        named.map(|named| folder.join(named)).ok_or_else(missing)
    };
    let (place, otherwise) = match raw.kind.get_ref() {
        PublishKind::Directory => (Place::Directory(place(raw.folder)?), EVERY),
        PublishKind::DropFolder => (Place::DropFolder(place(raw.folder)?), EVERY_BUNDLE),
    };
    let every = duration(raw.every.as_ref(), otherwise)?;
    let call_after = raw.call_after.as_ref().map(|after| duration(Some(after), EVERY)).transpose()?;
    Ok(PublicationTarget { name: raw.name.into_inner(), place, every, call_after })
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
        assert_eq!(two[0].place, Place::DropFolder("/etc/lgpki/out".into()));
    }

    #[test]
    fn a_wrong_target_is_refused_with_its_line() {
        assert!(said(&format!("{TARGET}{TARGET}")).contains("14: a target is called repository already"));
        assert!(said(&TARGET.replace("\"repository\"", "\"the one\"")).contains("10: the name of a target"));
        assert!(said(&TARGET.replace("folder = \"/srv/repository\"\n", "")).contains("11: this kind of target needs"));
        assert!(said(&TARGET.replace("\"directory\"", "\"ftp\"")).contains("unknown variant `ftp`"));
        assert!(said(&format!("{TARGET}every = \"soon\"\n")).contains("13: `soon` is no length of time"));
    }
}
