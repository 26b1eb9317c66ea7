//! Organisations and officers from the command line: what is registered, what is refused and why.

use super::{init, lgpki, printed, said, scratch};
use std::os::unix::fs::PermissionsExt;

/// `lgpki org add` with that code, otherwise as it should be.
fn org_add<'a>(code: &'a str, domain: &'a str) -> Vec<&'a str> {
    let names = ["--name", "白樺町", "--kana", "シラカバチョウ", "--name-en", "Shirakaba Town"];
    [&["--config", "ca/lgpki.toml", "org", "add", "--code", code, "--domain", domain][..], &names].concat()
}

/// `lgpki officer add` in that organisation, otherwise as it should be.
fn officer_add<'a>(org: &'a str, login: &'a str, role: &'a str) -> Vec<&'a str> {
    let config = ["--config", "ca/lgpki.toml", "officer", "add", "--name", "佐藤 花子"];
    [&config[..], &["--org", org, "--login", login, "--role", role]].concat()
}

#[test]
fn an_organisation_is_registered_once_and_with_its_right_code() {
    let folder = scratch("org");
    init(&folder);
    assert_eq!(
        said(&folder, &org_add("019993", "town.shirakaba.lg.jp")),
        (
            2,
            "lgpki: 019993 is no local government code\n  why: the check digit of 01999 is 2, not 3\n  \
             to do: if the first five digits are right, write 019992\n"
                .to_owned()
        )
    );
    let (code, text) = said(&folder, &org_add("019992", "lg.jp"));
    assert_eq!(code, 2);
    assert!(text.starts_with("lgpki: lg.jp belongs to many organisations\n  why: "), "{text}");
    let add = org_add("019992", "town.shirakaba.lg.jp");
    assert_eq!(said(&folder, &[&add[..], &["--verified-days", "399"]].concat()).0, 2);
    assert_eq!(printed(&folder, &add), "registered: 019992 白樺町 (Shirakaba Town)\n");
    assert_eq!(
        said(&folder, &add),
        (
            7,
            "lgpki: the organisation 019992 is registered already\n  why: a code belongs to one organisation, and \
             nothing is ever overwritten\n  to do: `lgpki org list` shows it; its people are added with `lgpki officer \
             add`\n"
                .to_owned()
        )
    );
}

#[test]
fn an_officer_is_registered_once_in_an_organisation_with_a_role() {
    let folder = scratch("officer");
    init(&folder);
    let (code, text) = said(&folder, &officer_add("019992", "sato", "officer"));
    assert_eq!(code, 7);
    assert!(text.starts_with("lgpki: there is no organisation 019992 in the register\n  to do: "), "{text}");
    printed(&folder, &org_add("019992", "town.shirakaba.lg.jp"));
    let (code, text) = said(&folder, &officer_add("019992", "sato", "mayor"));
    assert_eq!(code, 2);
    assert!(text.contains("[possible values: officer, manager, ra-operator, auditor]"), "{text}");
    let shown = printed(&folder, &officer_add("019992", "sato", "officer"));
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].starts_with("password       ") && lines[0].len() == 15 + 19, "{shown}");
    assert!(lines[1].starts_with("authenticator  ") && lines[1].len() == 15 + 32, "{shown}");
    assert_eq!(lines[2], "registered: sato 佐藤 花子, officer of 白樺町 (019992)");
    assert_eq!(
        said(&folder, &officer_add("019992", "sato", "manager")),
        (
            7,
            "lgpki: there is an account sato already\n  why: a log-in name belongs to one person for good, also after a \
             suspension\n  to do: choose another; `lgpki officer list` shows those taken\n"
                .to_owned()
        )
    );
    let (code, text) = said(&folder, &officer_add("019992", "Sato", "officer"));
    assert_eq!((code, text.starts_with("lgpki: \"Sato\" is no log-in name")), (2, true), "{text}");
}

#[test]
fn a_chosen_password_comes_from_a_file_only_its_owner_reads() {
    let folder = scratch("password-file");
    init(&folder);
    printed(&folder, &org_add("019992", "town.shirakaba.lg.jp"));
    let file = folder.join("password");
    let add = [&officer_add("019992", "sato", "officer")[..], &["--password-file", "password"]].concat();
    let write = |text: &str, mode: u32| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    write("correct horse\n", 0o644);
    let (code, text) = said(&folder, &add);
    assert!(code == 3 && text.contains("chmod 600 password"), "{text}");
    write("short\n", 0o600);
    let (code, text) = said(&folder, &add);
    assert!(code == 7 && text.starts_with("lgpki: the password has 5 characters"), "{text}");
    write(&"x".repeat(1025), 0o600);
    assert_eq!(said(&folder, &add).0, 3, "never cut off silently");
    let (code, text) = said(&folder, &[&officer_add("019992", "sato", "officer")[..], &["--ask-password"]].concat());
    assert!(code == 3 && text.contains("no terminal"), "{text}");
    assert_eq!(
        printed(&folder, &["--config", "ca/lgpki.toml", "officer", "list"]),
        "",
        "none of these made an account"
    );
    write("correct horse\n", 0o600);
    let shown = printed(&folder, &add);
    assert!(
        !shown.contains("correct") && shown.contains("authenticator  ") && shown.contains("registered: "),
        "{shown}"
    );
}

#[test]
fn a_suspended_officer_stays_in_the_list() {
    let folder = scratch("suspend");
    init(&folder);
    printed(&folder, &org_add("019992", "town.shirakaba.lg.jp"));
    printed(&folder, &officer_add("019992", "sato", "auditor"));
    let suspend = |login| ["--config", "ca/lgpki.toml", "officer", "suspend", "--login", login];
    let (code, text) = said(&folder, &suspend("suzuki"));
    assert!(code == 7 && text.starts_with("lgpki: there is no account suzuki\n  to do: "), "{text}");
    assert_eq!(printed(&folder, &suspend("sato")), "suspended: sato 佐藤 花子, sessions ended: 0\n");
    assert_eq!(printed(&folder, &suspend("sato")), "sato 佐藤 花子 was suspended before\n");
    let json = printed(&folder, &["--config", "ca/lgpki.toml", "officer", "list", "--format", "json"]);
    let listing: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!({"schema": "lgpki.officers/1", "officers": [
        {"login": "sato", "name": "佐藤 花子", "role": "auditor", "organisation": "019992", "active": false},
    ]});
    assert_eq!(listing, expected);
}

#[test]
fn registering_needs_an_installation() {
    let folder = scratch("nowhere-to-register");
    init(&folder);
    std::fs::remove_file(folder.join("ca/lgpki.db")).unwrap();
    std::fs::write(folder.join("ca/lgpki.db"), "").unwrap();
    let (code, text) = said(&folder, &["--config", "ca/lgpki.toml", "org", "list"]);
    assert_eq!(code, 3);
    assert!(text.contains("holds no installation\n  to do: `lgpki init` makes one"), "{text}");
}

/// `lgpki org add` without names, the register being asked for them.
fn org_add_known<'a>(code: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["--config", "ca/lgpki.toml", "org", "add", "--code", code][..], more].concat()
}

#[test]
fn names_come_from_the_register_when_they_are_left_out() {
    let folder = scratch("known");
    init(&folder);
    let add = lgpki(&folder, &org_add_known("013455", &["--domain", "town.hokkaido-mori.lg.jp"]));
    assert_eq!(String::from_utf8(add.stdout).unwrap(), "registered: 013455 森町 (Mori Town)\n");
    assert_eq!(
        String::from_utf8(add.stderr).unwrap(),
        "note: certificates will carry \"Mori Town\", derived from the reading; write --name-en for another\n"
    );
    let (code, text) = said(&folder, &org_add_known("011002", &["--domain", "www.city.sapporo.jp"]));
    assert_eq!(code, 0);
    assert!(text.starts_with("note: certificates will carry \"Sapporo City\", "), "{text}");
    let (code, text) = said(&folder, &org_add_known("011011", &["--domain", "city.sapporo.lg.jp"]));
    assert_eq!(code, 2);
    assert!(text.starts_with("lgpki: --name-en is missing\n  why: "), "{text}");
    let (code, text) = said(&folder, &org_add_known("019992", &["--domain", "town.shirakaba.lg.jp"]));
    assert_eq!(code, 2);
    assert!(text.starts_with("lgpki: --name is missing\n  why: the code is not in the register"), "{text}");
    let (code, text) = said(&folder, &org_add("224618", "town.morimachi.shizuoka.jp"));
    assert_eq!(code, 0);
    assert!(text.starts_with("note: the register knows 224618 as 森町, not as 白樺町"), "{text}");
    let (code, text) = said(&folder, &org_add("019992", "town.shirakaba.lg.jp"));
    assert_eq!(code, 0);
    assert!(text.starts_with("note: 019992 is not in the register of local governments"), "{text}");
}

#[test]
fn a_domain_that_cannot_be_the_bodys_own_is_refused_with_the_reason() {
    let folder = scratch("whose");
    init(&folder);
    let add = |domain: &'static str| org_add_known("013455", &["--domain", domain]);
    let (code, text) = said(&folder, &add("town.yakumo.lg.jp"));
    assert_eq!(code, 7);
    assert!(text.contains("\n  why: it reads like the name of 013463 八雲町\n  to do: "), "{text}");
    let (code, text) = said(&folder, &add("pref.osaka.lg.jp"));
    assert_eq!(code, 7);
    assert!(text.contains("\n  why: it belongs to 270008 大阪府\n  to do: "), "{text}");
    assert_eq!(said(&folder, &[&add("pref.osaka.lg.jp")[..], &["--domain-as-typed"]].concat()).0, 7);
    let (code, text) = said(&folder, &add("town.hokaido-mori.lg.jp"));
    assert_eq!(code, 7);
    assert!(text.contains("it looks like a slip of town.hokkaido-mori.lg.jp\n"), "{text}");
    let (code, text) = said(&folder, &add("city.mori.lg.jp"));
    assert_eq!(code, 7);
    assert!(text.contains("names of a town begin with town\n"), "{text}");
    assert_eq!(said(&folder, &[&add("town.hokaido-mori.lg.jp")[..], &["--domain-as-typed"]].concat()).0, 0);
}

#[test]
fn bodies_that_are_in_no_list_come_from_a_file_of_ones_own() {
    let folder = scratch("own-register");
    init(&folder);
    let file = folder.join("own.csv");
    std::fs::write(&file, "900010,provider,白樺情報,シラカバジョウホウ,\n").unwrap();
    let domain = ["--domain", "shirakaba-joho.example.jp", "--name-en", "Shirakaba Joho", "--register", "own.csv"];
    let shown = printed(&folder, &org_add_known("900010", &domain));
    assert_eq!(shown, "registered: 900010 白樺情報 (Shirakaba Joho)\n");
    std::fs::write(&file, "900010,company,白樺情報,シラカバジョウホウ,\n").unwrap();
    let (code, text) = said(&folder, &org_add_known("900010", &domain));
    assert_eq!(code, 3);
    assert!(
        text.starts_with("lgpki: own.csv is no register of bodies\n  why: line 1: \"company\" is no kind\n"),
        "{text}"
    );
    let (code, text) = said(&folder, &org_add_known("019992", &["--kind", "county", "--domain", "a.jp"]));
    assert!(code == 2 && text.contains("it is one of prefecture, designated-city"), "{text}");
}

#[test]
fn the_register_is_searched_in_two_languages() {
    let folder = scratch("search");
    let search = |more: &[&'static str]| lgpki(&folder, &[&["org", "register"][..], more].concat());
    let text = |more: &[&'static str]| String::from_utf8(search(more).stdout).unwrap();
    assert_eq!(text(&["search", "hokkaido-mori"]), "013455  森町 (モリマチ)  town\n");
    assert_eq!(text(&["search", "pref.osaka"]), "270008  大阪府 (オオサカフ)  prefecture  pref.osaka.lg.jp\n");
    assert_eq!(
        text(&["show", "013455"]),
        "013455  森町 (モリマチ)  town\n        by its reading (not official): town.hokkaido-mori.lg.jp\n"
    );
    assert_eq!(
        text(&["show", "221384", "--lang", "ja"]).lines().take(2).collect::<Vec<_>>(),
        [
            "221384  浜松市中央区 (ハママツシチュウオウク)  指定都市の区",
            "        前身 221317 浜松市中区 (2024-01-01, 行政区の再編)"
        ]
    );
    assert!(text(&["show", "221350"]).starts_with("221350  浜松市北区 (ハママツシキタク)  ward  not in force\n"));
    let json: serde_json::Value = serde_json::from_str(&text(&["show", "221350", "--format", "json"])).unwrap();
    assert_eq!(json["schema"], "lgpki.register/1");
    assert_eq!(json["bodies"][0]["successors"][1]["code"], "221392");
    assert_eq!(json["bodies"][0]["in_force"], false);
    assert_eq!(search(&["search", "そんな町はない"]).status.code(), Some(1));
    assert_eq!(search(&["show", "019993"]).status.code(), Some(2));
}
