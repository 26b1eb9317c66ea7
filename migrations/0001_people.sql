-- The register: who may ask for certificates, and in whose name.

-- An organisation is a local government (or the operator itself). `code` is the six-digit local government code with its
-- check digit. Names here are the only source of the organisation's name in a certificate; a CSR never is.
create table organisation (
    organisation_id text not null,
    code text not null,
    name text not null,
    kana text not null,
    name_en text not null,
    created_at bigint not null,
    constraint organisation_pk primary key (organisation_id),
    constraint organisation_code_once unique (code)
);

-- A domain an organisation has shown to control, until the day the proof runs out. Certificates for servers may carry
-- names in these domains and no others.
create table organisation_domain (
    organisation_id text not null,
    domain text not null,
    verified_until bigint not null,
    constraint organisation_domain_pk primary key (organisation_id, domain),
    constraint organisation_domain_organisation_known foreign key (organisation_id) references organisation (organisation_id)
);

-- An account is a person of one organisation. `password_hash` is a PHC string. `totp_last_step` is the last time step
-- whose code was taken: a code is good once. A row is closed (`active` false), never deleted, since events name it.
create table account (
    account_id text not null,
    organisation_id text not null,
    login text not null,
    name text not null,
    role text not null,
    password_hash text not null,
    totp_secret bytea not null,
    totp_last_step bigint not null,
    failed_logins bigint not null,
    locked_until bigint,
    active boolean not null,
    created_at bigint not null,
    constraint account_pk primary key (account_id),
    constraint account_login_once unique (login),
    constraint account_organisation_known foreign key (organisation_id) references organisation (organisation_id),
    constraint account_role_check check (role in ('officer', 'manager', 'ra-operator', 'auditor'))
);

create index account_organisation on account (organisation_id);

-- A passkey of an account. `credential` is the JSON the WebAuthn library keeps, with its counter.
create table passkey (
    passkey_id text not null,
    account_id text not null,
    label text not null,
    credential text not null,
    created_at bigint not null,
    used_at bigint,
    constraint passkey_pk primary key (passkey_id),
    constraint passkey_account_known foreign key (account_id) references account (account_id)
);

create index passkey_account on passkey (account_id);

-- A browser's session. The cookie holds the token, this row only its SHA-256, so that a copy of the database opens no
-- session. `account_id` is null while somebody who has not logged in yet is asked for a passkey; a log-in form has no row.
-- `challenge` is the state of a WebAuthn ceremony under way.
create table session (
    token_sha256 bytea not null,
    account_id text,
    csrf_secret bytea not null,
    created_at bigint not null,
    seen_at bigint not null,
    challenge text,
    constraint session_pk primary key (token_sha256),
    constraint session_account_known foreign key (account_id) references account (account_id)
);

create index session_account on session (account_id);

create index session_seen on session (seen_at);

-- A form sent once. The page carries a nonce; the transaction that does what the form asks also writes this row, with
-- the path of the result, so that the same form sent twice leads to the same place and is done once.
create table submission (
    nonce text not null,
    account_id text not null,
    result_path text,
    claimed_at bigint not null,
    constraint submission_pk primary key (nonce),
    constraint submission_account_known foreign key (account_id) references account (account_id)
);

-- Things one installation decides once (its identifier, the state of its set-up).
create table setting (
    name text not null,
    value text not null,
    constraint setting_pk primary key (name)
);
