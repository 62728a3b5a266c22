//! `mqttspec passwd` as people run it: what it does to a file, and what it leaves alone.

#[path = "support/program.rs"]
mod program;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use mqttspec::passwords::Passwords;
use program::{Ended, mqttspec};
use tempfile::TempDir;

/// A folder with two passwords in it.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("one"), "first secret\nsecond line").expect("a file");
    fs::write(folder.path().join("two"), "other\n").expect("a file");
    folder
}

/// With a hash that takes no time.
fn passwd(folder: &Path, arguments: &str) -> Ended {
    let quick = ["passwd", "--algorithm", "pbkdf2-sha512", "--rounds", "5"];
    let arguments = quick.into_iter().chain(arguments.split_whitespace());
    mqttspec(folder, &arguments.collect::<Vec<_>>())
}

fn read(folder: &Path) -> Passwords {
    let text = fs::read_to_string(folder.join("users")).expect("a file");
    Passwords::parse(&text).expect("a file of users")
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o7777
}

#[test]
fn users_come_change_and_go() {
    let folder = folder();
    let folder = folder.path();
    let made = passwd(folder, "users anna --password-from one");
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(mode(&folder.join("users")), 0o600, "for its owner only");
    let hash = fs::read_to_string(folder.join("users")).expect("a file");
    assert!(hash.starts_with("anna:$7$5$"), "{hash}");
    assert_eq!(passwd(folder, "users berta --password-from two").code, Some(0));
    let passwords = read(folder);
    assert!(passwords.check("anna", b"first secret"));
    assert!(passwords.check("berta", b"other"));

    fs::set_permissions(folder.join("users"), PermissionsExt::from_mode(0o640)).expect("mine");
    let changed = passwd(folder, "users anna --password-from two");
    assert!(changed.stderr.contains("has another password"), "{changed:?}");
    assert!(read(folder).check("anna", b"other"));
    assert_eq!(mode(&folder.join("users")), 0o640, "as it was");

    let list = mqttspec(folder, &["passwd", "users", "--list"]);
    assert_eq!((list.code, list.stdout.as_str()), (Some(0), "anna\nberta\n"));
    assert_eq!(mqttspec(folder, &["passwd", "users", "anna", "--delete"]).code, Some(0));
    assert_eq!(read(folder).users().collect::<Vec<_>>(), ["berta"]);
    let gone = mqttspec(folder, &["passwd", "users", "anna", "--delete"]);
    assert_eq!(gone.code, Some(2));
    assert!(gone.stderr.contains("no user anna"), "{gone:?}");
}

#[test]
fn by_default_it_is_argon2id() {
    let folder = folder();
    let arguments = ["passwd", "users", "anna", "--password-from", "one"];
    assert_eq!(mqttspec(folder.path(), &arguments).code, Some(0));
    let text = fs::read_to_string(folder.path().join("users")).expect("a file");
    assert!(text.starts_with("anna:$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
    assert!(read(folder.path()).check("anna", b"first secret"));
}

#[test]
fn what_cannot_be_leaves_the_file_as_it_is_and_tells_no_secret() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("empty"), "\n").expect("a file");
    let wrong = "# ours\nberta:hunter2\n";
    fs::write(folder.join("users"), wrong).expect("a file");
    for (arguments, code, expected) in [
        ("users anna --password-from one", 2, "users:2:7: a password, or something else"),
        ("users --list", 2, "users:2:7: "),
        ("new a:b --password-from one", 2, "no colon"),
        ("new anna --password-from nowhere", 2, "nowhere"),
        ("new anna --password-from empty", 2, "protects nobody"),
        ("nowhere/new anna --password-from one", 3, "cannot change"),
        ("new --list", 2, "cannot read"),
        ("new anna --delete", 2, "cannot read"),
        ("new", 2, "<USER>"),
    ] {
        let arguments: Vec<_> = ["passwd"].into_iter().chain(arguments.split(' ')).collect();
        let ended = mqttspec(folder, &arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?} {ended:?}");
        assert!(ended.stderr.contains(expected), "{arguments:?} {ended:?}");
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
    assert_eq!(fs::read_to_string(folder.join("users")).expect("a file"), wrong);
    assert!(!folder.join("new").exists() && !folder.join("new.new").exists());
}

#[test]
fn two_at_once_do_not_lose_each_others_users() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("users.new"), "somebody writes").expect("a file");
    let ended = passwd(folder, "users anna --password-from one");
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("somebody else is changing it"), "{ended:?}");
    assert_eq!(fs::read_to_string(folder.join("users.new")).expect("a file"), "somebody writes");
}

#[test]
fn what_a_link_leads_to_is_changed_and_the_link_stays() {
    let folder = folder();
    let folder = folder.path();
    fs::create_dir(folder.join("far")).expect("a folder");
    fs::write(folder.join("far/users"), "# ours\n").expect("a file");
    symlink("far/users", folder.join("users")).expect("a link");
    assert_eq!(passwd(folder, "users anna --password-from one").code, Some(0));
    assert!(folder.join("users").is_symlink());
    let text = fs::read_to_string(folder.join("far/users")).expect("a file");
    assert!(text.starts_with("# ours\nanna:$7$5$"), "{text}");
}
