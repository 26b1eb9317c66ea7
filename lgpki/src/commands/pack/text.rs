//! Packs for people at a terminal, in their language. Names of fields are those of packs and RFC 5280 and stay as they are.

use super::Shown;
use crate::commands::lint::Language;
use crate::out::visible;
use ca_core::profile::pack::Difference;
use ca_core::profile::{Described, Pack, PackErrors, Text};
use std::fmt::Write as _;

/// A text in one language.
pub(super) fn said(text: &Text, language: Language) -> &str {
    match language {
        Language::Ja => &text.ja,
        Language::En => &text.en,
    }
}

/// From when to when a pack may be issued by: days in Japan.
pub(super) fn period(pack: &Pack, language: Language) -> String {
    let experimental = match (pack.experimental, language) {
        (false, _) => "",
        (true, Language::Ja) => "、実験用（本番では使えません）",
        (true, Language::En) => ", experimental: not for production",
    };
    let day = |at: ca_core::time::Timestamp| at.jst().chars().take(10).collect::<String>();
    let from = day(pack.effective_from);
    match (language, pack.effective_until.map(day)) {
        (Language::Ja, Some(until)) => format!("{from} から {until} まで有効（日本の日付、両端を含む）{experimental}"),
        (Language::Ja, None) => format!("{from} から有効（日本の日付）{experimental}"),
        (Language::En, Some(until)) => {
            format!("in effect from {from} to {until} (days in Japan, both included){experimental}")
        }
        (Language::En, None) => format!("in effect from {from} (a day in Japan){experimental}"),
    }
}

// Writing to a String does not fail; each `let _` below is one.

/// Each file: in order, with what it holds, or every line that is wrong.
pub(super) fn of_check(read: &[(&str, Result<Pack, PackErrors>)], language: Language) -> String {
    let mut text = String::new();
    for (file, pack) in read {
        let file = visible(file);
        let _ = match (pack, language) {
            (Ok(pack), _) => {
                writeln!(text, "✓ {file}: {} {}, {}", pack.name, visible(&pack.version), counts(pack, language))
            }
            (Err(errors), Language::Ja) => writeln!(text, "✗ {file}: 誤りが{}件あります。", errors.0.len()),
            (Err(PackErrors(errors)), Language::En) => match errors.len() {
                1 => writeln!(text, "✗ {file}: 1 thing is wrong"),
                several => writeln!(text, "✗ {file}: {several} things are wrong"),
            },
        };
        for error in pack.as_ref().err().iter().flat_map(|errors| &errors.0) {
            let _ = writeln!(text, "    {file}:{}: {}", error.line, visible(&error.reason));
        }
    }
    let refused = read.iter().filter(|(_, pack)| pack.is_err()).count();
    text.push_str(match (refused, language) {
        (0, Language::Ja) => "誤りはありません。設定ファイルの [policy] packs に書けば使えます。",
        (0, Language::En) => "In order. To use one, name it in the configuration, in [policy] packs.",
        (_, Language::Ja) => {
            "誤りのあるポリシーパックでは起動できません。直す行は上のとおりです。書き方は docs/profiles.md にあります。"
        }
        (_, Language::En) => {
            "The service does not start with a refused pack. Correct the lines above; docs/profiles.md shows how packs are written."
        }
    });
    text
}

fn counts(pack: &Pack, language: Language) -> String {
    let (authorities, policies, profiles) = (pack.authorities.len(), pack.policies.len(), pack.profiles().len());
    match language {
        Language::Ja => format!("認証局 {authorities}、ポリシー {policies}、プロファイル {profiles}"),
        Language::En => format!("authorities {authorities}, policies {policies}, profiles {profiles}"),
    }
}

/// An overview of each pack; every field where one pack or profile was asked for.
pub(super) fn of_packs(shown: &Shown, language: Language) -> String {
    let mut text = String::new();
    match (&shown.only, shown.packs.as_slice()) {
        (Some(profile), packs) => {
            let of = packs.first().map(|pack| format!("{} {}", pack.name, visible(&pack.version))).unwrap_or_default();
            let _ = writeln!(text, "{of}\n");
            write_whole(
                &mut text,
                &format!("profile {}", profile.id),
                (&profile.title, Some(&profile.about)),
                language,
            );
            write_fields(&mut text, &profile.described());
        }
        (None, packs) => {
            for pack in packs {
                write_overview(&mut text, pack, language);
                if !shown.shipped {
                    write_everything(&mut text, pack, language);
                }
            }
            if shown.shipped {
                text.push_str(match language {
                    Language::Ja => {
                        "全項目は: lgpki pack show NAME、一つのプロファイルは: lgpki pack show --profile NAME"
                    }
                    Language::En => "Every field: lgpki pack show NAME; one profile: lgpki pack show --profile NAME",
                });
            }
        }
    }
    text.trim_end().to_owned()
}

fn write_overview(text: &mut String, pack: &Pack, language: Language) {
    let _ = writeln!(text, "{} {}  {}", pack.name, visible(&pack.version), visible(said(&pack.title, language)));
    let _ = writeln!(text, "  {}", period(pack, language));
    let _ = writeln!(text, "  {}\n", counts(pack, language));
    let authorities = pack.authorities.iter().map(|one| {
        let keys = one.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        [one.id.to_string(), keys, visible(said(&one.title, language)).into_owned()]
    });
    write_columns(text, authorities.collect());
    let profiles = pack.profiles().iter().map(|one| {
        let issuers = one.issuers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let title = visible(said(&one.title, language)).into_owned();
        [one.id.to_string(), format!("{:>4}  {issuers}", one.validity.length.to_string()), title]
    });
    write_columns(text, profiles.collect());
}

/// Rows whose first two columns are ASCII; the last may be in any script, so nothing has to stand in line behind it.
fn write_columns(text: &mut String, rows: Vec<[String; 3]>) {
    let widest = |of: fn(&[String; 3]) -> &String| rows.iter().map(|row| of(row).len()).max().unwrap_or(0);
    let (first, second) = (widest(|[first, ..]| first), widest(|[_, second, _]| second));
    for [name, middle, title] in &rows {
        let _ = writeln!(text, "  {name:first$}  {middle:second$}  {title}");
    }
    text.push('\n');
}

fn write_everything(text: &mut String, pack: &Pack, language: Language) {
    for date in pack.calendar.dates() {
        let _ = writeln!(text, "{}: {}  ({})", date.of, date.allowed, visible(&date.source));
    }
    text.push('\n');
    for policy in &pack.policies {
        let _ = writeln!(text, "policy {}", policy.id);
        let fields =
            [("oid", Some(policy.oid.to_string())), ("cps", policy.cps.clone()), ("notice", policy.notice.clone())];
        write_fields(text, &fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect());
    }
    for one in &pack.authorities {
        write_whole(text, &format!("authority {}", one.id), (&one.title, None), language);
        write_fields(text, &one.described());
    }
    for one in pack.profiles() {
        write_whole(text, &format!("profile {}", one.id), (&one.title, Some(&one.about)), language);
        write_fields(text, &one.described());
    }
}

fn write_whole(text: &mut String, name: &str, (title, about): (&Text, Option<&Text>), language: Language) {
    let _ = writeln!(text, "{name}  {}", visible(said(title, language)));
    if let Some(about) = about {
        let _ = writeln!(text, "  {}", visible(said(about, language)));
    }
}

/// Fields below each other, without the texts that stand above them.
fn write_fields(text: &mut String, fields: &Described) {
    let fields = fields.iter().filter(|(name, _)| !["title", "about"].contains(name));
    for (name, value) in fields {
        let _ = writeln!(text, "  {name:<21} {}", visible(value));
    }
    text.push('\n');
}

/// What the second pack says differently, by table and field, each side on its own line.
pub(super) fn of_differences(sides: [(&str, &Pack); 2], differences: &[Difference], language: Language) -> String {
    let mut text = String::new();
    for (mark, (file, pack)) in ["---", "+++"].into_iter().zip(sides) {
        let _ = writeln!(text, "{mark} {}  ({} {})", visible(file), pack.name, visible(&pack.version));
    }
    let mut of = None;
    for one in differences {
        let whole = match (one.field.is_empty(), &one.before, &one.after) {
            (true, Some(_), None) => "- ",
            (true, None, Some(_)) => "+ ",
            _ => "  ",
        };
        if of != Some(&one.of) {
            let _ = writeln!(text, "\n{whole}{}", one.of);
        }
        of = Some(&one.of);
        if one.field.is_empty() {
            continue;
        }
        let _ = writeln!(text, "    {}", one.field);
        for (mark, value) in [('-', &one.before), ('+', &one.after)] {
            if let Some(value) = value {
                let _ = writeln!(text, "      {mark} {}", visible(value));
            }
        }
    }
    // What is new as a whole is said field by field; people count it once.
    let new = |one: &&Difference| one.field.is_empty() && one.before.is_none();
    let added: Vec<&str> = differences.iter().filter(new).map(|one| one.of.as_str()).collect();
    let count = differences.iter().filter(|one| one.field.is_empty() || !added.contains(&one.of.as_str())).count();
    let _ = match (count, language) {
        (0, Language::Ja) => write!(text, "\n違いはありません。"),
        (0, Language::En) => write!(text, "\nNothing is different."),
        (count, Language::Ja) => write!(text, "\n違いは{count}件です。"),
        (1, Language::En) => write!(text, "\n1 difference."),
        (count, Language::En) => write!(text, "\n{count} differences."),
    };
    text
}
