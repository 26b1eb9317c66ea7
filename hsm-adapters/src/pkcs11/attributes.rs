//! What a device must say of an authority's private key before anything is signed with it.

use cryptoki::object::{Attribute, AttributeType};

/// The attributes of a key that stays in its device and does nothing but sign (PKCS #11 v2.40 §4.9, table 25).
pub(super) struct SignOnly;

impl SignOnly {
    /// What the device is asked for.
    pub(super) const ATTRIBUTES: [AttributeType; 9] = [
        AttributeType::Token,
        AttributeType::Private,
        AttributeType::Sensitive,
        AttributeType::Extractable,
        AttributeType::Sign,
        AttributeType::Decrypt,
        AttributeType::Unwrap,
        AttributeType::Derive,
        AttributeType::AlwaysAuthenticate,
    ];

    /// Everything in which the description is not that of such a key, in words for the operator. What must be true is asked
    /// for by name; a use the device does not speak of is one it does not have.
    pub(super) fn contradicted_by(described: &[Attribute]) -> Vec<&'static str> {
        let must = [
            (Attribute::Token(true), "CKA_TOKEN is not true"),
            (Attribute::Private(true), "CKA_PRIVATE is not true"),
            (Attribute::Sensitive(true), "CKA_SENSITIVE is not true"),
            (Attribute::Extractable(false), "CKA_EXTRACTABLE is not false"),
            (Attribute::Sign(true), "CKA_SIGN is not true"),
        ];
        let must_not = [
            (Attribute::Decrypt(true), "CKA_DECRYPT is true"),
            (Attribute::Unwrap(true), "CKA_UNWRAP is true"),
            (Attribute::Derive(true), "CKA_DERIVE is true"),
            // Each signature would want the PIN again.
            (Attribute::AlwaysAuthenticate(true), "CKA_ALWAYS_AUTHENTICATE is true"),
        ];
        let missing = must.into_iter().filter(|(attribute, _)| !described.contains(attribute));
        let excess = must_not.into_iter().filter(|(attribute, _)| described.contains(attribute));
        missing.chain(excess).map(|(_, words)| words).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signing_key() -> Vec<Attribute> {
        vec![
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ]
    }

    #[test]
    fn a_key_that_only_signs_is_accepted() {
        assert_eq!(SignOnly::contradicted_by(&signing_key()), [""; 0]);
        let spoken = [signing_key(), vec![Attribute::Decrypt(false), Attribute::Derive(false)]].concat();
        assert_eq!(SignOnly::contradicted_by(&spoken), [""; 0]);
    }

    #[test]
    fn everything_that_is_wrong_is_said() {
        let mut leaving = signing_key();
        leaving[3] = Attribute::Extractable(true);
        leaving.push(Attribute::Decrypt(true));
        assert_eq!(SignOnly::contradicted_by(&leaving), ["CKA_EXTRACTABLE is not false", "CKA_DECRYPT is true"]);
        assert_eq!(SignOnly::contradicted_by(&[]).len(), 5);
    }
}
