//! The sample municipality of the demo: 白樺町, its domain, and two officers with passwords drawn for this folder. They are
//! kept in `personas.toml` beside the database, readable by their owner alone, so that a second run can log in again.

use super::DemoError;
use crate::registration::{
    Credentials, NewOfficer, NewOrganisation, RegistrationError, register_officer, register_organisation,
};
use crate::secrets::write_private;
use ca_core::audit::Actor;
use ca_core::digest::hex;
use ca_core::entropy::Entropy;
use ca_core::time::Timestamp;
use ra_web::auth::password::{totp_code, totp_secret_text};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;
use store::accounts::Role;
use store::{Step, Store};

/// The town's code: 01999 with its check digit. No real municipality has it.
const CODE: &str = "019992";
/// The town's registered domain.
pub(super) const DOMAIN: &str = "town.shirakaba.lg.jp";
/// How long the town's proof of control of its domain counts.
const VERIFIED_FOR: Duration = Duration::from_secs(398 * 86_400);

/// The people of one demo folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Personas {
    persona: Vec<Persona>,
}

/// One person, with everything needed to log in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// Log-in name.
    pub login: String,
    /// Name.
    pub name: String,
    /// What they do: `officer` or `manager`.
    pub role: String,
    /// Password.
    pub password: String,
    /// The shared secret of the confirmation codes, in hexadecimal.
    pub totp_secret: String,
}

impl Persona {
    /// The confirmation code at `now`.
    pub fn code(&self, now: Timestamp) -> String {
        totp_code(&self.secret(), now)
    }

    /// The secret as it is typed into an authenticator.
    pub fn secret_text(&self) -> String {
        totp_secret_text(&self.secret())
    }

    fn secret(&self) -> Vec<u8> {
        let digits: Vec<u32> = self.totp_secret.chars().filter_map(|c| c.to_digit(16)).collect();
        digits
            .chunks(2)
            .map(|pair| u8::try_from(pair.iter().fold(0, |value, digit| value * 16 + digit)).unwrap_or(0))
            .collect()
    }
}

impl Personas {
    /// Those of a folder, or none yet. Errors: the file is there and cannot be read.
    pub fn load(folder: &Path) -> Result<Option<Self>, DemoError> {
        let file = folder.join("personas.toml");
        if !file.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&file).map_err(|error| DemoError::file(&file, &error))?;
        toml::from_str(&text).map(Some).map_err(|error| DemoError::file(&file, &error))
    }

    /// The officer who files requests.
    pub fn officer(&self) -> Result<&Persona, DemoError> {
        self.with_role(Role::Officer)
    }

    /// The manager who approves.
    pub fn manager(&self) -> Result<&Persona, DemoError> {
        self.with_role(Role::Manager)
    }

    /// Everybody.
    pub fn all(&self) -> &[Persona] {
        &self.persona
    }

    fn with_role(&self, role: Role) -> Result<&Persona, DemoError> {
        let found = self.persona.iter().find(|persona| Role::parse(&persona.role) == Some(role));
        found.ok_or_else(|| DemoError::Story(format!("personas.toml names nobody with the role {}", role.as_str())))
    }
}

/// Registers the town and its officers, in one transaction, and keeps their passwords in the folder. Errors: the database,
/// the folder or the source of randomness.
pub async fn register(
    store: &Store,
    folder: &Path,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Personas, DemoError> {
    let town = NewOrganisation::read(CODE, "白樺町", "シラカバチョウ", "Shirakaba Town", &[DOMAIN])?;
    let mut txn = store.write(now, Actor::System("set-up")).await?;
    let town = register_organisation(&mut txn, &town, VERIFIED_FOR, entropy).await?;
    let mut personas = Personas { persona: Vec::new() };
    for (login, name, role) in [("sato", "佐藤 花子", Role::Officer), ("suzuki", "鈴木 一郎", Role::Manager)] {
        let person = NewOfficer::read(&town.organisation_id, login, name, role)?;
        let credentials = Credentials::drawn(entropy).map_err(RegistrationError::from)?;
        register_officer(&mut txn, &person, &credentials, entropy).await?;
        personas.persona.push(Persona {
            login: login.to_owned(),
            name: name.to_owned(),
            role: role.as_str().to_owned(),
            password: credentials.password().to_owned(),
            totp_secret: hex(credentials.totp_secret()),
        });
    }
    keep(&personas, folder)?; // before the commit: an account nobody can log in to helps nobody
    txn.commit(Step::Setup).await?;
    Ok(personas)
}

fn keep(personas: &Personas, folder: &Path) -> Result<(), DemoError> {
    let file = folder.join("personas.toml");
    let text = toml::to_string(personas).map_err(|error| DemoError::file(&file, &error))?;
    let head = "# Sample people of this demo and how they log in. For trying out only.\n\n";
    write_private(&file, &[head, &text]).map_err(|error| DemoError::file(&file, &error))
}
