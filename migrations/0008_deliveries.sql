-- Keys that the centre makes for holders, on their way to them.

-- A row is written with the request it belongs to, and changes as its key moves on:
--   'kept'     `sealed_key` is the private key, sealed by the vault (hsm-adapters), until there is a certificate;
--   'packed'   `sealed_file` is the PKCS#12, sealed by the vault; its PIN has been shown once and stands nowhere;
--   'fetched'  somebody has downloaded it;
--   'erased'   nobody will; `erased_because` says why.
-- A secret leaves in the transaction that moves the row on: `delivery_secret_check` lets no state keep more than it needs.
-- `token_sha256` is of the newest download link's token; it stays, so that a used link can be told from a wrong one. The
-- file is erased at `expires_at`.
create table delivery (
    request_id text not null,
    state text not null,
    sealed_key bytea,
    sealed_file bytea,
    token_sha256 bytea,
    kept_at bigint not null,
    packed_at bigint,
    packed_by text,
    expires_at bigint,
    fetched_at bigint,
    fetched_by text,
    erased_at bigint,
    erased_because text,
    constraint delivery_pk primary key (request_id),
    constraint delivery_request_known foreign key (request_id) references request (request_id),
    constraint delivery_packer_known foreign key (packed_by) references account (account_id),
    constraint delivery_fetcher_known foreign key (fetched_by) references account (account_id),
    constraint delivery_state_check check (state in ('kept', 'packed', 'fetched', 'erased')),
    constraint delivery_secret_check check (
        (state = 'kept' and sealed_key is not null and sealed_file is null)
        or (state = 'packed' and sealed_key is null and sealed_file is not null and expires_at is not null)
        or (state in ('fetched', 'erased') and sealed_key is null and sealed_file is null)),
    constraint delivery_erasure_check check (
        erased_because is null or erased_because in ('request-ended', 'not-packed', 'not-fetched', 'revoked'))
);

-- One link leads to one file.
create unique index delivery_token_once on delivery (token_sha256) where token_sha256 is not null;

-- The worker looks for what is overdue: few rows, among all that were ever delivered.
create index delivery_under_way on delivery (state) where state in ('kept', 'packed');
