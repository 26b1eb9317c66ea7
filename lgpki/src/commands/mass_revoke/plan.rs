//! `lgpki mass-revoke plan`: which certificates are meant, and why. They are written down one by one, so that what two people have
//! looked at is what is revoked, whatever is issued meanwhile.

use crate::clock::SystemClock;
use crate::commands::input;
use crate::out::{self, Format};
use crate::trouble::{Exit, Trouble};
use ca_core::audit::Actor;
use ca_core::campaign::CertificateName;
use ca_core::digest::hex;
use ca_core::id::{AuthorityId, MassRevocationId, ProfileId};
use ca_core::name::LocalGovernmentCode;
use ca_core::revocation::RevocationReason;
use ca_core::serial::SerialNumber;
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::path::{Path, PathBuf};
use store::mass_revocations::{Chosen, NewMassRevocation};
use store::{Step, Store, StoreError, WriteTxn};

/// No list of serial numbers is larger, in octets: ten million of them.
const LARGEST_LIST: u64 = 1 << 30;

/// Arguments of `mass-revoke plan`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("chosen").required(true).multiple(true))]
pub struct Plan {
    /// What the plan is called: stolen-token
    #[arg(value_parser = super::name)]
    pub name: MassRevocationId,
    /// Certificates made by that profile: web-server
    #[arg(long, value_name = "PROFILE", group = "chosen", value_parser = profile)]
    pub profile: Option<ProfileId>,
    /// Certificates of the key with this SHA-256 of its public key info, 64 hexadecimal digits
    #[arg(long, value_name = "HEX", group = "chosen", value_parser = digest)]
    pub key: Option<[u8; 32]>,
    /// Certificates of the organisation with that code
    #[arg(long, value_name = "CODE", group = "chosen", value_parser = code)]
    pub org: Option<LocalGovernmentCode>,
    /// Certificates issued by that generation of an authority: application-ca
    #[arg(long, value_name = "AUTHORITY", group = "chosen", value_parser = input::authority)]
    pub issuer: Option<AuthorityId>,
    /// Certificates named in a file, one a line: a serial number in hexadecimal (with --issuer), or AUTHORITY/SERIAL
    #[arg(long, value_name = "FILE", group = "chosen")]
    pub serials: Option<PathBuf>,
    /// Why, as RFC 5280 names it
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub reason: RevocationReason,
    /// Since when the keys may have been misused, as 2026-11-21T10:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = input::instant)]
    pub invalid_since: Option<Timestamp>,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Serialize)]
struct Planned {
    schema: &'static str,
    plan: String,
    chosen_by: String,
    reason: &'static str,
    certificates: u64,
    needless: u64,
    sha256: String,
}

/// Chooses and writes down. Errors: exit 2 for a list that cannot be read, an organisation or authority there is none of; exit 7 when
/// nothing is to be revoked, the name is taken, or the list names what is not there.
pub(super) async fn run(what: &Plan, store: &Store) -> Result<(), Trouble> {
    let named = what.serials.as_deref().map(|file| names(file, what.issuer.as_ref())).transpose()?;
    let new = NewMassRevocation {
        mass_revocation_id: what.name.clone(),
        chosen_by: in_words(what, named.as_ref().map(Vec::len)),
        reason: what.reason,
        invalidity_at: what.invalid_since.map(Timestamp::whole_seconds),
    };
    let mut txn = store.write(SystemClock.now(), Actor::System("command")).await?;
    let chosen = chosen(what, named, &mut txn).await?;
    let (plan, needless) = match txn.plan_mass_revocation(&new, &chosen).await {
        Err(error) if error.is_conflict("mass_revocation_pk") => {
            return Err(Trouble::new(Exit::Refused, format!("there is a plan {} already", what.name))
                .because("a plan never changes: two people look at it")
                .advice("choose another name; `lgpki mass-revoke show` shows this one"));
        }
        Err(StoreError::NotFound { .. }) => {
            return Err(Trouble::new(Exit::Refused, "the list names a certificate that is not among those asked for")
                .because("its serial number is unknown, or it is not of the profile, key, organisation or issuer named")
                .advice("look at the list: one certificate a line, AUTHORITY/SERIAL or with --issuer SERIAL"));
        }
        done => done?,
    };
    let certificates = txn.mass_revocation_progress(&what.name).await?.open;
    if certificates == 0 {
        return Err(Trouble::new(Exit::Refused, "there is nothing to revoke")
            .because(format!("no valid certificate is {}", new.chosen_by)));
    }
    txn.commit(Step::Setup).await?;
    let planned = Planned {
        schema: "lgpki.mass-revocation-plan/1",
        plan: what.name.to_string(),
        chosen_by: plan.chosen_by,
        reason: plan.reason.as_str(),
        certificates,
        needless,
        sha256: hex(&plan.items_sha256),
    };
    match what.format {
        Format::Json => out::json(&planned)?,
        Format::Text => say(&planned)?,
    }
    Ok(())
}

fn say(planned: &Planned) -> std::io::Result<()> {
    let Planned { plan, certificates, chosen_by, reason, sha256, needless, .. } = planned;
    out::line(format_args!("{plan}: {certificates} certificates to be revoked ({reason}): {chosen_by}"))?;
    if *needless > 0 {
        out::line(format_args!("{needless} more of the list are revoked or have ended already"))?;
    }
    out::line(format_args!("digest {sha256}"))?;
    out::talk(format_args!("next: lgpki mass-revoke simulate {plan}; then two people approve it"));
    Ok(())
}

async fn chosen(what: &Plan, named: Option<Vec<CertificateName>>, txn: &mut WriteTxn) -> Result<Chosen, Trouble> {
    if let Some(issuer) = &what.issuer
        && txn.authority(issuer).await?.is_none()
    {
        return Err(Trouble::new(Exit::Usage, format!("there is no authority {issuer}")).advice("see `lgpki ca list`"));
    }
    let organisation = match &what.org {
        Some(code) => Some(txn.organisation_by_code(code).await?.ok_or_else(|| {
            Trouble::new(Exit::Usage, format!("no organisation has the code {code}")).advice("see `lgpki org list`")
        })?),
        None => None,
    };
    Ok(Chosen {
        profile: what.profile.clone(),
        key_sha256: what.key,
        organisation: organisation.map(|organisation| organisation.organisation_id),
        issuer: what.issuer.clone(),
        named,
    })
}

/// How the certificates are chosen: `of the organisation 011002, by the profile web-server`.
fn in_words(what: &Plan, named: Option<usize>) -> String {
    let words = [
        what.issuer.as_ref().map(|issuer| format!("issued by {issuer}")),
        what.profile.as_ref().map(|profile| format!("by the profile {profile}")),
        what.org.as_ref().map(|code| format!("of the organisation {code}")),
        what.key.as_ref().map(|key| format!("of the key {}", hex(key))),
        named.map(|count| format!("among {count} that are named")),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The certificates a file names. Empty lines, and what stands behind `#`, say nothing.
fn names(file: &Path, issuer: Option<&AuthorityId>) -> Result<Vec<CertificateName>, Trouble> {
    let wrong = |what: String| Trouble::new(Exit::Usage, format!("{}: {what}", file.display()));
    let octets =
        input::bounded(file, LARGEST_LIST).map_err(|error| wrong("cannot be read".to_owned()).because(error))?;
    let text = String::from_utf8(octets).map_err(|_| wrong("this is no text".to_owned()))?;
    let line = |(index, line): (usize, &str)| {
        let bare = line.split('#').next().unwrap_or_default().trim();
        let at = index.saturating_add(1);
        let refused = |why: &str| wrong(format!("line {at}: {why}")).advice("write AUTHORITY/SERIAL, one a line");
        if bare.is_empty() {
            return None;
        }
        let (authority, serial) = match (bare.split_once('/'), issuer) {
            (Some((authority, serial)), _) => (AuthorityId::parse(authority).ok(), serial),
            (None, issuer) => (issuer.cloned(), bare),
        };
        let named = || {
            let authority = authority.ok_or_else(|| refused("whose serial number it is, is not said"))?;
            Ok((authority, SerialNumber::parse_hex(serial).map_err(|_| refused("this is no serial number"))?))
        };
        Some(named())
    };
    text.lines().enumerate().filter_map(line).collect()
}

fn profile(text: &str) -> Result<ProfileId, String> {
    ProfileId::parse(text).map_err(|error| error.to_string())
}

fn code(text: &str) -> Result<LocalGovernmentCode, String> {
    LocalGovernmentCode::parse(text).map_err(|error| error.to_string())
}

/// A reason for good: a suspension, and its end, are for one certificate.
fn reason(text: &str) -> Result<RevocationReason, String> {
    let lasting = |reason: &RevocationReason| {
        !matches!(reason, RevocationReason::CertificateHold | RevocationReason::RemoveFromCrl)
    };
    RevocationReason::parse(text).filter(lasting).ok_or_else(|| {
        let known: Vec<&str> =
            RevocationReason::ALL.iter().filter(|one| lasting(one)).map(|one| one.as_str()).collect();
        format!("one of {}", known.join(", "))
    })
}

fn digest(text: &str) -> Result<[u8; 32], String> {
    let wrong = || "64 hexadecimal digits, as `openssl pkey -pubin -outform DER | sha256sum` gives them".to_owned();
    let bare: String = text.chars().filter(|c| *c != ':').collect();
    if bare.len() != 64 {
        return Err(wrong());
    }
    let mut octets = [0_u8; 32];
    for (octet, at) in octets.iter_mut().zip((0_usize..64).step_by(2)) {
        let digits = bare.get(at..at.saturating_add(2)).ok_or_else(wrong)?;
        *octet = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
    }
    Ok(octets)
}
