//! What the doctor sees of the key stores: each key signs a message that means nothing, and the signature is verified.

use super::Finding;
use crate::keys::{FOLDER, KeyStores};
use ca_core::id::KeyLabel;
use hsm_adapters::probe::{Probe, probe};
use store::authorities::AuthorityRow;
use store::keys_out_of_service::KeyOutOfServiceRow;

/// Keys that are out of service, stores that are closed, and every key of the authorities that does not sign.
pub(super) async fn examine(
    stores: KeyStores,
    authorities: &[AuthorityRow],
    out_of_service: &[KeyOutOfServiceRow],
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = stores.names().filter(|name| !stores.is_open(name)).map(closed).collect();
    findings.extend(out_of_service.iter().map(withheld));
    let withheld = |label: &KeyLabel| out_of_service.iter().any(|row| row.key_label == *label);
    let labels = authorities.iter().flat_map(|row| [Some(row.key_label.clone()), row.ocsp_key_label.clone()]).flatten();
    // Not even for a probe is anything signed with a key that is out of service.
    let labels: Vec<KeyLabel> = labels.filter(|label| !withheld(label)).collect();
    if !findings.is_empty() && stores.names().all(|name| !stores.is_open(name)) {
        return findings;
    }
    let tried = tokio::task::spawn_blocking(move || tried(&stores, &labels));
    findings.extend(tried.await.unwrap_or_else(|_| {
        vec![Finding::fail("keys", "the key store's thread ended", "please report this with the log")]
    }));
    findings
}

fn withheld(row: &KeyOutOfServiceRow) -> Finding {
    let KeyOutOfServiceRow { key_label, reason, taken_at } = row;
    let detail = format!("{key_label} is out of service since {}: {reason}", taken_at.rfc3339());
    let fix = format!(
        "have its device looked at; then run lgpki key return-to-service {key_label} --reason TEXT, or replace the key"
    );
    Finding::fail("keys", detail, fix)
}

fn closed(name: &str) -> Finding {
    if name == FOLDER {
        let fix = "give --passphrase-file FILE or --passphrase-fd N to have them tried";
        return Finding::warn("keys", "not tried: there is no passphrase", fix);
    }
    let fix = format!("give --token-pin-file {name}=FILE or --token-pin-fd {name}=N to have them tried");
    Finding::warn("keys", format!("those in the token {name} are not tried: there is no PIN"), fix)
}

/// One finding for all keys that sign, one for each that does not.
fn tried(stores: &KeyStores, labels: &[KeyLabel]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut signing = 0usize;
    for label in labels {
        match probe(stores, label) {
            Probe::Usable => signing = signing.saturating_add(1),
            Probe::Unusable { reason } => {
                findings.push(Finding::fail("keys", format!("{label}: {reason}"), HOW_TO_MEND))
            }
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok("keys", format!("{signing} keys sign, and their signatures verify")));
    }
    findings
}

const HOW_TO_MEND: &str = "is the passphrase or PIN the right one, and the token plugged in? Otherwise restore the folder of keys \
                           from its backup; docs/operations/hsm-loss.md says what to do when a token is lost";
