//! `lgpki ca rollover`: a new key for an authority, beside a running service or without one.

use crate::clock::SystemClock;
use crate::commands::input;
use crate::config::Config;
use crate::entropy::SystemEntropy;
use crate::foundry::{Foundry, FoundryError};
use crate::installation::Repository;
use crate::keys::{FOLDER, KeyStores};
use crate::rollover::{self, Joined, RolledOver, RolloverError, RolloverStep, roll_over};
use crate::secrets::KeySecrets;
use crate::trouble::{Exit, Trouble, chain};
use crate::{installation, out};
use ca_core::digest::{hex, sha256};
use ca_core::id::AuthorityId;
use ca_core::key::KeyAlgorithm;
use ca_core::signer::Signer;
use ca_core::time::{Clock, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::Store;
use store::authorities::AuthorityRow;

/// Arguments of `ca rollover`.
#[derive(Debug, clap::Args)]
pub struct Rollover {
    /// The authority, as the policy packs call it: application-ca
    #[arg(value_parser = input::authority)]
    pub authority: AuthorityId,
    /// The kind of the new key [default: the one the policy pack names first]
    #[arg(long, value_name = "KIND", value_parser = input::key_kind)]
    pub key: Option<KeyAlgorithm>,
    /// From when the new key issues; until then the old one does [default: now]
    #[arg(long, value_name = "TIME", value_parser = input::instant)]
    pub from: Option<Timestamp>,
    /// The key store the new keys are made in [default: where the old key is]
    #[arg(long, value_name = "NAME")]
    pub store: Option<String>,
    /// Make no link certificates, for which the old key would have to sign: it is lost, or must sign nothing more. The new
    /// certificate is a trust anchor of its own then, which everybody who verifies has to be given
    #[arg(long, requires = "reason")]
    pub without_links: bool,
    /// Why there are none; it stands in the audit
    #[arg(long, value_name = "TEXT", requires = "without_links")]
    pub reason: Option<String>,
    /// Where the secrets of the key stores come from.
    #[command(flatten)]
    pub secrets: KeySecrets,
}

/// Makes the generation and says what it is. Running it again after it was stopped goes on where it was. Errors: exit 7 for a
/// kind of key or date the pack or the old generation forbids, exit 3 for an authority that is not there, exit 5 when database
/// or keys fail.
pub(super) async fn run(what: &Rollover, config: &Config, store: &Store) -> Result<Exit, Trouble> {
    hsm_adapters::warm_up();
    let stores = installation::open_keys_in_service(config, &what.secrets, store).await?;
    let place = match &what.store {
        Some(name) => name.clone(),
        None => place_of_old_key(&stores, store, &what.authority).await?,
    };
    let joined = match what.reason.clone().filter(|_| what.without_links) {
        Some(reason) => Joined::Severed { reason },
        None => Joined::ByLinks,
    };
    let foundry = Foundry {
        store: store.clone(),
        keys: Arc::new(stores.making_in(&place)?),
        entropy: Arc::new(SystemEntropy),
        clock: Arc::new(SystemClock),
        repository: Repository::of(&config.public),
        policy: config.policy.clone(),
    };
    let wanted = rollover::Rollover {
        line: what.authority.clone(),
        key: what.key,
        issues_from: what.from.unwrap_or_else(|| SystemClock.now()),
        joined,
    };
    let rolled = roll_over(&foundry, &wanted, &mut tell).await.map_err(trouble);
    // A token's module wants its sessions closed before the process ends.
    stores.close_all();
    let rolled = rolled?;
    say(&rolled, &foundry)?;
    if what.without_links {
        say_severed(&rolled, &store.read().await?.authorities().await?)?;
    }
    Ok(Exit::Done)
}

/// The key store of the latest key there is of that authority. Errors: exit 2 where none of several has it.
async fn place_of_old_key(stores: &KeyStores, store: &Store, line: &AuthorityId) -> Result<String, Trouble> {
    let rows = store.read().await?.authorities().await?;
    let latest = rows.into_iter().filter(|row| row.generation.line == *line).max_by_key(|row| row.generation.number);
    let Some(label) = latest.map(|row| row.key_label) else { return Ok(FOLDER.to_owned()) };
    if stores.names().nth(1).is_none() {
        return Ok(FOLDER.to_owned());
    }
    let stores = stores.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let found = stores.public_key(&label);
        stores.place_of(&label).map(str::to_owned).ok_or_else(|| {
            let why = found.err().map(|error| error.to_string()).unwrap_or_default();
            let names: Vec<&str> = stores.names().collect();
            Trouble::new(Exit::Usage, format!("it is not known in which key store the key {label} was"))
                .because(why)
                .advice(format!("say where the new key is to be made with --store: {}", names.join(", ")))
        })
    });
    looked.await.map_err(|error| Trouble::new(Exit::Bug, "the key store's thread ended").because(error))?
}

fn tell(step: RolloverStep) {
    out::talk(match step {
        RolloverStep::Continued(id) => format!("an earlier run has begun {id}; going on with it"),
        RolloverStep::Authority(id) => format!("{id}: key made, certificate issued"),
        RolloverStep::Links => "link certificates: the old key with the new, the new key with the old".to_owned(),
        RolloverStep::Severed => "no link certificates: written down with the reason".to_owned(),
        RolloverStep::Responder => "OCSP responder: key made, certificate issued".to_owned(),
        RolloverStep::Crl => "first CRL signed".to_owned(),
    });
}

fn say(rolled: &RolledOver, foundry: &Foundry) -> Result<(), Trouble> {
    let (old, new) = (&rolled.old.authority_id, &rolled.new.authority_id);
    let from = rolled.new.generation.issues_from.rfc3339();
    out::line(format_args!(
        "{new} issues from {from}; {old} retires then, and signs CRLs and OCSP answers to its end"
    ))?;
    let addresses = foundry.repository.addresses(new);
    for address in addresses.issuer_certificate {
        out::line(format_args!("certificate: {address}"))?;
    }
    let base = foundry.repository.url.as_str().trim_end_matches('/');
    if let Some(links) = &rolled.links {
        for (by, of, certificate) in [(new, old, &links.old_with_new), (old, new, &links.new_with_old)] {
            out::line(format_args!("link certificate: {base}/aia/{of}.by-{by}.cer"))?;
            out::line(format_args!("  SHA-256 {}", hex(&certificate.fingerprint())))?;
        }
    }
    out::line("a running service begins with it within half a minute")?;
    Ok(())
}

/// What people have to do where no link certificate does it.
fn say_severed(rolled: &RolledOver, all: &[AuthorityRow]) -> Result<(), Trouble> {
    let (old, new) = (&rolled.old.authority_id, &rolled.new.authority_id);
    out::line(format_args!("nobody who trusts {old} trusts {new} yet: its certificate is a new trust anchor"))?;
    out::line(format_args!("  SHA-256 {}", hex(&sha256(&rolled.new.certificate))))?;
    out::line("give it to everybody who verifies, and read them its digest over another way")?;
    out::line(format_args!("take {old} out of the programs that trust it, if its key may be in other hands"))?;
    let below = |row: &&AuthorityRow| row.issuer_id.as_ref() == Some(old);
    for line in all.iter().filter(below).map(|row| &row.generation.line).collect::<BTreeSet<_>>() {
        out::line(format_args!("{line} is certified by {old} still: lgpki ca rollover {line}"))?;
    }
    Ok(())
}

fn trouble(error: RolloverError) -> Trouble {
    let what = "the authority was not rolled over";
    let (exit, advice) = match &error {
        RolloverError::NotInPacks(_) | RolloverError::NotHere(_) => (
            Exit::Configuration,
            "`lgpki ca list` shows the authorities there are, `lgpki pack show` what the packs describe",
        ),
        RolloverError::KeyKind { .. } => (Exit::Refused, "`lgpki pack show` lists the kinds under keys"),
        RolloverError::NothingToSever(_) => (Exit::Refused, "leave --without-links out"),
        RolloverError::LinkedAlready { .. } => (
            Exit::Refused,
            "finish this generation without --without-links, then make the next with it: nothing leads from the old key to that",
        ),
        RolloverError::NotLinked { .. } => (
            Exit::Unavailable,
            "mend that and run it again: it goes on where it was. If the old key is lost or must sign nothing more, run it with \
             --without-links --reason TEXT, and give everybody the new certificate",
        ),
        RolloverError::Earlier(_) => (Exit::Refused, "choose a later --from"),
        RolloverError::Foundry(FoundryError::Refused(_)) => (Exit::Refused, "the policy pack or the issuer forbids it"),
        RolloverError::Foundry(_) => (Exit::Unavailable, "mend that and run it again: it goes on where it was"),
    };
    Trouble::new(exit, what).because(chain(&error)).advice(advice)
}
