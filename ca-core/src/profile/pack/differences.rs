//! What two packs say differently, field by field: what a reviewer reads before a new version takes effect.

use super::Pack;

/// One thing that two packs say differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it belongs to: `profile web-server`.
    pub of: String,
    /// Which field: `validity.length`; empty for the whole.
    pub field: String,
    /// What the first says; `None` when it does not say it.
    pub before: Option<String>,
    /// What the second says; `None` when it does not say it.
    pub after: Option<String>,
}

/// Everything that differs, in the order of the first, then what is only in the second.
pub(super) fn between(before: &Pack, after: &Pack) -> Vec<Difference> {
    let mut found = Vec::new();
    let (first, second) = (tables(before), tables(after));
    for (of, fields) in &first {
        match second.iter().find(|(other, _)| other == of) {
            None => found.push(whole(of, Some(""), None)),
            Some((_, others)) => {
                for (field, before) in fields {
                    let after = others.iter().find(|(other, _)| other == field).map(|(_, value)| value);
                    if after != Some(before) {
                        found.push(Difference {
                            of: of.clone(),
                            field: (*field).to_owned(),
                            before: Some(before.clone()),
                            after: after.cloned(),
                        });
                    }
                }
            }
        }
    }
    found.extend(
        second
            .iter()
            .filter(|(of, _)| !first.iter().any(|(other, _)| other == of))
            .map(|(of, _)| whole(of, None, Some(""))),
    );
    found
}

fn whole(of: &str, before: Option<&str>, after: Option<&str>) -> Difference {
    Difference {
        of: of.to_owned(),
        field: String::new(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }
}

type Table = (String, Vec<(&'static str, String)>);

/// A pack as tables of named texts.
fn tables(pack: &Pack) -> Vec<Table> {
    let mut tables = vec![(
        "pack".to_owned(),
        vec![
            ("name", pack.name.to_string()),
            ("version", pack.version.clone()),
            ("effective-from", pack.effective_from.rfc3339()),
            ("effective-until", pack.effective_until.map(crate::time::Timestamp::rfc3339).unwrap_or_default()),
            (
                "crypto",
                pack.calendar
                    .dates()
                    .iter()
                    .map(|date| format!("{}: {}", date.of, date.allowed))
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
        ],
    )];
    tables.extend(pack.policies.iter().map(|policy| {
        let fields = vec![
            ("oid", policy.oid.to_string()),
            ("cps", policy.cps.clone().unwrap_or_default()),
            ("notice", policy.notice.clone().unwrap_or_default()),
        ];
        (format!("policy {}", policy.id), fields)
    }));
    tables.extend(
        pack.authorities.iter().map(|authority| (format!("authority {}", authority.id), authority.described())),
    );
    tables.extend(pack.profiles().iter().map(|profile| (format!("profile {}", profile.id), profile.described())));
    tables
}
