//! A folder with the paths of the repository, for a server that knows nothing of this program. What stands there is read back
//! before anything is replaced, and a file has its name when it is whole: a reader sees the list before or the one after.

use super::Found;
use super::recovering::recovered;
use super::verdict::{There, Verdict, digest_of};
use super::wanted::{WantedList, wanted_certificates};
use crate::files::{Arriving, Identity};
use crate::trouble::chain;
use ca_core::digest::sha256;
use ca_core::time::Timestamp;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use store::crls::CrlHead;
use store::publications::PublicationRow;
use store::{Step, Store, StoreError};

/// Who holds the lock of this file publishes here, and nobody else does: the kernel gives it back when a process dies.
const LOCK: &str = ".lgpki-publisher";

/// Such a folder, and what is remembered of it.
pub(super) struct Directory {
    folder: PathBuf,
    /// What was read, as long as the file is the same.
    read: HashMap<String, (Identity, PublicationRow)>,
}

/// Why a list is not published.
enum Failed {
    Store(StoreError),
    Disk(io::Error),
}

/// Whether files that have not changed since they were read are read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// They are: everything has been seen when the pass ends.
    Again,
    /// What has not changed is what it was.
    Changed,
}

impl Directory {
    pub(super) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), read: HashMap::new() }
    }

    /// Makes everything stand there that should. What cannot be done keeps nothing else from being done. Errors: the database.
    pub(super) async fn pass(
        &mut self,
        (store, now): (&Store, Timestamp),
        lists: &[WantedList],
        reading: Reading,
    ) -> Result<Found, StoreError> {
        if reading == Reading::Again {
            self.read.clear();
        }
        let mut found = Found::default();
        let _lock = match self.locked().await {
            Ok(lock) => lock,
            Err(error) => {
                found.wrong(format!("the folder {} cannot be used: {error}", self.folder.display()));
                return Ok(found);
            }
        };
        for list in lists {
            match self.publish_list((store, now), list, &mut found).await {
                Ok(()) => {}
                Err(Failed::Store(error)) => return Err(error),
                Err(Failed::Disk(error)) => found.wrong(self.cannot(&list.path, &error)),
            }
        }
        for (path, octets) in wanted_certificates(store).await? {
            if let Err(error) = self.publish_file(store, &path, octets).await {
                found.wrong(self.cannot(&path, &error));
            }
        }
        Ok(found)
    }

    fn cannot(&self, path: &str, error: &io::Error) -> String {
        format!("{} cannot be published: {error}", self.folder.join(path).display())
    }

    /// The lock. A folder that is not there is not made: it may be a disk that is not mounted.
    async fn locked(&self) -> io::Result<File> {
        let place = self.folder.join(LOCK);
        blocking(move || {
            let lock = File::options().write(true).create(true).truncate(false).open(place)?;
            lock.try_lock().map_err(|_| io::Error::other("another process is publishing there"))?;
            Ok(lock)
        })
        .await
    }

    async fn publish_list(
        &mut self,
        (store, now): (&Store, Timestamp),
        list: &WantedList,
        found: &mut Found,
    ) -> Result<(), Failed> {
        let there = self.look(list).await?;
        match there.verdict(list) {
            Verdict::Leave => {}
            Verdict::Recover(why) => {
                let place = self.folder.join(&list.path);
                let file = blocking(move || File::open(place)).await?;
                found.wrong(format!("{why} {}", recovered(store, list, file, now).await));
            }
            Verdict::Put => {
                if let There::Foreign(why) = &there {
                    tracing::warn!(event_id = "publish.foreign", path = list.path, why, "replaced: no list of ours");
                }
                let put = self.put_list(store, list).await;
                found.seen.extend(if put.is_ok() { Some(list.as_seen()) } else { there.seen() });
                return put;
            }
        }
        found.seen.extend(there.seen());
        Ok(())
    }

    /// What stands at the place of that list; a file that was read already is known.
    async fn look(&mut self, list: &WantedList) -> io::Result<There> {
        let place = self.folder.join(&list.path);
        let identity = Identity::of(&place);
        if let Some((_, row)) = self.read.get(&list.path).filter(|(known, _)| Some(*known) == identity) {
            return Ok(There::List(row.clone()));
        }
        let wanted = list.clone();
        let there = blocking(move || match File::open(place) {
            Ok(file) => There::of(file, &wanted),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(There::Nothing),
            Err(error) => Err(error),
        });
        let there = there.await?;
        if let (Some(identity), Some(row)) = (identity, there.seen()) {
            self.read.insert(list.path.clone(), (identity, row));
        }
        Ok(there)
    }

    async fn put_list(&self, store: &Store, list: &WantedList) -> Result<(), Failed> {
        let CrlHead { authority_id, number, .. } = &list.head;
        let mut writing = Writing::begin(self.folder.join(&list.path)).await?;
        for part in 0.. {
            let Some(octets) = store.read().await?.crl_part(authority_id, *number, part).await? else { break };
            writing = writing.append(octets).await?;
        }
        Ok(writing.end(store, list.sha256).await?)
    }

    async fn publish_file(&self, store: &Store, path: &str, octets: Vec<u8>) -> io::Result<()> {
        let (place, wanted) = (self.folder.join(path), sha256(&octets));
        let stands = blocking(move || match File::open(place) {
            Ok(mut file) => Ok(digest_of(&mut file)? == wanted),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        });
        if stands.await? {
            return Ok(());
        }
        let writing = Writing::begin(self.folder.join(path)).await?;
        writing.append(octets).await?.end(store, wanted).await
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// A file on its way. One that is given up is taken away.
struct Writing {
    arriving: Arriving,
    file: File,
}

impl Writing {
    async fn begin(place: PathBuf) -> io::Result<Self> {
        blocking(move || {
            if let Some(folder) = place.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let arriving = Arriving::at(&place)?;
            let file = arriving.begin()?;
            Ok(Self { arriving, file })
        })
        .await
    }

    async fn append(mut self, octets: Vec<u8>) -> io::Result<Self> {
        blocking(move || match self.file.write_all(&octets) {
            Ok(()) => Ok(self),
            Err(error) => {
                self.arriving.give_up();
                Err(error)
            }
        })
        .await
    }

    /// Durable, read back and found to be what has that digest; then it takes its name.
    async fn end(self, store: &Store, sha256: [u8; 32]) -> io::Result<()> {
        let Self { arriving, file } = self;
        let store = store.clone();
        blocking(move || {
            let written = file.sync_all().and_then(|()| digest_of(&mut arriving.open()?)).and_then(|digest| {
                let differs = || io::Error::other("what was written reads differently");
                (digest == sha256).then_some(()).ok_or_else(differs)
            });
            written
                .and_then(|()| store.durable_elsewhere(Step::ArtefactPublished, || arriving.arrive()))
                .inspect_err(|_| arriving.give_up())
        })
        .await
    }
}

/// Does what may take as long as a disk at the other end of a network likes.
async fn blocking<T: Send + 'static>(act: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(act).await;
    done.unwrap_or_else(|error| Err(io::Error::other(chain(&error))))
}
