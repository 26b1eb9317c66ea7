//! `lgpki ocsp presign`: signs the answers that are missing or old now, as the worker of a service does by and by.

use crate::clock::SystemClock;
use crate::commands::input;
use crate::progress::Patience;
use crate::secrets::KeySecrets;
use crate::trouble::{Exit, Trouble, chain};
use crate::{config, installation, out};
use ::ocsp::Responder;
use ca_core::id::AuthorityId;
use ca_core::signer::Signer;
use ca_core::time::Clock;
use std::path::Path;
use std::sync::Arc;
use store::Store;

/// Answers signed in one transaction.
const AT_ONCE: u32 = 200;

/// Arguments of `ocsp presign`.
#[derive(Debug, clap::Args)]
pub struct Presign {
    /// The authority whose answers are signed; all that have a responder without it
    #[arg(value_parser = input::authority)]
    pub authority: Option<AuthorityId>,
    /// Where the secrets of the key stores come from.
    #[command(flatten)]
    pub secrets: KeySecrets,
}

/// Signs what is missing. Errors: exit 2 for an authority there is none of, exit 3 and 5 for stores and database.
pub async fn run(what: &Presign, file: &Path) -> Result<Exit, Trouble> {
    hsm_adapters::warm_up();
    let config = config::load(file)?;
    let store = installation::open_current(&config.database).await?;
    let keys = installation::open_keys_in_service(&config, &what.secrets, &store).await?;
    let signer: Arc<dyn Signer> = Arc::new(keys);
    let responder = Responder::new(store.clone(), signer, Arc::new(SystemClock), config.policy.ocsp());
    let mut done = Ok(());
    for authority in super::status::with_responders(&store, what.authority.as_ref()).await? {
        done = signed(&store, &responder, &authority.authority_id).await;
        if done.is_err() {
            break;
        }
    }
    store.close().await;
    done.map(|()| Exit::Done)
}

async fn signed(store: &Store, responder: &Responder, authority: &AuthorityId) -> Result<(), Trouble> {
    let standing = store.read().await?.ocsp_standing(authority, SystemClock.now()).await?;
    let (mut patience, mut stored) = (Patience::begin(), 0_u64);
    loop {
        let pass = responder.presign_pass(authority, AT_ONCE).await.map_err(|error| {
            Trouble::new(Exit::Unavailable, format!("answers of {authority} could not be signed"))
                .because(chain(&error))
                .advice("what was signed before is stored; see `lgpki doctor`, and try again")
        })?;
        stored = stored.saturating_add(u64::try_from(pass.stored).unwrap_or(u64::MAX));
        patience.tell(stored, standing.certificates.max(stored), "answers signed");
        let looked_at = u32::try_from(pass.stored.saturating_add(pass.left_out)).unwrap_or(u32::MAX);
        // A pass that stored nothing would find the same certificates again.
        if pass.stored == 0 || looked_at < AT_ONCE {
            break;
        }
    }
    Ok(out::line(format_args!("{authority}: {stored} answers signed"))?)
}
