//! Until when algorithms may be used. The dates are data (a policy pack brings them); this is their checked form, and the
//! answer for one certificate. Sizes are upper bounds: what may not live beyond 2030 as RSA of 2048 bits may not as RSA of
//! 1024 bits either.

use super::KeyAlgorithm;
use crate::time::{Timestamp, Validity};

/// What a date is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dated {
    /// RSA keys whose modulus has at most that many bits.
    Rsa {
        /// The largest modulus, in bits.
        up_to: u16,
    },
    /// EC keys on curves of at most that many bits.
    Ec {
        /// The largest curve, in bits.
        up_to: u16,
    },
    /// Certificates signed over that digest.
    Signature(SignatureHash),
}

/// A digest that signatures are made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureHash {
    /// MD5 (RFC 1321).
    Md5,
    /// SHA-1 (FIPS 180-4).
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl SignatureHash {
    /// Every digest.
    pub const ALL: [Self; 6] = [Self::Md5, Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// Its word: `sha1`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The digest of that word; `None` for another.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.as_str() == word)
    }
}

impl Dated {
    /// Whether it is about keys of that kind.
    const fn covers(self, key: KeyAlgorithm) -> bool {
        match self {
            Self::Rsa { up_to } => key.is_rsa() && key.bits() <= up_to,
            Self::Ec { up_to } => key.is_ec() && key.bits() <= up_to,
            Self::Signature(_) => false,
        }
    }
}

impl std::fmt::Display for Dated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rsa { up_to } => write!(f, "RSA up to {up_to} bits"),
            Self::Ec { up_to } => write!(f, "EC up to {up_to} bits"),
            Self::Signature(hash) => write!(f, "signatures over {}", hash.as_str()),
        }
    }
}

/// How long something may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Not at all.
    Never,
    /// In certificates that end by then.
    Until {
        /// The last instant a certificate may live to.
        lives: Timestamp,
        /// The last instant one may begin to be valid; `None` where only its end counts.
        issued: Option<Timestamp>,
    },
}

/// One date of the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CryptoDate {
    /// What it is about.
    pub of: Dated,
    /// How long that may be used.
    pub allowed: Allowed,
    /// Who says so: `CRYPTREC LS-0003-2022`.
    pub source: String,
}

/// Dates that do not contradict each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CryptoCalendar {
    dates: Vec<CryptoDate>,
}

/// Why dates are no calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Two dates of the same thing.
    #[error("{0}: dated twice")]
    Twice(Dated),
    /// Certificates might be issued that would have ended already.
    #[error("{of}: issued until {}, but living until {} only", issued.rfc3339(), lives.rfc3339())]
    IssuedBeyondLife {
        /// What the date is about.
        of: Dated,
        /// The last instant of issue.
        issued: Timestamp,
        /// The last instant of life.
        lives: Timestamp,
    },
    /// Nobody is named who says so.
    #[error("{0}: no source")]
    NoSource(Dated),
}

impl CryptoCalendar {
    /// A calendar without dates: everything may be used for ever.
    pub const fn empty() -> Self {
        Self { dates: Vec::new() }
    }

    /// A calendar of `dates`. Errors: [`CalendarError`], for the first that does not fit.
    pub fn new(dates: Vec<CryptoDate>) -> Result<Self, CalendarError> {
        for (index, date) in dates.iter().enumerate() {
            if dates.iter().take(index).any(|before| before.of == date.of) {
                return Err(CalendarError::Twice(date.of));
            }
            if date.source.trim().is_empty() {
                return Err(CalendarError::NoSource(date.of));
            }
            if let Allowed::Until { lives, issued: Some(issued) } = date.allowed
                && issued > lives
            {
                return Err(CalendarError::IssuedBeyondLife { of: date.of, issued, lives });
            }
        }
        Ok(Self { dates })
    }

    /// Its dates, as they were given.
    pub fn dates(&self) -> &[CryptoDate] {
        &self.dates
    }

    /// The last instant a certificate of a key of that kind may live to; `None` when no date says. A kind that is never allowed
    /// ended in 1970.
    pub fn end_of(&self, key: KeyAlgorithm) -> Option<Timestamp> {
        let dates = self.dates.iter().filter(|date| date.of.covers(key));
        let ends = dates.map(|date| match date.allowed {
            Allowed::Never => Timestamp::from_seconds(0),
            Allowed::Until { lives, .. } => lives,
        });
        ends.min()
    }

    /// The first date that forbids a key of that kind a certificate of that validity; `None` when none does.
    pub fn against_key(&self, key: KeyAlgorithm, validity: Validity) -> Option<&CryptoDate> {
        self.dates.iter().find(|date| date.of.covers(key) && !date.allowed.permits(validity))
    }

    /// The date that forbids a certificate of that validity a signature over `hash`; `None` when none does.
    pub fn against_signature(&self, hash: SignatureHash, validity: Validity) -> Option<&CryptoDate> {
        self.dates.iter().find(|date| date.of == Dated::Signature(hash) && !date.allowed.permits(validity))
    }
}

impl Allowed {
    /// Whether a certificate of that validity may use it.
    pub fn permits(self, validity: Validity) -> bool {
        match self {
            Self::Never => false,
            Self::Until { lives, issued } => {
                validity.not_after <= lives && issued.is_none_or(|last| validity.not_before <= last)
            }
        }
    }
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Until { lives, issued: None } => write!(f, "in certificates that end by {}", lives.rfc3339()),
            Self::Until { lives, issued: Some(issued) } => {
                write!(f, "in certificates that begin by {} and end by {}", issued.rfc3339(), lives.rfc3339())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i32) -> Timestamp {
        Timestamp::from_utc(year, 12, 31, 23, 59, 59).unwrap()
    }

    fn date(of: Dated, allowed: Allowed) -> CryptoDate {
        CryptoDate { of, allowed, source: "a test".into() }
    }

    fn living(not_before: Timestamp, not_after: Timestamp) -> Validity {
        Validity { not_before, not_after }
    }

    #[test]
    fn crypto_calendar_invariants() {
        let of = Dated::Rsa { up_to: 2048 };
        let until = Allowed::Until { lives: at(2030), issued: None };
        assert_eq!(CryptoCalendar::new(vec![date(of, until), date(of, until)]), Err(CalendarError::Twice(of)));
        assert_eq!(
            CryptoCalendar::new(vec![CryptoDate { source: " ".into(), ..date(of, until) }]),
            Err(CalendarError::NoSource(of))
        );
        let late = Allowed::Until { lives: at(2030), issued: Some(at(2031)) };
        assert!(matches!(
            CryptoCalendar::new(vec![date(of, late)]),
            Err(CalendarError::IssuedBeyondLife { issued, .. }) if issued == at(2031)
        ));
        let same = Allowed::Until { lives: at(2030), issued: Some(at(2030)) };
        assert_eq!(CryptoCalendar::new(vec![date(of, same)]).unwrap().dates().len(), 1);
    }

    #[test]
    fn a_date_binds_its_size_and_every_smaller_one() {
        let until = Allowed::Until { lives: at(2030), issued: None };
        let calendar = CryptoCalendar::new(vec![date(Dated::Rsa { up_to: 2048 }, until)]).unwrap();
        let (last, beyond) =
            (living(at(2026), at(2030)), living(at(2026), Timestamp::from_seconds(at(2030).seconds() + 1)));
        for key in [KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa(1024)] {
            assert_eq!(calendar.against_key(key, last), None, "{key}");
            assert!(calendar.against_key(key, beyond).is_some(), "{key}");
        }
        for key in [KeyAlgorithm::Rsa3072, KeyAlgorithm::P256] {
            assert_eq!(calendar.against_key(key, beyond), None, "{key}");
        }
    }

    #[test]
    fn issue_ends_before_life_where_it_is_dated() {
        let until = Allowed::Until { lives: at(2030), issued: Some(at(2028)) };
        let calendar = CryptoCalendar::new(vec![date(Dated::Ec { up_to: 256 }, until)]).unwrap();
        assert_eq!(calendar.against_key(KeyAlgorithm::P256, living(at(2028), at(2030))), None);
        assert!(calendar.against_key(KeyAlgorithm::P256, living(at(2029), at(2030))).is_some());
        assert_eq!(calendar.against_key(KeyAlgorithm::P384, living(at(2029), at(2030))), None);
    }

    #[test]
    fn what_is_never_allowed_is_refused_in_any_year() {
        let calendar = CryptoCalendar::new(vec![date(Dated::Signature(SignatureHash::Sha1), Allowed::Never)]).unwrap();
        assert!(calendar.against_signature(SignatureHash::Sha1, living(at(1999), at(2000))).is_some());
        assert_eq!(calendar.against_signature(SignatureHash::Sha256, living(at(2099), at(2100))), None);
        assert_eq!(SignatureHash::parse("sha1"), Some(SignatureHash::Sha1));
        assert_eq!(SignatureHash::parse("SHA1"), None);
    }
}
