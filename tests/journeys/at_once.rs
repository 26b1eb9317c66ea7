//! Answers from memory in the running program: the same as the router's, on connections that ask this and that, and while others
//! do not behave.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ca_core::certificate::Certificate;
use ca_core::time::Clock;
use lgpki::clock::SystemClock;
use lgpki_tests::databases::Kind;
use lgpki_tests::program::{Installation, Program};
use ocsp::client::{judge, question};
use ocsp::{CertIdDigest, OcspRequest, OcspResponse, Refusal};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::PROGRAM;

/// A response: status, headers without Date, body.
#[derive(Debug, PartialEq, Eq)]
struct Got {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// One connection.
struct Client(TcpStream);

impl Client {
    fn to(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).unwrap())
    }

    fn sends(&mut self, octets: &[u8]) -> &mut Self {
        self.0.write_all(octets).unwrap();
        self
    }

    /// Reads the next response.
    fn hears(&mut self) -> Got {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut octet = [0];
            self.0.read_exact(&mut octet).unwrap();
            head.extend(octet);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        headers.retain(|(name, _)| name != "date");
        headers.sort();
        let length =
            headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, text)| text.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        Got { status, headers, body }
    }
}

impl Got {
    fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(known, _)| known == name).unwrap().1
    }

    fn is_signed(&self) -> bool {
        self.status == 200 && matches!(OcspResponse::parse(&self.body), Ok(OcspResponse::Signed(_)))
    }
}

fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n").into_bytes()
}

fn post(path: &str, body: &[u8], headers: &str) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The program, with answers in memory, and where it is.
struct Place {
    program: Program,
    _installation: Installation,
    address: SocketAddr,
    management: SocketAddr,
    root: Certificate,
    application: Certificate,
}

impl Place {
    fn ready() -> Self {
        let installation = Installation::new(Kind::Sqlite);
        let [address, management] = [&installation.pages, &installation.management]
            .map(|url| SocketAddr::from(([127, 0, 0, 1], url.port().unwrap())));
        let program = installation.serve(PROGRAM, []);
        let certificate = |name: &str| {
            let got = Client::to(address).sends(&get(&format!("/aia/{name}.cer"), "")).hears();
            Certificate::from_der(&got.body).unwrap()
        };
        let (root, application) = (certificate("root"), certificate("application-ca"));
        let deadline = Instant::now() + Duration::from_secs(60);
        while figure(management, "lgpki_ocsp_answers_in_memory") == 0.0 {
            assert!(Instant::now() < deadline, "answers signed ahead come into memory");
        }
        Self { program, _installation: installation, address, management, root, application }
    }

    fn question(&self, nonce: Option<Vec<u8>>) -> OcspRequest {
        question(&self.root, self.application.serial(), CertIdDigest::Sha1, nonce)
    }

    /// The path of a GET about the CA's certificate.
    fn path(&self) -> String {
        let encoded = STANDARD.encode(self.question(None).to_der());
        format!("{ROOT}/{}", encoded.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"))
    }
}

/// A figure of `/metrics`.
fn figure(management: SocketAddr, name: &str) -> f64 {
    let mut client = Client::to(management);
    let text = String::from_utf8(client.sends(&get("/metrics", "")).hears().body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

const AT_ONCE: &str = "lgpki_ocsp_answers_at_once_total";

/// Where the root's responder is.
const ROOT: &str = "/ocsp/root";

/// What makes the router answer: the shortcut leaves such requests alone.
const BY_THE_ROUTER: &str = "Range: bytes=0-\r\n";

#[test]
fn memory_and_router_say_the_same_on_one_connection() {
    let place = Place::ready();
    let (path, plain) = (place.path(), place.question(None).to_der());
    let before = figure(place.management, AT_ONCE);

    // Three at once, in one write; then one that has to be signed, and another that need not.
    let mut client = Client::to(place.address);
    let nonce = place.question(Some(vec![7; 32])).to_der();
    let questions =
        [get(&path, ""), post(ROOT, &plain, ""), get(&path, ""), post(ROOT, &nonce, BY_THE_ROUTER), get(&path, "")];
    client.sends(&questions.concat());
    let got: Vec<Got> = (0..questions.len()).map(|_| client.hears()).collect();
    assert!(got.iter().all(Got::is_signed));
    assert_eq!(figure(place.management, AT_ONCE) - before, 3.0);
    assert_ne!(got[3].body, got[0].body);

    // By the router, on connections of their own.
    let routed = |request: Vec<u8>| Client::to(place.address).sends(&request).hears();
    for (request, at_once) in [(get(&path, BY_THE_ROUTER), &got[0]), (post(ROOT, &plain, BY_THE_ROUTER), &got[1])] {
        assert_eq!(routed(request), *at_once);
    }
    let known = format!("If-None-Match: {}\r\n", got[0].header("etag"));
    let unchanged = routed(get(&path, &known));
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    assert_eq!(routed(get(&path, &format!("{known}{BY_THE_ROUTER}"))), unchanged);
    assert_eq!(routed(get(&path, "If-None-Match: \"other\"\r\n")), got[0]);

    // A nonce: signed where it was read, and nobody else gets it.
    let before = figure(place.management, AT_ONCE);
    let request = place.question(Some(vec![9; 32]));
    let live = [(); 2].map(|()| routed(post(ROOT, &request.to_der(), "")));
    for one in &live {
        judge(&one.body, &request, &place.root, SystemClock.now()).unwrap();
        assert_eq!(one.header("cache-control"), "no-store");
    }
    assert_ne!(live[0].body, live[1].body);
    assert_eq!(figure(place.management, AT_ONCE) - before, 2.0);

    // A client that wants no second answer gets none, and is let go.
    let mut last = Client::to(place.address);
    let got = last.sends(&get(&path, "Connection: close\r\n")).hears();
    assert!(got.is_signed());
    assert_eq!(got.header("connection"), "close");
    assert_eq!(last.0.read(&mut [0]).unwrap(), 0);
    place.program.stops();
}

#[test]
fn clients_that_do_not_behave_do_not_keep_others_from_their_answers() {
    let place = Place::ready();
    let (path, plain) = (place.path(), place.question(None).to_der());
    // Half a head, half a body, a head without end, and nothing at all: five hundred that stay.
    let beginnings = [
        get(&path, "").split_last().unwrap().1.to_vec(),
        post(ROOT, &plain, "").split_last().unwrap().1.to_vec(),
        b"GET / HTTP/1.1\r\nX: ".to_vec(),
        Vec::new(),
    ];
    let mut slow: Vec<Client> = (0..500).map(|_| Client::to(place.address)).collect();
    for (client, beginning) in slow.iter_mut().zip(beginnings.iter().cycle()) {
        client.sends(beginning);
    }
    let before = figure(place.management, AT_ONCE);
    for _ in 0..100 {
        assert!(Client::to(place.address).sends(&get(&path, "")).hears().is_signed());
        assert!(Client::to(place.address).sends(&post(ROOT, &plain, "")).hears().is_signed());
    }
    assert_eq!(figure(place.management, AT_ONCE) - before, 200.0);

    // What is no question at all.
    let refused = |refusal: Refusal| refusal.to_der();
    let said = |request: &[u8]| Client::to(place.address).sends(request).hears();
    assert_eq!(said(&post(ROOT, b"\x30\x80\x00\x00", "")).body, refused(Refusal::MalformedRequest));
    assert_eq!(said(&get(&format!("{ROOT}/%20"), "")).body, refused(Refusal::MalformedRequest));
    assert_eq!(said(&get("/ocsp/nobody/MFA", "")).status, 200);
    assert_eq!(said(b"\x16\x03\x01\x02\x00\x01\r\n\r\n").status, 400);
    assert_eq!(said(&post(ROOT, &vec![0; 20_000], "")).status, 413);
    let mut endless = Client::to(place.address);
    endless.sends(b"GET / HTTP/1.1\r\nX: ");
    // It may be refused before all of it has been sent.
    let _ = endless.0.write_all(&vec![b'x'; 200_000]);
    assert_eq!(endless.hears().status, 431);

    // The slow are still there, and get their answers once they have asked.
    let [first, second, ..] = slow.as_mut_slice() else { panic!("there are 500") };
    assert!(first.sends(b"\n").hears().is_signed());
    assert!(second.sends(plain.split_last().map(|(last, _)| std::slice::from_ref(last)).unwrap()).hears().is_signed());
    first.0.shutdown(Shutdown::Both).unwrap();
    place.program.stops();
}
