-- Responders keep answers in memory and look every second for what is new: answers and revocations by their time.

create index ocsp_response_made on ocsp_response (authority_id, this_update, serial);

create index revocation_made on revocation (authority_id, revoked_at);
