-- Authorities have one key after the other: each row of `authority` is one generation.

-- `line_id` is what the policy packs call the authority, the same for all its generations; `generation` counts them from 1.
-- The one that issues is the last whose `issues_from` has come. `signature_algorithm` is the name of the algorithm its key
-- signs with; null where it is the usual one of that kind of key.
alter table authority add column line_id text;

update authority set line_id = authority_id;

alter table authority add column generation bigint not null default 1;

alter table authority add column issues_from bigint not null default 0;

alter table authority add column signature_algorithm text;

create unique index authority_generation_once on authority (line_id, generation);

-- A link certificate (RFC 9810 §4.4): the key of generation `subject_id` certified by generation `authority_id` of the same
-- line, so that who trusts one of them comes to trust the other. Written with the rollover, published, never changed.
create table link_certificate (
    authority_id text not null,
    serial bytea not null,
    subject_id text not null,
    constraint link_certificate_pk primary key (authority_id, serial),
    constraint link_certificate_subject_once unique (authority_id, subject_id),
    constraint link_certificate_known foreign key (authority_id, serial) references certificate (authority_id, serial),
    constraint link_certificate_subject_known foreign key (subject_id) references authority (authority_id)
);
