//! Who may use an installation: organisations with their domains, and their people. Used by `org`, `officer` and `demo`.
//! What is written here is checked first, since certificates carry it and the pages believe it; the caller commits.

use crate::trouble::{Exit, Trouble};
use ca_core::digest::hex;
use ca_core::entropy::{Entropy, EntropyUnavailable};
use ca_core::id::{AccountId, OrganisationId};
use ca_core::name::{
    CertificateText, CodeError, DnsName, DnsNameError, LocalGovernmentCode, OrganisationName, OrganisationNameError,
    TextError,
};
use ra_web::auth::password::{HashError, hash_password, totp_secret_text};
use std::time::Duration;
use store::accounts::{Account, Role};
use store::organisations::{Organisation, OrganisationDomain};
use store::{StoreError, WriteTxn};
use zeroize::Zeroizing;

/// The longest name of an organisation or a person, in characters.
const LONGEST_NAME: usize = 100;
/// The longest log-in name, in characters.
const LONGEST_LOGIN: usize = 64;
/// The shortest password beside a second factor, in characters (NIST SP 800-63B-4 §3.1.1.2).
const SHORTEST_PASSWORD: usize = 8;
/// 160 bits (RFC 4226 §4).
const TOTP_SECRET_OCTETS: usize = 20;
/// Domains that belong to many: whoever had one could ask for names of everybody. Not the whole public suffix list, but what
/// a slip while typing leaves.
const SHARED_DOMAINS: [&str; 9] = ["ac.jp", "ad.jp", "co.jp", "ed.jp", "go.jp", "gr.jp", "lg.jp", "ne.jp", "or.jp"];

/// An organisation that can be registered: every part has been checked.
#[derive(Clone, Debug)]
pub struct NewOrganisation {
    code: LocalGovernmentCode,
    name: String,
    kana: String,
    name_en: OrganisationName,
    domains: Vec<DnsName>,
}

/// A person who can be registered, but for the means to log in.
#[derive(Clone)]
pub struct NewOfficer {
    organisation: OrganisationId,
    login: String,
    name: String,
    role: Role,
}

/// What a person logs in with.
pub struct Credentials {
    password: Zeroizing<String>,
    totp_secret: Zeroizing<Vec<u8>>,
}

/// Why somebody or something is not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// No local government code.
    #[error("{text} is no local government code")]
    Code {
        /// What was given.
        text: String,
        /// What is wrong with it.
        #[source]
        cause: CodeError,
    },
    /// A name that is too long.
    #[error("a name has 1 to 100 characters, this has {0}")]
    LongName(usize),
    /// A name that certificates cannot carry as it is written.
    #[error("{text:?} is not written as names are in certificates")]
    Name {
        /// What was given.
        text: String,
        /// What is wrong with it.
        #[source]
        cause: TextError,
    },
    /// A reading with something else than katakana.
    #[error("{text:?} is no reading: it is written in full-width katakana")]
    Kana {
        /// What was given.
        text: String,
    },
    /// A name certificates cannot carry.
    #[error("{text:?} cannot stand in certificates")]
    NameEn {
        /// What was given.
        text: String,
        /// What is wrong with it.
        #[source]
        cause: OrganisationNameError,
    },
    /// No domain.
    #[error("{text:?} is no domain")]
    Domain {
        /// What was given.
        text: String,
        /// What is wrong with it.
        #[source]
        cause: DnsNameError,
    },
    /// A domain under which others live.
    #[error("{0} belongs to many organisations")]
    SharedDomain(DnsName),
    /// No log-in name.
    #[error("{text:?} is no log-in name: 1 to 64 of a–z, 0–9, dot, hyphen and underscore")]
    Login {
        /// What was given.
        text: String,
    },
    /// A password nobody should have.
    #[error("the password has {characters} characters; it needs at least 8")]
    ShortPassword {
        /// How many it has.
        characters: usize,
    },
    /// The code is registered.
    #[error("the organisation {0} is registered already")]
    CodeTaken(LocalGovernmentCode),
    /// The log-in name is somebody's.
    #[error("there is an account {0} already")]
    LoginTaken(String),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Registers an organisation and its domains, proven for `verified_for` from now, with their events. Nothing is durable
/// before the caller commits. Errors: the code is taken, the database, no randomness.
pub async fn register_organisation(
    txn: &mut WriteTxn,
    new: &NewOrganisation,
    verified_for: Duration,
    entropy: &dyn Entropy,
) -> Result<Organisation, RegistrationError> {
    let organisation = Organisation {
        organisation_id: OrganisationId::new(txn.now(), entropy)?,
        code: new.code.clone(),
        name: new.name.clone(),
        kana: new.kana.clone(),
        name_en: new.name_en.as_str().to_owned(),
    };
    txn.insert_organisation(&organisation).await.map_err(|error| match error {
        taken if taken.is_conflict("organisation_code_once") => RegistrationError::CodeTaken(new.code.clone()),
        other => other.into(),
    })?;
    let verified_until = txn.now().plus(verified_for);
    for domain in new.domains.iter().cloned() {
        let domain = OrganisationDomain { domain, verified_until };
        txn.insert_domain(&organisation.organisation_id, &domain).await?;
    }
    Ok(organisation)
}

/// Registers a person who may log in from now on, with the event. Takes about 20 ms for the password's hash. Nothing is
/// durable before the caller commits. Errors: the log-in name is taken, the database, no randomness.
pub async fn register_officer(
    txn: &mut WriteTxn,
    new: &NewOfficer,
    credentials: &Credentials,
    entropy: &dyn Entropy,
) -> Result<AccountId, RegistrationError> {
    let account = Account {
        account_id: AccountId::new(txn.now(), entropy)?,
        organisation_id: new.organisation.clone(),
        login: new.login.clone(),
        name: new.name.clone(),
        role: new.role,
        password_hash: hash_password(&credentials.password, entropy)?,
        totp_secret: credentials.totp_secret.to_vec(),
        totp_last_step: 0,
        failed_logins: 0,
        locked_until: None,
        active: true,
    };
    match txn.insert_account(&account).await {
        Ok(()) => Ok(account.account_id),
        Err(error) if error.is_conflict("account_login_once") => Err(RegistrationError::LoginTaken(new.login.clone())),
        Err(error) => Err(error.into()),
    }
}

/// Reads a local government code. Errors: it is none, and what it should be.
pub fn local_government_code(text: &str) -> Result<LocalGovernmentCode, RegistrationError> {
    LocalGovernmentCode::parse(text).map_err(|cause| RegistrationError::Code { text: text.to_owned(), cause })
}

impl NewOrganisation {
    /// Reads what was typed: the code with its check digit, the name, its reading in katakana, its name in certificates, its
    /// domains. Errors: the first that is wrong.
    pub fn read(
        code: &str,
        name: &str,
        kana: &str,
        name_en: &str,
        domains: &[impl AsRef<str>],
    ) -> Result<Self, RegistrationError> {
        let mut domains = domains.iter().map(|text| domain(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
        domains.sort();
        domains.dedup();
        Ok(Self {
            code: local_government_code(code)?,
            name: shown(name)?,
            kana: reading(kana)?,
            name_en: OrganisationName::parse(name_en)
                .map_err(|cause| RegistrationError::NameEn { text: name_en.to_owned(), cause })?,
            domains,
        })
    }
}

impl NewOrganisation {
    /// The code.
    pub const fn code(&self) -> &LocalGovernmentCode {
        &self.code
    }

    /// The name in Japanese.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The domains, in order and each once.
    pub fn domains(&self) -> &[DnsName] {
        &self.domains
    }
}

impl NewOfficer {
    /// Reads what was typed. Errors: no log-in name, or no name.
    pub fn read(organisation: &OrganisationId, login: &str, name: &str, role: Role) -> Result<Self, RegistrationError> {
        let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '-' | '_');
        if login.is_empty() || login.len() > LONGEST_LOGIN || !login.chars().all(allowed) {
            return Err(RegistrationError::Login { text: login.to_owned() });
        }
        Ok(Self { organisation: organisation.clone(), login: login.to_owned(), name: shown(name)?, role })
    }
}

impl Credentials {
    /// A password of 64 random bits in four groups, and a secret for an authenticator. Errors: no randomness.
    pub fn drawn(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut octets = Zeroizing::new([0u8; 8]);
        entropy.fill(octets.as_mut())?;
        let groups: Vec<Zeroizing<String>> = octets.chunks(2).map(|two| Zeroizing::new(hex(two))).collect();
        let groups: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
        Self::secret_beside(Zeroizing::new(groups.join("-")), entropy)
    }

    /// A password somebody has chosen, and a secret drawn for an authenticator. Errors: the password is shorter than 8
    /// characters, no randomness. One longer than 1024 octets is refused when it is hashed.
    pub fn chosen(password: Zeroizing<String>, entropy: &dyn Entropy) -> Result<Self, RegistrationError> {
        let characters = password.chars().count();
        if characters < SHORTEST_PASSWORD {
            return Err(RegistrationError::ShortPassword { characters });
        }
        Ok(Self::secret_beside(password, entropy)?)
    }

    /// The password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The secret of the confirmation codes, 20 octets.
    pub fn totp_secret(&self) -> &[u8] {
        &self.totp_secret
    }

    /// The same as it is typed into an authenticator.
    pub fn authenticator_text(&self) -> Zeroizing<String> {
        Zeroizing::new(totp_secret_text(&self.totp_secret))
    }

    fn secret_beside(password: Zeroizing<String>, entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut totp_secret = Zeroizing::new(vec![0u8; TOTP_SECRET_OCTETS]);
        entropy.fill(&mut totp_secret)?;
        Ok(Self { password, totp_secret })
    }
}

fn shown(text: &str) -> Result<String, RegistrationError> {
    let length = text.chars().count();
    if length > LONGEST_NAME {
        return Err(RegistrationError::LongName(length));
    }
    match CertificateText::parse(text) {
        Ok(name) => Ok(name.as_str().to_owned()),
        Err(cause) => Err(RegistrationError::Name { text: text.to_owned(), cause }),
    }
}

fn reading(text: &str) -> Result<String, RegistrationError> {
    // ァ to ヺ, the dot, the mark of length, and spaces between words.
    let katakana = |c: char| matches!(c, '\u{30a1}'..='\u{30fc}' | '\u{3000}' | ' ');
    if shown(text).is_ok() && text.chars().all(katakana) {
        Ok(text.to_owned())
    } else {
        Err(RegistrationError::Kana { text: text.to_owned() })
    }
}

fn domain(text: &str) -> Result<DnsName, RegistrationError> {
    let domain = DnsName::parse(text).map_err(|cause| RegistrationError::Domain { text: text.to_owned(), cause })?;
    if SHARED_DOMAINS.contains(&domain.as_str()) { Err(RegistrationError::SharedDomain(domain)) } else { Ok(domain) }
}

impl From<RegistrationError> for Trouble {
    fn from(error: RegistrationError) -> Self {
        use RegistrationError as E;
        let typed = |advice: &str| Self::new(Exit::Usage, error.to_string()).advice(advice);
        match &error {
            E::Code { cause, .. } => typed(&match cause {
                CodeError::Shape => "write all six digits, the check digit last: 019992".to_owned(),
                CodeError::CheckDigit { stem, expected, .. } => {
                    format!("if the first five digits are right, write {stem}{expected}")
                }
                CodeError::Prefecture(_) => {
                    "the first two digits are those of a prefecture, 01 to 47, or 90 to 99 for numbers of your own"
                        .to_owned()
                }
            })
            .because(cause),
            E::LongName(_) => typed("shorten it to 100 characters"),
            E::Name { text, cause } => typed(&match CertificateText::suggestion(text) {
                Some(other) => format!("if this is what it means, write {other}"),
                None => "write it with other characters, such as 白樺町, or 佐藤 花子".to_owned(),
            })
            .because(cause),
            E::Kana { .. } => typed("write the reading like this: シラカバチョウ"),
            E::NameEn { cause, .. } => typed("write it in Latin letters: Shirakaba Town").because(cause),
            E::Domain { cause, .. } => typed("write the domain alone: town.shirakaba.lg.jp").because(cause),
            E::SharedDomain(_) => typed("write the organisation's own domain under it: town.shirakaba.lg.jp")
                .because("with it the organisation could ask for names of all others"),
            E::Login { .. } => typed("write something like sato or h.sato"),
            E::ShortPassword { .. } => Self::new(Exit::Refused, error.to_string())
                .advice("choose a longer one, or leave --password-file and --ask-password away to have one drawn"),
            E::CodeTaken(_) => Self::new(Exit::Refused, error.to_string())
                .because("a code belongs to one organisation, and nothing is ever overwritten")
                .advice("`lgpki org list` shows it; its people are added with `lgpki officer add`"),
            E::LoginTaken(_) => Self::new(Exit::Refused, error.to_string())
                .because("a log-in name belongs to one person for good, also after a suspension")
                .advice("choose another; `lgpki officer list` shows those taken"),
            E::Hash(HashError::TooLong) => Self::new(Exit::Refused, error.to_string()).advice("choose a shorter one"),
            E::Hash(_) | E::Entropy(_) => Self::new(Exit::Unavailable, error.to_string()),
            E::Store(_) => match error {
                E::Store(error) => error.into(),
                other => Self::new(Exit::Bug, other.to_string()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::testing::CountingEntropy;

    fn read(code: &str, kana: &str, name_en: &str, domain: &str) -> Result<NewOrganisation, RegistrationError> {
        NewOrganisation::read(code, "白樺町", kana, name_en, &[domain])
    }

    #[test]
    fn organisation_needs_a_right_code_katakana_latin_letters_and_a_domain_of_its_own() {
        let (kana, name_en, domain) = ("シラカバチョウ", "Shirakaba Town", "town.shirakaba.lg.jp");
        assert!(read("019992", kana, name_en, domain).is_ok());
        assert!(read("019992", "ミナミ　シラカバ・チョウ", name_en, domain).is_ok());
        let error = read("019993", kana, name_en, domain).unwrap_err();
        let trouble = Trouble::from(error);
        assert_eq!(trouble.why(), Some("the check digit of 01999 is 2, not 3"));
        assert_eq!(trouble.what_to_do(), Some("if the first five digits are right, write 019992"));
        for hiragana_or_half_width in ["", "しらかばちょう", "ｼﾗｶﾊﾞ", "シラカバ\u{3099}チョウ", " シラカバ"]
        {
            let refused = read("019992", hiragana_or_half_width, name_en, domain);
            assert!(matches!(refused, Err(RegistrationError::Kana { .. })), "{hiragana_or_half_width}");
        }
        assert!(matches!(read("019992", kana, "白樺町", domain), Err(RegistrationError::NameEn { .. })));
        assert!(matches!(read("019992", kana, name_en, "LG.jp."), Err(RegistrationError::SharedDomain(_))));
        assert!(matches!(read("019992", kana, name_en, "*.town.jp"), Err(RegistrationError::Domain { .. })));
    }

    #[test]
    fn domain_given_twice_is_registered_once() {
        let twice = ["town.shirakaba.lg.jp", "Town.Shirakaba.lg.jp"];
        let new = NewOrganisation::read("019992", "白樺町", "シラカバチョウ", "Shirakaba Town", &twice).unwrap();
        assert_eq!(new.domains.len(), 1);
    }

    #[test]
    fn login_is_lower_case_ascii_without_spaces() {
        let organisation = OrganisationId::parse("0123456789abcdef0123456789abcdef").unwrap();
        let read = |login: &str, name: &str| NewOfficer::read(&organisation, login, name, Role::Officer);
        assert!(read("h.sato-2_b", "佐藤 花子").is_ok());
        for bad in ["", "Sato", "佐藤", "sa to", &"a".repeat(65)] {
            assert!(matches!(read(bad, "佐藤 花子"), Err(RegistrationError::Login { .. })), "{bad}");
        }
    }

    #[test]
    fn name_that_certificates_cannot_carry_is_refused_with_the_way_to_write_it() {
        let organisation = OrganisationId::parse("0123456789abcdef0123456789abcdef").unwrap();
        let read = |name: &str| NewOfficer::read(&organisation, "sato", name, Role::Officer);
        assert!(read(&"佐".repeat(100)).is_ok() && read("森﨑　栁").is_ok());
        for bad in ["", " ", "佐藤 ", "佐\u{7}藤", "葛\u{e0100}城", "ＳＡＴＯ", "Sato, C=JP"] {
            assert!(matches!(read(bad), Err(RegistrationError::Name { .. })), "{bad:?}");
        }
        assert!(matches!(read(&"佐".repeat(101)), Err(RegistrationError::LongName(101))));
        let trouble = Trouble::from(read("髙橋 花子").err().unwrap());
        assert_eq!(trouble.why(), Some("U+9AD9 (髙) at character 1 is no kanji, kana or Latin letter of JIS X 0213"));
        assert_eq!(trouble.what_to_do(), Some("if this is what it means, write 高橋 花子"));
        let trouble = Trouble::from(read("佐藤★").err().unwrap());
        assert_eq!(trouble.what_to_do(), Some("write it with other characters, such as 白樺町, or 佐藤 花子"));
    }

    #[test]
    fn drawn_password_has_sixty_four_bits_in_four_groups() {
        let drawn = Credentials::drawn(&CountingEntropy::default()).unwrap();
        assert_eq!(drawn.password().len(), 19);
        assert_eq!(drawn.password().split('-').map(str::len).collect::<Vec<_>>(), [4; 4]);
        assert_eq!((drawn.totp_secret().len(), drawn.authenticator_text().len()), (20, 32));
    }

    #[test]
    fn chosen_password_has_at_least_eight_characters() {
        let chosen = |text: &str| Credentials::chosen(Zeroizing::new(text.to_owned()), &CountingEntropy::default());
        assert!(chosen("正しい馬電池と釘").is_ok());
        assert!(matches!(chosen("1234567"), Err(RegistrationError::ShortPassword { characters: 7 })));
    }
}
