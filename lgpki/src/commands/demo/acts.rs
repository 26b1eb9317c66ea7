//! What people do on the pages, act by act: used by the story and by the tests. Each act ends where its page says that it
//! was done; what is true afterwards is for the caller to check.

use super::DemoError;
use super::people::Persona;
use crate::visitor::{Page, Visitor};
use ca_core::id::RequestNumber;
use ca_core::time::Timestamp;
use std::time::Duration;

/// Logs in with password and confirmation code. A code counts once: where this half minute's was used, the next is taken,
/// which the service accepts for clocks that are ahead. False when neither is accepted (or the password is not).
pub fn log_in(visitor: &mut Visitor, persona: &Persona, now: Timestamp) -> Result<bool, DemoError> {
    for ahead in [0, 30] {
        if log_in_with_code_of(visitor, persona, now.plus(Duration::from_secs(ahead)))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Logs in with the password and the code of one instant, one try. False when it is refused.
pub fn log_in_with_code_of(visitor: &mut Visitor, persona: &Persona, at: Timestamp) -> Result<bool, DemoError> {
    let form = good(visitor.open("/login")?, "the log-in page")?.form("/login")?;
    let form = form.fill("login", &persona.login).fill("password", &persona.password).fill("code", &persona.code(at));
    Ok(visitor.send(&form)?.url.path() == "/home")
}

/// Files a request for a web server's certificate and returns its number. Errors: the request is not accepted.
pub fn file_request(officer: &mut Visitor, names: &str, request: &str) -> Result<RequestNumber, DemoError> {
    file(officer, "web-server", &[("names", names), ("csr", request)])
}

/// Files a request for a certificate of that profile, with what stands in the inputs of its form, and returns its number.
/// Errors: the request is not accepted.
pub fn file(officer: &mut Visitor, profile: &str, inputs: &[(&str, &str)]) -> Result<RequestNumber, DemoError> {
    let path = format!("/requests/new/{profile}");
    let mut form = good(officer.open(&path)?, "the request form")?.form(&path)?;
    for (name, value) in inputs {
        form = form.fill(name, value);
    }
    let confirm = good(officer.send(&form.fill("step", "confirm"))?, "the request")?.form(&path)?;
    let page = good(officer.send(&confirm.fill("step", "submit"))?, "the request")?;
    let number = page.url.path().strip_prefix("/requests/").unwrap_or_default();
    RequestNumber::parse(number).map_err(|_| DemoError::Story(format!("the request was not accepted: {}", page.url)))
}

/// Approves a request in the approval box. Returns the SHA-256 of the statement that was shown and approved, hexadecimal.
pub fn approve(manager: &mut Visitor, number: &RequestNumber) -> Result<String, DemoError> {
    let form = good(manager.open("/approvals")?, "the approval box")?.form(&format!("/requests/{number}/approve"))?;
    let statement = form.value("statement").unwrap_or_default().to_owned();
    good(manager.send(&form)?, "the approval")?;
    Ok(statement)
}

/// The path of the certificate's page, once the request has one.
pub fn certificate_of(officer: &mut Visitor, number: &RequestNumber) -> Result<Option<String>, DemoError> {
    let page = good(officer.open(&format!("/requests/{number}"))?, "the request's page")?.text();
    let link = page.split("href=\"").find_map(|rest| rest.strip_prefix("/certificates/"));
    let mut parts = link.and_then(|rest| rest.split('"').next()).unwrap_or_default().split('/');
    let (authority, serial) = (parts.next(), parts.next());
    Ok(authority.zip(serial).map(|(authority, serial)| format!("/certificates/{authority}/{serial}")))
}

/// Revokes the certificate whose page is at `page`, for being superseded.
pub fn revoke(officer: &mut Visitor, page: &str) -> Result<(), DemoError> {
    let path = format!("{page}/revoke");
    let form = good(officer.open(&path)?, "the revocation form")?.form(&path)?;
    let confirm = officer.send(&form.fill("reason", "superseded").fill("step", "confirm"))?.form(&path)?;
    good(officer.send(&confirm.fill("step", "revoke"))?, "the revocation")?;
    Ok(())
}

/// The page, if it was found.
pub fn good(page: Page, what: &str) -> Result<Page, DemoError> {
    if page.is_ok() {
        return Ok(page);
    }
    let said = page.first_problem().map(|problem| format!(": {problem}")).unwrap_or_default();
    Err(DemoError::Story(format!("{what}: {} answered {}{said}", page.url, page.status)))
}
