//! docs/profiles.md says what the shipped packs say.

use crate::expect_none;
use crate::repository::text;

#[test]
fn the_page_of_profiles_is_made_from_the_shipped_packs() {
    let (found, made) = (text("docs/profiles.md"), lgpki::commands::pack::profiles_page().unwrap());
    // The first line that differs, or the first that only one has.
    let (mut found, mut made) = (found.split('\n'), made.split('\n'));
    let different = (1..).map_while(|number| match (found.next(), made.next()) {
        (None, None) => None,
        (there, wanted) if there == wanted => Some(None),
        (there, wanted) => Some(Some((number, there, wanted))),
    });
    let first = different.flatten().next();
    let say = |line: Option<&str>| line.map_or("nothing".to_owned(), |line| format!("“{line}”"));
    expect_none(
        first
            .map(|(number, there, wanted)| {
                format!("docs/profiles.md:{number}: {} where the packs say {}", say(there), say(wanted))
            })
            .into_iter()
            .collect(),
        "do not write into that page; let the packs say it: \
         `cargo run -q -p lgpki -- pack show --format markdown > docs/profiles.md`",
    );
}
