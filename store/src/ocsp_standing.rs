//! How OCSP stands: the answers that are signed ahead, counted.

use crate::codec::{at, parsed};
use crate::db::on;
use crate::error::StoreError;
use crate::txn::ReadTxn;
use ca_core::id::AuthorityId;
use ca_core::time::Timestamp;

/// How the answers of an authority stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OcspStanding {
    /// Certificates that have not ended, revoked ones and burnt serial numbers among them.
    pub certificates: u64,
    /// Those with an answer that is current and that no revocation has overtaken.
    pub answers: u64,
    /// The nextUpdate of the answer that runs out first.
    pub first_ends: Option<Timestamp>,
}

const STANDING: &str = "select count(*), count(o.serial), min(o.next_update)
    from certificate c
        join intent i on i.authority_id = c.authority_id and i.serial = c.serial
        left join revocation v on v.authority_id = c.authority_id and v.serial = c.serial
        left join ocsp_response o on o.authority_id = c.authority_id and o.serial = c.serial
            and o.revoked = (v.serial is not null) and o.next_update >= $2
    where c.authority_id = $1 and i.not_after >= $2";

impl ReadTxn {
    /// How the answers of an authority stand at `now`. Looks at every certificate of it.
    pub async fn ocsp_standing(&mut self, authority: &AuthorityId, now: Timestamp) -> Result<OcspStanding, StoreError> {
        let found = on!(self, one(i64, i64, Option<i64>), STANDING, authority.as_str(), now.micros())?;
        let (certificates, answers, first) = found.unwrap_or_default();
        Ok(OcspStanding {
            certificates: parsed("count of certificate", u64::try_from(certificates))?,
            answers: parsed("count of ocsp_response", u64::try_from(answers))?,
            first_ends: at(first),
        })
    }
}
