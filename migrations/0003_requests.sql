-- What people ask for.

-- The last number given in each year of the era, as in R8-000123. Numbers have no gaps: the row is updated in the
-- transaction that files the request.
create table request_number (
    era_year bigint not null,
    last_number bigint not null,
    constraint request_number_pk primary key (era_year)
);

-- A request for one certificate. What was asked (subject, names, key, CSR, statement) never changes after it was filed;
-- `state`, `version` and the decision do. Each update names the version it has read. `dns_names` is separated by
-- line feeds. `key_spki` is the public key whose possession the CSR proved. `statement` is the text the approver agrees to, and
-- `statement_sha256` what binds the decision to it. `note` is what the requester tells the approver; it is not part of the
-- statement.
create table request (
    request_id text not null,
    number text not null,
    organisation_id text not null,
    profile_id text not null,
    state text not null,
    version bigint not null,
    requester_id text not null,
    subject_der bytea not null,
    subject_text text not null,
    dns_names text not null,
    csr bytea not null,
    key_spki bytea not null,
    key_sha256 bytea not null,
    statement text not null,
    statement_sha256 bytea not null,
    submitted_at bigint not null,
    decided_by text,
    decided_at bigint,
    decision_note text,
    note text not null default '',
    updated_at bigint not null,
    constraint request_pk primary key (request_id),
    constraint request_number_once unique (number),
    constraint request_organisation_known foreign key (organisation_id) references organisation (organisation_id),
    constraint request_requester_known foreign key (requester_id) references account (account_id),
    constraint request_decider_known foreign key (decided_by) references account (account_id),
    constraint request_four_eyes_check check (state in ('submitted', 'returned', 'rejected', 'withdrawn')
        or (decided_by is not null and decided_by <> requester_id)),
    constraint request_state_check check (state in
        ('submitted', 'approved', 'issuing', 'issued', 'returned', 'rejected', 'withdrawn', 'failed'))
);

-- One key, one request: a key is free again only when its request came to nothing.
create unique index request_key_once on request (key_sha256) where state in ('submitted', 'approved', 'issuing', 'issued');

create index request_organisation on request (organisation_id, request_id);
