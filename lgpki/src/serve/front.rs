//! What stands before the router, on each connection: short questions that memory answers are answered at once, whole and in one
//! write, without a request or a response ever being made of them. The first request that is anything else hands the connection
//! to hyper and the router, with every octet that has been read.
//!
//! This is what makes an answer cost what a small file costs a web server (docs/benchmarks.md). It decides nothing: what is a
//! request is said by httparse, and what is unusual in the least is not ours.

use httparse::{EMPTY_HEADER, Header, Status};
use ocsp::edge::Edge;
use ocsp::{Asked, Responder};
use std::io::{self, ErrorKind, Read, Write};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::listen::stopped;
use super::metrics;

/// Answers without waiting for anything.
pub(super) trait AtOnce: Send + Sync {
    /// Appends the whole response to `out`; `false`, and nothing, where it takes more.
    fn answer(&self, asked: &Asked<'_>, out: &mut Vec<u8>) -> bool;
}

impl AtOnce for Responder {
    fn answer(&self, asked: &Asked<'_>, out: &mut Vec<u8>) -> bool {
        counted(self.respond_at_once(asked, out))
    }
}

impl AtOnce for Edge {
    fn answer(&self, asked: &Asked<'_>, out: &mut Vec<u8>) -> bool {
        counted(self.respond_at_once(asked, out))
    }
}

fn counted(answered: bool) -> bool {
    if answered {
        metrics::count_at_once();
    }
    answered
}

/// Most octets of a request that is looked at here.
const LARGEST: usize = 4096;
/// Most headers of one.
const MOST_HEADERS: usize = 32;

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It may ask more.
    Wait,
    /// It ends once everything is written.
    Close,
    /// What it asks is answered by somebody else.
    PassOn,
}

/// A connection, what has been read of it and not answered yet, and what is still to be written.
pub(super) struct Begun {
    stream: std::net::TcpStream,
    read: Vec<u8>,
    out: Vec<u8>,
    next: Next,
}

impl Begun {
    /// One of which nothing has been read. The stream never blocks.
    pub(super) const fn new(stream: std::net::TcpStream) -> Self {
        Self { stream, read: Vec::new(), out: Vec::new(), next: Next::Wait }
    }

    /// Reads and answers what has come, without waiting. Short connections are over with this.
    pub(super) fn answer_what_has_come(&mut self, at_once: &dyn AtOnce) -> io::Result<Next> {
        let mut octets = [0; 1024];
        match self.stream.read(&mut octets) {
            Ok(0) => return Ok(Next::Close),
            Ok(read) => self.read.extend_from_slice(octets.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Next::Wait),
            Err(error) => return Err(error),
        }
        self.next = answered(at_once, &mut self.read, &mut self.out);
        if !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(if self.out.is_empty() { self.next } else { Next::Wait })
    }

    /// The connection for whoever reads it from its first unanswered octet. Call inside a tokio runtime.
    pub(super) fn resumed(self) -> io::Result<Resumed> {
        Ok(Resumed { read: self.read, taken: 0, stream: TcpStream::from_std(self.stream)? })
    }
}

/// Answers what it can. `None`: the connection has ended, or has said nothing for as long as `silence`. Otherwise the connection
/// for somebody else.
pub(super) async fn answer(
    begun: Begun,
    at_once: &dyn AtOnce,
    (silence, stop): (Duration, watch::Receiver<bool>),
) -> io::Result<Option<Begun>> {
    let Begun { stream, mut read, mut out, mut next } = begun;
    let stream = TcpStream::from_std(stream)?;
    let mut stopping = pin!(stopped(stop));
    let mut silent = pin!(sleep(silence));
    let (mut told, mut heard) = (false, false);
    loop {
        heard |= !out.is_empty();
        written(&stream, &mut out, silence).await?;
        match next {
            Next::Wait if told && read.is_empty() => return Ok(None),
            Next::Wait => {}
            Next::Close => return Ok(None),
            Next::PassOn => return Ok(Some(Begun { stream: stream.into_std()?, read, out, next })),
        }
        tokio::select! {
            biased;
            ready = stream.ready(Interest::READABLE) => {
                ready?;
                read.reserve(1024);
                match stream.try_read_buf(&mut read) {
                    Ok(0) => return Ok(None),
                    Ok(_) => next = answered(at_once, &mut read, &mut out),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            () = &mut silent => {
                // One who has asked nothing in all that time has left, or sends an octet now and then.
                if !std::mem::take(&mut heard) {
                    return Ok(None);
                }
                silent.as_mut().reset(Instant::now() + silence);
            }
            () = &mut stopping, if !told => told = true,
        }
    }
}

/// Answers the whole questions there are, in order: takes them from `read`, and appends the answers to `out`.
fn answered(at_once: &dyn AtOnce, read: &mut Vec<u8>, out: &mut Vec<u8>) -> Next {
    loop {
        let begin = out.len();
        let (octets, last) = match understood(read) {
            Understood::Question { asked, octets, last } if at_once.answer(&asked, out) => (octets, last),
            Understood::Partly if read.len() < LARGEST => return Next::Wait,
            _ => return Next::PassOn,
        };
        read.drain(..octets);
        if last {
            say_that_it_is_the_last(out, begin);
            return Next::Close;
        }
    }
}

/// Puts `connection: close` behind the status line of the response that begins there (RFC 9112 §9.6).
fn say_that_it_is_the_last(out: &mut Vec<u8>, begin: usize) {
    let response = out.get(begin..).unwrap_or_default();
    if let Some(line) = response.windows(2).position(|two| two == b"\r\n") {
        let behind = begin.saturating_add(line).saturating_add(2);
        out.splice(behind..behind, *b"connection: close\r\n");
    }
}

/// Writes all of `out` and empties it. Errors: the connection broke off, or the client has read nothing for as long as `patience`.
async fn written(stream: &TcpStream, out: &mut Vec<u8>, patience: Duration) -> io::Result<()> {
    let mut from = 0;
    while let Some(rest) = out.get(from..).filter(|rest| !rest.is_empty()) {
        match stream.try_write(rest) {
            Ok(octets) => from = from.saturating_add(octets),
            Err(error) if error.kind() == ErrorKind::WouldBlock => timeout(patience, stream.writable()).await??,
            Err(error) => return Err(error),
        }
    }
    out.clear();
    Ok(())
}

/// What the octets at hand begin with.
enum Understood<'a> {
    /// A whole request that may be answered at once, of so many octets; the last one where the client wants to close.
    Question { asked: Asked<'a>, octets: usize, last: bool },
    /// The beginning of a request, or nothing yet.
    Partly,
    /// Something else.
    Other,
}

fn understood(read: &[u8]) -> Understood<'_> {
    if read.is_empty() {
        return Understood::Partly;
    }
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let head = match request.parse(read) {
        Ok(Status::Complete(octets)) => octets,
        Ok(Status::Partial) => return Understood::Partly,
        Err(_) => return Understood::Other,
    };
    let (Some(method), Some(path), Some(1)) = (request.method, request.path, request.version) else {
        return Understood::Other;
    };
    let Some(Framing { body, last, if_none_match }) = framing(request.headers) else { return Understood::Other };
    let is_post = match method {
        "GET" if body.is_none() => false,
        "POST" if body.is_some() => true,
        _ => return Understood::Other,
    };
    let octets = head.saturating_add(body.unwrap_or(0));
    match read.get(head..octets) {
        Some(body) => {
            let asked = Asked { path, body: is_post.then_some(body), if_none_match };
            Understood::Question { asked, octets, last }
        }
        None if octets > LARGEST => Understood::Other,
        None => Understood::Partly,
    }
}

/// What headers say about where a request ends, and about its answer.
#[derive(Default)]
struct Framing<'a> {
    body: Option<usize>,
    last: bool,
    if_none_match: Option<&'a [u8]>,
}

/// `None` where a header says anything unusual.
fn framing<'a>(headers: &[Header<'a>]) -> Option<Framing<'a>> {
    let mut found = Framing::default();
    for Header { name, value } in headers {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("connection") {
            found.last = value.eq_ignore_ascii_case(b"close");
            if !found.last && !value.eq_ignore_ascii_case(b"keep-alive") {
                return None;
            }
        } else if is("content-length") {
            // Two of them, or a number that a reader could read otherwise, are none of ours.
            let digits =
                std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|octet| octet.is_ascii_digit()))?;
            if found.body.replace(digits.parse().ok()?).is_some() {
                return None;
            }
        } else if is("if-none-match") {
            if found.if_none_match.replace(value).is_some() {
                return None;
            }
        } else if is("transfer-encoding") || is("expect") || is("upgrade") || is("range") || is("trailer") {
            return None;
        }
    }
    Some(found)
}

/// A connection of which something has been read already, to be read from there.
pub(super) struct Resumed {
    read: Vec<u8>,
    taken: usize,
    stream: TcpStream,
}

impl AsyncRead for Resumed {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { read, taken, stream } = &mut *self;
        let rest = read.get(*taken..).unwrap_or_default();
        if rest.is_empty() {
            return Pin::new(stream).poll_read(context, into);
        }
        let now = rest.get(..into.remaining()).unwrap_or(rest);
        into.put_slice(now);
        *taken = taken.saturating_add(now.len());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Resumed {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, octets)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[tokio::test]
    async fn who_asks_and_never_reads_is_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        // More than any buffer between the two holds.
        let mut out = vec![0; 64 << 20];
        let ended = written(&stream, &mut out, Duration::from_millis(20)).await;
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::TimedOut);
        drop(client);
    }

    /// What a request is understood as, in short.
    fn short(octets: &[u8]) -> String {
        match understood(octets) {
            Understood::Question { asked, octets, last } => {
                let body = asked.body.map(<[u8]>::len);
                format!("{} {body:?} {octets} {last}", asked.path)
            }
            Understood::Partly => "partly".to_owned(),
            Understood::Other => "other".to_owned(),
        }
    }

    #[test]
    fn plain_questions_are_understood_and_whatever_is_unusual_is_left_to_hyper() {
        let get = b"GET /ocsp/ca12/MFA HTTP/1.1\r\nHost: x\r\n\r\nGET /next";
        assert_eq!(short(get), "/ocsp/ca12/MFA None 40 false");
        let post = b"POST /ocsp/root HTTP/1.1\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabcd";
        assert_eq!(short(post), format!("/ocsp/root Some(3) {} true", post.len() - 1));
        assert_eq!(short(&post[..post.len() - 2]), "partly");
        assert_eq!(short(b""), "partly");
        assert_eq!(short(b"GET /ocsp/ro"), "partly");
        for unusual in [
            "GET / HTTP/1.0\r\n\r\n",
            "HEAD / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\na",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na",
            "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\na",
            "POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\na",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
            "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
            "GET / HTTP/1.1\r\nIf-None-Match: \"a\"\r\nIf-None-Match: \"b\"\r\n\r\n",
            "\u{0}\u{1}\u{2}\r\n\r\n",
        ] {
            assert_eq!(short(unusual.as_bytes()), "other", "{unusual}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_taken_that_has_not_come(octets in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..200) {
            let whole = [b"POST /ocsp/root HTTP/1.1\r\nContent-Length: 7\r\n\r\nabcdefg".as_slice(), &octets].concat();
            let given = whole.get(..cut.min(whole.len())).unwrap();
            for octets in [octets.as_slice(), given] {
                if let Understood::Question { octets: taken, .. } = understood(octets) {
                    prop_assert!(taken <= octets.len());
                }
            }
        }
    }
}
