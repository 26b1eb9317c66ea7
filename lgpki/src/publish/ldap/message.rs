//! Messages of LDAPv3 (RFC 4511), as far as publishing needs them: written in DER, which is BER, and read as the BER that servers
//! send.

use ca_core::der::{Writer, tag};

/// APPLICATION tags of RFC 4511 §4.2 and following.
pub(super) mod op {
    pub(in super::super) const BIND: u8 = 0x60;
    pub(in super::super) const BOUND: u8 = 0x61;
    pub(in super::super) const UNBIND: u8 = 0x42;
    pub(in super::super) const SEARCH: u8 = 0x63;
    pub(in super::super) const ENTRY: u8 = 0x64;
    pub(in super::super) const FOUND: u8 = 0x65;
    pub(in super::super) const MODIFY: u8 = 0x66;
    pub(in super::super) const MODIFIED: u8 = 0x67;
    pub(in super::super) const ADD: u8 = 0x68;
    pub(in super::super) const ADDED: u8 = 0x69;
}

/// An attribute with its values.
pub type Values = (String, Vec<Vec<u8>>);

/// Octets that are no LDAP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the directory sent something that is no LDAP message: {0}")]
pub struct Malformed(pub(super) &'static str);

/// A message with that number: what `operation` writes.
pub(super) fn message(number: u32, operation: impl FnOnce(&mut Writer)) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            operation(w);
            w.integer(u64::from(number));
        });
    })
}

/// BindRequest with a password (RFC 4511 §4.2).
pub(super) fn bind(w: &mut Writer, name: &str, password: &str) {
    w.constructed(op::BIND, |w| {
        w.primitive(tag::context(0), password.as_bytes());
        w.octet_string(name.as_bytes());
        w.integer(3);
    });
}

/// SearchRequest for one entry (RFC 4511 §4.5.1): base object, no aliases, any object class.
pub(super) fn search(w: &mut Writer, name: &str, attributes: &[&str]) {
    w.constructed(op::SEARCH, |w| {
        w.sequence(|w| attributes.iter().rev().for_each(|attribute| w.octet_string(attribute.as_bytes())));
        w.primitive(tag::context(7), b"objectClass");
        w.boolean(false);
        // No limits of time and size: it is one entry.
        w.integer(0);
        w.integer(0);
        w.enumerated(0);
        w.enumerated(0);
        w.octet_string(name.as_bytes());
    });
}

/// AddRequest (RFC 4511 §4.7).
pub(super) fn add(w: &mut Writer, name: &str, attributes: &[Values]) {
    w.constructed(op::ADD, |w| {
        w.sequence(|w| attributes.iter().rev().for_each(|attribute| values(w, attribute)));
        w.octet_string(name.as_bytes());
    });
}

/// How a value is changed (RFC 4511 §4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// These values besides those there are.
    Add,
    /// These values instead of those there are.
    Replace,
}

/// ModifyRequest of one attribute (RFC 4511 §4.6).
pub(super) fn modify(w: &mut Writer, name: &str, (change, attribute): (Change, &Values)) {
    w.constructed(op::MODIFY, |w| {
        w.sequence(|w| {
            w.sequence(|w| {
                values(w, attribute);
                w.enumerated(match change {
                    Change::Add => 0,
                    Change::Replace => 2,
                });
            });
        });
        w.octet_string(name.as_bytes());
    });
}

fn values(w: &mut Writer, (name, values): &Values) {
    w.sequence(|w| {
        w.constructed(tag::SET, |w| values.iter().rev().for_each(|value| w.octet_string(value)));
        w.octet_string(name.as_bytes());
    });
}

/// What a server says of an operation (RFC 4511 §4.1.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// resultCode; 0 for success.
    pub code: u32,
    /// diagnosticMessage.
    pub said: String,
}

/// A message of a directory, taken apart (RFC 4511 §4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryAnswer {
    /// The number of the request it answers.
    pub number: u32,
    /// What it says.
    pub what: Told,
}

/// What a directory says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// SearchResultEntry: the attributes of an entry.
    Entry(Vec<Values>),
    /// What came of an operation; the tag of its answer.
    Outcome(u8, Outcome),
    /// Something else, such as a reference to another server.
    Other,
}

impl DirectoryAnswer {
    /// Reads one LDAPMessage; what stands behind the answer in it (controls) is not looked at.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(message: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Ber::new(Ber::new(message).expect(tag::SEQUENCE)?);
        let number = fields.number(tag::INTEGER)?;
        let what = match fields.next()? {
            Some((op::ENTRY, content)) => Told::Entry(Ber::new(content).entry()?),
            Some((operation @ (op::BOUND | op::FOUND | op::MODIFIED | op::ADDED), content)) => {
                Told::Outcome(operation, Ber::new(content).outcome()?)
            }
            Some(_) => Told::Other,
            None => return Err(Malformed("an empty message")),
        };
        Ok(Self { number, what })
    }
}

/// Reads BER with definite lengths, also such as DER forbids: OpenLDAP writes every length in five octets.
pub(super) struct Ber<'a> {
    rest: &'a [u8],
}

impl<'a> Ber<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// The next value, by its tag; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, Malformed> {
        let Some((tag, after)) = self.rest.split_first() else { return Ok(None) };
        let (header, length) = length(after)?.ok_or(Malformed("a value is cut off"))?;
        let content = after.get(header..).unwrap_or_default();
        let (content, rest) = content.split_at_checked(length).ok_or(Malformed("a value is cut off"))?;
        self.rest = rest;
        Ok(Some((*tag, content)))
    }

    /// The content of the next value, which must have that tag.
    pub(super) fn expect(&mut self, wanted: u8) -> Result<&'a [u8], Malformed> {
        match self.next()? {
            Some((tag, content)) if tag == wanted => Ok(content),
            _ => Err(Malformed("another value is expected")),
        }
    }

    pub(super) fn number(&mut self, tag: u8) -> Result<u32, Malformed> {
        let octets = self.expect(tag)?;
        let number =
            octets.iter().try_fold(0u32, |number, octet| number.checked_mul(256)?.checked_add(u32::from(*octet)));
        number.filter(|_| !octets.is_empty()).ok_or(Malformed("a number is too large"))
    }

    fn text(&mut self) -> Result<String, Malformed> {
        Ok(String::from_utf8_lossy(self.expect(tag::OCTET_STRING)?).into_owned())
    }

    /// LDAPResult.
    pub(super) fn outcome(&mut self) -> Result<Outcome, Malformed> {
        let code = self.number(tag::ENUMERATED)?;
        self.text()?;
        Ok(Outcome { code, said: self.text()? })
    }

    /// The attributes of SearchResultEntry.
    pub(super) fn entry(&mut self) -> Result<Vec<Values>, Malformed> {
        self.text()?;
        let mut attributes = Self::new(self.expect(tag::SEQUENCE)?);
        let mut found = Vec::new();
        while let Some((_, attribute)) = attributes.next()? {
            let mut fields = Self::new(attribute);
            let name = fields.text()?;
            let (mut set, mut values) = (Self::new(fields.expect(tag::SET)?), Vec::new());
            while let Some((_, value)) = set.next()? {
                values.push(value.to_vec());
            }
            found.push((name, values));
        }
        Ok(found)
    }
}

/// How many octets say how long a value is, and what they say; `None` when more of them must be read first.
pub(super) fn length(octets: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let Some((first, rest)) = octets.split_first() else { return Ok(None) };
    let count = usize::from(first & 0x7f);
    match (first & 0x80, count) {
        (0, length) => Ok(Some((1, length))),
        (_, 1..=4) => Ok(rest.get(..count).map(|octets| {
            let length =
                octets.iter().fold(0usize, |length, octet| length.wrapping_mul(256).wrapping_add(usize::from(*octet)));
            (count.wrapping_add(1), length)
        })),
        _ => Err(Malformed("a length is too long, or indefinite")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn a_message_is_the_one_of_the_standard() {
        // RFC 4511 §4.2: version 3, name, simple.
        let written = message(1, |w| bind(w, "cn=a", "pw"));
        assert_eq!(written, [0x30, 18, 2, 1, 1, 0x60, 13, 2, 1, 3, 4, 4, b'c', b'n', b'=', b'a', 0x80, 2, b'p', b'w']);
    }

    #[test]
    fn lengths_are_read_as_openldap_writes_them() {
        let mut answer = Ber::new(&[0x0a, 0x84, 0, 0, 0, 1, 32, 4, 0, 4, 0x81, 2, b'n', b'o']);
        assert_eq!(answer.outcome(), Ok(Outcome { code: 32, said: "no".to_owned() }));
        assert_eq!(answer.next(), Ok(None));
        assert_eq!(length(&[0x84, 0, 0]), Ok(None));
        assert!(length(&[0x80]).is_err() && length(&[0x85, 0, 0, 0, 0, 1]).is_err());
        assert!(Ber::new(&[4, 5, b'x']).next().is_err());
    }

    /// What any octets come to, without a panic.
    fn read(octets: &[u8]) -> bool {
        let within = |operation: u8| message(1, |w| w.constructed(operation, |w| w.raw(octets)));
        let parts = Ber::new(octets).entry().is_ok() && Ber::new(octets).outcome().is_ok() && length(octets).is_ok();
        parts
            && [octets.to_vec(), within(op::ENTRY), within(op::FOUND)]
                .iter()
                .all(|message| DirectoryAnswer::read(message).is_ok())
    }

    proptest! {
        #[test]
        fn no_octets_stop_the_reader(octets in vec(any::<u8>(), 0..200)) {
            read(&octets);
        }

        #[test]
        fn what_looks_like_values_does_not_either(
            parts in vec((prop_oneof![Just(0x30u8), Just(0x31), Just(4), Just(10), any::<u8>()], any::<u8>(), 0u8..9), 0..20),
        ) {
            let octets: Vec<u8> = parts.iter().flat_map(|(tag, length, octet)| [*tag, length % 40, *octet]).collect();
            read(&octets);
        }
    }

    #[test]
    fn an_answer_is_the_entry_or_what_came_of_it() {
        let attribute = ("cACertificate;binary".to_owned(), vec![vec![7; 300]]);
        let entry = message(5, |w| {
            w.constructed(op::ENTRY, |w| {
                w.sequence(|w| values(w, &attribute));
                w.octet_string(b"c=JP");
            });
        });
        let told = DirectoryAnswer::read(&entry).unwrap();
        assert_eq!(told, DirectoryAnswer { number: 5, what: Told::Entry(vec![attribute]) });
        let outcome = message(6, |w| {
            w.constructed(op::ADDED, |w| {
                w.octet_string(b"it is there");
                w.octet_string(b"");
                w.enumerated(68);
            });
        });
        let said = Outcome { code: 68, said: "it is there".to_owned() };
        assert_eq!(DirectoryAnswer::read(&outcome).unwrap().what, Told::Outcome(op::ADDED, said));
        assert_eq!(DirectoryAnswer::read(&message(7, |w| w.constructed(0x73, |_| ()))).unwrap().what, Told::Other);
        assert!(DirectoryAnswer::read(&message(8, |_| ())).is_err());
    }

    #[test]
    fn an_answer_that_was_altered_or_cut_off_is_read_or_refused() {
        let entry = Writer::build(|w| {
            w.sequence(|w| {
                values(w, &("cACertificate;binary".to_owned(), vec![vec![7; 200], Vec::new()]));
                values(w, &("objectClass".to_owned(), vec![b"pkiCA".to_vec()]));
            });
            w.octet_string(b"c=JP");
        });
        let found = Ber::new(&entry).entry().unwrap();
        assert_eq!(
            found.iter().map(|(name, values)| (name.as_str(), values.len())).collect::<Vec<_>>(),
            [("objectClass", 1), ("cACertificate;binary", 2)]
        );
        for place in 0..entry.len() {
            read(entry.get(..place).unwrap());
            for octet in 0..=u8::MAX {
                let mut altered = entry.clone();
                *altered.get_mut(place).unwrap() = octet;
                read(&altered);
            }
        }
    }
}
