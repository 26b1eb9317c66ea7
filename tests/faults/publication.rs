//! Publishing to a folder, cut off at each of its steps in each form: what has its name there is whole, and everything stands there
//! as soon as the next pass ends. Then a target that takes nothing.

use super::PROGRAM;
use ca_core::kana::KanaWords;
use lgpki::clock::SystemClock;
use lgpki::edge::{Intake, Looked};
use lgpki_tests::databases::Kind;
use lgpki_tests::interruptions::{Blow, Fault, STRUCK};
use lgpki_tests::invariants::texts;
use lgpki_tests::program::{Installation, Program};
use lgpki_tests::slapd::Slapd;
use ocsp::edge::Edge;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::Step;

/// What is struck here.
pub(super) const STEPS: [Step; 2] = [Step::PublicationRecorded, Step::ArtefactPublished];

/// What is logged when everything stands there.
const COMPLETE: &str = "publish.complete";

macro_rules! steps {
    ($($name:ident = $kind:ident, $step:ident, $occurrence:literal;)+) => {$(
        #[test]
        fn $name() {
            struck_in_each_form(Kind::$kind, Step::$step, $occurrence);
        }
    )+};
}

steps! {
    a_target_is_leased_on_sqlite = Sqlite, PublicationRecorded, 1;
    a_target_is_leased_on_postgres = Postgres, PublicationRecorded, 1;
    a_list_takes_its_name_on_sqlite = Sqlite, ArtefactPublished, 1;
    a_list_takes_its_name_on_postgres = Postgres, ArtefactPublished, 1;
    a_certificate_takes_its_name_on_sqlite = Sqlite, ArtefactPublished, 4;
    a_certificate_takes_its_name_on_postgres = Postgres, ArtefactPublished, 4;
    a_pass_is_written_down_on_sqlite = Sqlite, PublicationRecorded, 2;
    a_pass_is_written_down_on_postgres = Postgres, PublicationRecorded, 2;
}

/// The files below a folder, by their paths.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn files(folder: &Path) -> Files {
    let mut files = Files::new();
    for part in ["aia", "crl"] {
        // Not there before the first file in it.
        for entry in std::fs::read_dir(folder.join(part)).into_iter().flatten() {
            let entry = entry.unwrap();
            files.insert(Path::new(part).join(entry.file_name()), std::fs::read(entry.path()).unwrap());
        }
    }
    files
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// An installation that publishes to a folder once a second.
struct Publishing {
    installation: Installation,
    folder: PathBuf,
}

impl Publishing {
    fn new(kind: Kind) -> Self {
        let installation = Installation::new(kind);
        let folder = installation.publishes();
        Self { installation, folder }
    }

    /// What stands there after a pass without a fault; it is taken away again.
    fn expected(&self) -> Files {
        let said = self.installation.lgpki(PROGRAM, &["publish", "now"]);
        assert!(said.status.success(), "{}", lgpki_tests::tools::text(&said));
        let expected = files(&self.folder);
        self.cleared();
        expected
    }

    fn cleared(&self) {
        for part in ["aia", "crl"] {
            std::fs::remove_dir_all(self.folder.join(part)).unwrap();
        }
    }
}

/// Waits until a pass is complete that ended after the fault, if there was one.
fn complete(program: &mut Program, row: &str) {
    loop {
        let log = program.log();
        let after = log.split_once(STRUCK).map_or(log.as_str(), |(_, after)| after);
        if after.contains(COMPLETE) {
            return;
        }
        assert!(program.heard(COMPLETE), "{row}: the process ended:\n{log}");
    }
}

fn struck_in_each_form(kind: Kind, step: Step, occurrence: u32) {
    let publishing = Publishing::new(kind);
    let (installation, folder) = (&publishing.installation, &publishing.folder);
    let expected = publishing.expected();
    assert!(expected.len() >= 8, "{:?}", expected.keys());
    for blow in Blow::ALL {
        let fault = Fault { step, occurrence, blow };
        let row = format!("{kind:?} {fault}");
        let mut program = installation.serve(PROGRAM, Some(fault));
        if blow.kills() {
            program.ended();
            assert!(program.log().contains(STRUCK), "{row}: it did not strike");
            let left = files(folder);
            let named = left.iter().filter(|(path, _)| !is_hidden(path));
            for (path, octets) in named {
                assert!(expected.get(path) == Some(octets), "{row}: {} is not whole", path.display());
            }
            program = installation.serve(PROGRAM, None);
        }
        complete(&mut program, &row);
        program.stops();
        assert!(files(folder) == expected, "{row}: {:?}", files(folder).keys());
        publishing.cleared();
    }
    let numbers = "select e.object from audit_event e where e.verb = 'publication.seen'";
    let lists = expected.keys().filter(|path| path.starts_with("crl")).count();
    assert_eq!(texts(&installation.database, numbers).len(), lists, "each list was seen for the first time once");
}

/// A folder that leads out is not looked into, so what was cut off there is handed over again.
#[test]
fn a_bundle_that_was_cut_off_is_whole_or_not_there() {
    let installation = Installation::new(Kind::Sqlite);
    let folder = installation.folder().join("out");
    std::fs::create_dir(&folder).unwrap();
    let config = installation.folder().join("lgpki.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let section = "[[publish]]\nname = \"outside\"\nkind = \"drop-folder\"\nfolder = \"out\"\nevery = \"1s\"\n";
    std::fs::write(&config, format!("{text}\n{section}")).unwrap();
    let scratch = installation.folder().join("other.bundle").display().to_string();
    let said = installation.lgpki(PROGRAM, &["ocsp", "bundle", "--format", "json", "--out", &scratch]);
    let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let words = KanaWords::parse(said["words"].as_str().unwrap()).unwrap();
    let edge = Edge::new(Arc::new(SystemClock));
    let mut intake = Intake::new(&folder.join("outside.bundle"), words, edge);
    let mut last = 0;
    for blow in Blow::ALL {
        let fault = Fault { step: Step::ArtefactPublished, occurrence: 1, blow };
        let mut program = installation.serve(PROGRAM, Some(fault));
        if blow.kills() {
            program.ended();
            assert!(program.log().contains(STRUCK), "{fault}: it did not strike");
            let looked = intake.look();
            assert!(!matches!(looked, Looked::Refused(..)), "{fault}: {looked:?}");
            program = installation.serve(PROGRAM, None);
        }
        complete(&mut program, &fault.to_string());
        program.stops();
        match intake.look() {
            Looked::Taken(manifest) if manifest.number > last => last = manifest.number,
            other => panic!("{fault}: {other:?}"),
        }
    }
}

/// What stands in a directory is written an entry at a time, each attribute in one operation.
#[test]
fn a_directory_is_complete_after_the_pass_that_follows_a_cut() {
    const ENTRY: &str = "cn=Sample Application CA,o=LGPKI Sample,c=JP";
    const ATTRIBUTES: [&str; 2] = ["cACertificate;binary", "certificateRevocationList;binary"];
    let installation = Installation::new(Kind::Sqlite);
    let config = installation.folder().join("lgpki.toml");
    let founded = std::fs::read_to_string(&config).unwrap();
    let publish_to = |slapd: &Slapd| {
        let section = format!(
            "[[publish]]\nname = \"directory\"\nkind = \"ldap\"\nurl = \"{}\"\nbase = \"c=JP\"\nbind = \"{}\"\n\
             password_file = \"{}\"\nevery = \"1s\"\n",
            slapd.url(),
            Slapd::WRITER,
            slapd.password_file().display()
        );
        std::fs::write(&config, format!("{founded}\n{section}")).unwrap();
    };
    let values = |slapd: &Slapd| ATTRIBUTES.map(|attribute| slapd.values(ENTRY, attribute));
    let slapd = Slapd::start("faults-ldap");
    publish_to(&slapd);
    let said = installation.lgpki(PROGRAM, &["publish", "now"]);
    assert!(said.status.success(), "{}", lgpki_tests::tools::text(&said));
    let expected = values(&slapd);
    assert!(expected.iter().all(|values| values.len() == 1));
    // Leased, and nothing pushed; pushed, and nothing written down.
    for (occurrence, blow) in [(1, Blow::PowerCutAfter), (2, Blow::PowerCutBefore)] {
        let slapd = Slapd::start("faults-ldap-empty");
        publish_to(&slapd);
        let fault = Fault { step: Step::PublicationRecorded, occurrence, blow };
        let mut program = installation.serve(PROGRAM, Some(fault));
        program.ended();
        assert!(program.log().contains(STRUCK), "{fault}: it did not strike");
        let mut program = installation.serve(PROGRAM, None);
        complete(&mut program, &fault.to_string());
        program.stops();
        assert!(values(&slapd) == expected, "{fault}");
    }
}

/// With a limit of the size of files, which keeps the process from writing any: the same as a disk that is full, for any user.
#[test]
fn a_target_that_takes_nothing_keeps_what_it_has_and_somebody_is_told() {
    let publishing = Publishing::new(Kind::Postgres);
    let (installation, folder) = (&publishing.installation, &publishing.folder);
    let expected = publishing.expected();
    std::fs::create_dir(folder.join("crl")).unwrap();
    let list = folder.join("crl/root.crl");
    std::fs::write(&list, &expected[Path::new("crl/root.crl")]).unwrap();
    let config = installation.folder().join("lgpki.toml");
    let line =
        format!("trap '' XFSZ; ulimit -f 0; exec {PROGRAM} --config {} serve --roles publisher", config.display());
    let mut full = Program::start_until("bash", &["-c".to_owned(), line], "publish.wrong");
    assert!(full.log().contains("cannot be published: File too large"), "{}", full.log());
    full.stops();
    assert_eq!(files(folder).into_keys().collect::<Vec<_>>(), [Path::new("crl/root.crl")]);
    assert!(std::fs::read(&list).unwrap() == expected[Path::new("crl/root.crl")]);
    let said = lgpki_tests::tools::text(&installation.lgpki(PROGRAM, &["publish", "status"]));
    assert!(said.contains("File too large") && said.contains("somebody is called in"), "{said}");
    let mut program = installation.serve(PROGRAM, None);
    complete(&mut program, "afterwards");
    program.stops();
    assert!(files(folder) == expected);
}
