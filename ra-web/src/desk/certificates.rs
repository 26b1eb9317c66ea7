//! Certificates: found by what people type, explained, and handed out as files.

use ca_core::certificate::{Certificate, CertificateError, pkcs7};
use ca_core::digest::sha256;
use ca_core::id::{AuthorityId, RequestNumber};
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use store::ReadTxn;
use store::authorities::AuthorityRow;
use store::certificates::{CertificateFilter, CertificateRow, CertificateState};

use super::search::Query;
use super::{Desk, DeskError};

/// Certificates on one page of the list.
pub const PAGE_LENGTH: u32 = 50;
/// Certificates read at a time, and in all, when a fingerprint is searched for: it has no column of its own.
const FINGERPRINT_PAGE: u32 = 1000;
const FINGERPRINT_PAGES: usize = 20;
/// Authorities in a chain at most, so that a wrong row cannot make a loop.
const LONGEST_CHAIN: usize = 8;

/// What a certificate is worth at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Good.
    Valid,
    /// Its period has not begun.
    NotYet,
    /// Revoked.
    Revoked,
    /// Suspended: unusable until the suspension is lifted.
    Suspended,
    /// Its period has ended.
    Expired,
    /// A serial number whose certificate may or may not exist (欠番): counts as revoked.
    Burnt,
}

/// Returns what `row` is worth at `now`.
pub fn standing(row: &CertificateRow, now: Timestamp) -> Standing {
    if row.der.is_none() {
        Standing::Burnt
    } else if let Some(revocation) = &row.revocation {
        if revocation.reason == RevocationReason::CertificateHold { Standing::Suspended } else { Standing::Revoked }
    } else if now > row.validity.not_after {
        Standing::Expired
    } else if now < row.validity.not_before {
        Standing::NotYet
    } else {
        Standing::Valid
    }
}

/// One certificate with everything its page shows.
#[derive(Clone, Debug)]
pub struct CertificateView {
    /// The row.
    pub row: CertificateRow,
    /// The decoded certificate; `None` for a burnt serial number.
    pub certificate: Option<Certificate>,
    /// Who issued it.
    pub authority: Option<AuthorityRow>,
    /// The organisation's Japanese name.
    pub organisation: Option<String>,
    /// The request it answers.
    pub request: Option<RequestNumber>,
}

/// The forms in which a certificate is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownloadForm {
    /// PEM of the certificate alone.
    Pem,
    /// DER of the certificate alone.
    Der,
    /// PKCS#7 of the certificate and its authorities.
    P7b,
    /// PEM of the certificate and its authorities but the root: what servers are configured with.
    Chain,
}

impl DownloadForm {
    /// Returns the form of that word in the address.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "pem" => Some(Self::Pem),
            "der" => Some(Self::Der),
            "p7b" => Some(Self::P7b),
            "chain" => Some(Self::Chain),
            _ => None,
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Pem => "pem",
            Self::Der => "cer",
            Self::P7b => "p7b",
            Self::Chain => "chain.pem",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Pem | Self::Chain => "application/x-pem-file",
            // RFC 2585 §4.1 and RFC 8551 §3.2.1.
            Self::Der => "application/pkix-cert",
            Self::P7b => "application/x-pkcs7-certificates",
        }
    }
}

/// A certificate as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// The media type.
    pub content_type: &'static str,
    /// A file name in ASCII, such as R8-000123_shirakaba_www.cer.
    pub ascii_name: String,
    /// The same with the organisation's Japanese name.
    pub name: String,
    /// The octets.
    pub content: Vec<u8>,
}

/// Returns the certificates the person may see, newest first: at most [`PAGE_LENGTH`], older than `before` when that is given.
pub async fn list(
    desk: &Desk<'_>,
    typed: &str,
    state: Option<CertificateState>,
    before: Option<(Timestamp, SerialNumber)>,
) -> Result<Vec<CertificateRow>, DeskError> {
    let mut txn = desk.store.read().await?;
    let filter = CertificateFilter {
        organisation: desk.scope().cloned(),
        search: None,
        state: state.map(|state| (state, desk.now)),
        before,
        limit: PAGE_LENGTH,
    };
    let mut found = match Query::parse(typed) {
        Query::Everything => return Ok(txn.certificates(&filter).await?),
        Query::Name(name) => {
            return Ok(txn.certificates(&CertificateFilter { search: Some(name), ..filter }).await?);
        }
        Query::Request(number) => of_request(&mut txn, &number).await?,
        Query::Serial(readings) => of_serial(&mut txn, &readings).await?,
        Query::Fingerprint(digest) => of_fingerprint(&mut txn, &filter, &digest).await?,
    };
    found.retain(|row| sees(desk, row) && state.is_none_or(|state| is_in(row, state, desk.now)));
    Ok(found)
}

/// Returns one certificate. Errors: [`DeskError::NotFound`] also for that of another organisation.
pub async fn show(
    desk: &Desk<'_>,
    authority: &AuthorityId,
    serial: &SerialNumber,
) -> Result<CertificateView, DeskError> {
    let mut txn = desk.store.read().await?;
    let row = visible(&mut txn, desk, authority, serial).await?;
    // Of what another CA has issued, its list may be all there is.
    let der = row.der.as_deref().filter(|der| !der.is_empty());
    let certificate = der.map(Certificate::from_der).transpose().map_err(unreadable)?;
    let authority = txn.authority(authority).await?;
    let organisation = match &row.organisation_id {
        Some(id) => txn.organisation(id).await?.map(|found| found.name),
        None => None,
    };
    let request = match &row.request_id {
        Some(id) => txn.request(id).await?.map(|found| found.number),
        None => None,
    };
    Ok(CertificateView { row, certificate, authority, organisation, request })
}

/// Returns one certificate as a file. Errors: not found, also when there is no certificate (a burnt serial number).
pub async fn download(
    desk: &Desk<'_>,
    authority: &AuthorityId,
    serial: &SerialNumber,
    form: DownloadForm,
) -> Result<Download, DeskError> {
    let view = show(desk, authority, serial).await?;
    let certificate = view.certificate.as_ref().ok_or(DeskError::NotFound)?;
    let content = match form {
        DownloadForm::Pem => certificate.to_pem().into_bytes(),
        DownloadForm::Der => certificate.der().to_vec(),
        DownloadForm::P7b => {
            let chain = chain(&mut desk.store.read().await?, view.authority.as_ref()).await?;
            let mut members = vec![certificate.der()];
            members.extend(chain.iter().map(Vec::as_slice));
            pkcs7::certs_only(&members)
        }
        DownloadForm::Chain => {
            let chain = chain(&mut desk.store.read().await?, view.authority.as_ref()).await?;
            let mut text = certificate.to_pem();
            // The root is what others trust already; servers do not send it (RFC 8446 §4.4.2).
            for der in &chain {
                let authority = Certificate::from_der(der).map_err(unreadable)?;
                if !authority.subject().matches(authority.issuer()) {
                    text.push_str(&authority.to_pem());
                }
            }
            text.into_bytes()
        }
    };
    let (ascii_name, name) = file_names(&view, form);
    Ok(Download { content_type: form.content_type(), ascii_name, name, content })
}

/// Returns the certificates (DER) of the authorities from `first` up to its root, the last of which one that moved here may have
/// brought with it.
pub async fn chain(txn: &mut ReadTxn, first: Option<&AuthorityRow>) -> Result<Vec<Vec<u8>>, DeskError> {
    let mut chain: Vec<Vec<u8>> = Vec::new();
    let mut next = first.cloned();
    while let Some(authority) = next.take() {
        chain.push(authority.certificate);
        match &authority.issuer_id {
            _ if chain.len() >= LONGEST_CHAIN => {}
            Some(issuer) => next = txn.authority(issuer).await?,
            None => chain.extend(txn.above(&authority.authority_id).await?),
        }
    }
    Ok(chain)
}

/// Returns the row of a certificate the person may see.
pub(super) async fn visible(
    txn: &mut ReadTxn,
    desk: &Desk<'_>,
    authority: &AuthorityId,
    serial: &SerialNumber,
) -> Result<CertificateRow, DeskError> {
    txn.certificate(authority, serial).await?.filter(|row| sees(desk, row)).ok_or(DeskError::NotFound)
}

/// Certificates of a ceremony belong to no organisation; only the central roles see them here.
fn sees(desk: &Desk<'_>, row: &CertificateRow) -> bool {
    match &row.organisation_id {
        Some(owner) => desk.sees(owner),
        None => desk.scope().is_none(),
    }
}

fn is_in(row: &CertificateRow, state: CertificateState, now: Timestamp) -> bool {
    match state {
        CertificateState::Revoked => row.revocation.is_some(),
        CertificateState::Valid => row.revocation.is_none() && now <= row.validity.not_after,
        CertificateState::Expired => row.revocation.is_none() && now > row.validity.not_after,
    }
}

async fn of_request(txn: &mut ReadTxn, number: &RequestNumber) -> Result<Vec<CertificateRow>, DeskError> {
    let Some((authority, serial)) = txn.request_by_number(number).await?.and_then(|row| row.certificate) else {
        return Ok(Vec::new());
    };
    Ok(txn.certificate(&authority, &serial).await?.into_iter().collect())
}

async fn of_serial(txn: &mut ReadTxn, readings: &[SerialNumber]) -> Result<Vec<CertificateRow>, DeskError> {
    let mut found = Vec::new();
    for serial in readings {
        found.extend(txn.certificate_by_serial(serial).await?);
    }
    Ok(found)
}

/// Looks through the certificates in scope, newest first; the fingerprint of a key is recognised too.
async fn of_fingerprint(
    txn: &mut ReadTxn,
    filter: &CertificateFilter,
    digest: &[u8; 32],
) -> Result<Vec<CertificateRow>, DeskError> {
    let mut filter = CertificateFilter { limit: FINGERPRINT_PAGE, before: None, ..filter.clone() };
    for _ in 0..FINGERPRINT_PAGES {
        let page = txn.certificates(&filter).await?;
        let Some(last) = page.last() else { break };
        filter.before = Some((last.recorded_at, last.serial.clone()));
        let matches = |row: &CertificateRow| {
            row.key_sha256 == *digest || row.der.as_deref().is_some_and(|der| sha256(der) == *digest)
        };
        let found: Vec<CertificateRow> = page.into_iter().filter(matches).collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn unreadable(error: CertificateError) -> DeskError {
    DeskError::Unreadable { what: "certificate", reason: error.to_string() }
}

/// Returns the file's name in ASCII and with the organisation's Japanese name: request number, organisation, host.
fn file_names(view: &CertificateView, form: DownloadForm) -> (String, String) {
    let first = view.row.names.first().map_or("", String::as_str);
    let number = view.request.as_ref().map_or_else(|| view.row.serial.to_hex(), ToString::to_string);
    let (host, domain) = first.split_once('.').unwrap_or((first, ""));
    let body = municipality(first, domain);
    let name = |organisation: &str| {
        let parts = [number.as_str(), organisation, host];
        let joined = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
        format!("{joined}.{}", form.extension())
    };
    let ascii: String =
        name(body).chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    (ascii, name(view.organisation.as_deref().unwrap_or(body)))
}

/// Returns the label of a municipality in a name: shirakaba of www.town.shirakaba.lg.jp; else the first label of the domain.
fn municipality<'a>(name: &'a str, domain: &'a str) -> &'a str {
    const KINDS: [&str; 6] = ["metro", "pref", "city", "town", "vill", "union"];
    let mut labels = name.split('.');
    let after_kind = labels.find(|label| KINDS.contains(label)).and_then(|_| labels.next());
    after_kind.unwrap_or_else(|| domain.split('.').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::id::{OrganisationId, ProfileId};
    use ca_core::revocation::{Revocation, RevocationReason};
    use ca_core::time::Validity;

    fn row(der: Option<Vec<u8>>, revoked: bool) -> CertificateRow {
        let revocation = Revocation {
            reason: RevocationReason::Superseded,
            revoked_at: Timestamp::from_seconds(150),
            invalidity_at: None,
        };
        CertificateRow {
            authority_id: AuthorityId::parse("application-ca").unwrap(),
            serial: SerialNumber::parse_hex("4f0a1b2c3d4e5f60").unwrap(),
            request_id: None,
            profile_id: ProfileId::parse("web-server").unwrap(),
            der,
            subject: "C=JP, O=Shirakaba Town, CN=www.town.shirakaba.lg.jp".to_owned(),
            names: vec!["www.town.shirakaba.lg.jp".to_owned()],
            key_sha256: [7; 32],
            validity: Validity { not_before: Timestamp::from_seconds(100), not_after: Timestamp::from_seconds(200) },
            recorded_at: Timestamp::from_seconds(100),
            organisation_id: Some(OrganisationId::parse(&"1".repeat(32)).unwrap()),
            revocation: revoked.then_some(revocation),
            revoked_by: None,
        }
    }

    #[test]
    fn standing_follows_revocation_first_and_then_the_clock() {
        let at = Timestamp::from_seconds;
        let good = row(Some(vec![0]), false);
        assert_eq!(standing(&good, at(99)), Standing::NotYet);
        assert_eq!(standing(&good, at(200)), Standing::Valid);
        assert_eq!(standing(&good, at(201)), Standing::Expired);
        assert_eq!(standing(&row(Some(vec![0]), true), at(201)), Standing::Revoked);
        assert_eq!(standing(&row(None, true), at(150)), Standing::Burnt);
    }

    #[test]
    fn files_are_named_by_request_organisation_and_host() {
        let view = CertificateView {
            row: row(None, false),
            certificate: None,
            authority: None,
            organisation: Some("白樺町".to_owned()),
            request: Some(RequestNumber::parse("R8-000123").unwrap()),
        };
        assert_eq!(
            file_names(&view, DownloadForm::Der),
            ("R8-000123_shirakaba_www.cer".to_owned(), "R8-000123_白樺町_www.cer".to_owned())
        );
        assert_eq!(file_names(&view, DownloadForm::Chain).0, "R8-000123_shirakaba_www.chain.pem");
    }

    #[test]
    fn the_municipality_is_the_label_after_its_kind() {
        assert_eq!(municipality("www.town.shirakaba.lg.jp", "town.shirakaba.lg.jp"), "shirakaba");
        assert_eq!(municipality("mail.shirakaba-town.jp", "shirakaba-town.jp"), "shirakaba-town");
    }
}
