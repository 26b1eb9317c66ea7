//! The operational log: structured lines on standard error. It is not the audit log, and it never holds names, tokens or
//! bodies: libraries may log from `warn` upwards only, because below it they print what they were given.

use crate::config::{LogFormat, LogLevel};
use std::panic::PanicHookInfo;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// The crates of this program; their lines are ours to vouch for.
const OURS: [&str; 7] = ["lgpki", "ca_core", "store", "hsm_adapters", "crl", "ocsp", "ra_web"];

/// Begins logging in this process and sends panics to the log. A second call changes nothing.
pub fn begin(format: LogFormat, level: LogLevel) {
    let filter = Targets::new().with_default(LevelFilter::WARN).with_targets(OURS.map(|ours| (ours, level.filter())));
    let layer = fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Text => layer.with_ansi(false).boxed(),
    };
    if tracing_subscriber::registry().with(layer.with_filter(filter)).try_init().is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// A panic is a fault of the program: the log gets the place, and the message where it is fixed text. A message put
/// together at run time may hold what it was about.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(withheld)");
    tracing::error!(event_id = "panic", place, message, "a fault of the program");
}

impl LogLevel {
    const fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
        }
    }
}
