//! What a person writes into a blank, checked before it goes into a name. Japanese is taken as it stands or refused with what to
//! write instead; Latin letters are made half-width, and that is said. Nothing is changed unseen.

use ca_core::name::{CertificateText, TextError};

use super::blank::{Blank, Script};
use super::message::Message;
use super::search::half_width;

/// The most characters of a value (ub-common-name and its like, RFC 5280 appendix A.1).
pub const LONGEST_VALUE: usize = 64;

/// A value that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The value as the certificate will carry it.
    pub value: String,
    /// What was changed in what the person typed.
    pub notice: Option<Message>,
}

/// Returns the value of a blank in which something stands. Errors: what is wrong with it, the first thing from the left.
pub fn accept(blank: Blank, typed: &str) -> Result<Accepted, Message> {
    let trimmed = typed.trim();
    let value = prepared(blank, trimmed);
    let count = value.chars().count();
    if count > LONGEST_VALUE {
        return Err(Message::new("text-too-long").with("count", count).with("limit", LONGEST_VALUE));
    }
    if blank.script() != Script::Japanese
        && let Some((position, odd)) = (1..).zip(value.chars()).find(|(_, c)| !fits(blank.script(), *c))
        && !is_separator_or_space(odd)
    {
        return Err(Message::new(latin_key(blank.script()))
            .with("position", position)
            .with("found", odd)
            .with("code", format!("U+{:04X}", u32::from(odd))));
    }
    CertificateText::parse(&value).map_err(|error| explain(&error))?;
    let notice =
        (value != trimmed).then(|| Message::new("text-normalised").with("typed", trimmed).with("value", &value));
    Ok(Accepted { value, notice })
}

/// Returns what the blank might have been meant to say, for a person to take or leave; `None` where nothing is wrong, or where
/// there is no usual substitute.
pub fn suggested(blank: Blank, typed: &str) -> Option<String> {
    let value = prepared(blank, typed.trim());
    CertificateText::suggestion(&value).filter(|suggestion| accept(blank, suggestion).is_ok())
}

/// Width of Latin letters, and capitals of people's names.
fn prepared(blank: Blank, trimmed: &str) -> String {
    match blank.script() {
        Script::Japanese => trimmed.to_owned(),
        Script::Latin | Script::Number => half_width(trimmed),
        Script::LatinName => half_width(trimmed).to_uppercase(),
    }
}

/// Whether text of that script may have `c`. Latin text is what PrintableString has (X.680 §41.4), without the signs with which
/// names are taken apart: those [`CertificateText`] refuses itself.
fn fits(script: Script, c: char) -> bool {
    match script {
        Script::Japanese => true,
        Script::Latin => c.is_ascii_alphanumeric() || " '()-.:?".contains(c),
        Script::LatinName => c.is_ascii_uppercase() || " '-".contains(c),
        Script::Number => c.is_ascii_alphanumeric() || c == '-',
    }
}

/// These have sentences of their own.
fn is_separator_or_space(c: char) -> bool {
    matches!(c, ',' | '=' | '+' | ';' | '<' | '>' | '"' | '\\' | '/' | '#') || c.is_whitespace() || c.is_control()
}

const fn latin_key(script: Script) -> &'static str {
    match script {
        Script::Japanese | Script::Latin => "text-latin",
        Script::LatinName => "text-latin-name",
        Script::Number => "text-number",
    }
}

/// Returns the sentence for each way in which text can be unfit for a certificate.
pub fn explain(error: &TextError) -> Message {
    let Some(found) = error.found() else { return Message::new("text-empty") };
    let instead: Vec<&str> = found.suggestions().iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    let message = Message::new(key(error, !instead.is_empty()))
        .with("position", found.position())
        .with("code", found.code_points());
    match error {
        // Neither shows anything, or anything that others see alike.
        TextError::Hidden(_) | TextError::Unassigned(_) | TextError::Space(_) => message,
        _ => message.with("found", found.text()).with("instead", instead.join("」「")),
    }
}

const fn key(error: &TextError, instead: bool) -> &'static str {
    match (error, instead) {
        (TextError::Empty, _) => "text-empty",
        (TextError::NotComposed(_), _) => "text-not-composed",
        (TextError::Variant(_), _) => "text-variant",
        (TextError::Hidden(_), _) => "text-hidden",
        (TextError::Unassigned(_), _) => "text-unassigned",
        (TextError::NotInJisX0213(_), false) => "text-not-in-jis-x-0213",
        (TextError::NotInJisX0213(_), true) => "text-not-in-jis-x-0213-instead",
        (TextError::Width(_), true) => "text-width",
        (TextError::LookAlike(_), true) => "text-look-alike",
        (TextError::MixedScript(_), _) => "text-mixed-script",
        (TextError::Separator(_), false) => "text-separator",
        (TextError::Separator(_), true) => "text-separator-instead",
        (TextError::Width(_) | TextError::LookAlike(_) | TextError::Sign(_), false) => "text-sign",
        (TextError::Sign(_), true) => "text-sign-instead",
        (TextError::Space(_), _) => "text-space",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::{Language, Texts};

    fn value(blank: Blank, typed: &str) -> Result<String, &'static str> {
        accept(blank, typed).map(|accepted| accepted.value).map_err(|message| message.key)
    }

    #[test]
    fn japanese_is_taken_as_it_stands() {
        assert_eq!(value(Blank::Post, "市民センター長"), Ok("市民センター長".to_owned()));
        assert_eq!(value(Blank::Person, "佐藤　花子"), Ok("佐藤　花子".to_owned()));
        assert_eq!(accept(Blank::Post, " 町長 ").unwrap().notice, None, "spaces at the ends are no name");
    }

    #[test]
    fn what_certificates_do_not_carry_is_refused_with_a_substitute() {
        assert_eq!(value(Blank::Person, "髙橋　花子"), Err("text-not-in-jis-x-0213-instead"));
        assert_eq!(suggested(Blank::Person, "髙橋　花子").as_deref(), Some("高橋　花子"));
        assert_eq!(value(Blank::Post, "町長, C=JP"), Err("text-separator-instead"));
        assert_eq!(value(Blank::Post, "町\u{200b}長"), Err("text-hidden"));
        assert_eq!(suggested(Blank::Post, "町長"), None);
    }

    #[test]
    fn full_width_latin_letters_become_half_width_with_a_notice() {
        let accepted = accept(Blank::PostEn, "Ｍａｙｏｒ").unwrap();
        assert_eq!((accepted.value.as_str(), accepted.notice.unwrap().key), ("Mayor", "text-normalised"));
        assert_eq!(value(Blank::PersonEn, "Sato　Hanako"), Ok("SATO HANAKO".to_owned()));
        assert_eq!(value(Blank::PersonNumber, "Ａ－１２３"), Ok("A-123".to_owned()));
    }

    #[test]
    fn latin_blanks_take_latin_letters_only() {
        assert_eq!(value(Blank::PostEn, "町長"), Err("text-latin"));
        assert_eq!(value(Blank::PostEn, "Mayor*"), Err("text-latin"));
        assert_eq!(value(Blank::PersonEn, "SATO 2"), Err("text-latin-name"));
        assert_eq!(value(Blank::PersonNumber, "12_3"), Err("text-number"));
        assert_eq!(value(Blank::PostEn, "Mayor, C=JP"), Err("text-separator-instead"));
        assert_eq!(value(Blank::PostEn, &"x".repeat(65)), Err("text-too-long"));
        assert!(value(Blank::PostEn, &"x".repeat(64)).is_ok());
    }

    #[test]
    fn every_refusal_says_what_why_and_what_to_do_in_both_languages() {
        let texts = Texts::load().unwrap();
        let typed = [
            "e\u{301}",
            "葛\u{e0100}",
            "a\u{200b}",
            "\u{e000}",
            "髙",
            "한",
            "ｱ",
            "а",
            "ミ二バス",
            "a=b",
            "a#b",
            "★",
            "①",
            "a  b",
            "\u{fa12}",
        ];
        for text in typed {
            let message = explain(&CertificateText::parse(text).unwrap_err());
            for language in [Language::Japanese, Language::English] {
                let sentence = texts.text(language, message.key, &message.arguments);
                assert_ne!(sentence, message.key, "{text} has no text");
                assert!(!sentence.contains("{$") && !sentence.contains("{ $"), "{text}: {sentence}");
                assert!(sentence.matches(['。', '.', '?']).count() >= 2, "{text}: {sentence}");
            }
        }
    }
}
