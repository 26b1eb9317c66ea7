//! Keys in a PKCS#11 token (OASIS PKCS #11 v2.40): a smart card, a USB stick, SoftHSM. Key pairs are made inside the token
//! and sign there; the private half cannot come out.
//!
//! [`Module`] is the maker's library, [`Token`] one device behind it, [`TokenSession`] a login, [`TokenKey`] a key pair that
//! signs: what a person at a command line needs. [`TokenKeys`] is a token at the service of an authority, which signs all day
//! from several sessions. A wrong PIN is never tried again by itself: devices lock after a few. cryptoki is named in this
//! folder and nowhere else.

mod attributes;
mod keys;
mod pin;
mod serving;
mod session;
mod sign;

pub use keys::TokenKey;
pub use serving::{Load, TokenKeys, TokenSettings};
pub use session::{Module, Token, TokenSession};

use ca_core::key::{KeyAlgorithm, KeyError};
use cryptoki::error::{Error as DeviceError, RvError};
use std::path::PathBuf;

/// Why a token did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is no library at that path.
    #[error("there is no PKCS#11 module at {}", path.display())]
    NoModule {
        /// The path.
        path: PathBuf,
    },
    /// The file cannot be loaded, or is no PKCS#11 module, or finds itself wrong.
    #[error("{} is no PKCS#11 module that starts: {}", path.display(), told(source))]
    ModuleFails {
        /// The path.
        path: PathBuf,
        /// What the loader or the module said.
        source: DeviceError,
    },
    /// No token has that label.
    #[error("there is no token labelled {wanted:?}")]
    NoSuchToken {
        /// The label asked for.
        wanted: String,
        /// The labels there are.
        there: Vec<String>,
    },
    /// More than one token has that label.
    #[error("{count} tokens are labelled {label:?}")]
    SeveralTokens {
        /// The label.
        label: String,
        /// How many.
        count: usize,
    },
    /// The PIN is not right. It was tried once.
    #[error("the PIN of the token {token:?} is wrong")]
    WrongPin {
        /// The token.
        token: String,
    },
    /// The token takes no PIN any more.
    #[error("the token {token:?} is locked after too many wrong PINs")]
    PinLocked {
        /// The token.
        token: String,
    },
    /// Nobody has set a user PIN, or it must be changed first.
    #[error("the token {token:?} has no user PIN that can be used yet")]
    PinNotSet {
        /// The token.
        token: String,
    },
    /// A PIN was refused before, and is not tried again by itself.
    #[error("the token {token:?} stays closed: {reason}; it is not tried again with the same PIN")]
    PinRefusedBefore {
        /// The token.
        token: String,
        /// What was said then.
        reason: String,
    },
    /// The new PIN is not one the token takes.
    #[error("the token {token:?} does not take the new PIN")]
    PinRefused {
        /// The token.
        token: String,
    },
    /// A key of that label is in the token; keys are never replaced.
    #[error("the token {token:?} has a key labelled {label:?} already")]
    LabelTaken {
        /// The key's label.
        label: String,
        /// The token.
        token: String,
    },
    /// No key has that label.
    #[error("the token {token:?} has no key labelled {wanted:?}")]
    NoSuchKey {
        /// The label asked for.
        wanted: String,
        /// The token.
        token: String,
        /// The labels of the private keys there are.
        there: Vec<String>,
    },
    /// More than one private key has that label.
    #[error("{count} keys in the token {token:?} are labelled {label:?}")]
    SeveralKeys {
        /// The label.
        label: String,
        /// The token.
        token: String,
        /// How many.
        count: usize,
    },
    /// The token makes no keys of that kind.
    #[error("the token {token:?} makes no keys of the kind {algorithm}")]
    KindUnsupported {
        /// The kind.
        algorithm: KeyAlgorithm,
        /// The token.
        token: String,
    },
    /// The public half of a key is missing, or of a kind or form that is not used here.
    #[error("the key {label:?} cannot be used: {reason}")]
    UnusableKey {
        /// Its label.
        label: String,
        /// What is wrong.
        reason: UnusableKey,
    },
    /// The token signed, but its public key does not verify the signature: nothing of it is used.
    #[error("the token {token:?} made a signature that its own public key does not verify")]
    BadSignature {
        /// The token.
        token: String,
    },
    /// The device was asked to sign and did not answer with a signature: whether it made one is not known.
    #[error("whether the token {token:?} signed is not known: {}", told(source))]
    OutcomeUnknown {
        /// The token.
        token: String,
        /// What it said.
        source: DeviceError,
    },
    /// Anything else the device refused.
    #[error("the token did not {doing}: {}", told(source))]
    Device {
        /// What was asked of it, after "did not".
        doing: &'static str,
        /// What it said.
        source: DeviceError,
    },
}

/// What is wrong with a key in a token.
#[derive(Debug, thiserror::Error)]
pub enum UnusableKey {
    /// The token holds the private half only.
    #[error("its public half is not in the token")]
    NoPublicHalf,
    /// More than one public key has the private half's CKA_ID.
    #[error("{0} public keys in the token have its CKA_ID")]
    SeveralPublicHalves(usize),
    /// It can leave the device, or do more than sign, or has no CKA_ID: attribute by attribute.
    #[error("an authority's key must stay in its token and do nothing but sign, but {}", .0.join(", "))]
    NotSignOnly(Vec<&'static str>),
    /// The label leads to another key than before.
    #[error("it is not the key that had this label before")]
    Exchanged,
    /// The key makes no signatures of that algorithm.
    #[error("it makes no signatures {0}")]
    OtherAlgorithm(&'static str),
    /// An attribute the device must give is missing or malformed.
    #[error("the token describes its public half in a way this program cannot read")]
    Unreadable,
    /// Read, but not accepted.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// What a device said, in few words: cryptoki quotes whole paragraphs of the standard.
fn told(error: &DeviceError) -> String {
    match error {
        DeviceError::Pkcs11(RvError::VendorDefined(code), function) => {
            format!("{function:?} gave vendor code {code:#x}")
        }
        DeviceError::Pkcs11(value, function) => format!("{function:?} gave {value:?}"),
        other => other.to_string(),
    }
}

/// Makes a [`TokenError::Device`] of what `doing` failed with.
const fn device(doing: &'static str) -> impl FnOnce(DeviceError) -> TokenError {
    move |source| TokenError::Device { doing, source }
}

impl TokenError {
    /// Whether a session, login or handle was lost before anything was signed: a new login may mend it.
    const fn is_lost_session(&self) -> bool {
        use RvError::{
            CryptokiNotInitialized, DeviceRemoved, KeyHandleInvalid, ObjectHandleInvalid, SessionClosed,
            SessionHandleInvalid, TokenNotPresent, UserNotLoggedIn,
        };
        matches!(
            self,
            Self::Device {
                source: DeviceError::Pkcs11(
                    CryptokiNotInitialized
                        | DeviceRemoved
                        | KeyHandleInvalid
                        | ObjectHandleInvalid
                        | SessionClosed
                        | SessionHandleInvalid
                        | TokenNotPresent
                        | UserNotLoggedIn,
                    _
                ),
                ..
            }
        )
    }

    /// Whether the device itself failed, so that its session is not to be trusted any more.
    const fn is_the_devices(&self) -> bool {
        matches!(self, Self::Device { .. } | Self::OutcomeUnknown { .. } | Self::BadSignature { .. })
    }
}
