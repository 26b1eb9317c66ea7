//! Problems of a form: listed on top with links, and beside their fields. Fragments: `_problems.html`.

use crate::desk::message::Message;
use crate::desk::problem;
use crate::locale::Words;

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The `id` of the input it belongs to.
    pub field: &'static str,
    /// What, why, what to do: in the page's language.
    pub text: String,
}

/// What must be mended before the form is accepted; empty when the form is drawn for the first time.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// No problems.
    pub fn none() -> Self {
        Self::default()
    }

    /// What the desk found, in the words of the page.
    pub fn found(words: &Words, problems: &[problem::Problem]) -> Self {
        let mut all = Self::none();
        problems.iter().for_each(|found| all.add(words, found.field.id(), &found.message));
        all
    }

    /// Adds one, in the words of the page.
    pub fn add(&mut self, words: &Words, field: &'static str, message: &Message) {
        self.0.push(Problem { field, text: words.say(message) });
    }

    /// True when there is nothing to mend.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, in the order they were added.
    pub fn all(&self) -> &[Problem] {
        &self.0
    }

    /// Those of one field; its input then has `aria-invalid="true"` and `aria-describedby="<field>-problem"`.
    pub fn of(&self, field: &str) -> Vec<&Problem> {
        self.0.iter().filter(|problem| problem.field == field).collect()
    }

    /// True when the field has a problem.
    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|problem| problem.field == field)
    }
}
