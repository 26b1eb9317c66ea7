//! The program as a process of its own: started, listened to, killed. Tests wait for lines of its log, never for time.
#![expect(clippy::expect_used, clippy::panic, reason = "a harness: what fails here is a failed test, and says why")]

use crate::clock::SetClock;
use crate::databases::{Kind, TestDatabase};
use crate::interruptions::Fault;
use ca_core::audit::Actor;
use ca_core::digest::hex;
use ca_core::time::Clock;
use lgpki::clock::SystemClock;
use lgpki::commands::demo::people::{Persona, Personas};
use lgpki::commands::demo::place::{Wanted, prepare};
use lgpki::commands::demo::{DemoError, acts};
use lgpki::config::TokenStore;
use lgpki::entropy::SystemEntropy;
use lgpki::registration::{Credentials, NewOfficer, register_officer};
use lgpki::setup::Kinds;
use lgpki::visitor::Visitor;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use store::accounts::Role;
use store::{OpenOptions, Step, Store};
use url::Url;

/// How long a test waits for a line before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// An installation of its own for one test: database, keys, 白樺町 and its two officers.
pub struct Installation {
    folder: PathBuf,
    /// Its database.
    pub database: TestDatabase,
    /// Its people.
    pub personas: Personas,
    /// Where its pages are while it runs.
    pub pages: Url,
    /// Where health and metrics are.
    pub management: Url,
}

impl Installation {
    /// Founds one on that kind of database, with software keys.
    pub fn new(kind: Kind) -> Self {
        Self::founded(kind, |_| {})
    }

    /// Founds one that works by that pack alone.
    pub fn of_pack(kind: Kind, pack: &str) -> Self {
        Self::founded(kind, |wanted| wanted.pack = Some(pack.to_owned()))
    }

    /// Founds one whose authorities' keys are in a token, for a test in a process of its own.
    pub fn in_token(kind: Kind, token: TokenStore) -> Self {
        Self::founded(kind, |wanted| wanted.token = Some(token))
    }

    /// The same, working by the pack in that file alone.
    pub fn in_token_of_pack(kind: Kind, token: TokenStore, pack: &Path) -> Self {
        Self::founded(kind, |wanted| {
            wanted.token = Some(token);
            wanted.pack = Some(pack.display().to_string());
        })
    }

    fn founded(kind: Kind, choose: impl FnOnce(&mut Wanted)) -> Self {
        let database = TestDatabase::new(kind);
        let folder = crate::databases::fresh_folder("lgpki-installation");
        let (listen, management) = (free_address(), free_address());
        let database_url = Some(database.url().to_owned());
        let mut wanted = Wanted { database_url, listen, management, token: None, pack: None, kinds: Kinds::default() };
        choose(&mut wanted);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        let place = runtime.block_on(prepare(&folder, &wanted, &mut |_, _| {})).expect("an installation is founded");
        let at = |address: SocketAddr| format!("http://localhost:{}/", address.port()).parse().expect("an address");
        Self { folder, database, personas: place.personas, pages: at(listen), management: at(management) }
    }

    /// Its folder: `lgpki.toml`, keys, passphrase, personas.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Changes a piece of its configuration.
    ///
    /// # Panics
    /// When that does not stand there.
    pub fn configure(&self, from: &str, to: &str) {
        let file = self.folder.join("lgpki.toml");
        let text = std::fs::read_to_string(&file).expect("a configuration");
        assert!(text.contains(from), "the configuration has no {from}");
        std::fs::write(&file, text.replacen(from, to, 1)).expect("a configuration");
    }

    /// Lets it publish to a folder of its own, once a second; returns the folder, which is there.
    pub fn publishes(&self) -> PathBuf {
        let (config, folder) = (self.folder.join("lgpki.toml"), self.folder.join("repository"));
        std::fs::create_dir(&folder).expect("a folder");
        let section =
            "[[publish]]\nname = \"repository\"\nkind = \"directory\"\nfolder = \"repository\"\nevery = \"1s\"\n";
        let text = std::fs::read_to_string(&config).expect("a configuration");
        std::fs::write(&config, format!("{text}\n{section}")).expect("a configuration");
        folder
    }

    /// Lets lists follow each other after a second.
    pub fn hurries(&self) {
        self.configure("# coalesce = \"5s\"", "coalesce = \"1s\"");
    }

    /// A command of the program on it.
    pub fn command(&self, binary: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command.arg("--config").arg(self.folder.join("lgpki.toml")).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs a command of the program on it, to its end.
    pub fn lgpki(&self, binary: &str, arguments: &[&str]) -> Output {
        self.command(binary, arguments).output().expect("the program runs")
    }

    /// Runs the service by a clock that can be set.
    pub fn serve_by(&self, binary: &str, clock: &SetClock) -> Program {
        Program::run(clock.give(&mut self.command(binary, &["serve"])), "worker.idle")
    }

    /// Runs a command by that clock, to its end.
    pub fn lgpki_by(&self, binary: &str, clock: &SetClock, arguments: &[&str]) -> Output {
        clock.give(&mut self.command(binary, arguments)).output().expect("the program runs")
    }

    /// Runs the service, with or without faults, and returns when it listens and has looked for work once.
    pub fn serve(&self, binary: &str, faults: impl IntoIterator<Item = Fault>) -> Program {
        self.serve_as(binary, faults, &[])
    }

    /// The same with more arguments of `serve`: `--roles ca`.
    pub fn serve_as(&self, binary: &str, faults: impl IntoIterator<Item = Fault>, more: &[&str]) -> Program {
        let config = self.folder.join("lgpki.toml");
        let mut arguments: Vec<String> = Vec::new();
        let faults: Vec<String> = faults.into_iter().map(|fault| fault.to_string()).collect();
        if !faults.is_empty() {
            arguments.extend(["--faults".to_owned(), faults.join(",")]);
        }
        arguments.extend(["--config".to_owned(), config.display().to_string(), "serve".to_owned()]);
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        Program::start(binary, &arguments)
    }

    /// The officer who files requests.
    pub fn officer(&self) -> Person<'_> {
        Person::new(self, self.personas.officer().expect("an officer"))
    }

    /// The manager who approves.
    pub fn manager(&self) -> Person<'_> {
        Person::new(self, self.personas.manager().expect("a manager"))
    }

    /// Somebody else with an account.
    pub fn person<'a>(&'a self, persona: &'a Persona) -> Person<'a> {
        Person::new(self, persona)
    }

    /// Does something with its database, opened here.
    pub fn with_store<T>(&self, act: impl AsyncFnOnce(&Store) -> T) -> T {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        runtime.block_on(async {
            let options = OpenOptions::new(Arc::new(SystemEntropy));
            let store = Store::open(self.database.url(), &options).await.expect("a database");
            let done = act(&store).await;
            store.close().await;
            done
        })
    }

    /// Adds an RA operator of the centre.
    pub fn with_an_operator(&self) -> Persona {
        let entropy = Arc::new(SystemEntropy);
        let credentials = Credentials::drawn(entropy.as_ref()).expect("credentials are drawn");
        self.with_store(async |store| {
            let mut txn = store.write(SystemClock.now(), Actor::System("set-up")).await.expect("a transaction");
            let sato = txn.account_by_login("sato").await.expect("an answer").expect("an officer");
            let operator = NewOfficer::read(&sato.organisation_id, "operator", "高橋 葵", Role::RaOperator);
            let operator = operator.expect("an operator");
            register_officer(&mut txn, &operator, &credentials, entropy.as_ref()).await.expect("an account");
            txn.commit(Step::Setup).await.expect("a commit");
        });
        Persona {
            login: "operator".to_owned(),
            name: "高橋 葵".to_owned(),
            role: Role::RaOperator.as_str().to_owned(),
            password: credentials.password().to_owned(),
            totp_secret: hex(credentials.totp_secret()),
        }
    }

    /// A visitor without an account.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(&self.pages)
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// Somebody with an account and a browser.
pub struct Person<'a> {
    /// The browser.
    pub browser: Visitor,
    persona: &'a Persona,
}

impl<'a> Person<'a> {
    fn new(installation: &'a Installation, persona: &'a Persona) -> Self {
        Self { browser: installation.visitor(), persona }
    }

    /// Logs in, unless the session still holds. Errors: the log-in is refused, or the service does not answer.
    pub fn is_logged_in(&mut self) -> Result<(), DemoError> {
        if self.browser.open("/home")?.url.path() == "/home" {
            return Ok(());
        }
        match acts::log_in(&mut self.browser, self.persona, SystemClock.now())? {
            true => Ok(()),
            false => Err(DemoError::Story(format!("{} cannot log in", self.persona.login))),
        }
    }
}

/// A running process of the program.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Program {
    /// Starts it with these arguments and waits until it serves and is idle. A process that ends before is fine: a fault
    /// may strike at the start.
    pub fn start(binary: &str, arguments: &[String]) -> Self {
        Self::start_until(binary, arguments, "worker.idle")
    }

    /// Starts it and waits until its log says `event`, or it ends.
    pub fn start_until(binary: &str, arguments: &[String], event: &str) -> Self {
        Self::run(Command::new(binary).args(arguments), event)
    }

    /// The same of a command.
    pub fn run(command: &mut Command, event: &str) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = child.stderr.take().expect("its log is a pipe");
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let mut program = Self { child, lines, said: Vec::new() };
        program.heard(event);
        program
    }

    /// Waits until the log says `event`; false when the process ends first.
    ///
    /// # Panics
    /// When neither happens in a minute.
    pub fn heard(&mut self, event: &str) -> bool {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let found = serde_json::from_str::<Value>(&line).is_ok_and(|log| mentions(&log, event));
                    self.said.push(line);
                    if found {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => {
                    let last = self.said.iter().rev().take(20).rev().cloned().collect::<Vec<_>>().join("\n");
                    panic!("the program did not say {event}; its last lines were:\n{last}");
                }
            }
        }
    }

    /// Looks, and looks again each time the worker has come to rest, until there is something. Errors: looking failed, or
    /// the process ended; the text says which.
    ///
    /// # Panics
    /// When the worker does not come to rest within a minute.
    pub fn until<T>(&mut self, mut look: impl FnMut() -> Result<Option<T>, DemoError>) -> Result<T, String> {
        loop {
            match look() {
                Ok(Some(found)) => return Ok(found),
                Ok(None) if self.heard("worker.idle") => {}
                Ok(None) => return Err("the process ended".to_owned()),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Everything its log has said so far.
    pub fn log(&mut self) -> String {
        self.said.extend(self.lines.try_iter());
        self.said.join("\n")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end, and for the last line of its log.
    pub fn ended(&mut self) -> ExitStatus {
        let status = self.child.wait().expect("the program ends");
        self.said.extend(self.lines.iter());
        status
    }

    /// Whether it has ended already.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// `kill -9`.
    pub fn killed(mut self) {
        self.child.kill().expect("it can be killed");
        self.ended();
    }

    /// SIGTERM, and its end; panics unless it ends well. Returns its whole log.
    pub fn stops(mut self) -> String {
        if !self.is_over() {
            let told = Command::new("kill").arg(self.id().to_string()).status().expect("kill runs");
            assert!(told.success(), "the program can be told to stop");
        }
        let status = self.ended();
        assert!(status.success(), "the program ended with {status}:\n{}", self.log());
        self.log()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn mentions(log: &Value, event: &str) -> bool {
    let field = |value: &Value| value.get("event_id").and_then(Value::as_str) == Some(event);
    field(log) || log.get("fields").is_some_and(field)
}

/// A loopback address nobody listens on now, and nobody is going to be given: it lies below the ports the system hands out to
/// outgoing connections (32768 and up), and processes of tests that run at once begin at different places.
pub fn free_address() -> SocketAddr {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let place = || std::process::id().wrapping_mul(16).wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
    let ports = std::iter::repeat_with(|| u16::try_from(10_240 + place() % 20_000).expect("a port"));
    let free = ports.take(1_000).find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok()?.local_addr().ok());
    free.expect("a free port")
}
