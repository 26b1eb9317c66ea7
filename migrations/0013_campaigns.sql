-- The move to new cryptography (新暗号対応): certificates that are old are issued again, organisation by organisation.

-- A campaign. `old_keys` are kinds of holders' keys (`rsa2048`), `old_authorities` ids of generations; a certificate is old when
-- either has it; both are separated by line feeds. Planned once; of a row only `closed_at` changes.
create table campaign (
    campaign_id text not null,
    title_ja text not null,
    title_en text not null,
    old_keys text not null,
    old_authorities text not null,
    created_at bigint not null,
    created_by text not null,
    closed_at bigint,
    constraint campaign_pk primary key (campaign_id),
    constraint campaign_old_check check (old_keys <> '' or old_authorities <> '')
);

-- When the organisations of a wave begin, and the last instant they have. Both change when the wave is moved to other days.
create table campaign_wave (
    campaign_id text not null,
    number bigint not null,
    opens_at bigint not null,
    due_at bigint not null,
    constraint campaign_wave_pk primary key (campaign_id, number),
    constraint campaign_wave_campaign_known foreign key (campaign_id) references campaign (campaign_id),
    constraint campaign_wave_number_check check (number >= 1),
    constraint campaign_wave_due_check check (due_at > opens_at)
);

-- An organisation is in one wave with all its certificates. `wave` changes when it is moved.
create table campaign_organisation (
    campaign_id text not null,
    organisation_id text not null,
    wave bigint not null,
    constraint campaign_organisation_pk primary key (campaign_id, organisation_id),
    constraint campaign_organisation_wave_known
        foreign key (campaign_id, wave) references campaign_wave (campaign_id, number),
    constraint campaign_organisation_known foreign key (organisation_id) references organisation (organisation_id)
);

-- A certificate that was old and valid when the campaign was planned. Never changed: what has become of it is read from the
-- certificates of its organisation, never written down.
create table campaign_item (
    campaign_id text not null,
    authority_id text not null,
    serial bytea not null,
    organisation_id text not null,
    constraint campaign_item_pk primary key (campaign_id, authority_id, serial),
    constraint campaign_item_certificate_known
        foreign key (authority_id, serial) references certificate (authority_id, serial),
    constraint campaign_item_organisation_known
        foreign key (campaign_id, organisation_id) references campaign_organisation (campaign_id, organisation_id)
);

create index campaign_item_organisation on campaign_item (campaign_id, organisation_id);
