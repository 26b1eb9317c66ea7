//! A database with a town, its people and an authority, and the short ways to use them.

use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::id::{AccountId, AuthorityId, EventId, KeyLabel, OrganisationId, RequestId};
use ca_core::issue::{
    self, Authority, Generation, Intents, Issued, Ledger, LedgerError, Linted, Order, PublicAddresses, Signed,
    Unsettled,
};
use ca_core::key::{SignatureAlgorithm, SubjectKey};
use ca_core::name::{AlternativeNames, Attribute, DistinguishedName, DnsName, LocalGovernmentCode, StringKind};
use ca_core::request::{Application, Approver, KeyOrigin, NewRequest, Submitted};
use ca_core::serial::SerialNumber;
use ca_core::signer::{Message, Signer, SignerError, Tbs};
use ca_core::testing::CountingEntropy;
use ca_core::time::Timestamp;
use lgpki_tests::databases::{Kind, TestDatabase};
use lgpki_tests::policy::{pack, profile, server_subject};
use rcgen::{KeyPair, PublicKeyData, SigningKey};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::accounts::{Account, Role};
use store::authorities::{AuthorityKind, AuthorityRow};
use store::organisations::Organisation;
use store::requests::Decision;
use store::{Interruption, OpenOptions, Step, Store, StoreError, WriteTxn};

/// 2026-11-21T10:00:00Z, when every test begins.
pub(super) const START: Timestamp = Timestamp::from_seconds(1_795_255_200);

pub(super) fn after(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

/// Runs a test on a fresh database with two worker threads, as the program has.
pub(super) fn run(kind: Kind, test: impl AsyncFnOnce(Fixture<'_>)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let database = TestDatabase::new(kind);
    runtime.block_on(async {
        let entropy = Arc::new(CountingEntropy::default());
        let store = Store::open(database.url(), &OpenOptions::new(entropy.clone())).await.unwrap();
        store.migrate().await.unwrap();
        test(Fixture { database: &database, store: store.clone(), entropy }).await;
        store.close().await;
    });
}

pub(super) struct Fixture<'a> {
    pub(super) database: &'a TestDatabase,
    pub(super) store: Store,
    pub(super) entropy: Arc<CountingEntropy>,
}

/// A town with an officer who asks and a manager who approves.
pub(super) struct Town {
    pub(super) organisation: OrganisationId,
    pub(super) officer: AccountId,
    pub(super) manager: AccountId,
}

/// An authority with its key.
pub(super) struct Ca {
    pub(super) authority: Authority,
    pub(super) signer: TestSigner,
}

pub(super) const SET_UP: Actor = Actor::System("set-up");

impl Fixture<'_> {
    /// The same database, opened once more with a fault in its commits.
    pub(super) async fn with(&self, interruption: impl Interruption + 'static) -> Store {
        let seed =
            u64::from_be_bytes(*EventId::new(START, &*self.entropy).unwrap().as_str().as_bytes().last_chunk().unwrap());
        let entropy = Arc::new(CountingEntropy::seeded(seed));
        let options = OpenOptions { interruption: Some(Arc::new(interruption)), ..OpenOptions::new(entropy) };
        Store::open(self.database.url(), &options).await.unwrap()
    }

    pub(super) async fn write(&self, now: Timestamp) -> WriteTxn {
        self.store.write(now, SET_UP).await.unwrap()
    }

    pub(super) async fn act(&self, account: &AccountId, now: Timestamp) -> WriteTxn {
        self.store.write(now, Actor::Person(account.clone())).await.unwrap()
    }

    /// Rows the independent client counts; `expected` on SQLite, where there is none.
    pub(super) fn count(&self, condition: &str, expected: i64) -> i64 {
        let sql = format!("select count(*) from {condition}");
        self.database.independently(|client| client.query_one(&sql, &[]).unwrap().get(0)).unwrap_or(expected)
    }

    pub(super) async fn town(&self, code: &str) -> Town {
        let organisation = OrganisationId::new(START, &*self.entropy).unwrap();
        let mut txn = self.write(START).await;
        txn.insert_organisation(&Organisation {
            organisation_id: organisation.clone(),
            code: LocalGovernmentCode::parse(code).unwrap(),
            name: "白樺町".to_owned(),
            kana: "シラカバチョウ".to_owned(),
            name_en: "Shirakaba Town".to_owned(),
        })
        .await
        .unwrap();
        let officer = self.account(&organisation, &format!("sato-{code}"), Role::Officer);
        let manager = self.account(&organisation, &format!("suzuki-{code}"), Role::Manager);
        txn.insert_account(&officer).await.unwrap();
        txn.insert_account(&manager).await.unwrap();
        txn.commit(Step::Setup).await.unwrap();
        Town { organisation, officer: officer.account_id, manager: manager.account_id }
    }

    pub(super) fn account(&self, organisation: &OrganisationId, login: &str, role: Role) -> Account {
        Account {
            account_id: AccountId::new(START, &*self.entropy).unwrap(),
            organisation_id: organisation.clone(),
            login: login.to_owned(),
            name: "佐藤".to_owned(),
            role,
            password_hash: "$argon2id$…".to_owned(),
            totp_secret: vec![1, 2, 3],
            totp_last_step: 0,
            failed_logins: 0,
            locked_until: None,
            active: true,
        }
    }

    /// A root that issues to holders itself, with its certificate recorded by the store under test.
    pub(super) async fn ca(&self) -> Ca {
        let signer = TestSigner(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap());
        let id = AuthorityId::parse("test-ca").unwrap();
        let label = KeyLabel::parse("test-ca-1").unwrap();
        let name =
            [(Attribute::Country, StringKind::Printable, "JP"), (Attribute::CommonName, StringKind::Printable, "CA")];
        let name = DistinguishedName::new(&name).unwrap();
        let key = signer.public_key(&label).unwrap();
        let founding = Authority::founding(id.clone(), name.clone(), key.clone(), label.clone());
        let order = Order::ceremony(&profile("root-ca"), name, key);
        let linted = issue::prepare(&pack(&["test-ca"]), &founding, order, &*self.entropy, START).unwrap();
        let (issued, failures) = issue::issue(&founding, &signer, &self.store, vec![linted], START).await;
        assert!(failures.is_empty(), "{failures:?}");
        let certificate = Certificate::from_der(issued[0].der()).unwrap();
        let mut txn = self.write(START).await;
        txn.insert_authority(&AuthorityRow {
            authority_id: id.clone(),
            generation: Generation::first(id.clone(), START),
            signature: None,
            name_ja: "試験認証局".to_owned(),
            name_en: "Test CA".to_owned(),
            kind: AuthorityKind::Root,
            issuer_id: None,
            certificate: issued[0].der().to_vec(),
            key_label: label.clone(),
            ocsp_certificate: None,
            ocsp_key_label: None,
            created_at: START,
        })
        .await
        .unwrap();
        txn.commit(Step::Setup).await.unwrap();
        let addresses = PublicAddresses {
            crl: vec!["http://ca.example/ca.crl".to_owned()],
            ocsp: vec!["http://ca.example/ocsp".to_owned()],
            issuer_certificate: vec!["http://ca.example/ca.cer".to_owned()],
        };
        Ca { authority: Authority::of_certificate(id, &certificate, label, addresses).unwrap(), signer }
    }

    /// A request for `name` by the officer, not yet filed.
    pub(super) async fn application(&self, txn: &mut WriteTxn, town: &Town, name: &str) -> Application<Submitted> {
        let name = DnsName::parse(name).unwrap();
        let number = txn.next_request_number(txn.now()).await.unwrap();
        let request = NewRequest {
            organisation: town.organisation.clone(),
            profile: profile("web-server").id.clone(),
            subject: server_subject(name.as_str()),
            names: AlternativeNames::of_servers(vec![name]),
            key: fresh_key(),
            origin: KeyOrigin::Holder { csr_der: vec![0x30, 0] },
            starts_at: None,
        };
        let id = RequestId::new(txn.now(), &*self.entropy).unwrap();
        Application::submitted(id, number, town.officer.clone(), txn.now(), request)
    }

    pub(super) async fn submitted(&self, town: &Town, name: &str, now: Timestamp) -> Application<Submitted> {
        let mut txn = self.act(&town.officer, now).await;
        let application = self.application(&mut txn, town, name).await;
        txn.insert_request(&application).await.unwrap();
        txn.commit(Step::RequestSubmitted).await.unwrap();
        application
    }

    pub(super) async fn approved(&self, town: &Town, name: &str, now: Timestamp) -> RequestId {
        let application = self.submitted(town, name, now).await;
        let id = application.id().clone();
        self.approve(town, application, 1, now).await.unwrap();
        id
    }

    pub(super) async fn approve(
        &self,
        town: &Town,
        application: Application<Submitted>,
        version: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let approver = Approver { account: town.manager.clone(), organisation: town.organisation.clone() };
        let (id, shown) = (application.id().clone(), application.statement_hash());
        let approved = application.approve(&approver, &shown, now).unwrap();
        let mut txn = self.act(&town.manager, now).await;
        txn.decide(&id, version, Decision::Approve(&approved)).await?;
        txn.commit(Step::RequestDecided).await
    }

    /// Linted certificates without requests.
    pub(super) fn linted(&self, ca: &Ca, count: usize) -> Vec<Linted> {
        self.linted_with(ca, count, &self.entropy)
    }

    /// The same with serial numbers from `entropy`.
    pub(super) fn linted_with(&self, ca: &Ca, count: usize, entropy: &CountingEntropy) -> Vec<Linted> {
        let key = fresh_key();
        let name = DnsName::parse("www.town.shirakaba.lg.jp").unwrap();
        let (pack, profile, subject) = (pack(&["test-ca"]), profile("web-server"), server_subject(name.as_str()));
        let names = AlternativeNames::of_servers(vec![name]);
        let orders = (0..count).map(|_| Order::measured(&profile, subject.clone(), names.clone(), key.clone()));
        orders.map(|order| issue::prepare(&pack, &ca.authority, order, entropy, START).unwrap()).collect()
    }

    /// The linted certificate of an approved request.
    pub(super) async fn linted_for(&self, ca: &Ca, request: &RequestId) -> Linted {
        let application = self.store.read().await.unwrap().approved_application(request).await.unwrap().unwrap();
        issue::prepare(&pack(&["test-ca"]), &ca.authority, Order::approved(&application), &*self.entropy, START)
            .unwrap()
    }

    /// Records the intents, signs, and stops before the certificates are recorded.
    pub(super) async fn signed(&self, ca: &Ca, batch: Vec<Linted>) -> Vec<Signed> {
        let halfway = Halfway { store: self.store.clone(), signed: Mutex::new(Vec::new()) };
        let (issued, _) = issue::issue(&ca.authority, &ca.signer, &halfway, batch, START).await;
        assert!(issued.is_empty());
        halfway.signed.into_inner().unwrap()
    }

    pub(super) async fn issued(&self, ca: &Ca, batch: Vec<Linted>) -> Vec<Issued> {
        let (issued, failures) = issue::issue(&ca.authority, &ca.signer, &self.store, batch, START).await;
        assert!(failures.is_empty(), "{failures:?}");
        issued
    }
}

pub(super) fn fresh_key() -> SubjectKey {
    let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    SubjectKey::from_spki_der(&pair.subject_public_key_info()).unwrap()
}

/// Signs with a key of rcgen.
pub(super) struct TestSigner(KeyPair);

impl Signer for TestSigner {
    fn public_key(&self, _: &KeyLabel) -> Result<SubjectKey, SignerError> {
        Ok(SubjectKey::from_spki_der(&self.0.subject_public_key_info()).unwrap())
    }

    fn sign(&self, _: &KeyLabel, _: SignatureAlgorithm, batch: &[Tbs<'_>]) -> Vec<Result<Vec<u8>, SignerError>> {
        let octets = |tbs: &Tbs<'_>| match tbs.message() {
            Message::Octets(octets) => octets.to_vec(),
            Message::Hashed(_) => panic!("only certificates are signed here"),
        };
        batch.iter().map(|tbs| Ok(self.0.sign(&octets(tbs)).unwrap())).collect()
    }
}

/// A ledger that stops between the two durable steps and keeps what was signed.
struct Halfway {
    store: Store,
    signed: Mutex<Vec<Signed>>,
}

impl Ledger for Halfway {
    async fn record_intents(&self, batch: Vec<Linted>, now: Timestamp) -> Result<Intents, LedgerError> {
        self.store.record_intents(batch, now).await
    }

    async fn record_issued(&self, batch: Vec<Signed>, _: Timestamp) -> Result<Vec<Issued>, LedgerError> {
        self.signed.lock().unwrap().extend(batch);
        Err(LedgerError::NotRecorded("the test stops here".to_owned()))
    }

    async fn settle(&self, _: &AuthorityId, _: Unsettled, _: Timestamp) -> Result<Vec<SerialNumber>, LedgerError> {
        Ok(Vec::new())
    }
}
