//! What failures leave behind for whoever mends them: transcripts and captures, a file each.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mqttspec_conformance::{Report, Transcript};

use super::exit::{self, Failed};

/// Where to put them.
#[derive(Debug, clap::Args)]
pub(super) struct Evidence {
    /// Write a transcript of each failure into this folder, for `mqttspec replay`
    #[arg(long, value_name = "FOLDER")]
    transcripts: Option<PathBuf>,

    /// Write a capture of each failure into this folder, for Wireshark
    #[arg(long, value_name = "FOLDER")]
    pcapng: Option<PathBuf>,
}

impl Evidence {
    /// Makes the folders before a run, as far as they can be made.
    pub(super) fn check(&self) -> Result<(), Failed> {
        let mut folders = [&self.transcripts, &self.pcapng].into_iter().flatten();
        let made = folders.try_for_each(|folder| make(folder));
        made.map_err(|error| Failed { code: exit::USAGE, error })
    }

    /// Writes what was asked for. Without a failure there is nothing to write, but the folder is
    /// there.
    pub(super) fn write(&self, report: &Report) -> Result<(), anyhow::Error> {
        if let Some(folder) = &self.transcripts {
            write_all(folder, "json", report, |transcript| transcript.to_json().into_bytes())?;
        }
        if let Some(folder) = &self.pcapng {
            write_all(folder, "pcapng", report, Transcript::to_pcapng)?;
        }
        Ok(())
    }
}

fn write_all(
    folder: &Path,
    extension: &str,
    report: &Report,
    octets: impl Fn(&Transcript) -> Vec<u8>,
) -> Result<(), anyhow::Error> {
    make(folder)?;
    for transcript in report.transcripts() {
        let path = folder.join(transcript.file_stem()).with_extension(extension);
        fs::write(&path, octets(transcript))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn make(folder: &Path) -> Result<(), anyhow::Error> {
    // "File exists" would be all that the system says.
    anyhow::ensure!(
        !folder.exists() || folder.is_dir(),
        "cannot write into {}: it is no folder",
        folder.display()
    );
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}
