//! The configuration file `init` writes: every key with what it means. Defaults stand in comments, so that the file says
//! only what this installation decided.

use std::fmt::Write as _;

/// What an installation decided at its beginning.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    /// `sqlite:lgpki.db` or `postgres://user@host/name`.
    pub database_url: &'a str,
    /// The file of the PostgreSQL password.
    pub password_file: Option<&'a str>,
    /// The file of the keys' passphrase, if it is kept in one.
    pub passphrase_file: Option<&'a str>,
    /// The token that holds the authorities' keys, if they are in one.
    pub token: Option<SampleToken<'a>>,
    /// The address of the public listener.
    pub listen: &'a str,
    /// The address of the management listener.
    pub management: &'a str,
    /// The address officers type.
    pub url: &'a str,
    /// The base of the addresses written into certificates.
    pub repository_url: &'a str,
    /// `production`, `training` or `demo`.
    pub environment: &'a str,
    /// The pack it works by, by name or file; all that are shipped without one.
    pub pack: Option<&'a str>,
    /// RSA keys of each size kept ready, if it is to be said.
    pub pool: Option<usize>,
}

/// A token, as it is known at the beginning.
#[derive(Clone, Copy, Debug)]
pub struct SampleToken<'a> {
    /// What it is called here.
    pub name: &'a str,
    /// The maker's library.
    pub module: &'a str,
    /// The token's label.
    pub token: &'a str,
    /// The file of its PIN, if it is kept in one.
    pub pin_file: Option<&'a str>,
}

/// The file's text.
pub fn sample(decided: &Sample<'_>) -> String {
    let mut text = String::new();
    let password = optional("password_file", decided.password_file, "db-password");
    let passphrase = optional("passphrase_file", decided.passphrase_file, "passphrase");
    // Writing to a String does not fail.
    let _ = write!(
        text,
        r#"# LGPKI. Paths are relative to the folder of this file. An unknown key refuses the start. Secrets never stand
# here, only the names of files (mode 0600) that hold them.

[database]
# sqlite:PATH or postgres://USER@HOST/NAME, without a password.
url = {database}
# The password of PostgreSQL.
{password}
# Connections at most.
# connections = 10

[keys]
# The folder of the software keys, each sealed with the passphrase.
directory = "keys"
# Without it the passphrase is asked for, or given with --passphrase-file or --passphrase-fd.
{passphrase}

# A PKCS#11 token that holds keys of authorities; one section for each, with a name of its own.
{token}
# Signatures it makes at once, and how long one may take.
# sessions = 4
# timeout = "10s"

[listen]
# Registration, CRLs and OCSP. `ra` and `repository` may have addresses of their own.
public = {listen}
# ra = "127.0.0.1:8081"
# repository = "127.0.0.1:8082"
# /livez, /readyz and /metrics. Never public.
management = {management}

[public]
# The address officers type. https everywhere but on this machine itself; TLS ends in a proxy in front.
url = {url}
# The base of the CRL, OCSP and certificate addresses written into certificates: http, and for as long as they live.
repository_url = {repository_url}
# The same as LGWAN sees it, where both networks are served: a second CRL address in certificates.
# lgwan_repository_url = "http://repository.lgwan.example"
# production, training or demo: shown on every page.
environment = {environment}

[policy]
# What is issued, and how: packs that come with the program by their names, others by their paths (ending in .toml).
# `lgpki pack show` tells what they say, `lgpki pack check FILE` whether yours is in order.
{packs}

[crl]
# What stands here goes before the packs. Lengths of time are a number and s, m, h or d.
# validity = "72h"
# A new CRL is made when the last is valid for no longer than this, and at every revocation.
# refresh_before = "48h"
# root_validity = "90d"
# root_refresh_before = "60d"
# The first revocation makes a list at once; those of this time after it stand together in the next. 30s at most.
# coalesce = "5s"

[ocsp]
# validity = "24h"
# An answer is signed anew when it is this old.
# refresh = "12h"

[reach]
# How often it is looked, from outside, whether what is revoked can be seen: in the list and the answer that certificates point to,
# in LGWAN's repository, and in those named here.
# every = "5s"
# repository = [{{ name = "internet", url = "http://repository.example" }}]

[centre]
# Keys made for holders who cannot make their own, handed over as PKCS#12 files. RSA keys of each size kept ready in memory;
# without it 4 of RSA-3072 and 2 of the others.
{pool}
# Whether files sealed with Triple DES may be chosen, for old devices that read nothing else.
# allow_legacy = false

[edge]
# The key that signs bundles for edges (`lgpki ocsp bundle`), made when it is missing; edges are told its words.
# key = "edge"
# store = "folder"

# Where lists and certificates are put beside being served here (role publisher); one section for each place, with a name of its
# own: a directory with the paths of the repository; a drop-folder that bundles for edges are put into and that is never read; ldap, a
# directory server, with `url`, `base`, `bind` and `password_file` instead of `folder`.
# [[publish]]
# name = "repository"
# kind = "directory"
# folder = "/srv/repository"
# With a drop-folder, `kept` may name a folder on this side for the whole bundle that was put there last: what has changed since is then
# put there alone, as NAME.bundle.delta, and a whole one every 12 hours, or when a delta would be more than half of it.
# How often everything there is read back, or a bundle put there, when nothing has changed; 1h for a drop-folder.
# every = "10m"
# With ldap, `longest_value` says how many octets of a list the server takes, 4000000 without it: what slapd reads at once is its
# `sockbuf_max_incoming_auth`.
# How long it may be behind before somebody is called; a third of the shortest life of a list without it.
# call_after = "24h"

[log]
# json or text; error, warn, info or debug.
# format = "json"
# level = "info"
"#,
        database = quoted(decided.database_url),
        token = token(decided.token),
        listen = quoted(decided.listen),
        management = quoted(decided.management),
        url = quoted(decided.url),
        repository_url = quoted(decided.repository_url),
        environment = quoted(decided.environment),
        packs = match decided.pack {
            Some(pack) => format!("packs = [{}]", quoted(pack)),
            None => r#"# packs = ["lgwan-private", "bridge-gpki"]"#.to_owned(),
        },
        pool = decided.pool.map_or_else(|| "# pool = 4".to_owned(), |pool| format!("pool = {pool}")),
    );
    text
}

/// The section of a token; without one, as a comment.
fn token(decided: Option<SampleToken<'_>>) -> String {
    let example =
        SampleToken { name: "hsm", module: "/usr/lib/softhsm/libsofthsm2.so", token: "LGPKI", pin_file: None };
    let SampleToken { name, module, token, pin_file } = decided.unwrap_or(example);
    let text = format!(
        "[[keys.token]]\nname = {}\n# The maker's PKCS#11 library, and the token's label.\nmodule = {}\ntoken = {}\n\
         # Without it the PIN is asked for, or given with --token-pin-file or --token-pin-fd.\n{}",
        quoted(name),
        quoted(module),
        quoted(token),
        optional("pin_file", pin_file, "pin"),
    );
    if decided.is_some() {
        return text;
    }
    let line = |line: &str| if line.starts_with('#') { line.to_owned() } else { format!("# {line}") };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn optional(key: &str, value: Option<&str>, example: &str) -> String {
    match value {
        Some(value) => format!("{key} = {}", quoted(value)),
        None => format!("# {key} = {}", quoted(example)),
    }
}
