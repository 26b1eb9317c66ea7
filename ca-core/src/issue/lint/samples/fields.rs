//! Fields of samples that many rules look at, in one call each.

use super::{Sample, name, utc_time};
use crate::der::{Writer, tag};
use crate::oid::{self, Oid};

/// Identifier octets of GeneralName (RFC 5280 §4.2.1.6).
pub(crate) mod general {
    /// otherName.
    pub(crate) const OTHER: u8 = 0xa0;
    /// rfc822Name.
    pub(crate) const MAILBOX: u8 = 0x81;
    /// dNSName.
    pub(crate) const DNS: u8 = 0x82;
    /// directoryName.
    pub(crate) const DIRECTORY: u8 = 0xa4;
    /// uniformResourceIdentifier.
    pub(crate) const URI: u8 = 0x86;
    /// iPAddress.
    pub(crate) const ADDRESS: u8 = 0x87;
    /// registeredID.
    pub(crate) const REGISTERED: u8 = 0x88;
}

/// Writes a SEQUENCE OF GeneralName.
pub(crate) fn general_names(w: &mut Writer, names: &[(u8, &[u8])]) {
    w.sequence(|w| names.iter().rev().for_each(|(kind, content)| w.primitive(*kind, content)));
}

impl Sample {
    /// With extKeyUsage of these purposes, not critical.
    pub(crate) fn purposes(self, purposes: &[Oid]) -> Self {
        self.extension(oid::EXTENDED_KEY_USAGE, |w| {
            w.sequence(|w| purposes.iter().rev().for_each(|purpose| w.oid(*purpose)));
        })
    }

    /// With critical keyUsage of these bits, bit 0 highest.
    pub(crate) fn usage(self, bits: u16) -> Self {
        self.critical(oid::KEY_USAGE, |w| w.named_bits(bits))
    }

    /// With this subject.
    pub(crate) fn called(self, attributes: &[(Oid, u8, &str)]) -> Self {
        self.with(|sample| sample.subject = name(attributes))
    }

    /// With a subject of one PrintableString for each of these.
    pub(crate) fn printed(self, attributes: &[(Oid, &str)]) -> Self {
        let attributes: Vec<_> =
            attributes.iter().map(|(kind, value)| (*kind, tag::PRINTABLE_STRING, *value)).collect();
        self.called(&attributes)
    }

    /// With these names in subjectAltName, not critical.
    pub(crate) fn alternative(self, names: &[(u8, &[u8])]) -> Self {
        self.extension(oid::SUBJECT_ALT_NAME, |w| general_names(w, names))
    }

    /// Valid between these UTCTimes.
    pub(crate) fn lasting(self, from: &str, to: &str) -> Self {
        self.with(|sample| (sample.not_before, sample.not_after) = (utc_time(from), utc_time(to)))
    }

    /// Of this key.
    pub(crate) fn certifying(self, spki: Vec<u8>) -> Self {
        self.with(|sample| sample.spki = spki)
    }

    /// With these certificatePolicies.
    pub(crate) fn policies(self, policies: &[Oid]) -> Self {
        self.extension(oid::CERTIFICATE_POLICIES, |w| {
            w.sequence(|w| policies.iter().rev().for_each(|policy| w.sequence(|w| w.oid(*policy))));
        })
    }

    /// With one policy that has one qualifier; `qualifier` writes its value.
    pub(crate) fn qualified(self, policy: Oid, kind: Oid, qualifier: impl FnOnce(&mut Writer)) -> Self {
        self.extension(oid::CERTIFICATE_POLICIES, |w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.sequence(|w| {
                            qualifier(w);
                            w.oid(kind);
                        });
                    });
                    w.oid(policy);
                });
            });
        })
    }

    /// With one CRL distribution point of these full names.
    pub(crate) fn crl_at(self, names: &[(u8, &[u8])]) -> Self {
        self.extension(oid::CRL_DISTRIBUTION_POINTS, |w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.constructed(tag::context_constructed(0), |w| {
                        w.constructed(tag::context_constructed(0), |w| {
                            names.iter().rev().for_each(|(kind, content)| w.primitive(*kind, content));
                        });
                    });
                });
            });
        })
    }

    /// With authorityInfoAccess of these methods and URIs.
    pub(crate) fn access(self, descriptions: &[(Oid, &str)]) -> Self {
        self.extension(oid::AUTHORITY_INFO_ACCESS, |w| {
            w.sequence(|w| {
                for (method, uri) in descriptions.iter().rev() {
                    w.sequence(|w| {
                        w.primitive(general::URI, uri.as_bytes());
                        w.oid(*method);
                    });
                }
            });
        })
    }

    /// A certificate with every extension that a rule looks into.
    pub(crate) fn with_everything() -> Self {
        let names = name(&[(oid::COMMON_NAME, tag::UTF8_STRING, "a")]);
        let all: [(u8, &[u8]); 5] = [
            (general::MAILBOX, b"a@b.jp"),
            (general::DNS, b"a.jp"),
            (general::DIRECTORY, &names),
            (general::URI, b"http://a.jp/"),
            (general::ADDRESS, &[192, 0, 2, 1]),
        ];
        Self::web_server()
            .alternative(&all)
            .extension(oid::ISSUER_ALT_NAME, |w| general_names(w, &all))
            .qualified(oid::POLICY_APPLICATION, oid::QT_NOTICE, |w| w.sequence(|w| w.primitive(tag::UTF8_STRING, b"a")))
            .crl_at(&all)
            .critical(oid::POLICY_MAPPINGS, |w| {
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.oid(oid::SHA1);
                        w.oid(oid::POLICY_APPLICATION);
                    });
                });
            })
            .critical(oid::NAME_CONSTRAINTS, |w| {
                w.sequence(|w| {
                    w.constructed(tag::context_constructed(0), |w| {
                        all.iter().for_each(|(kind, base)| w.sequence(|w| w.primitive(*kind, base)));
                    });
                });
            })
            .critical(oid::POLICY_CONSTRAINTS, |w| w.sequence(|w| w.primitive(tag::context(0), &[0])))
            .critical(oid::INHIBIT_ANY_POLICY, |w| w.integer(0))
    }

    /// Another CA's: nothing was promised.
    pub(crate) fn foreign(self) -> Self {
        self.with(|sample| sample.is_ours = false)
    }
}
