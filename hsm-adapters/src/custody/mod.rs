//! Keys that open for several people only: the secret that opens a key store is shared among custodians, each of whom
//! keeps one share in a file sealed with a passphrase of their own.
//!
//! [`ActivationSecret`] is 256 random bits, used as the passphrase of a folder of software keys or as the PIN of a token.
//! [`share_out`] makes a set of [`Share`]s of it, [`SealedShare`] is one in its file, and [`Gathering`] brings as many
//! together as it takes. The sharing itself is in `shamir`. Nothing here opens a store, asks a person or knows the time.

mod gathering;
mod shamir;
mod share;

pub use gathering::{Gathering, NotTaken, Taken};
pub use share::{SealedShare, Share, ShareError, ShareHead};

use crate::Passphrase;
use ca_core::digest::{constant_time_eq, hex, sha256};
use ca_core::entropy::{Entropy, EntropyUnavailable};
use ca_core::time::Timestamp;
use std::fmt;
use zeroize::Zeroizing;

/// Octets of an activation secret.
const SECRET_BYTES: usize = 32;
/// Most custodians of one set: more people than ever share one key, few enough to read the list aloud.
const MOST_CUSTODIANS: u8 = 16;
/// A PIN of fewer hexadecimal digits could be guessed: 32 are 128 bits.
const SHORTEST_PIN: usize = 32;

/// What opens a key store: 256 random bits. Wiped when dropped; it has no `Debug` and no `Display`.
pub struct ActivationSecret(Zeroizing<Vec<u8>>);

impl ActivationSecret {
    /// A new one.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn drawn(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut octets = Zeroizing::new(vec![0u8; SECRET_BYTES]);
        entropy.fill(&mut octets)?;
        Ok(Self(octets))
    }

    /// As the passphrase of a folder of software keys: 64 hexadecimal digits.
    pub fn passphrase(&self) -> Passphrase {
        Passphrase::hexadecimal(&self.0)
    }

    /// As the PIN of a token that takes at most `longest` characters: as many hexadecimal digits as it takes, 64 at most.
    /// `None` when it takes fewer than 32, which are 128 bits.
    pub fn pin(&self, longest: usize) -> Option<Passphrase> {
        let octets = self.0.get(..(longest / 2).min(SECRET_BYTES))?;
        (octets.len() * 2 >= SHORTEST_PIN).then(|| Passphrase::hexadecimal(octets))
    }

    /// By what the secret of a set is recognised: of 256 random bits, and so of no use to a guesser.
    pub fn digest(&self, set: SetId) -> [u8; 32] {
        let mut named = Zeroizing::new(Vec::with_capacity(64 + SECRET_BYTES));
        named.extend_from_slice(b"lgpki activation secret 1");
        named.extend_from_slice(&set.0);
        named.extend_from_slice(&self.0);
        sha256(&named)
    }

    fn is_of(&self, set: SetId, digest: &[u8; 32]) -> bool {
        constant_time_eq(&self.digest(set), digest)
    }
}

/// The shares of one making: 128 random bits. Its text is 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SetId(pub(crate) [u8; 16]);

impl SetId {
    /// A new one.
    ///
    /// # Errors
    /// The source of randomness failed.
    pub fn drawn(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut octets = [0u8; 16];
        entropy.fill(&mut octets)?;
        Ok(Self(octets))
    }

    /// The one of that text; `None` when it is not 32 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut octets = [0u8; 16];
        for (place, octet) in octets.iter_mut().enumerate() {
            *octet = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        let set = Self(octets);
        (set.to_string() == text).then_some(set)
    }
}

impl fmt::Display for SetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// How many of how many custodians it takes. Never one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    least: u8,
    of: u8,
}

/// Why a number of custodians is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuorumError {
    /// Not of the form `3-of-5`.
    #[error("a number of custodians is written as 3-of-5")]
    Malformed,
    /// One person could open the store alone.
    #[error("at least two custodians must come together")]
    OneAlone,
    /// More are needed than there are.
    #[error("{least} of {of} custodians can never come together")]
    TooFew {
        /// How many are needed.
        least: u8,
        /// How many there are.
        of: u8,
    },
    /// More than anybody can keep count of.
    #[error("{of} custodians are too many: {MOST_CUSTODIANS} at most")]
    TooMany {
        /// How many there are.
        of: u8,
    },
}

impl Quorum {
    /// `least` of `of` custodians.
    ///
    /// # Errors
    /// [`QuorumError`]: at least two must come together, of at most 16.
    pub const fn new(least: u8, of: u8) -> Result<Self, QuorumError> {
        if least < 2 {
            Err(QuorumError::OneAlone)
        } else if of < least {
            Err(QuorumError::TooFew { least, of })
        } else if of > MOST_CUSTODIANS {
            Err(QuorumError::TooMany { of })
        } else {
            Ok(Self { least, of })
        }
    }

    /// The one of a text as `3-of-5`.
    ///
    /// # Errors
    /// [`QuorumError`].
    pub fn parse(text: &str) -> Result<Self, QuorumError> {
        let (least, of) = text.split_once("-of-").ok_or(QuorumError::Malformed)?;
        let number = |text: &str| text.parse::<u8>().map_err(|_| QuorumError::Malformed);
        Self::new(number(least)?, number(of)?)
    }

    /// How many must come together.
    pub const fn least(self) -> u8 {
        self.least
    }

    /// How many there are.
    pub const fn of(self) -> u8 {
        self.of
    }
}

impl fmt::Display for Quorum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-of-{}", self.least, self.of)
    }
}

/// What a set of shares is made for.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How many of how many.
    pub quorum: Quorum,
    /// The custodians' names, in the order of their numbers.
    pub custodians: Vec<String>,
    /// The key store the secret opens.
    pub opens: String,
    /// When the set is made.
    pub made_at: Timestamp,
}

/// Why no set of shares was made.
#[derive(Debug, thiserror::Error)]
pub enum NotShared {
    /// Another number of names than of custodians.
    #[error("{quorum} custodians need {} names, and {given} are given", quorum.of)]
    Names {
        /// How many there are to be.
        quorum: Quorum,
        /// How many names there are.
        given: usize,
    },
    /// Two have the same name: nobody could tell whether two people came.
    #[error("two custodians are called {0:?}")]
    SameName(String),
    /// A name (of a custodian, of the key store) is empty, long, or has characters nobody sees.
    #[error("{0:?} is no name: 1 to 64 characters, all of them visible")]
    Name(String),
    /// The source of randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
}

/// A set of shares of `secret` as `terms` say, one for each custodian.
///
/// # Errors
/// [`NotShared`].
pub fn share_out(secret: &ActivationSecret, terms: &Terms, entropy: &dyn Entropy) -> Result<Vec<Share>, NotShared> {
    let Terms { quorum, custodians, opens, made_at } = terms;
    if custodians.len() != usize::from(quorum.of) {
        return Err(NotShared::Names { quorum: *quorum, given: custodians.len() });
    }
    for (place, name) in custodians.iter().enumerate() {
        if custodians.iter().take(place).any(|other| other == name) {
            return Err(NotShared::SameName(name.clone()));
        }
    }
    if let Some(name) = custodians.iter().chain([opens]).find(|name| !share::is_name(name)) {
        return Err(NotShared::Name(name.clone()));
    }
    let set = SetId::drawn(entropy)?;
    let digest = secret.digest(set);
    let points = shamir::split(&secret.0, quorum.least, quorum.of, entropy)?;
    let shares = points.into_iter().zip(custodians).map(|(point, custodian)| Share {
        head: ShareHead {
            set,
            number: point.x,
            quorum: *quorum,
            custodian: custodian.clone(),
            opens: opens.clone(),
            made_at: *made_at,
            digest,
        },
        point,
    });
    Ok(shares.collect())
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use ca_core::testing::CountingEntropy;

    pub(crate) const NAMES: [&str; 5] = ["佐藤 花子", "鈴木 一郎", "高橋 葵", "田中 稔", "伊藤 桜"];

    pub(crate) fn shares(least: u8, of: u8, seed: u64) -> (ActivationSecret, Vec<Share>) {
        let entropy = CountingEntropy::seeded(seed);
        let secret = ActivationSecret::drawn(&entropy).unwrap();
        let terms = Terms {
            quorum: Quorum::new(least, of).unwrap(),
            custodians: NAMES.iter().take(usize::from(of)).map(|name| (*name).to_owned()).collect(),
            opens: "application-ca".to_owned(),
            made_at: Timestamp::from_utc(2026, 11, 22, 1, 2, 3).unwrap(),
        };
        let shares = share_out(&secret, &terms, &entropy).unwrap();
        (secret, shares)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::testing::CountingEntropy;

    #[test]
    fn quorum_invariants() {
        let parsed = |text: &str| Quorum::parse(text).map(|quorum| quorum.to_string());
        for good in ["2-of-2", "3-of-5", "2-of-16", "16-of-16"] {
            assert_eq!(parsed(good).as_deref(), Ok(good));
        }
        for (bad, why) in [
            ("1-of-3", QuorumError::OneAlone),
            ("0-of-0", QuorumError::OneAlone),
            ("3-of-2", QuorumError::TooFew { least: 3, of: 2 }),
            ("2-of-17", QuorumError::TooMany { of: 17 }),
            ("3of5", QuorumError::Malformed),
            ("-3-of-5", QuorumError::Malformed),
            ("2-of-256", QuorumError::Malformed),
        ] {
            assert_eq!(parsed(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn set_id_invariants() {
        let set = SetId::drawn(&CountingEntropy::default()).unwrap();
        assert_eq!(SetId::parse(&set.to_string()), Some(set));
        for bad in
            ["", "00", &"0".repeat(31), &"0".repeat(33), &"F".repeat(32), &"+1".repeat(16), "ã".repeat(16).as_str()]
        {
            assert_eq!(SetId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_pin_is_as_long_as_the_token_takes_and_never_short() {
        let secret = ActivationSecret::drawn(&CountingEntropy::default()).unwrap();
        let long = |longest| secret.pin(longest).map(|pin| pin.as_bytes().len());
        assert_eq!(
            [0, 31, 32, 33, 63, 64, 255].map(long),
            [None, None, Some(32), Some(32), Some(62), Some(64), Some(64)]
        );
        assert!(secret.passphrase().as_bytes().starts_with(secret.pin(32).unwrap().as_bytes()));
    }

    #[test]
    fn terms_that_leave_it_open_who_comes_are_refused() {
        let entropy = CountingEntropy::default();
        let secret = ActivationSecret::drawn(&entropy).unwrap();
        let refused = |names: &[&str], opens: &str| {
            let terms = Terms {
                quorum: Quorum::new(2, 2).unwrap(),
                custodians: names.iter().map(|name| (*name).to_owned()).collect(),
                opens: opens.to_owned(),
                made_at: Timestamp::from_seconds(0),
            };
            share_out(&secret, &terms, &entropy).err()
        };
        assert!(matches!(refused(&["佐藤"], "keys"), Some(NotShared::Names { given: 1, .. })));
        assert!(matches!(refused(&["佐藤", "佐藤"], "keys"), Some(NotShared::SameName(_))));
        assert!(matches!(refused(&["佐藤", ""], "keys"), Some(NotShared::Name(_))));
        assert!(matches!(refused(&["佐藤", "鈴\u{202e}木"], "keys"), Some(NotShared::Name(_))));
        assert!(matches!(refused(&["佐藤", "鈴木"], "a\nb"), Some(NotShared::Name(_))));
        assert!(refused(&["佐藤", "鈴木"], "keys").is_none());
    }
}
