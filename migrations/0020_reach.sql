-- Since when a revocation can be seen where others look (失効の到達): their lists and answers are fetched as they do it.

-- Written once for each place, by the prober, and never changed. `revoked_at` says which revocation of the certificate is meant,
-- since a suspension may be lifted and set again; the revocation itself may be gone by then.
create table revocation_reach (
    authority_id text not null,
    serial bytea not null,
    revoked_at bigint not null,
    place text not null,
    seen_at bigint not null,
    constraint revocation_reach_pk primary key (authority_id, serial, revoked_at, place)
);
