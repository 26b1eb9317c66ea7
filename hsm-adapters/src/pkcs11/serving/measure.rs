//! What a token does when nothing else is done: the measure for everything around it.

use std::time::{Duration, Instant};

use ca_core::id::KeyLabel;
use ca_core::key::SignatureAlgorithm;
use ca_core::signer::{Message, SignerError};

use super::{TokenKeys, told, unusable};
use crate::pkcs11::TokenError;

impl TokenKeys {
    /// Signatures a second of the token alone: from as many sessions as sign at once in service, over `message`, for that
    /// long. Nothing waits in a queue, and nothing is verified; never for signatures that are used. Errors: the token's.
    pub fn raw_rate(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        length: Duration,
    ) -> Result<f64, SignerError> {
        let shared = self.shared();
        let begun = Instant::now();
        let sign = || -> Result<u32, TokenError> {
            let session = shared.gate.enter()?;
            let key = session.look_for(label.as_str())?;
            let mut made = 0u32;
            while begun.elapsed() < length {
                session.sign(&key, algorithm, Message::Octets(message))?;
                made = made.saturating_add(1);
            }
            Ok(made)
        };
        let counted = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..shared.queue.sessions()).map(|_| scope.spawn(sign)).collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined.map(|made| made.map_err(|_| None)?.map_err(Some)).sum::<Result<u32, Option<TokenError>>>()
        });
        match counted {
            Ok(made) => Ok(f64::from(made) / begun.elapsed().as_secs_f64()),
            Err(Some(error)) => Err(told(label, &error)),
            Err(None) => Err(unusable(label, "a thread ended without an answer")),
        }
    }
}
