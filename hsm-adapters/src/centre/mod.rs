//! Keys made at the centre for holders who cannot make their own, and how they are kept and handed over.
//!
//! - A [`HolderKey`](crate::holder::HolderKey) comes from a [`KeyPool`], which has RSA keys ready.
//! - Between the request and the delivery the [`Vault`] seals it, and what goes with it, for a row of the database.
//! - [`seal_pkcs12`] makes the file the holder takes away, under a [`Pin`] that travels on a slip of its own.
//!
//! Nothing here keeps anything: the rows, the one download and the erasing afterwards are the caller's. Such keys are for
//! encryption and for devices that take a PKCS#12; whoever signs in his own name makes his own key.

mod pin;
mod pkcs12;
mod pool;
mod vault;

pub use pin::{Pin, PinError};
pub use pkcs12::{
    OpenedPkcs12, Pkcs12Contents, Pkcs12Error, Pkcs12Form, open_foreign_pkcs12, open_pkcs12, seal_pkcs12,
};
pub use pool::KeyPool;
pub use vault::{Purpose, SealedFor, Vault, VaultError};
