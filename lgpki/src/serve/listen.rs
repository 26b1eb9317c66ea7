//! Listeners: an address becomes a bound port, a port serves a router until it is told to stop.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The longest an answer may take, body of the request included: a slow client holds nothing for longer.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);
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

/// Serves `router` on `listener` until `stop` says so, then lets what is under way finish for ten seconds.
pub(super) fn serve(listener: TcpListener, router: Router, stop: watch::Receiver<bool>) -> JoinHandle<()> {
    let service = router.layer(from_fn(limit)).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move {
        let serving = axum::serve(listener, service).with_graceful_shutdown(stopped(stop.clone())).into_future();
        let patience = async {
            stopped(stop).await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            ended = serving => {
                if let Err(error) = ended {
                    tracing::error!(event_id = "listen.ended", %error, "a listener ended");
                }
            }
            () = patience => tracing::warn!(event_id = "listen.cut", "connections still open were cut"),
        }
    })
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
