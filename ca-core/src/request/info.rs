//! What a request is made of: the key of an authority asks another organisation for a certificate. Requests of holders are
//! made elsewhere, with their own tools.

use crate::der::{Writer, tag};
use crate::key::SubjectKey;
use crate::name::DistinguishedName;

/// DER of the CertificationRequestInfo (RFC 2986 §4.1) for that name and key, without attributes: what its key signs, and what
/// [`SignatureAlgorithm::signed`](crate::key::SignatureAlgorithm::signed) makes a request of. The name stands there octet for octet.
///
/// ```
/// # use ca_core::{key::SubjectKey, name::DistinguishedName, request::request_info};
/// # fn shown(name: &DistinguishedName, key: &SubjectKey) {
/// let info = request_info(name, key);
/// assert!(info.windows(name.as_der().len()).any(|part| part == name.as_der()));
/// # }
/// ```
pub fn request_info(subject: &DistinguishedName, key: &SubjectKey) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.constructed(tag::context_constructed(0), |_| {}); // attributes: none, but never absent
            w.raw(key.spki_der());
            w.raw(subject.as_der());
            w.integer(0);
        });
    })
}
