//! Katakana in Hepburn romaji, as names under lg.jp are written: without macrons, and so with several spellings of a long vowel
//! (大阪: osaka, oosaka, ohsaka). All that are usual come back, the likeliest first. Which one a body has chosen, a reading
//! does not say.

/// The most spellings of one reading; beyond, a few are left out. No municipality comes near it.
const MOST_SPELLINGS: usize = 64;

/// Sounds by the rows of the kana table. ヶ and ヵ are read as in 八ヶ岳.
const SOUNDS: [(&str, &str); 18] = [
    ("アイウエオ", "a i u e o"),
    ("カキクケコ", "ka ki ku ke ko"),
    ("サシスセソ", "sa shi su se so"),
    ("タチツテト", "ta chi tsu te to"),
    ("ナニヌネノ", "na ni nu ne no"),
    ("ハヒフヘホ", "ha hi fu he ho"),
    ("マミムメモ", "ma mi mu me mo"),
    ("ヤユヨ", "ya yu yo"),
    ("ラリルレロ", "ra ri ru re ro"),
    ("ワヰヱヲヮ", "wa i e o wa"),
    ("ガギグゲゴ", "ga gi gu ge go"),
    ("ザジズゼゾ", "za ji zu ze zo"),
    ("ダヂヅデド", "da ji zu de do"),
    ("バビブベボ", "ba bi bu be bo"),
    ("パピプペポ", "pa pi pu pe po"),
    ("ヴヵヶ", "vu ka ga"),
    ("ャュョ", "a u o"),
    ("ァィゥェォ", "a i u e o"),
];

/// One sound of a reading.
#[derive(Debug)]
enum Sound {
    /// A consonant and a vowel, or a vowel.
    Mora(String),
    /// ッ.
    Doubled,
    /// ン.
    Nasal,
    /// ー.
    Long,
}

/// Returns the spellings of `kana`, each once, the likeliest first; at most [`MOST_SPELLINGS`]. `apart` are places (in
/// characters from 0) at which a new word begins: the vowel there is likelier not to lengthen the one before (豊浦 is toyoura,
/// 東京 tokyo). `None` for a sign that is no katakana, and for small kana that follow nothing they could belong to.
pub(super) fn spellings(kana: &str, apart: &[usize]) -> Option<Vec<String>> {
    let sounds = sounds(kana)?;
    let mut spelt = vec![String::new()];
    let mut rest = sounds.iter().peekable();
    while let Some((_, sound)) = rest.next() {
        let after = rest.peek().map(|(place, sound)| (*place, sound));
        let (choices, taken) = choices(sound, after, apart);
        if taken {
            rest.next();
        }
        let longer = spelt.iter().flat_map(|start| choices.iter().map(move |more| format!("{start}{more}")));
        spelt = longer.take(MOST_SPELLINGS).collect();
    }
    let mut once: Vec<String> = Vec::new();
    for one in spelt {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    Some(once)
}

/// How a sound is written, and whether the one after it is within that.
fn choices(sound: &Sound, after: Option<(usize, &Sound)>, apart: &[usize]) -> (Vec<String>, bool) {
    let next = match after {
        Some((_, Sound::Mora(text))) => text.as_str(),
        _ => "",
    };
    let one_of = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    match sound {
        Sound::Mora(text) => lengthened(text, after, apart).map_or((vec![text.clone()], false), |long| (long, true)),
        Sound::Nasal if next.starts_with(['b', 'm', 'p']) => (one_of(&["n", "m"]), false),
        Sound::Nasal => (one_of(&["n"]), false),
        Sound::Doubled if next.starts_with("ch") => (one_of(&["t", "c"]), false),
        Sound::Doubled => match next.chars().next().filter(|first| !"aiueo".contains(*first)) {
            Some(consonant) => (vec![consonant.to_string()], false),
            None => (one_of(&["tsu"]), false),
        },
        Sound::Long => (one_of(&[""]), false),
    }
}

/// The spellings of a sound whose vowel the next one lengthens, both together; `None` where it does not.
fn lengthened(text: &str, after: Option<(usize, &Sound)>, apart: &[usize]) -> Option<Vec<String>> {
    let vowel = text.chars().last()?;
    let (place, next) = after?;
    let endings: &[&str] = match (vowel, next) {
        ('o', Sound::Mora(next)) if next == "u" => &["", "u", "h", "o"],
        ('o', Sound::Mora(next)) if next == "o" => &["", "o", "h"],
        ('u', Sound::Mora(next)) if next == "u" => &["", "u"],
        // Hepburn keeps these: niigata.
        ('i', Sound::Mora(next)) if next == "i" => &["i", ""],
        ('a', Sound::Mora(next)) if next == "a" => &["a", ""],
        ('e', Sound::Mora(next)) if next == "e" => &["e", ""],
        (_, Sound::Long) => return Some(vec![text.to_owned(), format!("{text}{vowel}"), format!("{text}h")]),
        _ => return None,
    };
    let mut long: Vec<String> = endings.iter().map(|ending| format!("{text}{ending}")).collect();
    if let (true, Sound::Mora(next)) = (apart.contains(&place), next) {
        let whole = format!("{text}{next}");
        long.retain(|one| *one != whole);
        long.insert(0, whole);
    }
    Some(long)
}

/// The sounds of a reading with the places they begin at.
fn sounds(kana: &str) -> Option<Vec<(usize, Sound)>> {
    let mut sounds: Vec<(usize, Sound)> = Vec::new();
    for (place, sign) in kana.chars().enumerate() {
        let sound = match sign {
            'ン' => Sound::Nasal,
            'ッ' => Sound::Doubled,
            'ー' => Sound::Long,
            '・' | '\u{3000}' => continue,
            'ャ' | 'ュ' | 'ョ' | 'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' => {
                let Some((_, Sound::Mora(before))) = sounds.last_mut() else { return None };
                *before = contracted(before, sign, latin(sign)?)?;
                continue;
            }
            _ => Sound::Mora(latin(sign)?.to_owned()),
        };
        sounds.push((place, sound));
    }
    Some(sounds)
}

/// A sound with a small vowel after it: ki and ャ are kya, shi and ュ shu, fu and ォ fo, u and ィ wi.
fn contracted(before: &str, small: char, vowel: &str) -> Option<String> {
    let consonant = before.strip_suffix(['a', 'i', 'u', 'e', 'o'])?;
    Some(match small {
        'ャ' | 'ュ' | 'ョ' if !matches!(consonant, "sh" | "ch" | "j") => format!("{consonant}y{vowel}"),
        _ if before == "u" => format!("w{vowel}"),
        _ => format!("{consonant}{vowel}"),
    })
}

fn latin(sign: char) -> Option<&'static str> {
    SOUNDS.iter().find_map(|(row, sounds)| {
        let column = row.chars().position(|one| one == sign)?;
        sounds.split(' ').nth(column)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(kana: &str) -> String {
        spellings(kana, &[]).unwrap().join(" ")
    }

    #[test]
    fn plain_readings_have_one_spelling() {
        assert_eq!(spelt("サッポロ"), "sapporo");
        assert_eq!(spelt("チヨダ"), "chiyoda");
        assert_eq!(spelt("マツモト"), "matsumoto");
        assert_eq!(spelt("ヒャクリ"), "hyakuri");
        assert_eq!(spelt("アイヅジャナ"), "aizujana");
        assert_eq!(spelt("ヤツヶタケ"), "yatsugatake");
    }

    #[test]
    fn long_vowels_have_the_usual_spellings_and_hepburn_first() {
        assert_eq!(spelt("オオツ"), "otsu ootsu ohtsu");
        assert_eq!(spelt("コウチ"), "kochi kouchi kohchi koochi");
        assert_eq!(spelt("ユウキ"), "yuki yuuki");
        assert_eq!(spelt("ニイガタ"), "niigata nigata");
        assert_eq!(spelt("トウオン").split(' ').next(), Some("toon"));
        assert_eq!(spelt("チュウオウ").split(' ').next(), Some("chuo"));
        assert_eq!(spelt("スーパ"), "supa suupa suhpa");
    }

    #[test]
    fn where_a_word_begins_its_vowel_is_likelier_its_own() {
        assert_eq!(spellings("トヨウラ", &[2]).unwrap(), ["toyoura", "toyora", "toyohra", "toyoora"]);
        assert_eq!(spellings("マツウラ", &[2]).unwrap(), ["matsuura", "matsura"]);
    }

    #[test]
    fn doubled_consonants_and_the_nasal_before_lips() {
        assert_eq!(spelt("ナンブ"), "nanbu nambu");
        assert_eq!(spelt("シンエイ"), "shinei");
        assert_eq!(spelt("ハッチョウボリ").split(' ').take(1).collect::<String>(), "hatchobori");
        assert!(spelt("ハッチョウボリ").contains("hacchobori"));
        assert_eq!(spelt("ミナミアルプス"), "minamiarupusu");
        assert_eq!(spelt("フォウィティ"), "fowiti");
    }

    #[test]
    fn what_is_no_reading_has_no_spelling() {
        assert_eq!(spellings("もり", &[]), None);
        assert_eq!(spellings("ャマ", &[]), None);
        assert_eq!(spellings("森", &[]), None);
    }

    #[test]
    fn spellings_are_bounded() {
        assert_eq!(spellings(&"コウ".repeat(30), &[]).unwrap().len(), MOST_SPELLINGS);
    }
}
