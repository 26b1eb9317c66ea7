//! Names: of subjects ([`DistinguishedName`], made of [`CertificateText`]), of servers ([`DnsName`]), of mailboxes
//! ([`EmailAddress`]), in extensions ([`GeneralName`]), and of the bodies they belong to ([`LocalGovernmentCode`],
//! [`OrganisationName`]).

mod alternative;
mod dn;
mod dns;
mod email;
mod general;
mod matching;
mod near;
mod organisation;
mod prefecture;
mod text;

pub use alternative::AlternativeNames;
pub(crate) use dn::is_hidden;
pub use dn::{Attribute, DistinguishedName, NameError, StringKind};
pub use dns::{DnsName, DnsNameError};
pub use email::{EmailAddress, EmailAddressError};
pub use general::GeneralName;
pub use near::{SUGGESTION_DISTANCE, edit_distance, near_miss};
pub use organisation::{CodeError, LocalGovernmentCode, OrganisationName, OrganisationNameError};
pub use prefecture::prefecture_in_english;
pub use text::{CertificateText, Found, TextError};
