//! Making a bundle: everything that is served to the world, read from the database. Answers that are missing are signed first.

use crate::ceremony::seal;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::files::Arriving;
use crate::trouble::{Exit, Trouble, chain};
use ca_core::certificate::Certificate;
use ca_core::id::{AuthorityId, KeyLabel};
use ca_core::signer::Signer;
use ca_core::time::Timestamp;
use ocsp::Responder;
use ocsp::bundle::{
    Artefact, Bundle, BundleError, BundleWriter, Kind, Manifest, Numbering, SealJudge, answer_path, write_delta,
};
use std::path::Path;
use std::sync::Arc;
use store::bundles::BundleNumber;
use store::crls::CrlHead;
use store::{Step, Store, StoreError};

/// Answers that are signed, or read, at once.
const PAGE: u32 = 1000;

/// What a bundle is made with.
pub struct Making {
    /// Where everything stands.
    pub store: Store,
    /// Signs the answers that are missing.
    pub responder: Responder,
    /// Signs the manifest.
    pub signer: Arc<dyn Signer>,
    /// With which key.
    pub key: KeyLabel,
}

/// A bundle that was made.
#[derive(Debug)]
pub struct Made {
    /// What was signed about it.
    pub manifest: Manifest,
    /// Authorities whose missing answers could not be signed, and why.
    pub without_answers: Vec<(AuthorityId, String)>,
}

impl Making {
    /// Makes bundles of what is in `store`, signed by `signer` as that configuration says.
    pub fn new(store: Store, signer: Arc<dyn Signer>, config: &Config) -> Self {
        let policies = config.policy.ocsp();
        let responder = Responder::new(store.clone(), Arc::clone(&signer), Arc::new(SystemClock), policies);
        Self { store, responder, signer, key: config.edge.key.clone() }
    }

    /// Writes the bundle `number`, dated `now`, in place of `out`. It has its name once it is whole and durable. Errors: exit 5
    /// for database, keys and disk; exit 6 for a certificate in the database that cannot be read.
    pub async fn complete(&self, out: &Path, number: BundleNumber, now: Timestamp) -> Result<Made, Trouble> {
        let cannot = |error: &dyn std::error::Error| not_written(out, error);
        let arriving = Arriving::at(out).map_err(|error| cannot(&error))?;
        let file = arriving.begin().map_err(|error| cannot(&error))?;
        let mut writer = BundleWriter::begin(file).map_err(|error| cannot(&error))?;
        let mut without_answers = Vec::new();
        let authorities = self.store.read().await?.authorities().await?;
        for row in &authorities {
            let id = &row.authority_id;
            if row.ocsp_certificate.is_some()
                && let Err(why) = self.sign_missing_answers(id).await
            {
                without_answers.push((id.clone(), why));
            }
            self.add_answers(&mut writer, id, now).await.map_err(|error| error.told(out))?;
            self.add_lists(&mut writer, id).await.map_err(|error| error.told(out))?;
            self.add_certificates(&mut writer, id).await.map_err(|error| error.told(out))?;
        }
        let BundleNumber { origin, number } = number;
        let manifest = writer.finish(Numbering { origin, number, made_at: now }, |manifest| {
            seal::sealed(manifest, self.signer.as_ref(), &self.key).map_err(|trouble| trouble.to_string())
        });
        let manifest = manifest.inspect_err(|_| arriving.give_up()).map_err(|error| cannot(&error))?;
        let arrived = self.store.durable_elsewhere(Step::ArtefactPublished, || arriving.arrive());
        arrived.map_err(|error| cannot(&error))?;
        Ok(Made { manifest, without_answers })
    }

    async fn sign_missing_answers(&self, authority: &AuthorityId) -> Result<(), String> {
        loop {
            let pass = self.responder.presign_pass(authority, PAGE).await.map_err(|error| chain(&error))?;
            if pass.stored.saturating_add(pass.left_out) < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    async fn add_answers(&self, writer: &mut BundleWriter, id: &AuthorityId, now: Timestamp) -> Result<(), Failed> {
        let mut after = None;
        loop {
            let page = self.store.read().await?.presigned_page(id, after.as_ref(), (now, PAGE)).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.serial.clone());
            for row in page {
                let what = Artefact {
                    path: answer_path(id, &row.serial),
                    kind: Kind::Answer,
                    number: row.this_update.seconds(),
                    this_update: row.this_update,
                    next_update: row.next_update,
                };
                writer.add(&what, row.der.as_slice())?;
            }
        }
    }

    async fn add_lists(&self, writer: &mut BundleWriter, id: &AuthorityId) -> Result<(), Failed> {
        let heads = self.store.read().await?.latest_crls(id).await?;
        for head in heads {
            let CrlHead { number, this_update, next_update, .. } = head;
            let path = format!("/crl/{}", head.list.path(id));
            let mut part = writer.open()?;
            let mut txn = self.store.read().await?;
            for piece in 0.. {
                let Some(octets) = txn.crl_part(id, number, piece).await? else { break };
                writer.append(&mut part, &octets)?;
            }
            writer.close(part, &Artefact { path, kind: Kind::Crl, number, this_update, next_update })?;
        }
        Ok(())
    }

    async fn add_certificates(&self, writer: &mut BundleWriter, id: &AuthorityId) -> Result<(), Failed> {
        let Some(row) = self.store.read().await?.authority(id).await? else { return Ok(()) };
        let validity = Certificate::from_der(&row.certificate).map_err(|_| Failed::Certificate(id.clone()))?.validity();
        for (path, octets) in crl::repository::certificate_files(&self.store, id).await? {
            let (this_update, next_update) = (validity.not_before, validity.not_after);
            let what = Artefact { path, kind: Kind::Certificate, number: 0, this_update, next_update };
            writer.add(&what, octets.as_slice())?;
        }
        Ok(())
    }
}

/// Writes beside a bundle, in place of `out`, what it has that `earlier` has not. Returns how many artefacts that is. Errors:
/// exit 5 for the disk, exit 6 for what is no bundle of this installation.
pub(crate) fn delta((earlier, later): (&Path, &Path), out: &Path, judge: SealJudge<'_>) -> Result<u64, Trouble> {
    let open = |file: &Path| -> Result<Bundle, Trouble> {
        let refused = |error: BundleError| {
            let exit = if matches!(error, BundleError::Io(_)) { Exit::Unavailable } else { Exit::Integrity };
            Trouble::new(exit, format!("{} cannot be used", file.display())).because(chain(&error))
        };
        let octets = std::fs::File::open(file).map_err(|error| refused(error.into()))?;
        Bundle::open(Arc::new(octets), judge).map_err(refused)
    };
    let (earlier, later) = (open(earlier)?, open(later)?);
    let cannot = |error: &dyn std::error::Error| not_written(out, error);
    let arriving = Arriving::at(out).map_err(|error| cannot(&error))?;
    let file = arriving.begin().map_err(|error| cannot(&error))?;
    let written = write_delta(&earlier, &later, file).inspect_err(|_| arriving.give_up());
    let written = written.map_err(|error| cannot(&error))?;
    arriving.arrive().map_err(|error| cannot(&error))?;
    Ok(written)
}

fn not_written(out: &Path, error: &dyn std::error::Error) -> Trouble {
    Trouble::new(Exit::Unavailable, format!("{} cannot be written", out.display())).because(chain(error))
}

enum Failed {
    Store(StoreError),
    Bundle(BundleError),
    Certificate(AuthorityId),
}

impl Failed {
    fn told(self, out: &Path) -> Trouble {
        match self {
            Self::Store(error) => error.into(),
            Self::Bundle(error) => not_written(out, &error),
            Self::Certificate(id) => {
                let what = format!("the certificate of authority {id} in the database cannot be read");
                Trouble::new(Exit::Integrity, what).advice("restore the database from its backup")
            }
        }
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<BundleError> for Failed {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error)
    }
}
