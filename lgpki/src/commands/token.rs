//! The PKCS#11 token a command names, and what is said when it does not do what it should.

use crate::secrets::PinSource;
use crate::trouble::{Exit, Trouble};
use hsm_adapters::pkcs11::{Module, TokenError, TokenSession, UnusableKey};
use std::path::{Path, PathBuf};

/// A key in a PKCS#11 token, on the command line.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TokenPlace {
    /// The key is in a PKCS#11 token: the module of its maker (…/libsofthsm2.so)
    #[arg(long, value_name = "FILE", requires_all = ["token", "key_label"],
        conflicts_with_all = ["passphrase_file", "passphrase_fd", "ask_passphrase", "no_passphrase"])]
    pub token_module: Option<PathBuf>,
    /// The label of the token
    #[arg(long, value_name = "LABEL", requires = "token_module")]
    pub token: Option<String>,
    /// The label of the key in the token
    #[arg(long, value_name = "NAME", requires = "token_module", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub key_label: Option<String>,
    /// Its PIN.
    #[command(flatten)]
    pub pin: PinSource,
}

/// A token and a key in it, as named in full.
#[derive(Clone, Copy, Debug)]
pub struct NamedToken<'a> {
    module: &'a Path,
    /// The token's label.
    pub token: &'a str,
    /// The key's label.
    pub key: &'a str,
    pin: &'a PinSource,
}

impl TokenPlace {
    /// What the command line names; `None` when it names no token.
    pub fn named(&self) -> Option<NamedToken<'_>> {
        let (module, token, key) = (self.token_module.as_deref()?, self.token.as_deref()?, self.key_label.as_deref()?);
        Some(NamedToken { module, token, key, pin: &self.pin })
    }
}

impl NamedToken<'_> {
    /// Logs in, with one try. The PIN is asked for when the token is there and wants it. Errors: see [`told`].
    pub fn log_in(&self) -> Result<TokenSession, Trouble> {
        let token = Module::load(self.module).and_then(|module| module.token(self.token)).map_err(told)?;
        let pin = if token.wants_pin() { Some(self.pin.pin(self.token)?) } else { None };
        token.log_in(pin.as_ref()).map_err(told)
    }
}

/// What a person is told, and what to do about it. Exit 2 for something named wrong, exit 3 for the PIN, exit 7 for a label
/// that is taken or a kind the token does not make, exit 6 for a false signature, exit 5 for the device.
pub fn told(error: TokenError) -> Trouble {
    let (exit, what) = match &error {
        TokenError::NoModule { .. } | TokenError::ModuleFails { .. } => {
            (Exit::Usage, "the token's module cannot be used")
        }
        TokenError::NoSuchToken { .. } => (Exit::Usage, "the token is not there"),
        TokenError::SeveralTokens { .. } => (Exit::Usage, "it is not clear which token is meant"),
        TokenError::WrongPin { .. }
        | TokenError::PinLocked { .. }
        | TokenError::PinNotSet { .. }
        | TokenError::PinRefusedBefore { .. } => (Exit::Configuration, "the token does not open"),
        TokenError::LabelTaken { .. } | TokenError::KindUnsupported { .. } => (Exit::Refused, "no key was made"),
        TokenError::PinRefused { .. } => (Exit::Refused, "the PIN was not changed"),
        TokenError::NoSuchKey { .. } => (Exit::Usage, "the key is not there"),
        TokenError::SeveralKeys { .. } => (Exit::Usage, "it is not clear which key is meant"),
        TokenError::UnusableKey { .. } => (Exit::Refused, "the key cannot be used for a request"),
        TokenError::BadSignature { .. } => (Exit::Integrity, "the token signs wrongly, and nothing was written"),
        TokenError::Device { .. } | TokenError::OutcomeUnknown { .. } => {
            (Exit::Unavailable, "the token did not do what it was asked")
        }
    };
    Trouble::new(exit, what).because(&error).advice(advice(&error))
}

fn advice(error: &TokenError) -> String {
    let fixed = match error {
        TokenError::NoModule { .. } | TokenError::ModuleFails { .. } => {
            "name the PKCS#11 library that came with the device, as /usr/lib/softhsm/libsofthsm2.so is SoftHSM's"
        }
        TokenError::NoSuchToken { there, .. } if !there.is_empty() => {
            return format!("give --token one of these labels: {}", there.join(", "));
        }
        TokenError::NoSuchToken { .. } => {
            "plug it in, or initialise it with its own tool; this module shows no token at all"
        }
        TokenError::SeveralTokens { .. } => "unplug the others, or give them other labels",
        TokenError::WrongPin { .. } | TokenError::PinRefusedBefore { .. } => {
            "look at the PIN before you try again: it was tried once, and tokens lock after a few wrong ones"
        }
        TokenError::PinLocked { .. } => "unlock it with its own tool and its PUK or SO PIN",
        TokenError::PinNotSet { .. } => "set a user PIN with the token's own tool",
        TokenError::PinRefused { .. } => "look into its manual which PINs it takes; the old one is in force",
        TokenError::LabelTaken { .. } => {
            "choose another --key-label; keys are never replaced, and the old one may be in use"
        }
        TokenError::NoSuchKey { there, .. } if !there.is_empty() => {
            return format!("give --key-label one of these: {}", there.join(", "));
        }
        TokenError::NoSuchKey { .. } => {
            "make it first: lgpki key new with the same --token-module, --token and --key-label"
        }
        TokenError::SeveralKeys { .. } => "give the keys different labels with the token's own tool",
        TokenError::KindUnsupported { .. } => "choose another --algorithm; the token's manual says which it makes",
        TokenError::UnusableKey { reason: UnusableKey::NoPublicHalf, .. } => {
            "write its public half into the token again, or make a new key with lgpki key new"
        }
        TokenError::UnusableKey { .. } => "make a new key with lgpki key new",
        TokenError::BadSignature { .. } => "do not use this token before its maker has looked at it",
        TokenError::Device { .. } | TokenError::OutcomeUnknown { .. } => {
            "see that it is plugged in and has room for a key, and try again"
        }
    };
    fixed.to_owned()
}
