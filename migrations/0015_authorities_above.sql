-- A certificate above an authority's own, of somebody who has no row here: a subordinate CA that moved here brought it. Position 1
-- is that of its issuer, the last that of the root. Served and handed out with the authority's own certificate. Written once, when
-- the CA is taken over, and never changed.
create table authority_above (
    authority_id text not null,
    position bigint not null,
    der bytea not null,
    constraint authority_above_pk primary key (authority_id, position),
    constraint authority_above_authority_known foreign key (authority_id) references authority (authority_id),
    constraint authority_above_position_check check (position >= 1)
);
