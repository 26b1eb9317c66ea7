//! Audit verbs: what the program may say has happened, it says somewhere.

use crate::expect_none;
use crate::source::program;
use ca_core::audit::Verb;

#[test]
fn every_verb_is_written_by_some_act() {
    let program = program();
    let written = |verb: &&Verb| {
        let name = format!("Verb::{verb:?}");
        let acts = program.iter().filter(|source| source.path != "ca-core/src/audit.rs");
        acts.flat_map(|source| source.production()).any(|(_, line)| crate::source::names(line, &name))
    };
    let silent = Verb::ALL.iter().filter(|verb| !written(verb));
    expect_none(
        silent.map(|verb| format!("Verb::{verb:?} ({})", verb.as_str())).collect(),
        "write the event in the transaction of its effect, or remove the verb: a verb nobody writes looks like an act that is watched.",
    );
}
