-- Keys that must not sign.

-- A row is a key that made a signature its own public half does not verify, or that somebody distrusts for another reason.
-- The process that notices writes it, and no process signs with the key while the row is there. It goes when somebody has
-- looked at the device and returns the key to service; what happened stays in the audit log.
create table key_out_of_service (
    key_label text not null,
    reason text not null,
    taken_at bigint not null,
    constraint key_out_of_service_pk primary key (key_label)
);
