-- Much that is revoked at once (一括失効): planned, looked at by two people, executed in batches.

-- A plan. `chosen_by` says in words how its certificates were chosen; `items_sha256` is of them all in their order, so that who
-- approves has looked at these and no others; `reason` is a CRLReason, the only one for all of them. Of a row only `begun_at`
-- and `ended_at` change: when its first batch began, and when nothing was left to do.
create table mass_revocation (
    mass_revocation_id text not null,
    chosen_by text not null,
    reason bigint not null,
    invalidity_at bigint,
    items_sha256 bytea not null,
    created_at bigint not null,
    created_by text not null,
    begun_at bigint,
    ended_at bigint,
    constraint mass_revocation_pk primary key (mass_revocation_id)
);

-- One of the people of the centre who have looked at the plan and say that it may be executed. Never changed.
create table mass_revocation_approval (
    mass_revocation_id text not null,
    account_id text not null,
    approved_at bigint not null,
    constraint mass_revocation_approval_pk primary key (mass_revocation_id, account_id),
    constraint mass_revocation_approval_plan_known
        foreign key (mass_revocation_id) references mass_revocation (mass_revocation_id),
    constraint mass_revocation_approval_account_known foreign key (account_id) references account (account_id)
);

-- A certificate of a plan, at its place in the order. `outcome` is null until its batch is executed, in whose transaction it is
-- set: `revoked`, `revoked-before` (by somebody else, and it stays as it was), or `ended` (there was nothing left to revoke).
create table mass_revocation_item (
    mass_revocation_id text not null,
    position bigint not null,
    authority_id text not null,
    serial bytea not null,
    outcome text,
    constraint mass_revocation_item_pk primary key (mass_revocation_id, position),
    constraint mass_revocation_item_once unique (mass_revocation_id, authority_id, serial),
    constraint mass_revocation_item_plan_known
        foreign key (mass_revocation_id) references mass_revocation (mass_revocation_id),
    constraint mass_revocation_item_certificate_known
        foreign key (authority_id, serial) references certificate (authority_id, serial),
    constraint mass_revocation_item_outcome_check check (outcome in ('revoked', 'revoked-before', 'ended'))
);

create index mass_revocation_item_open on mass_revocation_item (mass_revocation_id, position) where outcome is null;
