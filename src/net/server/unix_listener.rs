//! A Unix socket that listens: a file that comes and goes with it.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::UnixStream as Probe;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::origin::Origin;

/// A Unix socket that listens. Dropping it takes the file away that was made for it.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    /// The file that was made for it; `None` for one that is another's.
    _file: Option<File>,
}

/// A file that goes with its socket.
#[derive(Debug)]
struct File {
    path: PathBuf,
    /// Device and number, by which it is known again.
    identity: (u64, u64),
}

impl UnixSocket {
    /// Makes a socket at `path`.
    ///
    /// A socket that stands there and that nobody listens on any more, as a crash leaves it behind,
    /// makes place. Anything else stays.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AddrInUse`] when something stands there, else the system's.
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        if is_left_behind(path) {
            fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path).map_err(|error| match is_socket(path) {
            // "Address already in use" would be all that the system says.
            Some(false) if error.kind() == io::ErrorKind::AddrInUse => {
                io::Error::new(error.kind(), "something is there that is no socket, and stays")
            }
            _ => error,
        })?;
        let identity = identity(path)?;
        Ok(Self { listener, _file: Some(File { path: path.to_owned(), identity }) })
    }

    /// Takes over a socket that somebody else has made, and takes away.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn adopt(socket: std::os::unix::net::UnixListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { listener: UnixListener::from_std(socket)?, _file: None })
    }

    /// Waits for the next connection.
    pub(super) async fn accept(&self) -> io::Result<(UnixStream, Origin)> {
        let (stream, _) = self.listener.accept().await?;
        let process = stream.peer_cred().ok().and_then(|credentials| credentials.pid());
        Ok((stream, Origin::Local { process }))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // Somebody may have put something else in its place meanwhile.
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Whether it is a socket; `None` when nothing is there.
fn is_socket(path: &Path) -> Option<bool> {
    fs::symlink_metadata(path).ok().map(|file| file.file_type().is_socket())
}

/// Whether there is a socket that nobody listens on.
fn is_left_behind(path: &Path) -> bool {
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    is_socket(path) == Some(true) && Probe::connect(path).is_err_and(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn its_file_goes_with_it() {
        let runtime = runtime();
        let _guard = runtime.enter();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let socket = UnixSocket::bind(&path).unwrap();
        assert!(path.exists());
        drop(socket);
        assert!(!path.exists());
    }

    #[test]
    fn one_in_use_stays_with_its_owner() {
        let runtime = runtime();
        let _guard = runtime.enter();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _first = UnixSocket::bind(&path).unwrap();
        assert_eq!(UnixSocket::bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert!(path.exists());
    }

    #[test]
    fn one_left_behind_makes_place() {
        let runtime = runtime();
        let _guard = runtime.enter();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        // Its file stays, as after a crash: the standard library takes none away.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let _socket = UnixSocket::bind(&path).unwrap();
    }

    #[test]
    fn a_file_that_is_no_socket_stays() {
        let runtime = runtime();
        let _guard = runtime.enter();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("precious");
        fs::write(&path, "data").unwrap();
        let error = UnixSocket::bind(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains("no socket"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"data");
    }

    #[test]
    fn a_file_in_its_place_stays() {
        let runtime = runtime();
        let _guard = runtime.enter();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let first = UnixSocket::bind(&path).unwrap();
        fs::rename(&path, folder.path().join("elsewhere")).unwrap();
        let _second = UnixSocket::bind(&path).unwrap();
        drop(first);
        assert!(path.exists());
    }
}
