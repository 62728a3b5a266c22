//! Folders that a broker cannot use: exit code 3, what is wrong, what to do, and nothing touched.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::peer::{Peer, clean};
use crate::start;

/// What a broker on `folder` says before it ends, with exit code 3.
pub(crate) fn refused(folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_mqttspec"))
        .args(["broker", "--bind", "127.0.0.1:0", "--data-dir"])
        .arg(folder)
        .env("MQTTSPEC_VOLATILE", "false")
        .output()
        .expect("the program starts");
    let told = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(3), "{told}");
    told.replace(&folder.display().to_string(), "FOLDER")
}

#[test]
fn a_second_broker_on_a_folder_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = start(folder.path());
    insta::assert_snapshot!(refused(folder.path()), @r"
    error: cannot keep state: FOLDER/lock: another process keeps its state in this folder
      --data-dir chooses another folder, --volatile keeps nothing
    ");
    // And the first has not noticed.
    Peer::connect(first.address, clean("client")).expect("accepted");
}

#[test]
fn a_damaged_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(start(folder.path()));
    let path = folder.path().join("state.redb");
    let mut octets = fs::read(&path).expect("a store");
    octets.truncate(octets.len() / 2);
    fs::write(&path, &octets).expect("written");
    let told = refused(folder.path());
    assert!(told.contains("this store is damaged, and was left as it is"), "{told}");
    assert!(fs::read(&path).expect("a store") == octets);
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.redb");
    fs::write(&path, "somebody else's").expect("written");
    insta::assert_snapshot!(refused(folder.path()), @"error: cannot go on from what was kept: FOLDER/state.redb: this is no store of mqttspec, or its beginning is damaged; it was left as it is");
    assert_eq!(fs::read_to_string(&path).expect("text"), "somebody else's");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "").expect("written");
    let told =
        refused(&in_the_way.join("below")).replace(&in_the_way.display().to_string(), "FILE");
    insta::assert_snapshot!(told, @r"
    error: cannot keep state: FOLDER: cannot make this folder: FILE is no folder
      --data-dir chooses another folder, --volatile keeps nothing
    ");
}
