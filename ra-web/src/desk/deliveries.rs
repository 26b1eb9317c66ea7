//! Handing over a key that the centre made: its PIN is made and shown once, its file is downloaded once by a link, and then
//! nothing of it is left here. The two go to the holder by different ways; who did which is in the audit log.
//!
//! What a page answers with is told before it is lost: a PIN or a file whose commit the database did not confirm is looked for
//! again, and handed out if it is there. What is lost on the way to the browser is lost; the price of *once*.

use std::time::Duration;

use ca_core::digest::{constant_time_eq, hex, sha256};
use ca_core::id::{AccountId, RequestNumber};
use ca_core::profile::KeySource;
use ca_core::time::Timestamp;
use store::certificates::CertificateRow;
use store::deliveries::{DeliveryRow, DeliveryState, Erasure};
use store::requests::RequestRow;
use store::{ReadTxn, Step, StoreError};

use super::certificates::{Download, Standing, chain, standing};
use super::{Desk, DeskError, requests};
use crate::centre::{FileForm, LegacyFiles, Packing, ShownPin};

/// How long a file waits for its download once there is a PIN.
pub const FILE_LIFE: Duration = Duration::from_secs(72 * 3600);
/// How long a key waits for its PIN once there is a certificate.
pub const KEY_LIFE: Duration = Duration::from_secs(30 * 86_400);

/// Octets of a link's token: 256 bits, so that none is ever guessed.
const TOKEN_LENGTH: usize = 32;

/// How far the handing over has come, as people need to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// There is no certificate yet.
    TooEarly,
    /// The PIN can be made.
    Ready,
    /// The PIN was shown; the file waits.
    Packed,
    /// Somebody has the file.
    Fetched,
    /// The key is gone or is going, and nobody has it.
    Over(Erasure),
}

/// A key on its way, with the names of the people who dealt with it.
#[derive(Clone, Debug)]
pub struct DeliveryView {
    /// Its request.
    pub request: RequestRow,
    /// The organisation's Japanese name.
    pub organisation: String,
    /// Who asked for it.
    pub requester: Option<String>,
    /// The row.
    pub delivery: DeliveryRow,
    /// How far it is.
    pub stage: Stage,
    /// Who made the PIN.
    pub packed_by: Option<String>,
    /// Who took the file.
    pub fetched_by: Option<String>,
}

/// What became of making the PIN.
pub enum Pinned {
    /// It is made; this is the only time it is shown.
    Shown(Box<Slip>),
    /// It cannot be made, now or any more: this is where the key is.
    Not(Box<DeliveryView>),
}

/// What the slip says.
pub struct Slip {
    /// Whose key it is; its PIN is made.
    pub view: DeliveryView,
    /// The certificate.
    pub certificate: CertificateRow,
    /// The PIN.
    pub pin: ShownPin,
    /// Until when the file can be downloaded.
    pub expires_at: Timestamp,
}

/// What became of making a link.
pub enum Linked {
    /// The token of the only link that leads to the file, hexadecimal, and until when it does.
    Made(String, Timestamp),
    /// There is no file.
    Not(Box<DeliveryView>),
}

/// What became of a download.
pub enum Fetched {
    /// The file, which is nowhere else from now on.
    File(Download),
    /// It was downloaded before, its time is over, or the vault is not open: this is where the key is.
    Not(Box<DeliveryView>),
}

/// Returns where a key of the person's own organisation is. Errors: [`DeskError::NotFound`] also where the holder has made it.
pub async fn show(desk: &Desk<'_>, number: &RequestNumber) -> Result<DeliveryView, DeskError> {
    view(&mut desk.store.read().await?, desk, number).await
}

/// Returns whether files for old devices may be asked for.
pub fn offers_legacy(desk: &Desk<'_>) -> bool {
    desk.centre.is_some_and(|centre| centre.legacy() == LegacyFiles::Allow)
}

/// Makes the PIN and seals the key into its file; on return the key alone is kept no more, and only the answer knows the PIN.
/// Errors: the vault or the file ([`DeskError::Centre`]); [`DeskError::NotFound`] as [`show`], and for a form that is not offered.
pub async fn pin(desk: &Desk<'_>, number: &RequestNumber, form: FileForm) -> Result<Pinned, DeskError> {
    if form == FileForm::Legacy && !offers_legacy(desk) {
        return Err(DeskError::NotFound);
    }
    let mut txn = desk.store.read().await?;
    let view = view(&mut txn, desk, number).await?;
    let sealed_key = txn.sealed_key(&view.request.request_id).await?;
    let certificate = certificate(&mut txn, &view.request).await?;
    let (Stage::Ready, Some(centre)) = (view.stage, desk.centre) else { return Ok(Pinned::Not(Box::new(view))) };
    let (Some(sealed_key), Some(certificate)) = (sealed_key, certificate) else {
        return Ok(Pinned::Not(Box::new(view)));
    };
    let issuer = txn.authority(&certificate.authority_id).await?;
    let chain = chain(&mut txn, issuer.as_ref()).await?;
    drop(txn);
    let packing = Packing {
        request: view.request.request_id.clone(),
        sealed_key,
        certificate: certificate.der.clone().unwrap_or_default(),
        chain,
        friendly_name: format!("{} {number}", view.organisation),
        form,
    };
    let packed = centre.pack(packing).await?;
    let (id, expires_at) = (&view.request.request_id, desk.now.plus(FILE_LIFE));
    let mut txn = desk.store.write(desk.now, desk.actor()).await?;
    match txn.pack_delivery(id, &packed.sealed_file, expires_at, form.as_str()).await {
        // Another person was faster, and has the PIN of another file.
        Err(StoreError::Stale { .. }) => return Ok(Pinned::Not(Box::new(show(desk, number).await?))),
        done => done?,
    }
    match txn.commit(Step::KeyHandedOver).await {
        Err(error @ StoreError::OutcomeUnknown(_)) => {
            // If our file is there, its PIN must be shown now or never.
            let kept = desk.store.read().await?.sealed_file(id).await?;
            if kept.as_deref() != Some(packed.sealed_file.as_slice()) {
                return Err(error.into());
            }
        }
        done => done?,
    }
    Ok(Pinned::Shown(Box::new(Slip { view, certificate, pin: packed.pin, expires_at })))
}

/// Makes a link that leads to the file once; an earlier one leads nowhere from now on. Errors: as [`show`].
pub async fn link(desk: &Desk<'_>, number: &RequestNumber) -> Result<Linked, DeskError> {
    let view = show(desk, number).await?;
    let (Stage::Packed, Some(expires_at)) = (view.stage, view.delivery.expires_at) else {
        return Ok(Linked::Not(Box::new(view)));
    };
    let mut token = [0_u8; TOKEN_LENGTH];
    desk.entropy.fill(&mut token)?;
    let mut txn = desk.store.write(desk.now, desk.actor()).await?;
    match txn.link_delivery(&view.request.request_id, &sha256(&token)).await {
        Err(StoreError::Stale { .. }) => return Ok(Linked::Not(Box::new(show(desk, number).await?))),
        done => done?,
    }
    txn.commit(Step::KeyHandedOver).await?;
    Ok(Linked::Made(hex(&token), expires_at))
}

/// Returns where the key is that a link leads to; nothing is taken. Errors: [`DeskError::NotFound`] as [`show`], and for a token that
/// is not the newest link's.
pub async fn follow(desk: &Desk<'_>, number: &RequestNumber, token: &str) -> Result<DeliveryView, DeskError> {
    let view = show(desk, number).await?;
    let (asked, known) = (hash_of(token).ok_or(DeskError::NotFound)?, view.delivery.token_sha256);
    let known = known.ok_or(DeskError::NotFound)?;
    if constant_time_eq(&asked, &known) { Ok(view) } else { Err(DeskError::NotFound) }
}

/// Takes the file away: on return it is in the answer and nowhere else. Errors: as [`follow`]; the vault ([`DeskError::Centre`]), and
/// then the file is still here.
pub async fn fetch(desk: &Desk<'_>, number: &RequestNumber, token: &str) -> Result<Fetched, DeskError> {
    let view = follow(desk, number, token).await?;
    let hash = hash_of(token).ok_or(DeskError::NotFound)?;
    let id = &view.request.request_id;
    let sealed = desk.store.read().await?.sealed_file(id).await?;
    let (Stage::Packed, Some(centre), Some(sealed)) = (view.stage, desk.centre, sealed) else {
        return Ok(Fetched::Not(Box::new(view)));
    };
    // Opened before it is erased: what does not open stays, and somebody can mend the vault.
    let content = centre.open(id, sealed).await?.to_vec();
    let mut txn = desk.store.write(desk.now, desk.actor()).await?;
    match txn.fetch_delivery(id, &hash).await {
        Err(StoreError::Stale { .. }) => return Ok(Fetched::Not(Box::new(show(desk, number).await?))),
        done => done?,
    }
    match txn.commit(Step::KeyHandedOver).await {
        Err(error @ StoreError::OutcomeUnknown(_)) => {
            // If it is erased, and it was us, the answer is the last place where it is.
            let row = show(desk, number).await?.delivery;
            if (row.fetched_by.as_ref(), row.fetched_at) != (Some(&desk.account.account_id), Some(desk.now)) {
                return Err(error.into());
            }
        }
        done => done?,
    }
    Ok(Fetched::File(Download {
        // RFC 7292 names none; this is what browsers and systems know it by.
        content_type: "application/x-pkcs12",
        ascii_name: format!("{number}.p12"),
        name: format!("{number}_{}.p12", view.organisation),
        content,
    }))
}

/// The hash a token is kept as; nothing for text that is no token.
fn hash_of(token: &str) -> Option<[u8; 32]> {
    let digits = token.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let octets: Vec<u8> = digits.collect::<Option<_>>()?;
    (octets.len() == TOKEN_LENGTH && hex(&octets) == token).then(|| sha256(&octets))
}

async fn view(txn: &mut ReadTxn, desk: &Desk<'_>, number: &RequestNumber) -> Result<DeliveryView, DeskError> {
    let request = requests::visible(txn, desk, number).await?;
    // Central roles see requests of all; keys are handed over among those whose they are.
    if request.organisation_id != desk.organisation.organisation_id || request.key_source != KeySource::Centre {
        return Err(DeskError::NotFound);
    }
    let delivery = txn.delivery(&request.request_id).await?.ok_or(DeskError::NotFound)?;
    let certificate = certificate(txn, &request).await?;
    let stage = stage(&delivery, certificate.as_ref(), desk.now);
    let (packed_by, fetched_by) = (delivery.packed_by.clone(), delivery.fetched_by.clone());
    Ok(DeliveryView {
        organisation: txn.organisation(&request.organisation_id).await?.map(|found| found.name).unwrap_or_default(),
        requester: name_of(txn, Some(&request.requester_id)).await?,
        packed_by: name_of(txn, packed_by.as_ref()).await?,
        fetched_by: name_of(txn, fetched_by.as_ref()).await?,
        request,
        delivery,
        stage,
    })
}

/// What the worker has not erased yet is over all the same.
fn stage(delivery: &DeliveryRow, certificate: Option<&CertificateRow>, now: Timestamp) -> Stage {
    // A key under suspicion on its way is not handed over, whatever comes of the suspicion.
    let revoked = certificate.is_some_and(|row| matches!(standing(row, now), Standing::Revoked | Standing::Suspended));
    match (delivery.state, certificate) {
        (DeliveryState::Fetched, _) => Stage::Fetched,
        (DeliveryState::Erased, _) => {
            Stage::Over(delivery.erased.map_or(Erasure::RequestEnded, |(_, because)| because))
        }
        (DeliveryState::Kept, None) => Stage::TooEarly,
        (DeliveryState::Kept | DeliveryState::Packed, _) if revoked => Stage::Over(Erasure::Revoked),
        (DeliveryState::Kept, Some(row)) if row.recorded_at.plus(KEY_LIFE) <= now => Stage::Over(Erasure::NotPacked),
        (DeliveryState::Kept, Some(_)) => Stage::Ready,
        (DeliveryState::Packed, _) if delivery.expires_at.is_some_and(|until| until > now) => Stage::Packed,
        (DeliveryState::Packed, _) => Stage::Over(Erasure::NotFetched),
    }
}

async fn certificate(txn: &mut ReadTxn, request: &RequestRow) -> Result<Option<CertificateRow>, DeskError> {
    let Some((authority, serial)) = &request.certificate else { return Ok(None) };
    Ok(txn.certificate(authority, serial).await?)
}

async fn name_of(txn: &mut ReadTxn, account: Option<&AccountId>) -> Result<Option<String>, DeskError> {
    let Some(account) = account else { return Ok(None) };
    Ok(txn.account(account).await?.map(|found| found.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_only_as_it_was_written() {
        let token = "0f".repeat(TOKEN_LENGTH);
        assert_eq!(hash_of(&token), Some(sha256(&[15; TOKEN_LENGTH])));
        for wrong in
            [token.to_uppercase(), token[2..].to_owned(), format!("{token}00"), "+f".repeat(32), "あ".repeat(22)]
        {
            assert_eq!(hash_of(&wrong), None, "{wrong}");
        }
    }
}
