//! OCSP and CRL over a real loopback connection: `openssl ocsp -url`, GET paths as clients encode them, headers caches read.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::RevocationReason;
use ca_core::time::Clock;
use crl::CrlState;
use ocsp::client::{judge, question};
use ocsp::{CertIdDigest, CertStatus, Refusal};

use crate::pki::{Pki, openssl, text};

/// Serves both routers until the test ends.
pub(crate) async fn served(pki: &Pki) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let crl = crl::router(CrlState::new(pki.store.clone(), pki.clock.clone()));
    let app = ocsp::router(pki.responder()).merge(crl);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

struct Got {
    status: u16,
    body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The exact target on the wire: URL libraries would normalise it.
async fn sent(address: SocketAddr, method: &str, target: &str, headers: &str, body: &[u8]) -> Got {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may refuse before it has read everything.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers =
        lines.map(|line| line.split_once(": ").unwrap()).map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
    Got { status, body: answer[end + 4..].to_vec(), headers }
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_asks_over_http() {
    let pki = Pki::found("http-openssl", KeyAlgorithm::P256).await;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    let url = format!("http://{}/ocsp/issuing", served(&pki).await);
    let (issuer, chain) = (pki.scratch.file("issuing.pem", pki.issuing.to_pem()), pki.chain_file());
    let file = pki.scratch.file("www.pem", certificate.to_pem());
    let line = format!("ocsp -url {url} -issuer {{}} -cert {{}} -CAfile {{}}");
    let ask = || openssl(&line, &[&issuer, &file, &chain]);
    let said = text(&tokio::task::block_in_place(ask));
    assert!(said.contains("Response verify OK") && said.contains("www.pem: good"), "{said}");
    pki.revoke(certificate.serial(), RevocationReason::CessationOfOperation).await;
    let said = text(&tokio::task::block_in_place(ask));
    assert!(said.contains("www.pem: revoked") && said.contains("cessationOfOperation"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_path_is_understood_however_it_is_encoded() {
    let pki = Pki::found("http-get", KeyAlgorithm::P256).await;
    let address = served(&pki).await;
    let mut seen = String::new();
    // Until a path with a plus, two slashes in a row or a padding has been among them, certificates are issued.
    for n in 0..40 {
        let certificate = pki.issue(&format!("n{n}.shirakaba.lg.jp")).await;
        let digest = if n % 2 == 0 { CertIdDigest::Sha1 } else { CertIdDigest::Sha256 };
        let ask = question(&pki.issuing, certificate.serial(), digest, None);
        let plain = STANDARD.encode(ask.to_der());
        let encoded = plain.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let lower_case_escapes = encoded.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d");
        for path in [plain.as_str(), &encoded, &lower_case_escapes, plain.trim_end_matches('=')] {
            let got = sent(address, "GET", &format!("/ocsp/issuing/{path}"), "", b"").await;
            let judged = judge(&got.body, &ask, &pki.issuing, pki.clock.now());
            assert!(judged.is_ok_and(|judged| judged.responses[0].status == CertStatus::Good), "{path}");
        }
        seen.push_str(&plain);
    }
    assert!(seen.contains('+') && seen.contains('/') && seen.contains('='), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn caches_are_told_what_they_may_do() {
    let pki = Pki::found("http-headers", KeyAlgorithm::P256).await;
    let certificate = pki.issue("www.shirakaba.lg.jp").await;
    pki.responder().presign_pass(&crate::pki::id("issuing"), 10).await.unwrap();
    let address = served(&pki).await;
    let ask = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, None);
    let target = format!("/ocsp/issuing/{}", STANDARD.encode(ask.to_der()));
    let now = pki.clock.now();

    let got = sent(address, "GET", &target, "", b"").await;
    assert_eq!((got.status, got.header("content-type")), (200, Some("application/ocsp-response")));
    assert_eq!(got.header("cache-control"), Some("max-age=900, public, no-transform, must-revalidate"));
    assert_eq!(got.header("last-modified"), Some(now.http_date().as_str()));
    let row =
        pki.store.read().await.unwrap().presigned(&crate::pki::id("issuing"), certificate.serial()).await.unwrap();
    assert_eq!(got.header("expires"), Some(row.unwrap().next_update.http_date().as_str()));
    let tag = got.header("etag").unwrap();
    assert_eq!(tag, format!("\"{}\"", ca_core::digest::hex(&ca_core::digest::sha256(&got.body))));
    let again = sent(address, "GET", &target, &format!("If-None-Match: {tag}\r\n"), b"").await;
    assert_eq!((again.status, again.body.len()), (304, 0));

    let posted =
        sent(address, "POST", "/ocsp/issuing", "Content-Type: application/ocsp-request\r\n", &ask.to_der()).await;
    assert_eq!((posted.status, posted.body), (200, got.body));
    assert_eq!(
        sent(address, "POST", "/ocsp/issuing", "", &ask.to_der()).await.header("cache-control"),
        Some("no-store")
    );
    // A nonce makes an answer for one client.
    let single = question(&pki.issuing, certificate.serial(), CertIdDigest::Sha1, Some(vec![1; 32]));
    let got = sent(address, "GET", &format!("/ocsp/issuing/{}", STANDARD.encode(single.to_der())), "", b"").await;
    assert_eq!(got.header("cache-control"), Some("no-store"));
    assert!(judge(&got.body, &single, &pki.issuing, now).is_ok());

    for (method, target, body) in [
        ("GET", "/ocsp/issuing/AAAA", &b""[..]),
        ("GET", "/ocsp/issuing/%FF%00", b""),
        ("POST", "/ocsp/issuing", b""),
        ("POST", "/ocsp/issuing", b"\x30\x03\x02\x01\x00"),
    ] {
        let got = sent(address, method, target, "", body).await;
        let malformed = got.status == 200 && got.body == Refusal::MalformedRequest.to_der();
        assert!(malformed || got.status == 400, "{method} {target}: {} {:?}", got.status, got.body);
        assert_eq!(got.header("expires"), None);
    }
    assert_eq!(sent(address, "POST", "/ocsp/issuing", "", &vec![0; 20_000]).await.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn crls_and_certificates_are_served_with_their_types_and_times() {
    let pki = Pki::found("http-crl", KeyAlgorithm::P256).await;
    let address = served(&pki).await;
    assert_eq!(sent(address, "GET", "/crl/issuing.crl", "", b"").await.status, 404);
    let crl = pki.crl().await;
    let now = pki.clock.now();
    let got = sent(address, "GET", "/crl/issuing.crl", "", b"").await;
    assert_eq!((got.status, got.header("content-type"), &got.body), (200, Some("application/pkix-crl"), &crl));
    assert_eq!(got.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(got.header("last-modified"), Some(now.http_date().as_str()));
    assert_eq!(got.header("expires"), Some(now.plus(Duration::from_secs(72 * 3600)).http_date().as_str()));
    let known = format!("If-None-Match: \"x\", {}\r\n", got.header("etag").unwrap());
    let again = sent(address, "GET", "/crl/issuing.crl", &known, b"").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let next = pki.crl().await;
    let since = format!("If-Modified-Since: {}\r\n", got.header("last-modified").unwrap());
    let same_second = sent(address, "GET", "/crl/issuing.crl", &since, b"").await;
    assert_eq!((same_second.status, &same_second.body), (200, &next), "of two CRLs of one second the second is seen");
    let crl = next;
    let head = sent(address, "HEAD", "/crl/issuing.crl", "", b"").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(crl.len().to_string().as_str()));
    // Half of what is left, and nothing once it is over.
    pki.clock.set(now.plus(Duration::from_secs(71 * 3600)));
    let late = sent(address, "GET", "/crl/issuing.crl", "", b"").await;
    assert_eq!(late.header("cache-control"), Some("public, max-age=1800"));
    pki.clock.set(now.plus(Duration::from_secs(73 * 3600)));
    let over = sent(address, "GET", "/crl/issuing.crl", "", b"").await;
    assert_eq!((over.status, over.header("cache-control"), over.header("expires")), (200, Some("no-store"), None));
    assert_eq!(over.body, crl);

    let certificate = sent(address, "GET", "/aia/issuing.cer", "", b"").await;
    assert_eq!(
        (certificate.header("content-type"), certificate.body.as_slice()),
        (Some("application/pkix-cert"), pki.issuing.der())
    );
    assert_eq!(sent(address, "GET", "/aia/issuing.pem", "", b"").await.body, pki.issuing.to_pem().as_bytes());
    let p7c = pki.scratch.file("issuing.p7c", sent(address, "GET", "/aia/issuing.p7c", "", b"").await.body);
    let printed = openssl("pkcs7 -inform DER -in {} -print_certs", &[&p7c]);
    assert!(text(&printed).contains("CN = Application CA"), "{}", text(&printed));
    for nothing in [
        "/aia/nobody.cer",
        "/aia/issuing.p12",
        "/aia/issuing",
        "/crl/nobody.crl",
        "/crl/issuing",
        "/crl/..%2Fissuing.crl",
    ] {
        assert_eq!(sent(address, "GET", nothing, "", b"").await.status, 404, "{nothing}");
    }
}
