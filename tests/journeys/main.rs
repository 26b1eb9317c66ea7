//! Journeys: what the program does for people, from the outside, on both databases; and the contracts below them.

#![cfg(test)]

mod activation;
mod at_once;
mod bad_input;
mod burst;
mod campaign;
mod centre;
mod crowd;
mod edge;
mod families;
mod holders_tool;
mod hsm;
mod import;
mod journey;
mod judges;
mod keys_contract;
mod mass_revocation;
mod people;
mod post_quantum;
mod proofs;
mod publication;
mod reach;
mod responder_keys;
mod rollover;
mod severed;
mod store_contract;
mod suspension;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_lgpki-for-tests");
