//! Requests that come to a ceremony: a CSR, or a list of certificates to be revoked (`lgpki.revocations/1`). What one says is
//! read once when it comes, told to the people, and read again by the step that acts on it.

use super::bundle::Content;
use crate::out::visible;
use crate::trouble::{Exit, Trouble};
use ca_core::id::AuthorityId;
use ca_core::request::Csr;
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use serde::{Deserialize, Serialize};

/// What `schema` says.
const SCHEMA: &str = "lgpki.revocations/1";
/// What lists of revocations end in.
pub const LIST: &str = ".revocations.json";

/// A certificate somebody asks to be revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Who issued it.
    pub authority: AuthorityId,
    /// Its serial number.
    pub serial: SerialNumber,
    /// Why.
    pub reason: RevocationReason,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    schema: String,
    revocations: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    authority: String,
    serial: String,
    reason: String,
}

/// The list as it travels. Errors: a fault of the program.
pub fn list(wanted: &[Wanted]) -> Result<String, Trouble> {
    let entry = |one: &Wanted| Entry {
        authority: one.authority.to_string(),
        serial: one.serial.to_string(),
        reason: one.reason.as_str().to_owned(),
    };
    let list = List { schema: SCHEMA.to_owned(), revocations: wanted.iter().map(entry).collect() };
    let text = serde_json::to_string_pretty(&list);
    text.map_err(|error| Trouble::new(Exit::Bug, "the list cannot be written").because(error))
}

/// The list in `text`. Errors: exit 7 with what is wrong in it.
pub fn listed(text: &str) -> Result<Vec<Wanted>, Trouble> {
    let refused = |why: String| Trouble::new(Exit::Refused, "this is no list of revocations").because(why);
    let list: List = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
    if list.schema != SCHEMA {
        return Err(refused(format!("it is of the kind {:?}, not {SCHEMA}", list.schema)));
    }
    let mut all: Vec<Wanted> = Vec::new();
    for entry in list.revocations {
        let authority = AuthorityId::parse(&entry.authority).map_err(|error| refused(error.to_string()))?;
        let serial = SerialNumber::parse_hex(&entry.serial).map_err(|error| refused(error.to_string()))?;
        let reason = RevocationReason::parse(&entry.reason);
        let reason = reason.ok_or_else(|| refused(format!("{:?} is no reason (RFC 5280 §5.3.1)", entry.reason)))?;
        if all.iter().any(|one| (&one.authority, &one.serial) == (&authority, &serial)) {
            return Err(refused(format!("{serial} of {authority} is in it twice")));
        }
        all.push(Wanted { authority, serial, reason });
    }
    Ok(all)
}

/// What a request says, for the people of the ceremony. Errors: exit 7 when it is none, or nothing proves that its sender has
/// the key.
pub fn told(content: &Content) -> Result<String, Trouble> {
    if content.file.ends_with(LIST) {
        let entries = listed(&content.text)?;
        let said = |one: &Wanted| format!("{} of {} ({})", one.serial, one.authority, one.reason.as_str());
        return Ok(format!("revoke {}", entries.iter().map(said).collect::<Vec<_>>().join("; ")));
    }
    let refused = |error: ca_core::request::CsrError| {
        Trouble::new(Exit::Refused, format!("{} is refused", content.file)).because(error)
    };
    let csr = Csr::parse(content.text.as_bytes()).map_err(refused)?;
    let asks = csr.requested_subject().map(|name| format!(", which calls itself {}", visible(name)));
    let said = format!("certify a key {}{}", csr.key().algorithm(), asks.unwrap_or_default());
    csr.prove().map_err(refused)?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(serial: &str) -> Wanted {
        Wanted {
            authority: AuthorityId::parse("root").unwrap(),
            serial: SerialNumber::parse_hex(serial).unwrap(),
            reason: RevocationReason::KeyCompromise,
        }
    }

    #[test]
    fn a_list_is_read_as_it_was_written_and_nothing_stands_in_it_twice() {
        let two = [wanted("0a1b"), wanted("0c")];
        let text = list(&two).unwrap();
        assert_eq!(listed(&text).unwrap(), two);
        assert_eq!(listed(&list(&[wanted("0a"), wanted("0a")]).unwrap()).unwrap_err().exit(), Exit::Refused);
        for (from, to) in [("revocations/1", "revocations/2"), ("keyCompromise", "lost"), ("root", "Not A Word")] {
            assert_eq!(listed(&text.replace(from, to)).unwrap_err().exit(), Exit::Refused, "{to}");
        }
    }

    #[test]
    fn what_is_told_of_a_list_names_each_certificate() {
        let content = Content::new("a.revocations.json", list(&[wanted("0a1b")]).unwrap());
        assert_eq!(told(&content).unwrap().to_lowercase(), "revoke 0a1b of root (keycompromise)");
        assert_eq!(told(&Content::new("a.csr.pem", "no request".into())).unwrap_err().exit(), Exit::Refused);
    }
}
