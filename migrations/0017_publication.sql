-- What stands at the places this installation publishes to.

-- A row is a target the configuration names. Whoever publishes to it holds the lease, so that two never do at once.
-- `complete_at` is when everything was last seen to stand there as it should; `failures` counts the passes that went wrong since,
-- `trouble` says what the last found, and none is begun before `retry_at`. Changed with every pass; rows of targets the
-- configuration does not name any more stay and say nothing.
create table publication_target (
    target text not null,
    leased_until bigint,
    tried_at bigint,
    complete_at bigint,
    failures bigint not null,
    trouble text,
    retry_at bigint,
    constraint publication_target_pk primary key (target)
);

-- A row is what was last seen at a path of a target, or last put into a folder that is not read back: a list, or a bundle.
-- Written with the pass that saw it.
create table publication (
    target text not null,
    path text not null,
    number bigint not null,
    sha256 bytea not null,
    this_update bigint not null,
    next_update bigint not null,
    seen_at bigint not null,
    constraint publication_pk primary key (target, path),
    constraint publication_target_known foreign key (target) references publication_target (target)
);
