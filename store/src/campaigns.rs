//! Campaigns: the plan, its waves and its certificates, and what tells how far it is. How far it is stands nowhere: the rules
//! are in `ca_core::campaign`.

use crate::batch::BatchSql;
use crate::codec::{at, names, parsed, serial, word};
use crate::db::on;
use crate::error::StoreError;
use crate::txn::{ReadTxn, WriteTxn};
use ca_core::audit::{AuditEvent, Verb};
use ca_core::campaign::{CertificateName, Certified, OldKinds, Wave};
use ca_core::id::{AuthorityId, CampaignId, OrganisationId, ProfileId};
use ca_core::key::KeyAlgorithm;
use ca_core::time::Timestamp;

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignRow {
    /// Its name, as in URLs.
    pub campaign_id: CampaignId,
    /// Its Japanese title.
    pub title_ja: String,
    /// Its English title.
    pub title_en: String,
    /// Which certificates are old.
    pub old: OldKinds,
    /// When it was planned.
    pub created_at: Timestamp,
    /// By whom: `account:…` or `system:…`.
    pub created_by: String,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

/// What [`WriteTxn::insert_campaign`] writes.
#[derive(Clone, Debug)]
pub struct NewCampaign {
    /// Its name.
    pub campaign_id: CampaignId,
    /// Its Japanese title.
    pub title_ja: String,
    /// Its English title.
    pub title_en: String,
    /// Which certificates are old.
    pub old: OldKinds,
    /// When organisations begin and end.
    pub waves: Vec<Wave>,
    /// The wave of each organisation, by its number.
    pub organisations: Vec<(OrganisationId, u32)>,
    /// The old certificates, with their organisations.
    pub items: Vec<(CertificateName, OrganisationId)>,
}

/// An old certificate of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignItem {
    /// Which.
    pub name: CertificateName,
    /// What it certifies.
    pub certified: Certified,
    /// Its alternative names, for people.
    pub names: Vec<String>,
    /// Its last instant.
    pub not_after: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Since when it is revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A valid certificate that is no item of a campaign and may take the place of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub name: CertificateName,
    /// What it certifies.
    pub certified: Certified,
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// A certificate that is valid, for a survey of all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCertificate {
    /// Which.
    pub name: CertificateName,
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// Its last instant.
    pub not_after: Timestamp,
    /// Whose it is; `None` for those of a ceremony, and of a CA that moved here.
    pub organisation: Option<OrganisationId>,
}

#[derive(sqlx::FromRow)]
struct CampaignRecord {
    campaign_id: String,
    title_ja: String,
    title_en: String,
    old_keys: String,
    old_authorities: String,
    created_at: i64,
    created_by: String,
    closed_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct ItemRecord {
    authority_id: String,
    serial: Vec<u8>,
    organisation_id: String,
    profile_id: String,
    subject: String,
    names: String,
    not_after: i64,
    recorded_at: i64,
    revoked_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct CandidateRecord {
    authority_id: String,
    serial: Vec<u8>,
    organisation_id: String,
    profile_id: String,
    subject: String,
    der: Vec<u8>,
    recorded_at: i64,
}

const INSERT: &str = "insert into campaign
        (campaign_id, title_ja, title_en, old_keys, old_authorities, created_at, created_by)
    values ($1, $2, $3, $4, $5, $6, $7)";

const INSERT_WAVE: &str = "insert into campaign_wave (campaign_id, number, opens_at, due_at) values ($1, $2, $3, $4)";

static INSERT_ORGANISATIONS: BatchSql = BatchSql::new(
    "insert into campaign_organisation (campaign_id, organisation_id, wave) values ",
    "($1, ?, ?)",
    "",
    1,
);

static INSERT_ITEMS: BatchSql = BatchSql::new(
    "insert into campaign_item (campaign_id, authority_id, serial, organisation_id) values ",
    "($1, ?, ?, ?)",
    "",
    1,
);

const MOVE: &str = "update campaign_organisation set wave = $3
    where campaign_id = $1 and organisation_id = $2
        and exists (select 1 from campaign c where c.campaign_id = $1 and c.closed_at is null)";

const CLOSE: &str = "update campaign set closed_at = $2 where campaign_id = $1 and closed_at is null";

const ALL: &str = "select campaign_id, title_ja, title_en, old_keys, old_authorities, created_at, created_by, closed_at
    from campaign order by created_at desc, campaign_id";

const BY_ID: &str =
    "select campaign_id, title_ja, title_en, old_keys, old_authorities, created_at, created_by, closed_at
    from campaign where campaign_id = $1";

const WAVES: &str = "select number, opens_at, due_at from campaign_wave where campaign_id = $1 order by number";

/// By id: the pages in which progress is counted are ranges of ids.
const ORGANISATIONS: &str = "select o.organisation_id, o.wave, count(t.serial)
    from campaign_organisation o
        left join campaign_item t on t.campaign_id = o.campaign_id and t.organisation_id = o.organisation_id
    where o.campaign_id = $1
    group by o.organisation_id, o.wave
    order by o.organisation_id";

const ITEMS: &str = "select t.authority_id, t.serial, t.organisation_id, i.profile_id, i.subject, i.names, i.not_after,
        c.recorded_at, v.revoked_at
    from campaign_item t
        join intent i on i.authority_id = t.authority_id and i.serial = t.serial
        join certificate c on c.authority_id = t.authority_id and c.serial = t.serial
        left join revocation v on v.authority_id = t.authority_id and v.serial = t.serial
    where t.campaign_id = $1 and t.organisation_id >= $2 and t.organisation_id <= $3
    order by i.not_after, t.authority_id, t.serial";

const CANDIDATES: &str =
    "select c.authority_id, c.serial, q.organisation_id, i.profile_id, i.subject, c.der, c.recorded_at
    from campaign_organisation o
        join request q on q.organisation_id = o.organisation_id
        join certificate c on c.request_id = q.request_id
        join intent i on i.authority_id = c.authority_id and i.serial = c.serial
        left join revocation v on v.authority_id = c.authority_id and v.serial = c.serial
    where o.campaign_id = $1 and o.organisation_id >= $2 and o.organisation_id <= $3
        and c.der is not null and v.reason is null and i.not_after >= $4
        and not exists (select 1 from campaign_item t
            where t.campaign_id = $1 and t.authority_id = c.authority_id and t.serial = c.serial)";

const RESCHEDULE: &str = "update campaign_wave set opens_at = $3, due_at = $4 where campaign_id = $1 and number = $2
    and exists (select 1 from campaign c where c.campaign_id = $1 and c.closed_at is null)";

const LIVE: &str = "select c.authority_id, c.serial, c.der, i.not_after, q.organisation_id
    from certificate c
        join intent i on i.authority_id = c.authority_id and i.serial = c.serial
        left join request q on q.request_id = c.request_id
        left join revocation v on v.authority_id = c.authority_id and v.serial = c.serial
    where (c.authority_id > $1 or (c.authority_id = $1 and c.serial > $2))
        and c.der is not null and v.reason is null and i.not_after >= $3
    order by c.authority_id, c.serial limit $4";

impl WriteTxn {
    /// Writes down a campaign with its waves, organisations and old certificates, with its event. Conflicts: `campaign_pk`.
    /// Errors: an organisation, wave or certificate there is none of.
    pub async fn insert_campaign(&mut self, new: &NewCampaign) -> Result<(), StoreError> {
        let (id, now, by) = (new.campaign_id.as_str(), self.now().micros(), self.actor().as_text());
        let (keys, authorities) = (lines(new.old.keys()), lines(new.old.authorities()));
        on!(self, execute INSERT, id, &new.title_ja, &new.title_en, &keys, &authorities, now, by)?;
        for wave in &new.waves {
            let (number, opens, due) = (i64::from(wave.number), wave.opens_at.micros(), wave.due_at.micros());
            on!(self, execute INSERT_WAVE, id, number, opens, due)?;
        }
        for (sql, rows) in INSERT_ORGANISATIONS.chunks(&new.organisations) {
            on!(self, execute sql => |query| {
                query = query.bind(id);
                for (organisation, wave) in rows {
                    query = query.bind(organisation.as_str()).bind(i64::from(*wave));
                }
            })?;
        }
        for (sql, rows) in INSERT_ITEMS.chunks(&new.items) {
            on!(self, execute sql => |query| {
                query = query.bind(id);
                for ((authority, serial), organisation) in rows {
                    query = query.bind(authority.as_str()).bind(serial.as_bytes()).bind(organisation.as_str());
                }
            })?;
        }
        let event = AuditEvent::new(Verb::CampaignPlanned, format!("campaign:{id}"));
        let counts = [("waves", new.waves.len()), ("organisations", new.organisations.len())];
        let event = counts.into_iter().fold(event, |event, (name, count)| event.with(name, count.to_string()));
        self.audit(event.with("certificates", new.items.len().to_string())).await
    }

    /// Puts an organisation of an open campaign into another wave, with its event. Errors: [`StoreError::NotFound`] when it is
    /// in no open campaign of that name; there is no such wave.
    pub async fn move_in_campaign(
        &mut self,
        campaign: &CampaignId,
        organisation: &OrganisationId,
        wave: u32,
    ) -> Result<(), StoreError> {
        if on!(self, execute MOVE, campaign.as_str(), organisation.as_str(), i64::from(wave))? == 0 {
            return Err(StoreError::NotFound { what: "organisation of an open campaign" });
        }
        let event = AuditEvent::new(Verb::CampaignMoved, format!("campaign:{campaign}"));
        self.audit(event.with("organisation", organisation.as_str()).with("wave", wave.to_string())).await
    }

    /// Gives a wave of an open campaign other dates, with its event. Errors: [`StoreError::NotFound`] when no open campaign of that
    /// name has such a wave; it would end before it begins (`campaign_wave_due_check`).
    pub async fn reschedule_wave(&mut self, campaign: &CampaignId, wave: &Wave) -> Result<(), StoreError> {
        let (number, opens, due) = (i64::from(wave.number), wave.opens_at.micros(), wave.due_at.micros());
        if on!(self, execute RESCHEDULE, campaign.as_str(), number, opens, due)? == 0 {
            return Err(StoreError::NotFound { what: "wave of an open campaign" });
        }
        let event = AuditEvent::new(Verb::CampaignMoved, format!("campaign:{campaign}"));
        let event = event.with("wave", wave.number.to_string()).with("opens", wave.opens_at.rfc3339());
        self.audit(event.with("due", wave.due_at.rfc3339())).await
    }

    /// Closes a campaign, with its event. Errors: [`StoreError::NotFound`] when no open one has that name.
    pub async fn close_campaign(&mut self, campaign: &CampaignId) -> Result<(), StoreError> {
        let now = self.now().micros();
        if on!(self, execute CLOSE, campaign.as_str(), now)? == 0 {
            return Err(StoreError::NotFound { what: "open campaign" });
        }
        self.audit(AuditEvent::new(Verb::CampaignClosed, format!("campaign:{campaign}"))).await
    }
}

impl ReadTxn {
    /// All campaigns, the newest first.
    pub async fn campaigns(&mut self) -> Result<Vec<CampaignRow>, StoreError> {
        on!(self, all CampaignRecord, ALL)?.into_iter().map(CampaignRow::try_from).collect()
    }

    /// The campaign of that name.
    pub async fn campaign(&mut self, id: &CampaignId) -> Result<Option<CampaignRow>, StoreError> {
        on!(self, one CampaignRecord, BY_ID, id.as_str())?.map(CampaignRow::try_from).transpose()
    }

    /// The waves of a campaign, from the first.
    pub async fn campaign_waves(&mut self, id: &CampaignId) -> Result<Vec<Wave>, StoreError> {
        let rows = on!(self, all(i64, i64, i64), WAVES, id.as_str())?;
        let wave = |(number, opens, due): (i64, i64, i64)| {
            Ok(Wave {
                number: parsed("campaign_wave.number", u32::try_from(number))?,
                opens_at: Timestamp::from_micros(opens),
                due_at: Timestamp::from_micros(due),
            })
        };
        rows.into_iter().map(wave).collect()
    }

    /// The organisations of a campaign by their ids, each with its wave and the number of its old certificates.
    pub async fn campaign_organisations(
        &mut self,
        id: &CampaignId,
    ) -> Result<Vec<(OrganisationId, u32, u64)>, StoreError> {
        let rows = on!(self, all(String, i64, i64), ORGANISATIONS, id.as_str())?;
        let row = |(organisation, wave, items): (String, i64, i64)| {
            Ok((
                parsed("campaign_organisation.organisation_id", OrganisationId::parse(&organisation))?,
                parsed("campaign_organisation.wave", u32::try_from(wave))?,
                parsed("count of campaign_item", u64::try_from(items))?,
            ))
        };
        rows.into_iter().map(row).collect()
    }

    /// The old certificates of the organisations from `first` to `last` by their ids, those that end first in front.
    pub async fn campaign_items(
        &mut self,
        id: &CampaignId,
        first: &OrganisationId,
        last: &OrganisationId,
    ) -> Result<Vec<CampaignItem>, StoreError> {
        let records = on!(self, all ItemRecord, ITEMS, id.as_str(), first.as_str(), last.as_str())?;
        records.into_iter().map(CampaignItem::try_from).collect()
    }

    /// The certificates of these organisations that are valid until `now` or longer and no items of the campaign.
    pub async fn campaign_candidates(
        &mut self,
        id: &CampaignId,
        first: &OrganisationId,
        last: &OrganisationId,
        now: Timestamp,
    ) -> Result<Vec<Candidate>, StoreError> {
        let (first, last) = (first.as_str(), last.as_str());
        let records = on!(self, all CandidateRecord, CANDIDATES, id.as_str(), first, last, now.micros())?;
        records.into_iter().map(Candidate::try_from).collect()
    }

    /// The next `rows` certificates behind `after` that are not revoked and valid until `now` or longer, by authority and serial
    /// number.
    pub async fn live_certificates(
        &mut self,
        after: Option<&CertificateName>,
        now: Timestamp,
        rows: u32,
    ) -> Result<Vec<LiveCertificate>, StoreError> {
        let authority = after.map_or("", |(authority, _)| authority.as_str());
        let behind = after.map_or([].as_slice(), |(_, serial)| serial.as_bytes());
        type Row = (String, Vec<u8>, Vec<u8>, i64, Option<String>);
        let rows = on!(self, all Row, LIVE, authority, behind, now.micros(), i64::from(rows))?;
        let live = |(authority, octets, der, not_after, organisation): Row| {
            let organisation = organisation.as_deref().map(OrganisationId::parse).transpose();
            Ok(LiveCertificate {
                name: name(&authority, &octets)?,
                der,
                not_after: Timestamp::from_micros(not_after),
                organisation: parsed("request.organisation_id", organisation)?,
            })
        };
        rows.into_iter().map(live).collect()
    }
}

fn lines<T: ToString>(words: &[T]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn name(authority: &str, octets: &[u8]) -> Result<CertificateName, StoreError> {
    let authority = parsed("certificate.authority_id", AuthorityId::parse(authority))?;
    Ok((authority, serial("certificate.serial", octets)?))
}

fn certified(organisation: &str, profile: &str, subject: String) -> Result<Certified, StoreError> {
    Ok(Certified {
        organisation: parsed("request.organisation_id", OrganisationId::parse(organisation))?,
        profile: parsed("intent.profile_id", ProfileId::parse(profile))?,
        subject,
    })
}

impl TryFrom<CampaignRecord> for CampaignRow {
    type Error = StoreError;

    fn try_from(record: CampaignRecord) -> Result<Self, StoreError> {
        let keys: Option<Vec<_>> = record.old_keys.lines().map(KeyAlgorithm::parse).collect();
        let keys = word("campaign.old_keys", &record.old_keys, keys)?;
        let authorities = record.old_authorities.lines().map(AuthorityId::parse).collect::<Result<_, _>>();
        let authorities = parsed("campaign.old_authorities", authorities)?;
        Ok(Self {
            campaign_id: parsed("campaign.campaign_id", CampaignId::parse(&record.campaign_id))?,
            title_ja: record.title_ja,
            title_en: record.title_en,
            old: parsed("campaign.old_keys", OldKinds::new(keys, authorities))?,
            created_at: Timestamp::from_micros(record.created_at),
            created_by: record.created_by,
            closed_at: at(record.closed_at),
        })
    }
}

impl TryFrom<ItemRecord> for CampaignItem {
    type Error = StoreError;

    fn try_from(record: ItemRecord) -> Result<Self, StoreError> {
        Ok(Self {
            name: name(&record.authority_id, &record.serial)?,
            certified: certified(&record.organisation_id, &record.profile_id, record.subject)?,
            names: names(&record.names),
            not_after: Timestamp::from_micros(record.not_after),
            recorded_at: Timestamp::from_micros(record.recorded_at),
            revoked_at: at(record.revoked_at),
        })
    }
}

impl TryFrom<CandidateRecord> for Candidate {
    type Error = StoreError;

    fn try_from(record: CandidateRecord) -> Result<Self, StoreError> {
        Ok(Self {
            name: name(&record.authority_id, &record.serial)?,
            certified: certified(&record.organisation_id, &record.profile_id, record.subject)?,
            der: record.der,
            recorded_at: Timestamp::from_micros(record.recorded_at),
        })
    }
}
