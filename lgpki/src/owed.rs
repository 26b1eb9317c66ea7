//! What an authority still owes those who trust what it has issued. One that owes nothing may lose its key: nobody is misled.

use ca_core::certificate::Certificate;
use ca_core::time::Timestamp;
use store::authorities::AuthorityRow;
use store::{ReadTxn, StoreError};

/// Whether that authority owes nothing at `now`: a later generation issues, and whatever it has issued to others is revoked or
/// has ended. Its own certificate, which it could not revoke, and those of its responders, of which nobody asks (RFC 6960
/// §4.2.2.2.1), do not count. While its key is here its CRLs go on to the end of the last certificate all the same.
pub async fn owes_nothing(txn: &mut ReadTxn, authority: &AuthorityRow, now: Timestamp) -> Result<bool, StoreError> {
    if !txn.is_retired(authority, now).await? {
        return Ok(false);
    }
    let of = |der: &[u8]| Certificate::from_der(der).ok().map(|certificate| certificate.key().fingerprint());
    // A certificate that cannot be read leaves nothing out; no key has this digest.
    let own = of(&authority.certificate).unwrap_or_default();
    let responder = authority.ocsp_certificate.as_deref().and_then(of).unwrap_or_default();
    let last = txn.good_until(&authority.authority_id, [own, responder]).await?;
    Ok(last.is_none_or(|last| last < now))
}
