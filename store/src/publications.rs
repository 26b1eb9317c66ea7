//! What leaves for places without a database: the answers in store, by pages.

use crate::codec::{limit, serial};
use crate::db::on;
use crate::error::StoreError;
use crate::ocsp::PresignedRow;
use crate::txn::ReadTxn;
use ca_core::id::AuthorityId;
use ca_core::serial::SerialNumber;
use ca_core::time::Timestamp;

/// As one answer is read: never one that a revocation has overtaken.
const PAGE: &str = "select o.serial, o.revoked, o.der, o.this_update, o.next_update
    from ocsp_response o left join revocation v on v.authority_id = o.authority_id and v.serial = o.serial
    where o.authority_id = $1 and o.serial > $2 and o.next_update > $3 and o.revoked = (v.serial is not null)
    order by o.serial limit $4";

impl ReadTxn {
    /// The answers of an authority that are current at `now`, by serial, from behind `after`; empty behind the last.
    pub async fn presigned_page(
        &mut self,
        authority: &AuthorityId,
        after: Option<&SerialNumber>,
        (now, rows): (Timestamp, u32),
    ) -> Result<Vec<PresignedRow>, StoreError> {
        let after = after.map(|serial| serial.as_bytes().to_vec()).unwrap_or_default();
        let found = on!(
            self,
            all(Vec<u8>, bool, Vec<u8>, i64, i64),
            PAGE,
            authority.as_str(),
            after,
            now.micros(),
            limit(rows)
        )?;
        let row = |(octets, revoked, der, this_update, next_update): (Vec<u8>, bool, Vec<u8>, i64, i64)| {
            Ok(PresignedRow {
                authority_id: authority.clone(),
                serial: serial("ocsp_response.serial", &octets)?,
                revoked,
                der,
                this_update: Timestamp::from_micros(this_update),
                next_update: Timestamp::from_micros(next_update),
            })
        };
        found.into_iter().map(row).collect()
    }
}
