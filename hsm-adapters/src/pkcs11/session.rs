//! From the module's file to a login.

use std::path::Path;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as DeviceError, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::RawAuthPin;

use super::{TokenError, device};
use crate::Passphrase;

/// A maker's PKCS#11 library, loaded. It stays loaded and initialised until the process ends: other parts of the process
/// may be using it.
pub struct Module {
    library: Pkcs11,
}

/// One initialised token, not yet logged in to.
pub struct Token {
    pub(super) library: Pkcs11,
    pub(super) slot: Slot,
    label: String,
    own_pin_pad: bool,
}

/// A login to a token; ends when dropped. Used by one thread at a time.
pub struct TokenSession {
    pub(super) session: Session,
    pub(super) library: Pkcs11,
    pub(super) slot: Slot,
    pub(super) token: String,
}

impl Module {
    /// Loads and initialises the module at `path`. What is loaded runs in this process: name only files that were
    /// installed on purpose.
    ///
    /// # Errors
    /// [`TokenError::NoModule`], [`TokenError::ModuleFails`].
    pub fn load(path: &Path) -> Result<Self, TokenError> {
        let fails = |source| TokenError::ModuleFails { path: path.to_path_buf(), source };
        // The whole path, because the loader would look for a bare name in the system's folders.
        let file = std::fs::canonicalize(path).ok().filter(|file| file.is_file());
        let file = file.ok_or_else(|| TokenError::NoModule { path: path.to_path_buf() })?;
        let library = Pkcs11::new(file).map_err(fails)?;
        match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(DeviceError::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(Self { library }),
            Err(error) => Err(fails(error)),
        }
    }

    /// The token with that label.
    ///
    /// # Errors
    /// [`TokenError::NoSuchToken`] with the labels there are, [`TokenError::SeveralTokens`], [`TokenError::Device`].
    pub fn token(&self, label: &str) -> Result<Token, TokenError> {
        let mut tokens = self.tokens()?;
        tokens.sort_by(|one, other| one.label.cmp(&other.label));
        let count = tokens.iter().filter(|token| token.label == label).count();
        if count > 1 {
            return Err(TokenError::SeveralTokens { label: label.to_owned(), count });
        }
        match tokens.iter().position(|token| token.label == label) {
            Some(at) => Ok(tokens.swap_remove(at)),
            None => {
                let there = tokens.into_iter().map(|token| token.label).collect();
                Err(TokenError::NoSuchToken { wanted: label.to_owned(), there })
            }
        }
    }

    fn tokens(&self) -> Result<Vec<Token>, TokenError> {
        let mut tokens = Vec::new();
        for slot in self.library.get_slots_with_token().map_err(device("list its tokens"))? {
            // A token that vanishes, or is not recognised, between the two questions is not there.
            let Ok(about) = self.library.get_token_info(slot) else { continue };
            if about.token_initialized() {
                let label = about.label().trim_end().to_owned();
                let own_pin_pad = about.protected_authentication_path();
                tokens.push(Token { library: self.library.clone(), slot, label, own_pin_pad });
            }
        }
        Ok(tokens)
    }
}

impl Token {
    /// Whether the PIN is given to the program; otherwise it is typed at the device.
    pub const fn wants_pin(&self) -> bool {
        !self.own_pin_pad
    }

    /// Logs in as the user, with one try. `pin` is not looked at where the device asks for it itself.
    ///
    /// # Errors
    /// [`TokenError::WrongPin`], `PinLocked`, `PinNotSet`, `Device`.
    pub fn log_in(self, pin: Option<&Passphrase>) -> Result<TokenSession, TokenError> {
        let session = self.library.open_rw_session(self.slot).map_err(device("open a session that may write"))?;
        self.log_in_to(session, pin)
    }

    /// As [`Token::log_in`], to a session that cannot make or destroy keys.
    pub(super) fn log_in_to_sign(self, pin: Option<&Passphrase>) -> Result<TokenSession, TokenError> {
        let session = self.library.open_ro_session(self.slot).map_err(device("open a session"))?;
        self.log_in_to(session, pin)
    }

    fn log_in_to(self, session: Session, pin: Option<&Passphrase>) -> Result<TokenSession, TokenError> {
        let answer = match pin.filter(|_| self.wants_pin()) {
            Some(pin) => session.login_with_raw(UserType::User, &RawAuthPin::new(Box::new(pin.as_bytes().to_vec()))),
            None => session.login(UserType::User, None),
        };
        let token = self.label;
        match answer {
            // Login is per token and process: somebody else's counts for this session, too.
            Ok(()) | Err(DeviceError::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {
                Ok(TokenSession { session, library: self.library, slot: self.slot, token })
            }
            Err(DeviceError::Pkcs11(RvError::PinIncorrect | RvError::PinLenRange | RvError::PinInvalid, _)) => {
                Err(TokenError::WrongPin { token })
            }
            Err(DeviceError::Pkcs11(RvError::PinLocked, _)) => Err(TokenError::PinLocked { token }),
            Err(DeviceError::Pkcs11(RvError::UserPinNotInitialized | RvError::PinExpired, _)) => {
                Err(TokenError::PinNotSet { token })
            }
            Err(error) => Err(device("take the PIN")(error)),
        }
    }
}
