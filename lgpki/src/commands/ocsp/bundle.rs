//! `lgpki ocsp bundle`: everything edges serve, in one signed file, and what has changed since an earlier one.

use crate::clock::SystemClock;
use crate::edge::{Made, Making, delta, signed_by};
use crate::out::{self, Format};
use crate::sealing::{next_number, signing_key};
use crate::secrets::KeySecrets;
use crate::trouble::{Exit, Trouble};
use crate::{config, installation};
use ca_core::kana::KanaWords;
use ca_core::signer::Signer;
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `ocsp bundle`.
#[derive(Debug, clap::Args)]
pub struct BundleOf {
    /// The bundle; one that is there is replaced in one step
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// An earlier bundle: what has changed since goes into OUT with .delta at its end, for edges that have that one
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// Where the secrets of the key stores come from.
    #[command(flatten)]
    pub secrets: KeySecrets,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

#[derive(Serialize)]
struct Written {
    schema: &'static str,
    number: u64,
    origin: String,
    artefacts: u64,
    changed: Option<u64>,
    next_update: Option<String>,
    words: String,
    without_answers: Vec<String>,
}

/// Makes one. Answers that nobody has signed yet are signed now; where that cannot be, it says so and exits 1. Errors: exit 3 and
/// 5 for keys, database and disk, exit 6 for an earlier bundle that is not this installation's.
pub async fn run(what: &BundleOf, file: &Path) -> Result<Exit, Trouble> {
    let config = config::load(file)?;
    let store = installation::open_current(&config.database).await?;
    let stores = installation::open_keys_in_service(&config, &what.secrets, &store).await?;
    let made = async {
        let key = signing_key(&stores, (&config.edge.store, &config.edge.key), &store).await?;
        let number = next_number(&store).await?;
        let signer: Arc<dyn Signer> = Arc::new(stores.clone());
        let making = Making::new(store.clone(), signer, &config);
        let made = making.complete(&what.out, number, SystemClock.now()).await?;
        Ok::<_, Trouble>((made, KanaWords::of(&key.fingerprint())))
    };
    let made = made.await;
    store.close().await;
    stores.close_all();
    let (made, words) = made?;
    let changed = what.since.as_deref().map(|since| {
        let mut name = what.out.clone().into_os_string();
        name.push(".delta");
        delta((since, &what.out), Path::new(&name), &signed_by(&words))
    });
    say(made, (changed.transpose()?, &words), what.format)
}

fn say(made: Made, (changed, words): (Option<u64>, &KanaWords), format: Format) -> Result<Exit, Trouble> {
    let Made { manifest, without_answers } = made;
    let exit = if without_answers.is_empty() { Exit::Done } else { Exit::Negative };
    let written = Written {
        schema: "lgpki.ocsp.bundle/1",
        number: manifest.number,
        origin: manifest.origin,
        artefacts: manifest.artefacts,
        changed,
        next_update: manifest.next_update.map(|at| Timestamp::from_seconds(at).rfc3339()),
        words: words.to_string(),
        without_answers: without_answers.iter().map(|(authority, why)| format!("{authority}: {why}")).collect(),
    };
    match format {
        Format::Json => out::json(&written)?,
        Format::Text => {
            let until = written.next_update.as_deref().unwrap_or("-");
            let Written { number, artefacts, words, .. } = &written;
            let changed = changed.map_or_else(String::new, |changed| format!(", {changed} changed"));
            out::line(format_args!("bundle {number}: {artefacts} artefacts{changed}, good until {until}"))?;
            out::line(format_args!("the words of the key that signed it, for `lgpki serve --roles edge`:\n{words}"))?;
            for missing in &written.without_answers {
                out::line(format_args!("answers are missing of {missing}"))?;
            }
        }
    }
    Ok(exit)
}
