//! What the doctor sees of the machine: files and their modes, ports, disk.

use super::Finding;
use crate::config::Config;
use crate::serve::listen;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Below this share of the disk, in percent, somebody should act.
const DISK_WARN: u32 = 15;
/// Below this share of the disk, in percent, the service may stop any moment.
const DISK_FAIL: u32 = 5;

/// Secrets that others could read.
pub(super) fn files(config: &Config) -> Vec<Finding> {
    let keys = &config.keys.directory;
    if !keys.is_dir() {
        let fix = "correct [keys] directory, or restore the folder of keys from its backup";
        return vec![Finding::fail("keys", format!("there is no folder {}", keys.display()), fix)];
    }
    let mut secrets = vec![keys.clone()];
    secrets.extend(config.keys.passphrase_file.clone());
    secrets.extend(config.database.password_file.clone());
    secrets.extend(config.database.sqlite_file.clone());
    if let Ok(entries) = std::fs::read_dir(keys) {
        secrets.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
    }
    let mut findings: Vec<Finding> = secrets.iter().filter_map(|path| exposed(path)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok("permissions", format!("{} files are readable by their owner alone", secrets.len())));
    }
    findings
}

fn exposed(path: &Path) -> Option<Finding> {
    let mode = match std::fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o7777,
        Err(error) => {
            let fix = "correct the configuration, or restore the file from its backup";
            return Some(Finding::fail("permissions", format!("{}: {error}", path.display()), fix));
        }
    };
    let right = if path.is_dir() { "700" } else { "600" };
    (mode & 0o077 != 0).then(|| {
        let detail = format!("{} has mode {mode:04o}: others may use it", path.display());
        Finding::fail("permissions", detail, format!("run chmod {right} {}", path.display()))
    })
}

/// Whether the service could listen, or is listening.
pub(super) async fn ports(config: &Config) -> Vec<Finding> {
    let listen = &config.listen;
    // An address that two keys share is looked at once.
    let wanted: BTreeMap<SocketAddr, &'static str> =
        [(listen.repository, "repository"), (listen.ra, "ra"), (listen.management, "management")].into_iter().collect();
    let running = runs(listen.management).await;
    let mut findings = Vec::new();
    for (address, key) in wanted {
        findings.push(match listen::bind(address, key).await {
            Ok(_) => Finding::ok("ports", format!("{address} is free")),
            Err(_) if running => Finding::ok("ports", format!("{address} is used; the service is running")),
            Err(error) => Finding::fail("ports", error.to_string(), error.advice()),
        });
    }
    findings
}

/// Whether this program answers at the management address.
async fn runs(management: SocketAddr) -> bool {
    let url = format!("http://{management}/livez");
    let asked = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(3))).build().into();
        agent.get(&url).call().is_ok()
    });
    asked.await.unwrap_or(false)
}

/// How full the disk is that holds the keys and, with SQLite, the database. `df` is asked: there is no other way to know
/// without unsafe code.
pub(super) fn disk(config: &Config) -> Finding {
    let folder = config.database.sqlite_file.as_deref().and_then(Path::parent).unwrap_or(&config.keys.directory);
    let asked = Command::new("df").arg("-Pk").arg(folder).output();
    match asked.ok().and_then(|output| used_percent(&String::from_utf8_lossy(&output.stdout))) {
        None => Finding::warn("disk", "df gave no answer", "look at the disk yourself"),
        Some(used) => {
            let free = 100u32.saturating_sub(used);
            let detail = format!("{free} % free at {}", folder.display());
            if free < DISK_FAIL {
                Finding::fail("disk", detail, "make room now: without it nothing can be recorded")
            } else if free < DISK_WARN {
                Finding::warn("disk", detail, "make room")
            } else {
                Finding::ok("disk", detail)
            }
        }
    }
}

/// The fifth column of the second line, `42%` (POSIX df).
fn used_percent(df: &str) -> Option<u32> {
    df.lines().nth(1)?.split_whitespace().nth(4)?.strip_suffix('%')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn df_is_understood() {
        let df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 1000 420 580 42% /\n";
        assert_eq!(used_percent(df), Some(42));
        assert_eq!(used_percent("df: nowhere: No such file"), None);
    }
}
