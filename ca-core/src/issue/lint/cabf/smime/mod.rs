//! Rules of the Baseline Requirements for S/MIME Certificates (v1.0), §6.3.2 and §7.1.

mod alternative_names;
mod authority_key_identifier;
mod distribution_points;
mod end_entity;
mod extended_key_usage;
mod key_usage;
mod mailboxes_repeated;
mod placeholders;
mod policies;
mod validity;

use super::super::Rule;
use crate::oid;
use x509_parser::extensions::GeneralName;

/// The rules, in the order they run.
pub(super) const RULES: &[Rule] = &[
    placeholders::RULE,
    authority_key_identifier::RULE,
    alternative_names::RULE,
    mailboxes_repeated::RULE,
    extended_key_usage::RULE,
    key_usage::RULE,
    validity::RULE,
    policies::RULE,
    distribution_points::RULE,
    end_entity::RULE,
];

/// Whether it is a mailbox: an rfc822Name, or an otherName of one whose local part is not ASCII (RFC 9598 §3).
fn is_mailbox_name(name: &GeneralName<'_>) -> bool {
    match name {
        GeneralName::RFC822Name(_) => true,
        GeneralName::OtherName(kind, _) => kind.as_bytes() == oid::ON_SMTP_UTF8_MAILBOX.as_bytes(),
        _ => false,
    }
}
