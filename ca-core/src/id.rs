//! Names of rows: one type per table, so that a request's id can never be handed where an account's is wanted. Random
//! ids are 32 hexadecimal digits that sort by the time they were made; slugs are words people choose and see in URLs.

use crate::digest::hex;
use crate::entropy::{Entropy, EntropyUnavailable};
use crate::time::Timestamp;
use std::fmt;

/// Text that is no id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct IdError {
    /// What the text should have been, for people.
    pub expected: &'static str,
}

macro_rules! newtype {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Reads ", $expected, ". Errors when the text is none.")]
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(IdError { expected: $expected }) }
            }

            /// The text kept in the database and shown in URLs.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! random_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        newtype!($(#[$doc])* $name, "an id of 32 hexadecimal digits", is_random_id);

        impl $name {
            /// A fresh id: 48 bits of `now` in milliseconds, then 80 random bits. Errors when `entropy` fails.
            pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
                random_id(now, entropy).map(Self)
            }
        }
    )+};
}

random_id!(
    /// Names an account. Kept in the database as `TEXT`.
    AccountId,
    /// Names an organisation. Kept in the database as `TEXT`.
    OrganisationId,
    /// Names a request. Kept in the database as `TEXT`.
    RequestId,
    /// Names an audit event. Kept in the database as `TEXT`.
    EventId,
    /// Names a job. Kept in the database as `TEXT`.
    JobId,
    /// Names a passkey. Kept in the database as `TEXT`.
    PasskeyId,
);

newtype!(
    /// Names an authority (a CA) in URLs and rows: `application-ca`. Kept in the database as `TEXT`.
    AuthorityId, "a word of a–z, 0–9 and hyphens, at most 64 characters", is_slug
);
newtype!(
    /// Names a profile: `web-server`. Kept in the database as `TEXT`.
    ProfileId, "a word of a–z, 0–9 and hyphens, at most 64 characters", is_slug
);
newtype!(
    /// Names a campaign: `new-cryptography`. Kept in the database as `TEXT`.
    CampaignId, "a word of a–z, 0–9 and hyphens, at most 64 characters", is_slug
);
newtype!(
    /// Names a plan to revoke much at once: `stolen-token`. Kept in the database as `TEXT`.
    MassRevocationId, "a word of a–z, 0–9 and hyphens, at most 64 characters", is_slug
);
newtype!(
    /// Names a place where others learn of revocations: `lgwan`. Kept in the database as `TEXT`.
    PlaceId, "a word of a–z, 0–9 and hyphens, at most 64 characters", is_slug
);
newtype!(
    /// Names a certificate policy in a pack: `job-role`.
    PolicyId, "a word of a–z, 0–9 and hyphens, at most 64 characters", is_slug
);
newtype!(
    /// Names a key in a device or key folder (PKCS#11 `CKA_LABEL`): `application-ca-1`. Kept in the database as `TEXT`.
    KeyLabel, "a word of a–z, 0–9 and hyphens, at most 64 characters", is_slug
);
newtype!(
    /// The number people quote (受付番号): `R8-000123`, the Reiwa year and a running number. Kept as `TEXT`.
    RequestNumber, "a request number such as R8-000123", is_request_number
);

impl EventId {
    /// A fresh id that sorts behind those made before it with a smaller `count` in the same millisecond: events of one
    /// instant keep their order. 48 bits of `now` in milliseconds, 32 of `count`, 48 random. Errors when `entropy` fails.
    pub fn in_order(now: Timestamp, count: u32, entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let Self(mut text) = Self::new(now, entropy)?;
        text.replace_range(12..20, &format!("{count:08x}"));
        Ok(Self(text))
    }
}

impl RequestNumber {
    /// The number of the `sequence`-th request of a Reiwa year: 1 is 2019.
    pub fn new(era_year: u16, sequence: u32) -> Self {
        Self(format!("R{era_year}-{sequence:06}"))
    }
}

fn random_id(now: Timestamp, entropy: &dyn Entropy) -> Result<String, EntropyUnavailable> {
    let mut octets = [0u8; 16];
    entropy.fill(&mut octets)?;
    let millis = now.micros().div_euclid(1000).to_be_bytes();
    octets.iter_mut().zip(millis.iter().skip(2)).for_each(|(to, from)| *to = *from);
    Ok(hex(&octets))
}

fn is_random_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn is_slug(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(word) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_request_number(text: &str) -> bool {
    let digits = |part: &str, least: usize, most: usize| {
        (least..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    text.strip_prefix('R')
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, sequence)| digits(year, 1, 3) && digits(sequence, 6, 9))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CountingEntropy;

    #[test]
    fn random_ids_sort_by_time() {
        let entropy = CountingEntropy::default();
        let early = RequestId::new(Timestamp::from_seconds(1_000), &entropy).unwrap();
        let late = RequestId::new(Timestamp::from_seconds(2_000), &entropy).unwrap();
        assert!(early < late);
        assert_eq!(RequestId::parse(early.as_str()), Ok(early));
    }

    #[test]
    fn events_of_one_instant_keep_their_order() {
        let (entropy, now) = (CountingEntropy::default(), Timestamp::from_seconds(1_000));
        let ids: Vec<EventId> = (0..300).map(|count| EventId::in_order(now, count, &entropy).unwrap()).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| EventId::parse(id.as_str()).is_ok()));
        assert!(ids < vec![EventId::in_order(now.plus(std::time::Duration::from_millis(1)), 0, &entropy).unwrap()]);
    }

    #[test]
    fn slug_invariants() {
        assert!(AuthorityId::parse("application-ca").is_ok());
        for bad in ["", "-a", "a-", "A", "a/b", "a.b", &"a".repeat(65)] {
            assert!(AuthorityId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn request_number_invariants() {
        assert_eq!(RequestNumber::new(8, 123).as_str(), "R8-000123");
        assert!(RequestNumber::parse("R8-000123").is_ok() && RequestNumber::parse("R8-1000000").is_ok());
        for bad in ["R8-123", "8-000123", "R-000123", "R8-00012x", "R8"] {
            assert!(RequestNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
