//! The service's side of its control socket ([`crate::control`]): who may speak, one order a connection.
//!
//! The socket stands in the folder of keys, which only the service's user may enter; it is open to its owner only, and the
//! system says who is at the other end.

use super::activation::Activations;
use crate::config::Config;
use crate::control::{Answer, Order, socket};
use crate::custody::StorePlace;
use crate::trouble::{Exit, Trouble};
use hsm_adapters::custody::Share;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// No order and share are longer.
const LONGEST_ORDER: usize = 16 * 1024;
/// How long an order may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);
/// The user who may do everything anyway.
const ROOT: u32 = 0;

/// A socket that is bound.
pub(super) struct Control {
    listener: UnixListener,
    path: PathBuf,
    owner: u32,
}

impl Control {
    /// Binds the socket of the process with that role. What an earlier process left is replaced. Errors: another process answers
    /// there, or the system refuses (exit 5).
    pub(super) fn bind(config: &Config, role: &str) -> Result<Self, Trouble> {
        let path = socket(config, role);
        let failed = |error: std::io::Error| {
            Trouble::new(Exit::Unavailable, format!("the control socket {} cannot be made", path.display()))
                .because(error)
        };
        if std::os::unix::net::UnixStream::connect(&path).is_ok() {
            return Err(Trouble::new(Exit::Unavailable, "another service of this installation runs on this machine")
                .because(format!("it answers at {}", path.display()))
                .advice("stop it first; two processes share the work by their --roles"));
        }
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let listener = UnixListener::bind(&path).map_err(failed)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed)?;
        let owner = std::fs::metadata(&path).map_err(failed)?.uid();
        Ok(Self { listener, path, owner })
    }

    /// Answers until told to stop, and removes the socket.
    pub(super) fn serve(
        self,
        config: Arc<Config>,
        activations: Activations,
        mut stop: watch::Receiver<bool>,
    ) -> JoinHandle<()> {
        tokio::spawn(async move {
            let Self { listener, path, owner } = self;
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => accepted,
                    _ = stop.wait_for(|stop| *stop) => break,
                };
                match stream {
                    Ok((stream, _)) => {
                        let (config, activations) = (Arc::clone(&config), activations.clone());
                        tokio::spawn(async move { converse(stream, owner, &config, &activations).await });
                    }
                    Err(error) => {
                        tracing::error!(event_id = "control.accept", %error);
                        // As many files are open as may be: whoever waits tries again.
                        tokio::task::yield_now().await;
                    }
                }
            }
            remove(&path);
        })
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(event_id = "control.socket", %error, "the control socket could not be removed");
    }
}

async fn converse(mut stream: UnixStream, owner: u32, config: &Config, activations: &Activations) {
    let peer = stream.peer_cred().map(|peer| peer.uid());
    let answer = match peer {
        Ok(peer) if peer == owner || peer == ROOT => match timeout(ARRIVAL, arrived(&mut stream)).await {
            Ok(Ok(order)) => answer(&order, config, activations).await,
            Ok(Err(error)) => Trouble::new(Exit::Usage, "the order could not be read").because(error).into(),
            Err(_) => Trouble::new(Exit::Usage, "the order did not arrive in time").into(),
        },
        _ => {
            tracing::warn!(event_id = "control.stranger", uid = ?peer.ok(), "a stranger spoke to the control socket");
            Trouble::new(Exit::Refused, "only the user the service runs as may tell it what to do").into()
        }
    };
    let line = serde_json::to_string(&answer).unwrap_or_default();
    if let Err(error) = stream.write_all(line.as_bytes()).await {
        tracing::info!(event_id = "control.gone", %error, "whoever gave an order did not wait for the answer");
    }
}

/// Everything the other side has to say; wiped when dropped.
async fn arrived(stream: &mut UnixStream) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // The full room at once: a growing vector would leave copies of a share behind.
    let mut octets = Zeroizing::new(Vec::with_capacity(LONGEST_ORDER));
    let limit = u64::try_from(LONGEST_ORDER).unwrap_or(u64::MAX);
    stream.take(limit).read_to_end(&mut octets).await?;
    Ok(octets)
}

async fn answer(octets: &[u8], config: &Config, activations: &Activations) -> Answer {
    let done = async {
        let text = std::str::from_utf8(octets).map_err(|error| unreadable(&error))?;
        let (line, share) = text.split_once('\n').unwrap_or((text, ""));
        let order: Order = serde_json::from_str(line).map_err(|error| unreadable(&error))?;
        let authority = order.authority()?;
        match order {
            Order::Status => Ok(activations.status().await),
            Order::Deactivate { .. } => activations.deactivate(authority).await,
            Order::Activate { .. } => {
                let share = Share::of_carried(share).map_err(|error| unreadable(&error))?;
                activations.activate(authority, share, |store| StorePlace::named(store, &config.keys)).await
            }
        }
    };
    match done.await {
        Ok(authorities) => Answer::Status { authorities },
        Err(trouble) => trouble.into(),
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(Exit::Usage, "the order could not be read")
        .because(error)
        .advice("use the same version of lgpki as the service")
}
