//! The running service gives its OCSP responders new certificates, each with a new key, before the old ones end; answers of the old
//! one are told meanwhile, and none of them lasts longer than its signer.

use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::testing::FixedClock;
use ca_core::time::{Clock, Timestamp};
use lgpki::clock::SystemClock;
use lgpki::config::{self, Config};
use lgpki::entropy::SystemEntropy;
use lgpki::installation;
use lgpki::secrets::KeySecrets;
use lgpki::serve::{Parts, Role, Service};
use lgpki_tests::databases::Kind;
use lgpki_tests::program::Installation;
use lgpki_tests::token::with_token;
use ocsp::CertIdDigest;
use ocsp::client::{judge, question};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;
use store::authorities::AuthorityRow;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// How long a test waits for what the service does by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// An installation whose time is the test's.
struct Site {
    config: Config,
    store: Store,
    clock: Arc<FixedClock>,
    issuer: Certificate,
    /// A certificate that is asked about: that of the first responder itself.
    asked: Certificate,
}

impl Site {
    async fn of(installation: &Installation) -> Self {
        let config = config::load(&installation.folder().join("lgpki.toml")).unwrap();
        let store = installation::open_store(&config.database, None).await.unwrap();
        let clock = Arc::new(FixedClock::at(SystemClock.now()));
        let row = authority(&store).await;
        let (issuer, asked) = (row.certificate, row.ocsp_certificate.unwrap());
        let read = |der: &[u8]| Certificate::from_der(der).unwrap();
        Self { config, store, clock, issuer: read(&issuer), asked: read(&asked) }
    }

    /// The service with that time.
    async fn serving_at(&self, at: Timestamp) -> Service {
        self.clock.set(at);
        let parts = Parts {
            store: installation::open_store(&self.config.database, None).await.unwrap(),
            stores: Some(installation::open_key_stores(&self.config, &KeySecrets::default()).unwrap()),
            centre: None,
            entropy: Arc::new(SystemEntropy),
            clock: self.clock.clone(),
        };
        Service::start(&self.config, &[Role::Ca, Role::Ocsp], parts).await.unwrap()
    }

    /// When the answer that is signed ahead was signed.
    async fn signed_at(&self) -> Option<Timestamp> {
        let row = self.store.read().await.unwrap().presigned(&ca(), self.asked.serial()).await.unwrap();
        row.map(|row| row.this_update)
    }

    /// The end of an answer over HTTP, and who has signed it; a relying party believes it.
    async fn answer(&self, service: &Service, nonce: Option<Vec<u8>>) -> (Timestamp, Certificate) {
        let question = question(&self.issuer, self.asked.serial(), CertIdDigest::Sha1, nonce);
        let (address, body) = (service.repository.unwrap(), question.to_der());
        let der = tokio::task::spawn_blocking(move || posted(address, &body)).await.unwrap();
        let judged = judge(&der, &question, &self.issuer, self.clock.now()).unwrap();
        let (end, signer) = (judged.responses.first().unwrap().next_update.unwrap(), judged.responder.unwrap());
        assert!(end <= signer.validity().not_after, "no answer outlives its signer");
        (end, signer)
    }
}

fn ca() -> AuthorityId {
    AuthorityId::parse("application-ca").unwrap()
}

async fn authority(store: &Store) -> AuthorityRow {
    store.read().await.unwrap().authority(&ca()).await.unwrap().unwrap()
}

async fn label(store: &Store) -> String {
    authority(store).await.ocsp_key_label.unwrap().to_string()
}

fn posted(address: SocketAddr, body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /ocsp/application-ca HTTP/1.1\r\nHost: ocsp\r\nConnection: close\r\nContent-Type: application/ocsp-request\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    answer.split_off(end + 4)
}

/// Looks until it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
    }
}

#[test]
fn a_responder_has_a_new_key_before_its_certificate_ends_and_no_answer_outlives_its_signer() {
    rolled(&Installation::new(Kind::Sqlite));
}

#[test]
fn a_responder_whose_key_is_in_a_token_has_the_next_one_there() {
    with_token(|hsm| {
        let installation = Installation::in_token(Kind::Sqlite, hsm.store());
        rolled(&installation);
        let keys: Vec<_> = std::fs::read_dir(installation.folder().join("keys")).unwrap().collect();
        assert_eq!(keys.len(), 1, "only the vault is a file: {keys:?}");
    });
}

fn rolled(installation: &Installation) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let site = Site::of(installation).await;
        let old = site.asked.clone();
        let due = old.validity().not_after.minus(DAY * 30);
        assert_eq!(label(&site.store).await, "application-ca-ocsp");

        let before = due.minus(HOUR).whole_seconds();
        let service = site.serving_at(before).await;
        until("the old key signs ahead", async || site.signed_at().await == Some(before)).await;
        assert_eq!(site.answer(&service, None).await.1.der(), old.der());
        service.stop().await;
        assert_eq!(label(&site.store).await, "application-ca-ocsp");

        let after = due.plus(HOUR);
        let service = site.serving_at(after).await;
        until("there is a new key", async || label(&site.store).await == "application-ca-ocsp-2").await;
        let new = Certificate::from_der(&authority(&site.store).await.ocsp_certificate.unwrap()).unwrap();
        assert!(new.key() != old.key() && new.validity().not_after > old.validity().not_after);
        // Within a minute it answers; what the old one has signed is told until it is due.
        site.clock.set(after.plus(Duration::from_secs(61)));
        until("the new key signs", async || site.answer(&service, Some(vec![7; 32])).await.1.der() == new.der()).await;
        assert_eq!(site.signed_at().await, Some(before));
        assert_eq!(site.answer(&service, None).await.1.der(), old.der());
        service.stop().await;

        // When answers are due, the new one signs them.
        let later = before.plus(HOUR * 13);
        let service = site.serving_at(later).await;
        until("the new key signs ahead", async || site.signed_at().await == Some(later)).await;
        // What was said in this second is said again in it.
        site.clock.set(later.plus(Duration::from_secs(2)));
        until("and memory has it", async || site.answer(&service, None).await.1.der() == new.der()).await;
        service.stop().await;
        assert_eq!(label(&site.store).await, "application-ca-ocsp-2", "once");
        site.store.close().await;
    });
}
