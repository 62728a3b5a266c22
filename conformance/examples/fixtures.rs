//! Writes what is too large to be committed: every packet vector as a file of octets, for the
//! corpus of a fuzzer, and every conversation as a capture for Wireshark.
//!
//!     cargo run -p mqttspec-conformance --example fixtures -- FOLDER
//!
//! `FOLDER/packets/OUTCOME/ID.bin` and `FOLDER/captures/ID.pcapng`, the same in each run.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use mqttspec_conformance::fixtures::{conversation_files, files};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("a folder to write to")?);
    for vector in files().into_iter().flat_map(|file| file.vectors) {
        let folder = folder.join("packets").join(vector.outcome.as_str());
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(vector.id).with_extension("bin"), vector.octets)?;
    }
    let folder = folder.join("captures");
    fs::create_dir_all(&folder)?;
    for conversation in conversation_files().into_iter().flat_map(|file| file.conversations) {
        let path = folder.join(&conversation.id).with_extension("pcapng");
        fs::write(path, conversation.to_pcapng())?;
    }
    Ok(())
}
