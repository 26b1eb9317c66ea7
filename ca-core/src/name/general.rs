//! GeneralName (RFC 5280 §4.2.1.6), in the forms this PKI uses: rfc822Name, dNSName, directoryName and URI. Job-role certificates carry a
//! Japanese directoryName beside their English subject; distribution points name a directory entry beside their URLs.

use super::{DistinguishedName, NameError};
use crate::der::{DerError, Element, Reader, Writer, tag};

/// One name of a subject, an issuer or a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GeneralName {
    /// rfc822Name [1]: as it stands, ASCII; what we issue comes from a checked [`super::EmailAddress`].
    Email(String),
    /// dNSName [2]: as it stands, ASCII; what we issue comes from a checked [`super::DnsName`].
    Dns(String),
    /// directoryName [4], explicitly tagged because Name is a CHOICE (X.680 §31.2.7).
    Directory(DistinguishedName),
    /// uniformResourceIdentifier [6].
    Uri(String),
}

const EMAIL: u8 = tag::context(1);
const DNS: u8 = tag::context(2);
const DIRECTORY: u8 = tag::context_constructed(4);
const URI: u8 = tag::context(6);

impl GeneralName {
    /// Writes it.
    pub fn write(&self, writer: &mut Writer) {
        match self {
            Self::Email(address) => writer.primitive(EMAIL, address.as_bytes()),
            Self::Dns(name) => writer.primitive(DNS, name.as_bytes()),
            Self::Directory(name) => writer.constructed(DIRECTORY, |w| w.raw(name.as_der())),
            Self::Uri(uri) => writer.primitive(URI, uri.as_bytes()),
        }
    }

    /// The name in an element. `None` for the forms nobody uses here (iPAddress, otherName and the rest). Errors: the content
    /// is not that of its form.
    pub fn read(element: Element<'_>) -> Result<Option<Self>, NameError> {
        let text = |what| {
            let ascii = std::str::from_utf8(element.content).ok().filter(|text| text.is_ascii());
            ascii.map(str::to_owned).ok_or(DerError::Value(what))
        };
        Ok(match element.tag {
            EMAIL => Some(Self::Email(text("an rfc822Name")?)),
            DNS => Some(Self::Dns(text("a dNSName")?)),
            URI => Some(Self::Uri(text("a URI")?)),
            DIRECTORY => Some(Self::Directory(DistinguishedName::from_der(element.content)?)),
            _ => None,
        })
    }

    /// The names of a GeneralNames SEQUENCE in order, without the forms nobody uses here. Errors: not DER, or a name that is
    /// not of its form.
    pub fn read_all(der: &[u8]) -> Result<Vec<Self>, NameError> {
        let mut sequence = Reader::of_sequence(der)?;
        let mut names = Vec::new();
        while !sequence.is_empty() {
            names.extend(Self::read(sequence.element()?)?);
        }
        Ok(names)
    }
}

/// With its form: `dns www.town.shirakaba.lg.jp`, `directory C=JP, CN=…`.
impl std::fmt::Display for GeneralName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Email(text) => write!(f, "email {text}"),
            Self::Dns(text) => write!(f, "dns {text}"),
            Self::Directory(name) => write!(f, "directory {name}"),
            Self::Uri(text) => write!(f, "uri {text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{Attribute, StringKind};
    use x509_parser::extensions::GeneralName as Other;
    use x509_parser::prelude::FromDer;

    fn mayor() -> DistinguishedName {
        DistinguishedName::new(&[
            (Attribute::Country, StringKind::Utf8, "JP"),
            (Attribute::OrganisationalUnit, StringKind::Utf8, "白樺町"),
            (Attribute::OrganisationalUnit, StringKind::Utf8, "総務課"),
            (Attribute::CommonName, StringKind::Utf8, "白樺町長"),
        ])
        .unwrap()
    }

    #[test]
    fn names_round_trip_in_order() {
        let names = vec![
            GeneralName::Directory(mayor()),
            GeneralName::Uri("http://repository.example.jp/ca.crl".to_owned()),
            GeneralName::Dns("www.town.shirakaba.lg.jp".to_owned()),
        ];
        let der = Writer::build(|w| w.sequence(|w| names.iter().rev().for_each(|name| name.write(w))));
        assert_eq!(GeneralName::read_all(&der).unwrap(), names);
    }

    #[test]
    fn the_other_implementation_reads_the_directory_name() {
        let der = Writer::build(|w| GeneralName::Directory(mayor()).write(w));
        let (rest, read) = Other::from_der(&der).unwrap();
        let Other::DirectoryName(name) = read else { panic!("{read:?}") };
        assert!(rest.is_empty());
        assert_eq!(name.as_raw(), mayor().as_der());
    }

    #[test]
    fn what_is_not_of_its_form_is_refused() {
        let name = |tag, content: &[u8]| Writer::build(|w| w.sequence(|w| w.primitive(tag, content)));
        assert!(GeneralName::read_all(&name(DNS, "町.jp".as_bytes())).is_err());
        assert!(GeneralName::read_all(&name(DIRECTORY, &[0x31, 0])).is_err());
        assert_eq!(
            GeneralName::read_all(&name(tag::context(7), &[127, 0, 0, 1])),
            Ok(Vec::new()),
            "an address is left out"
        );
    }
}
