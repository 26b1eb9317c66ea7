"""Judges what is signed with ML-DSA: root, issuer, certificate, CRL, and the OCSP answers about two certificates, all DER."""

import sys
from pathlib import Path

from cryptography import x509
from cryptography.x509 import ocsp

root, issuer, leaf, crl, *answers = (Path(name).read_bytes() for name in sys.argv[1:])
root, issuer, leaf = (x509.load_der_x509_certificate(der) for der in (root, issuer, leaf))
root.verify_directly_issued_by(root)
issuer.verify_directly_issued_by(root)
leaf.verify_directly_issued_by(issuer)
crl = x509.load_der_x509_crl(crl)
issuer.public_key().verify(crl.signature, crl.tbs_certlist_bytes)
statuses = []
for answer in answers:
    response = ocsp.load_der_ocsp_response(answer)
    (responder,) = response.certificates
    responder.verify_directly_issued_by(issuer)
    responder.public_key().verify(response.signature, response.tbs_response_bytes)
    statuses.append(response.certificate_status.name)
print(f"chain CRL({len(list(crl))})", *statuses)
