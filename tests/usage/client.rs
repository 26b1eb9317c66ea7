//! The user family: nginx lets in who shows a user's certificate, and nobody else. With OpenSSL here, and with Chromium, which
//! keeps certificate and key in its own store and does its own TLS.

use ca_core::digest::{hex, sha1};
use lgpki_tests::samples::{Sample, Samples};
use lgpki_tests::tools::text;
use std::fs::File;
use std::path::Path;
use std::process::Command;

use crate::nginx::Nginx;
use crate::samples;
use crate::tls_server::presenting;
use crate::trust::{Trust, der, dns_name};

#[test]
fn a_user_is_let_in_and_nobody_else() {
    let samples = samples();
    for user in samples.of("user") {
        let door = Door::for_holders_like(&user, &samples);
        let page = door.asked_by(Some(&user));
        assert!(page.contains(&welcome(&user)), "{}: {page}\n{}", user.name, door.nginx.log());
        let page = door.asked_by(None);
        assert!(page.contains("400 No required SSL certificate was sent"), "{}: {page}", user.name);
    }
    // Their authority is trusted, but their certificates are for something else.
    for other in samples.of("web-server").into_iter().chain(samples.of("code-signing")) {
        let door = Door::for_holders_like(&other, &samples);
        let page = door.asked_by(Some(&other));
        assert!(page.contains("400 The SSL certificate error"), "{}: {page}", other.name);
        door.nginx.heard("unsuitable certificate purpose");
    }
}

#[test]
fn a_user_whose_certificate_is_revoked_is_not_let_in() {
    let samples = samples();
    for user in samples.revoked("user") {
        let door = Door::for_holders_like(&user, &samples);
        let page = door.asked_by(Some(&user));
        assert!(page.contains("400 The SSL certificate error"), "{}: {page}", user.name);
        door.nginx.heard("certificate revoked");
    }
}

/// `--skip in_a_browser` leaves these out; `./check browser` installs what they need.
mod in_a_browser {
    use super::{Door, Samples, welcome};
    use crate::samples;
    use crate::trust::{Trust, dns_name};
    use lgpki_tests::samples::Sample;
    use lgpki_tests::tools::{openssl, text, tool};
    use serde_json::json;
    use std::io::Write;
    use std::path::Path;
    use std::process::{Command, Stdio};

    #[test]
    fn chromium_logs_in_with_each_users_certificate() {
        let samples = samples();
        for user in samples.of("user") {
            log_in(&user, &samples);
        }
    }

    /// One walk: a browser without a certificate, then with.
    fn log_in(user: &Sample, samples: &Samples) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
        assert!(
            folder.join("node_modules").exists(),
            "the browser's driver is not installed: ./check browser, or npm ci in tests/browser"
        );
        let door = Door::for_holders_like(user, samples);
        let homes = ["without", "with"].map(|name| door.trust.path(name));
        for home in &homes {
            let store = home.join(".pki/nssdb");
            std::fs::create_dir_all(&store).unwrap();
            new_store(&store, &door.server_anchor);
        }
        keep(user, &door.trust, &homes[1].join(".pki/nssdb"));
        let task = json!({
            "host": dns_name(&door.server.certificate),
            "port": door.nginx.address.port(),
            "without": homes[0],
            "with": homes[1],
            "welcome": welcome(user),
        });
        let mut node = Command::new("node")
            .arg("client.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("node runs: sudo apt-get install -y nodejs");
        node.stdin.take().unwrap().write_all(task.to_string().as_bytes()).unwrap();
        let output = node.wait_with_output().unwrap();
        assert!(output.status.success(), "tests/browser/client.mjs, {}:\n{}", user.name, text(&output));
    }

    /// A certificate store of NSS, as Chromium keeps one in `~/.pki/nssdb`, that trusts this anchor for servers.
    fn new_store(store: &Path, anchor: &Path) {
        let made = tool("certutil", "-N --empty-password -d {}", &[store]);
        assert!(made.status.success(), "{}", text(&made));
        let trusted = tool("certutil", "-A -n anchor -t C,, -d {} -i {}", &[store, anchor]);
        assert!(trusted.status.success(), "{}", text(&trusted));
    }

    /// Puts a user's certificate and key into a store, by way of PKCS#12 like a person.
    fn keep(user: &Sample, trust: &Trust, store: &Path) {
        let bundle = trust.path("user.p12");
        let made = openssl(
            "pkcs12 -export -name user -passout pass:sample -inkey {} -in {} -certfile {} -out {}",
            &[&user.private_key, &user.certificate, &trust.between, &bundle],
        );
        assert!(made.status.success(), "{}: {}", user.name, text(&made));
        let kept = tool("pk12util", "-W sample -i {} -d {}", &[&bundle, store]);
        assert!(kept.status.success(), "{}: {}", user.name, text(&kept));
    }
}

/// A web server that wants a certificate of its visitors, with revocation checked.
struct Door {
    nginx: Nginx,
    /// Whom it trusts.
    trust: Trust,
    /// Its own certificate, of the same pack if there is one.
    server: Sample,
    server_anchor: std::path::PathBuf,
    _server_trust: Trust,
}

impl Door {
    /// One that trusts the anchor of `holder`.
    fn for_holders_like(holder: &Sample, samples: &Samples) -> Self {
        let trust = Trust::in_anchor_of(holder, samples);
        let servers = samples.of("web-server");
        let alike = servers.iter().position(|server| same_file(&server.chain, &holder.chain)).unwrap_or(0);
        let server = servers.into_iter().nth(alike).unwrap();
        let server_trust = Trust::in_anchor_of(&server, samples);
        let nginx = Nginx::serving(&format!(
            "{}    error_log stderr info;\n    ssl_verify_client on;\n    ssl_verify_depth 4;\n    ssl_client_certificate {};\n    \
             ssl_crl {};\n    location / {{\n      default_type text/plain;\n      \
             return 200 \"$ssl_client_verify $ssl_client_fingerprint\\n\";\n    }}\n",
            presenting(&server, &server_trust),
            trust.anchor.display(),
            trust.crls.display(),
        ));
        Self { nginx, trust, server_anchor: server_trust.anchor.clone(), server, _server_trust: server_trust }
    }

    /// The page it gives to a visitor with that certificate, or without one.
    fn asked_by(&self, visitor: Option<&Sample>) -> String {
        let name = dns_name(&self.server.certificate);
        let request = self.trust.scratch.file("request", format!("GET / HTTP/1.0\r\nHost: {name}\r\n\r\n"));
        let mut client = Command::new("openssl");
        client.args(["s_client", "-quiet", "-ign_eof", "-verify_return_error", "-servername", &name]);
        client.arg("-connect").arg(self.nginx.address.to_string()).arg("-CAfile").arg(&self.server_anchor);
        if let Some(visitor) = visitor {
            client.arg("-cert").arg(&visitor.certificate).arg("-key").arg(&visitor.private_key);
            client.arg("-cert_chain").arg(&self.trust.between);
        }
        text(&client.stdin(File::open(request).unwrap()).output().expect("openssl runs"))
    }
}

/// What nginx answers when it knows the holder: the certificate's SHA-1, by which it names certificates.
fn welcome(holder: &Sample) -> String {
    format!("SUCCESS {}", hex(&sha1(&der(&holder.certificate))))
}

fn same_file(one: &Path, other: &Path) -> bool {
    std::fs::read(one).unwrap() == std::fs::read(other).unwrap()
}
