//! Suspensions: a certificate is unusable for a while (certificateHold), until somebody lifts the suspension or revokes it for good.
//! Only where the pack of its authority allows it: programs that read lists once may never learn that it is good again.

use ca_core::id::AuthorityId;
use ca_core::profile::Packs;
use ca_core::revocation::{Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use store::authorities::AuthorityRow;
use store::certificates::CertificateRow;
use store::{ReadTxn, Step, StoreError};

use super::certificates::{self, Standing};
use super::revocations::answers_for;
use super::{Desk, DeskError};

/// What can be done about a certificate here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspension {
    /// It is good, and may be suspended.
    Offered,
    /// It is suspended; that may be lifted.
    Lasts,
    /// The pack of its authority knows no suspensions.
    NotOffered,
    /// It is revoked for good, or its period has ended.
    Needless,
}

/// Whether certificates of that authority may be suspended, as its pack says.
pub fn is_offered(packs: &Packs, authority: &AuthorityRow) -> bool {
    packs.authority(&authority.generation.line).is_some_and(|(_, rule)| rule.crl.suspension)
}

/// Returns what can be done about a certificate in that standing. One that is suspended can be taken back whatever its pack says now.
pub fn possible(desk: &Desk<'_>, authority: Option<&AuthorityRow>, standing: Standing) -> Suspension {
    match standing {
        Standing::Suspended => Suspension::Lasts,
        Standing::Revoked | Standing::Burnt | Standing::Expired => Suspension::Needless,
        Standing::Valid | Standing::NotYet if authority.is_some_and(|row| is_offered(desk.packs, row)) => {
            Suspension::Offered
        }
        Standing::Valid | Standing::NotYet => Suspension::NotOffered,
    }
}

/// Returns the certificate and what can be done about it, if that is for the person to do. Errors: [`DeskError::NotFound`] for that of
/// another organisation.
pub async fn of(
    desk: &Desk<'_>,
    authority: &AuthorityId,
    serial: &SerialNumber,
) -> Result<(CertificateRow, Suspension), DeskError> {
    read(&mut desk.store.read().await?, desk, (authority, serial)).await
}

async fn read(
    txn: &mut ReadTxn,
    desk: &Desk<'_>,
    (authority, serial): (&AuthorityId, &SerialNumber),
) -> Result<(CertificateRow, Suspension), DeskError> {
    let row = certificates::visible(txn, desk, authority, serial).await?;
    if !answers_for(desk, &row) {
        return Err(DeskError::NotFound);
    }
    let authority = txn.authority(authority).await?;
    let possible = possible(desk, authority.as_ref(), certificates::standing(&row, desk.now));
    Ok((row, possible))
}

/// Suspends: the suspension, its audit event and the jobs for OCSP and CRL are one transaction. Returns what could be done about the
/// certificate: anything but [`Suspension::Offered`] means that nothing was.
pub async fn suspend(desk: &Desk<'_>, authority: &AuthorityId, serial: &SerialNumber) -> Result<Suspension, DeskError> {
    let mut txn = desk.store.write(desk.now, desk.actor()).await?;
    let (_, possible) = read(&mut txn, desk, (authority, serial)).await?;
    if possible != Suspension::Offered {
        return Ok(possible);
    }
    // CRL and OCSP carry whole seconds.
    let reason = RevocationReason::CertificateHold;
    let hold = Revocation { reason, revoked_at: desk.now.whole_seconds(), invalidity_at: None };
    match txn.revoke(authority, serial, &hold).await {
        // Somebody else was faster; the page says what has become of it.
        Err(error) if error.is_conflict("revocation_pk") => return Ok(Suspension::Needless),
        done => done?,
    }
    txn.commit(Step::Revoked).await?;
    Ok(possible)
}

/// Lifts a suspension: the certificate is good again. Returns what could be done about it: anything but [`Suspension::Lasts`] means that
/// nothing was.
pub async fn lift(desk: &Desk<'_>, authority: &AuthorityId, serial: &SerialNumber) -> Result<Suspension, DeskError> {
    let mut txn = desk.store.write(desk.now, desk.actor()).await?;
    let (_, possible) = read(&mut txn, desk, (authority, serial)).await?;
    if possible != Suspension::Lasts {
        return Ok(possible);
    }
    match txn.lift_suspension(authority, serial).await {
        Err(StoreError::NotFound { .. }) => return Ok(Suspension::Needless),
        done => done?,
    }
    txn.commit(Step::Revoked).await?;
    Ok(possible)
}
