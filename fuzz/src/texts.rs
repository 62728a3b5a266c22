//! Any text where a file of somebody's is read: rules, passwords, profiles, reports, transcripts;
//! and where an address is.

use std::fmt::{Debug, Display};
use std::ops::Range;
use std::str::FromStr;

use mqttspec::broker::{Access, SessionName};
use mqttspec::net::{Endpoint, Listen, ServerUrl};
use mqttspec::packet::{ClientId, Text};
use mqttspec::passwords::{Passwords, with_user, without_user};
use mqttspec::topic::TopicName;
use mqttspec_conformance::sabotage::Matrix;
use mqttspec_conformance::{Glob, Profile, ReadReport, Target, Transcript};

/// Has every reader of texts read `octets`, if they are one: it is read, or what is wrong is told
/// at a place that is there.
pub fn texts(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    rules(text);
    passwords(text);
    addresses(text);
    drop(text.parse::<Profile>().map_err(|error| error.to_string()));
    drop(Matrix::from_json(text).map_err(|error| error.to_string()));
    drop(ReadReport::from_json(text).map_err(|error| error.to_string()));
    if let Ok(transcript) = Transcript::from_json(text, None) {
        let written = transcript.to_json();
        let again = Transcript::from_json(&written, None).expect("what it writes it reads");
        assert_eq!(again.to_json(), written);
    }
}

fn rules(text: &str) {
    match Access::parse(text) {
        Ok(access) => {
            let anna = SessionName::given(&ClientId::new(Text::new("anna").expect("text")));
            let topic = TopicName::new("home/anna").expect("a Topic Name");
            for user in [None, Some("anna"), Some("+/#")] {
                let rights = access.rights(user, &anna);
                let _ = (rights.may_read(&topic), rights.may_write(&topic));
            }
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            faults.iter().for_each(|fault| is_in(text, &fault.place));
        }
    }
}

fn passwords(text: &str) {
    match Passwords::parse(text) {
        Ok(users) => {
            let added = with_user(text, "anna", HASH).expect("a name like any other");
            let with = Passwords::parse(&added).expect("one line more is right, too");
            assert!(with.users().any(|user| user == "anna"));
            // Nobody else has changed.
            let others = |all: &Passwords| -> Vec<String> {
                all.users().filter(|user| *user != "anna").map(str::to_owned).collect()
            };
            assert_eq!(others(&with), others(&users));
            let removed = without_user(&added, "anna").expect("it was there");
            let without = Passwords::parse(&removed).expect("one line less is right, too");
            assert_eq!(without.users().collect::<Vec<_>>(), others(&users));
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            faults.iter().for_each(|fault| is_in(text, &fault.place));
        }
    }
}

fn addresses(text: &str) {
    reads_back::<Endpoint>(text);
    reads_back::<Listen>(text);
    drop(text.parse::<ServerUrl>().map_err(|error| error.to_string()));
    drop(text.parse::<Target>().map_err(|error| error.to_string()));
    let _ = Glob::new(text).matches(text);
}

/// What is read is written so that the same is read again.
fn reads_back<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) {
    match text.parse::<T>() {
        Ok(read) => {
            let again = read.to_string().parse::<T>().map_err(|error| error.to_string());
            assert_eq!(again, Ok(read), "{text:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn is_in(text: &str, place: &Range<usize>) {
    assert!(text.get(place.clone()).is_some(), "{place:?} is no part of {text:?}");
}

/// By `mosquitto_passwd`.
const HASH: &str = "$7$101$q1fOkzAIyYnZ358m$ftUWKZzMHleHuNDAVUn1hdaARWtrp9vDeCmv2fCsEuje7H+X/sL6TzdUgzuzalYoKr+EZdTyeqsJ9HRtD330EA==";
