//! `lgpki crl release`: two people let out the lists that were signed ahead for an emergency. It takes the database alone, so it can
//! be done while the keys cannot be reached.

use crate::commands::input;
use crate::out;
use crate::trouble::{Exit, Trouble};
use crate::witness::Witness;
use crate::{config, installation};
use ca_core::id::AuthorityId;
use std::path::{Path, PathBuf};
use store::crls::CrlHead;
use store::{Step, Store};

/// Arguments of `crl release`.
#[derive(Debug, clap::Args)]
pub struct Release {
    /// The authority whose lists are let out: application-ca
    #[arg(value_parser = input::authority)]
    pub authority: AuthorityId,
    /// The log-in name of an RA operator who vouches for it; named twice, two people
    #[arg(long, value_name = "LOGIN", required = true)]
    pub by: Vec<String>,
    /// The operators' passwords are in these files (mode 0600), in the same order; without them they are asked for
    #[arg(long, value_name = "FILE")]
    pub password_file: Vec<PathBuf>,
}

/// Lets them out. Errors: exit 2 for an authority there is none of, exit 7 unless two RA operators vouch, or when nothing that
/// was signed ahead is left.
pub(super) async fn run(what: &Release, file: &Path) -> Result<Exit, Trouble> {
    let witnesses = witnesses(what)?;
    let store = installation::open_current(&config::load(file)?.database).await?;
    let released = released(&store, &what.authority, &witnesses).await;
    store.close().await;
    let (heads, since) = released?;
    for head in heads {
        let CrlHead { list, number, next_update, .. } = &head;
        let until = next_update.rfc3339();
        out::line(format_args!("released: {} {list}, number {number}, valid until {until}", what.authority))?;
    }
    if since > 0 {
        out::line(format_args!("{since} revocations since then are not on it: OCSP tells them"))?;
    }
    out::talk("it is served from now on; a list that is made when the keys are back takes its place by itself");
    Ok(Exit::Done)
}

/// The two people.
fn witnesses(what: &Release) -> Result<[Witness; 2], Trouble> {
    let [first, second] = what.by.as_slice() else {
        return Err(Trouble::new(Exit::Refused, format!("{} vouch for it", what.by.len()))
            .because("a list is let out by two people")
            .advice("name both: --by LOGIN --by LOGIN"));
    };
    if first == second {
        return Err(Trouble::new(Exit::Refused, "both are the same person").because("a list is let out by two people"));
    }
    let witness =
        |by: &str, file: Option<&Path>| Witness { by: by.to_owned(), password_file: file.map(Path::to_owned) };
    match what.password_file.as_slice() {
        [] => Ok([witness(first, None), witness(second, None)]),
        [one, other] => Ok([witness(first, Some(one)), witness(second, Some(other))]),
        files => Err(Trouble::new(Exit::Usage, format!("{} files with passwords are named for 2 people", files.len()))
            .advice("name one for each, in the same order, or none to have them typed")),
    }
}

async fn released(
    store: &Store,
    authority: &AuthorityId,
    [first, second]: &[Witness; 2],
) -> Result<(Vec<CrlHead>, u64), Trouble> {
    if store.read().await?.authority(authority).await?.is_none() {
        return Err(
            Trouble::new(Exit::Usage, format!("there is no authority {authority}")).advice("see `lgpki ca list`")
        );
    }
    let (one, txn) = first.attested(store).await?;
    txn.commit(Step::SessionWritten).await?;
    let (_, mut txn) = second.attested(store).await?;
    let heads = txn.release_emergency_crls(authority, &one.account_id).await?;
    let Some(made) = heads.iter().map(|head| head.this_update).min() else {
        return Err(Trouble::new(Exit::Refused, format!("nothing that was signed ahead is left of {authority}"))
            .because(
                "its lists are let out already, a later one is served, or its pack has no `emergency` in crl = { … }",
            )
            .advice("`lgpki doctor` says until when its lists are valid"));
    };
    let since = txn.revocations_since(authority, made).await?;
    txn.commit(Step::CrlStored).await?;
    Ok((heads, since))
}
