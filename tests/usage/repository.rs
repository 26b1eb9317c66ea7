//! The addresses in the samples, answered: CRLs and OCSP from the folder of samples. The names in those addresses exist nowhere,
//! so programs reach this as their HTTP proxy, or are told its address; which host was meant does not matter, the path does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lgpki_tests::samples::Samples;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::trust::der;

const PATIENCE: Duration = Duration::from_secs(60);

/// A running one; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Repository {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// DER by path: `/crl/NAME.crl`.
    crls: HashMap<String, Vec<u8>>,
    /// OCSP answers, each behind the serial number it is about, as a request has it (DER).
    answers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The paths that were answered with something.
    served: Mutex<Vec<String>>,
    more: Condvar,
    over: AtomicBool,
}

impl Repository {
    /// Serves what is in the folder.
    pub(crate) fn of(samples: &Samples) -> Self {
        let crls = samples.crls().into_iter().map(|file| {
            let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            (format!("/crl/{name}"), std::fs::read(file).unwrap())
        });
        let answers = samples.ocsp().into_iter().map(|(certificate, answer)| {
            let der = der(&certificate);
            let (_, parsed) = X509Certificate::from_der(&der).unwrap();
            let serial = parsed.raw_serial();
            let length = u8::try_from(serial.len()).expect("a serial number has 20 octets at most");
            ([&[0x02, length], serial].concat(), std::fs::read(answer).unwrap())
        });
        let shared = Arc::new(Shared {
            crls: crls.collect(),
            answers: answers.collect(),
            served: Mutex::new(Vec::new()),
            more: Condvar::new(),
            over: AtomicBool::new(false),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let ours = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ours.over.load(Ordering::Relaxed) {
                    break;
                }
                // Who hangs up early has what they wanted.
                drop(ours.converse(&stream));
            }
        });
        Self { address, shared, thread: Some(thread) }
    }

    /// The paths of everything served so far.
    pub(crate) fn served(&self) -> Vec<String> {
        self.shared.served.lock().unwrap().clone()
    }

    /// Waits until something below this path was served.
    pub(crate) fn has_served(&self, below: &str) {
        let served = self.shared.served.lock().unwrap();
        let missing = |served: &mut Vec<String>| !served.iter().any(|path| path.starts_with(below));
        let (served, waited) = self.shared.more.wait_timeout_while(served, PATIENCE, missing).unwrap();
        assert!(!waited.timed_out(), "nobody asked for {below}, but for {served:?}");
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
        self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    /// One request, one answer.
    fn converse(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut reader = BufReader::new(stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            head.push(line);
        }
        let length = head.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let target = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        let path = path(target);
        let (status, media_type, content) = match self.answer(&path, &body) {
            Some((media_type, content)) => ("200 OK", media_type, content),
            None => ("404 Not Found", "text/plain", Vec::new()),
        };
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            content.len()
        )?;
        stream.write_all(&content)?;
        if !content.is_empty() {
            self.served.lock().unwrap().push(path);
            self.more.notify_all();
        }
        Ok(())
    }

    fn answer(&self, path: &str, body: &[u8]) -> Option<(&'static str, Vec<u8>)> {
        if let Some(asked) = path.strip_prefix("/ocsp/") {
            // RFC 6960 appendix A.1: the request is the body, or base64 as the rest of the path.
            let request = match body {
                [] => STANDARD.decode(asked.split_once('/')?.1).ok()?,
                posted => posted.to_vec(),
            };
            // Serial numbers are long and random: where one stands, that certificate is meant.
            let about = |serial: &[u8]| request.windows(serial.len()).any(|octets| octets == serial);
            let (_, answer) = self.answers.iter().find(|(serial, _)| about(serial))?;
            return Some(("application/ocsp-response", answer.clone()));
        }
        Some(("application/pkix-crl", self.crls.get(path)?.clone()))
    }
}

/// The path of a request's target, which names the host too when the asker takes this for its proxy.
fn path(target: &str) -> String {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    };
    // The characters of base64 that askers escape; nothing else in these paths needs it.
    [("%2B", "+"), ("%2b", "+"), ("%2F", "/"), ("%2f", "/"), ("%3D", "="), ("%3d", "=")]
        .iter()
        .fold(path.to_owned(), |path, (escaped, plain)| path.replace(escaped, plain))
}
