//! A request whose key the centre makes, filed as the desk does it: the key made and sealed by the installation's own vault, its
//! row in the transaction that files the request.
#![expect(clippy::expect_used, reason = "a harness: what fails here is a failed test, and says why")]

use crate::program::Installation;
use ca_core::audit::Actor;
use ca_core::id::{RequestId, RequestNumber};
use ca_core::key::KeyAlgorithm;
use ca_core::name::{AlternativeNames, EmailAddress};
use ca_core::profile::{Field, Fields};
use ca_core::request::{Application, KeyOrigin, NewRequest};
use ca_core::time::Clock;
use hsm_adapters::centre::{Purpose, SealedFor, Vault};
use lgpki::clock::SystemClock;
use lgpki::entropy::SystemEntropy;
use lgpki::secrets::PassphraseSource;
use lgpki::{config, installation};
use ra_web::centre::CentreKeys;
use std::sync::Arc;
use store::{OpenOptions, Step, Store};

/// What was filed, and what must be gone from the database in the end.
pub struct FiledWithUs {
    /// Its number.
    pub number: RequestNumber,
    /// The sealed private key, as it stands in its row.
    pub sealed: Vec<u8>,
    /// The private key, PKCS#8.
    pub pkcs8: Vec<u8>,
}

/// Files a request for a mail certificate by the officer of 白樺町.
///
/// # Panics
/// When that does not work: a failed test.
pub fn filed_with_us(place: &Installation, algorithm: KeyAlgorithm) -> FiledWithUs {
    let config = config::load(&place.folder().join("lgpki.toml")).expect("the configuration is read");
    let keys = installation::open_keys(&config, &PassphraseSource::default()).expect("the folder of keys opens");
    let centre = lgpki::centre::open(&config, &keys).expect("the vault opens").expect("there is a vault");
    let vault = Vault::open(&keys).expect("the vault opens");
    let (profile, now) =
        (config.policy.packs.profile_named("mail").expect("a mail profile").1.clone(), SystemClock.now());
    let fields =
        Fields::default().with(Field::OrganisationEn, "Shirakaba Town").with(Field::ServiceEn, "General Affairs");
    let subject = profile.subject.as_ref().expect("a template").fill(&fields).expect("it is filled");
    let email = EmailAddress::parse("soumu@town.shirakaba.lg.jp").expect("an address");
    let id = RequestId::new(now, &SystemEntropy).expect("an id");
    let made = centre.make(algorithm, &id).expect("a key is made");
    let sealed_for = SealedFor { purpose: Purpose::HolderKey, id: id.as_str() };
    let pkcs8 = vault.open_sealed(sealed_for, &made.sealed).expect("it opens again").to_vec();
    let officer = &place.personas.officer().expect("an officer").login;
    let sealed = made.sealed.clone();
    let work = async {
        let store = Store::open(place.database.url(), &OpenOptions::new(Arc::new(SystemEntropy))).await?;
        let account = store.read().await?.account_by_login(officer).await?.expect("the officer has an account");
        let mut txn = store.write(now, Actor::Person(account.account_id.clone())).await?;
        let number = txn.next_request_number(now).await?;
        let request = NewRequest {
            organisation: account.organisation_id,
            profile: profile.id.clone(),
            subject,
            names: AlternativeNames { emails: vec![email], ..AlternativeNames::default() },
            key: made.public,
            origin: KeyOrigin::Centre,
            starts_at: None,
        };
        let application = Application::submitted(id, number.clone(), account.account_id, now, request);
        txn.insert_request(&application).await?;
        txn.keep_holder_key(application.id(), &made.sealed).await?;
        txn.commit(Step::RequestSubmitted).await?;
        store.close().await;
        Ok::<_, store::StoreError>(number)
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let number = runtime.block_on(work).expect("the request is filed");
    FiledWithUs { number, sealed, pkcs8 }
}

/// The PIN on a slip, as it is typed.
///
/// # Panics
/// When the page is no slip.
pub fn pin_on(slip: &str) -> String {
    let (_, groups) = slip.split_once("slip__pin").expect("a PIN on the page");
    let groups = groups.split("</p>").next().unwrap_or_default();
    groups.split("<span>").skip(1).filter_map(|rest| rest.split('<').next()).collect()
}

/// The path of the link on its page.
///
/// # Panics
/// When there is none.
pub fn link_on(page: &str) -> String {
    let (_, link) = page.split_once("readonly").and_then(|(_, rest)| rest.split_once(">\n")).expect("a link");
    let link = link.split('<').next().unwrap_or_default();
    url::Url::parse(link).expect("an address").path().to_owned()
}
