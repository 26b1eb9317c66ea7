-- A database that was restored from a backup does not know what was revoked since. Lists of before that stand elsewhere do.

-- When the row was written, where that is not `revoked_at`: a revocation that was found in a list outside. Whoever looks for what is
-- new by its time looks for this too. Never changed.
alter table revocation add column recorded_at bigint;

create index revocation_recorded on revocation (authority_id, recorded_at) where recorded_at is not null;

-- A list found outside whose revocations are being taken over, in several transactions. While the row is there, no list of the
-- authority is made: it could have a higher number than that list and lack what is still to come. Written with the first of these
-- transactions, deleted with the last; who finds one that was left begins again, which does no harm.
create table crl_recovery (
    authority_id text not null,
    number bigint not null,
    begun_at bigint not null,
    constraint crl_recovery_pk primary key (authority_id),
    constraint crl_recovery_authority_known foreign key (authority_id) references authority (authority_id)
);
