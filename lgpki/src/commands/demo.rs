//! `lgpki demo`: a whole installation in one folder and the main job played through its pages, then left running for
//! whoever wants to try it. Nothing in the story is simulated: the same program, pages and services as in production, with
//! the embedded database and software keys.

pub mod acts;
pub mod people;
pub mod place;
pub mod story;
pub mod teller;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::entropy::SystemEntropy;
use crate::installation::{open_key_stores, open_store};
use crate::out::{self, Format};
use crate::registration::RegistrationError;
use crate::secrets::{KeySecrets, write_private};
use crate::serve::{Parts, Role, Service, wait_for_signal};
use crate::setup::{FoundingStep, Kinds};
use crate::trouble::{Exit, Trouble};
use ca_core::certificate::to_pem;
use ca_core::time::Clock;
use clap::ValueEnum;
use people::{Persona, Personas};
use place::{Place, Wanted};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use story::{Artefacts, Scene};
use teller::{Step, Teller};
use url::Url;

/// Show one certificate's life on this machine, from request to revocation.
#[derive(Clone, Debug, clap::Args)]
pub struct Demo {
    /// The folder of the installation; made if it is missing, used again if it is there
    #[arg(long, value_name = "DIR", default_value = "lgpki-demo")]
    pub folder: PathBuf,
    /// Where pages, CRLs and OCSP are served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where health and metrics are served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    pub management: SocketAddr,
    /// Stop when the story is told, instead of serving on
    #[arg(long)]
    pub once: bool,
    /// Write every artefact of the story into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Use your own certification request (PEM or DER) instead of a new key
    #[arg(long, value_name = "FILE")]
    pub csr: Option<PathBuf>,
    /// Only say the confirmation code of one of the people of the folder, now and next
    #[arg(long, value_name = "LOGIN")]
    pub code: Option<String>,
    /// How the result is written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// Why the demo stopped.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A step did not do what it should.
    #[error("{0}")]
    Story(String),
    /// A file or folder.
    #[error("{file}: {cause}")]
    File {
        /// Which.
        file: String,
        /// Why.
        cause: String,
    },
    /// A folder with something else in it.
    #[error("{} has files in it and is no demo folder", .0.display())]
    NotOurs(PathBuf),
    /// A page did not answer, or was not what it should be.
    #[error(transparent)]
    Visit(#[from] crate::visitor::VisitError),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// What the program says of itself.
    #[error("{0}")]
    Trouble(Trouble),
}

impl DemoError {
    fn file(file: &Path, cause: &dyn std::fmt::Display) -> Self {
        Self::File { file: file.display().to_string(), cause: cause.to_string() }
    }
}

impl From<Trouble> for DemoError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<RegistrationError> for DemoError {
    fn from(error: RegistrationError) -> Self {
        Self::Trouble(error.into())
    }
}

impl From<DemoError> for Trouble {
    fn from(error: DemoError) -> Self {
        match error {
            DemoError::Trouble(trouble) => trouble,
            DemoError::NotOurs(_) => {
                Self::new(Exit::Refused, error.to_string()).advice("name another folder with --folder")
            }
            DemoError::File { .. } => Self::new(Exit::Unavailable, error.to_string()),
            other => Self::new(Exit::Integrity, "the demo stopped").because(other),
        }
    }
}

/// The result for programs.
#[derive(serde::Serialize)]
struct Summary<'a> {
    schema: &'static str,
    request: &'a str,
    serial: String,
    first_certificate_ms: u64,
    pages: String,
    folder: String,
    out: Option<String>,
    steps: &'a [Step],
}

/// Plays the demo. `started` is when the process began. Errors: [`Trouble`] with what to do.
pub async fn run(what: &Demo, started: Instant) -> Result<Exit, Trouble> {
    if let Some(login) = &what.code {
        return say_code(&what.folder, login);
    }
    let told: Box<dyn Write + Send> = match what.format {
        Format::Text => Box::new(std::io::stdout()),
        Format::Json => Box::new(std::io::stderr()),
    };
    let mut tell = Teller::new(started, told);
    let (request, key) = request_file(what)?;
    // Before anything is made: a busy port is the usual surprise.
    check_free(what.listen, "--listen").await?;
    check_free(what.management, "--management").await?;
    let Place { config, personas } = make_place(what, &mut tell).await?;
    let pages = config.public.url.clone();
    let repository = config.public.repository_url.clone();
    let service = start_service(&config).await?;
    tell.step(
        format!("the service runs at {pages}"),
        "listeners bound, keys usable, nothing left unsettled by an earlier run",
    );
    let personas = Arc::new(personas);
    let (mut tell, artefacts) = {
        let (personas, pages, repository) = (Arc::clone(&personas), pages.clone(), repository.clone());
        let play = move || {
            let scene = Scene {
                pages: &pages,
                repository: &repository,
                personas: &personas,
                request,
                clock: &SystemClock,
                entropy: &SystemEntropy,
            };
            let artefacts = story::play(&scene, started, &mut tell);
            (tell, artefacts)
        };
        let blown = |_| Trouble::new(Exit::Bug, "the demo's thread ended without an answer");
        tokio::task::spawn_blocking(play).await.map_err(blown)?
    };
    let artefacts = artefacts.map_err(Trouble::from)?;
    if let Some(folder) = &what.out {
        write_artefacts(folder, &artefacts, key.as_deref())?;
        tell.line(&format!("artefacts are in {}", folder.display()));
    }
    if what.format == Format::Json {
        out::json(&Summary {
            schema: "lgpki.demo/1",
            request: artefacts.number.as_str(),
            serial: artefacts.server.serial().to_hex(),
            first_certificate_ms: u64::try_from(artefacts.first_certificate.as_millis()).unwrap_or(u64::MAX),
            pages: pages.to_string(),
            folder: what.folder.display().to_string(),
            out: what.out.as_ref().map(|folder| folder.display().to_string()),
            steps: tell.steps(),
        })?;
    }
    if !what.once {
        guide(&mut tell, &pages, &personas, what);
        wait_for_signal().await?;
    }
    service.stop().await;
    Ok(Exit::Done)
}

/// What an authenticator would show for one of the demo's people.
fn say_code(folder: &Path, login: &str) -> Result<Exit, Trouble> {
    let personas = Personas::load(folder)?;
    let persona = personas.as_ref().and_then(|all| all.all().iter().find(|persona| persona.login == login));
    let Some(persona) = persona else {
        return Err(Trouble::new(Exit::Refused, format!("{} has nobody called {login}", folder.display()))
            .advice("the people of a demo are in its personas.toml"));
    };
    let now = SystemClock.now();
    out::line(format!("{} (next: {})", persona.code(now), persona.code(now.plus(Duration::from_secs(30)))))?;
    Ok(Exit::Done)
}

/// Errors when an address is taken, with the argument that chooses another.
async fn check_free(address: SocketAddr, argument: &str) -> Result<(), Trouble> {
    let bound = tokio::net::TcpListener::bind(address).await;
    bound.map(drop).map_err(|error| {
        let other = SocketAddr::new(address.ip(), address.port().checked_add(1000).unwrap_or(18_080));
        Trouble::new(Exit::Unavailable, format!("{address} cannot be used"))
            .because(error)
            .advice(format!("stop what listens there (`ss -ltnp` names it), or choose another: {argument} {other}"))
    })
}

/// All roles in this process, as `lgpki serve` runs them.
async fn start_service(config: &Config) -> Result<Service, Trouble> {
    let keys = open_key_stores(config, &KeySecrets::default())?;
    let folder = keys.folder();
    let parts = Parts {
        store: open_store(&config.database, None).await?,
        centre: folder.map(|folder| crate::centre::open(config, &folder)).transpose()?.flatten(),
        stores: Some(keys),
        entropy: Arc::new(SystemEntropy),
        clock: Arc::new(SystemClock),
    };
    Service::start(config, Role::value_variants(), parts).await
}

/// The request of the story, and the key behind it where we made it.
fn request_file(what: &Demo) -> Result<(String, Option<String>), Trouble> {
    if let Some(file) = &what.csr {
        let octets = std::fs::read(file).map_err(|error| DemoError::file(file, &error))?;
        let proven = ca_core::request::Csr::parse(&octets).and_then(ca_core::request::Csr::prove).map_err(|error| {
            Trouble::new(Exit::Refused, format!("{} is no usable certification request", file.display()))
                .because(error)
                .advice("make one with: openssl req -new -newkey rsa:3072 -nodes -keyout server.key -subj / -out server.csr")
        })?;
        return Ok((to_pem("CERTIFICATE REQUEST", proven.der()), None));
    }
    let failed = |error| Trouble::new(Exit::Unavailable, "no key could be made").because(error);
    let key = crate::holder::new_key(ca_core::key::KeyAlgorithm::P256).map_err(failed)?;
    let request = crate::holder::new_request(&key, &[&format!("www.{}", people::DOMAIN)]).map_err(failed)?;
    Ok((request, Some(key.serialize_pem())))
}

async fn make_place(what: &Demo, tell: &mut Teller) -> Result<Place, Trouble> {
    let wanted = Wanted {
        database_url: None,
        listen: what.listen,
        management: what.management,
        token: None,
        pack: None,
        kinds: Kinds::default(),
    };
    let mut watch = |step: FoundingStep, _: Duration| match step {
        FoundingStep::Authority { title, issuer: None, key, .. } => {
            let what = format!("{title} founded: {key}, self-signed");
            tell.step(&what, "intent recorded, signed, verified with the other library")
        }
        FoundingStep::Authority { title, issuer: Some(issuer), key, .. } => {
            tell.step(format!("{title} issued by {issuer}: {key}"), "all lint rules kept, verifies under its issuer")
        }
        FoundingStep::Responders => tell.step("OCSP responders issued", "delegated, id-pkix-ocsp-nocheck, 90 days"),
        FoundingStep::Crls => tell.step("first CRLs made", "parsed again, verified, numbers taken before signing"),
    };
    let place = place::prepare(&what.folder, &wanted, &mut watch).await?;
    tell.step(
        "白樺町 (019992) is registered with its domain and two officers",
        "check digit verified; passwords drawn for this folder",
    );
    Ok(place)
}

fn write_artefacts(folder: &Path, artefacts: &Artefacts, key: Option<&str>) -> Result<(), Trouble> {
    std::fs::create_dir_all(folder).map_err(|error| DemoError::file(folder, &error))?;
    let chain = format!("{}{}{}", artefacts.server.to_pem(), artefacts.issuing.to_pem(), artefacts.root.to_pem());
    let files: [(&str, Vec<u8>); 10] = [
        ("root.pem", artefacts.root.to_pem().into()),
        ("issuing.pem", artefacts.issuing.to_pem().into()),
        ("ocsp-responder.pem", artefacts.responder.to_pem().into()),
        ("server.pem", artefacts.server.to_pem().into()),
        ("chain.pem", chain.into()),
        ("root.crl", artefacts.root_crl.clone()),
        ("issuing-before.crl", artefacts.crl_before.clone()),
        ("issuing-after.crl", artefacts.crl_after.clone()),
        ("ocsp-good.der", artefacts.ocsp_good.clone()),
        ("ocsp-revoked.der", artefacts.ocsp_revoked.clone()),
    ];
    for (name, octets) in files {
        let file = folder.join(name);
        std::fs::write(&file, octets).map_err(|error| DemoError::file(&file, &error))?;
    }
    if let Some(key) = key {
        let file = folder.join("server.key");
        write_private(&file, &[key]).map_err(|error| DemoError::file(&file, &error))?;
    }
    Ok(())
}

/// What a visitor needs to go on alone.
fn guide(tell: &mut Teller, pages: &Url, personas: &Personas, what: &Demo) {
    let page = |path: &str| pages.join(path).map_or_else(|_| path.to_owned(), String::from);
    tell.line("");
    tell.line(&format!("  registration (log in)       {}", page("/login")));
    tell.line(&format!("  CA certificates and CRLs    {}", page("/ca")));
    tell.line(&format!("  health, readiness, metrics  http://{}/readyz  /livez  /metrics", what.management));
    tell.line("");
    for persona in personas.all() {
        let Persona { login, name, role, password, .. } = persona;
        tell.line(&format!(
            "  {login:<8} {name} ({role})   password {password}   authenticator {}",
            persona.secret_text()
        ));
    }
    let folder = what.folder.display();
    tell.line("");
    tell.line(
        "  The confirmation code comes from an authenticator that was given the text above, or from another terminal:",
    );
    tell.line(&format!("    cargo run --release -- demo --folder {folder} --code sato"));
    tell.line("  A code counts once. Ctrl-C stops the service; the folder stays.");
}
