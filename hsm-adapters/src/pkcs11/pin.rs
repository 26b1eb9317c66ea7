//! Another PIN for a token.

use cryptoki::error::{Error as DeviceError, RvError};
use cryptoki::types::AuthPin;

use super::{Token, TokenError, TokenSession, device};
use crate::Passphrase;

impl Token {
    /// How many characters a PIN of it may have.
    ///
    /// # Errors
    /// [`TokenError::Device`].
    pub fn longest_pin(&self) -> Result<usize, TokenError> {
        let about = self.library.get_token_info(self.slot).map_err(device("describe itself"))?;
        Ok(about.max_pin_length())
    }
}

impl TokenSession {
    /// Makes `new` the user's PIN instead of `old`. The old one is tried once.
    ///
    /// # Errors
    /// [`TokenError::WrongPin`], `PinLocked`, `PinRefused`, `Device`; the old PIN is in force.
    pub fn change_pin(&self, old: &Passphrase, new: &Passphrase) -> Result<(), TokenError> {
        let token = || self.token.clone();
        let text = |pin: &Passphrase| {
            let text = String::from_utf8(pin.as_bytes().to_vec());
            text.map(|text| AuthPin::new(text.into())).map_err(|_| TokenError::PinRefused { token: token() })
        };
        match self.session.set_pin(&text(old)?, &text(new)?) {
            Ok(()) => Ok(()),
            Err(DeviceError::Pkcs11(RvError::PinIncorrect, _)) => Err(TokenError::WrongPin { token: token() }),
            Err(DeviceError::Pkcs11(RvError::PinLocked, _)) => Err(TokenError::PinLocked { token: token() }),
            Err(DeviceError::Pkcs11(RvError::PinInvalid | RvError::PinLenRange, _)) => {
                Err(TokenError::PinRefused { token: token() })
            }
            Err(error) => Err(device("change its PIN")(error)),
        }
    }
}
