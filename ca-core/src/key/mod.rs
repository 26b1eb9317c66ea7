//! Public keys and the algorithms that go with them. A [`SubjectKey`] has been parsed strictly; whether it is strong
//! enough for a purpose is asked with [`SubjectKey::check_strength`] ([`weak`]).

mod algorithm;
mod spki;
mod weak;

pub use algorithm::{KeyAlgorithm, SignatureAlgorithm};
pub use spki::{KeyError, SubjectKey};
pub use weak::WeakKey;
