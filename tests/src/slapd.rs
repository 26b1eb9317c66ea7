//! A directory for tests: Debian's `slapd` with a folder and a port of its own, as an operator would set one up. A shell starts it and
//! waits on a pipe; when the test ends, in whatever way, the pipe closes and the shell stops it.
#![expect(clippy::expect_used, clippy::panic, reason = "a harness: what fails here is a failed test, and says why")]

use crate::program::free_address;
use crate::tools::Scratch;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Starts slapd, says when it answers, and stops it when nobody holds the pipe any more.
const GUARD: &str = r#"
PATH="$PATH:/usr/sbin"
slapd -d 256 -f "$1" -h "$2" 2>&1 & pid=$!
(read -r _; kill "$pid") <&3 3<&- &
wait "$pid"
"#;

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running directory with the suffix `c=JP`, empty at the beginning.
pub struct Slapd {
    scratch: Scratch,
    address: SocketAddr,
    guard: Option<Child>,
}

impl Slapd {
    /// Who may write.
    pub const WRITER: &str = "cn=publisher,c=JP";
    /// The writer's password.
    pub const PASSWORD: &str = "a password for tests";

    /// Starts an empty one.
    ///
    /// # Panics
    /// When slapd is not installed or does not start; `./check packages` installs it.
    pub fn start(name: &str) -> Self {
        Self::holding(name, 64 << 20)
    }

    /// Starts one that reads more at once than slapd does by itself.
    pub fn reading(name: &str, octets: u64) -> Self {
        Self::configured(name, 256 << 20, &format!("sockbuf_max_incoming_auth {octets}\n"))
    }

    /// Starts one that can hold so many octets.
    pub fn holding(name: &str, octets: u64) -> Self {
        Self::configured(name, octets, "")
    }

    fn configured(name: &str, octets: u64, first: &str) -> Self {
        let scratch = Scratch::new(name);
        std::fs::create_dir(scratch.path().join("data")).expect("a folder");
        let folder = scratch.path().display();
        let config = format!(
            "{first}include /etc/ldap/schema/core.schema\npidfile {folder}/pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n\
             database mdb\nsuffix \"c=JP\"\nrootdn \"{}\"\nrootpw \"{}\"\ndirectory {folder}/data\nmaxsize {octets}\n\
             access to * by * read\n",
            Self::WRITER,
            Self::PASSWORD
        );
        scratch.file("slapd.conf", config);
        let password = scratch.file("password", format!("{}\n", Self::PASSWORD));
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(password, private).expect("a mode");
        let mut slapd = Self { scratch, address: free_address(), guard: None };
        slapd.again();
        slapd
    }

    /// Starts it with what it held before.
    ///
    /// # Panics
    /// When it does not start.
    pub fn again(&mut self) {
        let config = self.scratch.path().join("slapd.conf");
        let place = format!("ldap://{}/ {}", self.address, self.socket_url());
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("exec 3<&0 </dev/null\n{GUARD}"), "guard"]).arg(config).arg(place);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guard = command.process_group(0).spawn().expect("a shell starts");
        let said = BufReader::new(guard.stdout.take().expect("its output is a pipe"));
        let mut said_before = String::new();
        let mut lines = said.lines();
        loop {
            match lines.next() {
                Some(Ok(line)) if line.contains("slapd starting") => break,
                Some(Ok(line)) => said_before += &format!("{line}\n"),
                _ => panic!("slapd did not start; mend with: ./check packages. It said:\n{said_before}"),
            }
        }
        // It goes on talking, and must find somebody to listen.
        std::thread::spawn(move || lines.for_each(drop));
        self.guard = Some(guard);
        // It says so a moment before it listens.
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).is_err() {
            assert!(Instant::now() < deadline, "slapd does not listen:\n{said_before}");
            std::thread::yield_now();
        }
    }

    /// Stops it; what it holds stays.
    pub fn stop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            drop(guard.wait());
        }
    }

    /// `ldap://…`.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    /// `ldapi://…`, a socket in its folder.
    pub fn socket_url(&self) -> String {
        let socket = self.scratch.path().join("socket").display().to_string();
        format!("ldapi://{}", socket.replace('/', "%2F"))
    }

    /// The file with the writer's password.
    pub fn password_file(&self) -> PathBuf {
        self.scratch.path().join("password")
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// Asks `ldapsearch` for an entry, as anybody may; each value is in a file whose name it says.
    ///
    /// # Panics
    /// When ldapsearch cannot be run.
    pub fn search(&self, entry: &str, attributes: &[&str]) -> Output {
        let mut command = Command::new("ldapsearch");
        command.args(["-x", "-LLL", "-o", "ldif-wrap=no", "-s", "base", "-H", &self.url(), "-b", entry]);
        command.args(attributes).output().expect("ldapsearch runs; mend with: ./check packages")
    }

    /// The values of an attribute, as `ldapsearch` sees them; none when there is no such entry.
    ///
    /// # Panics
    /// When what it says cannot be read.
    pub fn values(&self, entry: &str, attribute: &str) -> Vec<Vec<u8>> {
        use base64::Engine as _;
        let said = self.search(entry, &[attribute]);
        let said = String::from_utf8(said.stdout).expect("LDIF is text");
        let values = said.lines().filter_map(|line| line.strip_prefix(&format!("{attribute}:: ")));
        let read = |value: &str| base64::engine::general_purpose::STANDARD.decode(value).expect("base64");
        values.map(read).collect()
    }

    /// Runs `ldapmodify` with these changes.
    ///
    /// # Panics
    /// When it refuses.
    pub fn modify(&self, changes: &str) {
        let file = self.scratch.file("changes.ldif", changes);
        let mut command = Command::new("ldapmodify");
        // Without the end of the line, which ldapmodify would take for a part of it.
        let password = self.scratch.file("password.plain", Self::PASSWORD);
        command.args(["-x", "-H", &self.url(), "-D", Self::WRITER, "-y"]).arg(password).arg("-f").arg(file);
        let done = command.output().expect("ldapmodify runs; mend with: ./check packages");
        assert!(done.status.success(), "{}", crate::tools::text(&done));
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.stop();
    }
}
