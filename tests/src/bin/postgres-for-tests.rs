//! `postgres-for-tests COMMAND…`: starts a private PostgreSQL cluster, runs the command with its place in
//! `LGPKI_TEST_POSTGRES`, and removes the cluster. Its exit code is the command's. How it works: `databases.rs`.

fn main() {
    let command: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    std::process::exit(lgpki_tests::databases::with_cluster(&command));
}
