//! What travels: requests that come in a bundle, results that leave in one.

use super::{ACTOR, Acting, failed_thread, unwritten};
use crate::ceremony::bundle::{self, Bundle, Content, Kind};
use crate::ceremony::journal::Output;
use crate::ceremony::{Drawn, requests, write_whole};
use crate::out::visible;
use crate::trouble::{Exit, Trouble};
use ca_core::ceremony::Sent;
use ca_core::digest::{hex, sha256};
use ca_core::entropy::Entropy;
use ca_core::kana::KanaWords;
use ca_core::signer::Signer;
use store::Step;
use store::bundles::BundleNumber;

/// Where requests are kept that were taken, in the folder of a ceremony.
const FOLDER: &str = "requests";
/// Larger than any request somebody sends, in octets.
const LARGEST_SENT: u64 = 1024 * 1024;

impl Acting<'_> {
    /// The requests in a bundle beside the script: each is read, told and kept. From then on no older bundle of its sender is taken.
    pub(super) async fn take_requests(&self, file: &str, words: &KanaWords) -> Result<Vec<Output>, Trouble> {
        let refused = |why: String| Trouble::new(Exit::Refused, format!("the bundle {file} is refused")).because(why);
        let text = bundle::read(&self.of.beside.join(file))?;
        let bundle = Bundle::parse(&text, words, 0)?;
        if bundle.kind != Kind::Requests {
            return Err(refused(format!("it carries {}, not requests", bundle.kind.told())));
        }
        if bundle.rehearsal && !self.of.rehearsal {
            return Err(refused("it is one of a rehearsal".into()));
        }
        let came = format!("bundle {} of {}", bundle.number, visible(&bundle.from));
        let mut outputs = vec![Output { what: came, file: None, sha256: hex(&sha256(text.as_bytes())) }];
        for content in &bundle.contents {
            let kept = format!("{FOLDER}/{}", content.file);
            if self.of.journal.outputs().any(|(_, output)| output.file.as_ref() == Some(&kept)) {
                return Err(refused(format!("a request {} was taken already", content.file)));
            }
            if content.file.ends_with(requests::LIST) {
                self.all_known(&requests::listed(&content.text)?).await?;
            }
            let what = format!("request {}: {}", content.file, requests::told(content)?);
            outputs.push(Output { what, file: Some(kept), sha256: content.sha256.clone() });
        }
        let txn = self.of.store.write(self.dated, ACTOR).await?;
        bundle::remember(txn, &bundle, &text, self.of.journal.id()).await?;
        let folder = self.of.folder.join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(|error| unwritten(FOLDER, &error))?;
        for content in &bundle.contents {
            let written = write_whole(&folder.join(&content.file), content.text.as_bytes());
            written.map_err(|error| unwritten(&content.file, &error))?;
        }
        Ok(outputs)
    }

    /// What somebody sent, and what to call it. Errors: exit 7 when it is not what its sender read aloud, or not there; exit 6 when
    /// it was changed since it was taken.
    pub(super) fn sent(&self, sent: &Sent) -> Result<(String, Vec<u8>), Trouble> {
        let refused = |what: &str, why: &dyn std::fmt::Display| {
            Trouble::new(Exit::Refused, format!("{what} is not certified")).because(why)
        };
        match sent {
            Sent::File { file, words } => {
                let octets = crate::commands::input::bounded(&self.of.beside.join(file), LARGEST_SENT);
                let octets = octets.map_err(|error| refused(file, &error))?;
                KanaWords::of(&sha256(&octets)).compare(words).map_err(|error| refused(file, &error))?;
                Ok((file.clone(), octets))
            }
            Sent::InBundle(name) => Ok((name.clone(), self.taken(name)?)),
        }
    }

    /// A request that an earlier step took out of a bundle. Errors: as [`Self::sent`].
    pub(super) fn taken(&self, name: &str) -> Result<Vec<u8>, Trouble> {
        let kept = format!("{FOLDER}/{name}");
        let output = self.of.journal.outputs().find(|(_, output)| output.file.as_ref() == Some(&kept));
        let (_, output) = output.ok_or_else(|| {
            Trouble::new(Exit::Refused, format!("there is no request {name} in the bundles that were taken"))
                .advice("a request is called in the script as it is in its bundle")
        })?;
        let octets = std::fs::read(self.of.folder.join(&kept)).map_err(|error| unwritten(&kept, &error))?;
        if hex(&sha256(&octets)) != output.sha256 {
            return Err(Trouble::new(Exit::Integrity, format!("{kept} is not what was taken out of the bundle"))
                .advice("find out who changed it; nothing was certified"));
        }
        Ok(octets)
    }

    /// Everything made so far, in one signed file that travels to where it is used.
    pub(super) async fn export(&self, bundle: &str) -> Result<Vec<Output>, Trouble> {
        let mut contents = Vec::new();
        for (_, output) in self.of.journal.outputs() {
            // What came in a bundle is known to its sender.
            let Some(file) = output.file.as_ref().filter(|file| !file.contains('/')) else { continue };
            let text = std::fs::read_to_string(self.of.folder.join(file)).map_err(|error| unwritten(file, &error))?;
            contents.push(Content::new(file, text));
        }
        let number = self.number().await?;
        let rehearsal = self.of.rehearsal;
        let made = Bundle { rehearsal, contents, ..Bundle::new(Kind::Results, number, &self.of.script.name) };
        let path = self.of.folder.join(bundle);
        let (keys, label) = (self.of.keys.clone(), self.of.record_key()?);
        let sealed = tokio::task::spawn_blocking(move || {
            let key = keys.public_key(&label).map_err(|error| Trouble::new(Exit::Unavailable, error.to_string()))?;
            // Signed by an attempt before the crash.
            let there = bundle::read(&path).ok().filter(|text| {
                Bundle::parse(text, &KanaWords::of(&key.fingerprint()), 0).is_ok_and(|there| there == made)
            });
            match there {
                Some(text) => Ok((made.number, text)),
                None => made.sealed(&keys, &label).map(|text| (made.number, text)),
            }
        });
        let (number, whole) = sealed.await.map_err(|error| failed_thread(&error))??;
        write_whole(&self.of.folder.join(bundle), whole.as_bytes()).map_err(|error| unwritten(bundle, &error))?;
        let sha256 = hex(&sha256(whole.as_bytes()));
        Ok(vec![Output { what: format!("bundle {number}"), file: None, sha256 }])
    }

    async fn number(&self) -> Result<BundleNumber, Trouble> {
        let mut drawn = [0u8; 16];
        let drawing = Drawn::new(&self.of.seed()?, "origin of bundles", 0);
        drawing.fill(&mut drawn).map_err(|error| Trouble::new(Exit::Bug, error.to_string()))?;
        let of = format!("{}/{}", self.of.journal.id(), self.step.id);
        let mut txn = self.of.store.write(self.dated, ACTOR).await?;
        let number = txn.number_bundle(&hex(&drawn), Some(&of)).await?;
        txn.commit(Step::Setup).await?;
        Ok(number)
    }
}
