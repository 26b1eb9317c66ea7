//! The role `publisher`: each target has a loop of its own, so that one that hangs keeps no other waiting. It looks when a list was
//! stored in this process, and by itself for what others have stored.

use crate::publish::Publication;
use crate::trouble::chain;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How often to look for lists other processes have stored, and for targets that are due.
const POLL: Duration = Duration::from_secs(2);

/// Publishes to one target until told to stop. What a pass is in is dropped then: the next start finds what there is to do.
pub(super) async fn run(mut publication: Publication, stored: Arc<Notify>, mut stop: watch::Receiver<bool>) {
    let work = async {
        loop {
            let woken = stored.notified();
            if let Err(error) = publication.pass_if_due().await {
                let target = publication.name();
                tracing::error!(event_id = "publish.database", target, error = chain(&error));
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    };
    tokio::select! {
        () = work => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
