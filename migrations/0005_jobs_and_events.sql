-- What is still to be done, and what has been done.

-- A job is work a committed change has caused. Done means deleted. A job of one kind for one subject waits once; asking
-- again while it runs takes the lease away, so that it runs once more. `attempts` counts the claims.
create table job (
    job_id text not null,
    kind text not null,
    subject text not null,
    run_at bigint not null,
    attempts bigint not null,
    leased_until bigint,
    last_error text,
    constraint job_pk primary key (job_id),
    constraint job_subject_once unique (kind, subject),
    constraint job_kind_check check (kind in ('issue', 'refresh_crl', 'presign'))
);

create index job_due on job (run_at);

-- An audit event, in the transaction of its effect. `audit_event_id` is ordered by time. `object` is 'request:…',
-- 'certificate:<authority>/<serial>', 'account:…'. `detail` is a JSON object of texts. Insert only: the program has no
-- statement that changes or deletes a row.
create table audit_event (
    audit_event_id text not null,
    at bigint not null,
    actor text not null,
    verb text not null,
    object text not null,
    detail text not null,
    constraint audit_event_pk primary key (audit_event_id)
);

create index audit_event_object on audit_event (object);
