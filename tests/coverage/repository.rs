//! The files of the repository, read from disk, without what is built or installed.

use std::path::{Path, PathBuf};

/// The crates whose code is the program; `tests` watches them.
pub(crate) const CRATES: &[&str] = &["ca-core", "store", "hsm-adapters", "crl", "ocsp", "ra-web", "lgpki"];

/// Folders that hold nothing written by hand.
const NOT_WRITTEN: &[&str] = &[".git", "target", "node_modules", "lgpki-demo"];

/// A file under the repository's root.
pub(crate) struct File {
    /// Its path from the root, with `/`.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every text file under `folder` (from the root; empty for everything) whose name ends in one of `endings`, sorted.
pub(crate) fn files(folder: &str, endings: &[&str]) -> Vec<File> {
    let root = root();
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    paths.sort();
    let named = |path: &PathBuf| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending));
    paths
        .into_iter()
        .filter(named)
        .filter_map(|path| {
            let text = std::fs::read_to_string(&path).ok()?; // a picture is no text
            let path = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            Some(File { path, text })
        })
        .collect()
}

/// One file, by its path from the root.
pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !NOT_WRITTEN.iter().any(|name| entry.file_name() == *name) {
            collect(&entry.path(), found);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}
