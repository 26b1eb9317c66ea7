use super::*;

const SCRIPT: &str = r#"[ceremony]
name = "founding"
title = { ja = "設立", en = "Founding" }
place = "Tokyo"
begins = 2026-11-22T01:00:00Z
repository-url = "http://repository.lgpki.example"
packs = ["lgwan-private"]

[person.sato]
name = "佐藤 花子"
role = "master"

[person.suzuki]
name = "鈴木 一郎"
role = "witness"

[[step]]
id = "root-key"
by = "sato"
witnesses = ["suzuki"]
see = "the words of the key"
act = "make-key"
key = "root"
kind = "p384"
store = "folder"

[[step]]
id = "root"
by = "sato"
see = "the subject"
act = "certificate"
authority = "root"
key = "root"
"#;

fn reasons(text: &str) -> Vec<String> {
    Script::parse(text, "s.toml").unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[test]
fn a_script_is_read_into_its_steps() {
    let script = Script::parse(SCRIPT, "s.toml").unwrap();
    assert_eq!(script.begins.rfc3339(), "2026-11-22T01:00:00Z");
    assert_eq!(script.people.iter().map(|person| person.role).collect::<Vec<_>>(), [Role::Master, Role::Witness]);
    assert_eq!(script.steps.iter().map(|step| step.act.word()).collect::<Vec<_>>(), ["make-key", "certificate"]);
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let text = SCRIPT.replace("place = \"Tokyo\"", "place = \"Tokyo\"\nsubject = \"CN=Me\"");
    assert!(reasons(&text)[0].starts_with("s.toml:5: unknown field `subject`"), "{:?}", reasons(&text));
}

#[test]
fn every_complaint_is_made_at_once() {
    let text = SCRIPT
        .replace("store = \"folder\"", "store = \"hsm\"")
        .replace("by = \"sato\"\nsee = \"the subject\"", "by = \"nobody\"\nsee = \" \"")
        .replace("act = \"certificate\"", "act = \"certificate\"\nbundle = \"x\"");
    let said = reasons(&text);
    assert_eq!(said.len(), 4, "{said:?}");
    for (said, wanted) in
        said.iter().zip(["no key store hsm", "nobody is called nobody", "must be seen", "has no bundle"])
    {
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn a_key_is_made_once_and_not_used_when_it_is_gone() {
    let again = format!(
        "{SCRIPT}\n[[step]]\nid = \"again\"\nby = \"sato\"\nsee = \"x\"\nact = \"make-key\"\nkey = \"root\"\nkind = \"p384\"\nstore = \"folder\"\n"
    );
    assert!(reasons(&again)[0].contains("a key root is made already"));
    let gone = SCRIPT.replace("[[step]]\nid = \"root\"", "[[step]]\nid = \"gone\"\nby = \"sato\"\nsee = \"x\"\nact = \"destroy-key\"\nkey = \"root\"\n\n[[step]]\nid = \"root\"");
    assert!(reasons(&gone)[0].contains("destroyed by then"));
}

#[test]
fn a_rehearsal_has_a_token_of_its_own() {
    let text = format!("{SCRIPT}\n[token.hsm]\nmodule = \"/m.so\"\ntoken = \"A\"\nrehearsal-token = \"A\"\n");
    assert!(reasons(&text)[0].contains("never touches the real token"));
}

#[test]
fn a_revocation_names_serial_and_reason() {
    let step = |rest: &str| {
        let head = "[[step]]\nid = \"gone\"\nby = \"sato\"\nsee = \"x\"\nact = \"revoke\"\nauthority = \"root\"";
        format!("{SCRIPT}\n{head}\n{rest}\n")
    };
    let script = Script::parse(&step("serial = \"0A1B\"\nreason = \"cACompromise\""), "s.toml").unwrap();
    assert_eq!(script.steps.last().unwrap().act.word(), "revoke");
    assert!(script.steps.last().unwrap().act.told().en.contains("cACompromise"));
    assert!(reasons(&step("serial = \"0A1B\""))[0].contains("revoke needs reason"));
    assert!(reasons(&step("serial = \"0A1B\"\nreason = \"lost\""))[0].contains("`lost` is no reason"));
    assert_eq!(reasons(&step("serial = \"xyz\"\nreason = \"keyCompromise\"")).len(), 1);
}

#[test]
fn a_key_is_made_here_or_sent_by_somebody_and_not_both() {
    let certificate = |rest: &str| SCRIPT.replace("authority = \"root\"\nkey = \"root\"", rest);
    let words = crate::kana::KanaWords::of(&[7; 32]).to_string().replace('\n', " ");
    let file = format!("authority = \"root\"\nfile = \"a.csr.pem\"\nwords = \"{words}\"");
    let script = Script::parse(&certificate(&file), "s.toml").unwrap();
    let Act::Certificate { key: CertifiedKey::Sent(Sent::File { file: named, .. }), .. } = &script.steps[1].act else {
        panic!("{:?}", script.steps[1].act);
    };
    assert_eq!(named, "a.csr.pem");
    assert!(reasons(&certificate(&format!("{file}\nkey = \"root\"")))[0].contains("not both"));
    assert!(reasons(&certificate("authority = \"root\"\nfile = \"a.csr.pem\""))[0].contains("with the `words`"));
    assert!(reasons(&certificate("authority = \"root\""))[0].contains("say `key`"));
}

#[test]
fn a_request_is_taken_out_of_a_bundle_before_a_step_acts_on_it() {
    let words = crate::kana::KanaWords::of(&[7; 32]).to_string().replace('\n', " ");
    let step = |rest: &str| format!("[[step]]\nby = \"sato\"\nsee = \"x\"\n{rest}\n\n");
    let take = step(&format!("id = \"take\"\nact = \"take-requests\"\nfile = \"a.bundle\"\nwords = \"{words}\""));
    let gone = "id = \"gone\"\nact = \"revoke-requested\"\nauthority = \"root\"\nrequest = \"all.revocations.json\"";
    let script = Script::parse(&format!("{SCRIPT}{take}{}", step(gone)), "s.toml").unwrap();
    let words: Vec<&str> = script.steps.iter().map(|step| step.act.word()).collect();
    assert_eq!(words[2..], ["take-requests", "revoke-requested"]);
    assert!(reasons(&format!("{SCRIPT}{}{take}", step(gone)))[0].contains("no step before has taken"));
}

#[test]
fn a_secret_is_shared_among_custodians_who_are_there() {
    let people = "[person.ito]\nname = \"伊藤 一\"\nrole = \"custodian\"\n[person.kato]\nname = \"加藤 二\"\nrole = \"custodian\"\n";
    let share = |least: u8, custodians: &str| {
        let head = "[[step]]\nid = \"shared\"\nby = \"sato\"\nsee = \"x\"\nact = \"share-secret\"\nstore = \"folder\"";
        format!("{SCRIPT}\n{people}\n{head}\nleast = {least}\ncustodians = [{custodians}]\n")
    };
    let script = Script::parse(&share(2, "\"ito\", \"kato\""), "s.toml").unwrap();
    assert!(script.steps.last().unwrap().act.told().en.contains("among 2 custodians, of whom 2"));
    for (text, why) in [
        (share(1, "\"ito\", \"kato\""), "at least two"),
        (share(3, "\"ito\", \"kato\""), "at least two"),
        (share(2, "\"ito\", \"ito\""), "one share"),
        (share(2, "\"ito\", \"suzuki\""), "no custodian is called suzuki"),
    ] {
        assert!(reasons(&text)[0].contains(why), "{:?}", reasons(&text));
    }
}
