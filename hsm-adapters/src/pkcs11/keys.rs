//! Key pairs in a token: made there, found by their label.

use ca_core::der::{Reader, Writer, tag};
use ca_core::key::{KeyAlgorithm, KeyError, SubjectKey};
use ca_core::oid::{self, Oid};
use cryptoki::error::{Error as DeviceError, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::types::Ulong;

use super::attributes::SignOnly;
use super::{TokenError, TokenSession, UnusableKey, device};

/// Octets of CKA_ID, by which the halves of a pair and later its certificate find each other.
const ID_BYTES: u32 = 20;

/// 65537, the exponent everybody uses.
const PUBLIC_EXPONENT: [u8; 3] = [1, 0, 1];

/// A key pair in a token.
pub struct TokenKey<'session> {
    pub(super) session: &'session TokenSession,
    pub(super) found: Found,
}

/// Where a key pair is: its handles are good for one login.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) private: ObjectHandle,
    public_half: ObjectHandle,
    pub(super) public: SubjectKey,
    /// CKA_ID.
    pub(super) id: Vec<u8>,
}

/// What a new key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Signatures, and what the device allows by itself: holders' keys may also decrypt.
    Holder,
    /// Signatures and nothing else.
    SignOnly,
}

impl Use {
    /// What the private half's template says beside what all say.
    fn attributes(self) -> Vec<Attribute> {
        match self {
            Self::Holder => Vec::new(),
            Self::SignOnly => vec![Attribute::Decrypt(false), Attribute::Unwrap(false), Attribute::Derive(false)],
        }
    }
}

impl TokenKey<'_> {
    /// The public half.
    pub const fn public(&self) -> &SubjectKey {
        &self.found.public
    }

    /// CKA_ID: what a certificate for this key is stored with.
    pub fn id(&self) -> &[u8] {
        &self.found.id
    }
}

impl TokenSession {
    /// Makes a key pair in the token: it stays there, is sensitive, cannot be extracted, and signs.
    ///
    /// # Errors
    /// [`TokenError::LabelTaken`] when a public or private key has the label; [`TokenError::KindUnsupported`];
    /// [`TokenError::UnusableKey`] for a weak key, which is destroyed again; [`TokenError::Device`].
    pub fn generate(&self, label: &str, algorithm: KeyAlgorithm) -> Result<TokenKey<'_>, TokenError> {
        Ok(TokenKey { session: self, found: self.made(label, algorithm, Use::Holder)? })
    }

    /// As [`TokenSession::generate`], and the key does nothing but sign: an authority's.
    pub(super) fn generate_sign_only(&self, label: &str, algorithm: KeyAlgorithm) -> Result<Found, TokenError> {
        self.made(label, algorithm, Use::SignOnly)
    }

    fn made(&self, label: &str, algorithm: KeyAlgorithm, to: Use) -> Result<Found, TokenError> {
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            if !self.labelled(class, label)?.is_empty() {
                return Err(TokenError::LabelTaken { label: label.to_owned(), token: self.token.clone() });
            }
        }
        let unsupported = || TokenError::KindUnsupported { algorithm, token: self.token.clone() };
        let (mechanism, kind) = self.made_by(algorithm).ok_or_else(unsupported)?;
        let id = self.session.generate_random_vec(ID_BYTES).map_err(device("draw a random number"))?;
        let common = [Attribute::Token(true), Attribute::Label(label.as_bytes().to_vec()), Attribute::Id(id.clone())];
        let public = [&common[..], &[Attribute::Private(false), Attribute::Verify(true)], &kind[..]].concat();
        let private = [
            &common[..],
            &[Attribute::Private(true), Attribute::Sensitive(true)],
            &[Attribute::Extractable(false), Attribute::Sign(true)],
            &to.attributes(),
        ]
        .concat();
        let made = self.session.generate_key_pair(&mechanism, &public, &private);
        let (public_half, private) = made.map_err(|error| match error {
            DeviceError::Pkcs11(
                RvError::MechanismInvalid
                | RvError::KeySizeRange
                | RvError::CurveNotSupported
                | RvError::DomainParamsInvalid,
                _,
            ) => unsupported(),
            other => device("make a key pair")(other),
        })?;
        let read = self.read_public(public_half, label);
        if read.is_err() {
            // Nobody has seen this key; the first error says more than one of cleaning up.
            let _ = self.session.destroy_object(private);
            let _ = self.session.destroy_object(public_half);
        }
        Ok(Found { private, public_half, public: read?, id })
    }

    /// Destroys both halves of a key. The private one first: what is left of a device that fails between them signs nothing.
    pub(super) fn destroy(&self, key: &Found) -> Result<(), TokenError> {
        for half in [key.private, key.public_half] {
            self.session.destroy_object(half).map_err(device("destroy a key"))?;
        }
        Ok(())
    }

    /// The key pair with that label.
    ///
    /// # Errors
    /// [`TokenError::NoSuchKey`] with the labels there are, `SeveralKeys`, `UnusableKey`, `Device`.
    pub fn find(&self, label: &str) -> Result<TokenKey<'_>, TokenError> {
        Ok(TokenKey { session: self, found: self.look_for(label)? })
    }

    /// By its label, its halves by their common CKA_ID.
    pub(super) fn look_for(&self, label: &str) -> Result<Found, TokenError> {
        let token = || self.token.clone();
        let private = match self.labelled(ObjectClass::PRIVATE_KEY, label)?.as_slice() {
            [one] => *one,
            [] => {
                let (wanted, there) = (label.to_owned(), self.labels()?);
                return Err(TokenError::NoSuchKey { wanted, token: token(), there });
            }
            several => {
                let (label, count) = (label.to_owned(), several.len());
                return Err(TokenError::SeveralKeys { label, token: token(), count });
            }
        };
        let id = match self.attributes(private, &[AttributeType::Id])?.pop() {
            Some(Attribute::Id(id)) => id,
            _ => Vec::new(),
        };
        let half = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Id(id.clone())];
        let public_half = match self.session.find_objects(&half).map_err(device("look for a key"))?.as_slice() {
            [one] => *one,
            [] => return Err(unusable(label, UnusableKey::NoPublicHalf)),
            several => return Err(unusable(label, UnusableKey::SeveralPublicHalves(several.len()))),
        };
        Ok(Found { private, public_half, public: self.read_public(public_half, label)?, id })
    }

    /// That a key signs for an authority and does nothing else, as the device describes it. Errors: `UnusableKey` with every
    /// attribute that is not as it must be; `Device`.
    pub(super) fn assert_sign_only(&self, label: &str, key: &Found) -> Result<(), TokenError> {
        let described = self.attributes(key.private, &SignOnly::ATTRIBUTES)?;
        let mut wrong = SignOnly::contradicted_by(&described);
        if key.id.is_empty() {
            wrong.push("CKA_ID is empty");
        }
        if wrong.is_empty() { Ok(()) } else { Err(unusable(label, UnusableKey::NotSignOnly(wrong))) }
    }

    /// How the token makes such keys: the mechanism and what the public half's template says of it. `None` when it does not.
    fn made_by(&self, algorithm: KeyAlgorithm) -> Option<(Mechanism<'static>, Vec<Attribute>)> {
        let bits = usize::from(algorithm.bits());
        let curve = |oid: Oid| vec![Attribute::EcParams(Writer::build(|w| w.oid(oid)))];
        let (kind, mechanism, template) = match algorithm {
            KeyAlgorithm::P256 => (MechanismType::ECC_KEY_PAIR_GEN, Mechanism::EccKeyPairGen, curve(oid::SECP256R1)),
            KeyAlgorithm::P384 => (MechanismType::ECC_KEY_PAIR_GEN, Mechanism::EccKeyPairGen, curve(oid::SECP384R1)),
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                let size = Attribute::ModulusBits(Ulong::try_from(bits).ok()?);
                let template = vec![size, Attribute::PublicExponent(PUBLIC_EXPONENT.to_vec())];
                (MechanismType::RSA_PKCS_KEY_PAIR_GEN, Mechanism::RsaPkcsKeyPairGen, template)
            }
            // No device here knows ML-DSA; software keys do.
            KeyAlgorithm::Rsa(_) | KeyAlgorithm::MlDsa44 | KeyAlgorithm::MlDsa65 | KeyAlgorithm::MlDsa87 => {
                return None;
            }
        };
        // The list is what the device's owner allows; the description may be there all the same.
        let allowed = self.library.get_mechanism_list(self.slot).ok()?;
        let sizes = self.library.get_mechanism_info(self.slot, kind).ok().filter(|_| allowed.contains(&kind))?;
        // Some devices leave the sizes at zero.
        let fits = sizes.max_key_size() == 0 || (sizes.min_key_size()..=sizes.max_key_size()).contains(&bits);
        fits.then_some((mechanism, template))
    }

    /// The public half, which must be strong enough: nothing is signed with a weak key, whoever has made it.
    fn read_public(&self, public: ObjectHandle, label: &str) -> Result<SubjectKey, TokenError> {
        let wanted = [
            AttributeType::KeyType,
            AttributeType::EcParams,
            AttributeType::EcPoint,
            AttributeType::Modulus,
            AttributeType::PublicExponent,
        ];
        let spki =
            spki_of(&self.attributes(public, &wanted)?).ok_or_else(|| unusable(label, UnusableKey::Unreadable))?;
        let strong = |key: SubjectKey| key.check_strength().map(|()| key).map_err(KeyError::from);
        let key = SubjectKey::from_spki_der(&spki).and_then(strong);
        key.map_err(|error| unusable(label, error.into()))
    }

    fn labelled(&self, class: ObjectClass, label: &str) -> Result<Vec<ObjectHandle>, TokenError> {
        let wanted = [Attribute::Class(class), Attribute::Label(label.as_bytes().to_vec())];
        self.session.find_objects(&wanted).map_err(device("look for a key"))
    }

    /// The labels of all private keys, sorted; what is no UTF-8 in them is replaced.
    fn labels(&self) -> Result<Vec<String>, TokenError> {
        let keys = self.session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]);
        let mut labels = Vec::new();
        for key in keys.map_err(device("list its keys"))? {
            if let Some(Attribute::Label(label)) = self.attributes(key, &[AttributeType::Label])?.pop() {
                labels.push(String::from_utf8_lossy(&label).into_owned());
            }
        }
        labels.sort();
        Ok(labels)
    }

    fn attributes(&self, object: ObjectHandle, wanted: &[AttributeType]) -> Result<Vec<Attribute>, TokenError> {
        self.session.get_attributes(object, wanted).map_err(device("describe a key"))
    }
}

pub(super) fn unusable(label: &str, reason: UnusableKey) -> TokenError {
    TokenError::UnusableKey { label: label.to_owned(), reason }
}

/// SubjectPublicKeyInfo from the attributes of a public key. `None` when they are not those of an EC or RSA key.
fn spki_of(attributes: &[Attribute]) -> Option<Vec<u8>> {
    let is = |kind| attributes.contains(&Attribute::KeyType(kind));
    let find = |read: fn(&Attribute) -> Option<&[u8]>| attributes.iter().find_map(read);
    if is(KeyType::EC) {
        let curve = find(|a| if let Attribute::EcParams(der) = a { Some(der) } else { None })?;
        let point = find(|a| if let Attribute::EcPoint(octets) = a { Some(octets) } else { None })?;
        let point = unwrapped_point(point);
        Some(Writer::build(|w| {
            w.sequence(|w| {
                w.bit_string(point);
                w.sequence(|w| {
                    w.raw(curve);
                    w.oid(oid::EC_PUBLIC_KEY);
                });
            });
        }))
    } else if is(KeyType::RSA) {
        let modulus = find(|a| if let Attribute::Modulus(octets) = a { Some(octets) } else { None })?;
        let exponent = find(|a| if let Attribute::PublicExponent(octets) = a { Some(octets) } else { None })?;
        let numbers = Writer::build(|w| {
            w.sequence(|w| {
                w.unsigned(exponent);
                w.unsigned(modulus);
            });
        });
        Some(Writer::build(|w| {
            w.sequence(|w| {
                w.bit_string(&numbers);
                w.sequence(|w| {
                    w.null();
                    w.oid(oid::RSA_ENCRYPTION);
                });
            });
        }))
    } else {
        None
    }
}

/// The standard wraps the point into an OCTET STRING (v2.40 §2.3.3); some devices give it bare. Both begin with 0x04.
fn unwrapped_point(point: &[u8]) -> &[u8] {
    let mut reader = Reader::new(point);
    match reader.expect(tag::OCTET_STRING) {
        Ok(inside) if reader.is_empty() => inside,
        _ => point,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holder::HolderKey;

    #[test]
    fn a_points_wrapping_is_optional() {
        let key = HolderKey::generate(KeyAlgorithm::P384).ok().unwrap();
        let bare = key.public().key_bits();
        let wrapped = Writer::build(|w| w.octet_string(bare));
        let curve = Writer::build(|w| w.oid(oid::SECP384R1));
        for point in [bare.to_vec(), wrapped] {
            let attributes =
                [Attribute::KeyType(KeyType::EC), Attribute::EcParams(curve.clone()), Attribute::EcPoint(point)];
            assert_eq!(spki_of(&attributes).unwrap(), key.public().spki_der());
        }
    }

    #[test]
    fn an_rsa_keys_numbers_make_its_key_whatever_their_padding() {
        let key = HolderKey::generate(KeyAlgorithm::Rsa2048).ok().unwrap();
        let mut numbers = Reader::of_sequence(key.public().key_bits()).unwrap();
        let modulus = numbers.unsigned().unwrap();
        for padding in [&[][..], &[0][..]] {
            let attributes = [
                Attribute::KeyType(KeyType::RSA),
                Attribute::Modulus([padding, modulus].concat()),
                Attribute::PublicExponent([padding, &PUBLIC_EXPONENT].concat()),
            ];
            assert_eq!(spki_of(&attributes).unwrap(), key.public().spki_der());
        }
    }

    #[test]
    fn a_key_that_is_half_described_is_none() {
        assert_eq!(spki_of(&[Attribute::KeyType(KeyType::EC)]), None);
        assert_eq!(spki_of(&[Attribute::KeyType(KeyType::AES)]), None);
        assert_eq!(spki_of(&[]), None);
    }
}
