//! Files of users, good and bad, and hashes that others have made.

use super::*;

/// Made by mosquitto_passwd 2.0.11: `mosquitto_passwd -b FILE judge justice`.
const MOSQUITTO: &str = "judge:$7$101$q1fOkzAIyYnZ358m$ftUWKZzMHleHuNDAVUn1hdaARWtrp9vDeCmv2fCsEuje7H+X/sL6TzdUgzuzalYoKr+EZdTyeqsJ9HRtD330EA==";
/// Made by the reference implementation in C, through argon2-cffi 25.1: 4 MiB, one pass, two lanes.
const ARGON2: &str = "$argon2id$v=19$m=4096,t=1,p=2$pGOSpxyOX1yrm/uBpS//DA$6FvSGoIBfbRb5KamYyfBHeHnP0o8FgiDGTRFpnTX6xk";

#[test]
fn hashes_of_others_are_checked() {
    let file = format!("{MOSQUITTO}\nanna:{ARGON2}\n");
    let passwords = Passwords::parse(&file).unwrap();
    assert_eq!(passwords.users().collect::<Vec<_>>(), ["anna", "judge"]);
    for user in ["judge", "anna"] {
        assert!(passwords.check(user, b"justice"), "{user}");
        for wrong in [&b""[..], b"justic", b"justice ", b"Justice", b"\0justice"] {
            assert!(!passwords.check(user, wrong), "{user} {wrong:?}");
        }
    }
    // A key of HMAC is filled up with U+0000, so to PBKDF2 this one is the same, whoever carries
    // it out; Argon2id knows better.
    assert!(passwords.check("judge", b"justice\0"));
    assert!(!passwords.check("anna", b"justice\0"));
    assert!(!passwords.check("judg", b"justice"));
    assert!(!passwords.check("", b""));
}

#[test]
fn hashes_of_ours_are_checked_and_never_twice_the_same() {
    for algorithm in [Algorithm::Argon2id, Algorithm::Pbkdf2Sha512 { rounds: 10 }] {
        for password in [&b""[..], b"secret", b"\x00\xff", &[7; 65_535]] {
            let (first, second) = (algorithm.hash(password), algorithm.hash(password));
            assert_ne!(first, second);
            let file = with_user("", "anna", &first).unwrap();
            let file = with_user(&file, "berta", &second).unwrap();
            let passwords = Passwords::parse(&file).unwrap();
            for user in ["anna", "berta"] {
                assert!(passwords.check(user, password), "{algorithm:?}");
                assert!(!passwords.check(user, b"other"), "{algorithm:?}");
            }
        }
    }
}

#[test]
fn a_hash_for_mosquitto_has_the_form_that_it_reads() {
    // mosquitto 2.0 turns everybody away whose salt has another length than twelve octets.
    let ours = Algorithm::Pbkdf2Sha512 { rounds: 101 }.hash(b"justice");
    let (_, theirs) = MOSQUITTO.split_once(':').unwrap();
    let lengths = |hash: &str| hash.split('$').map(str::len).collect::<Vec<_>>();
    assert_eq!(lengths(&ours), lengths(theirs));
}

#[test]
fn an_unknown_user_is_held_against_somebody_always_the_same() {
    let hash = Algorithm::Pbkdf2Sha512 { rounds: 10 }.hash(b"secret");
    let mut file = String::new();
    for number in 0..20 {
        file = with_user(&file, &format!("user{number}"), &hash).unwrap();
    }
    let passwords = Passwords::parse(&file).unwrap();
    let stand_in = |user: &str| passwords.stand_in(user).map(std::ptr::from_ref);
    assert!(stand_in("stranger").is_some());
    assert_eq!(stand_in("stranger"), stand_in("stranger"));
    assert!((0..100).any(|n| stand_in(&n.to_string()) != stand_in("stranger")));
    // The password of whoever stands in is not the stranger's.
    assert!(!passwords.check("stranger", b"secret"));
    assert!(!Passwords::default().check("stranger", b"secret"));
}

#[test]
fn what_is_wrong_is_said_where_and_without_a_secret() {
    let good = Algorithm::Pbkdf2Sha512 { rounds: 10 }.hash(b"secret");
    let rest = good.strip_prefix("$7$10$").unwrap();
    for (line, place, what) in [
        ("hunter2".to_owned(), "hunter2", "no colon"),
        ("anna:hunter2".into(), "hunter2", "no hash"),
        ("anna:".into(), "anna", "no hash"),
        (format!(":{good}"), "", "not empty"),
        (format!("anna:$7$0${rest}"), "0", "rounds"),
        (format!("anna:$7$99999999999${rest}"), "99999999999", "rounds"),
        ("anna:$7$10$c2FsdA==$c2hvcnQ=".into(), "c2hvcnQ=", "64 octets"),
        ("anna:$7$10$c2Fs!A==$c2hvcnQ=".into(), "c2Fs!A==", "Base64"),
        ("anna:$7$10$c2FsdA==".into(), "$7$10$c2FsdA==", "$7$ROUNDS$SALT$HASH"),
        ("anna:$6$c2FsdA==$aGFzaA==".into(), "$6$c2FsdA==$aGFzaA==", "too weak"),
        ("anna:$2y$10$aaaa".into(), "$2y$10$aaaa", "another algorithm"),
        ("anna:$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OQ".into(), "", "1 GiB"),
        ("anna:$argon2id$v=19$m=64,t=1,p=1".into(), "", ""),
        ("anna:$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OQ".into(), "", "version"),
        (format!("anna:{good}\nanna:{good}"), "anna", "again"),
    ] {
        let text = format!("# users\nfirst:{good}\n\n{line}\n");
        let faults = Passwords::parse(&text).expect_err(&line);
        assert_eq!(faults.len(), 1, "{line}");
        let PasswordFault { place: range, what: told, .. } = &faults[0];
        assert!(text[range.clone()].contains(place), "{line}: {:?}", &text[range.clone()]);
        assert!(range.start > "# users\nfirst:".len() + good.len(), "{line}");
        assert!(told.contains(what), "{line}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
        let masked = masked(&text);
        assert_eq!(masked.len(), text.len());
        assert!(!masked.contains("hunter2") && !masked.contains(rest), "{masked}");
        assert!(masked.starts_with("# users\nfirst:$*$**$**"), "{masked}");
    }
}

#[test]
fn a_change_leaves_all_other_lines_as_they_are() {
    let text = "# who\r\n\n anna : old\nberta:x\nanna:older";
    assert_eq!(with_user(text, "anna", "new").unwrap(), "# who\r\n\nanna:new\nberta:x\n");
    assert_eq!(with_user(text, "carla", "c").unwrap(), format!("{text}\ncarla:c\n"));
    assert_eq!(without_user(text, "anna").unwrap(), "# who\r\n\nberta:x\n");
    assert_eq!(without_user(text, "carla"), None);
    assert_eq!(without_user("#anna:x\n", "#anna"), None);
    for (name, expected) in [
        ("", InvalidUserName::Blank),
        (" a", InvalidUserName::Blank),
        ("a:b", InvalidUserName::Character),
        ("a\nb", InvalidUserName::Character),
        ("#a", InvalidUserName::Comment),
    ] {
        assert_eq!(with_user(text, name, "x"), Err(expected), "{name:?}");
    }
    let long = "a".repeat(65_536);
    assert_eq!(with_user(text, &long, "x"), Err(InvalidUserName::TooLong));
}

#[test]
fn a_change_is_seen_and_nothing_is_told_of_hashes() {
    let hash = |password| Algorithm::Pbkdf2Sha512 { rounds: 1 }.hash(password);
    let old = format!("anna:{}\nberta:{}\ncarla:{}\n", hash(b"a"), hash(b"b"), hash(b"c"));
    let new = with_user(&without_user(&old, "carla").unwrap(), "anna", &hash(b"a")).unwrap();
    let (old, new) = (Passwords::parse(&old).unwrap(), Passwords::parse(&new).unwrap());
    let changed = |user| new.changed_since(&old, user);
    assert_eq!(["anna", "berta", "carla", "dora"].map(changed), [true, false, true, false]);
    assert_eq!(format!("{new:?}"), "{\"anna\", \"berta\"}");
}
