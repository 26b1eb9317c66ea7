//! Somebody else's web server on this machine: serves files as they are put, one connection at a time, until it is dropped. And what a
//! server says before its answer.
#![expect(clippy::expect_used, reason = "a harness: what fails here is a failed test, and says why")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::program::free_address;
use url::Url;

type Files = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// A copy of a repository.
pub struct Copies {
    address: SocketAddr,
    files: Files,
    over: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

impl Copies {
    /// One that has nothing yet.
    ///
    /// # Panics
    /// When no address can be listened on.
    pub fn served() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (files, over) = (Files::default(), Arc::new(AtomicBool::new(false)));
        let (shelf, end) = (Arc::clone(&files), Arc::clone(&over));
        let server = std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                if end.load(Ordering::SeqCst) {
                    break;
                }
                // Who hangs up is not our matter.
                drop(answer(connection, &shelf));
            }
        });
        Self { address, files, over, server: Some(server) }
    }

    /// The base of an address at which nobody answers.
    pub fn address_of_nobody() -> String {
        format!("http://{}", free_address())
    }

    /// The base of its addresses.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on the file at that path is this.
    pub fn serve(&self, path: &str, octets: Vec<u8>) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), octets);
    }
}

fn answer(mut connection: TcpStream, files: &Files) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    let asked = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = asked.split(' ').nth(1).unwrap_or_default();
    let found = files.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    let (status, body) = found.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    connection.write_all(head.as_bytes())?;
    connection.write_all(&body)
}

/// The head of the answer to a GET, in lower case: the status line, and a line for each header.
///
/// # Panics
/// When nobody answers.
pub fn head_of(base: &Url, path: &str) -> String {
    let address = (base.host_str().expect("a host"), base.port().expect("a port"));
    let mut connection = TcpStream::connect(address).expect("a connection");
    let asked = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    connection.write_all(asked.as_bytes()).expect("a question");
    let lines = BufReader::new(connection).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n").to_lowercase()
}

impl Drop for Copies {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // The listener is waited for by a connection that nobody needs.
        drop(TcpStream::connect(self.address));
        drop(self.server.take().map(JoinHandle::join));
    }
}
