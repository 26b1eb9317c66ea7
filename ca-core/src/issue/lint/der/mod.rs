//! Rules about reading: what breaks them is no [`Candidate`](super::Candidate) yet, so no other rule can look at it.

pub(super) mod readable;
pub(super) mod strict;

use super::Rule;

/// The rules, in the order they run.
pub(super) const RULES: &[Rule] = &[strict::RULE, readable::RULE];
