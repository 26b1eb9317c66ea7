//! `lgpki profile`: what the profiles of policy packs give. `shadow` measures their twins with ML-DSA keys. `sample` issues one certificate of each, through the real pipeline,
//! with keys and a database made for it alone, and lays everything into a folder for other people's programs to judge.

mod line;
mod lineage;
mod manifest;
pub mod order;
mod shadow;
pub mod trial;
pub mod unsigned;

use super::packs;
use crate::out;
use crate::trouble::{Exit, Trouble, chain};
use ca_core::id::ProfileId;
use ca_core::profile::{Pack, Packs};
use ca_core::time::Clock;
use line::Line;
use lineage::Lineage;
use manifest::Manifest;
use std::path::{Path, PathBuf};

/// What can be done with profiles.
#[derive(Debug, clap::Subcommand)]
pub enum Profile {
    /// Issue a sample certificate of each profile and kind of key into a folder, for other programs to judge
    Sample(Sample),
    /// Measure what profiles would weigh with ML-DSA keys: certificates, chains, CRLs, OCSP answers
    Shadow(shadow::Shadow),
}

/// Arguments of `profile sample`.
#[derive(Debug, clap::Args)]
pub struct Sample {
    /// Which profiles; can be given several times
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "PROFILE")]
    pub profiles: Vec<String>,
    /// Every profile
    #[arg(long)]
    pub all: bool,
    /// The folder, which must be empty or missing
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// A policy pack by name or file instead of the shipped ones; can be given several times
    #[arg(long = "pack", value_name = "PACK")]
    pub packs: Vec<String>,
    /// Also write the private keys (mode 0600, not encrypted), so that programs can use what they judge
    #[arg(long)]
    pub keys: bool,
    /// Also one revoked certificate of each family that people ask for
    #[arg(long)]
    pub revoked: bool,
    /// The base of the CRL, OCSP and certificate addresses in the samples
    #[arg(long, value_name = "URL", default_value = "http://repository.lgpki.example")]
    pub repository_url: url::Url,
    /// The same as LGWAN sees it
    #[arg(long, value_name = "URL", default_value = "http://repository.lgwan.example")]
    pub lgwan_repository_url: url::Url,
}

/// Does it. Errors: exit 2 for a profile that is not there, exit 7 for a folder that is not empty, exit 5 when a file or the
/// pipeline fails.
pub async fn run(what: &Profile) -> Result<Exit, Trouble> {
    match what {
        Profile::Sample(what) => sample(what).await,
        Profile::Shadow(what) => shadow::run(what).await,
    }
}

async fn sample(what: &Sample) -> Result<Exit, Trouble> {
    let packs = wanted_packs(what)?;
    let wanted = wanted_profiles(what, &packs)?;
    make_folder(what)?;
    let mut manifest = Manifest::new();
    for pack in packs.iter() {
        for lineage in Lineage::of(pack) {
            out::talk(format_args!("{}, {lineage} keys: authorities, responders", pack.name));
            let line = Line::founded(pack, lineage, what).await.map_err(failed)?;
            for profile in pack.profiles().iter().filter(|profile| wanted.contains(&profile.id)) {
                out::talk(format_args!("{}, {lineage} keys: {}", pack.name, profile.id));
                line.issue_samples(profile, &mut manifest, what).await.map_err(failed)?;
            }
            line.finish(&mut manifest, what).await.map_err(failed)?;
        }
    }
    let count = manifest.certificates();
    manifest.write(&what.out, crate::clock::SystemClock.now()).map_err(failed)?;
    out::line(format_args!("{count} certificates with chains, CRLs and OCSP answers in {}", what.out.display()))?;
    Ok(Exit::Done)
}

fn failed(error: line::SampleError) -> Trouble {
    Trouble::new(Exit::Unavailable, "the samples could not be made").because(chain(&error))
}

fn wanted_packs(what: &Sample) -> Result<Packs, Trouble> {
    if what.packs.is_empty() {
        return packs::shipped();
    }
    let named: Vec<Pack> = what.packs.iter().map(|name| packs::named(name)).collect::<Result<_, _>>()?;
    Packs::new(named)
        .map_err(|error| Trouble::new(Exit::Configuration, "these packs cannot work together").because(error))
}

fn wanted_profiles(what: &Sample, packs: &Packs) -> Result<Vec<ProfileId>, Trouble> {
    let all = || packs.iter().flat_map(Pack::profiles).map(|profile| profile.id.clone());
    if what.all {
        return Ok(all().collect());
    }
    let find = |name: &String| {
        packs.profile_named(name).map(|(_, profile)| profile.id.clone()).ok_or_else(|| {
            let known = all().map(|id| id.to_string()).collect::<Vec<_>>().join(", ");
            Trouble::new(Exit::Usage, format!("there is no profile {name}")).advice(format!("there are: {known}"))
        })
    };
    what.profiles.iter().map(find).collect()
}

fn make_folder(what: &Sample) -> Result<(), Trouble> {
    let inhabited = std::fs::read_dir(&what.out).is_ok_and(|mut entries| entries.next().is_some());
    if inhabited {
        return Err(Trouble::new(Exit::Refused, format!("{} is not empty", what.out.display()))
            .because("what lies there would be judged with the samples, and nothing is ever overwritten")
            .advice("name another folder"));
    }
    let folders = ["chains", "crls", "ocsp"].into_iter().chain(what.keys.then_some("keys"));
    for folder in folders {
        let path: &Path = &what.out.join(folder);
        std::fs::create_dir_all(path).map_err(|error| {
            Trouble::new(Exit::Unavailable, format!("{} cannot be made", path.display())).because(error)
        })?;
    }
    Ok(())
}
