use super::character::is_in_jis_x_0213;
use super::*;

fn refused(text: &str) -> TextError {
    CertificateText::parse(text).expect_err(text)
}

/// Rule, what was found, its place, what could stand instead.
fn told(text: &str) -> (&'static str, String, usize, Vec<String>) {
    let error = refused(text);
    let found = error.found().unwrap();
    (error.key(), found.text().to_owned(), found.position(), found.suggestions().to_vec())
}

fn assert_told(text: &str, key: &str, what: &str, position: usize, suggestions: &[&str]) {
    let suggestions = suggestions.iter().map(|s| (*s).to_owned()).collect();
    assert_eq!(told(text), (key, what.to_owned(), position, suggestions), "{text:?}");
}

#[test]
fn certificate_text_invariants() {
    for text in [
        "字",
        "白樺町",
        "白樺町長 佐藤 花子",
        "佐藤　花子",
        "総務部（情報システム課）",
        "シラカバ・タウン",
        "Shirakaba Town",
        "Ōta-ku O'Hara (No. 2): a?",
        "森﨑",
        "栁田",
        "高橋",
        "齋藤 邉",
        "第1〜3係",
        "Windows 11 & DX推進課",
        "佐々木",
        "〆木",
        "𠮟",
        &"字".repeat(1_000),
    ] {
        assert_eq!(CertificateText::parse(text).expect(text).as_str(), text);
        assert_eq!(CertificateText::suggestion(text), None);
    }
    assert_eq!(refused(""), TextError::Empty);
    assert_eq!((refused("").key(), refused("").found()), ("empty", None));
}

#[test]
fn jis_x_0213_has_its_characters_and_no_others() {
    let count = (0..=0x0010_ffff).filter_map(char::from_u32).filter(|c| is_in_jis_x_0213(*c)).count();
    assert_eq!(count, 11_233 - 25, "25 of its characters are two code points each");
    for c in "亜熙﨑栁濵德瀨塚剝𠮟𣘺𡈽々〆ヶーァん・ōĀ゠".chars() {
        assert!(is_in_jis_x_0213(c), "{c}");
    }
    for c in "髙𠮷靑淸內ｱa\u{20000}한".chars() {
        assert!(!is_in_jis_x_0213(c), "{c}");
    }
}

#[test]
fn every_substitute_is_outside_and_its_form_inside() {
    for (given, form) in [('髙', "高"), ('𠮷', "吉"), ('靑', "青"), ('內', "内"), ('彥', "彦")] {
        assert_told(&format!("山{given}"), "not-in-jis-x-0213", &given.to_string(), 2, &[form]);
    }
    assert_told("山𠀀", "not-in-jis-x-0213", "𠀀", 2, &[]);
}

#[test]
fn what_nfc_would_change_is_refused_and_nothing_is_folded() {
    assert_told("カ\u{3099}ス", "not-composed", "カ\u{3099}", 1, &["ガ"]);
    assert_told("Ao\u{304}ta", "not-composed", "o\u{304}", 2, &["ō"]);
    assert_told("\u{fa19}社", "not-composed", "\u{fa19}", 1, &["神"]);
    assert_told("Å\u{212b}", "not-composed", "\u{212b}", 2, &["Å"]);
    assert_eq!(refused("カ\u{3099}").found().unwrap().code_points(), "U+30AB U+3099");
    assert!(CertificateText::parse("森﨑").is_ok(), "NFC leaves U+FA11 alone");
    assert_told("か\u{309a}", "not-in-jis-x-0213", "\u{309a}", 2, &[]);
    assert_told("\u{1100}\u{1161}", "not-in-jis-x-0213", "\u{1100}", 1, &[]);
}

#[test]
fn variation_selectors_are_refused_with_the_plain_character() {
    assert_told("葛\u{e0100}城市", "variant", "葛\u{e0100}", 1, &["葛"]);
    assert_told("辻\u{fe00}", "variant", "辻\u{fe00}", 1, &["辻"]);
    assert_told("\u{e0101}", "variant", "\u{e0101}", 1, &[""]);
    assert_eq!(
        refused("葛\u{e0100}城市").to_string(),
        "U+845B U+E0100 at character 1 is a variant that only a selector tells apart"
    );
    assert_eq!(CertificateText::suggestion("葛\u{e0100}\u{e0101}城市").as_deref(), Some("葛城市"));
}

#[test]
fn what_is_invisible_or_means_nothing_is_refused() {
    for hidden in
        ['\0', '\n', '\u{7f}', '\u{ad}', '\u{200b}', '\u{200d}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{e0041}']
    {
        assert_told(&format!("白{hidden}樺"), "hidden", &hidden.to_string(), 2, &[""]);
    }
    for blank in ['\u{34f}', '\u{3164}', '\u{ffa0}', '\u{2800}', '\u{2028}'] {
        assert_eq!(told(&format!("白{blank}樺")).0, "hidden", "{blank:?}");
    }
    for nothing in ['\u{e000}', '\u{f0000}', '\u{378}', '\u{fffe}', '\u{10ffff}'] {
        assert_told(&format!("白{nothing}樺"), "unassigned", &nothing.to_string(), 2, &[]);
    }
    assert_eq!(refused("白\u{e000}").to_string(), "U+E000 at character 2 has no meaning that everybody shares");
}

#[test]
fn attributes_cannot_be_faked() {
    assert_told("ST=Tokyo, C=JP", "separator", "=", 3, &["゠"]);
    assert_told("Tokyo, C", "separator", ",", 6, &["・"]);
    for c in "+;<>\"\\/#＝，＋；＜＞＂＼／＃﹐﹔".chars() {
        assert_eq!(told(&format!("a{c}b")).0, "separator", "{c}");
    }
}

#[test]
fn letters_that_look_latin_and_radicals_are_refused() {
    assert_told("Shirаkaba", "look-alike", "а", 5, &["a"]); // U+0430
    assert_told("ΑBC", "look-alike", "Α", 1, &["A"]); // U+0391
    assert_told("ІT課", "look-alike", "І", 1, &["I"]); // U+0406
    assert_told("Tɑro", "look-alike", "ɑ", 2, &["a"]); // U+0251
    assert_told("𝐀課", "look-alike", "𝐀", 1, &["A"]);
    assert_told("⼀宮", "look-alike", "⼀", 1, &["一"]); // U+2F00
    assert_told("⺟子", "look-alike", "⺟", 1, &["母"]); // U+2E9F
    assert_told("O’Hara", "look-alike", "’", 2, &["'"]);
    assert_told("センタ―", "look-alike", "―", 4, &["ー", "-"]);
    assert_told("A−1", "look-alike", "−", 2, &["-"]);
    assert_told("Жуков", "not-in-jis-x-0213", "Ж", 1, &[]);
    assert_told("한국", "not-in-jis-x-0213", "한", 1, &[]);
}

#[test]
fn width_is_that_of_the_language() {
    assert_told("ＬＧ", "width", "Ｌ", 1, &["L"]);
    assert_told("第１課", "width", "１", 2, &["1"]);
    assert_told("総務ｶﾞｽ課", "width", "ｶﾞｽ", 3, &["ガス"]);
    assert_told("1～3", "width", "～", 2, &["〜"]);
    assert_eq!(CertificateText::suggestion("ＳＨＩＲＡＫＡＢＡ").as_deref(), Some("SHIRAKABA"));
    assert_eq!(CertificateText::suggestion("Ａ，Ｂ").as_deref(), Some("A・B"));
}

#[test]
fn signs_are_refused_with_what_they_stand_for() {
    assert_told("①係", "sign", "①", 1, &["1"]);
    assert_told("㈱白樺", "sign", "㈱", 1, &["（株）"]);
    assert_told("㍿白樺", "sign", "㍿", 1, &["株式会社"]);
    assert_told("Ⅳ", "sign", "Ⅳ", 1, &["IV"]);
    assert_told("白樺［本庁］", "sign", "［", 3, &["（"]);
    assert_eq!(CertificateText::suggestion("『白樺』［本庁］").as_deref(), Some("「白樺」（本庁）"));
    assert_told("白樺·町", "sign", "·", 3, &["・"]);
    assert_told("★", "sign", "★", 1, &[]);
    assert_told("🏯", "sign", "🏯", 1, &[]);
    assert_told("٣", "not-in-jis-x-0213", "٣", 1, &[]);
    assert_told("a*", "sign", "*", 2, &[]);
}

#[test]
fn spaces_stand_alone_between_words() {
    for (text, position) in [(" a", 1), ("a ", 2), ("a  b", 3), ("a \u{3000}b", 3), ("\u{3000}佐藤", 1), (" ", 1)] {
        assert_told(text, "space", &text.chars().nth(position - 1).unwrap().to_string(), position, &[""]);
    }
    assert_told("a\u{a0}b", "space", "\u{a0}", 2, &[" "]);
    assert_eq!(CertificateText::suggestion("  佐藤  花子 ").as_deref(), Some("佐藤 花子"));
    assert_eq!(CertificateText::suggestion(" "), None);
}

#[test]
fn kanji_among_katakana_and_the_reverse_are_refused() {
    for (text, position, meant) in [
        ("コンピュ一ター", 5, "ー"),
        ("シラ力バ", 3, "カ"),
        ("コンピュータ夕", 7, "タ"),
        ("夕イヤ", 1, "タ"),
        ("ミ二バス", 2, "ニ"),
        ("プ口グラム", 2, "ロ"),
        ("リ工ゾン", 2, "エ"),
        ("山ロ", 2, "口"),
        ("田ロ 花子", 2, "口"),
        ("市川ハ郎", 3, "八"),
        ("ニ宮", 1, "二"),
        ("ト部", 1, "卜"),
        ("タ張市", 1, "夕"),
        ("エ藤", 1, "工"),
        ("総務ー課", 3, "一"),
        ("ー宮", 1, "一"),
        ("Aー1", 2, "-"),
        ("コンサルへルス", 5, "ヘ"),
        ("かべヘや", 3, "へ"),
    ] {
        let (key, _, found, suggestions) = told(text);
        assert_eq!((key, found, suggestions), ("mixed-script", position, vec![meant.to_owned()]), "{text}");
    }
}

#[test]
fn real_names_with_look_alikes_in_their_place_are_let_through() {
    for text in [
        "一ノ瀬",
        "三ヶ日町",
        "八ッ場",
        "四ツ谷",
        "霞ケ関",
        "溝ノ口",
        "二セコ",
        "ニセコ町",
        "アルプス八ヶ岳",
        "五カ年計画",
        "下タ町",
        "加ト吉",
        "次郎右エ門",
        "二タ子",
        "ネット口コミ",
        "窓口センター",
        "口コミ",
        "工事エリア",
        "デジタル力",
        "カタカナ力",
        "南アルプス市",
        "あま市",
        "つがる市",
        "ひたちなか市",
        "らーめん",
        "みらいへ",
        "いちき串木野市",
        "夕張市",
        "卜部",
        "千葉",
        "オホーツク",
        "トヨタ",
        "むつ市",
        "ハローワーク",
        "サービス工場",
        "大口町",
        "エリア力",
        "一二三",
    ] {
        assert!(CertificateText::parse(text).is_ok(), "{text}: {}", refused(text));
    }
}
