//! nginx as a process of its own, told what to serve, listened to, stopped.

use lgpki_tests::program::free_address;
use lgpki_tests::tools::Scratch;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a test waits for it to serve before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running one; stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Nginx {
    /// Where it listens for TLS.
    pub(crate) address: SocketAddr,
    process: Child,
    log: Receiver<String>,
    _folder: Scratch,
}

impl Nginx {
    /// Serves with these directives of a `server` block; `listen` is added to them. Returns when it listens.
    pub(crate) fn serving(directives: &str) -> Self {
        let folder = Scratch::new("nginx");
        let address = free_address();
        let place = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("  {kind}_temp_path {place}/{kind};\n"))
            .concat();
        let configuration = folder.file(
            "nginx.conf",
            format!(
                "daemon off;\npid {place}/pid;\nerror_log stderr notice;\nworker_processes 1;\nevents {{}}\n\
                 http {{\n  access_log off;\n{temporary}  \
                 server {{\n    listen {address} ssl;\n    ssl_protocols TLSv1.2 TLSv1.3;\n{directives}\n  }}\n}}\n"
            ),
        );
        // Debian keeps it where only root looks.
        let mut process = ["nginx", "/usr/sbin/nginx"]
            .iter()
            .find_map(|program| {
                let mut command = Command::new(program);
                command.arg("-p").arg(folder.path()).arg("-c").arg(&configuration).args(["-e", "stderr"]);
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().ok()
            })
            .expect("nginx is there; mend with: ./check packages");
        let stderr = process.stderr.take().expect("its log is a pipe");
        let (tell, log) = channel();
        std::thread::spawn(move || {
            BufReader::new(stderr)
                .lines()
                .map_while(Result::ok)
                .take_while(|line| tell.send(line.clone()).is_ok())
                .count()
        });
        let nginx = Self { address, process, log, _folder: folder };
        nginx.heard("start worker process ");
        nginx
    }

    /// Waits until its log says `words`; fails with what it said instead.
    pub(crate) fn heard(&self, words: &str) {
        let mut said = Vec::new();
        loop {
            match self.log.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return,
                Ok(line) => said.push(line),
                Err(_) => panic!("nginx did not say “{words}” but:\n{}", said.join("\n")),
            }
        }
    }

    /// What its log has said since it was last asked.
    pub(crate) fn log(&self) -> String {
        self.log.try_iter().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Nginx {
    /// Asked to stop, it ends its worker too; killed, it would leave it behind.
    fn drop(&mut self) {
        drop(Command::new("kill").arg(self.process.id().to_string()).status());
        drop(self.process.wait());
    }
}
