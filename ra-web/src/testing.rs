//! A registration service on an empty SQLite file, with two people, for the unit tests of this crate.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use ca_core::audit::Actor;
use ca_core::entropy::Entropy;
use ca_core::id::{AccountId, AuthorityId, KeyLabel, OrganisationId};
use ca_core::issue::Generation;
use ca_core::name::LocalGovernmentCode;
use ca_core::testing::{CountingEntropy, FixedClock};
use ca_core::time::{Clock, Timestamp};
use store::accounts::{Account, Role};
use store::authorities::{AuthorityKind, AuthorityRow};
use store::organisations::Organisation;
use store::{OpenOptions, Step, Store};
use tower::ServiceExt;

use crate::auth::password::{hash_password, totp_code};
use crate::centre::Centre;
use crate::state::{Environment, RaSettings, State};

pub(crate) const SECRET: &[u8] = b"12345678901234567890";
pub(crate) const PASSWORD: &str = "correct horse";

/// A CA certificate by OpenSSL, good until 2046: nothing is issued here, but forms look at it.
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIB2jCCAX+gAwIBAgIUd9OOzyPOQhjhpd0+WIXSgm5vicowCgYIKoZIzj0EAwIw
QjELMAkGA1UEBhMCSlAxFTATBgNVBAoMDExHUEtJIFNhbXBsZTEcMBoGA1UEAwwT
VGVzdCBhcHBsaWNhdGlvbiBDQTAeFw0yNjExMjIwMjE3NDVaFw00NjAxMjEwMjE3
NDVaMEIxCzAJBgNVBAYTAkpQMRUwEwYDVQQKDAxMR1BLSSBTYW1wbGUxHDAaBgNV
BAMME1Rlc3QgYXBwbGljYXRpb24gQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQ8dvoGBz50UwWZS9wIsCMsB9YUw0oP50iUSVxz3srtWVq21/ZRJo2DoeaKRm6h
tf4d2G/5LgDALKnEdyDg3j1No1MwUTAdBgNVHQ4EFgQUiG6QZUdVeR0IBraky4UM
cMQ+E08wHwYDVR0jBBgwFoAUiG6QZUdVeR0IBraky4UMcMQ+E08wDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA4CB48Iy4vQzkKOtp5ik+oiFjWWai
2R/gXK7BB3/+ZJACIQDM953u7MzxRSpq4NNiODeHncthelAHR4YVIsmiiJc7Vw==
-----END CERTIFICATE-----";

/// The service, its clock, and the cookie of one browser.
pub(crate) struct TestRa {
    pub(crate) state: State,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) cookie: Option<String>,
    router: Router,
    file: PathBuf,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// The token of the form that posts to `action`.
    pub(crate) fn token(&self, action: &str) -> String {
        let form = self.text.split(&format!("action=\"{action}\"")).nth(1).expect("the form");
        form.split("name=\"form_token\" value=\"").nth(1).expect("its token").split('"').next().unwrap().to_owned()
    }
}

impl TestRa {
    pub(crate) async fn new() -> Self {
        Self::at("http://localhost:8080/").await
    }

    pub(crate) async fn at(public_url: &str) -> Self {
        Self::built(public_url, None).await
    }

    pub(crate) async fn with_centre(centre: Centre) -> Self {
        Self::built("http://localhost:8080/", Some(centre)).await
    }

    async fn built(public_url: &str, centre: Option<Centre>) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("ra-web-{}-{}.db", std::process::id(), COUNTER.fetch_add(1, Ordering::SeqCst));
        let file = std::env::temp_dir().join(name);
        let entropy: Arc<dyn Entropy> = Arc::new(CountingEntropy::default());
        let url = format!("sqlite:{}", file.display());
        let store = Store::open(&url, &OpenOptions::new(entropy.clone())).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Arc::new(FixedClock::at(Timestamp::from_seconds(1_800_000_000)));
        people(&store, clock.now(), entropy.as_ref()).await;
        authorities(&store, clock.now()).await;
        let public_url = url::Url::parse(public_url).unwrap();
        let settings = RaSettings {
            repository_url: public_url.clone(),
            public_url,
            environment: Environment::Demo,
            packs: ca_core::profile::Packs::shipped().unwrap(),
            places: Vec::new(),
            centre,
        };
        let state = State::new(store, clock.clone(), entropy, settings).unwrap();
        let router = crate::router(state.clone());
        Self { state, clock, cookie: None, router, file }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(form.finish())).await
    }

    pub(crate) async fn send(&mut self, mut request: axum::http::request::Builder, body: Body) -> Answer {
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if !name.ends_with("language") {
                self.cookie = (!value.is_empty()).then(|| pair.to_owned());
            }
        }
        let bytes: Bytes = to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// Draws the log-in form and sends it.
    pub(crate) async fn log_in(&mut self, login: &str, password: &str, code: &str) -> Answer {
        let token = self.get("/login").await.token("/login");
        let fields = [("form_token", token.as_str()), ("login", login), ("password", password), ("code", code)];
        self.post("/login", &fields).await
    }

    pub(crate) fn code(&self) -> String {
        totp_code(SECRET, self.clock.now())
    }

    /// Moves the clock on.
    pub(crate) fn later(&self, seconds: u64) {
        self.clock.set(self.clock.now().plus(std::time::Duration::from_secs(seconds)));
    }
}

impl Drop for TestRa {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.file.display()));
        }
    }
}

async fn people(store: &Store, now: Timestamp, entropy: &dyn Entropy) {
    let organisation = Organisation {
        organisation_id: OrganisationId::new(now, entropy).unwrap(),
        code: LocalGovernmentCode::parse("011002").unwrap(),
        name: "白樺町".to_owned(),
        kana: "シラカバチョウ".to_owned(),
        name_en: "Shirakaba Town".to_owned(),
    };
    let mut txn = store.write(now, Actor::System("set-up")).await.unwrap();
    txn.insert_organisation(&organisation).await.unwrap();
    let password_hash = hash_password(PASSWORD, entropy).unwrap();
    for role in Role::ALL {
        let account = Account {
            account_id: AccountId::new(now, entropy).unwrap(),
            organisation_id: organisation.organisation_id.clone(),
            login: role.as_str().to_owned(),
            name: "佐藤 花子".to_owned(),
            role,
            password_hash: password_hash.clone(),
            totp_secret: SECRET.to_vec(),
            totp_last_step: 0,
            failed_logins: 0,
            locked_until: None,
            active: true,
        };
        txn.insert_account(&account).await.unwrap();
    }
    txn.commit(Step::Setup).await.unwrap();
}

/// The two that issue to holders.
async fn authorities(store: &Store, now: Timestamp) {
    let mut txn = store.write(now, Actor::System("set-up")).await.unwrap();
    for name in ["application-ca", "organisation-ca"] {
        let row = AuthorityRow {
            authority_id: AuthorityId::parse(name).unwrap(),
            generation: Generation::first(AuthorityId::parse(name).unwrap(), now),
            signature: None,
            name_ja: "試験認証局".to_owned(),
            name_en: "Test CA".to_owned(),
            kind: AuthorityKind::Issuing,
            issuer_id: None,
            certificate: pem::parse(AUTHORITY).unwrap().into_contents(),
            key_label: KeyLabel::parse(name).unwrap(),
            ocsp_certificate: None,
            ocsp_key_label: None,
            created_at: now,
        };
        txn.insert_authority(&row).await.unwrap();
    }
    txn.commit(Step::Setup).await.unwrap();
}
