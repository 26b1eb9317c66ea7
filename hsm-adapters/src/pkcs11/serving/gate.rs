//! The way into a token: its module, its PIN, and one login at a time.

use std::sync::{Mutex, PoisonError};

use super::TokenSettings;
use crate::Passphrase;
use crate::pkcs11::{Module, Token, TokenError, TokenSession};

/// Where sessions come from.
pub(super) struct Gate {
    settings: TokenSettings,
    /// Held during a login, so that a wrong PIN is tried by one thread and not by all.
    entry: Mutex<Entry>,
}

struct Entry {
    /// Loaded at the first use.
    module: Option<Module>,
    pin: Option<Passphrase>,
    /// Why the PIN was refused: from then on it is not tried any more.
    refused: Option<String>,
}

impl Gate {
    pub(super) const fn new(settings: TokenSettings, pin: Option<Passphrase>) -> Self {
        Self { settings, entry: Mutex::new(Entry { module: None, pin, refused: None }) }
    }

    /// A session that signs. Errors: every [`TokenError`] of a module, a token and a login.
    pub(super) fn enter(&self) -> Result<TokenSession, TokenError> {
        self.entered(Token::log_in_to_sign)
    }

    /// A session that makes and destroys keys. Errors: as [`Gate::enter`].
    pub(super) fn enter_to_change(&self) -> Result<TokenSession, TokenError> {
        self.entered(Token::log_in)
    }

    fn entered(
        &self,
        log_in: impl FnOnce(Token, Option<&Passphrase>) -> Result<TokenSession, TokenError>,
    ) -> Result<TokenSession, TokenError> {
        let mut entry = self.entry.lock().unwrap_or_else(PoisonError::into_inner);
        let token = self.settings.token.clone();
        if let Some(reason) = &entry.refused {
            return Err(TokenError::PinRefusedBefore { token, reason: reason.clone() });
        }
        let Entry { module, pin, refused } = &mut *entry;
        let module = match module {
            Some(module) => module,
            None => module.insert(Module::load(&self.settings.module)?),
        };
        // Looked for anew each time: a token that comes back may be in another slot.
        let entered = log_in(module.token(&token)?, pin.as_ref());
        if let Err(
            error @ (TokenError::WrongPin { .. } | TokenError::PinLocked { .. } | TokenError::PinNotSet { .. }),
        ) = &entered
        {
            *refused = Some(error.to_string());
            *pin = None;
        }
        entered
    }
}
