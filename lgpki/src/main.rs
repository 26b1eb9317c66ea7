//! The program. Everything is in the library, so that the fault tests can compose the same program around an interruption.

fn main() -> std::process::ExitCode {
    lgpki::main(std::env::args_os(), None)
}
