//! A machine that turns a bit over in what its software keys sign: what is signed goes nowhere, and the key signs nothing more,
//! whether it was a certificate, a CRL or an OCSP answer.

use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::issue::{Order, prepare};
use ca_core::key::{SignatureAlgorithm, SubjectKey};
use ca_core::revocation::ListId;
use ca_core::signer::{Signer, SignerError, Tbs, Urgency};
use ca_core::time::Clock;
use crl::draft::DraftError;
use crl::{CrlPolicy, ListPlan, RefreshError};
use lgpki::clock::SystemClock;
use lgpki::entropy::SystemEntropy;
use lgpki::foundry::{Established, NotIssued, issue_one};
use lgpki::installation::{Repository, open_current, open_key_stores};
use lgpki::keys::KeyStores;
use lgpki::secrets::KeySecrets;
use lgpki_tests::databases::Kind;
use lgpki_tests::invariants::{broken, count};
use lgpki_tests::program::Installation;
use ocsp::client::question;
use ocsp::{CertIdDigest, OcspPolicy, OcspResponse, Refusal, Responder};
use std::sync::Arc;
use store::Store;

const CA: &str = "application-ca";
const RESPONDER: &str = "application-ca-ocsp";

/// Real keys, and a bit that is turned over in every signature of one kind.
struct Bent {
    keys: KeyStores,
    of: Urgency,
}

impl Signer for Bent {
    fn public_key(&self, label: &KeyLabel) -> Result<SubjectKey, SignerError> {
        self.keys.public_key(label)
    }

    fn sign(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        batch: &[Tbs<'_>],
    ) -> Vec<Result<Vec<u8>, SignerError>> {
        let bend = |(signature, tbs): (Result<Vec<u8>, SignerError>, &Tbs<'_>)| {
            signature.map(|mut octets| {
                let last = octets.last_mut().unwrap();
                *last ^= u8::from(tbs.urgency() == self.of);
                octets
            })
        };
        self.keys.sign(label, algorithm, batch).into_iter().zip(batch).map(bend).collect()
    }

    fn distrust(&self, label: &KeyLabel, reason: &str) {
        self.keys.distrust(label, reason);
    }
}

/// An installation whose database and keys are open here.
struct Site {
    installation: Installation,
    repository: Repository,
    packs: ca_core::profile::Packs,
    store: Store,
    keys: KeyStores,
}

impl Site {
    async fn new() -> Self {
        let installation = tokio::task::spawn_blocking(|| Installation::new(Kind::Sqlite)).await.unwrap();
        let config = lgpki::config::load(&installation.folder().join("lgpki.toml")).unwrap();
        let store = open_current(&config.database).await.unwrap();
        let keys = open_key_stores(&config, &KeySecrets::default()).unwrap();
        let (repository, packs) = (Repository::of(&config.public), config.policy.packs);
        Self { installation, repository, packs, store, keys }
    }

    fn bent(&self, of: Urgency) -> Arc<dyn Signer> {
        Arc::new(Bent { keys: self.keys.clone(), of })
    }

    async fn ca(&self) -> Established {
        let row = self.store.read().await.unwrap().authority(&id(CA)).await.unwrap().unwrap();
        Established::of(&row, &self.repository).unwrap()
    }

    fn responder(&self, signer: Arc<dyn Signer>) -> Responder {
        Responder::new(self.store.clone(), signer, Arc::new(SystemClock), OcspPolicy::DEFAULT)
    }

    /// That the key is out of service for this reason, and signs nothing; the other one signs.
    fn is_out_of_service(&self, out: &str, because: &str, other: &str) {
        let reason = self.keys.withheld(&label(out)).unwrap_or_default();
        assert!(reason.contains(because), "{out}: {reason}");
        let sign = |key: &str| {
            let with = self.keys.public_key(&label(key)).unwrap().algorithm().signature_algorithm();
            self.keys.sign(&label(key), with, &[Tbs::Probe(b"anything")]).remove(0)
        };
        assert!(matches!(sign(out), Err(SignerError::Unusable { reason, .. }) if reason.contains("out of service")));
        assert!(sign(other).is_ok());
    }
}

fn id(text: &str) -> AuthorityId {
    AuthorityId::parse(text).unwrap()
}

fn label(text: &str) -> KeyLabel {
    KeyLabel::parse(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_signed_wrongly_takes_its_key_out_of_service() {
    let site = Site::new().await;
    let (ca, now) = (site.ca().await, SystemClock.now());
    let (pack, rule) = site.packs.authority(&id(CA)).unwrap();
    let profile = pack.profile(&rule.ocsp.as_ref().unwrap().profile).unwrap();
    // Any certificate will do: one more for the key of its responder.
    let key = site.keys.public_key(&label(RESPONDER)).unwrap();
    let subject = lgpki::foundry::responder_name(ca.certificate.subject()).unwrap();
    let linted = prepare(pack, &ca.authority, Order::ceremony(profile, subject, key), &SystemEntropy, now).unwrap();
    let refused = issue_one(&site.store, site.bent(Urgency::Issuance), &ca.authority, linted, now).await;
    assert!(matches!(refused, Err(NotIssued::Failed(_))), "{refused:?}");
    site.is_out_of_service(CA, "it signed a certificate wrongly", RESPONDER);
    let burnt = count(&site.installation.database, "select count(*) from certificate where der is null");
    assert_eq!(burnt, 1, "its serial is burnt");
    assert_eq!(broken(&site.installation.database), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crl_that_is_signed_wrongly_takes_its_key_out_of_service() {
    let site = Site::new().await;
    let before = site.store.read().await.unwrap().latest_crl(&id(CA), ListId::FULL).await.unwrap();
    let (signer, plan) = (site.bent(Urgency::Crl), ListPlan::full(CrlPolicy::ISSUING));
    let refused = crl::refresh(&site.store, &signer, (&id(CA), &plan), SystemClock.now()).await;
    assert!(matches!(refused, Err(RefreshError::Check(_))), "{refused:?}");
    site.is_out_of_service(CA, "it signed a CRL wrongly", RESPONDER);
    let after = site.store.read().await.unwrap().latest_crl(&id(CA), ListId::FULL).await.unwrap();
    assert_eq!(before, after, "the one that was served is served");
    let again = crl::refresh(&site.store, &signer, (&id(CA), &plan), SystemClock.now()).await;
    assert!(matches!(again, Err(RefreshError::Draft(DraftError::Signer(SignerError::Unusable { .. })))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_signed_wrongly_takes_its_key_out_of_service() {
    for ahead in [false, true] {
        let site = Site::new().await;
        let ca = site.ca().await;
        let row = site.store.read().await.unwrap().authority(&id(CA)).await.unwrap().unwrap();
        let asked = ca_core::certificate::Certificate::from_der(&row.ocsp_certificate.unwrap()).unwrap();
        let bent = site.responder(site.bent(Urgency::Ocsp));
        let ask = question(&ca.certificate, asked.serial(), CertIdDigest::Sha256, None);
        if ahead {
            bent.presign(&id(CA), &[asked.serial().clone()]).await.unwrap_err();
        } else {
            let answer = bent.answer(&id(CA), &ask).await.der;
            assert_eq!(OcspResponse::parse(&answer).unwrap(), OcspResponse::Refused(Refusal::InternalError));
        }
        site.is_out_of_service(RESPONDER, "it signed an OCSP answer wrongly", CA);
        // Now that it is known, whoever asks is told to come again.
        let answer = bent.answer(&id(CA), &ask).await.der;
        assert_eq!(OcspResponse::parse(&answer).unwrap(), OcspResponse::Refused(Refusal::TryLater));
        assert_eq!(count(&site.installation.database, "select count(*) from ocsp_response"), 0);
    }
}
