//! What a single character may be, and what could stand instead of one that may not.

use super::jisx0213::ROWS;
use super::{Found, TextError};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_security::confusable_detection::skeleton;

/// Signs that names have beside letters and digits. In ASCII those of PrintableString that separate nothing, and `&`, `@`
/// and `_`; in Japanese the dots, brackets and marks of the commercial register, and 〜 of 第1〜3係.
const SIGNS: &[char] =
    &['\'', '(', ')', '-', '.', ':', '?', '!', '&', '@', '_', '・', '゠', '、', '（', '）', '「', '」', '〜'];

/// Kanji that names have and JIS X 0213 has not, each beside the usual form of the same character, which it has. Few and well
/// known; for others a person looks for a substitute.
const SUBSTITUTES: &[(char, char)] = &[
    ('髙', '高'),
    ('𠮷', '吉'),
    ('靑', '青'),
    ('淸', '清'),
    ('閒', '間'),
    ('悅', '悦'),
    ('敎', '教'),
    ('昻', '昂'),
    ('內', '内'),
    ('吳', '呉'),
    ('產', '産'),
    ('戶', '戸'),
    ('旣', '既'),
    ('彥', '彦'),
    ('鄉', '郷'),
    ('槗', '橋'),
];

/// The script of a character, as far as names have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Han,
    Hiragana,
    Katakana,
    Other,
}

/// The script of `c`; the mark of length (ー) is katakana.
pub(super) const fn script(c: char) -> Script {
    match c {
        '々' | '〆' | '〇' | '〻' => Script::Han,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => Script::Han,
        '\u{20000}'..='\u{3ffff}' => Script::Han,
        '\u{3041}'..='\u{3096}' | 'ゝ' | 'ゞ' => Script::Hiragana,
        '\u{30a1}'..='\u{30fa}' | 'ー' | 'ヽ' | 'ヾ' | '\u{31f0}'..='\u{31ff}' => Script::Katakana,
        _ => Script::Other,
    }
}

/// Errors unless the first character of `rest` may stand where it does, after `before`.
pub(super) fn check(rest: &[char], before: Option<char>, position: usize) -> Result<(), TextError> {
    let Some(&c) = rest.first() else { return Ok(()) };
    if rest.get(1).copied().is_some_and(is_selector) && !is_selector(c) {
        let given = rest.get(..2).unwrap_or(rest);
        return Err(TextError::Variant(Found::new(given, position, [c.to_string()])));
    }
    match c {
        _ if is_allowed(c) => Ok(()),
        _ if is_space(c) => space(rest, before, position),
        _ => Err(refusal(c, rest, before, position)),
    }
}

/// Whether a person sees something where `c` is.
pub(super) fn is_visible(c: char) -> bool {
    !is_hidden(c) && !is_selector(c) && !is_unassigned(c) && !is_space(c)
}

/// Variation selectors: of ideographs (IVS), standardised (SVS), Mongolian.
pub(super) const fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{180b}'..='\u{180d}' | '\u{180f}')
}

/// Whether JIS X 0213:2004 has `c`, as one code point. Its Latin letters and digits are the full-width ones.
pub(super) fn is_in_jis_x_0213(c: char) -> bool {
    let code = u32::from(c);
    let row = ROWS.binary_search_by_key(&(code >> 8), |(row, _)| *row).ok().and_then(|at| ROWS.get(at));
    let bits = row
        .and_then(|(_, [low, high])| Some([*low, *high]).map(|[low, high]| if code & 0x80 == 0 { low } else { high }));
    bits.is_some_and(|bits| bits >> (code & 0x7f) & 1 == 1)
}

/// Letters, digits and signs that names have.
pub(super) fn is_allowed(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || SIGNS.contains(&c);
    }
    // Latin with marks as in Ōta; not IPA, whose letters look like others.
    let latin = matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}') && c.is_alphabetic();
    (latin || script(c) != Script::Other || SIGNS.contains(&c)) && is_in_jis_x_0213(c)
}

/// The hyphens and lines that a Japanese keyboard or a word processor puts for `-` and `ー`.
const fn is_line(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{2501}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// Signs with which distinguished names are written (RFC 4514 §2.4, RFC 1779, and `/C=JP/O=` of OpenSSL).
const fn is_separator(c: char) -> bool {
    matches!(c, ',' | '=' | '+' | ';' | '<' | '>' | '"' | '\\' | '/' | '#')
}

fn is_space(c: char) -> bool {
    if c.is_ascii() { c == ' ' } else { c.general_category() == GeneralCategory::SpaceSeparator }
}

fn is_hidden(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    // Letters, marks and signs that are blank by design.
    let blank = matches!(
        c,
        '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{ffa0}'
            | '\u{1d159}'
    );
    blank || matches!(c.general_category(), Control | Format | LineSeparator | ParagraphSeparator)
}

fn is_unassigned(c: char) -> bool {
    use GeneralCategory::{PrivateUse, Surrogate, Unassigned};
    matches!(c.general_category(), PrivateUse | Surrogate | Unassigned)
}

fn is_digit(c: char) -> bool {
    c.general_category() == GeneralCategory::DecimalNumber
}

/// One space between words, ASCII or ideographic.
fn space(rest: &[char], before: Option<char>, position: usize) -> Result<(), TextError> {
    let Some(&c) = rest.first() else { return Ok(()) };
    let wrong = |instead: &str| Err(TextError::Space(Found::new(&[c], position, [instead.to_owned()])));
    if before.is_none_or(is_space) || rest.len() == 1 {
        wrong("")
    } else if matches!(c, ' ' | '\u{3000}') {
        Ok(())
    } else {
        wrong(" ")
    }
}

/// Why `c`, the first of `rest`, is refused.
fn refusal(c: char, rest: &[char], before: Option<char>, position: usize) -> TextError {
    use GeneralCategoryGroup::{Letter, Mark, Number};
    let one = |suggestions: &[String]| Found { text: c.to_string(), position, suggestions: suggestions.to_vec() };
    let compatible = instead(std::iter::once(c).nfkc().collect());
    let similar = if compatible.is_empty() { instead(similar(c)) } else { compatible.clone() };
    match c {
        _ if is_hidden(c) => TextError::Hidden(one(&[String::new()])),
        _ if is_selector(c) => TextError::Variant(one(&[String::new()])),
        _ if is_unassigned(c) => TextError::Unassigned(one(&[])),
        _ if is_separator(c) || std::iter::once(c).nfkc().any(is_separator) => TextError::Separator(one(&apart(c))),
        _ if is_line(c) => TextError::LookAlike(one(&line(before))),
        '～' => TextError::Width(one(&["〜".to_owned()])),
        '\u{ff61}'..='\u{ff9f}' => TextError::Width(half_width(rest, position)),
        '\u{ff01}'..='\u{ffef}' if !compatible.is_empty() => TextError::Width(one(&compatible)),
        '\u{2e80}'..='\u{2fdf}' | '\u{31c0}'..='\u{31ef}' => TextError::LookAlike(one(&similar)),
        _ if SUBSTITUTES.iter().any(|(given, _)| *given == c) => {
            let forms = SUBSTITUTES.iter().filter(|(given, _)| *given == c);
            TextError::NotInJisX0213(one(&forms.map(|(_, form)| form.to_string()).collect::<Vec<_>>()))
        }
        _ if script(c) != Script::Other => TextError::NotInJisX0213(one(&compatible)),
        _ => match c.general_category_group() {
            // ①, ㈱ and Ⅳ stand for something; they are not taken for it.
            _ if c.is_numeric() && !is_digit(c) => TextError::Sign(one(&compatible)),
            Letter | Mark | Number if similar.is_empty() => TextError::NotInJisX0213(one(&[])),
            Letter | Mark | Number => TextError::LookAlike(one(&similar)),
            _ if compatible.is_empty() && usual_sign(c).is_empty() && !similar.is_empty() => {
                TextError::LookAlike(one(&similar))
            }
            _ => TextError::Sign(one(&[usual_sign(c), compatible].concat())),
        },
    }
}

/// `text` as a suggestion, if names may have all of it. Brackets beside Japanese are full-width: （株）.
fn instead(text: String) -> Vec<String> {
    let japanese = text.chars().any(|c| script(c) != Script::Other);
    let wide = |c| match c {
        '(' if japanese => '（',
        ')' if japanese => '）',
        c => c,
    };
    if !text.is_empty() && text.chars().all(is_allowed) { vec![text.chars().map(wide).collect()] } else { Vec::new() }
}

/// The prototype of what looks like `c` (UTS #39 §4), or nothing: some letters are their own. The prototype of capital
/// I-like letters is a small l.
fn similar(c: char) -> String {
    let prototype: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
    match prototype.as_str() {
        "l" if c.is_uppercase() => "I".to_owned(),
        _ if prototype.chars().eq([c]) => String::new(),
        _ => prototype,
    }
}

/// What separates without separating attributes.
fn apart(c: char) -> Vec<String> {
    match c {
        ',' | '，' | '/' | '／' => vec!["・".to_owned()],
        '=' | '＝' => vec!["゠".to_owned()],
        '+' | '＋' => vec!["&".to_owned()],
        _ => Vec::new(),
    }
}

/// The dot and brackets that names have, for the others.
fn usual_sign(c: char) -> Vec<String> {
    let usual = match c {
        '[' | '{' | '［' | '｛' | '〔' | '【' | '〈' | '《' => "（",
        ']' | '}' | '］' | '｝' | '〕' | '】' | '〉' | '》' => "）",
        '·' | '•' | '‧' | '∙' | '⋅' => "・",
        '『' => "「",
        '』' => "」",
        _ => return Vec::new(),
    };
    vec![usual.to_owned()]
}

/// A line after kana is most likely the mark of length, elsewhere a hyphen.
fn line(before: Option<char>) -> Vec<String> {
    let after_kana = before.is_some_and(|c| matches!(script(c), Script::Hiragana | Script::Katakana));
    let likely: &[&str] = if after_kana { &["ー", "-"] } else { &["-"] };
    likely.iter().map(|c| (*c).to_owned()).collect()
}

/// The run of half-width katakana at the beginning of `rest`, with its full-width form: a voiced sound is two of them.
fn half_width(rest: &[char], position: usize) -> Found {
    let length = rest.iter().take_while(|c| matches!(c, '\u{ff61}'..='\u{ff9f}')).count();
    let given = rest.get(..length).unwrap_or(rest);
    Found { suggestions: instead(given.iter().copied().nfkc().collect()), ..Found::new(given, position, []) }
}
