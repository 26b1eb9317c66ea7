//! The main job, played through the pages and services a person and a relying party use: asked for, approved, issued,
//! answered for, revoked. Every step is checked with what came over HTTP, not with what the database says.

use super::DemoError;
use super::acts::{self, good};
use super::people::{DOMAIN, Persona, Personas};
use super::teller::Teller;
use crate::visitor::Visitor;
use ca_core::certificate::Certificate;
use ca_core::entropy::Entropy;
use ca_core::id::RequestNumber;
use ca_core::time::{Clock, Timestamp};
use crl::CertificateList;
use ocsp::{CertIdDigest, CertStatus};
use std::time::{Duration, Instant};
use url::Url;

/// How long the story waits for the service before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks meanwhile.
const GLANCE: Duration = Duration::from_millis(15);

/// Where the service is and who acts.
pub struct Scene<'a> {
    /// The registration application.
    pub pages: &'a Url,
    /// CRLs, CA certificates and OCSP.
    pub repository: &'a Url,
    /// Who acts.
    pub personas: &'a Personas,
    /// The request file; with its key where we made it.
    pub request: String,
    /// The clock of the service.
    pub clock: &'a dyn Clock,
    /// For nonces.
    pub entropy: &'a dyn Entropy,
}

/// What the story left behind, each in DER.
pub struct Artefacts {
    /// The request's number.
    pub number: RequestNumber,
    /// The certificate asked for.
    pub server: Certificate,
    /// Its issuer.
    pub issuing: Certificate,
    /// The root.
    pub root: Certificate,
    /// The delegated OCSP responder.
    pub responder: Certificate,
    /// The root's CRL.
    pub root_crl: Vec<u8>,
    /// The issuer's CRL before the revocation.
    pub crl_before: Vec<u8>,
    /// And after.
    pub crl_after: Vec<u8>,
    /// The OCSP answer before the revocation.
    pub ocsp_good: Vec<u8>,
    /// And after.
    pub ocsp_revoked: Vec<u8>,
    /// When the certificate was in the officer's hands, since the start of the program.
    pub first_certificate: Duration,
}

/// Plays it. `started` is when the program began. Errors: a step did not do what it should; the text says which.
pub fn play(scene: &Scene<'_>, started: Instant, tell: &mut Teller) -> Result<Artefacts, DemoError> {
    let mut public = Visitor::new(scene.repository);
    let root = authority(&mut public, "root")?;
    let issuing = authority(&mut public, "application-ca")?;
    let now = scene.clock.now();
    root.verify(&root, now).and_then(|()| issuing.verify(&root, now)).map_err(unexpected)?;
    let root_crl = crl_of(&mut public, "root", &root, now)?.0;

    let mut officer = log_in(scene, scene.personas.officer()?, tell)?;
    let number = file_request(scene, &mut officer, tell)?;
    let mut manager = log_in(scene, scene.personas.manager()?, tell)?;
    approve(&mut manager, &number, tell)?;
    let (server, page) = fetch_certificate(scene, &mut officer, &number, &issuing, tell)?;
    let first_certificate = started.elapsed();

    let (ocsp_good, responder) = ask(scene, &mut public, &issuing, &server, Expected::Good, tell)?;
    let (crl_before, before) = crl_of(&mut public, "application-ca", &issuing, scene.clock.now())?;
    if lists(&before, &server) {
        return Err(DemoError::Story("the CRL lists a certificate that is not revoked".to_owned()));
    }
    let number_before = before.number.unwrap_or(0);
    tell.step(
        format!("the CRL is fetched: number {number_before}"),
        "signed by the application CA, current, the certificate is not on it",
    );

    revoke(&mut officer, &page, tell)?;
    let (crl_after, after) = wait_for("the new CRL", || {
        let (der, list) = crl_of(&mut public, "application-ca", &issuing, scene.clock.now())?;
        Ok(lists(&list, &server).then_some((der, list)))
    })?;
    let number_after = after.number.unwrap_or(0);
    if number_after <= number_before {
        return Err(DemoError::Story(format!("the CRL number fell from {number_before} to {number_after}")));
    }
    tell.step(
        format!("the new CRL is fetched: number {number_after}"),
        "signed by the application CA, number risen, the certificate is on it",
    );
    let (ocsp_revoked, _) = ask(scene, &mut public, &issuing, &server, Expected::Revoked, tell)?;
    Ok(Artefacts {
        number,
        server,
        issuing,
        root,
        responder,
        root_crl,
        crl_before,
        crl_after,
        ocsp_good,
        ocsp_revoked,
        first_certificate,
    })
}

fn unexpected(error: impl std::fmt::Display) -> DemoError {
    DemoError::Story(error.to_string())
}

/// Looks again and again until there is something. Errors: nothing within [`PATIENCE`], or looking failed.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>, DemoError>) -> Result<T, DemoError> {
    let begin = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if begin.elapsed() > PATIENCE {
            return Err(DemoError::Story(format!("{what} did not come within {} s", PATIENCE.as_secs())));
        }
        std::thread::sleep(GLANCE);
    }
}

fn authority(public: &mut Visitor, name: &str) -> Result<Certificate, DemoError> {
    let page = good(public.open(&format!("/aia/{name}.cer"))?, "the CA certificate")?;
    Certificate::from_der(&page.body).map_err(unexpected)
}

/// The CRL as a relying party takes it: the issuer's, signed by it, and current at `now`.
fn crl_of(
    public: &mut Visitor,
    name: &str,
    issuer: &Certificate,
    now: Timestamp,
) -> Result<(Vec<u8>, CertificateList), DemoError> {
    let page = good(public.open(&format!("/crl/{name}.crl"))?, "the CRL")?;
    let list = CertificateList::parse(&page.body).map_err(unexpected)?;
    list.verify(issuer).map_err(unexpected)?;
    if list.issuer != *issuer.subject() {
        return Err(DemoError::Story(format!("the CRL is {}'s", list.issuer)));
    }
    if list.this_update > now || list.next_update.is_none_or(|next| next <= now) {
        return Err(DemoError::Story("the CRL is not current".to_owned()));
    }
    Ok((page.body, list))
}

fn lists(list: &CertificateList, certificate: &Certificate) -> bool {
    list.entries.iter().any(|entry| entry.serial == *certificate.serial())
}

/// Length of a time step of confirmation codes, in seconds (RFC 6238 §4.1).
const CODE_STEP: u64 = 30;

/// Logs in. A third run within half a minute finds both codes used and has to wait for the next; trying on would only make
/// the account wait longer.
fn log_in(scene: &Scene<'_>, persona: &Persona, tell: &mut Teller) -> Result<Visitor, DemoError> {
    let mut visitor = Visitor::new(scene.pages);
    if !acts::log_in(&mut visitor, persona, scene.clock.now())? {
        let passed = u64::try_from(scene.clock.now().seconds()).unwrap_or(0) % CODE_STEP;
        let wait = CODE_STEP.saturating_sub(passed).saturating_add(1);
        tell.line(&format!("             earlier runs used the codes of this half minute; the next comes in {wait} s"));
        std::thread::sleep(Duration::from_secs(wait));
        let ahead = scene.clock.now().plus(Duration::from_secs(CODE_STEP));
        if !acts::log_in_with_code_of(&mut visitor, persona, ahead)? {
            return Err(DemoError::Story(format!(
                "the log-in of {} is refused; wait a minute and try again",
                persona.login
            )));
        }
    }
    let did = format!("{} ({}) logs in", persona.name, persona.role);
    tell.step(did, "password and confirmation code accepted, session begun, home page shown");
    Ok(visitor)
}

fn file_request(scene: &Scene<'_>, officer: &mut Visitor, tell: &mut Teller) -> Result<RequestNumber, DemoError> {
    let name = format!("www.{DOMAIN}");
    let number = acts::file_request(officer, &name, &scene.request)?;
    tell.step(
        format!("a request is filed for {name}: {number}"),
        "accepted by the service: proof of possession, a strong key never used before, a name within the town's domain",
    );
    Ok(number)
}

fn approve(manager: &mut Visitor, number: &RequestNumber, tell: &mut Teller) -> Result<(), DemoError> {
    let statement: String = acts::approve(manager, number)?.chars().take(16).collect();
    tell.step(
        format!("another person approves {number}"),
        format!("accepted by the service: another person than the requester, statement {statement}… as it was shown"),
    );
    Ok(())
}

/// Waits until the request has its certificate, downloads and verifies it. Returns it and the path of its page.
fn fetch_certificate(
    scene: &Scene<'_>,
    officer: &mut Visitor,
    number: &RequestNumber,
    issuing: &Certificate,
    tell: &mut Teller,
) -> Result<(Certificate, String), DemoError> {
    let path = wait_for("the certificate", || acts::certificate_of(officer, number))?;
    let der = good(officer.open(&format!("{path}/download/der"))?, "the certificate")?.body;
    let certificate = Certificate::from_der(&der).map_err(unexpected)?;
    certificate.verify(issuing, scene.clock.now()).map_err(unexpected)?;
    let wanted = format!("www.{DOMAIN}");
    if !certificate.extensions().dns_names.contains(&wanted) {
        return Err(DemoError::Story(format!("the certificate does not name {wanted}")));
    }
    tell.step(
        format!("the CA has issued serial {}", certificate.serial()),
        format!(
            "verifies under the application CA, names {wanted}, valid until {}",
            certificate.validity().not_after.jst()
        ),
    );
    Ok((certificate, path))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Good,
    Revoked,
}

/// Asks OCSP with a nonce and judges the answer as a relying party does. Returns it and the responder.
fn ask(
    scene: &Scene<'_>,
    public: &mut Visitor,
    issuing: &Certificate,
    server: &Certificate,
    expected: Expected,
    tell: &mut Teller,
) -> Result<(Vec<u8>, Certificate), DemoError> {
    let mut nonce = vec![0u8; 32];
    scene.entropy.fill(&mut nonce).map_err(unexpected)?;
    let question = ocsp::client::question(issuing, server.serial(), CertIdDigest::Sha256, Some(nonce));
    let page = public.post("/ocsp/application-ca", "application/ocsp-request", &question.to_der())?;
    let answer = ocsp::client::judge(&page.body, &question, issuing, scene.clock.now()).map_err(unexpected)?;
    let responder = answer.responder.ok_or_else(|| unexpected("the issuer answered itself"))?;
    let status = answer.responses.first().map(|response| response.status);
    let word = match (expected, status) {
        (Expected::Good, Some(CertStatus::Good)) => "good",
        (Expected::Revoked, Some(CertStatus::Revoked { .. })) => "revoked",
        (_, other) => return Err(DemoError::Story(format!("OCSP says {other:?}"))),
    };
    tell.step(format!("OCSP says {word}"), "signed by the delegated responder, nonce echoed, times current");
    Ok((page.body, responder))
}

fn revoke(officer: &mut Visitor, page: &str, tell: &mut Teller) -> Result<(), DemoError> {
    acts::revoke(officer, page)?;
    tell.step(
        "the certificate is revoked: superseded",
        "confirmed on a page of its own; revocation, audit event and jobs are one transaction",
    );
    Ok(())
}
