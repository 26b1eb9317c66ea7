//! What two packs say differently, field by field: what a reviewer reads before a new version takes effect. Nothing that
//! counts may be missing here: packs without a difference are equal.

use super::Pack;
use crate::profile::Described;
use crate::time::Timestamp;

/// One thing that two packs say differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it belongs to: `profile web-server`.
    pub of: String,
    /// Which field: `validity`; empty for the whole.
    pub field: String,
    /// What the first says; `None` when it does not say it.
    pub before: Option<String>,
    /// What the second says; `None` when it does not say it.
    pub after: Option<String>,
}

/// A table of a pack, with what it says.
type Table = (String, Described);

/// Everything that differs, in the order of the first, then what is only in the second: such a table as a whole, and each of
/// its fields, because it is new to the reader.
pub(super) fn between(before: &Pack, after: &Pack) -> Vec<Difference> {
    let mut found = Vec::new();
    let (first, second) = (tables(before), tables(after));
    let among = |tables: &[Table], of: &String| tables.iter().any(|(other, _)| other == of);
    for (of, fields) in &first {
        match second.iter().find(|(other, _)| other == of) {
            None => found.push(one(of, "", Some(""), None)),
            Some((_, others)) => fields_between(of, fields, others, &mut found),
        }
    }
    for (of, fields) in second.iter().filter(|(of, _)| !among(&first, of)) {
        found.push(one(of, "", None, Some("")));
        fields_between(of, &[], fields, &mut found);
    }
    // Forms and pages show things in the order of the file.
    let order = |tables: &[Table], others: &[Table]| {
        let both = tables.iter().map(|(of, _)| of.clone()).filter(|of| among(others, of));
        both.collect::<Vec<_>>().join(", ")
    };
    let orders = (order(&first, &second), order(&second, &first));
    if orders.0 != orders.1 {
        found.push(one("pack", "order", Some(&orders.0), Some(&orders.1)));
    }
    found
}

/// What two tables of the same name say differently, in the order of the first, then what only the second says.
fn fields_between(
    of: &str,
    fields: &[(&'static str, String)],
    others: &[(&'static str, String)],
    found: &mut Vec<Difference>,
) {
    let value = |fields: &[(&'static str, String)], name: &str| {
        fields.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone())
    };
    for (field, before) in fields {
        let after = value(others, field);
        if after.as_ref() != Some(before) {
            found.push(one(of, field, Some(before), after.as_deref()));
        }
    }
    for (field, after) in others.iter().filter(|(field, _)| value(fields, field).is_none()) {
        found.push(one(of, field, None, Some(after)));
    }
}

fn one(of: &str, field: &str, before: Option<&str>, after: Option<&str>) -> Difference {
    Difference {
        of: of.to_owned(),
        field: field.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }
}

/// A pack as tables of named texts.
fn tables(pack: &Pack) -> Vec<Table> {
    let dates = pack.calendar.dates().iter().map(|date| format!("{}: {} ({})", date.of, date.allowed, date.source));
    let mut head = vec![
        ("name", pack.name.to_string()),
        ("version", pack.version.clone()),
        ("title", format!("{} / {}", pack.title.ja, pack.title.en)),
        ("effective-from", pack.effective_from.rfc3339()),
        ("effective-until", pack.effective_until.map(Timestamp::rfc3339).unwrap_or_default()),
        ("experimental", if pack.experimental { "yes".to_owned() } else { String::new() }),
        ("crypto", dates.collect::<Vec<_>>().join("; ")),
    ];
    head.retain(|(_, value)| !value.is_empty());
    let mut tables = vec![("pack".to_owned(), head)];
    tables.extend(pack.policies.iter().map(|policy| {
        let mut fields = vec![
            ("oid", policy.oid.to_string()),
            ("cps", policy.cps.clone().unwrap_or_default()),
            ("notice", policy.notice.clone().unwrap_or_default()),
        ];
        fields.retain(|(_, value)| !value.is_empty());
        (format!("policy {}", policy.id), fields)
    }));
    tables.extend(
        pack.authorities.iter().map(|authority| (format!("authority {}", authority.id), authority.described())),
    );
    tables.extend(pack.profiles().iter().map(|profile| (format!("profile {}", profile.id), profile.described())));
    tables
}
