-- Answers are renewed in the order in which they end.

create index ocsp_response_ending on ocsp_response (authority_id, next_update);
