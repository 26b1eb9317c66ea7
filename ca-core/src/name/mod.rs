//! Names: of subjects ([`DistinguishedName`]), of servers ([`DnsName`]), and of the bodies they belong to
//! ([`LocalGovernmentCode`], [`OrganisationName`]).

mod dn;
mod dns;
mod organisation;

pub use dn::{Attribute, DistinguishedName, NameError, StringKind};
pub use dns::{DnsName, DnsNameError};
pub use organisation::{CodeError, LocalGovernmentCode, OrganisationName, OrganisationNameError};
