//! Our codec against the packet vectors and our topics against the topic vectors: what the standard
//! says of each is what they do.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use bytes::BytesMut;
use mqttspec::packet::{DecodeError, Decoder, Packet};
use mqttspec::topic::{SubscriptionTree, TopicFilter, TopicName};
use mqttspec_conformance::fixtures::Decoded;
use serde_json::Value;

#[path = "../fixtures/read.rs"]
#[expect(unreachable_pub, reason = "the file is a reader for others to copy")]
mod read;
#[path = "../fuzz/src/translation.rs"]
#[expect(unreachable_pub, reason = "the file belongs to the library of the fuzz targets")]
mod translation;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[test]
fn every_vector_has_its_outcome() -> Result {
    let mut counts = BTreeMap::new();
    for (octets, vector) in read::vectors(Path::new("fixtures/packets"))? {
        let id = vector["id"].as_str().ok_or("no id")?;
        let outcome = vector["outcome"].as_str().ok_or("no outcome")?.to_owned();
        let mut buffer = BytesMut::from(&*octets);
        let decoded = Decoder::default().decode(&mut buffer);
        match (&*outcome, &decoded) {
            ("valid", Ok(Some(packet))) => {
                assert_eq!(neutral(packet)?, vector["decoded"], "{id}");
                assert!(buffer.is_empty(), "{id}: {} octets left", buffer.len());
                assert!(encode(packet)? == octets, "{id} is written in other octets");
            }
            // Which side sends, and what a Server answers, is not for a codec to know.
            ("violation" | "either", Ok(Some(packet))) => {
                assert_eq!(neutral(packet)?, vector["decoded"], "{id}");
                assert!(buffer.is_empty(), "{id}: {} octets left", buffer.len());
            }
            ("malformed" | "either", Err(fault)) => names_a_statement(id, &vector, fault),
            ("incomplete", Ok(None)) => assert!(buffer == octets, "{id}: octets are gone"),
            _ => panic!("{id} is {outcome}: {decoded:?}"),
        }
        *counts.entry(outcome).or_insert(0) += 1;
    }
    // Whoever reads no file has no outcome that is wrong.
    assert_eq!(counts.len(), 5, "{counts:?}");
    assert!(counts.values().sum::<usize>() >= 1000, "{counts:?}");
    Ok(())
}

#[test]
fn every_topic_vector_has_its_outcome() -> Result {
    let mut counts = BTreeMap::new();
    for entry in std::fs::read_dir("fixtures/topics")? {
        let file: Value = serde_json::from_str(&std::fs::read_to_string(entry?.path())?)?;
        for vector in file["vectors"].as_array().ok_or("no vectors")? {
            let id = vector["id"].as_str().ok_or("no id")?;
            let outcome = vector["outcome"].as_str().ok_or("no outcome")?.to_owned();
            let (filter, name) = (text(&vector["filter"]), text(&vector["name"]));
            let filter = filter.map(TopicFilter::new);
            let name = name.map(TopicName::new);
            match (&*outcome, filter, name) {
                ("match" | "no-match", Some(Ok(filter)), Some(Ok(name))) => {
                    let mut tree = SubscriptionTree::new();
                    tree.insert(&filter, (), ());
                    let mut in_tree = false;
                    tree.for_each_match(&name, |(), ()| in_tree = true);
                    assert_eq!(filter.matches(&name), outcome == "match", "{id}");
                    assert_eq!(in_tree, outcome == "match", "{id}: the tree");
                }
                ("valid" | "either", Some(Ok(_)), None) => {}
                ("valid" | "either", None, Some(Ok(_))) => {}
                ("invalid", Some(Err(fault)), None) => {
                    names(id, vector, fault.kind.statement());
                }
                ("invalid", None, Some(Err(fault))) => {
                    names(id, vector, fault.kind.statement());
                }
                (outcome, filter, name) => panic!("{id} is {outcome}: {filter:?} {name:?}"),
            }
            *counts.entry(outcome).or_insert(0) += 1;
        }
    }
    assert_eq!(counts.len(), 5, "{counts:?}");
    assert!(counts.values().sum::<usize>() >= 450, "{counts:?}");
    Ok(())
}

/// Text as the files have it.
fn text(value: &Value) -> Option<String> {
    let times = value["times"].as_u64().and_then(|times| usize::try_from(times).ok());
    match (value["repeat"].as_str(), times) {
        (Some(repeat), Some(times)) => {
            Some(repeat.repeat(times) + value["then"].as_str().unwrap_or_default())
        }
        _ => value.as_str().map(str::to_owned),
    }
}

/// The fault is one of those that the vector names.
fn names_a_statement(id: &str, vector: &Value, fault: &DecodeError) {
    names(id, vector, fault.statement());
}

fn names(id: &str, vector: &Value, statement: &str) {
    let named = Value::from(statement);
    let listed = vector["statements"].as_array();
    let is_listed = listed.is_some_and(|all| all.contains(&named));
    assert!(is_listed, "{id}: {named}, where it is {}", vector["statements"]);
}

/// What the packet means, in the words of the files.
fn neutral(packet: &Packet) -> Result<Value> {
    Ok(serde_json::to_value(Decoded::from(&translation::translate(packet)))?)
}

fn encode(packet: &Packet) -> Result<Vec<u8>> {
    let mut octets = BytesMut::new();
    packet.encode(&mut octets)?;
    Ok(octets.to_vec())
}
