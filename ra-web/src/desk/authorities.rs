//! The authorities and their latest revocation lists, as the public sees them. The one use case that needs nobody logged in.

use ca_core::certificate::Certificate;
use ca_core::id::AuthorityId;
use ca_core::issue::Standing;
use ca_core::time::Timestamp;
use store::Store;
use store::authorities::{AuthorityRow, LinkRow};
use store::crls::CrlHead;
use store::custody::ActivationRow;

use super::DeskError;

/// An authority with what is published about it.
#[derive(Clone, Debug)]
pub struct AuthorityView {
    /// The row.
    pub row: AuthorityRow,
    /// Its certificate.
    pub certificate: Certificate,
    /// The latest of each of its revocation lists; none before the first.
    pub crls: Vec<CrlHead>,
    /// What it does now beside its other generations; `None` where it is the only one.
    pub standing: Option<Standing>,
    /// The link certificates for its key.
    pub links: Vec<LinkRow>,
    /// Whether it is at work, and since when; `None` where nobody needs to activate it.
    pub activation: Option<ActivationRow>,
}

/// Returns every authority, those closest to the root first, the generations of each together.
pub async fn list(store: &Store, now: Timestamp) -> Result<Vec<AuthorityView>, DeskError> {
    let mut txn = store.read().await?;
    let mut views = Vec::new();
    let rows = txn.authorities().await?;
    let activations = txn.activations().await?;
    for row in &rows {
        let certificate = Certificate::from_der(&row.certificate)
            .map_err(|error| DeskError::Unreadable { what: "authority certificate", reason: error.to_string() })?;
        let crls = txn.latest_crls(&row.authority_id).await?;
        let of_line = || rows.iter().map(|row| &row.generation).filter(|other| other.line == row.generation.line);
        let standing = (of_line().count() > 1).then(|| row.generation.standing(of_line(), now));
        let links = txn.links(&row.authority_id).await?;
        let activation = activations.iter().find(|one| one.authority_id == row.authority_id).cloned();
        views.push(AuthorityView { row: row.clone(), certificate, crls, standing, links, activation });
    }
    let founded = |line: &AuthorityId| rows.iter().find(|row| row.generation.line == *line).map(|row| row.created_at);
    views.sort_by_key(|view| {
        let generation = &view.row.generation;
        (view.row.issuer_id.is_some(), founded(&generation.line), generation.number)
    });
    Ok(views)
}
