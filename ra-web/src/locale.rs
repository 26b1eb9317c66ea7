//! The two languages and their texts. Texts are Fluent files in `texts/`, embedded; every key exists in both languages (held by a test).

use std::sync::Arc;

use ca_core::profile::Text;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

pub use crate::desk::message::Message;

/// Embedded sources, language by language. A new pair of files is added to both lists.
const JAPANESE: &[(&str, &str)] = &[
    ("ja/frame.ftl", include_str!("../texts/ja/frame.ftl")),
    ("ja/account.ftl", include_str!("../texts/ja/account.ftl")),
    ("ja/desk.ftl", include_str!("../texts/ja/desk.ftl")),
    ("ja/problems.ftl", include_str!("../texts/ja/problems.ftl")),
    ("ja/requests.ftl", include_str!("../texts/ja/requests.ftl")),
    ("ja/certificates.ftl", include_str!("../texts/ja/certificates.ftl")),
    ("ja/explain.ftl", include_str!("../texts/ja/explain.ftl")),
    ("ja/deliveries.ftl", include_str!("../texts/ja/deliveries.ftl")),
    ("ja/campaigns.ftl", include_str!("../texts/ja/campaigns.ftl")),
];
const ENGLISH: &[(&str, &str)] = &[
    ("en/frame.ftl", include_str!("../texts/en/frame.ftl")),
    ("en/account.ftl", include_str!("../texts/en/account.ftl")),
    ("en/desk.ftl", include_str!("../texts/en/desk.ftl")),
    ("en/problems.ftl", include_str!("../texts/en/problems.ftl")),
    ("en/requests.ftl", include_str!("../texts/en/requests.ftl")),
    ("en/certificates.ftl", include_str!("../texts/en/certificates.ftl")),
    ("en/explain.ftl", include_str!("../texts/en/explain.ftl")),
    ("en/deliveries.ftl", include_str!("../texts/en/deliveries.ftl")),
    ("en/campaigns.ftl", include_str!("../texts/en/campaigns.ftl")),
];

/// The language a page is drawn in. Kept in a cookie, so that strangers have it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// 日本語, the first language of every page.
    #[default]
    Japanese,
    /// English, a full translation by key.
    English,
}

impl Language {
    /// The BCP 47 tag for the `lang` attribute and the cookie.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::English => "en",
        }
    }

    /// Returns the language of a tag this program wrote; anything else is `None`.
    pub fn parse(tag: &str) -> Option<Self> {
        match tag {
            "ja" => Some(Self::Japanese),
            "en" => Some(Self::English),
            _ => None,
        }
    }
}

/// Both catalogues.
pub struct Texts {
    japanese: FluentBundle<FluentResource>,
    english: FluentBundle<FluentResource>,
}

/// An embedded text file that does not parse, or names a key twice.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct TextsError {
    file: &'static str,
    reason: String,
}

impl Texts {
    /// Parses the embedded files.
    pub fn load() -> Result<Self, TextsError> {
        Ok(Self { japanese: bundle("ja", JAPANESE)?, english: bundle("en", ENGLISH)? })
    }

    /// The text of `key`; the key itself when it is missing (a test keeps that from happening).
    pub fn text(&self, language: Language, key: &str, arguments: &[(&'static str, String)]) -> String {
        let bundle = match language {
            Language::Japanese => &self.japanese,
            Language::English => &self.english,
        };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(key, "a text is missing");
            return key.to_owned();
        };
        let mut args = FluentArgs::new();
        for (name, value) in arguments {
            args.set(*name, value.as_str());
        }
        bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }
}

/// The texts in one language: what a page holds.
#[derive(Clone)]
pub struct Words {
    texts: Arc<Texts>,
    language: Language,
}

impl Words {
    /// Both texts and a choice.
    pub fn new(texts: Arc<Texts>, language: Language) -> Self {
        Self { texts, language }
    }

    /// The language chosen.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of a key.
    pub fn t(&self, key: &str) -> String {
        self.texts.text(self.language, key, &[])
    }

    /// A text that packs give in both languages.
    pub fn of<'a>(&self, text: &'a Text) -> &'a str {
        if self.is_english() { &text.en } else { &text.ja }
    }

    /// True when the language is English.
    pub fn is_english(&self) -> bool {
        self.language == Language::English
    }

    /// The text of a message.
    pub fn say(&self, message: &Message) -> String {
        self.texts.text(self.language, message.key, &message.arguments)
    }

    /// The text of a key with one argument.
    pub fn t1(&self, key: &str, name: &'static str, value: &str) -> String {
        self.texts.text(self.language, key, &[(name, value.to_owned())])
    }
}

fn bundle(
    tag: &'static str,
    sources: &'static [(&'static str, &'static str)],
) -> Result<FluentBundle<FluentResource>, TextsError> {
    let locale = tag.parse().map_err(|_| TextsError { file: tag, reason: "not a language tag".to_owned() })?;
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // Names are drawn in their own elements; invisible isolation marks would end up in copied text.
    bundle.set_use_isolating(false);
    for (file, source) in sources {
        let resource = FluentResource::try_new((*source).to_owned())
            .map_err(|(_, errors)| TextsError { file, reason: format!("{errors:?}") })?;
        bundle.add_resource(resource).map_err(|errors| TextsError { file, reason: format!("{errors:?}") })?;
    }
    Ok(bundle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    fn files(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|found| found == extension) {
                    let text = std::fs::read_to_string(&path).unwrap();
                    found.push((path, text));
                }
            }
        }
        found
    }

    /// Keys with the variables their texts use.
    fn catalogue(sources: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<String>> {
        let mut all = BTreeMap::new();
        for (file, source) in sources {
            let mut key = String::new();
            for line in source.lines().filter(|line| !line.starts_with('#')) {
                if let Some((name, _)) = line.split_once('=').filter(|_| !line.starts_with([' ', '}', '*', '['])) {
                    key = name.trim().to_owned();
                    assert!(all.insert(key.clone(), BTreeSet::new()).is_none(), "{file}: {key} twice");
                }
                let variables = line.split("{ $").skip(1).filter_map(|rest| rest.split([' ', '}', '-']).next());
                all.entry(key.clone()).or_default().extend(variables.map(str::to_owned));
            }
        }
        all.remove("");
        all
    }

    #[test]
    fn both_languages_have_the_same_keys_with_the_same_variables() {
        let (japanese, english) = (catalogue(JAPANESE), catalogue(ENGLISH));
        let keys = |all: &BTreeMap<String, BTreeSet<String>>| all.keys().cloned().collect::<BTreeSet<_>>();
        let (ja, en) = (keys(&japanese), keys(&english));
        assert!(ja == en, "only in ja: {:?}; only in en: {:?}", &ja - &en, &en - &ja);
        for (key, variables) in &japanese {
            assert_eq!(variables, &english[key], "{key}");
        }
    }

    #[test]
    fn every_text_file_is_listed() {
        let listed: BTreeSet<_> = JAPANESE.iter().chain(ENGLISH).map(|(file, _)| (*file).to_owned()).collect();
        let found: BTreeSet<_> = files("texts", "ftl")
            .iter()
            .map(|(path, _)| {
                let language = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
                format!("{language}/{}", path.file_name().unwrap().to_str().unwrap())
            })
            .collect();
        assert_eq!(listed, found);
    }

    #[test]
    fn every_key_named_in_templates_and_code_exists() {
        let keys = catalogue(JAPANESE);
        for (path, text) in files("templates", "html").into_iter().chain(files("src", "rs")) {
            for call in [".t(\"", ".t1(\"", ".t2(\"", "Message::new(\""] {
                for named in text.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                    let name = named.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
                    assert!(!name || named.is_empty() || keys.contains_key(named), "{}: {named}", path.display());
                }
            }
        }
    }

    #[test]
    fn templates_are_escaped_and_carry_no_inline_script_or_style() {
        for (path, text) in files("templates", "html") {
            for forbidden in [
                "|safe",
                "| safe",
                "escape none",
                "style=",
                "<style",
                "onclick",
                "onload",
                "javascript:",
                "http://",
                "https://",
            ] {
                assert!(!text.contains(forbidden), "{}: {forbidden}", path.display());
            }
            let scripts = text.matches("<script").count();
            assert_eq!(scripts, text.matches("<script src=\"{{").count(), "{}: inline script", path.display());
        }
    }

    #[test]
    fn arguments_reach_the_text_without_invisible_marks() {
        let texts = Texts::load().unwrap();
        let arguments = [("count", "3".to_owned())];
        assert_eq!(texts.text(Language::Japanese, "home-count", &arguments), "3件");
        assert_eq!(texts.text(Language::English, "home-count", &arguments), "3");
    }
}
