//! What the desk has to say to a person: which sentence, and the words that go into it.
//!
//! The sentence itself is in `texts/`; the desk knows no language.

/// One sentence of the catalogue with its arguments; the language is chosen when it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The sentence's name in `texts/*/`.
    pub key: &'static str,
    /// The words that go into it, by the names the sentence uses (`{ $name }`).
    pub arguments: Vec<(&'static str, String)>,
}

impl Message {
    /// Returns the sentence called `key`, without arguments.
    pub fn new(key: &'static str) -> Self {
        Self { key, arguments: Vec::new() }
    }

    /// Returns the same sentence with one more argument.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.arguments.push((name, value.to_string()));
        self
    }
}
