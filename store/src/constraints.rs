//! The names of unique constraints. PostgreSQL reports the name of the constraint it enforced; SQLite reports the columns
//! (`UNIQUE constraint failed: account.login`) and, for checks, the name. This table gives SQLite's answer its name; the
//! contract suite compares it with PostgreSQL's catalogue, so that it cannot fall behind `migrations/`.

use sqlx::error::DatabaseError;

/// Columns as SQLite lists them, and the constraint or unique index they belong to.
pub const UNIQUE: &[(&str, &str)] = &[
    ("account.account_id", "account_pk"),
    ("account.login", "account_login_once"),
    ("activation.authority_id", "activation_pk"),
    ("audit_event.audit_event_id", "audit_event_pk"),
    ("authority.authority_id", "authority_pk"),
    ("authority_above.authority_id, authority_above.position", "authority_above_pk"),
    ("authority.key_label", "authority_key_once"),
    ("authority.line_id, authority.generation", "authority_generation_once"),
    ("campaign.campaign_id", "campaign_pk"),
    ("campaign_item.campaign_id, campaign_item.authority_id, campaign_item.serial", "campaign_item_pk"),
    ("campaign_organisation.campaign_id, campaign_organisation.organisation_id", "campaign_organisation_pk"),
    ("campaign_wave.campaign_id, campaign_wave.number", "campaign_wave_pk"),
    ("certificate.authority_id, certificate.serial", "certificate_pk"),
    ("certificate.request_id", "certificate_request_once"),
    ("crl.authority_id, crl.number", "crl_pk"),
    ("crl_piece.authority_id, crl_piece.number, crl_piece.piece", "crl_piece_pk"),
    ("crl_recovery.authority_id", "crl_recovery_pk"),
    ("custody_set.custody_set_id", "custody_set_pk"),
    ("custody_set.key_store", "custody_set_in_force_once"),
    ("delivery.request_id", "delivery_pk"),
    ("delivery.token_sha256", "delivery_token_once"),
    ("intent.authority_id, intent.serial", "intent_pk"),
    ("job.job_id", "job_pk"),
    ("job.kind, job.subject", "job_subject_once"),
    ("key_out_of_service.key_label", "key_out_of_service_pk"),
    ("link_certificate.authority_id, link_certificate.serial", "link_certificate_pk"),
    ("link_certificate.authority_id, link_certificate.subject_id", "link_certificate_subject_once"),
    ("mass_revocation.mass_revocation_id", "mass_revocation_pk"),
    ("mass_revocation_approval.mass_revocation_id, mass_revocation_approval.account_id", "mass_revocation_approval_pk"),
    ("mass_revocation_item.mass_revocation_id, mass_revocation_item.position", "mass_revocation_item_pk"),
    (
        "mass_revocation_item.mass_revocation_id, mass_revocation_item.authority_id, mass_revocation_item.serial",
        "mass_revocation_item_once",
    ),
    ("ocsp_response.authority_id, ocsp_response.serial", "ocsp_response_pk"),
    ("organisation.code", "organisation_code_once"),
    ("organisation.organisation_id", "organisation_pk"),
    ("organisation_domain.organisation_id, organisation_domain.domain", "organisation_domain_pk"),
    ("passkey.passkey_id", "passkey_pk"),
    ("publication.target, publication.path", "publication_pk"),
    ("publication_target.target", "publication_target_pk"),
    ("request.key_sha256", "request_key_once"),
    ("request.number", "request_number_once"),
    ("request.request_id", "request_pk"),
    ("request_number.era_year", "request_number_pk"),
    ("revocation.authority_id, revocation.serial", "revocation_pk"),
    (
        "revocation_reach.authority_id, revocation_reach.serial, revocation_reach.revoked_at, revocation_reach.place",
        "revocation_reach_pk",
    ),
    ("session.token_sha256", "session_pk"),
    ("setting.name", "setting_pk"),
    ("submission.nonce", "submission_pk"),
];

/// The name of the constraint a database has reported; its own words when it cannot be told.
pub(crate) fn named(reported: &dyn DatabaseError) -> String {
    if let Some(name) = reported.constraint() {
        return name.to_owned();
    }
    // SQLite has no other field than its text, which is part of its stable interface (and held by the contract suite).
    let (_, detail) = reported.message().split_once("constraint failed: ").unwrap_or(("", reported.message()));
    UNIQUE.iter().find(|(columns, _)| *columns == detail).map_or(detail, |(_, name)| name).to_owned()
}
