//! The certificate that is about to be revoked or suspended, as every page of that says it (`certificates/_target.html`).

use store::certificates::CertificateRow;

use crate::auth::Officer;
use crate::auth::role::RevokeCertificates;
use crate::pages::{dates, hexadecimal};
use crate::urls;

/// What the pages say about the certificate.
pub(super) struct Target {
    pub(super) name: String,
    pub(super) until: String,
    pub(super) serial: String,
    pub(super) href: String,
}

impl Target {
    pub(super) fn of(officer: &Officer<RevokeCertificates>, row: &CertificateRow) -> Self {
        let words = officer.words();
        Self {
            name: if row.names.is_empty() { row.subject.clone() } else { row.names.join(", ") },
            until: dates::day(&words, row.validity.not_after),
            serial: hexadecimal::grouped(row.serial.as_bytes()),
            href: urls::certificate(&row.authority_id, &row.serial),
        }
    }
}
