//! The program itself, composed as `lgpki` composes it, but for one argument in front: `--faults STEP:OCCURRENCE:BLOW,…`
//! makes commits fail or kills the process at one.

#![expect(clippy::expect_used, reason = "a wrong fault is a mistake in a test")]

use lgpki_tests::interruptions::{Fault, Striking};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    let faults =
        (arguments.get(1).is_some_and(|word| word == "--faults")).then(|| arguments.drain(1..3).nth(1)).flatten();
    let interruption = faults.map(|text| -> Arc<dyn store::Interruption> {
        let faults = text.to_str().unwrap_or_default().split(',');
        Arc::new(Striking::new(faults.map(|fault| fault.parse::<Fault>().expect("a fault"))))
    });
    lgpki::main(arguments, interruption)
}
