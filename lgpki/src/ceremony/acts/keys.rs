//! Keys: one is made, one is destroyed.

use super::{Acting, failed_thread, unwritten};
use crate::ceremony::journal::Output;
use crate::ceremony::write_whole;
use crate::trouble::{Exit, Trouble};
use ca_core::digest::hex;
use ca_core::id::KeyLabel;
use ca_core::key::{KeyAlgorithm, SubjectKey};
use ca_core::signer::{KeyKeeper, Signer, SignerError};
use pem::Pem;

impl Acting<'_> {
    pub(super) async fn make_key(
        &self,
        key: &KeyLabel,
        kind: KeyAlgorithm,
        store: &str,
    ) -> Result<Vec<Output>, Trouble> {
        let failed =
            |error: SignerError| Trouble::new(Exit::Unavailable, format!("the key {key} was not made")).because(error);
        let (keys, label, store) = (self.of.keys.clone(), key.clone(), store.to_owned());
        self.take_ready_key(key)?;
        let ready = self.of.ready_keys.is_some();
        let made = tokio::task::spawn_blocking(move || match keys.public_key(&label) {
            Ok(there) => Ok((there, true)),
            Err(SignerError::NoSuchKey(_)) => keys.create_in(&store, &label, kind).map(|made| (made, false)),
            Err(error) => Err(error),
        });
        let (public, was_there) = made.await.map_err(|error| failed_thread(&error))?.map_err(failed)?;
        if was_there && !self.again && !ready {
            return Err(Trouble::new(Exit::Refused, format!("there is a key {key} already"))
                .because("this step has not begun before, so somebody else made it")
                .advice("begin with an empty folder and token, or give the key another label in the script"));
        }
        if public.algorithm() != kind {
            return Err(Trouble::new(Exit::Refused, format!("the key {key} is {}, not {kind}", public.algorithm())));
        }
        Ok(vec![self.of_key(key, &public)?])
    }

    /// In a rehearsal with keys that are ready, the key's file is taken whole.
    fn take_ready_key(&self, key: &KeyLabel) -> Result<(), Trouble> {
        let Some(folder) = self.of.ready_keys.as_ref().filter(|_| self.of.rehearsal) else { return Ok(()) };
        let name = format!("{key}.key.pem");
        let to = self.of.folder.join("keys").join(&name);
        if to.exists() {
            return Ok(());
        }
        std::fs::hard_link(folder.join(&name), &to).map_err(|error| {
            Trouble::new(Exit::Usage, format!("there is no {name} in {}", folder.display())).because(error)
        })
    }

    pub(super) async fn destroy_key(&self, key: &KeyLabel) -> Result<Vec<Output>, Trouble> {
        let (keys, label) = (self.of.keys.making_in(crate::keys::FOLDER)?, key.clone());
        let gone = tokio::task::spawn_blocking(move || {
            let public = keys.public_key(&label)?;
            keys.destroy(&label).map(|()| public)
        });
        match gone.await.map_err(|error| failed_thread(&error))? {
            Ok(public) => Ok(vec![Output {
                what: format!("key {key}, destroyed"),
                file: None,
                sha256: hex(&public.fingerprint()),
            }]),
            // Destroyed before the crash.
            Err(SignerError::NoSuchKey(_)) if self.again => Ok(Vec::new()),
            Err(error) => {
                Err(Trouble::new(Exit::Unavailable, format!("the key {key} was not destroyed")).because(error))
            }
        }
    }

    fn of_key(&self, key: &KeyLabel, public: &SubjectKey) -> Result<Output, Trouble> {
        let file = format!("{}.pub.pem", self.step.id);
        let text = pem::encode(&Pem::new("PUBLIC KEY", public.spki_der())).replace("\r\n", "\n");
        let written = write_whole(&self.of.folder.join(&file), text.as_bytes());
        written.map_err(|error| unwritten(&file, &error))?;
        let what = format!("key {key} ({})", public.algorithm());
        Ok(Output { what, file: Some(file), sha256: hex(&public.fingerprint()) })
    }
}
