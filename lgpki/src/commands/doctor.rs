//! `lgpki doctor`: looks at an installation and says what is wrong and how to mend it. It changes nothing.

use crate::clock::SystemClock;
use crate::config::{self, Config};
use crate::installation;
use crate::out::{self, Format};
use crate::secrets::KeySecrets;
use crate::trouble::{Exit, Trouble};
use ca_core::time::{Clock, Timestamp};
use serde::Serialize;
use std::path::Path;

mod keys;
mod machine;
mod publication;
mod records;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// Where the secrets of the key stores come from; a store without one is not tried.
    #[command(flatten)]
    pub secrets: KeySecrets,
    /// How results are written
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    detail: String,
    /// What to do; only where something is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

#[derive(Serialize)]
struct Report {
    schema: &'static str,
    healthy: bool,
    findings: Vec<Finding>,
}

impl Finding {
    fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, state: State::Ok, detail: detail.into(), fix: None }
    }

    fn warn(check: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, state: State::Warn, detail: detail.into(), fix: Some(fix.into()) }
    }

    fn fail(check: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, state: State::Fail, detail: detail.into(), fix: Some(fix.into()) }
    }

    fn of(check: &'static str, trouble: &Trouble) -> Self {
        let detail = match trouble.why() {
            Some(why) => format!("{}: {why}", trouble.what()),
            None => trouble.what().to_owned(),
        };
        Self { check, state: State::Fail, detail, fix: trouble.what_to_do().map(str::to_owned) }
    }
}

/// Looks and reports; exit 1 when something fails. Errors: only a report that cannot be written.
pub async fn run(what: &Doctor, file: &Path) -> Result<Exit, Trouble> {
    let now = SystemClock.now();
    let mut findings = vec![clock(now)];
    match config::load(file) {
        Ok(config) => {
            findings.push(Finding::ok("configuration", file.display().to_string()));
            examine(&config, what, now, &mut findings).await;
        }
        Err(error) => findings.push(Finding::of("configuration", &error.into())),
    }
    let healthy = findings.iter().all(|finding| finding.state != State::Fail);
    match what.format {
        Format::Json => out::json(&Report { schema: "lgpki.doctor/1", healthy, findings })?,
        Format::Text => findings.iter().try_for_each(say)?,
    }
    Ok(if healthy { Exit::Done } else { Exit::Negative })
}

async fn examine(config: &Config, what: &Doctor, now: Timestamp, findings: &mut Vec<Finding>) {
    findings.extend(machine::files(config));
    findings.extend(machine::ports(config).await);
    findings.push(machine::disk(config));
    match installation::open_store(&config.database, None).await {
        Ok(store) => {
            let keys = installation::open_key_stores_quietly(config, &what.secrets);
            findings.extend(records::examine(&store, config, keys, now).await);
            store.close().await;
        }
        Err(trouble) => findings.push(Finding::of("database", &trouble)),
    }
}

/// Whether the clock can be right at all. How exact it is, only its time server knows.
fn clock(now: Timestamp) -> Finding {
    let detail = format!("{} ({} JST)", now.rfc3339(), now.jst());
    match now.civil().year {
        2026..2050 => Finding::ok("clock", detail),
        _ => Finding::fail("clock", detail, "set the clock and keep it right with chrony or systemd-timesyncd"),
    }
}

fn say(finding: &Finding) -> std::io::Result<()> {
    let state = match finding.state {
        State::Ok => "OK",
        State::Warn => "WARN",
        State::Fail => "FAIL",
    };
    out::line(format_args!("{state:<5} {:<14} {}", finding.check, finding.detail))?;
    match &finding.fix {
        Some(fix) => out::line(format_args!("{:21}→ {fix}", "")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_clock_fails() {
        assert_eq!(clock(Timestamp::from_utc(2026, 11, 21, 0, 0, 0).unwrap()).state, State::Ok);
        assert_eq!(clock(Timestamp::from_seconds(0)).state, State::Fail);
        assert_eq!(clock(Timestamp::from_utc(2050, 1, 1, 0, 0, 0).unwrap()).state, State::Fail);
    }
}
