//! Prefectures as certificates name them (stateOrProvinceName), by the first two digits of a local government code
//! (JIS X 0401).

use super::LocalGovernmentCode;

const NAMES: [&str; 47] = [
    "Hokkaido",
    "Aomori",
    "Iwate",
    "Miyagi",
    "Akita",
    "Yamagata",
    "Fukushima",
    "Ibaraki",
    "Tochigi",
    "Gunma",
    "Saitama",
    "Chiba",
    "Tokyo",
    "Kanagawa",
    "Niigata",
    "Toyama",
    "Ishikawa",
    "Fukui",
    "Yamanashi",
    "Nagano",
    "Gifu",
    "Shizuoka",
    "Aichi",
    "Mie",
    "Shiga",
    "Kyoto",
    "Osaka",
    "Hyogo",
    "Nara",
    "Wakayama",
    "Tottori",
    "Shimane",
    "Okayama",
    "Hiroshima",
    "Yamaguchi",
    "Tokushima",
    "Kagawa",
    "Ehime",
    "Kochi",
    "Fukuoka",
    "Saga",
    "Nagasaki",
    "Kumamoto",
    "Oita",
    "Miyazaki",
    "Kagoshima",
    "Okinawa",
];

/// The prefecture of a code in Latin letters, as `Hokkaido`; `None` for codes of bodies in no prefecture.
pub fn prefecture_in_english(code: &LocalGovernmentCode) -> Option<&'static str> {
    let number: usize = code.as_str().get(..2)?.parse().ok()?;
    NAMES.get(number.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_two_digits_name_the_prefecture() {
        let of = |code: &str| prefecture_in_english(&LocalGovernmentCode::parse(code).unwrap());
        assert_eq!((of("011002"), of("131016"), of("473821")), (Some("Hokkaido"), Some("Tokyo"), Some("Okinawa")));
    }
}
