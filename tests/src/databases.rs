//! Databases for tests: a fresh SQLite file, or a fresh database in a private PostgreSQL cluster.
//!
//! **The cluster.** It is made by the installed binaries (`initdb`, `pg_ctl` of the newest `/usr/lib/postgresql/*/bin`),
//! listens on a Unix socket in its own folder and nowhere else, and runs as an unprivileged user (`postgres`, else
//! `nobody`) when the tests run as root, since PostgreSQL refuses root. `./check` starts one for all tests with the binary
//! `postgres-for-tests` and hands its folder down in `LGPKI_TEST_POSTGRES` (a place, not a secret). A test process that
//! finds no such variable starts its own at first need.
//!
//! **Its end.** The cluster is started by a shell that then waits on a pipe whose other end this process holds. When the
//! process ends, in whatever way, the kernel closes the pipe, and the shell stops the cluster and removes its folder.
//! The shell is in a process group of its own, so that Ctrl-C reaches it only through the pipe.
//!
//! `fsync` is off: tests kill our processes, never the database's, so that what it has written stays written.
#![expect(clippy::expect_used, clippy::panic, reason = "a harness: what fails here is a failed test, and says why")]

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where a running cluster's socket is: an absolute folder.
pub const CLUSTER_VARIABLE: &str = "LGPKI_TEST_POSTGRES";

/// The two databases everything must work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The embedded default.
    Sqlite,
    /// Production.
    Postgres,
}

/// Both, for tests that go over them.
pub const KINDS: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

/// A database of its own for one test, empty, removed when dropped.
#[derive(Debug)]
pub struct TestDatabase {
    kind: Kind,
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Cluster { socket: PathBuf, name: String },
}

impl TestDatabase {
    /// A fresh database. Panics when PostgreSQL is not installed or does not start.
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = fresh_folder("lgpki-sqlite");
                let url = format!("sqlite:{}", folder.join("lgpki.db").display());
                Self { kind, url, place: Place::Folder(folder) }
            }
            Kind::Postgres => {
                let socket = cluster_socket().to_owned();
                let name = unique("lgpki").replace('-', "_");
                administer(&socket, &format!("drop database if exists {name}"));
                administer(&socket, &format!("create database {name} template template0"));
                let url = database_url(&socket, &name);
                Self { kind, url, place: Place::Cluster { socket, name } }
            }
        }
    }

    /// Which database this is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What to give to `Store::open` or to `lgpki --database`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks PostgreSQL by another client than ours. The closure runs on a thread of its own, since the client blocks.
    /// `None` on SQLite, for which there is no second client in this workspace.
    pub fn independently<T: Send>(&self, ask: impl FnOnce(&mut postgres::Client) -> T + Send) -> Option<T> {
        match &self.place {
            Place::Folder(_) => None,
            Place::Cluster { socket, name } => Some(with_client(socket, name, ask)),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &self.place {
            // A leftover of a test that failed half-way is no second failure.
            Place::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Place::Cluster { socket, name } => {
                administer(socket, &format!("drop database if exists {name} with (force)"));
            }
        }
    }
}

/// A running cluster. Dropping it, or ending the process, stops it and removes its folder.
#[derive(Debug)]
pub struct Cluster {
    guard: Child,
    socket: PathBuf,
}

impl Cluster {
    /// Makes and starts a cluster with these settings (`name=value`) besides the usual ones. Panics, with PostgreSQL's
    /// own words, when it does not start.
    pub fn start(settings: &[&str]) -> Self {
        let binaries = postgres_binaries();
        let folder = fresh_folder("lgpki-postgres");
        let mut command = unprivileged(&folder, "/bin/sh");
        let options: Vec<String> = settings.iter().map(|setting| format!("-c {setting}")).collect();
        let mut guard = command
            .args(["-c", GUARD, "guard"])
            .args([binaries.as_os_str(), folder.as_os_str()])
            .arg(options.join(" "))
            .current_dir(&folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("a shell starts");
        let mut said = String::new();
        let answer = guard.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut said));
        assert!(matches!(answer, Some(Ok(_))) && said == "ready\n", "PostgreSQL did not start: see above");
        Self { guard, socket: folder }
    }

    /// The folder of its socket: the value for [`CLUSTER_VARIABLE`].
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take()); // the pipe closes: the guard stops the cluster and removes the folder
        drop(self.guard.wait());
    }
}

/// $1 PostgreSQL's binaries, $2 the cluster's folder, $3 more options. Ends when standard input does.
/// The trap: whoever started it may be gone before it can say that it is ready.
const GUARD: &str = r#"
trap '' PIPE
finish() { "$1/pg_ctl" -D "$2/data" -m immediate -w stop >/dev/null 2>&1; cd /; rm -rf "$2"; }
"$1/initdb" -D "$2/data" -U lgpki -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$2/log" 2>&1 &&
"$1/pg_ctl" -D "$2/data" -l "$2/log" -w -t 60 -o "-k '$2' -c listen_addresses='' -c max_connections=300 \
    -c fsync=off -c full_page_writes=off -c shared_buffers=64MB $3" start >>"$2/log.start" 2>&1 || {
    cat "$2/log" "$2/log.start" >&2
    finish "$1" "$2"
    exit 1
}
echo ready 2>/dev/null
exec >/dev/null 2>&1
cat
finish "$1" "$2"
"#;

/// The socket of the cluster that was handed down, or of this process's own.
fn cluster_socket() -> &'static Path {
    static SOCKET: OnceLock<PathBuf> = OnceLock::new();
    static OWN: OnceLock<Cluster> = OnceLock::new(); // never dropped: the pipe closes when the process ends
    SOCKET.get_or_init(|| match std::env::var_os(CLUSTER_VARIABLE) {
        Some(handed_down) => PathBuf::from(handed_down),
        None => OWN.get_or_init(|| Cluster::start(&[])).socket().to_owned(),
    })
}

fn database_url(socket: &Path, name: &str) -> String {
    format!("postgres://lgpki@localhost/{name}?host={}", socket.display())
}

fn administer(socket: &Path, sql: &str) {
    with_client(socket, "postgres", |client| client.batch_execute(sql)).expect("PostgreSQL does what the harness asks");
}

/// Runs `ask` with a client on a thread of its own: the client brings its own runtime, which must not meet another.
fn with_client<T: Send>(socket: &Path, database: &str, ask: impl FnOnce(&mut postgres::Client) -> T + Send) -> T {
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let mut client = postgres::Config::new();
            let client = client.host_path(socket).user("lgpki").dbname(database);
            ask(&mut client.connect(postgres::NoTls).expect("the test cluster answers"))
        });
        asked.join().unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
    })
}

/// The binaries of the newest PostgreSQL installed.
fn postgres_binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let numbered = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let newest =
        numbered.map(|(version, path)| (version, path.join("bin"))).filter(|(_, bin)| bin.join("initdb").exists());
    match newest.max() {
        Some((_, binaries)) => binaries,
        None => panic!("PostgreSQL is not installed. Mend it with: apt-get install --yes postgresql"),
    }
}

/// A command that runs as an ordinary user who owns `folder`.
fn unprivileged(folder: &Path, program: &str) -> Command {
    if number_of(&["-u"]) != Some(0) {
        return Command::new(program);
    }
    let ids =
        ["postgres", "nobody"].iter().find_map(|user| Some((number_of(&["-u", user])?, number_of(&["-g", user])?)));
    let (user, group) = ids.expect("there is a user postgres or nobody");
    std::os::unix::fs::chown(folder, Some(user), Some(group)).expect("root gives a folder away");
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups").arg(program);
    command
}

/// What `id` says, as a number.
fn number_of(arguments: &[&str]) -> Option<u32> {
    let said = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(said.stdout).ok()?.trim().parse().ok()
}

/// A new folder that nobody else has or can look into.
pub fn fresh_folder(prefix: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(unique(prefix));
    drop(std::fs::remove_dir_all(&folder)); // of an earlier process with our number
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder).expect("a temporary folder can be made");
    folder
}

/// A name no other test uses: processes have different numbers, and count within themselves.
fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Starts a cluster, runs `command` with [`CLUSTER_VARIABLE`] set, stops the cluster and returns the command's exit code.
pub fn with_cluster(command: &[OsString]) -> i32 {
    let cluster = Cluster::start(&[]);
    let Some((program, arguments)) = command.split_first() else {
        panic!("usage: postgres-for-tests COMMAND [ARGUMENT]...");
    };
    let ended = Command::new(program).args(arguments).env(CLUSTER_VARIABLE, cluster.socket()).status();
    ended.expect("the command starts").code().unwrap_or(1)
}
