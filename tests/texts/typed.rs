//! Commands as somebody types them, one after the other in a folder, and all that is answered.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::program::mqttspec;

/// A folder, and what has been typed and answered there.
pub(crate) struct Typed {
    folder: TempDir,
    text: String,
    /// What differs from run to run, and what stands for it.
    hidden: Vec<(String, &'static str)>,
}

impl Typed {
    /// In a folder with these files.
    pub(crate) fn among(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, content) in files {
            fs::write(folder.path().join(name), content).expect("written");
        }
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let place = folder.path().display().to_string();
        Self { folder, text: String::new(), hidden: vec![(place, "FOLDER"), (version, "VERSION")] }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Shows `name` wherever `what` stands.
    pub(crate) fn hide(&mut self, what: impl ToString, name: &'static str) {
        self.hidden.push((what.to_string(), name));
    }

    /// Types a command, of words without blanks.
    pub(crate) fn type_in(&mut self, command: &str) {
        self.run(&command.split(' ').collect::<Vec<_>>());
    }

    /// Types a command.
    pub(crate) fn run(&mut self, arguments: &[&str]) {
        let ended = mqttspec(self.folder(), arguments);
        let code = ended.code.expect("an exit code");
        let quoted = |word: &&str| match word.contains([' ', '{', '*', '%', '\n']) {
            true => format!("'{}'", word.replace('\n', r"\n")),
            false => (*word).to_owned(),
        };
        let line = arguments.iter().map(quoted).collect::<Vec<_>>().join(" ");
        // Standard output first: which of the two is which shows in the tests of each command.
        let said = format!("{}{}", ended.stdout, ended.stderr);
        let said = said.trim_end();
        let said = if said.is_empty() { String::new() } else { format!("{said}\n") };
        self.text += &format!("$ mqttspec {line}\n{said}⇒ {code}\n\n");
    }

    /// All of it.
    pub(crate) fn told(&self) -> String {
        let hide = |text: String, (what, name): &(String, &'static str)| text.replace(what, name);
        self.hidden.iter().fold(self.text.clone(), hide)
    }
}
