//! Packs as a page: docs/profiles.md, and the same of other packs. Two columns wherever possible, because wide tables are hard
//! to read; nothing in it depends on the day or the machine.

use super::Shown;
use super::text::{period, said};
use crate::commands::lint::Language;
use ca_core::key::KeyAlgorithm;
use ca_core::profile::{AuthorityRule, Described, Length, Pack, Profile};
use std::fmt::Write as _;

/// Words of a language.
struct Words {
    introduction: &'static str,
    holders: &'static str,
    servants: &'static str,
    experimental: &'static str,
    overview: &'static str,
    pack: &'static str,
    authority: &'static str,
    field: &'static str,
    setting: &'static str,
    policies: &'static str,
    policy: &'static str,
    dates: &'static str,
    date: &'static str,
    profiles: &'static str,
}

const ENGLISH: Words = Words {
    introduction: include_str!("introduction.en.txt"),
    holders: "## Certificates of holders\n\nAsked for with a request on the pages, approved by a second person.",
    servants: "## Certificates of CAs and their servants\n\nMade in ceremonies and renewals, never by a request.",
    experimental: "## Experimental\n\nTo try out what nobody may rely on yet: an installation issues by such a pack only if it names it, \
                   and production refuses it.\n[Post-quantum signatures](post-quantum.md) tells how, and what they weigh.",
    overview: "| Profile | What it is for | Issued by | Keys | Lives |",
    pack: "Pack",
    authority: "Authority",
    field: "| Field | What the certificate has |",
    setting: "| Field | What the pack says |",
    policies: "### Policies of",
    policy: "| Policy | Object identifier | Statement and notice |",
    dates: "### Dates of algorithms in",
    date: "| What | Allowed | Who says so |",
    profiles: "### Profiles of",
};

const JAPANESE: Words = Words {
    introduction: include_str!("introduction.ja.txt"),
    holders: "## 利用団体に発行する証明書\n\n画面から申請し、別の人が承認して発行します。",
    servants: "## 認証局とその関連サーバの証明書\n\n鍵の儀式と更新で発行します。申請では発行しません。",
    experimental: "## 実験用\n\n試験のためのもので、まだ誰も信頼してはいけません。設定で名指ししたときだけ使われ、本番では使えません。",
    overview: "| プロファイル | 用途 | 発行元 | 鍵 | 有効期間 |",
    pack: "ポリシーパック",
    authority: "認証局",
    field: "| 項目 | 証明書の内容 |",
    setting: "| 項目 | パックの内容 |",
    policies: "### ポリシー:",
    policy: "| ポリシー | オブジェクト識別子 | 運用規程と通知 |",
    dates: "### 暗号アルゴリズムの期限:",
    date: "| 対象 | 使える範囲 | 根拠 |",
    profiles: "### プロファイル:",
};

// Writing to a String does not fail; each `let _` below is one.

/// The page, without a line end at its end.
pub(super) fn of_packs(shown: &Shown, language: Language) -> String {
    let words = match language {
        Language::Ja => JAPANESE,
        Language::En => ENGLISH,
    };
    let page = Page { words, language };
    let mut text = String::new();
    if let Some(profile) = &shown.only {
        page.profile(&mut text, profile);
        return text.trim_end().to_owned();
    }
    if shown.shipped {
        let _ = writeln!(text, "{}", page.words.introduction);
    }
    // What one pack alone says needs no warning beyond its own.
    let apart = |pack: &&Pack| pack.experimental && shown.shipped;
    let profiles = || shown.packs.iter().filter(|pack| !apart(pack)).flat_map(Pack::profiles).map(AsRef::as_ref);
    page.overview(&mut text, page.words.holders, profiles().filter(|one| one.family.is_requested()));
    page.overview(&mut text, page.words.servants, profiles().filter(|one| !one.family.is_requested()));
    let tried = || shown.packs.iter().filter(apart).flat_map(Pack::profiles).map(AsRef::as_ref);
    page.overview(&mut text, page.words.experimental, tried());
    for pack in &shown.packs {
        page.pack(&mut text, pack);
    }
    text.trim_end().to_owned()
}

struct Page {
    words: Words,
    language: Language,
}

impl Page {
    fn overview<'a>(&self, text: &mut String, heading: &str, profiles: impl Iterator<Item = &'a Profile>) {
        let rows: Vec<String> = profiles.map(|profile| self.overview_row(profile)).collect();
        if !rows.is_empty() {
            let _ =
                writeln!(text, "{heading}\n\n{}\n|---|---|---|---|---|\n{}\n", self.words.overview, rows.join("\n"));
        }
    }

    fn overview_row(&self, profile: &Profile) -> String {
        let issuers = list(&profile.issuers);
        let (name, about) = (escaped(&profile.title.ja), escaped(said(&profile.about, self.language)));
        let life = self.length(profile.validity.length);
        format!("| [{0}](#{0})<br>{name} | {about} | {issuers} | {1} | {life} |", profile.id, kinds(&profile.keys))
    }

    fn length(&self, length: Length) -> String {
        match (length, self.language) {
            (Length::Years(years), Language::Ja) => format!("{years}年"),
            (Length::Days(days), Language::Ja) => format!("{days}日"),
            (Length::Years(1), Language::En) => "1\u{a0}year".to_owned(),
            (Length::Days(1), Language::En) => "1\u{a0}day".to_owned(),
            (Length::Years(years), Language::En) => format!("{years}\u{a0}years"),
            (Length::Days(days), Language::En) => format!("{days}\u{a0}days"),
        }
    }

    fn pack(&self, text: &mut String, pack: &Pack) {
        let (ja, en) = (escaped(&pack.title.ja), escaped(&pack.title.en));
        let _ = writeln!(text, "## {} {}\n\n**{ja} / {en}**\n", self.words.pack, pack.name);
        let _ =
            writeln!(text, "{} {}, {}.\n", version(self.language), escaped(&pack.version), period(pack, self.language));
        for authority in &pack.authorities {
            self.authority(text, authority);
        }
        let rows = pack.policies.iter().map(|policy| {
            let parts = [policy.cps.as_deref(), policy.notice.as_deref()].into_iter().flatten().map(escaped);
            format!("| {} | {} | {} |", policy.id, policy.oid, parts.collect::<Vec<_>>().join("<br>"))
        });
        table(text, (&format!("{} {}", self.words.policies, pack.name), self.words.policy), rows.collect());
        let rows = pack.calendar.dates().iter().map(|date| {
            format!("| {} | {} | {} |", date.of, escaped(&date.allowed.to_string()), escaped(&date.source))
        });
        table(text, (&format!("{} {}", self.words.dates, pack.name), self.words.date), rows.collect());
        let _ = writeln!(text, "{} {}\n", self.words.profiles, pack.name);
        for profile in pack.profiles() {
            self.profile(text, profile);
        }
    }

    fn authority(&self, text: &mut String, authority: &AuthorityRule) {
        let (ja, en) = (escaped(&authority.title.ja), escaped(&authority.title.en));
        let _ = writeln!(text, "### {} {}\n\n**{ja} / {en}**\n", self.words.authority, authority.id);
        fields(text, self.words.setting, &authority.described());
    }

    fn profile(&self, text: &mut String, profile: &Profile) {
        let (ja, en) = (escaped(&profile.title.ja), escaped(&profile.title.en));
        let about = escaped(said(&profile.about, self.language));
        let _ = writeln!(text, "#### {}\n\n**{ja} / {en}**. {about}\n", profile.id);
        fields(text, self.words.field, &profile.described());
    }
}

/// A table of three columns; nothing where it has no rows.
fn table(text: &mut String, (heading, columns): (&str, &str), rows: Vec<String>) {
    if !rows.is_empty() {
        let _ = writeln!(text, "{heading}\n\n{columns}\n|---|---|---|\n{}\n", rows.join("\n"));
    }
}

/// Fields and values, without the texts that stand above them.
fn fields(text: &mut String, columns: &str, fields: &Described) {
    let _ = writeln!(text, "{columns}\n|---|---|");
    for (name, value) in fields.iter().filter(|(name, _)| !["title", "about"].contains(name)) {
        let _ = writeln!(text, "| {name} | {} |", escaped(value));
    }
    text.push('\n');
}

const fn version(language: Language) -> &'static str {
    match language {
        Language::Ja => "版",
        Language::En => "Version",
    }
}

/// Keys in short: `EC 256, 384` and `RSA 2048, 3072`, each on a line.
fn kinds(keys: &[KeyAlgorithm]) -> String {
    let bits = |of: fn(&KeyAlgorithm) -> bool| {
        let mut bits: Vec<u16> = keys.iter().filter(|key| of(key)).map(|key| key.bits()).collect();
        bits.sort_unstable();
        list(&bits)
    };
    let mut sets: Vec<String> = keys
        .iter()
        .filter(|key| key.is_ml_dsa())
        .map(|key| key.signature_algorithm().name().replace("ML-DSA-", ""))
        .collect();
    sets.sort_unstable();
    let kinds = [("EC", bits(|key| key.is_ec())), ("RSA", bits(|key| key.is_rsa())), ("ML-DSA", list(&sets))];
    let kinds = kinds.into_iter().filter(|(_, bits)| !bits.is_empty()).map(|(kind, bits)| format!("{kind} {bits}"));
    kinds.collect::<Vec<_>>().join("<br>")
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// `text` as Markdown shows it as it is: nothing in a pack is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in crate::out::visible(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}
