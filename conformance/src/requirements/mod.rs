//! Requirement sets: lists of cases that never change, so that a new case turns no badge red.
//!
//! `requirements/README.md` says when one is cut. The list is a file of addresses; a test holds its
//! digest, and that each address still has its case.

use std::collections::BTreeSet;
use std::path::Path;

use mqttspec_spec::nearest_name;

use crate::cases::server;

/// A set of cases, by their addresses.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Requirements {
    /// What reports call it: `2026.1`, or the name of a file.
    pub name: String,
    addresses: BTreeSet<String>,
}

/// A set that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequirementsError {
    /// A line of a file is no address of a case.
    #[error("line {line}: there is no case {address}{}", perhaps(nearest.as_deref()))]
    Address {
        /// The line, from 1 on.
        line: usize,
        /// What stands there.
        address: String,
        /// What was perhaps meant.
        nearest: Option<String>,
    },
    /// It has no case in it.
    #[error("it names no case")]
    Empty,
    /// There is no set of this name, and no such file.
    #[error("there is no set {0}, only {all}; a file has a slash in its path or ends in .txt",
            all = Requirements::published().collect::<Vec<_>>().join(", "))]
    Name(String),
    /// The file cannot be read.
    #[error("cannot read it: {0}")]
    Read(String),
}

impl Requirements {
    /// The published set of this name, or the file at this path: what has a slash in it or ends in
    /// `.txt` is a path.
    ///
    /// # Errors
    ///
    /// [`RequirementsError`] when there is none, or it names what is no case.
    pub fn find(name_or_path: &str) -> Result<Self, RequirementsError> {
        let path = Path::new(name_or_path);
        if name_or_path.contains('/') || path.extension().is_some_and(|e| e == "txt") {
            let text = std::fs::read_to_string(path)
                .map_err(|error| RequirementsError::Read(error.to_string()))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            return Self::read(&name, &text);
        }
        let set = SETS.iter().find(|set| set.name == name_or_path);
        let set = set.ok_or_else(|| RequirementsError::Name(name_or_path.to_owned()))?;
        Self::read(set.name, set.text)
    }

    /// The names of the published sets, the oldest first.
    pub fn published() -> impl Iterator<Item = &'static str> {
        SETS.iter().map(|set| set.name)
    }

    /// Whether the case at this address belongs to it.
    pub fn contains(&self, address: &str) -> bool {
        self.addresses.contains(address)
    }

    fn read(name: &str, text: &str) -> Result<Self, RequirementsError> {
        let mut addresses = BTreeSet::new();
        for (index, line) in text.lines().enumerate() {
            let address = line.split('#').next().unwrap_or_default().trim();
            if address.is_empty() {
                continue;
            }
            if !server::all().any(|case| case.address == address) {
                let known = server::all().map(|case| case.address);
                return Err(RequirementsError::Address {
                    line: index + 1,
                    address: address.to_owned(),
                    nearest: nearest_name(address, known).map(str::to_owned),
                });
            }
            addresses.insert(address.to_owned());
        }
        if addresses.is_empty() {
            return Err(RequirementsError::Empty);
        }
        Ok(Self { name: name.to_owned(), addresses })
    }
}

fn perhaps(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default()
}

struct Set {
    name: &'static str,
    text: &'static str,
    /// SHA-256 of the text, in hexadecimal: it never changes.
    #[cfg(test)]
    digest: &'static str,
}

const SETS: &[Set] = &[Set {
    name: "2026.1",
    text: include_str!("../../requirements/2026.1.txt"),
    #[cfg(test)]
    digest: "b26041371751c63ddf1fa9b24dfd83d692b21a32a9985c871e768c9b707d7e22",
}];

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::wire::hex;

    #[test]
    fn published_sets_never_change_and_their_cases_stay() {
        for Set { name, text, digest } in SETS {
            assert_eq!(hex(&Sha256::digest(text)), *digest, "{name} was published: leave it");
            let set = Requirements::find(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
            assert_eq!(lines.count(), set.addresses.len(), "{name}: an address is there twice");
        }
    }

    #[test]
    fn every_file_of_the_folder_is_published() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let sets = files.filter(|path| path.extension().is_some_and(|e| e == "txt"));
        assert_eq!(sets.count(), SETS.len());
    }

    #[test]
    fn a_set_of_ones_own_names_cases() {
        let set = Requirements::read("mine", "# mine\nping/answered\n\nconnect/accepted # both\n");
        let set = set.unwrap();
        assert!(set.contains("ping/answered") && !set.contains("will/published-once"));
        let error = Requirements::read("mine", "ping/answered\nping/answerd").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2: there is no case ping/answerd; did you mean ping/answered?"
        );
        assert_eq!(Requirements::read("mine", "# none"), Err(RequirementsError::Empty));
        let error = Requirements::find("1999.1").unwrap_err().to_string();
        assert!(error.contains("there is no set 1999.1, only 2026.1"), "{error}");
    }
}
