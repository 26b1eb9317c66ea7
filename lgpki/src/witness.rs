//! People of the centre who vouch for an act at the command line: who they are is shown with their password, never taken from a
//! name alone.

use crate::clock::SystemClock;
use crate::secrets::{ask_password, read_secret_file};
use crate::trouble::{Exit, Trouble};
use ca_core::time::Clock;
use ra_web::auth::vouch::{Vouched, vouch};
use std::path::PathBuf;
use store::accounts::{Account, Role};
use store::{Store, WriteTxn};

/// Who vouches, as typed.
#[derive(Clone, Debug, clap::Args)]
pub struct Witness {
    /// The log-in name of the RA operator who vouches for it
    #[arg(long, value_name = "LOGIN")]
    pub by: String,
    /// The operator's password is in this file (mode 0600); without it, it is asked for
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

impl Witness {
    /// The RA operator, who has given the right password, and a transaction that is that person's act. Errors: exit 3 for a
    /// password that cannot be had, exit 7 when it is another, the account has to wait, or its role is another.
    pub async fn attested(&self, store: &Store) -> Result<(Account, WriteTxn), Trouble> {
        let login = &self.by;
        let password = match &self.password_file {
            Some(file) => read_secret_file(file)?,
            None => ask_password(login)?,
        };
        let refused = |what: String| Trouble::new(Exit::Refused, what);
        match vouch(store, (login, password), SystemClock.now()).await? {
            Vouched::For(account, _) if account.role != Role::RaOperator => {
                Err(refused(format!("{login} may not vouch for this"))
                    .because(format!("the account is one of an {}", account.role.as_str()))
                    .advice("people of the centre do, whose role is ra-operator; see `lgpki officer list`"))
            }
            Vouched::For(account, txn) => Ok((*account, txn)),
            Vouched::Refused => Err(refused(format!("{login} has not shown who they are"))
                .because("there is no such account, it is suspended, or the password is another")
                .advice("try again; failed tries make the next one wait")),
            Vouched::Waits(until) => Err(refused(format!("{login} has to wait"))
                .because(format!("too many tries have failed; the next is possible from {}", until.rfc3339()))),
        }
    }
}
