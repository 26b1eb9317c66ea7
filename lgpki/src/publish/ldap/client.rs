//! A client of a directory, with the operations that publishing needs: bind, read one entry, add, modify. One operation at a time,
//! each answered within ten seconds or given up with its connection.

use super::message::{self, Change, DirectoryAnswer, Malformed, Outcome, Told, Values, op};
use crate::config::LdapAddress;
use ca_core::der::Writer;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long connecting and each answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Larger than an entry with as many values as an authority has.
const LARGEST: usize = 64 << 20;
/// noSuchObject (RFC 4511 appendix A.1).
const NO_SUCH_OBJECT: u32 = 32;

/// Why the directory did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum LdapError {
    /// No connection, or none any more.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It sends something else.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It refuses.
    #[error("the directory refuses with {} ({code}){said}", words(*code))]
    Refused {
        /// resultCode.
        code: u32,
        /// What it says about it; empty, or with a colon in front.
        said: String,
    },
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// A connection.
pub(super) struct Client {
    stream: Box<dyn Stream>,
    number: u32,
}

impl Client {
    pub(super) fn connect(address: &LdapAddress) -> Result<Self, LdapError> {
        let stream: Box<dyn Stream> = match address {
            LdapAddress::Tcp(place) => Box::new(tcp(place)?),
            LdapAddress::Socket(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
        };
        Ok(Self { stream, number: 0 })
    }

    /// Logs in.
    pub(super) fn bind(&mut self, name: &str, password: &str) -> Result<(), LdapError> {
        let number = self.next_number();
        let request = Zeroizing::new(message::message(number, |w| message::bind(w, name, password)));
        self.stream.write_all(&request)?;
        self.answered(number, op::BOUND)
    }

    /// The entry of that name with these attributes; `None` when there is none.
    pub(super) fn read(&mut self, name: &str, attributes: &[&str]) -> Result<Option<Vec<Values>>, LdapError> {
        let number = self.send(|w| message::search(w, name, attributes))?;
        let mut entry = None;
        loop {
            match self.receive(number)? {
                Told::Entry(found) => entry = Some(found),
                Told::Outcome(op::FOUND, Outcome { code: NO_SUCH_OBJECT, .. }) => return Ok(None),
                Told::Outcome(op::FOUND, outcome) => return accepted(outcome).map(|()| entry),
                // References to other servers: what is published stands in this one.
                Told::Outcome(..) | Told::Other => {}
            }
        }
    }

    /// Makes an entry.
    pub(super) fn add(&mut self, name: &str, attributes: &[Values]) -> Result<(), LdapError> {
        let number = self.send(|w| message::add(w, name, attributes))?;
        self.answered(number, op::ADDED)
    }

    /// Gives an attribute these values and no others, in one step.
    pub(super) fn replace(&mut self, name: &str, attribute: &str, values: &[Vec<u8>]) -> Result<(), LdapError> {
        self.modify(name, Change::Replace, &(attribute.to_owned(), values.to_vec()))
    }

    /// Changes an attribute.
    pub(super) fn modify(&mut self, name: &str, change: Change, attribute: &Values) -> Result<(), LdapError> {
        let number = self.send(|w| message::modify(w, name, (change, attribute)))?;
        self.answered(number, op::MODIFIED)
    }

    /// Says good-bye; nobody answers.
    pub(super) fn unbind(mut self) {
        drop(self.send(|w| w.primitive(op::UNBIND, &[])));
    }

    fn next_number(&mut self) -> u32 {
        self.number = self.number.wrapping_add(1);
        self.number
    }

    fn send(&mut self, operation: impl FnOnce(&mut Writer)) -> Result<u32, LdapError> {
        let number = self.next_number();
        self.stream.write_all(&message::message(number, operation))?;
        Ok(number)
    }

    fn answered(&mut self, number: u32, wanted: u8) -> Result<(), LdapError> {
        match self.receive(number)? {
            Told::Outcome(operation, outcome) if operation == wanted => accepted(outcome),
            _ => Err(Malformed("another answer is expected").into()),
        }
    }

    /// What is told about that request.
    fn receive(&mut self, wanted: u32) -> Result<Told, LdapError> {
        let DirectoryAnswer { number, what } = DirectoryAnswer::read(&self.whole_message()?)?;
        if number == wanted { Ok(what) } else { Err(Malformed("an answer to something else").into()) }
    }

    fn whole_message(&mut self) -> Result<Vec<u8>, LdapError> {
        let mut message = vec![0u8; 2];
        self.stream.read_exact(&mut message)?;
        let (_, length) = loop {
            if let Some(read) = message::length(message.get(1..).unwrap_or_default())? {
                break read;
            }
            let mut next = [0u8; 1];
            self.stream.read_exact(&mut next)?;
            message.extend_from_slice(&next);
        };
        if length > LARGEST {
            return Err(Malformed("an answer that is too long").into());
        }
        let before = message.len();
        message.resize(before.saturating_add(length), 0);
        self.stream.read_exact(message.get_mut(before..).unwrap_or_default())?;
        Ok(message)
    }
}

fn tcp(place: &str) -> Result<TcpStream, LdapError> {
    let mut last = io::Error::other("the host has no address");
    for address in place.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

fn accepted(outcome: Outcome) -> Result<(), LdapError> {
    let Outcome { code, said } = outcome;
    let said = if said.is_empty() { said } else { format!(": {said}") };
    if code == 0 { Ok(()) } else { Err(LdapError::Refused { code, said }) }
}

/// What a code is called (RFC 4511 appendix A.1), for those an operator meets.
const fn words(code: u32) -> &'static str {
    match code {
        3 => "timeLimitExceeded",
        8 => "strongerAuthRequired",
        11 => "adminLimitExceeded",
        13 => "confidentialityRequired",
        16 => "noSuchAttribute",
        17 => "undefinedAttributeType",
        19 => "constraintViolation",
        21 => "invalidAttributeSyntax",
        32 => "noSuchObject",
        34 => "invalidDNSyntax",
        49 => "invalidCredentials",
        50 => "insufficientAccessRights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        64 => "namingViolation",
        65 => "objectClassViolation",
        68 => "entryAlreadyExists",
        _ => "an error",
    }
}
