//! The program itself, composed as `lgpki` composes it, but for one argument in front: `--fault STEP:OCCURRENCE:SIDE:BLOW`
//! makes one commit fail or kills the process at it.

#![expect(clippy::expect_used, reason = "a wrong fault is a mistake in a test")]

use lgpki_tests::interruptions::{Fault, Striking};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    let fault =
        (arguments.get(1).is_some_and(|word| word == "--fault")).then(|| arguments.drain(1..3).nth(1)).flatten();
    let interruption = fault.map(|text| -> Arc<dyn store::Interruption> {
        let fault: Fault = text.to_str().unwrap_or_default().parse().expect("a fault");
        Arc::new(Striking::new(fault))
    });
    lgpki::main(arguments, interruption)
}
