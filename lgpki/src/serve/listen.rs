//! Listeners: an address becomes a bound port, a port serves a router until it is told to stop.

use super::doors::Door;
use super::front::{AtOnce, Begun, Resumed};
use crate::trouble::{Exit, Trouble};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

/// The longest an answer may take, body of the request included: a slow client holds nothing for longer.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);
/// How long a client may take for its headers, or say nothing between two requests.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// Most octets that are kept of a request before its handler takes them.
const LARGEST_HEADERS: usize = 64 * 1024;
/// Connections that may wait at a listener until they are let in.
const BACKLOG: u32 = 1024;
/// How long open connections are waited for once the service stops.
pub(super) const FAREWELL: Duration = Duration::from_secs(10);

/// A listener could not be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", reason(.source))]
pub struct ListenError {
    /// The address wanted.
    pub address: SocketAddr,
    /// The key of `[listen]` that says so.
    pub key: &'static str,
    /// What the system said.
    pub source: io::Error,
}

impl ListenError {
    /// What to do about it.
    pub fn advice(&self) -> String {
        let (key, port) = (self.key, self.address.port());
        match self.source.kind() {
            ErrorKind::AddrInUse => format!(
                "stop the other program (`ss -ltnp 'sport = :{port}'` shows it), or choose another address: \
                 [listen] {key} in the configuration"
            ),
            ErrorKind::PermissionDenied => {
                format!(
                    "ports below 1024 need a privilege: choose a higher one in [listen] {key}, with a proxy in front"
                )
            }
            ErrorKind::AddrNotAvailable => {
                format!("this machine has no such address (`ip address` lists them): correct [listen] {key}")
            }
            _ => format!("correct [listen] {key} in the configuration"),
        }
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => "another program uses it".to_owned(),
        ErrorKind::PermissionDenied => "this user may not".to_owned(),
        ErrorKind::AddrNotAvailable => "it is no address of this machine".to_owned(),
        _ => error.to_string(),
    }
}

/// Binds `address`; port 0 takes any free one. `key` is what the configuration calls it. Errors: [`ListenError`].
pub async fn bind(address: SocketAddr, key: &'static str) -> Result<TcpListener, ListenError> {
    let bound = async {
        if address.port() != 0 {
            // Who shares ports would not be told that another program uses this one.
            drop(TcpListener::bind(address).await?);
        }
        shared(address)
    };
    bound.await.map_err(|source| ListenError { address, key, source })
}

/// One more listener at the address of that one, which gets its part of the connections. Call inside a tokio runtime.
pub(super) fn another(listener: &std::net::TcpListener) -> io::Result<std::net::TcpListener> {
    shared(listener.local_addr()?)?.into_std()
}

fn shared(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What a listener serves: a router, and what is answered at once before it.
pub(super) type Served = (Router, Option<Arc<dyn AtOnce>>);

/// Serves on `listener` until `stop` says so, then lets what is under way finish for ten seconds. Errors: the system gives no
/// more threads or descriptors (exit 5).
pub(super) fn serve(
    listener: TcpListener,
    (router, at_once): Served,
    stop: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Trouble> {
    let router = router.layer(from_fn(limit));
    let (pass_on, mut passed_on) = unbounded_channel();
    let door = Door { at_once, pass_on, stop: stop.clone() };
    listener.into_std().and_then(|listener| door.open(listener)).map_err(|error| {
        Trouble::new(Exit::Unavailable, "nobody can be let in: the system gives no thread or descriptor")
            .because(error)
            .advice("give the service more of them: LimitNOFILE and TasksMax of its systemd unit, or `ulimit -n` and `ulimit -u`")
    })?;
    Ok(tokio::spawn(async move {
        let mut overdue = pin!(async {
            stopped(stop.clone()).await;
            sleep(FAREWELL).await;
        });
        let mut connections = JoinSet::new();
        let mut open = true;
        while open || !connections.is_empty() {
            tokio::select! {
                begun = passed_on.recv(), if open => match begun {
                    Some(begun) => drop(connections.spawn(connected(begun, router.clone(), stop.clone()))),
                    None => open = false,
                },
                Some(_) = connections.join_next() => {}
                () = &mut overdue => {
                    tracing::warn!(event_id = "listen.cut", "connections still open were cut");
                    break;
                }
            }
        }
    }))
}

/// One connection, until either side closes it or the service stops.
async fn connected(begun: Begun, router: Router, stop: watch::Receiver<bool>) {
    let ended = match begun.resumed() {
        Ok(resumed) => routed(resumed, router, stop).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection broke off");
    }
}

async fn routed(resumed: Resumed, router: Router, stop: watch::Receiver<bool>) -> hyper::Result<()> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(LONGEST_SILENCE).max_buf_size(LARGEST_HEADERS);
    let mut connection = pin!(http.serve_connection(TokioIo::new(resumed), TowerToHyperService::new(router)));
    tokio::select! {
        ended = &mut connection => return ended,
        () = stopped(stop) => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// Waits until the service stops; at once when whoever could say so is gone.
pub(super) async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(LONGEST_ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!(event_id = "http.slow", "an answer took too long and was given up");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_busy_port_is_named_with_what_to_do() {
        let first = bind("127.0.0.1:0".parse().unwrap(), "public").await.unwrap();
        let address = first.local_addr().unwrap();
        let error = bind(address, "public").await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot listen on {address}: another program uses it"));
        assert!(error.advice().contains(&format!("'sport = :{}'", address.port())), "{}", error.advice());
        assert!(error.advice().contains("[listen] public"));
    }

    #[tokio::test]
    async fn a_foreign_address_is_refused() {
        let error = bind("203.0.113.1:0".parse().unwrap(), "management").await.unwrap_err();
        assert!(error.advice().contains("correct [listen] management"), "{}", error.advice());
    }
}
