//! Public keys and the algorithms that go with them. A [`SubjectKey`] has been parsed strictly; whether it is strong
//! enough for a purpose is asked with [`SubjectKey::check_strength`] ([`weak`]), until when its kind may be used of the
//! [`CryptoCalendar`].

mod algorithm;
mod calendar;
mod signature;
mod spki;
mod weak;

pub use algorithm::KeyAlgorithm;
pub use calendar::{Allowed, CalendarError, CryptoCalendar, CryptoDate, Dated, SignatureHash};
pub use signature::{RsaPadding, SignatureAlgorithm, SignatureAlgorithmError};
pub use spki::{KeyError, SubjectKey};
pub use weak::WeakKey;
