//! The certificates of the repository: which there are under a name, and in which forms. Served by [`http`](crate::http), and
//! carried to places that have no database.

use ca_core::certificate::{pkcs7, to_pem};
use ca_core::id::AuthorityId;
use store::{Store, StoreError};

/// How certificates are written into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The certificate, DER: `.cer`.
    Cer,
    /// The same as PEM: `.pem`.
    Pem,
    /// Every certificate issued to the authority (RFC 5280 §4.2.2.1 names this form for caIssuers): `.p7c`.
    P7c,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Cer, Self::Pem, Self::P7c];

    /// What a file's name ends in, without the point.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Cer => "cer",
            Self::Pem => "pem",
            Self::P7c => "p7c",
        }
    }

    /// The form of files that end so.
    pub fn parse(ending: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.ending() == ending)
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Cer => "application/pkix-cert",
            Self::Pem => "application/x-pem-file",
            Self::P7c => "application/pkcs7-mime; smime-type=certs-only",
        }
    }

    /// The file: of the first certificate, or of all.
    pub fn of(self, certificates: &[Vec<u8>]) -> Vec<u8> {
        let first = certificates.first().map(Vec::as_slice).unwrap_or_default();
        match self {
            Self::Cer => first.to_vec(),
            Self::Pem => to_pem("CERTIFICATE", first).into_bytes(),
            Self::P7c => {
                let all: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
                pkcs7::certs_only(&all)
            }
        }
    }
}

/// Every file of an authority's certificates, with its path: `/aia/root.cer`, `/aia/root-g2.by-root.pem`. None for an unknown one.
///
/// # Errors
/// The database.
pub async fn certificate_files(store: &Store, authority: &AuthorityId) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let links = store.read().await?.links(authority).await?;
    let by = links.iter().map(|link| format!("{authority}.by-{}", link.authority_id));
    let mut files = Vec::new();
    for name in std::iter::once(authority.to_string()).chain(by) {
        let certificates = certificates(store, &name).await?;
        if !certificates.is_empty() {
            files.extend(Form::ALL.map(|form| (format!("/aia/{name}.{}", form.ending()), form.of(&certificates))));
        }
    }
    Ok(files)
}

/// What a name in the repository stands for: the authority's certificate, the links to it and what it brought from above, or (`root-g2.by-root`) the
/// link by one issuer alone. Empty when there is no such thing.
pub(crate) async fn certificates(store: &Store, name: &str) -> Result<Vec<Vec<u8>>, StoreError> {
    let (authority, by) = match name.split_once(".by-") {
        Some((authority, by)) => (AuthorityId::parse(authority), Some(AuthorityId::parse(by))),
        None => (AuthorityId::parse(name), None),
    };
    let (Ok(authority), Ok(by)) = (authority, by.transpose()) else { return Ok(Vec::new()) };
    let mut txn = store.read().await?;
    let Some(row) = txn.authority(&authority).await? else { return Ok(Vec::new()) };
    let links = txn.links(&authority).await?.into_iter();
    Ok(match by {
        Some(by) => links.filter(|link| link.authority_id == by).map(|link| link.der).collect(),
        None => {
            let above = txn.above(&authority).await?;
            std::iter::once(row.certificate).chain(links.map(|link| link.der)).chain(above).collect()
        }
    })
}
