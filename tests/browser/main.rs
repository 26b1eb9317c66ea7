//! The pages in a real browser: an installation is founded, the program serves it, and a walk in Node drives Debian's
//! Chromium over it. Each walk is a file beside this one that prints what it found. `./check browser` installs what they need.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "helpers of tests: what fails here is a failed test, and what a walk says is shown"
)]

/// `--skip in_a_browser` leaves these out.
mod in_a_browser {
    use ca_core::key::KeyAlgorithm;
    use lgpki::commands::demo::people::Persona;
    use lgpki_tests::centre::filed_with_us;
    use lgpki_tests::databases::Kind;
    use lgpki_tests::people::registered;
    use lgpki_tests::program::Installation;
    use ra_web::router::{Method, ROUTES};
    use serde_json::{Value, json};
    use std::io::Write;
    use std::path::Path;
    use std::process::{Command, Stdio};

    /// The program under test.
    const PROGRAM: &str = env!("CARGO_BIN_EXE_lgpki-for-tests");

    #[test]
    fn every_page_pleases_axe_and_breaks_no_content_security_policy() {
        walk("pages.mjs");
    }

    #[test]
    fn the_main_job_is_done_without_script() {
        walk("plain.mjs");
    }

    #[test]
    fn a_passkey_is_registered_used_and_removed() {
        walk("passkey.mjs");
    }

    /// Runs a walk against a service of its own; fails with what it printed.
    fn walk(script: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
        assert!(
            folder.join("node_modules").exists(),
            "the judge is not installed: ./check browser, or npm ci in tests/browser"
        );
        let installation = Installation::new(Kind::Sqlite);
        // A PIN is shown once: a request for each language, and one that nobody packs.
        let filed = (0..3).filter(|_| script == "pages.mjs").map(|_| filed_with_us(&installation, KeyAlgorithm::P256));
        let keys: Vec<String> = filed.map(|filed| filed.number.to_string()).collect();
        let program = installation.serve(PROGRAM, None);
        let mut node = Command::new("node")
            .arg(script)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("node runs: sudo apt-get install -y nodejs");
        let operator = registered(PROGRAM, &installation, ["019992", "operator", "ra-operator"]);
        node.stdin.take().unwrap().write_all(site(&installation, &keys, &operator).to_string().as_bytes()).unwrap();
        let output = node.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].map(|octets| String::from_utf8_lossy(&octets).into_owned()).concat();
        assert!(output.status.success(), "tests/browser/{script}:\n{said}");
        print!("{said}");
        program.stops();
    }

    /// Where the service is and who its people are; `site.mjs` reads it.
    fn site(installation: &Installation, keys: &[String], operator: &Persona) -> Value {
        let personas = &installation.personas;
        let person = |persona: &Persona| json!({ "login": persona.login, "password": persona.password, "secret": persona.totp_secret });
        let routes: Vec<&str> =
            ROUTES.iter().filter(|route| route.method == Method::Get).map(|route| route.path).collect();
        json!({
            "base": installation.pages.as_str().trim_end_matches('/'),
            "domain": "town.shirakaba.lg.jp",
            "routes": routes,
            "keys": keys,
            "people": { "officer": person(personas.officer().unwrap()), "manager": person(personas.manager().unwrap()), "operator": person(operator) },
            "command": [PROGRAM, "--config", installation.folder().join("lgpki.toml")],
        })
    }
}
