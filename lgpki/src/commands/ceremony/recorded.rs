//! `lgpki ceremony record`: the record of a ceremony, of its script or in a file.

use super::hold::{Begins, Run, folder, opened, script};
use crate::ceremony::custodians::Shares;
use crate::ceremony::people::Answers;
use crate::ceremony::record::{self, Read, Verified};
use crate::out;
use crate::secrets::KeySecrets;
use crate::trouble::{Exit, Trouble};
use ca_core::digest::{hex, sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Arguments of `ceremony record`.
#[derive(Debug, clap::Args)]
pub struct RecordOf {
    /// The script of a finished ceremony: its record is shown, and signed and written again where it is missing
    #[arg(value_name = "SCRIPT", required_unless_present = "verify")]
    pub script: Option<PathBuf>,
    /// Verify this record alone: record.json, with record.seal beside it
    #[arg(long, value_name = "FILE", conflicts_with = "script")]
    pub verify: Option<PathBuf>,
    /// The folder of the ceremony [default: the script's name without its ending]
    #[arg(long, value_name = "FOLDER", requires = "script")]
    pub folder: Option<PathBuf>,
    /// The folder of the earlier ceremony, as when it was begun
    #[arg(long, value_name = "FOLDER", requires = "script")]
    pub of: Option<PathBuf>,
    /// text, or json for the record itself
    #[arg(long, value_enum, default_value_t)]
    pub format: out::Format,
    /// Where passphrase and PINs come from, for a record that is written again.
    #[command(flatten)]
    pub secrets: KeySecrets,
    /// What custodians bring, where they open the key store of the record's key.
    #[command(flatten)]
    pub shares: Shares,
}

/// Shows it. Errors: exit 2 when nothing was begun there, exit 6 for a record, seal, page or journal that was changed, exit 7 for a
/// ceremony that is not finished or of another script, exit 3 and 5 when a missing one cannot be written again.
pub(super) async fn run(what: &RecordOf) -> Result<Exit, Trouble> {
    if let Some(file) = &what.verify {
        return shown(&record::verified(file)?, what.format);
    }
    let Some(file) = &what.script else { return Err(Trouble::new(Exit::Usage, "there is no script")) };
    let run = Run {
        script: file.clone(),
        folder: what.folder.clone(),
        of: what.of.clone(),
        answers: None,
        with_keys: None,
        secrets: what.secrets.clone(),
        shares: what.shares.clone(),
    };
    let folder = folder(&run, Begins::Again)?;
    let record = folder.join(record::FILE);
    let parts = ["json", "seal", "html"].map(|ending| record.with_extension(ending));
    if !parts.iter().all(|part| part.exists()) {
        written_again(&run, &record).await?;
    }
    let verified = record::verified(&record)?;
    let (_, text) = script(file)?;
    if verified.record.script != Read::of(&hex(&sha256(text.as_bytes()))) {
        return Err(Trouble::new(Exit::Refused, format!("{} is the record of another script", record.display())));
    }
    shown(&verified, what.format)?;
    if what.format == out::Format::Text {
        parts.iter().try_for_each(|part| out::line(part.display()))?;
    }
    Ok(Exit::Done)
}

async fn written_again(what: &Run, file: &Path) -> Result<(), Trouble> {
    let ceremony = opened(what, Begins::Again, Answers::File(BTreeMap::new()), None).await?;
    let written = match ceremony.journal.is_closed() {
        true => record::write(&ceremony),
        false => Err(Trouble::new(Exit::Refused, "a ceremony that is not finished has no record")
            .advice("finish it with `lgpki ceremony resume`")),
    };
    ceremony.close().await;
    written?;
    out::talk(format_args!("{} was written again, from the journal", file.display()));
    Ok(())
}

fn shown(verified: &Verified, format: out::Format) -> Result<Exit, Trouble> {
    let Verified { record, sha256 } = verified;
    if format == out::Format::Json {
        out::json(record)?;
        return Ok(Exit::Done);
    }
    let kind = if record.rehearsal { "rehearsal" } else { "ceremony" };
    out::line(format_args!("{}: {kind}, {}", record.title.1, record.place))?;
    if let Some(earlier) = &record.earlier {
        let read = &earlier.record;
        out::line(format_args!("goes on with the ceremony whose record has SHA-256 {}\n{}", read.sha256, read.words))?;
    }
    for step in &record.steps {
        let seen = step.confirmed.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join(", ");
        out::line(format_args!("  {} {}: {} ({seen})", step.done_at, step.id, step.what.1))?;
    }
    out::line(format_args!("SHA-256 of this record: {sha256}\n{}", Read::of(sha256).words))?;
    out::line(format_args!("{} steps, signed by the key\n{}", record.steps.len(), record.record_key.words))?;
    out::line("the signature holds; compare these words with what was read aloud in the ceremony")?;
    Ok(Exit::Done)
}
