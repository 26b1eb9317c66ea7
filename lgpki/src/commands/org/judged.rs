//! What `org add` asks the register before it registers anybody: names for those who left them out, a word about names that
//! differ, and whether the domains can be this body's.

use super::Add;
use crate::registration::{NewOrganisation, local_government_code};
use crate::trouble::{Exit, Trouble};
use ca_core::name::DnsName;
use ca_core::register::{
    Applicant, BodyKind, DomainVerdict, Register, RegisterAt, RegisteredBody, english_name, judge_domain,
};
use ca_core::time::Timestamp;
use std::path::Path;

/// An organisation as it is to be registered.
pub(super) struct Judged {
    /// Checked, and completed from the register.
    pub(super) new: NewOrganisation,
    /// What it is, if that is known.
    pub(super) kind: Option<BodyKind>,
    /// What the register adds or has otherwise; said once it is registered.
    pub(super) notes: Vec<String>,
}

/// No kind of body.
#[derive(Debug, thiserror::Error)]
#[error("it is one of {}", BodyKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "))]
pub(super) struct UnknownKind;

/// A kind by its word. Errors: another word.
pub(super) fn kind(word: &str) -> Result<BodyKind, UnknownKind> {
    BodyKind::of(word).ok_or(UnknownKind)
}

/// The shipped register, with the bodies of `file` if there is one. Errors: exit 3 for a file that cannot be read or is no
/// register.
pub(super) fn register(file: Option<&Path>) -> Result<Register, Trouble> {
    let register = Register::shipped()
        .map_err(|error| Trouble::new(Exit::Bug, "the register in this program cannot be read").because(error))?;
    let Some(file) = file else { return Ok(register) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| Trouble::new(Exit::Configuration, format!("cannot read {}", file.display())).because(error))?;
    register.with(&text).map_err(|error| {
        Trouble::new(Exit::Configuration, format!("{} is no register of bodies", file.display()))
            .because(error)
            .advice("write lines of code,kind,name,reading,label (900010,provider,白樺情報,シラカバジョウホウ,) or of code,label")
    })
}

/// What is to be registered: checked, completed from the register, its domains judged. Errors: exit 2 for what is missing or
/// wrong, exit 7 for a domain that cannot be this body's, or that does not look like it and is not said to be right.
pub(super) fn read(add: &Add, now: Timestamp) -> Result<Judged, Trouble> {
    let code = local_government_code(&add.code)?;
    let register = register(add.register.as_deref())?;
    let at = register.at(now);
    let known = at.body(&code);
    let name = given_or(add.name.as_ref(), known.map(|body| body.name.clone()), "--name", "白樺町")?;
    let kana = given_or(add.kana.as_ref(), known.map(|body| body.kana.clone()), "--kana", "シラカバチョウ")?;
    let mut notes = Vec::new();
    let name_en = latin(add, known, &mut notes)?;
    let new = NewOrganisation::read(&add.code, &name, &kana, &name_en, &add.domains)?;
    let kind = add.kind.or(known.map(|body| body.kind)).or_else(|| BodyKind::guessed(&name, &code));
    if let Some(kind) = kind.filter(|kind| !kind.fits(&code)) {
        return Err(Trouble::new(Exit::Usage, format!("{code} is no code of a {kind}")).advice(
            "look at --code and --kind; approved bodies and providers have numbers of your own from 900010 on",
        ));
    }
    notes.extend(disagreement(known, &register, &new));
    let applicant = Applicant { code, kind };
    new.domains().iter().try_for_each(|domain| judge(at, &applicant, domain, add.domain_as_typed))?;
    Ok(Judged { new, kind, notes })
}

fn given_or(given: Option<&String>, known: Option<String>, option: &str, example: &str) -> Result<String, Trouble> {
    given.cloned().or(known).ok_or_else(|| {
        Trouble::new(Exit::Usage, format!("{option} is missing"))
            .because("the code is not in the register, so the program cannot know it")
            .advice(format!("write {option} \"{example}\", or find the code with `lgpki org register search`"))
    })
}

fn latin(add: &Add, known: Option<&RegisteredBody>, notes: &mut Vec<String>) -> Result<String, Trouble> {
    if let Some(given) = &add.name_en {
        return Ok(given.clone());
    }
    if let Some((body, derived)) = known.and_then(|body| Some((body, english_name(body)?))) {
        let source = if body.label.is_some() { "the LG.JP name" } else { "the reading" };
        notes
            .push(format!("certificates will carry \"{derived}\", derived from {source}; write --name-en for another"));
        return Ok(derived);
    }
    Err(Trouble::new(Exit::Usage, "--name-en is missing")
        .because("certificates carry the name in Latin letters, and the register has no reading to derive it from")
        .advice("write --name-en \"Shirakaba Town\""))
}

/// Where the register knows the body otherwise, or not.
fn disagreement(known: Option<&RegisteredBody>, register: &Register, new: &NewOrganisation) -> Option<String> {
    let (code, name) = (new.code(), new.name());
    match known {
        Some(body) if body.name != name => Some(format!(
            "the register knows {code} as {}, not as {name}; look whether the code is the right one",
            body.name
        )),
        Some(_) => None,
        None if code.prefecture().is_none() => None,
        None if register.body(code).is_some() => {
            Some(format!("{code} is not in force any more; `lgpki org register show {code}` says what became of it"))
        }
        None => Some(format!("{code} is not in the register of local governments; look whether it is the right code")),
    }
}

fn judge(at: RegisterAt<'_>, applicant: &Applicant, domain: &DnsName, as_typed: bool) -> Result<(), Trouble> {
    let refused = |why: String| Trouble::new(Exit::Refused, format!("{domain} is not registered")).because(why);
    match judge_domain(at, applicant, domain) {
        DomainVerdict::OtherBody(holder) => {
            let name = at.body(&holder).map_or("", |body| body.name.as_str());
            Err(refused(format!("it belongs to {holder} {name}"))
                .advice("write this organisation's own domain; `lgpki org register search` shows whose is whose"))
        }
        DomainVerdict::ReadsLike(other) if !as_typed => {
            let name = at.body(&other).map_or("", |body| body.name.as_str());
            Err(refused(format!("it reads like the name of {other} {name}"))
                .advice("write this organisation's own domain, or add --domain-as-typed if it is right"))
        }
        DomainVerdict::NearMiss(meant) if !as_typed => Err(refused(format!("it looks like a slip of {meant}"))
            .advice(format!("write --domain {meant}, or add --domain-as-typed if it is right"))),
        DomainVerdict::NotAllowed(fault) if !as_typed => Err(refused(fault.to_string())
            .advice("write the organisation's own domain, or add --domain-as-typed if it is right")),
        _ => Ok(()),
    }
}
