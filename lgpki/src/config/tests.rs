use super::*;
use ca_core::id::AuthorityId;
use ra_web::Environment;
use std::time::Duration;
use store::authorities::AuthorityKind;

const LEAST: &str = r#"
[database]
url = "sqlite:lgpki.db"

[keys]
directory = "keys"

[public]
url = "http://localhost:8080"
repository_url = "http://127.0.0.1:8080"
environment = "demo"
"#;

fn parsed(text: &str) -> Result<Config, ConfigError> {
    parse(text, Path::new("/etc/lgpki/lgpki.toml"))
}

/// What is said when `from` in the smallest configuration becomes `to`.
fn said(from: &str, to: &str) -> String {
    assert!(LEAST.contains(from), "{from}");
    parsed(&LEAST.replace(from, to)).unwrap_err().to_string()
}

fn crl_of(config: &Config, authority: &str) -> crl::CrlPolicy {
    let kind = if authority == "root" { AuthorityKind::Root } else { AuthorityKind::Issuing };
    config.policy.crl(&AuthorityId::parse(authority).unwrap(), kind)
}

fn ocsp_of(config: &Config) -> ocsp::OcspPolicy {
    config.policy.ocsp().of(&AuthorityId::parse("application-ca").unwrap())
}

#[test]
fn packs_are_named_or_files_and_wrong_ones_refuse_the_start() {
    let config = parsed(&format!("{LEAST}[policy]\npacks = [\"lgwan-private\"]\n")).unwrap();
    assert_eq!(config.policy.packs.iter().map(|pack| pack.name.as_str()).collect::<Vec<_>>(), ["lgwan-private"]);
    let said = |packs: &str| parsed(&format!("{LEAST}[policy]\npacks = {packs}\n")).unwrap_err().to_string();
    assert!(
        said("[\"nowhere\"]")
            .contains("13: `nowhere` is no policy pack: a file ending in .toml, or one of lgwan-private")
    );
    assert!(said("[\"nowhere.toml\"]").contains("/etc/lgpki/nowhere.toml cannot be read"));
    assert!(said("[]").contains("at least one policy pack is needed"));
    assert!(said("[\"bridge-gpki\", \"bridge-gpki\"]").contains("the policy pack bridge-gpki is there twice"));
}

#[test]
fn a_refused_pack_is_said_with_its_own_lines_and_how_to_check_it() {
    let folder = std::env::temp_dir().join(format!("lgpki-config-pack-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let shipped = ca_core::profile::pack::SHIPPED[0].1;
    let wrong = shipped.replacen("family = \"user\"", "family = \"usr\"", 1).replacen("\"72h\"", "\"72 h\"", 1);
    std::fs::write(folder.join("my.toml"), &wrong).unwrap();
    let text = format!("{LEAST}[policy]\npacks = [\n  \"bridge-gpki\",\n  \"my.toml\",\n]\n");
    let file = folder.join("lgpki.toml");
    let trouble = Trouble::from(parse(&text, &file).unwrap_err());
    std::fs::remove_dir_all(&folder).unwrap();

    let pack = folder.join("my.toml").display().to_string();
    let line = text[..text.find("\"my.toml\"").unwrap()].matches('\n').count() + 1;
    assert_eq!(trouble.exit(), Exit::Configuration);
    assert_eq!(trouble.what(), format!("{}:{line}: the policy pack {pack} is refused", file.display()));
    let line_of = |words: &str| wrong[..wrong.find(words).unwrap()].matches('\n').count() + 1;
    let why: Vec<&str> = trouble.why().unwrap().lines().skip(1).collect();
    assert_eq!(why.len(), 2);
    assert!(why[0].starts_with(&format!("    {pack}:{}: `72 h` is no length of time", line_of("\"72 h\""))), "{why:?}");
    assert!(why[1].starts_with(&format!("    {pack}:{}: `usr` is no family", line_of("\"usr\""))), "{why:?}");
    assert!(trouble.what_to_do().unwrap().contains(&format!("`lgpki pack check {pack}`")));
}

#[test]
fn the_smallest_configuration_has_safe_defaults() {
    let config = parsed(LEAST).unwrap();
    assert_eq!(config.database.url, "sqlite:/etc/lgpki/lgpki.db");
    assert_eq!(config.keys.directory, Path::new("/etc/lgpki/keys"));
    assert_eq!(config.listen.ra.to_string(), "127.0.0.1:8080");
    assert_eq!(config.listen.repository, config.listen.ra);
    assert_eq!(config.listen.management.to_string(), "127.0.0.1:9090");
    assert_eq!(crl_of(&config, "application-ca"), crl::CrlPolicy::ISSUING);
    assert_eq!(crl_of(&config, "another"), crl::CrlPolicy::ISSUING);
    assert_eq!(ocsp_of(&config), ocsp::OcspPolicy::DEFAULT);
    assert_eq!(config.policy.packs.iter().count(), 2);
    assert_eq!(config.public.environment, Environment::Demo);
}

#[test]
fn an_unknown_key_refuses_the_start_with_its_line() {
    assert_eq!(
        said("[keys]", "[keys]\npasword = \"x\""),
        "/etc/lgpki/lgpki.toml:6: unknown field `pasword`, expected one of `directory`, `passphrase_file`, `token`"
    );
    assert!(said("[keys]", "[key]").starts_with("/etc/lgpki/lgpki.toml:5: unknown field `key`"));
}

#[test]
fn broken_toml_is_refused_with_its_line() {
    assert!(said("directory = \"keys\"", "directory = keys\"").starts_with("/etc/lgpki/lgpki.toml:6: "));
}

#[test]
fn a_missing_section_is_named() {
    assert!(said("[keys]\ndirectory = \"keys\"\n", "").contains("missing field `keys`"));
}

#[test]
fn a_password_in_the_database_url_is_refused() {
    for url in ["postgres://ca:secret@db/lgpki", "postgres://db/lgpki?password=secret"] {
        let said = said("sqlite:lgpki.db", url);
        assert!(said.starts_with("/etc/lgpki/lgpki.toml:3: a password in the configuration is refused"), "{said}");
        assert!(said.contains("password_file") && !said.contains("secret"), "{said}");
    }
}

#[test]
fn other_databases_are_refused() {
    for url in ["mysql://db/lgpki", "lgpki.db", "sqlite::memory:", "sqlite:"] {
        assert!(said("sqlite:lgpki.db", url).starts_with("/etc/lgpki/lgpki.toml:3: "), "{url}");
    }
}

#[test]
fn a_password_file_needs_postgres() {
    let said = said("[keys]", "password_file = \"pw\"\n[keys]");
    assert_eq!(said, "/etc/lgpki/lgpki.toml:5: password_file is for PostgreSQL; SQLite has no password");
}

#[test]
fn a_reachable_registration_service_needs_https() {
    let listen = "[listen]\npublic = \"0.0.0.0:8080\"\n[public]";
    assert!(
        said("[public]", listen).starts_with("/etc/lgpki/lgpki.toml:11: the registration service listens on 0.0.0.0")
    );
    let https = LEAST.replace("http://localhost", "https://localhost");
    assert!(parsed(&https.replace("[public]", listen)).is_ok());
    assert!(said("http://localhost:8080", "http://ra.example.lg.jp").contains("must be https"));
    assert!(said("environment = \"demo\"", "environment = \"production\"").contains("production needs an https url"));
}

#[test]
fn production_has_no_experimental_pack() {
    let with = format!("{LEAST}\n[policy]\npacks = [\"lgwan-private\", \"pqc-experimental\"]\n");
    assert!(parsed(&with).is_ok(), "a demonstration may");
    let production = with.replace("url = \"http://localhost", "url = \"https://localhost");
    let production = production.replace("environment = \"demo\"", "environment = \"production\"");
    let said = parsed(&production).unwrap_err().to_string();
    assert!(said.contains("the pack pqc-experimental is experimental: leave it out in production"), "{said}");
}

#[test]
fn officers_type_a_name() {
    let said = said("http://localhost:8080", "http://127.0.0.1:8080");
    assert!(said.starts_with("/etc/lgpki/lgpki.toml:9: url must have a host name"), "{said}");
}

#[test]
fn the_repository_is_plain_http() {
    let said = said("repository_url = \"http:", "repository_url = \"https:");
    assert!(said.starts_with("/etc/lgpki/lgpki.toml:10: repository_url must be http"), "{said}");
}

#[test]
fn addresses_must_not_collide() {
    let said = said("[public]", "[listen]\nmanagement = \"127.0.0.1:8080\"\n[public]");
    assert!(said.starts_with("/etc/lgpki/lgpki.toml:9: management must have an address of its own"), "{said}");
}

#[test]
fn lengths_of_time_are_read_and_compared() {
    let config = parsed(&format!("{LEAST}[crl]\nvalidity = \"30m\"\nrefresh_before = \"90s\"\n")).unwrap();
    assert_eq!(crl_of(&config, "application-ca").validity, Duration::from_secs(1800));
    assert_eq!(crl_of(&config, "organisation-ca").refresh_before, Duration::from_secs(90));
    let config = parsed(&format!("{LEAST}[ocsp]\nvalidity = \"10h\"\nrefresh = \"4h\"\n")).unwrap();
    assert_eq!(ocsp_of(&config).refresh_before, Duration::from_secs(6 * 3600));
    let said = |more: &str| parsed(&format!("{LEAST}{more}")).unwrap_err().to_string();
    assert_eq!(
        said("[crl]\nvalidity = \"1d\"\n"),
        "/etc/lgpki/lgpki.toml:13: refresh_before (2d) must be shorter than validity (1d)"
    );
    for bad in ["0h", "h", "3", "-1h", "3w", "1.5h"] {
        assert!(said(&format!("[ocsp]\nvalidity = \"{bad}\"\n")).contains("is no length of time"), "{bad}");
    }
    assert!(said("[crl]\nvalidity = \"367d\"\n").contains("366d at most"));
    assert!(said("[centre]\npool = 257\n").contains("256 at most"));
    assert!(said("[crl]\ncoalesce = \"31s\"\n").contains("coalesce must be 30s at most"));
}

#[test]
fn places_to_look_at_are_the_addresses_in_certificates_and_those_named() {
    let places = |text: &str| {
        let places = parsed(text).unwrap().reach.places;
        places.iter().map(|place| format!("{} {}", place.id, place.base)).collect::<Vec<_>>()
    };
    let own = "http://127.0.0.1:8080/";
    assert_eq!(places(LEAST), [format!("crl {own}"), format!("ocsp {own}")]);
    let lgwan = LEAST.replace("environment", "lgwan_repository_url = \"http://repo.lgwan.example\"\nenvironment");
    let named =
        |name: &str| format!("{lgwan}[reach]\nrepository = [{{ name = \"{name}\", url = \"http://copy.example\" }}]\n");
    assert_eq!(places(&named("internet"))[2..], ["lgwan http://repo.lgwan.example/", "internet http://copy.example/"]);
    let said = |text: &str| parsed(text).unwrap_err().to_string();
    assert!(said(&named("lgwan")).contains("there is a place lgwan already"));
    assert!(said(&named("a b")).contains("not a word of"));
    assert!(said(&format!("{LEAST}[reach]\nevery = \"1m\"\n")).contains("every must be 30s at most"));
}

#[test]
fn what_init_writes_is_accepted() {
    let text = sample(&Sample {
        database_url: "postgres://ca@db/lgpki",
        password_file: Some("db \"password\""),
        passphrase_file: Some("passphrase"),
        token: Some(SampleToken { name: "card", module: "/usr/lib/card.so", token: "町長", pin_file: Some("pin") }),
        listen: "127.0.0.1:8080",
        management: "127.0.0.1:9090",
        url: "https://ra.example.lg.jp",
        repository_url: "http://pki.example.lg.jp",
        environment: "production",
        pack: None,
        pool: Some(3),
    });
    let config = parsed(&text).unwrap();
    let [token] = config.keys.tokens.as_slice() else { panic!("one token") };
    assert_eq!((token.name.as_str(), token.settings.token.as_str()), ("card", "町長"));
    assert_eq!(token.pin_file.as_deref(), Some(Path::new("/etc/lgpki/pin")));
    assert_eq!((config.centre.pool, config.centre.legacy), (Some(3), ra_web::centre::LegacyFiles::Refuse));
    assert_eq!(config.database.password_file.as_deref(), Some(Path::new("/etc/lgpki/db \"password\"")));
    // The defaults in the comments are the defaults of the program.
    let spelled: String = text
        .lines()
        .map(|line| {
            line.strip_prefix("# ").filter(|rest| rest.contains(" = ") || rest.starts_with("[[")).unwrap_or(line)
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let spelled = spelled.replace("\nra = \"127.0.0.1:8081\"\nrepository = \"127.0.0.1:8082\"", "");
    let spelled = parsed(&spelled).unwrap();
    assert_eq!(
        (crl_of(&spelled, "application-ca"), crl_of(&spelled, "root"), ocsp_of(&spelled)),
        (crl_of(&config, "application-ca"), crl_of(&config, "root"), ocsp_of(&config))
    );
    assert_eq!(spelled.policy.coalesce, config.policy.coalesce);
    assert_eq!(spelled.database.connections, config.database.connections);
    let settings = |config: &Config| config.keys.tokens.iter().map(|token| format!("{token:?}")).collect::<Vec<_>>();
    assert_eq!(settings(&spelled), settings(&config));
    let [target] = spelled.publish.as_slice() else { panic!("one target") };
    assert_eq!(
        (target.place.kind(), target.every, target.call_after.is_some()),
        ("directory", Duration::from_secs(600), true)
    );
}
