//! `lgpki crl verify` and `crl diff` over lists of ours: complete ones, partitions, deltas with their base, and what is wrong with
//! one that does not hold.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use ca_core::certificate::Certificate;
use ca_core::key::KeyAlgorithm;
use ca_core::revocation::{ListId, ListScope, RevocationReason};
use ca_core::time::Clock;
use crl::{CrlPolicy, ListPlan};
use serde_json::Value;

use crate::pki::{Pki, addresses, text};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lgpki-for-tests");

fn plan(list: ListId) -> ListPlan {
    let found = |list: ListId| addresses("issuing").crl.iter().map(|full| list.address_beside(full)).collect();
    ListPlan { list, addresses: found(list), ..ListPlan::full(CrlPolicy::ISSUING) }
}

struct Lists {
    pki: Pki,
    issuer: PathBuf,
}

impl Lists {
    async fn of(pki: Pki) -> Self {
        let issuer = pki.scratch.file("issuer.pem", pki.issuing.to_pem());
        Self { pki, issuer }
    }

    /// Makes the next of a list, and keeps it in a file.
    async fn made(&self, list: ListId, name: &str) -> PathBuf {
        self.pki.clock.set(self.pki.clock.now().plus(Duration::from_secs(60)));
        self.pki.refresh_list(&plan(list)).await.unwrap();
        self.pki.scratch.file(name, self.pki.octets(list).await)
    }

    fn verified(&self, file: &Path, more: &[&str]) -> (bool, String, Value) {
        let at = self.pki.clock.now().whole_seconds().rfc3339();
        let issuer = self.issuer.to_str().unwrap();
        let arguments =
            [&["crl", "verify", file.to_str().unwrap(), "--issuer", issuer, "--format", "json"][..], more].concat();
        let at: &[&str] = if more.contains(&"--at") { &[] } else { &["--at", &at] };
        let said = lgpki(&[&arguments[..], at].concat());
        let told: Value = serde_json::from_slice(&said.stdout).unwrap_or_default();
        let wrong = told["wrong"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let wrong = wrong.collect::<Vec<_>>().join("; ");
        assert_eq!(said.status.code(), Some(i32::from(!wrong.is_empty())), "{}", text(&said));
        (said.status.success(), wrong, told)
    }
}

fn lgpki(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_is_judged_beside_its_base_and_two_lists_are_compared() {
    let pki = Pki::found("crl-commands", KeyAlgorithm::P256).await.listing("lists = [\"full\"]");
    let lists = Lists::of(pki).await;
    let (mut certificates, mut numbers) = (Vec::<Certificate>::new(), 0..);
    let mut issue = async || {
        let host = format!("c{}.shirakaba.lg.jp", numbers.next().unwrap());
        certificates.push(lists.pki.issue(&host).await);
        certificates.last().unwrap().serial().clone()
    };
    let first = issue().await;
    lists.pki.revoke(&first, RevocationReason::KeyCompromise).await;
    let old = lists.made(ListId::FULL, "old.crl").await;
    let second = issue().await;
    lists.pki.revoke(&second, RevocationReason::Superseded).await;
    let delta = lists.made(ListScope::Full.delta(), "delta.crl").await;
    let new = lists.made(ListId::FULL, "new.crl").await;

    let (good, wrong, told) = lists.verified(&old, &[]);
    assert!(good && told["covers"] == "all certificates of the issuer" && told["entries"] == 1, "{wrong} {told}");
    let old_path = old.to_str().unwrap();
    assert_eq!(lists.verified(&delta, &["--base", old_path]).1, "");
    let later = lists.verified(&delta, &["--base", new.to_str().unwrap()]).1;
    assert!(later.contains("later than the delta's"), "{later}");
    assert!(lists.verified(&old, &["--base", old_path]).1.contains("no delta"));
    assert!(lists.verified(&old, &["--at-least", "2"]).1.contains("below 2"));
    assert!(lists.verified(&old, &["--at", "2030-01-01T00:00:00Z"]).1.contains("overdue"));
    assert!(lists.verified(&old, &["--at", "2020-01-01T00:00:00Z"]).1.contains("of the future"));

    let mut forged = std::fs::read(&old).unwrap();
    *forged.last_mut().unwrap() ^= 1;
    let forged = lists.pki.scratch.file("forged.crl", forged);
    assert!(lists.verified(&forged, &[]).1.contains("the signature is not the issuer's"));

    let said = lgpki(&["crl", "diff", old_path, new.to_str().unwrap()]);
    let told = text(&said);
    assert!(said.status.code() == Some(1) && told.contains(&format!("+ {}", second.to_hex())), "{told}");
    assert!(told.contains("1 added, 0 removed, 0 changed, 1 the same"), "{told}");
    assert_eq!(lgpki(&["crl", "diff", old_path, old_path]).status.code(), Some(0));
    let back = text(&lgpki(&["crl", "diff", "--summary", new.to_str().unwrap(), old_path]));
    assert!(back.contains("0 added, 1 removed") && !back.contains(&second.to_hex()), "{back}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_says_what_it_speaks_for_and_is_no_base_for_another() {
    let pki = Pki::found("crl-partition", KeyAlgorithm::P256).await.listing("shards = 2, lists = [\"ca\", \"shards\"]");
    let lists = Lists::of(pki).await;
    let one = lists.made(ListScope::Shard(0).complete(), "0.crl").await;
    lists.made(ListScope::Shard(1).complete(), "1.crl").await;
    let delta = lists.made(ListScope::Shard(1).delta(), "1-delta.crl").await;
    let (good, wrong, told) = lists.verified(&one, &[]);
    assert!(good && told["covers"].as_str().unwrap().starts_with("certificates that name http"), "{wrong} {told}");
    let other = lists.verified(&delta, &["--base", one.to_str().unwrap()]).1;
    assert!(other.contains("the base speaks for other certificates"), "{other}");
    let cas = lists.made(ListScope::Authorities.complete(), "ca.crl").await;
    assert_eq!(lists.verified(&cas, &[]).2["covers"], "CAs alone");
}
