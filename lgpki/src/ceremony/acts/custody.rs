//! What opens a key store is drawn and shared among custodians.

use super::Acting;
use crate::ceremony::journal::Output;
use crate::custody::{self, StorePlace};
use crate::trouble::{Exit, Trouble};
use ca_core::digest::hex;
use hsm_adapters::Passphrase;
use hsm_adapters::custody::{Quorum, ShareHead, Terms};
use store::custody::CustodySetRow;

/// Where share files are written, in the folder of a ceremony; their custodians take them away.
const FOLDER: &str = "shares";

impl Acting<'_> {
    /// Draws a new secret for a store and shares it. Share files are written before the store takes it, so whichever secret opens the
    /// store after a crash, somebody has it; a store that was changed and not yet written down opens for the new shares at the next
    /// beginning, and this step is done then.
    pub(super) async fn share_secret(
        &self,
        store: &str,
        least: u8,
        custodians: &[String],
    ) -> Result<Vec<Output>, Trouble> {
        let refused =
            |why: String| Trouble::new(Exit::Refused, format!("what opens {store} is not shared")).because(why);
        let sets = self.of.store.read().await?.custody_sets(store).await?;
        let made_at = self.dated.whole_seconds();
        let mine = sets.into_iter().find(|set| set.in_force_at.is_some() && set.made_at == made_at && self.again);
        if let Some(set) = mine {
            return Ok(vec![of_set(&set)]);
        }
        let people = custodians.iter().filter_map(|id| self.of.script.person(id));
        let names: Vec<String> = people.map(|person| person.name.clone()).collect();
        let of = u8::try_from(names.len()).unwrap_or(u8::MAX);
        let quorum = Quorum::new(least, of).map_err(|error| refused(error.to_string()))?;
        let terms = Terms { quorum, custodians: names, opens: store.to_owned(), made_at };
        let place = StorePlace::named(store, &self.of.places)?;
        let old = self.opens_now(store, &place)?;
        let mut ask = |head: &ShareHead| self.of.shares.new_passphrase(&self.of.script, head);
        let new = custody::make_set(&terms, &self.of.folder.join(FOLDER), &mut ask)?;
        custody::put_in_force(&self.of.store, &place, old, &new).await?;
        self.of.keys.open(store, Some(place.text_of(&new.secret)?))?;
        Ok(vec![of_set(&new.row)])
    }

    /// What opens a store until now: the shares that were brought, or what was said at the beginning, said again.
    fn opens_now(&self, store: &str, place: &StorePlace) -> Result<Passphrase, Trouble> {
        if let Some(activated) = self.of.activated.iter().find(|one| one.store == store) {
            return place.text_of(&activated.secret);
        }
        match place {
            StorePlace::Folder(_) => self.of.secrets.passphrase.passphrase(self.of.places.passphrase_file.as_deref()),
            StorePlace::Token(token) => self.of.secrets.pin(token),
        }
    }
}

fn of_set(set: &CustodySetRow) -> Output {
    let (least, of, names) = (set.least, set.custodians.len(), set.custodians.join(", "));
    let what = format!("any {least} of {of} custodians open {}: {names}", set.key_store);
    Output { what, file: None, sha256: hex(&set.digest) }
}
