//! The configuration as the program relies on it: every value parsed, every contradiction refused with the place it
//! stands at.

use super::edge::{self, Edge};
use super::file;
use super::keys::{self, Keys};
use super::policy::{self, Policy};
use super::publish::{self, PublicationTarget};
use super::reach::{self, Reach};
use super::{LogFormat, LogLevel};
use ca_core::profile::PackErrors;
use crl::CrlPolicy;
use ocsp::OcspPolicy;
use ra_web::Environment;
use ra_web::centre::LegacyFiles;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;
use url::{Host, Url};

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it came from.
    pub file: PathBuf,
    /// The database.
    pub database: Database,
    /// The key stores.
    pub keys: Keys,
    /// The addresses listened on.
    pub listen: Listen,
    /// What the world types and reads.
    pub public: Public,
    /// What is issued, and how long CRLs and OCSP answers are valid.
    pub policy: Policy,
    /// Where it is looked whether revocations can be seen.
    pub reach: Reach,
    /// Keys made at the centre.
    pub centre: Centre,
    /// What is made for edges without keys.
    pub edge: Edge,
    /// The places published to.
    pub publish: Vec<PublicationTarget>,
    /// How the operational log is written.
    pub log_format: LogFormat,
    /// From which severity on.
    pub log_level: LogLevel,
}

/// Where the database is.
#[derive(Clone, Debug)]
pub struct Database {
    /// `sqlite:/absolute/path` or `postgres://user@host/name`; never a password.
    pub url: String,
    /// The file of a SQLite database.
    pub sqlite_file: Option<PathBuf>,
    /// The file with the PostgreSQL password.
    pub password_file: Option<PathBuf>,
    /// Connections at most.
    pub connections: u32,
}

/// Keys made at the centre.
#[derive(Clone, Copy, Debug, Default)]
pub struct Centre {
    /// RSA keys of each size kept ready, if it is said.
    pub pool: Option<usize>,
    /// Whether PKCS#12 files for old devices may be made.
    pub legacy: LegacyFiles,
}

/// The addresses listened on. Two that are the same are one listener.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The registration service.
    pub ra: SocketAddr,
    /// CRLs, authority certificates and OCSP.
    pub repository: SocketAddr,
    /// `/livez`, `/readyz`, `/metrics`.
    pub management: SocketAddr,
}

/// What the world types and reads.
#[derive(Clone, Debug)]
pub struct Public {
    /// The address officers type; https, or http on localhost; always with a host name.
    pub url: Url,
    /// The base of CRL, OCSP and certificate addresses written into certificates; http.
    pub repository_url: Url,
    /// The same as LGWAN sees it, where both networks are served; http. Its CRL address stands beside the other in
    /// certificates.
    pub lgwan_repository_url: Option<Url>,
    /// Production, training or demo.
    pub environment: Environment,
}

/// What is wrong, and where in the file (an octet offset).
pub(super) struct Wrong {
    pub(super) offset: usize,
    pub(super) reason: String,
    /// The policy pack that is refused, where it is that: its file and its own lines.
    pub(super) pack: Option<(PathBuf, PackErrors)>,
}

const PUBLIC: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const MANAGEMENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);
const CONNECTIONS: u32 = 10;
/// What `hsm_adapters::centre::KeyPool` holds of a kind.
const LARGEST_POOL: usize = 256;
/// Beyond this a lost key could not be revoked for as long as anyone would care to wait.
const LONGEST_VALIDITY: Duration = Duration::from_secs(366 * 86_400);

pub(super) fn check(raw: file::File, file: &Path) -> Result<Config, Wrong> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let listen = listen(&raw.listen)?;
    let public = public(&raw.public, &listen)?;
    let packs = policy::packs(&raw.policy, &folder)?;
    if public.environment == Environment::Production {
        policy::nothing_experimental(&raw.policy, &packs)?;
    }
    Ok(Config {
        file: file.to_path_buf(),
        database: database(raw.database, &folder)?,
        keys: keys::check(raw.keys, &folder)?,
        reach: reach::check(raw.reach, &public)?,
        public,
        listen,
        policy: Policy {
            packs,
            crl_issuing: crl_policy(CrlPolicy::ISSUING, raw.crl.validity.as_ref(), raw.crl.refresh_before.as_ref())?,
            crl_root: crl_policy(
                CrlPolicy::ROOT,
                raw.crl.root_validity.as_ref(),
                raw.crl.root_refresh_before.as_ref(),
            )?,
            ocsp: ocsp_policy(&raw.ocsp)?,
            coalesce: coalesce(raw.crl.coalesce.as_ref())?,
        },
        centre: centre(raw.centre)?,
        edge: edge::check(raw.edge)?,
        publish: publish::check(raw.publish, &folder)?,
        log_format: raw.log.format,
        log_level: raw.log.level,
    })
}

fn centre(raw: file::Centre) -> Result<Centre, Wrong> {
    let legacy = if raw.allow_legacy { LegacyFiles::Allow } else { LegacyFiles::Refuse };
    match raw.pool {
        Some(pool) if *pool.get_ref() > LARGEST_POOL => Err(wrong(&pool, "pool must be 256 at most")),
        pool => Ok(Centre { pool: pool.map(Spanned::into_inner), legacy }),
    }
}

pub(super) fn wrong<T>(at: &Spanned<T>, reason: impl Into<String>) -> Wrong {
    Wrong { offset: at.span().start, reason: reason.into(), pack: None }
}

fn database(raw: file::Database, folder: &Path) -> Result<Database, Wrong> {
    let connections = match raw.connections {
        Some(count) if !(1..=200).contains(count.get_ref()) => {
            return Err(wrong(&count, "connections must be between 1 and 200"));
        }
        other => other.map_or(CONNECTIONS, Spanned::into_inner),
    };
    let text = raw.url.get_ref().as_str();
    let password_file = raw.password_file;
    match text.split_once(':') {
        Some(("sqlite", path)) => {
            if let Some(file) = password_file {
                return Err(wrong(&file, "password_file is for PostgreSQL; SQLite has no password"));
            }
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains(":memory:") || path.contains(['?', '%']) {
                return Err(wrong(
                    &raw.url,
                    "a SQLite url is sqlite:PATH, a file; one in memory forgets what it issued",
                ));
            }
            let path = folder.join(path);
            let url = format!("sqlite:{}", path.display());
            Ok(Database { url, sqlite_file: Some(path), password_file: None, connections })
        }
        Some(("postgres" | "postgresql", _)) => {
            let url = Url::parse(text).map_err(|error| wrong(&raw.url, format!("not a database url: {error}")))?;
            if url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password") {
                let reason = "a password in the configuration is refused: \
                    put it into a file of mode 0600 and name that as password_file";
                return Err(wrong(&raw.url, reason));
            }
            let password_file = password_file.map(|file| folder.join(file.into_inner()));
            Ok(Database { url: text.to_owned(), sqlite_file: None, password_file, connections })
        }
        _ => Err(wrong(&raw.url, "a database url is sqlite:PATH or postgres://USER@HOST/NAME")),
    }
}

fn listen(raw: &file::Listen) -> Result<Listen, Wrong> {
    let address = |given: &Option<Spanned<String>>, otherwise: SocketAddr| match given {
        None => Ok(otherwise),
        Some(text) => text.get_ref().parse::<SocketAddr>().map_err(|_| {
            wrong(text, format!("`{}` is no address: write 127.0.0.1:8080 or [::1]:8080", text.get_ref()))
        }),
    };
    let public = address(&raw.public, PUBLIC)?;
    let (ra, repository) = (address(&raw.ra, public)?, address(&raw.repository, public)?);
    let management = address(&raw.management, MANAGEMENT)?;
    let taken = [ra, repository].into_iter().any(|address| address == management && address.port() != 0);
    match (&raw.public, &raw.ra, &raw.repository, &raw.management) {
        (Some(public), Some(_), Some(_), _) => {
            Err(wrong(public, "`public` serves nothing when both `ra` and `repository` have their own address"))
        }
        (.., Some(place)) if taken => Err(wrong(place, "management must have an address of its own: it is not public")),
        (Some(place), ..) if taken => Err(wrong(place, "this is the management address, which must not be public")),
        _ => Ok(Listen { ra, repository, management }),
    }
}

fn public(raw: &file::Public, listen: &Listen) -> Result<Public, Wrong> {
    let url = base_url(&raw.url)?;
    let repository_url = base_url(&raw.repository_url)?;
    if repository_url.scheme() != "http" {
        let reason = "repository_url must be http: a reader of revocation data over https would first need revocation \
            data (RFC 5280 section 8)";
        return Err(wrong(&raw.repository_url, reason));
    }
    let lgwan_repository_url = raw.lgwan_repository_url.as_ref().map(base_url).transpose()?;
    if let (Some(at), Some(url)) = (&raw.lgwan_repository_url, &lgwan_repository_url)
        && url.scheme() != "http"
    {
        return Err(wrong(at, "lgwan_repository_url must be http, as repository_url"));
    }
    let environment = match raw.environment.get_ref() {
        file::Environment::Production => Environment::Production,
        file::Environment::Training => Environment::Training,
        file::Environment::Demo => Environment::Demo,
    };
    if !matches!(url.host(), Some(Host::Domain(_))) {
        return Err(wrong(
            &raw.url,
            "url must have a host name, as in http://localhost:8080: passkeys refuse IP addresses",
        ));
    }
    if url.scheme() != "https" {
        if environment == Environment::Production {
            return Err(wrong(&raw.url, "production needs an https url: sessions and passkeys depend on it"));
        }
        if !is_localhost(&url) {
            return Err(wrong(&raw.url, "url must be https, or http on localhost"));
        }
        if !listen.ra.ip().is_loopback() {
            let reason = format!(
                "the registration service listens on {}, which others can reach, so url must be https: put a TLS proxy \
                 in front and write its address here, or listen on 127.0.0.1",
                listen.ra
            );
            return Err(wrong(&raw.url, reason));
        }
    }
    Ok(Public { url, repository_url, lgwan_repository_url, environment })
}

/// An http or https url of a host and perhaps a port, nothing else.
pub(super) fn base_url(raw: &Spanned<String>) -> Result<Url, Wrong> {
    let url = Url::parse(raw.get_ref()).map_err(|error| wrong(raw, format!("not a url: {error}")))?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if bare { Ok(url) } else { Err(wrong(raw, "a url here is http(s)://HOST or http(s)://HOST:PORT, without a path")) }
}

fn is_localhost(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost"))
}

fn crl_policy(
    otherwise: CrlPolicy,
    validity: Option<&Spanned<String>>,
    refresh_before: Option<&Spanned<String>>,
) -> Result<Option<CrlPolicy>, Wrong> {
    let (length, before) =
        (duration(validity, otherwise.validity)?, duration(refresh_before, otherwise.refresh_before)?);
    match refresh_before.or(validity) {
        Some(place) if before >= length => Err(wrong(
            place,
            format!("refresh_before ({}) must be shorter than validity ({})", words(before), words(length)),
        )),
        None => Ok(None),
        Some(_) => Ok(Some(CrlPolicy { validity: length, refresh_before: before })),
    }
}

fn coalesce(raw: Option<&Spanned<String>>) -> Result<Duration, Wrong> {
    let length = duration(raw, policy::COALESCE)?;
    match raw {
        Some(place) if length > policy::LONGEST_COALESCE => {
            let most = words(policy::LONGEST_COALESCE);
            Err(wrong(place, format!("coalesce must be {most} at most: a revocation is to be seen within a minute")))
        }
        _ => Ok(length),
    }
}

fn ocsp_policy(raw: &file::Ocsp) -> Result<Option<OcspPolicy>, Wrong> {
    let validity = duration(raw.validity.as_ref(), OcspPolicy::DEFAULT.validity)?;
    let default = OcspPolicy::DEFAULT.validity.saturating_sub(OcspPolicy::DEFAULT.refresh_before);
    let refresh = duration(raw.refresh.as_ref(), default)?;
    match raw.refresh.as_ref().or(raw.validity.as_ref()) {
        Some(place) if refresh >= validity => Err(wrong(
            place,
            format!("refresh ({}) must be shorter than validity ({})", words(refresh), words(validity)),
        )),
        None => Ok(None),
        Some(_) => {
            let refresh_before = validity.saturating_sub(refresh);
            Ok(Some(OcspPolicy { validity, refresh_before, ..OcspPolicy::DEFAULT }))
        }
    }
}

/// A length of time: a number and `s`, `m`, `h` or `d`.
pub(super) fn duration(raw: Option<&Spanned<String>>, otherwise: Duration) -> Result<Duration, Wrong> {
    let Some(raw) = raw else { return Ok(otherwise) };
    let text = raw.get_ref();
    let seconds = [('s', 1u64), ('m', 60), ('h', 3600), ('d', 86_400)].into_iter().find_map(|(unit, seconds)| {
        text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(seconds).filter(|seconds| *seconds > 0)
    });
    match seconds.map(Duration::from_secs) {
        Some(length) if length <= LONGEST_VALIDITY => Ok(length),
        Some(_) => Err(wrong(raw, format!("{text} is too long: 366d at most"))),
        None => Err(wrong(raw, format!("`{text}` is no length of time: write a number and s, m, h or d, as in 72h"))),
    }
}

pub(super) fn words(length: Duration) -> String {
    match length.as_secs() {
        seconds if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        seconds if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        seconds => format!("{seconds}s"),
    }
}
