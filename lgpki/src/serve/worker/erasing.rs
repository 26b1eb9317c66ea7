//! Keys made at the centre that nobody came for: erased when their time is over, or their certificate is revoked.

use super::{ACTOR, Worker};
use ra_web::desk::deliveries::KEY_LIFE;
use store::{Step, StoreError};

impl Worker {
    /// Erases what is overdue, one transaction for all that is found at once. What another process has erased meanwhile is left
    /// alone; what is not found now is found in the next round.
    pub(super) async fn erase_overdue_keys(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let overdue = self.store.read().await?.overdue_deliveries(now, now.minus(KEY_LIFE)).await?;
        if overdue.is_empty() {
            return Ok(());
        }
        let mut txn = self.store.write(now, ACTOR).await?;
        for (request, because) in &overdue {
            txn.erase_holder_key(request, *because).await?;
        }
        txn.commit(Step::KeyHandedOver).await?;
        tracing::info!(event_id = "delivery.erased", keys = overdue.len(), "holders' keys nobody came for are erased");
        Ok(())
    }
}
