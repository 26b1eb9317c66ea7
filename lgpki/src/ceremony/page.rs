//! The record on paper: one HTML file without scripts and without anything from elsewhere, in Japanese and English.

use super::record::{Confirmed, Read, Record, Told};
use std::fmt::Write as _;

const STYLE: &str = "body{font-family:sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;line-height:1.5}\
table{border-collapse:collapse;width:100%}td,th{border:1px solid #666;padding:.3rem;text-align:left;vertical-align:top}\
code{font-family:monospace;overflow-wrap:anywhere}.words{white-space:pre-line;font-size:1.2rem}.mark{border:3px solid #a00;\
color:#a00;padding:.5rem;font-weight:bold}section{break-inside:avoid}@media print{body{margin:0;max-width:none}}";

/// The page of a record.
pub fn of(record: &Record) -> String {
    let mut page = String::new();
    // Writing to a String does not fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"ja\"><head><meta charset=\"utf-8\"><title>{ja}</title><style>{STYLE}</style></head>\n\
         <body><h1>{ja}<br><span lang=\"en\">{en}</span></h1>\n",
        ja = escaped(&record.title.0),
        en = escaped(&record.title.1),
    );
    if record.rehearsal {
        page +=
            "<p class=\"mark\">予行演習の記録です。<span lang=\"en\">Rehearsal: nothing of this counts.</span></p>\n";
    }
    let from_file = |answered: &str| answered != "terminal";
    let steps = record.steps.iter().flat_map(|step| &step.confirmed);
    if record.opening.iter().chain(steps).any(|(_, answered, _)| from_file(answered)) {
        page += "<p class=\"mark\">確認はファイルから読み込まれました。<span lang=\"en\">Confirmations were read from a file.</span></p>\n";
    }
    let _ = write!(
        page,
        "<p>場所 <span lang=\"en\">Place</span>: {}</p>\n<h2>出席者 <span lang=\"en\">Present</span></h2><ul>",
        escaped(&record.place)
    );
    for (name, role) in &record.people {
        let _ = write!(page, "<li>{} ({})</li>", escaped(name), escaped(role));
    }
    for (store, custodians, at) in &record.activated {
        let _ = write!(
            page,
            "<li>{} {}: {} <span lang=\"en\">opened by its custodians</span></li>",
            escaped(at),
            escaped(store),
            escaped(&custodians.join(", "))
        );
    }
    page += "</ul>\n";
    digest(&mut page, "手順書のSHA-256", "SHA-256 of the script", &record.script);
    if let Some(earlier) = &record.earlier {
        digest(&mut page, "前回セレモニーのジャーナル", "Journal of the earlier ceremony", &earlier.journal);
        digest(&mut page, "前回セレモニーの記録", "Record of the earlier ceremony", &earlier.record);
    }
    confirmations(&mut page, &record.opening);
    record.steps.iter().for_each(|step| of_step(&mut page, step));
    digest(&mut page, "記録の署名鍵", "Key that signs this record", &record.record_key);
    let _ = writeln!(
        page,
        "<p>ジャーナル <span lang=\"en\">Journal</span>: {} <code>{}</code></p><p>{}</p></body></html>",
        record.journal.1,
        escaped(&record.journal.0),
        escaped(&record.program),
    );
    page
}

fn of_step(page: &mut String, step: &Told) {
    let _ = writeln!(
        page,
        "<section><h2>{}</h2><p>{}<br><span lang=\"en\">{}</span></p><p>確認事項 <span lang=\"en\">To be seen</span>: {}</p>",
        escaped(&step.id),
        escaped(&step.what.0),
        escaped(&step.what.1),
        escaped(&step.see),
    );
    for (made, read) in &step.made {
        digest(page, &made.what, made.file.as_deref().unwrap_or_default(), read);
    }
    confirmations(page, &step.confirmed);
    *page += "</section>\n";
}

fn confirmations(page: &mut String, confirmed: &[Confirmed]) {
    *page += "<table><tr><th>確認者 <span lang=\"en\">Confirmed by</span></th><th>時刻 <span lang=\"en\">At</span></th><th>方法 <span lang=\"en\">How</span></th></tr>";
    for (name, answered, at) in confirmed {
        let _ =
            write!(page, "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", escaped(name), escaped(at), escaped(answered));
    }
    *page += "</table>";
}

fn digest(page: &mut String, ja: &str, en: &str, read: &Read) {
    let _ = writeln!(
        page,
        "<p>{} <span lang=\"en\">{}</span><br><code>{}</code></p><p class=\"words\">{}</p>",
        escaped(ja),
        escaped(en),
        escaped(&read.sha256),
        escaped(&read.words),
    );
}

/// Text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(super::escaped("<b>&\"x\""), "&lt;b&gt;&amp;&quot;x&quot;");
    }
}
