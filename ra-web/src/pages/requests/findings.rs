//! The live diagnosis of a form in words: what is wrong so far, and what the signing request says.

use serde_json::json;

use crate::desk::check::Checked;
use crate::desk::diagnosis::{Examined, key_label};
use crate::desk::draft::Draft;
use crate::desk::problem::{Field, Problem};
use crate::locale::Words;
use crate::pages::hexadecimal;

/// What is known about the form so far: `state` is ok, warn, error or info.
pub(super) struct Finding {
    pub(super) state: &'static str,
    pub(super) text: String,
}

/// One sentence on the signing request, and everything found.
pub(super) struct Diagnosis {
    pub(super) summary: String,
    pub(super) items: Vec<Finding>,
}

impl Diagnosis {
    /// The same for the script, with the inputs it must empty.
    pub(super) fn json(&self, checked: &Checked) -> serde_json::Value {
        let items: Vec<_> = self.items.iter().map(|item| json!({ "state": item.state, "text": item.text })).collect();
        json!({ "summary": self.summary, "items": items, "forget": forgotten(checked) })
    }
}

/// Says what the form looks like so far.
pub(super) fn diagnosis(words: &Words, checked: &Checked) -> Diagnosis {
    let worth = checked.problems.iter().filter(|problem| is_worth_saying(&checked.draft, problem));
    let mut items: Vec<Finding> =
        worth.map(|problem| Finding { state: "error", text: words.say(&problem.message) }).collect();
    if let Some(Ok(examined)) = &checked.diagnosis {
        items.extend(good_findings(words, examined));
    }
    let summary = match &checked.diagnosis {
        Some(Ok(_)) => "diagnosis-good",
        Some(Err(_)) => "diagnosis-bad",
        None => "diagnosis-none",
    };
    Diagnosis { summary: words.t(summary), items }
}

/// Whether a problem is one of what was typed, and not of what is still to be typed.
pub(super) fn is_worth_saying(draft: &Draft, problem: &Problem) -> bool {
    let field = problem.field;
    problem.message.key != "csr-empty"
        && (field == Field::Csr || holds_key(problem) || !draft.text(field).trim().is_empty())
}

fn holds_key(problem: &Problem) -> bool {
    problem.message.key.starts_with("csr-private-key")
}

/// The inputs a script must empty, because a private key is in them.
fn forgotten(checked: &Checked) -> Vec<&'static str> {
    let with_key = checked.problems.iter().filter(|problem| holds_key(problem));
    let mut inputs: Vec<_> = with_key.map(|problem| problem.field.id()).collect();
    if inputs.contains(&Field::Csr.id()) {
        inputs.push("csr-file");
    }
    inputs
}

fn good_findings(words: &Words, examined: &Examined) -> Vec<Finding> {
    let key = examined.csr.key();
    let mut found = vec![
        Finding { state: "ok", text: words.t("diagnosis-proof-good") },
        Finding { state: "ok", text: words.t1("diagnosis-key-is", "key", &key_label(key.algorithm())) },
        Finding {
            state: "ok",
            text: words.t1("diagnosis-fingerprint-is", "fingerprint", &hexadecimal::grouped(&key.fingerprint())),
        },
    ];
    let remarks = examined.repairs.iter().chain(&examined.advice);
    found.extend(remarks.map(|remark| Finding { state: "warn", text: words.say(remark) }));
    if let Some(subject) = &examined.requested_subject {
        found.push(Finding { state: "info", text: words.t1("diagnosis-subject-ignored", "subject", subject) });
    }
    if !examined.requested_dns_names.is_empty() {
        let names = examined.requested_dns_names.join(", ");
        found.push(Finding { state: "info", text: words.t1("diagnosis-names-ignored", "names", &names) });
    }
    found
}
