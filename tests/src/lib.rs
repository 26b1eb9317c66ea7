//! What the tests share: databases, the program as a process, people with browsers, samples, faults, and the invariants that must
//! hold when all is quiet.

pub mod centre;
pub mod clock;
pub mod databases;
pub mod faulty;
pub mod interruptions;
pub mod invariants;
pub mod lists;
pub mod people;
pub mod policy;
pub mod program;
pub mod samples;
pub mod slapd;
pub mod token;
pub mod tools;
pub mod web;
