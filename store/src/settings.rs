//! Things an installation decides once.

use crate::db::{Only, on};
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};

const UPSERT: &str =
    "insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";

const BY_NAME: &str = "select value from setting where name = $1";

impl WriteTxn {
    /// Keeps `value` under `name`.
    pub async fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        on!(self, execute UPSERT, name, value)?;
        Ok(())
    }
}

impl ReadTxn {
    /// The value kept under `name`.
    pub async fn setting(&mut self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(on!(self, one Only<String>, BY_NAME, name)?.map(|(value,)| value))
    }
}
