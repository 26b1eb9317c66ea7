# Requests, approvals, certificates, revocation, authorities
