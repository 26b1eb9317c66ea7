-- The ledger: what may have been signed, what was, and what is no longer good. Rows of the first three tables are never
-- updated or deleted.

-- The intent to sign exactly these bytes, and what they say. Written before the signature is asked for: from here on the
-- certificate may exist. `request_id` is null for certificates made at a ceremony; `dns_names` is separated by line
-- feeds; `key_sha256` is of the public key info.
create table intent (
    authority_id text not null,
    serial bytea not null,
    request_id text,
    profile_id text not null,
    subject text not null,
    dns_names text not null,
    key_sha256 bytea not null,
    not_before bigint not null,
    not_after bigint not null,
    tbs bytea not null,
    tbs_sha256 bytea not null,
    recorded_at bigint not null,
    constraint intent_pk primary key (authority_id, serial)
);

-- The outcome of an intent: a certificate. What it says stands in the intent and is not repeated. `der` is null for a
-- burnt serial number (欠番): whether it was signed is not known, so it counts as issued and has a revocation. The
-- primary key decides between the process that signed and the one that gives the serial up: whoever inserts first is right.
create table certificate (
    authority_id text not null,
    serial bytea not null,
    request_id text,
    der bytea,
    recorded_at bigint not null,
    constraint certificate_pk primary key (authority_id, serial),
    constraint certificate_intent_known foreign key (authority_id, serial) references intent (authority_id, serial)
);

-- A request leads to one certificate. Burnt serial numbers of earlier attempts keep the request they were meant for.
create unique index certificate_request_once on certificate (request_id) where request_id is not null and der is not null;

-- An organisation's list goes from its requests to their certificates, burnt serial numbers among them.
create index certificate_request on certificate (request_id) where request_id is not null;

-- The list page shows the newest first; the column only grows, so this index is cheap to keep.
create index certificate_recorded on certificate (recorded_at);

-- A certificate that is no longer good, once and for all. `reason` is the CRLReason of RFC 5280 §5.3.1. `revoked_by` is
-- the actor as in audit_event.
create table revocation (
    authority_id text not null,
    serial bytea not null,
    reason bigint not null,
    revoked_at bigint not null,
    invalidity_at bigint,
    revoked_by text not null,
    constraint revocation_pk primary key (authority_id, serial),
    constraint revocation_certificate_known foreign key (authority_id, serial) references certificate (authority_id, serial),
    constraint revocation_reason_check check (reason >= 0 and reason <= 10 and reason <> 7)
);

-- A pre-signed OCSP response: a cache that may be emptied. A revocation deletes the row in its own transaction. `revoked`
-- is what the response says: one that was signed before the revocation and stored after it is seen by that, and not used.
create table ocsp_response (
    authority_id text not null,
    serial bytea not null,
    revoked boolean not null,
    der bytea not null,
    this_update bigint not null,
    next_update bigint not null,
    constraint ocsp_response_pk primary key (authority_id, serial),
    constraint ocsp_response_certificate_known
        foreign key (authority_id, serial) references certificate (authority_id, serial)
);
