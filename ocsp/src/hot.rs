//! Responses as they went out a moment ago: what is asked again within the second, as what is much in use is, costs a copy.
//!
//! A response is given again only in the second it was made in and until memory is looked after again, so its Date and max-age
//! are those it would get anew, and it says nothing that memory does not. A table of fixed size; who comes later stays.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// How many responses are kept.
const SLOTS: usize = 1024;
/// The longest that is kept, in octets; with its question.
const LONGEST: usize = 4096;

/// When a response may be given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The second it was made in.
    pub(crate) second: i64,
    /// What changes whenever memory may have: when it was looked after last, or the number of what it was taken from.
    pub(crate) state: i64,
}

#[derive(Debug)]
struct Given {
    question: Vec<u8>,
    moment: Moment,
    response: Vec<u8>,
}

/// Responses given a moment ago.
#[derive(Debug)]
pub(crate) struct Hot {
    slots: Vec<Mutex<Option<Given>>>,
    hashes: RandomState,
}

impl Default for Hot {
    fn default() -> Self {
        Self { slots: std::iter::repeat_with(Mutex::default).take(SLOTS).collect(), hashes: RandomState::new() }
    }
}

impl Hot {
    fn slot(&self, question: &[u8]) -> Option<&Mutex<Option<Given>>> {
        let hash = self.hashes.hash_one(question);
        self.slots.get(usize::try_from(hash).unwrap_or(usize::MAX) % SLOTS)
    }

    /// Appends the response to this very question of this very moment. `false`: there is none.
    pub(crate) fn again(&self, question: &[u8], moment: Moment, out: &mut Vec<u8>) -> bool {
        let Some(slot) = self.slot(question) else { return false };
        let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match &*slot {
            Some(given) if given.moment == moment && given.question == question => {
                out.extend_from_slice(&given.response);
                true
            }
            _ => false,
        }
    }

    /// Remembers a response.
    pub(crate) fn remember(&self, question: &[u8], moment: Moment, response: &[u8]) {
        if question.len().saturating_add(response.len()) > LONGEST {
            return;
        }
        let Some(slot) = self.slot(question) else { return };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let given = slot.get_or_insert_with(|| Given { question: Vec::new(), moment, response: Vec::new() });
        given.moment = moment;
        given.question.clear();
        given.question.extend_from_slice(question);
        given.response.clear();
        given.response.extend_from_slice(response);
    }
}
