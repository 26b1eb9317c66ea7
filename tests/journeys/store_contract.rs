//! The store's contract: the same tests on SQLite and on PostgreSQL. Each test has a database of its own. On PostgreSQL a
//! second, independent client reads back what sqlx wrote.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests: each stands in a function that both databases' `#[test]`s call"
)]

mod bundles;
mod campaigns;
mod custody;
mod deliveries;
mod fixture;
mod keys_out_of_service;
mod ledger;
mod people;
mod publications;
mod publishing;
mod recovery;
mod requests;
mod schema;
mod steps;

/// Makes one test per database of each function named.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::super::fixture::run(lgpki_tests::databases::Kind::Sqlite, super::$name); })+
        }
        mod postgres {
            $(#[test] fn $name() { super::super::fixture::run(lgpki_tests::databases::Kind::Postgres, super::$name); })+
        }
    };
}
use on_both_databases;
