//! Revocations: an officer makes a certificate of the own organisation unusable, for a reason, once and for all. What may be taken
//! back is a suspension.

use ca_core::id::AuthorityId;
use ca_core::revocation::{Revocation, RevocationReason};
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;
use store::certificates::CertificateRow;
use store::imports;
use store::{Step, StoreError};

use super::era::CivilDate;
use super::message::Message;
use super::problem::{Field, Problem};
use super::{Desk, DeskError, certificates};

/// The form, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The reason's name in the standard, from the list offered.
    pub reason: String,
    /// The boxes of the day the compromise was known; all empty when it was not given.
    pub year: String,
    /// Month.
    pub month: String,
    /// Day.
    pub day: String,
}

/// A revocation whose form is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Why.
    pub reason: RevocationReason,
    /// Since when the key may have been misused; only with a compromised key.
    pub known_since: Option<CivilDate>,
    known_since_start: Option<Timestamp>,
}

/// What became of a revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// It is revoked now, or was before: the page shows since when and why.
    Done,
    /// It needs no revocation: its period has ended.
    Expired,
}

/// Returns what the form asks for, or what must be mended.
pub fn check(draft: &Draft, now: Timestamp) -> Result<Wanted, Vec<Problem>> {
    let mut problems = Vec::new();
    let reason =
        RevocationReason::parse(&draft.reason).filter(|reason| RevocationReason::chosen_by_officers().contains(reason));
    if reason.is_none() {
        problems.push(Problem::new(Field::RevocationReason, Message::new("revocation-reason-empty")));
    }
    let known_since = match known_since(draft, now) {
        Ok(day) => day,
        Err(message) => {
            problems.push(Problem::new(Field::KnownSince, message));
            None
        }
    };
    match reason {
        Some(reason) if problems.is_empty() => {
            // Invalidity dates belong to compromised keys; a day left over from another choice is dropped, as the page says.
            let known_since = known_since.filter(|_| reason == RevocationReason::KeyCompromise);
            Ok(Wanted { reason, known_since, known_since_start: known_since.and_then(CivilDate::start) })
        }
        _ => Err(problems),
    }
}

fn known_since(draft: &Draft, now: Timestamp) -> Result<Option<CivilDate>, Message> {
    let boxes = [&draft.year, &draft.month, &draft.day].map(|text| text.trim());
    if boxes.iter().all(|text| text.is_empty()) {
        return Ok(None);
    }
    if boxes.iter().any(|text| text.is_empty()) {
        return Err(Message::new("known-since-incomplete"));
    }
    let [year, month, day] = boxes;
    let date = CivilDate::typed(year, month, day).ok_or_else(|| {
        let typed: String = format!("{year}/{month}/{day}").chars().take(40).collect();
        Message::new("known-since-date").with("typed", typed)
    })?;
    if date > CivilDate::in_japan(now) {
        return Err(Message::new("known-since-future").with("date", date.era_ja()));
    }
    Ok(Some(date))
}

/// Returns the certificate, if the person may revoke it. Errors: [`DeskError::NotFound`] for that of another organisation.
pub async fn revocable(
    desk: &Desk<'_>,
    authority: &AuthorityId,
    serial: &SerialNumber,
) -> Result<CertificateRow, DeskError> {
    let row = certificates::visible(&mut desk.store.read().await?, desk, authority, serial).await?;
    if answers_for(desk, &row) { Ok(row) } else { Err(DeskError::NotFound) }
}

/// Whether the certificate is for the person to revoke: one of the own organisation, or, at the centre, one that a CA has issued
/// elsewhere before it moved here, which belongs to no organisation of this register.
pub fn answers_for(desk: &Desk<'_>, row: &CertificateRow) -> bool {
    match desk.scope() {
        Some(own) => row.organisation_id.as_ref() == Some(own),
        None => row.organisation_id.is_none() && row.profile_id.as_str() == imports::PROFILE,
    }
}

/// Revokes: the revocation, its audit event and the jobs for OCSP and CRL are one transaction. A certificate that is revoked already
/// stays revoked as it was, one that is
/// suspended is revoked for good.
pub async fn revoke(
    desk: &Desk<'_>,
    authority: &AuthorityId,
    serial: &SerialNumber,
    wanted: Wanted,
) -> Result<Revoked, DeskError> {
    let mut txn = desk.store.write(desk.now, desk.actor()).await?;
    let row = certificates::visible(&mut txn, desk, authority, serial).await?;
    if !answers_for(desk, &row) {
        return Err(DeskError::NotFound);
    }
    let suspended = row.revocation.as_ref().is_some_and(|found| found.reason == RevocationReason::CertificateHold);
    if row.revocation.is_some() && !suspended {
        return Ok(Revoked::Done);
    }
    if row.validity.not_after < desk.now {
        return Ok(Revoked::Expired);
    }
    // CRL and OCSP carry whole seconds.
    let revocation = Revocation {
        reason: wanted.reason,
        revoked_at: desk.now.whole_seconds(),
        invalidity_at: wanted.known_since_start,
    };
    let done = if suspended {
        txn.revoke_suspended(authority, serial, &revocation).await
    } else {
        txn.revoke(authority, serial, &revocation).await
    };
    match done {
        // Somebody else was faster; the page says what has become of it.
        Err(StoreError::NotFound { .. }) => return Ok(Revoked::Done),
        Err(error) if error.is_conflict("revocation_pk") => return Ok(Revoked::Done),
        done => done?,
    }
    txn.commit(Step::Revoked).await?;
    Ok(Revoked::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T00:30 in Japan.
    const NOW: Timestamp = Timestamp::from_seconds(1_795_275_000);

    fn draft(reason: &str, day: [&str; 3]) -> Draft {
        let [year, month, day] = day.map(str::to_owned);
        Draft { reason: reason.to_owned(), year, month, day }
    }

    fn problem(reason: &str, day: [&str; 3]) -> &'static str {
        check(&draft(reason, day), NOW).unwrap_err()[0].message.key
    }

    #[test]
    fn a_reason_must_be_one_that_officers_may_choose() {
        assert_eq!(problem("", ["", "", ""]), "revocation-reason-empty");
        assert_eq!(problem("cACompromise", ["", "", ""]), "revocation-reason-empty");
        assert!(check(&draft("superseded", ["", "", ""]), NOW).is_ok());
    }

    #[test]
    fn the_day_of_a_compromise_is_in_the_past_and_in_the_calendar() {
        assert_eq!(problem("keyCompromise", ["2026", "11", "23"]), "known-since-future");
        assert_eq!(problem("keyCompromise", ["2026", "2", "30"]), "known-since-date");
        assert_eq!(problem("keyCompromise", ["2026", "", "1"]), "known-since-incomplete");
        let wanted = check(&draft("keyCompromise", ["令和8", "11", "22"]), NOW).unwrap();
        assert_eq!(wanted.known_since_start.unwrap().rfc3339(), "2026-11-21T15:00:00Z");
    }

    #[test]
    fn a_day_without_a_compromised_key_is_dropped() {
        assert_eq!(check(&draft("superseded", ["2026", "1", "1"]), NOW).unwrap().known_since, None);
    }
}
