-- Revocation lists of several kinds, of any length.

-- Where a certificate's revocation will be listed, decided when it is issued and never changed: `crl_shard` is the partition
-- its distribution point names (null: none), `is_ca` says whether it is a CA's, `stays_listed` whether its entry outlives it.
-- Null in rows of the version before: no CA's, unless its family says otherwise.
alter table intent add column crl_shard bigint;

alter table intent add column is_ca boolean;

alter table intent add column stays_listed boolean;

-- The same beside the revocation, and the end of the certificate, so that a list of a million is read from one table.
-- Copied from the intent when the row is written; never changed.
alter table revocation add column not_after bigint;

alter table revocation add column crl_shard bigint;

alter table revocation add column is_ca boolean;

alter table revocation add column stays_listed boolean;

update revocation set not_after = (
    select i.not_after from intent i where i.authority_id = revocation.authority_id and i.serial = revocation.serial);

create index revocation_shard on revocation (authority_id, crl_shard, serial) where crl_shard is not null;

create index revocation_of_ca on revocation (authority_id, serial) where is_ca;

-- Which list a number was taken for: `scope` is `full`, `ca`, `ee` or the number of a shard; `base_number` is set for a delta
-- and is the number of the list it builds on. All lists of an authority share one sequence of numbers. `emergency` lists are
-- signed ahead with a longer life and count only once `released_at` is set. `octets` and `entries` measure the list; `sha256`
-- is of all its octets. `der` is the list, or its first piece where the others stand in crl_piece.
alter table crl add column scope text not null default 'full';

alter table crl add column base_number bigint;

alter table crl add column emergency boolean not null default false;

alter table crl add column released_at bigint;

alter table crl add column octets bigint;

alter table crl add column entries bigint;

alter table crl add column sha256 bytea;

update crl set octets = length(der) where der is not null;

create index crl_list on crl (authority_id, scope, number);

-- A further piece of a list that is too long for one row, from 1. Written before the list is stored, without which they are
-- nothing.
create table crl_piece (
    authority_id text not null,
    number bigint not null,
    piece bigint not null,
    octets bytea not null,
    constraint crl_piece_pk primary key (authority_id, number, piece),
    constraint crl_piece_list_known foreign key (authority_id, number) references crl (authority_id, number),
    constraint crl_piece_check check (piece >= 1)
);
