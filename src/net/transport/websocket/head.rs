//! The head of an HTTP message: what stands before the first empty line.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest head that is read, in octets: cookies and tokens fit, floods do not.
const LONGEST: usize = 16 * 1024;

/// Why there is no head.
#[derive(Debug, thiserror::Error)]
pub(in crate::net) enum NoHead {
    #[error("the connection was closed within the HTTP head")]
    Closed,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("an HTTP head of more than {LONGEST} octets")]
    TooLong,
}

/// Reads a head, with the empty line at its end; what comes behind it stays in `unread`.
pub(super) async fn read_head(
    stream: &mut (impl AsyncRead + Unpin),
    unread: &mut BytesMut,
) -> Result<BytesMut, NoHead> {
    const END: &[u8] = b"\r\n\r\n";
    let mut seen = 0;
    loop {
        // Each octet is looked at once, however slowly they come.
        let found = unread[seen..].windows(END.len()).position(|window| window == END);
        if let Some(position) = found {
            return Ok(unread.split_to(seen + position + END.len()));
        }
        seen = unread.len().saturating_sub(END.len() - 1);
        if unread.len() >= LONGEST {
            return Err(NoHead::TooLong);
        }
        if stream.read_buf(unread).await? == 0 {
            return Err(NoHead::Closed);
        }
    }
}
