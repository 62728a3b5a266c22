//! The repository as text: what its own rules are checked against.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of the repository.
pub(crate) struct File {
    /// From the top of the repository on, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// All text files that belong to the repository or are about to: what git knows, and what it would
/// add. Ordered by path.
pub(crate) fn files() -> Vec<File> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files of the repository");
    assert!(listed.status.success(), "not in a checkout: {listed:?}");
    let mut paths: Vec<_> = listed
        .stdout
        .split(|octet| *octet == 0)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8(path.to_vec()).expect("paths are UTF-8"))
        .collect();
    paths.sort();
    paths.dedup();
    // A file that is deleted and not yet committed so is still listed, and is nobody's business.
    let read =
        |path: String| Some(File { text: fs::read_to_string(root().join(&path)).ok()?, path });
    paths.into_iter().filter_map(read).collect()
}

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    let conformance = Path::new(env!("CARGO_MANIFEST_DIR"));
    conformance.parent().expect("the judge lies in a folder of the repository").to_owned()
}
