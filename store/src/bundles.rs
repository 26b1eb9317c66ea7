//! Numbers of signed bundles. What leaves this database has a rising number under one name of origin; of what comes, the
//! highest number of each origin is kept, so that an older one is never taken again. Kept among the [`settings`](crate::settings).

use crate::codec::parsed;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};

const ORIGIN: &str = "bundle.origin";
const LAST: &str = "bundle.last";

/// The number of a bundle that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleNumber {
    /// The name under which this database numbers: 32 hexadecimal digits.
    pub origin: String,
    /// Above every number it gave before.
    pub number: u64,
}

/// The last bundle taken from an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBundle {
    /// Who numbered it.
    pub origin: String,
    /// Its number.
    pub number: u64,
    /// SHA-256 of the whole file, hexadecimal.
    pub sha256: String,
    /// What it was taken for: a ceremony, by its id; empty for the installation.
    pub taken_for: String,
}

impl WriteTxn {
    /// The number of the bundle made `of` a step of a ceremony: the next one, with its event, or the one that an earlier attempt
    /// of the same step was given. `drawn` is the name of the origin when there is none yet. Without a step every call gives the
    /// next.
    pub async fn number_bundle(&mut self, drawn: &str, of: Option<&str>) -> Result<BundleNumber, StoreError> {
        let origin = match self.setting(ORIGIN).await? {
            Some(origin) => origin,
            None => {
                self.set_setting(ORIGIN, drawn).await?;
                drawn.to_owned()
            }
        };
        let step = of.map(|of| format!("bundle.of.{of}"));
        if let Some(step) = &step
            && let Some(number) = self.number(step).await?
        {
            return Ok(BundleNumber { origin, number });
        }
        let number = self.number(LAST).await?.unwrap_or(0).saturating_add(1);
        for name in std::iter::once(LAST).chain(step.as_deref()) {
            self.set_setting(name, &number.to_string()).await?;
        }
        let event = AuditEvent::new(Verb::BundleNumbered, format!("bundle:{origin}/{number}"));
        self.audit(event).await?;
        Ok(BundleNumber { origin, number })
    }

    /// Remembers a bundle, with its event, so that no older one of its origin is taken. The one that was taken last may be taken
    /// again for the same thing, without another event. Errors: [`StoreError::Stale`] for an older one, another of the same
    /// number, or the same one for something else.
    pub async fn take_bundle(&mut self, bundle: &TakenBundle) -> Result<(), StoreError> {
        let TakenBundle { origin, number, sha256, taken_for } = bundle;
        if let Some(last) = self.taken_bundle(origin).await? {
            if last == *bundle {
                return Ok(());
            }
            if last.number >= *number {
                return Err(StoreError::Stale { what: "bundle" });
            }
        }
        self.set_setting(&format!("bundle.taken.{origin}"), &format!("{number} {sha256} {taken_for}")).await?;
        let event = AuditEvent::new(Verb::BundleTaken, format!("bundle:{origin}/{number}"));
        self.audit(event.with("sha256", sha256)).await
    }
}

impl ReadTxn {
    /// The last bundle taken from that origin.
    pub async fn taken_bundle(&mut self, origin: &str) -> Result<Option<TakenBundle>, StoreError> {
        let Some(kept) = self.setting(&format!("bundle.taken.{origin}")).await? else { return Ok(None) };
        let mut parts = kept.splitn(3, ' ');
        let number = parsed("bundle.taken", parts.next().unwrap_or_default().parse())?;
        let (sha256, taken_for) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (origin, sha256, taken_for) = (origin.to_owned(), sha256.to_owned(), taken_for.to_owned());
        Ok(Some(TakenBundle { origin, number, sha256, taken_for }))
    }

    async fn number(&mut self, name: &str) -> Result<Option<u64>, StoreError> {
        let kept = self.setting(name).await?;
        kept.map(|kept| parsed("bundle.last", kept.parse())).transpose()
    }
}
