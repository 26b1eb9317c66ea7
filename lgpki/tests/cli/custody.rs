//! `lgpki ca custody`: shares are made, proven, made anew; what does not belong is refused and changes nothing.

use super::{init, lgpki, printed, said, scratch};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const CUSTODY: [&str; 4] = ["--config", "ca/lgpki.toml", "ca", "custody"];
const NAMES: [&str; 5] = ["佐藤 花子", "鈴木 一郎", "高橋 葵", "田中 稔", "伊藤 桜"];

/// Writes a passphrase into a file of its own.
fn passphrase(folder: &Path, custodian: usize) -> String {
    let file = folder.join(format!("passphrase-{custodian}"));
    std::fs::write(&file, format!("custodian {custodian}'s own\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    file.to_str().unwrap().to_owned()
}

fn arguments(command: &[&str], rest: impl IntoIterator<Item = String>) -> Vec<String> {
    CUSTODY.iter().chain(command).map(|word| (*word).to_owned()).chain(rest).collect()
}

/// The arguments that make shares for the first `of` custodians.
fn custodians(folder: &Path, quorum: &str, of: usize, into: &str) -> Vec<String> {
    let mut arguments = vec!["--quorum".to_owned(), quorum.to_owned(), "--into".to_owned(), into.to_owned()];
    for (place, name) in NAMES.iter().enumerate().take(of) {
        let file = passphrase(folder, place + 1);
        arguments.extend(["--custodian", name, "--new-share-passphrase-file", &file].map(str::to_owned));
    }
    arguments
}

/// The arguments that bring these custodians' shares from a folder.
fn brought(folder: &Path, shares: &str, numbers: &[usize]) -> Vec<String> {
    let mut arguments = Vec::new();
    for number in numbers {
        let share = share(folder, shares, *number).to_str().unwrap().to_owned();
        arguments.extend(["--share".to_owned(), share]);
        arguments.extend(["--share-passphrase-file".to_owned(), passphrase(folder, *number)]);
    }
    arguments
}

fn share(folder: &Path, shares: &str, number: usize) -> PathBuf {
    let begins = format!("share-{number}-of-");
    let mut files = std::fs::read_dir(folder.join(shares)).unwrap().map(|entry| entry.unwrap().path());
    files.find(|file| file.file_name().unwrap().to_str().unwrap().starts_with(&begins)).unwrap()
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// An installation whose keys open for three of five.
fn shared(name: &str) -> PathBuf {
    let folder = scratch(name);
    init(&folder);
    printed(&folder, &words(&arguments(&["create"], custodians(&folder, "3-of-5", 5, "shares"))));
    folder
}

fn verified(folder: &Path, shares: &str, numbers: &[usize]) -> (i32, String) {
    said(folder, &words(&arguments(&["verify"], brought(folder, shares, numbers))))
}

#[test]
fn any_three_of_five_open_the_keys_and_the_old_passphrase_does_not() {
    let folder = shared("custody-create");
    for numbers in [[1, 2, 3], [5, 3, 1], [4, 2, 5]] {
        let (code, text) = verified(&folder, "shares", &numbers);
        assert_eq!(code, 0, "{text}");
    }
    let proven = printed(&folder, &words(&arguments(&["verify"], brought(&folder, "shares", &[2, 4, 5]))));
    assert!(proven.contains("鈴木 一郎, 田中 稔, 伊藤 桜"), "{proven}");
    let doctor = lgpki(&folder, &["--config", "ca/lgpki.toml", "doctor"]);
    assert!(!doctor.status.success(), "the old passphrase opens nothing any more");
    for number in 1..=5 {
        let mode = std::fs::metadata(share(&folder, "shares", number)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn fewer_or_the_same_custodian_again_open_nothing() {
    let folder = shared("custody-fewer");
    let (code, text) = verified(&folder, "shares", &[1, 2]);
    assert_eq!((code, text.contains("2 of 3 custodians are here")), (7, true), "{text}");
    let (code, text) = verified(&folder, "shares", &[1, 2, 1]);
    assert_eq!((code, text.contains("佐藤 花子 has been brought already")), (7, true), "{text}");
    let (code, text) = said(&folder, &words(&arguments(&["create"], custodians(&folder, "1-of-5", 5, "alone"))));
    assert_eq!((code, text.contains("at least two custodians must come together")), (2, true), "{text}");
    let (code, text) = said(&folder, &words(&arguments(&["create"], custodians(&folder, "2-of-2", 2, "again"))));
    assert_eq!((code, text.contains("has custodians already")), (7, true), "{text}");
    assert!(!folder.join("again").exists());
}

#[test]
fn a_wrong_passphrase_and_a_damaged_file_are_told_apart() {
    let folder = shared("custody-damaged");
    let mut wrong = brought(&folder, "shares", &[1, 2, 3]);
    wrong[7] = passphrase(&folder, 1);
    let (code, text) = said(&folder, &words(&arguments(&["verify"], wrong)));
    assert_eq!((code, text.contains("is not the one 鈴木 一郎 chose")), (3, true), "{text}");
    let file = share(&folder, "shares", 3);
    let whole = std::fs::read_to_string(&file).unwrap();
    let cut = whole.rfind("-----END").unwrap();
    let other = if &whole[cut - 8..cut - 7] == "A" { "B" } else { "A" };
    std::fs::write(&file, format!("{}{other}{}", &whole[..cut - 8], &whole[cut - 7..])).unwrap();
    let (code, text) = verified(&folder, "shares", &[1, 2, 3]);
    assert_eq!((code, text.contains("damaged")), (6, true), "{text}");
}

#[test]
fn who_leaves_cannot_open_any_more() {
    let folder = shared("custody-reshare");
    let mut again = brought(&folder, "shares", &[1, 3, 5]);
    again.extend(custodians(&folder, "2-of-4", 4, "later"));
    let made = printed(&folder, &words(&arguments(&["reshare"], again)));
    assert!(made.contains("any 2 of 4 custodians") && made.contains("are void: destroy them"), "{made}");
    assert_eq!(verified(&folder, "later", &[4, 2]).0, 0);
    let (code, text) = verified(&folder, "shares", &[1, 2, 3]);
    assert_eq!((code, text.contains("opens nothing any more")), (7, true), "{text}");
    let (code, text) = verified(&folder, "later", &[1]);
    assert_eq!((code, text.contains("1 of 2 custodians are here")), (7, true), "{text}");
}

#[test]
fn a_share_says_what_it_is_without_being_opened() {
    let folder = shared("custody-inspect");
    let file = share(&folder, "shares", 4);
    let said = printed(&folder, &words(&arguments(&["inspect"], [file.to_str().unwrap().to_owned()])));
    assert!(said.contains("share 4 of 5 of the set ") && said.contains("custodian: 田中 稔"), "{said}");
    let json = arguments(&["inspect", "--format", "json"], [file.to_str().unwrap().to_owned()]);
    let json: serde_json::Value = serde_json::from_str(&printed(&folder, &words(&json))).unwrap();
    assert_eq!((json["least"].as_u64(), json["opens"].as_str()), (Some(3), Some("folder")));
    // What opens the share, and the share itself, are nowhere in it.
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("custodian 4's own"));
}
