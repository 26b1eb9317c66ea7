//! Listeners: an address becomes a bound port, a port serves a router until it is told to stop.

use super::front::{self, AtOnce, Begun};
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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// The longest an answer may take, body of the request included: a slow client holds nothing for longer.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);
/// How long a client may take for its headers, or say nothing between two requests.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// Most octets that are kept of a request before its handler takes them.
const LARGEST_HEADERS: usize = 64 * 1024;
/// How long to wait where a connection could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
/// How long open connections are waited for once the service stops.
const FAREWELL: Duration = Duration::from_secs(10);

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
    TcpListener::bind(address).await.map_err(|source| ListenError { address, key, source })
}

/// What a listener serves: a router, and what is answered at once before it.
pub(super) type Served = (Router, Option<Arc<dyn AtOnce>>);

/// Serves on `listener` until `stop` says so, then lets what is under way finish for ten seconds.
pub(super) fn serve(listener: TcpListener, served: Served, stop: watch::Receiver<bool>) -> JoinHandle<()> {
    let (router, at_once) = served;
    let served: Served = (router.layer(from_fn(limit)), at_once);
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        let mut stopping = pin!(stopped(stop.clone()));
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(connected(stream, served.clone(), stop.clone()))),
                    Err(error) => {
                        // Out of descriptors, mostly: connections that end give some back.
                        tracing::warn!(event_id = "listen.accept", %error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_AGAIN).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                () = &mut stopping => break,
            }
        }
        drop(listener);
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all_ended).await.is_err() {
            tracing::warn!(event_id = "listen.cut", "connections still open were cut");
        }
    })
}

/// One connection, until either side closes it or the service stops.
async fn connected(stream: TcpStream, (router, at_once): Served, stop: watch::Receiver<bool>) {
    let begun = match at_once {
        Some(at_once) => front::answer(stream, at_once.as_ref(), (LONGEST_SILENCE, stop.clone())).await,
        None => Ok(Some(Begun::new(stream))),
    };
    let ended = match begun {
        Ok(Some(begun)) => routed(begun, router, stop).await.map_err(|error| error.to_string()),
        Ok(None) => Ok(()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection broke off");
    }
}

async fn routed(begun: Begun, router: Router, stop: watch::Receiver<bool>) -> hyper::Result<()> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(LONGEST_SILENCE).max_buf_size(LARGEST_HEADERS);
    let mut connection = pin!(http.serve_connection(TokioIo::new(begun), TowerToHyperService::new(router)));
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
