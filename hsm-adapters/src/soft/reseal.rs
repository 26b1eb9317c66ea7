//! Another passphrase for a whole folder: everything sealed in it (keys and data keys) is sealed anew.
//!
//! All new files are on the disk beside the old ones before the first is replaced, and a mark says that they are complete. A
//! crash before the mark leaves the folder under the old passphrase; after it, whoever opens the folder next finishes the
//! replacing, which needs no passphrase.

use std::fs;
use std::path::{Path, PathBuf};

use super::derive::{DEFAULT_ITERATIONS, FolderSecret};
use super::keyfile::{self, KeyFileError, sync_folder};
use crate::Passphrase;

/// Complete: what is staged takes the place of what was.
const MARK: &str = ".resealed";
/// Before the name of a staged file.
const STAGED: &str = ".resealed-";
const SEALED_SUFFIX: &str = ".pem";

/// Seals everything in `folder` with `new` instead of `old`, and returns how many files that were. On return it is on the disk.
/// No process may be using the folder: it would go on with the keys it has opened, and fail on those it has not.
///
/// # Errors
/// Any [`KeyFileError`]; then everything is sealed as it was, unless the system failed while files were being replaced: that is
/// finished when the folder is opened next.
pub fn change_passphrase(folder: &Path, old: Passphrase, new: Passphrase) -> Result<usize, KeyFileError> {
    change_with_iterations(folder, old, new, DEFAULT_ITERATIONS)
}

/// As [`change_passphrase`], with that many rounds of PBKDF2, for tests.
///
/// # Errors
/// As there.
pub fn change_with_iterations(
    folder: &Path,
    old: Passphrase,
    new: Passphrase,
    iterations: u32,
) -> Result<usize, KeyFileError> {
    let io = |source| KeyFileError::Io { path: folder.to_path_buf(), source };
    // One at a time; the lock goes with the handle, also when the process is killed.
    let alone = fs::File::open(folder).map_err(io)?;
    alone.try_lock().map_err(|error| io(error.into()))?;
    let sealed = stage(folder, old, new, iterations)?;
    // From here the new passphrase is the folder's, whatever happens.
    keyfile::place(&folder.join(MARK), "the staged files are complete\n")?;
    finish(folder)?;
    Ok(sealed)
}

/// Seals a copy of everything under the new passphrase, and reads each copy back.
fn stage(folder: &Path, old: Passphrase, new: Passphrase, iterations: u32) -> Result<usize, KeyFileError> {
    finish(folder)?;
    for (_, path) in named(folder, |name| name.starts_with(STAGED))? {
        fs::remove_file(&path).map_err(|source| KeyFileError::Io { path, source })?;
    }
    let files = named(folder, |name| !name.starts_with('.') && name.ends_with(SEALED_SUFFIX))?;
    let existing = files.iter().find_map(|(_, path)| keyfile::derivation_of(path));
    let (old, new) = (FolderSecret::new(old, iterations, existing), FolderSecret::new(new, iterations, None));
    for (name, path) in &files {
        let staged = folder.join(format!("{STAGED}{name}"));
        let content = keyfile::open(path, &old)?;
        keyfile::create(&staged, &content, &new)?;
        if *keyfile::open(&staged, &new)? != *content {
            return Err(KeyFileError::NotSealed { path: staged });
        }
    }
    Ok(files.len())
}

/// Finishes what was complete when a process ended. What was not is left to the next change: it may be under way.
///
/// # Errors
/// [`KeyFileError::Io`].
pub(super) fn finish(folder: &Path) -> Result<(), KeyFileError> {
    let mark = folder.join(MARK);
    if !mark.exists() {
        return Ok(());
    }
    for (name, path) in named(folder, |name| name.starts_with(STAGED))? {
        let place = folder.join(name.strip_prefix(STAGED).unwrap_or(&name));
        fs::rename(&path, place).map_err(|source| KeyFileError::Io { path, source })?;
    }
    sync_folder(folder)?;
    fs::remove_file(&mark).map_err(|source| KeyFileError::Io { path: mark, source })?;
    sync_folder(folder)
}

fn named(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, PathBuf)>, KeyFileError> {
    let io = |source| KeyFileError::Io { path: folder.to_path_buf(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| wanted(name)) {
            files.push((name.to_owned(), path.clone()));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::super::SoftKeys;
    use super::super::testing::ScratchDir;
    use super::*;
    use ca_core::id::KeyLabel;
    use ca_core::key::KeyAlgorithm;
    use ca_core::signer::{KeyKeeper, Signer};
    use zeroize::Zeroizing;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::typed(Zeroizing::new(text.to_owned())).ok().unwrap()
    }

    fn label(text: &str) -> KeyLabel {
        KeyLabel::parse(text).unwrap()
    }

    /// A folder with two keys and a data key under "old".
    fn folder(name: &str) -> ScratchDir {
        let dir = ScratchDir::new(name);
        let keys = SoftKeys::open_with_iterations(dir.path(), passphrase("old"), 10).ok().unwrap();
        keys.create(&label("one"), KeyAlgorithm::P256).unwrap();
        keys.create(&label("two"), KeyAlgorithm::P256).unwrap();
        keys.create_data_key("vault.pem").ok().unwrap();
        dir
    }

    fn opens(dir: &ScratchDir, with: &str) -> bool {
        let keys = SoftKeys::open_with_iterations(dir.path(), passphrase(with), 10).ok().unwrap();
        let opened = [keys.public_key(&label("one")).is_ok(), keys.public_key(&label("two")).is_ok()];
        let data = keys.open_data_key("vault.pem").is_ok();
        assert!(opened == [data; 2], "a folder under two passphrases: {opened:?} {data}");
        data
    }

    fn names(dir: &ScratchDir) -> Vec<String> {
        named(dir.path(), |_| true).ok().unwrap().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn everything_opens_with_the_new_passphrase_and_nothing_with_the_old() {
        let dir = folder("reseal");
        let before = names(&dir);
        assert_eq!(change_with_iterations(dir.path(), passphrase("old"), passphrase("new"), 10).ok(), Some(3));
        assert!(opens(&dir, "new") && !opens(&dir, "old"));
        assert_eq!(names(&dir), before);
    }

    #[test]
    fn a_wrong_old_passphrase_changes_nothing() {
        let dir = folder("reseal-wrong");
        let refused = change_with_iterations(dir.path(), passphrase("wrong"), passphrase("new"), 10);
        assert!(matches!(refused.err(), Some(KeyFileError::WrongPassphrase { .. })));
        assert!(opens(&dir, "old"));
    }

    #[test]
    fn a_crash_before_the_mark_leaves_the_old_passphrase() {
        let dir = folder("reseal-before");
        let before = names(&dir);
        assert_eq!(stage(dir.path(), passphrase("old"), passphrase("new"), 10).ok(), Some(3));
        assert!(opens(&dir, "old"));
        // What was staged under a passphrase nobody uses is not mixed into the next change.
        assert_eq!(change_with_iterations(dir.path(), passphrase("old"), passphrase("newer"), 10).ok(), Some(3));
        assert!(opens(&dir, "newer"));
        assert_eq!(names(&dir), before);
    }

    #[test]
    fn a_crash_at_any_point_after_the_mark_leads_to_the_new_passphrase() {
        for replaced in 0..=3 {
            let dir = folder(&format!("reseal-after-{replaced}"));
            stage(dir.path(), passphrase("old"), passphrase("new"), 10).ok().unwrap();
            keyfile::place(&dir.path().join(MARK), "complete").ok().unwrap();
            for (name, path) in
                named(dir.path(), |name| name.starts_with(STAGED)).ok().unwrap().into_iter().take(replaced)
            {
                fs::rename(path, dir.path().join(name.strip_prefix(STAGED).unwrap())).unwrap();
            }
            assert!(opens(&dir, "new"), "{replaced} were replaced");
            assert_eq!(names(&dir), ["one.key.pem", "two.key.pem", "vault.pem"]);
        }
    }
}
