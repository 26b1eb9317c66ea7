//! Journeys: what the program does for people, from the outside, on both databases; and the contracts below them.

mod store_contract;
