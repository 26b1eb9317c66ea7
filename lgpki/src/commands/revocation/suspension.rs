//! `lgpki revocation suspend|lift`: a certificate is unusable for a while, where the pack of its authority allows it.

use super::Which;
use crate::out;
use crate::trouble::{Exit, Trouble};
use crate::witness::Witness;
use ca_core::profile::Packs;
use ca_core::revocation::{Revocation, RevocationReason};
use ca_core::time::Timestamp;
use ra_web::desk::certificates::{Standing, standing};
use ra_web::desk::suspensions::is_offered;
use store::certificates::CertificateRow;
use store::{Step, Store, WriteTxn};

/// Arguments of `revocation suspend` and `revocation lift`.
#[derive(Debug, clap::Args)]
pub struct Suspension {
    /// Which certificate.
    #[command(flatten)]
    pub which: Which,
    /// Who vouches for it.
    #[command(flatten)]
    pub witness: Witness,
}

/// Suspends. Errors: exit 2 for a certificate there is none of, exit 7 for one that cannot be suspended.
pub(super) async fn suspend(what: &Suspension, packs: &Packs, store: &Store) -> Result<Exit, Trouble> {
    let (row, mut txn, now) = begun(what, store).await?;
    let (authority, serial) = (&row.authority_id, &row.serial);
    let refused = |why: String| Trouble::new(Exit::Refused, format!("{serial} cannot be suspended")).because(why);
    let issuer = txn.authority(authority).await?;
    match standing(&row, now) {
        Standing::Valid | Standing::NotYet if issuer.as_ref().is_some_and(|issuer| is_offered(packs, issuer)) => {}
        Standing::Valid | Standing::NotYet => {
            return Err(refused(format!(
                "the pack of {authority} allows no suspensions (crl = {{ suspension = true }})"
            ))
            .advice("revoke it, and ask for a new certificate"));
        }
        Standing::Suspended => return Err(refused("it is suspended already".to_owned())),
        Standing::Revoked | Standing::Burnt => return Err(refused("it is revoked for good".to_owned())),
        Standing::Expired => return Err(refused("its period has ended".to_owned())),
    }
    // CRL and OCSP carry whole seconds.
    let reason = RevocationReason::CertificateHold;
    let hold = Revocation { reason, revoked_at: now.whole_seconds(), invalidity_at: None };
    match txn.revoke(authority, serial, &hold).await {
        Err(error) if error.is_conflict("revocation_pk") => {
            return Err(refused("somebody has revoked it at the same moment".to_owned()));
        }
        done => done?,
    }
    txn.commit(Step::Revoked).await?;
    out::line(format_args!("suspended: {authority} {serial}, {}", row.subject))?;
    out::talk(format_args!("`lgpki revocation lift {serial} --by LOGIN` makes it good again"));
    Ok(Exit::Done)
}

/// Lifts a suspension. Errors: exit 2 for a certificate there is none of, exit 7 for one that is not suspended.
pub(super) async fn lift(what: &Suspension, store: &Store) -> Result<Exit, Trouble> {
    let (row, mut txn, now) = begun(what, store).await?;
    let (authority, serial) = (&row.authority_id, &row.serial);
    if standing(&row, now) != Standing::Suspended {
        let why = if row.revocation.is_some() { "it is revoked for good" } else { "nobody has suspended it" };
        return Err(Trouble::new(Exit::Refused, format!("{serial} is not suspended")).because(why));
    }
    txn.lift_suspension(authority, serial).await?;
    txn.commit(Step::Revoked).await?;
    out::line(format_args!("good again: {authority} {serial}, {}", row.subject))?;
    Ok(Exit::Done)
}

/// The certificate, as the transaction sees it that is the act of whoever vouches.
async fn begun(what: &Suspension, store: &Store) -> Result<(CertificateRow, WriteTxn, Timestamp), Trouble> {
    what.which.found(&mut store.read().await?).await?;
    let (_, mut txn) = what.witness.attested(store).await?;
    let (row, now) = (what.which.found(&mut txn).await?, txn.now());
    Ok((row, txn, now))
}
