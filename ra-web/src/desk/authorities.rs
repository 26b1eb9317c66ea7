//! The authorities and their latest revocation lists, as the public sees them. The one use case that needs nobody logged in.

use ca_core::certificate::Certificate;
use store::Store;
use store::authorities::AuthorityRow;
use store::crls::CrlRow;

use super::DeskError;

/// An authority with what is published about it.
#[derive(Clone, Debug)]
pub struct AuthorityView {
    /// The row.
    pub row: AuthorityRow,
    /// Its certificate.
    pub certificate: Certificate,
    /// Its latest revocation list; `None` before the first.
    pub crl: Option<CrlRow>,
}

/// Returns every authority, those closest to the root first.
pub async fn list(store: &Store) -> Result<Vec<AuthorityView>, DeskError> {
    let mut txn = store.read().await?;
    let mut views = Vec::new();
    for row in txn.authorities().await? {
        let certificate = Certificate::from_der(&row.certificate)
            .map_err(|error| DeskError::Unreadable { what: "authority certificate", reason: error.to_string() })?;
        let crl = txn.latest_crl(&row.authority_id).await?;
        views.push(AuthorityView { row, certificate, crl });
    }
    views.sort_by_key(|view| (view.row.issuer_id.is_some(), view.row.created_at));
    Ok(views)
}
