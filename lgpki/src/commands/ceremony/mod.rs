//! `lgpki ceremony`: keys and certificates of authorities, made by several people after a script. No service and no network is
//! needed; everything is in one folder.

mod bundles;
mod hold;
mod recorded;

pub use bundles::{Ask, BundleOf, Take};
pub use hold::Run;
pub use recorded::RecordOf;

use crate::out;
use crate::trouble::{Exit, Trouble};
use hold::{Begins, held};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::Interruption;

/// The script of the sample hierarchy.
const SHIPPED: &str = include_str!("../../../../docs/operations/ceremonies/lgpki.toml");

/// The government's request that it names.
const GOVERNMENT: &str = include_str!("../../../../docs/operations/ceremonies/government.csr.pem");

/// What can be done with ceremonies.
#[derive(Debug, clap::Subcommand)]
pub enum CeremonyCommand {
    /// Print the script of the sample hierarchy, to be copied and changed
    Script(ScriptOf),
    /// Run a script end to end with keys and names that do not count
    Rehearse(Run),
    /// Run a script
    Run(Run),
    /// Go on with a ceremony that was cut off
    Resume(Run),
    /// Show the record of a ceremony, written again where it is missing; or verify one
    Record(RecordOf),
    /// Ask an offline CA: put requests of this installation into a signed bundle for its next ceremony
    Ask(Ask),
    /// Take the results of a ceremony out of a bundle, and remember its number: no older one is taken after it
    Take(Take),
    /// Look at a bundle: verify its signature and say or take out what is in it
    Bundle(BundleOf),
}

/// Arguments of `ceremony script`.
#[derive(Debug, clap::Args)]
pub struct ScriptOf {
    /// Write it into this folder as founding.toml, with the files it names; nothing there is replaced
    #[arg(long, value_name = "FOLDER")]
    pub into: Option<PathBuf>,
}

/// Does it; `config` is for what an installation does. Errors: exit 2 for files that cannot be read, exit 3 for a script that is refused, exit 5 when something does not
/// answer, exit 6 for a journal, record or bundle that was changed, exit 7 when nobody confirms or a rule forbids it.
pub async fn run(
    what: &CeremonyCommand,
    config: &Path,
    interruption: Option<Arc<dyn Interruption>>,
) -> Result<Exit, Trouble> {
    match what {
        CeremonyCommand::Script(what) => shipped(what),
        CeremonyCommand::Rehearse(what) => held(what, Begins::Rehearsal, interruption).await,
        CeremonyCommand::Run(what) => held(what, Begins::Ceremony, interruption).await,
        CeremonyCommand::Resume(what) => held(what, Begins::Again, interruption).await,
        CeremonyCommand::Record(what) => recorded::run(what).await,
        CeremonyCommand::Ask(what) => bundles::ask(what, config).await,
        CeremonyCommand::Take(what) => bundles::take(what, config).await,
        CeremonyCommand::Bundle(what) => bundles::opened(what),
    }
}

fn shipped(what: &ScriptOf) -> Result<Exit, Trouble> {
    let Some(folder) = &what.into else {
        out::line(SHIPPED.trim_end())?;
        return Ok(Exit::Done);
    };
    for (name, text) in [("founding.toml", SHIPPED), ("government.csr.pem", GOVERNMENT)] {
        bundles::write_new(&folder.join(name), text.as_bytes())?;
        out::line(folder.join(name).display())?;
    }
    Ok(Exit::Done)
}
