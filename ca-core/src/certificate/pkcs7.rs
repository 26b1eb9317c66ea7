//! Certificates in one file (`.p7b`, `.p7c`): PKCS#7 SignedData with certificates only (RFC 5652 §5, RFC 8551 §3.8).

use crate::der::{Writer, tag};
use crate::oid;

/// DER of a certs-only message that holds these certificates (DER each), in this order.
pub fn certs_only(certificates: &[&[u8]]) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.constructed(tag::context_constructed(0), |w| {
                w.sequence(|w| {
                    w.constructed(tag::SET, |_| {}); // signerInfos: none
                    w.constructed(tag::context_constructed(0), |w| {
                        certificates.iter().rev().for_each(|certificate| w.raw(certificate));
                    });
                    w.sequence(|w| w.oid(oid::DATA)); // encapContentInfo without content
                    w.constructed(tag::SET, |_| {}); // digestAlgorithms: none
                    w.integer(1);
                });
            });
            w.oid(oid::SIGNED_DATA);
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::{Reader, check_strict};

    /// The certificates in a certs-only message, read field by field (RFC 5652 §5.1).
    fn certificates(message: &[u8]) -> Vec<Vec<u8>> {
        check_strict(message).unwrap();
        let mut content_info = Reader::of_sequence(message).unwrap();
        assert_eq!(content_info.oid().unwrap(), oid::SIGNED_DATA.as_bytes());
        let mut signed = content_info.constructed(tag::context_constructed(0)).unwrap().sequence().unwrap();
        content_info.finish().unwrap();
        assert_eq!(signed.small_integer().unwrap(), 1, "version 1 without signers");
        assert!(signed.constructed(tag::SET).unwrap().is_empty(), "no digest algorithms");
        let mut content = signed.sequence().unwrap();
        assert_eq!(content.oid().unwrap(), oid::DATA.as_bytes());
        content.finish().unwrap();
        let mut list = signed.constructed(tag::context_constructed(0)).unwrap();
        assert!(signed.constructed(tag::SET).unwrap().is_empty(), "no signers");
        signed.finish().unwrap();
        let mut found = Vec::new();
        while !list.is_empty() {
            found.push(list.element().unwrap().whole.to_vec());
        }
        found
    }

    #[test]
    fn certificates_stand_in_their_order() {
        let (one, two) = (vec![0x30, 0x03, 0x02, 0x01, 0x01], vec![0x30, 0x00]);
        assert_eq!(certificates(&certs_only(&[&one, &two])), [one, two]);
        assert!(certificates(&certs_only(&[])).is_empty());
    }
}
