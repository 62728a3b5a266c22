//! A file that is changed as a whole or not at all, and stays as readable as it was.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::cli::exit::{self, Failed};

/// Puts `text` in place of `older`, which is what was read from the file at `path`.
///
/// A reader sees the one or the other. Owner and permissions stay; a new file is for its owner only.
pub(super) fn rewrite(path: &Path, older: &str, text: &str) -> Result<(), Failed> {
    // What is linked to stays where it is.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = path.display().to_string();
    let failed = |error: io::Error| {
        let error = anyhow!("cannot change {name}: {error}");
        Failed { code: exit::UNREACHABLE, error }
    };
    let mut new = beside(&path);
    // It is also what keeps two of us apart.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
    let mut file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            let new = new.display();
            let what = "somebody else is changing it; if nobody is, remove";
            let error = anyhow!("cannot change {name}: {what} {new}");
            Failed { code: exit::UNREACHABLE, error }
        }
        _ => failed(error),
    })?;
    let written = write(&mut file, &path, older, text).and_then(|()| fs::rename(&new, &path));
    if let Err(error) = written {
        // There is nothing else to be done about it.
        let _ = fs::remove_file(&new);
        return Err(failed(error));
    }
    // The name has to be as durable as what it stands for.
    new.pop();
    File::open(&new).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn write(file: &mut File, path: &Path, older: &str, text: &str) -> io::Result<()> {
    match fs::read_to_string(path) {
        Ok(now) if now == older => {
            let (was, is) = (fs::metadata(path)?, file.metadata()?);
            if (was.uid(), was.gid()) != (is.uid(), is.gid()) {
                fchown(&*file, Some(was.uid()), Some(was.gid()))
                    .map_err(|error| io::Error::new(error.kind(), format!("its owner: {error}")))?;
            }
            file.set_permissions(Permissions::from_mode(was.mode() & 0o7777))?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && older.is_empty() => {}
        Ok(_) => return Err(io::Error::other("somebody else has just changed it")),
        Err(error) => return Err(error),
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Where the new file is written: in the same folder, so that a rename is one step.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).join(name)
}
