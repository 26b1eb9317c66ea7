-- Certification authorities and what they publish about all their certificates together.

-- An authority of this installation: its certificate and the label of its key in the key store. The OCSP columns name the
-- delegated responder that answers for it.
create table authority (
    authority_id text not null,
    name_ja text not null,
    name_en text not null,
    kind text not null,
    issuer_id text,
    certificate bytea not null,
    key_label text not null,
    ocsp_certificate bytea,
    ocsp_key_label text,
    created_at bigint not null,
    constraint authority_pk primary key (authority_id),
    constraint authority_key_once unique (key_label),
    constraint authority_issuer_known foreign key (issuer_id) references authority (authority_id),
    constraint authority_kind_check check (kind in ('root', 'issuing'))
);

-- A CRL number that was taken, and the CRL signed under it. The number is durable before anything is signed; a number
-- whose row has no `der` was taken by an attempt that did not finish, and is never used again.
create table crl (
    authority_id text not null,
    number bigint not null,
    taken_at bigint not null,
    this_update bigint,
    next_update bigint,
    der bytea,
    stored_at bigint,
    constraint crl_pk primary key (authority_id, number),
    constraint crl_authority_known foreign key (authority_id) references authority (authority_id),
    constraint crl_number_check check (number >= 1),
    constraint crl_stored_check check ((der is null) = (stored_at is null)
        and (der is null) = (this_update is null) and (der is null) = (next_update is null))
);
