//! Organisations and the domains they have shown to control.

use crate::codec::parsed;
use crate::db::on;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::id::OrganisationId;
use ca_core::name::{AlternativeNames, DnsName, LocalGovernmentCode};
use ca_core::time::Timestamp;

/// An organisation of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub organisation_id: OrganisationId,
    /// Its six-digit code (団体コード).
    pub code: LocalGovernmentCode,
    /// Its name: 白樺町.
    pub name: String,
    /// Its reading: シラカバチョウ.
    pub kana: String,
    /// Its name in Latin letters, as certificates carry it.
    pub name_en: String,
}

/// A domain an organisation may have names in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationDomain {
    /// The domain; names below it are included.
    pub domain: DnsName,
    /// When the proof of control runs out.
    pub verified_until: Timestamp,
}

impl OrganisationDomain {
    /// Whether `name` may be in a certificate because of this domain: it is the domain or below it, and the proof of control
    /// has not run out at `now`. The one place where this rule stands.
    pub fn covers(&self, name: &DnsName, now: Timestamp) -> bool {
        name.is_within(&self.domain) && self.verified_until > now
    }
}

/// Returns the first of `names` that none of an organisation's `domains` covers at `now`: a server, or a mail address whose
/// domain is not covered; `None` when all may be certified. Asked when a request is approved and again before it is issued:
/// proofs run out while requests and jobs wait.
pub fn uncovered(names: &AlternativeNames, domains: &[OrganisationDomain], now: Timestamp) -> Option<String> {
    let covered = |name: &DnsName| domains.iter().any(|domain| domain.covers(name, now));
    let server = names.dns.iter().find(|name| !covered(name)).map(ToString::to_string);
    server.or_else(|| names.emails.iter().find(|address| !covered(address.domain())).map(ToString::to_string))
}

#[derive(sqlx::FromRow)]
struct Record {
    organisation_id: String,
    code: String,
    name: String,
    kana: String,
    name_en: String,
}

const INSERT: &str = "insert into organisation (organisation_id, code, name, kana, name_en, created_at)
    values ($1, $2, $3, $4, $5, $6)";

const BY_ID: &str = "select organisation_id, code, name, kana, name_en from organisation where organisation_id = $1";

const BY_CODE: &str = "select organisation_id, code, name, kana, name_en from organisation where code = $1";

const ALL: &str = "select organisation_id, code, name, kana, name_en from organisation order by code";

const UPSERT_DOMAIN: &str = "insert into organisation_domain (organisation_id, domain, verified_until)
    values ($1, $2, $3)
    on conflict (organisation_id, domain) do update set verified_until = excluded.verified_until";

const DOMAINS: &str =
    "select domain, verified_until from organisation_domain where organisation_id = $1 order by domain";

impl WriteTxn {
    /// Adds an organisation, with its event. Conflicts: `organisation_code_once`, `organisation_pk`.
    pub async fn insert_organisation(&mut self, organisation: &Organisation) -> Result<(), StoreError> {
        let (id, code) = (organisation.organisation_id.as_str(), organisation.code.as_str());
        let Organisation { name, kana, name_en, .. } = organisation;
        let now = self.now().micros();
        on!(self, execute INSERT, id, code, name, kana, name_en, now)?;
        let event = AuditEvent::new(Verb::OrganisationCreated, format!("organisation:{id}"));
        self.audit(event.with("code", code)).await
    }

    /// Adds a domain or renews its proof, with its event. Errors: no such organisation.
    pub async fn insert_domain(
        &mut self,
        organisation: &OrganisationId,
        domain: &OrganisationDomain,
    ) -> Result<(), StoreError> {
        let (name, until) = (domain.domain.as_str(), domain.verified_until);
        on!(self, execute UPSERT_DOMAIN, organisation.as_str(), name, until.micros())?;
        let event = AuditEvent::new(Verb::DomainVerified, format!("organisation:{organisation}"));
        self.audit(event.with("domain", name).with("until", until.rfc3339())).await
    }
}

impl ReadTxn {
    /// The organisation of that id.
    pub async fn organisation(&mut self, id: &OrganisationId) -> Result<Option<Organisation>, StoreError> {
        on!(self, one Record, BY_ID, id.as_str())?.map(Organisation::try_from).transpose()
    }

    /// The organisation of that code.
    pub async fn organisation_by_code(
        &mut self,
        code: &LocalGovernmentCode,
    ) -> Result<Option<Organisation>, StoreError> {
        on!(self, one Record, BY_CODE, code.as_str())?.map(Organisation::try_from).transpose()
    }

    /// All organisations, by code.
    pub async fn organisations(&mut self) -> Result<Vec<Organisation>, StoreError> {
        on!(self, all Record, ALL)?.into_iter().map(Organisation::try_from).collect()
    }

    /// The domains of an organisation, also those whose proof has run out.
    pub async fn domains(&mut self, organisation: &OrganisationId) -> Result<Vec<OrganisationDomain>, StoreError> {
        on!(self, all(String, i64), DOMAINS, organisation.as_str())?
            .into_iter()
            .map(|(domain, until)| {
                let domain = parsed("organisation_domain.domain", DnsName::parse(&domain))?;
                Ok(OrganisationDomain { domain, verified_until: Timestamp::from_micros(until) })
            })
            .collect()
    }
}

impl TryFrom<Record> for Organisation {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        Ok(Self {
            organisation_id: parsed("organisation.organisation_id", OrganisationId::parse(&record.organisation_id))?,
            code: parsed("organisation.code", LocalGovernmentCode::parse(&record.code))?,
            name: record.name,
            kana: record.kana,
            name_en: record.name_en,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ca_core::name::EmailAddress;

    #[test]
    fn a_name_is_covered_by_a_domain_it_is_within_until_the_proof_runs_out() {
        let name = |text: &str| DnsName::parse(text).unwrap();
        let now = Timestamp::from_seconds(1000);
        let domains = [("town.shirakaba.lg.jp", 1001), ("old.shirakaba.lg.jp", 1000)].map(|(domain, until)| {
            OrganisationDomain { domain: name(domain), verified_until: Timestamp::from_seconds(until) }
        });
        let good = [name("town.shirakaba.lg.jp"), name("www.town.shirakaba.lg.jp")];
        let servers = |names: &[DnsName]| AlternativeNames::of_servers(names.to_vec());
        assert_eq!(uncovered(&servers(&good), &domains, now), None);
        for bad in ["www.old.shirakaba.lg.jp", "eviltown.shirakaba.lg.jp", "shirakaba.lg.jp"] {
            let names = [good[0].clone(), name(bad)];
            assert_eq!(uncovered(&servers(&names), &domains, now).as_deref(), Some(bad));
        }
        assert_eq!(uncovered(&servers(&good), &domains, Timestamp::from_seconds(1001)), Some(good[0].to_string()));
        let address =
            |text: &str| AlternativeNames { emails: vec![EmailAddress::parse(text).unwrap()], ..Default::default() };
        assert_eq!(uncovered(&address("soumu@town.shirakaba.lg.jp"), &domains, now), None);
        let foreign = "soumu@other.lg.jp";
        assert_eq!(uncovered(&address(foreign), &domains, now).as_deref(), Some(foreign));
    }
}
