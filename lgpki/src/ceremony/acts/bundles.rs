//! What travels: requests that come in a bundle, results that leave in one.

use super::{Acting, failed_thread, unwritten};
use crate::ceremony::bundle::{Bundle, Content};
use crate::ceremony::journal::Output;
use crate::ceremony::{seal, write_whole};
use crate::trouble::Trouble;
use ca_core::digest::{hex, sha256};

impl Acting<'_> {
    /// Everything made so far, in one signed file that travels to where it is used.
    pub(super) async fn export(&self, bundle: &str) -> Result<Vec<Output>, Trouble> {
        let mut contents = Vec::new();
        for (_, output) in self.of.journal.outputs() {
            let Some(file) = &output.file else { continue };
            let text = std::fs::read_to_string(self.of.folder.join(file)).map_err(|error| unwritten(file, &error))?;
            contents.push(Content { file: file.clone(), sha256: hex(&sha256(text.as_bytes())), text });
        }
        let number = u64::try_from(self.of.journal.lines().len()).unwrap_or(u64::MAX);
        let made = Bundle::new(number, &self.of.script.name, self.of.rehearsal, contents);
        let payload = serde_json::to_string_pretty(&made).map_err(|error| unwritten(bundle, &error.into()))?;
        let (keys, octets) = (self.of.keys.clone(), payload.clone().into_bytes());
        let label = self.of.record_key()?;
        let seal = tokio::task::spawn_blocking(move || seal::sealed(&octets, &keys, &label));
        let seal = seal.await.map_err(|error| failed_thread(&error))??;
        let whole = format!("{payload}\n{seal}");
        write_whole(&self.of.folder.join(bundle), whole.as_bytes()).map_err(|error| unwritten(bundle, &error))?;
        let sha256 = hex(&sha256(whole.as_bytes()));
        Ok(vec![Output { what: format!("bundle {number}"), file: None, sha256 }])
    }
}
