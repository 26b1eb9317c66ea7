-- Who opens the key stores, and which authorities may use their keys now.

-- A set of shares of the secret that opens one key store. Written before the store takes the secret; `in_force_at` is when it
-- had, `void_at` when a later set took its place. `custodians` are the names in the order of the shares' numbers, separated by
-- line feeds. `digest` recognises the secret, which has 256 random bits; no share is ever here. But for those two times a row
-- never changes.
create table custody_set (
    custody_set_id text not null,
    key_store text not null,
    least bigint not null,
    custodians text not null,
    digest bytea not null,
    made_at bigint not null,
    in_force_at bigint,
    void_at bigint,
    constraint custody_set_pk primary key (custody_set_id),
    constraint custody_set_least_check check (least >= 2)
);

-- One set in force for a store.
create unique index custody_set_in_force_once on custody_set (key_store)
    where in_force_at is not null and void_at is null;

-- Whether an authority whose pack asks for its activation may use its keys. One row each, updated. `custody_set_id` and
-- `custodians` (numbers, separated by commas) say who activated it last.
create table activation (
    authority_id text not null,
    active boolean not null,
    changed_at bigint not null,
    reason text not null,
    custody_set_id text,
    custodians text not null,
    constraint activation_pk primary key (authority_id),
    constraint activation_authority_known foreign key (authority_id) references authority (authority_id),
    constraint activation_set_known foreign key (custody_set_id) references custody_set (custody_set_id),
    constraint activation_reason_check check (reason in ('custodians', 'person', 'restart'))
);
