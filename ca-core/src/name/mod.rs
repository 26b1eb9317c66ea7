//! Names: of subjects ([`DistinguishedName`]), of servers ([`DnsName`]), in extensions
//! ([`GeneralName`]), and of the bodies they belong to
//! ([`LocalGovernmentCode`], [`OrganisationName`]).

mod dn;
mod dns;
mod general;
mod organisation;

pub use dn::{Attribute, DistinguishedName, NameError, StringKind};
pub use dns::{DnsName, DnsNameError};
pub use general::GeneralName;
pub use organisation::{CodeError, LocalGovernmentCode, OrganisationName, OrganisationNameError};
