//! Doors: where connections come in. A listener that answers some questions at once has a door for each core but one, which is left
//! to pages, database and revocation however many questions come. A door is a thread of its own that takes its share of the
//! connections (SO_REUSEPORT), answers and closes them, and never wakes another thread for it. A connection that wants anything
//! else is passed on to the runtime everything else runs in. A listener that answers nothing at once has one door, in that runtime.

use super::front::{self, AtOnce, Begun, Next};
use super::listen::{FAREWELL, LONGEST_SILENCE, another, stopped};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::SetUsize;
use nix::{libc, setsockopt_impl};
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::num::NonZero;
use std::pin::pin;
use std::sync::Arc;
use std::thread::{Builder, available_parallelism};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A connection comes in when the client has sent something, or so many seconds later (tcp(7), TCP_DEFER_ACCEPT).
#[derive(Clone, Copy, Debug)]
struct DeferAccept;
setsockopt_impl!(DeferAccept, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, usize, SetUsize);

/// After how many seconds a client comes in that has sent nothing.
const SILENT_COMES_IN: usize = 1;
/// How long to wait where a connection could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
/// Most connections taken at once, before those there are have their turn.
const AT_A_TIME: usize = 64;

/// What a door needs.
#[derive(Clone)]
pub(super) struct Door {
    /// What is answered at once.
    pub(super) at_once: Option<Arc<dyn AtOnce>>,
    /// Where connections go that want something else; dropped when nobody comes in any more.
    pub(super) pass_on: UnboundedSender<Begun>,
    /// When it closes.
    pub(super) stop: watch::Receiver<bool>,
}

impl Door {
    /// Opens it, and others beside it where anything is answered at once: one for each core but one. Call inside a tokio runtime.
    /// Errors: the system gives no more threads or descriptors.
    pub(super) fn open(self, listener: TcpListener) -> io::Result<()> {
        if self.at_once.is_none() {
            drop(tokio::spawn(self.keep(listener)));
            return Ok(());
        }
        let cores = available_parallelism().map_or(1, NonZero::get);
        for _ in 2..cores {
            self.clone().thread(another(&listener)?)?;
        }
        self.thread(listener)
    }

    /// Keeps it by a thread of its own.
    fn thread(self, listener: TcpListener) -> io::Result<()> {
        if let Err(error) = setsockopt(&listener, DeferAccept, &SILENT_COMES_IN) {
            tracing::warn!(event_id = "listen.door", %error, "connections come in before their questions, which costs more");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Builder::new().name("door".to_owned()).spawn(move || runtime.block_on(self.keep(listener))).map(drop)
    }

    /// Lets connections in until told to stop, then lets what is under way finish for a while.
    async fn keep(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        if let Err(error) = self.let_in(listener, &mut connections).await {
            tracing::error!(event_id = "listen.door", %error, "nobody is let in any more: restart this process");
        }
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all_ended).await.is_err() {
            tracing::warn!(event_id = "listen.cut", "connections still open were cut");
        }
    }

    async fn let_in(&self, listener: TcpListener, connections: &mut JoinSet<()>) -> io::Result<()> {
        #[expect(deprecated, reason = "what replaces it is unsafe code; a listener of std keeps its descriptor")]
        let listener = AsyncFd::new(listener)?;
        let mut stopping = pin!(stopped(self.stop.clone()));
        let mut come = Vec::with_capacity(AT_A_TIME);
        loop {
            let mut ready = tokio::select! {
                ready = listener.readable() => ready?,
                Some(_) = connections.join_next() => continue,
                () = &mut stopping => return Ok(()),
            };
            while come.len() < AT_A_TIME {
                match ready.try_io(|listener| listener.get_ref().accept()) {
                    Ok(Ok((stream, _))) => come.push(stream),
                    Ok(Err(error)) if error.kind() == ErrorKind::ConnectionAborted => {}
                    Ok(Err(error)) => {
                        // Out of descriptors, mostly: connections that end give some back.
                        tracing::warn!(event_id = "listen.accept", %error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_AGAIN).await;
                        break;
                    }
                    Err(_) => break,
                }
            }
            drop(ready);
            for stream in come.drain(..) {
                if let Err(error) = self.received(stream, connections) {
                    tracing::debug!(%error, "a connection broke off");
                }
            }
        }
    }

    /// Answers what has come with a connection, and keeps it where more may come.
    fn received(&self, stream: TcpStream, connections: &mut JoinSet<()>) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let Some(at_once) = &self.at_once else {
            self.pass_on(Begun::new(stream));
            return Ok(());
        };
        let mut begun = Begun::new(stream);
        if begun.answer_what_has_come(at_once.as_ref())? == Next::Close {
            return Ok(());
        }
        let (door, at_once) = (self.clone(), Arc::clone(at_once));
        connections.spawn(async move {
            let (at_once, stop) = (at_once.as_ref(), door.stop.clone());
            match front::answer(begun, at_once, (LONGEST_SILENCE, stop)).await {
                Ok(Some(begun)) => door.pass_on(begun),
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "a connection broke off"),
            }
        });
        Ok(())
    }

    /// Nobody takes it once the service is ending.
    fn pass_on(&self, begun: Begun) {
        drop(self.pass_on.send(begun));
    }
}
