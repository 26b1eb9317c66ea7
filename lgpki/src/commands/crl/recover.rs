//! `lgpki crl recover`: a database that was restored from a backup takes back what lists outside still say. It takes the database
//! alone; the service makes the lists that follow.

use super::source;
use crate::clock::SystemClock;
use crate::commands::input;
use crate::out;
use crate::progress::Patience;
use crate::trouble::{Exit, Trouble};
use crate::{config, installation};
use ::crl::recover::{RecoverError, Recovered, find, recover};
use ca_core::audit::Actor;
use ca_core::id::AuthorityId;
use ca_core::time::Clock;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Interruption, Store};

/// Arguments of `crl recover`.
#[derive(Debug, clap::Args)]
pub struct Recover {
    /// The authority that has signed the lists: application-ca
    #[arg(value_parser = input::authority)]
    pub authority: AuthorityId,
    /// A list of it that stands elsewhere, the newest there is, PEM or DER; one for each of its lists
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub from: Vec<PathBuf>,
}

/// Takes back what each of them says. Errors: exit 2 for files that cannot be read and an authority there is none of, exit 7 for a
/// list that the authority has not signed, or while the clock is behind it.
pub(super) async fn run(
    what: &Recover,
    file: &Path,
    interruption: Option<Arc<dyn Interruption>>,
) -> Result<Exit, Trouble> {
    let store = installation::open_current_with(&config::load(file)?.database, interruption).await?;
    let done = recover_all(&store, what).await;
    store.close().await;
    done.map(|()| Exit::Done)
}

async fn recover_all(store: &Store, what: &Recover) -> Result<(), Trouble> {
    let mut asked = false;
    for path in &what.from {
        let (octets, mut patience) = (source::octets(path)?, Patience::begin());
        let wrong = |error| trouble(path, error);
        let found = find(store, &what.authority, octets).await.map_err(wrong)?;
        let (list, all) = (found.list(), found.entries());
        let by = (SystemClock.now(), Actor::System("command"));
        let told = |looked_at| patience.tell(looked_at, all, "entries looked up");
        let Recovered { number, revocations, is_new } = recover(store, found, by, told).await.map_err(wrong)?;
        let name = format!("{} {list}, number {number}", what.authority);
        out::line(match is_new {
            true => format!("{name}: {revocations} of {all} revocations were lost here, and are known again"),
            false => format!("{name}: everything it says is known here"),
        })?;
        asked |= is_new;
    }
    if asked {
        out::talk(
            "the running service makes the lists that follow, with higher numbers; `lgpki doctor` says how they stand",
        );
    }
    Ok(())
}

fn trouble(path: &Path, error: RecoverError) -> Trouble {
    let name = path.display();
    match error {
        RecoverError::Store(error) => error.into(),
        RecoverError::NoSuchAuthority(authority) => {
            Trouble::new(Exit::Usage, format!("there is no authority {authority}")).advice("see `lgpki ca list`")
        }
        RecoverError::Future(_) => Trouble::new(Exit::Refused, format!("nothing is taken over from {name}"))
            .because(error)
            .advice("set the clock, and do it again"),
        RecoverError::Unreadable(_) => {
            Trouble::new(Exit::Usage, format!("{name}: not a CRL this program reads")).because(error)
        }
        error => Trouble::new(Exit::Refused, format!("nothing is taken over from {name}"))
            .because(error)
            .advice("name a list of this authority, as it was published"),
    }
}
