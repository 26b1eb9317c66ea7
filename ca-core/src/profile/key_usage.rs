//! Key usage bits (RFC 5280 §4.2.1.3) and their names.

/// Key usage bits, bit 0 highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    /// digitalSignature (0).
    pub const DIGITAL_SIGNATURE: Self = Self(0x8000);
    /// nonRepudiation (1), called contentCommitment since X.509 (2005).
    pub const NON_REPUDIATION: Self = Self(0x4000);
    /// keyEncipherment (2).
    pub const KEY_ENCIPHERMENT: Self = Self(0x2000);
    /// keyAgreement (4).
    pub const KEY_AGREEMENT: Self = Self(0x0800);
    /// keyCertSign (5).
    pub const CERT_SIGN: Self = Self(0x0400);
    /// keyCertSign (5) and cRLSign (6).
    pub const CERT_AND_CRL_SIGN: Self = Self(0x0600);

    /// The nine bits' names, bit 0 first.
    pub const NAMES: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// The bit of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).map(|bit| Self(0x8000 >> bit))
    }

    /// The names of the bits that are set, bit 0 first.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().enumerate().filter(move |(bit, _)| self.0 & (0x8000 >> bit) != 0).map(|(_, name)| name)
    }

    /// Both together.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bits_agree() {
        let both = KeyUsage::named("keyCertSign").unwrap().and(KeyUsage::named("cRLSign").unwrap());
        assert_eq!(both, KeyUsage::CERT_AND_CRL_SIGN);
        assert_eq!(both.names().collect::<Vec<_>>(), ["keyCertSign", "cRLSign"]);
        assert_eq!(KeyUsage::named("signing"), None);
        assert!(both.contains(KeyUsage::CERT_SIGN) && !KeyUsage::CERT_SIGN.contains(both) && both.intersects(both));
    }
}
