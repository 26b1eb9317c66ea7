//! `lgpki publish`: how publishing to each target goes, and a pass at once.

use crate::clock::SystemClock;
use crate::config::{self, Config, Place, PublicationTarget};
use crate::edge::Making;
use crate::installation;
use crate::keys::KeyStores;
use crate::out::{self, Format};
use crate::publish::standing::{Alarm, Standing, standings};
use crate::publish::{Bundles, Passed, Publication, Source};
use crate::secrets::KeySecrets;
use crate::trouble::{Exit, Trouble};
use ca_core::signer::Signer;
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::Store;

/// How long another process that is publishing to a target is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(200);

/// What to do about publication.
#[derive(Debug, clap::Subcommand)]
pub enum Publish {
    /// Say of each target what stands there, for how long it is good, and when somebody is called
    Status(Status),
    /// Publish now, also what failed a moment ago, and read everything back
    Now(Now),
}

/// Arguments of `publish status`.
#[derive(Debug, clap::Args)]
pub struct Status {
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// Arguments of `publish now`.
#[derive(Debug, clap::Args)]
pub struct Now {
    /// Only to this target
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// Where the secrets of the key stores come from; they are needed for drop folders alone.
    #[command(flatten)]
    pub secrets: KeySecrets,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

#[derive(Serialize)]
struct Shown {
    schema: &'static str,
    targets: Vec<ShownTarget>,
}

#[derive(Serialize)]
struct ShownTarget {
    target: String,
    kind: &'static str,
    alarm: &'static str,
    lists: usize,
    newest: usize,
    behind_since: Option<String>,
    complete_at: Option<String>,
    deadline: Option<String>,
    call_after_seconds: u64,
    call_at: Option<String>,
    failures: i64,
    trouble: Option<String>,
    retry_at: Option<String>,
}

/// Does it. `status` exits 1 when somebody must come, `now` when something could not be published. Errors: exit 2 for a target
/// nobody configured, exit 3 and 5 for configuration, keys and database.
pub async fn run(what: &Publish, file: &Path) -> Result<Exit, Trouble> {
    let config = config::load(file)?;
    let store = installation::open_current(&config.database).await?;
    let done = match what {
        Publish::Status(Status { format }) => say_status(&store, &config, *format).await,
        Publish::Now(what) => publish_now(&store, &config, what).await,
    };
    store.close().await;
    done
}

async fn say_status(store: &Store, config: &Config, format: Format) -> Result<Exit, Trouble> {
    let standings = say(store, config, format).await?;
    let now = SystemClock.now();
    let calls = standings.iter().any(|standing| standing.alarm(now) == Alarm::Call);
    Ok(if calls { Exit::Negative } else { Exit::Done })
}

async fn publish_now(store: &Store, config: &Config, what: &Now) -> Result<Exit, Trouble> {
    let wanted = |target: &&PublicationTarget| what.target.as_ref().is_none_or(|name| *name == target.name);
    let targets: Vec<_> = config.publish.iter().filter(wanted).cloned().collect();
    if let (Some(name), true) = (&what.target, targets.is_empty()) {
        let names: Vec<_> = config.publish.iter().map(|target| target.name.as_str()).collect();
        return Err(Trouble::new(Exit::Usage, format!("there is no target {name}"))
            .advice(format!("the configuration has: {}", names.join(", "))));
    }
    let signs = targets.iter().any(|target| matches!(target.place, Place::DropFolder(_)));
    let stores = match signs {
        true => Some(installation::open_keys_in_service(config, &what.secrets, store).await?),
        false => None,
    };
    let bundles = stores.as_ref().map(|stores| Arc::new(bundles(store, config, stores)));
    let mut all_complete = true;
    for target in targets {
        let source = Source::of(store.clone(), config);
        let mut publication = Publication::new((source, Arc::new(SystemClock)), target, bundles.clone());
        all_complete &= passed(&mut publication).await? == Passed::Complete;
    }
    if let Some(stores) = stores {
        stores.close_all();
    }
    say(store, config, what.format).await?;
    Ok(if all_complete { Exit::Done } else { Exit::Negative })
}

/// A pass, once nobody else is at it. Errors: exit 5 when another process does not end.
async fn passed(publication: &mut Publication) -> Result<Passed, Trouble> {
    let name = publication.name().to_owned();
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            match publication.pass().await? {
                Passed::Busy => tokio::time::sleep(LOOK).await,
                passed => return Ok(passed),
            }
        }
    });
    waited.await.unwrap_or_else(|_| {
        let what = format!("another process is publishing to {name} and does not end");
        Err(Trouble::new(Exit::Unavailable, what).advice("look at the log of the running service"))
    })
}

/// What drop folders are given, signed with these keys.
fn bundles(store: &Store, config: &Config, stores: &KeyStores) -> Bundles {
    let signer: Arc<dyn Signer> = Arc::new(stores.clone());
    let making = Making::new(store.clone(), signer, config);
    Bundles { making, stores: stores.clone(), key_store: config.edge.store.clone() }
}

async fn say(store: &Store, config: &Config, format: Format) -> Result<Vec<Standing>, Trouble> {
    let now = SystemClock.now();
    let standings = standings(&Source::of(store.clone(), config), &config.publish, now).await?;
    match format {
        Format::Json => {
            let targets = standings.iter().map(|standing| ShownTarget::of(standing, now)).collect();
            out::json(&Shown { schema: "lgpki.publish.status/1", targets })?;
        }
        Format::Text if standings.is_empty() => out::line("the configuration names no target ([[publish]])")?,
        Format::Text => standings.iter().try_for_each(|standing| out::line(standing.sentence(now)))?,
    }
    Ok(standings)
}

impl ShownTarget {
    fn of(standing: &Standing, now: Timestamp) -> Self {
        let written = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
        Self {
            target: standing.target.clone(),
            kind: standing.kind,
            alarm: standing.alarm(now).as_str(),
            lists: standing.lists,
            newest: standing.newest,
            behind_since: written(standing.behind_since),
            complete_at: written(standing.complete_at),
            deadline: written(standing.deadline),
            call_after_seconds: standing.call_after.as_secs(),
            call_at: written(standing.call_at),
            failures: standing.failures,
            trouble: standing.trouble.clone(),
            retry_at: written(standing.retry_at),
        }
    }
}
