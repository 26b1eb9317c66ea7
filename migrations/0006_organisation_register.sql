-- What an organisation is and what became of it, for what the shipped register of local governments cannot say of the
-- organisations of one installation: unions, approved bodies and providers are in no public list, and mergers go on.

-- `kind` is the word of ca_core::register::BodyKind; null where nobody has said. An organisation is closed when it ends
-- (廃置分合), never deleted, since certificates and events name it: `closed_at` is when, and `successor_id` the organisation
-- that took over, if there is one. Both are written once.
alter table organisation add column kind text;

alter table organisation add column closed_at bigint;

alter table organisation add column successor_id text
    constraint organisation_successor_known references organisation (organisation_id);
