//! Open files, of which each connection takes one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many as the system lets this process have, and those that it starts.
///
/// What is usual, 1,024, is for programs that have to do with `select`.
pub(super) fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // Where it is refused there may still be enough of them.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}
