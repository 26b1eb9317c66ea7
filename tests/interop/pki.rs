//! A small hierarchy in a folder of its own, made by the real engine: root, issuing authority, OCSP responder.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use ca_core::audit::Actor;
use ca_core::certificate::Certificate;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::issue::{self, Authority, Generation, Order, PublicAddresses};
use ca_core::key::{KeyAlgorithm, RsaPadding, SubjectKey};
use ca_core::name::{AlternativeNames, Attribute, DistinguishedName, DnsName, StringKind};
use ca_core::profile::{AuthorityRule, Field, Fields, Pack};
use ca_core::revocation::{ListId, Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::signer::{KeyKeeper, Signer};
use ca_core::testing::{CountingEntropy, FixedClock};
use ca_core::time::{Clock, Timestamp};
use crl::{CrlPolicy, ListPlan, RefreshError, Refreshed};
use lgpki_tests::databases::{Kind, TestDatabase};
use lgpki_tests::policy::{pack, profile, server_subject};
use lgpki_tests::tools::soft_keys;
use ocsp::{OcspPolicies, OcspPolicy, Responder};
use store::authorities::{AuthorityKind, AuthorityRow};
use store::{OpenOptions, Step, Store};

pub(crate) const BY: Actor = Actor::System("test");

pub(crate) use lgpki_tests::tools::{Scratch, openssl, text};

/// The hierarchy. The clock stands at the moment it was made, because OpenSSL looks at the real one.
pub(crate) struct Pki {
    pack: Pack,
    pub(crate) scratch: Scratch,
    pub(crate) store: Store,
    pub(crate) keys: Arc<dyn KeyKeeper>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) entropy: Arc<CountingEntropy>,
    pub(crate) root: Certificate,
    pub(crate) issuing: Certificate,
    pub(crate) responder_certificate: Certificate,
    authority: Authority,
    pub(crate) database: TestDatabase,
}

impl Pki {
    pub(crate) async fn found(name: &str, algorithm: KeyAlgorithm) -> Self {
        Self::found_on(Kind::Sqlite, name, algorithm).await
    }

    pub(crate) async fn found_on(kind: Kind, name: &str, algorithm: KeyAlgorithm) -> Self {
        Self::found_signing(kind, name, (algorithm, RsaPadding::default())).await
    }

    /// One whose keys are of that kind, and pad so where that is RSA.
    pub(crate) async fn found_signing(kind: Kind, name: &str, keys: (KeyAlgorithm, RsaPadding)) -> Self {
        let soft = |scratch: &Scratch| -> Arc<dyn KeyKeeper> { Arc::new(soft_keys(&scratch.path().join("keys"))) };
        Self::found_with(kind, name, keys, soft).await
    }

    /// One whose keys are made by that keeper.
    pub(crate) async fn found_with(
        kind: Kind,
        name: &str,
        (algorithm, padding): (KeyAlgorithm, RsaPadding),
        keeper: impl FnOnce(&Scratch) -> Arc<dyn KeyKeeper>,
    ) -> Self {
        let scratch = Scratch::new(name);
        let now = Timestamp::from_seconds(i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap());
        let entropy = Arc::new(CountingEntropy::seeded(7));
        let database = TestDatabase::new(kind);
        let store = Store::open(database.url(), &OpenOptions::new(entropy.clone())).await.unwrap();
        store.migrate().await.unwrap();
        let keys = keeper(&scratch);

        let pack = pack(&["issuing"]);
        let pack = if algorithm.is_ml_dsa() { pack.shadow(algorithm) } else { pack };
        let key = |label: &str| keys.create(&KeyLabel::parse(label).unwrap(), algorithm).unwrap();
        let with = algorithm.signature_algorithm().padded(padding);
        let founding = Authority::founding(id("root"), named("Root CA"), key("root"), label("root"));
        let founding = founding.signing_with(with).unwrap();
        let order = Order::ceremony(&profile("root-ca"), named("Root CA"), founding.key().clone());
        let root = issued(&pack, (&store, keys.as_ref(), &entropy), &founding, order, now).await;
        let root_authority = Authority::of_certificate(id("root"), &root, label("root"), addresses("root")).unwrap();
        let root_authority = root_authority.signing_with(with).unwrap();
        let order = Order::ceremony(&profile("subordinate-ca"), named("Application CA"), key("issuing"));
        let issuing = issued(&pack, (&store, keys.as_ref(), &entropy), &root_authority, order, now).await;
        let authority =
            Authority::of_certificate(id("issuing"), &issuing, label("issuing"), addresses("issuing")).unwrap();
        let authority = authority.signing_with(with).unwrap();
        // Responders have keys that sign fast: no profile of theirs certifies the longest.
        let fast = if algorithm == KeyAlgorithm::Rsa4096 { KeyAlgorithm::Rsa3072 } else { algorithm };
        let responder = keys.create(&label("ocsp"), fast).unwrap();
        let order = Order::ceremony(&profile("ocsp-responder-sub"), named("OCSP responder"), responder);
        let responder_certificate = issued(&pack, (&store, keys.as_ref(), &entropy), &authority, order, now).await;

        let mut txn = store.write(now, BY).await.unwrap();
        let row = |authority: &str, kind, issuer: Option<&str>, certificate: &Certificate| AuthorityRow {
            authority_id: id(authority),
            generation: Generation::first(id(authority), now),
            signature: Some(with),
            name_ja: authority.into(),
            name_en: authority.into(),
            kind,
            issuer_id: issuer.map(id),
            certificate: certificate.der().to_vec(),
            key_label: label(authority),
            ocsp_certificate: None,
            ocsp_key_label: None,
            created_at: now,
        };
        txn.insert_authority(&row("root", AuthorityKind::Root, None, &root)).await.unwrap();
        txn.insert_authority(&AuthorityRow {
            ocsp_certificate: Some(responder_certificate.der().to_vec()),
            ocsp_key_label: Some(label("ocsp")),
            ..row("issuing", AuthorityKind::Issuing, Some("root"), &issuing)
        })
        .await
        .unwrap();
        txn.commit(Step::Setup).await.unwrap();
        let clock = Arc::new(FixedClock::at(now));
        Self { pack, scratch, store, keys, clock, entropy, root, issuing, responder_certificate, authority, database }
    }

    /// The same, where the issuing CA's pack says `words` of its lists.
    pub(crate) fn listing(mut self, words: &str) -> Self {
        let text = ca_core::profile::pack::SHIPPED[0].1;
        let issuing = "crl = { validity = \"72h\", refresh-before = \"48h\" }";
        let text = text.replacen(issuing, &format!("{}, {words} }}", issuing.trim_end_matches(" }")), 1);
        let pack = Pack::parse(&text, "lists.toml").unwrap();
        let rule = pack.authorities.iter().find(|rule| rule.issuer.is_some()).unwrap();
        self.pack.authorities.push(AuthorityRule { id: id("issuing"), ..rule.clone() });
        self
    }

    /// Issues a certificate for a web server.
    pub(crate) async fn issue(&self, host: &str) -> Certificate {
        let names = AlternativeNames::of_servers(vec![DnsName::parse(host).unwrap()]);
        let key = self.holder_key(&host.replace('.', "-"));
        self.issue_to(Order::measured(&profile("web-server"), server_subject(host), names, key)).await
    }

    /// Issues a certificate for code, whose status is told for ever.
    pub(crate) async fn issue_for_code(&self, name: &str) -> Certificate {
        let fields =
            Fields::default().with(Field::OrganisationEn, "Shirakaba Town").with(Field::PrefectureEn, "Hokkaido");
        let profile = profile("code-signing");
        let subject = profile.subject.as_ref().unwrap().fill(&fields).unwrap();
        let key = self.holder_key(name);
        self.issue_to(Order::measured(&profile, subject, AlternativeNames::default(), key)).await
    }

    fn holder_key(&self, name: &str) -> SubjectKey {
        let kind = self.issuing.key().algorithm();
        let kind = if kind.is_ml_dsa() { kind } else { KeyAlgorithm::P256 };
        self.keys.create(&label(name), kind).unwrap()
    }

    async fn issue_to(&self, order: Order) -> Certificate {
        let with = (&self.store, self.keys.as_ref(), self.entropy.as_ref());
        issued(&self.pack, with, &self.authority, order, self.clock.now()).await
    }

    /// Issues a certificate for a new key of the responder, used from now on.
    pub(crate) async fn renew_responder(&self) -> Certificate {
        let key = self.keys.create(&label("ocsp-2"), self.responder_certificate.key().algorithm()).unwrap();
        let order = Order::ceremony(&profile("ocsp-responder-sub"), named("OCSP responder"), key);
        let renewed = self.issue_to(order).await;
        let mut txn = self.store.write(self.clock.now(), BY).await.unwrap();
        txn.set_ocsp_responder(&id("issuing"), renewed.der(), &label("ocsp-2")).await.unwrap();
        txn.commit(Step::Setup).await.unwrap();
        renewed
    }

    pub(crate) async fn revoke(&self, serial: &SerialNumber, reason: RevocationReason) {
        let now = self.clock.now();
        let mut txn = self.store.write(now, BY).await.unwrap();
        let invalidity_at = (reason == RevocationReason::KeyCompromise).then(|| Timestamp::from_seconds(1_700_000_000));
        txn.revoke(&id("issuing"), serial, &Revocation { reason, revoked_at: now, invalidity_at }).await.unwrap();
        txn.commit(Step::Revoked).await.unwrap();
    }

    pub(crate) fn signer(&self) -> Arc<dyn Signer> {
        self.keys.clone()
    }

    /// The root's first CRL.
    pub(crate) async fn root_crl(&self) -> Vec<u8> {
        let plan = ListPlan::full(CrlPolicy::ROOT);
        let made = crl::refresh(&self.store, &self.signer(), (&id("root"), &plan), self.clock.now()).await;
        match made.unwrap() {
            Refreshed::Stored(head) => {
                let mut txn = self.store.read().await.unwrap();
                txn.latest_crl_octets(&id("root"), head.list).await.unwrap().unwrap()
            }
            Refreshed::Overtaken { number } => panic!("{number} was overtaken"),
        }
    }

    pub(crate) async fn refresh_crl(&self) -> Result<Refreshed, RefreshError> {
        let plan = ListPlan::full(CrlPolicy::ISSUING);
        self.refresh_list(&plan).await
    }

    pub(crate) async fn refresh_list(&self, plan: &ListPlan) -> Result<Refreshed, RefreshError> {
        crl::refresh(&self.store, &self.signer(), (&id("issuing"), plan), self.clock.now()).await
    }

    /// Refreshes and gives the CRL's octets.
    pub(crate) async fn crl(&self) -> Vec<u8> {
        match self.refresh_crl().await.unwrap() {
            Refreshed::Stored(head) => self.octets(head.list).await,
            Refreshed::Overtaken { number } => panic!("{number} was overtaken"),
        }
    }

    /// The octets of the latest of a list.
    pub(crate) async fn octets(&self, list: ListId) -> Vec<u8> {
        self.store.read().await.unwrap().latest_crl_octets(&id("issuing"), list).await.unwrap().unwrap()
    }

    pub(crate) fn responder(&self) -> Responder {
        self.responder_by(OcspPolicy::DEFAULT.into())
    }

    pub(crate) fn responder_by(&self, policies: OcspPolicies) -> Responder {
        Responder::new(self.store.clone(), self.signer(), self.clock.clone(), policies)
    }

    /// Root and issuing certificate in one PEM file.
    pub(crate) fn chain_file(&self) -> PathBuf {
        self.scratch.file("chain.pem", format!("{}{}", self.root.to_pem(), self.issuing.to_pem()))
    }
}

pub(crate) fn id(text: &str) -> AuthorityId {
    AuthorityId::parse(text).unwrap()
}

pub(crate) fn label(text: &str) -> KeyLabel {
    KeyLabel::parse(text).unwrap()
}

pub(crate) fn addresses(authority: &str) -> PublicAddresses {
    PublicAddresses {
        crl: vec![format!("http://pki.example.lg.jp/crl/{authority}.crl")],
        ocsp: vec![format!("http://pki.example.lg.jp/ocsp/{authority}")],
        issuer_certificate: vec![format!("http://pki.example.lg.jp/aia/{authority}.cer")],
    }
}

fn named(common_name: &str) -> DistinguishedName {
    DistinguishedName::new(&[
        (Attribute::Country, StringKind::Printable, "JP"),
        (Attribute::Organisation, StringKind::Printable, "Shirakaba Town"),
        (Attribute::CommonName, StringKind::Printable, common_name),
    ])
    .unwrap()
}

async fn issued(
    pack: &Pack,
    (store, keys, entropy): (&Store, &dyn KeyKeeper, &CountingEntropy),
    authority: &Authority,
    order: Order,
    now: Timestamp,
) -> Certificate {
    let linted = issue::prepare(pack, authority, order, entropy, now).unwrap();
    let (issued, failures) = issue::issue(authority, keys, store, vec![linted], now).await;
    assert!(failures.is_empty(), "{failures:?}");
    Certificate::from_der(issued.first().unwrap().der()).unwrap()
}
