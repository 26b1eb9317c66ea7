-- Certificates are no longer of servers alone.

-- `names` holds every name of subjectAltName as people read it, one a line: the directory name first, if there is one, then
-- servers, then mail addresses. It is searched.
alter table request rename column dns_names to names;
alter table intent rename column dns_names to names;

-- The directory name of subjectAltName (a Name in DER): its text in `names` does not say how it is encoded.
alter table request add column directory_der bytea;

-- Who made the key: 'holder', who sent a `csr`, or 'centre'; then `csr` is empty, and the private key is in the vault until it
-- is handed over.
alter table request add column key_source text not null default 'holder';

-- The chosen beginning of the certificate; null when it begins with its issue.
alter table request add column starts_at bigint;
