//! The packet vectors: the files are what the generator says, and what they say holds together.
//!
//! `MQTTSPEC_BLESS=1 cargo test -p mqttspec-conformance --test fixtures` writes the files. An id
//! keeps its octets: to give it others is refused even then.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use mqttspec_conformance::fixtures::{Decoded, File, Flag, Outcome, SentBy, Vector, files};
use mqttspec_conformance::wire::{Kind, Octets, Packet, Publish, Read, Reader, Sender};
use mqttspec_spec::{Catalogue, StatementId};
use serde_json::Value;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;
type Bend = fn(&mut Value);

/// Made once: some vectors have megabytes.
static FILES: LazyLock<Vec<File>> = LazyLock::new(files);

fn directory() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "fixtures"].iter().collect()
}

fn path(file: &File) -> PathBuf {
    directory().join("packets").join(file.name).with_extension("json")
}

fn vectors() -> impl Iterator<Item = &'static Vector> {
    FILES.iter().flat_map(|file| &file.vectors)
}

#[test]
fn the_files_are_what_the_generator_says() -> Result {
    let bless = std::env::var_os("MQTTSPEC_BLESS").is_some();
    for file in FILES.iter() {
        let path = path(file);
        let generated = file.to_json();
        let committed = fs::read_to_string(&path).unwrap_or_default();
        if bless {
            keeps_its_octets(&committed, &generated)?;
            fs::write(&path, &generated)?;
            continue;
        }
        // Not assert_eq: nobody wants to see both files.
        assert!(committed == generated, "{} is not fresh: MQTTSPEC_BLESS=1", path.display());
    }
    let expected: Vec<_> = FILES.iter().map(path).collect();
    for entry in fs::read_dir(directory().join("packets"))? {
        let found = entry?.path();
        assert!(expected.contains(&found), "{} comes from nowhere", found.display());
    }
    Ok(())
}

/// Whoever has stored an id finds the same octets under it.
fn keeps_its_octets(committed: &str, generated: &str) -> Result {
    if committed.is_empty() {
        return Ok(());
    }
    let generated = octets_by_id(generated)?;
    for (id, octets) in octets_by_id(committed)? {
        assert_eq!(generated.get(&id), Some(&octets), "{id} had other octets before");
    }
    Ok(())
}

fn octets_by_id(json: &str) -> Result<BTreeMap<String, (Value, Value)>> {
    let file: Value = serde_json::from_str(json)?;
    let vectors = file["vectors"].as_array().ok_or("no vectors")?;
    let entry = |v: &Value| (v["id"].to_string(), (v["hex"].clone(), v["tail"].clone()));
    Ok(vectors.iter().map(entry).collect())
}

#[test]
fn every_file_has_the_form_of_the_schema() -> Result {
    let schema = fs::read_to_string(directory().join("schema/packet-vectors.schema.json"))?;
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema)?)?;
    for file in FILES.iter() {
        let value: Value = serde_json::from_str(&file.to_json())?;
        if let Some(error) = schema.iter_errors(&value).next() {
            panic!("{}: {error} at {}", file.name, error.instance_path());
        }
    }

    // A schema that lets everything pass would let the files pass too.
    let good: Value = serde_json::from_str(&FILES[0].to_json())?;
    let bends: [(&str, Bend); 6] = [
        ("an id without a number", |vector| vector["id"] = "TEXT".into()),
        ("an outcome of its own", |vector| vector["outcome"] = "perhaps".into()),
        ("valid and not decoded", |vector| drop(vector.as_object_mut().unwrap().remove("decoded"))),
        ("either without a reason", |vector| vector["outcome"] = "either".into()),
        ("half an octet", |vector| vector["hex"] = "100".into()),
        ("an unknown member", |vector| vector["colour"] = "blue".into()),
    ];
    for (bend, apply) in bends {
        let mut bent = good.clone();
        apply(&mut bent["vectors"][0]);
        assert!(!schema.is_valid(&bent), "{bend} is let through");
    }
    Ok(())
}

#[test]
fn ids_are_in_order_and_statements_in_the_catalogue() -> Result {
    for file in FILES.iter() {
        for pair in file.vectors.windows(2) {
            assert!(pair[0].id < pair[1].id, "{} before {}", pair[0].id, pair[1].id);
        }
    }
    for Vector { id, statements, .. } in vectors() {
        for name in statements {
            let statement: StatementId = name.parse()?;
            assert_eq!(statement.to_string(), *name, "{id}");
            assert!(Catalogue::embedded().get(statement).is_some(), "{id}: no {name}");
        }
    }
    Ok(())
}

#[test]
fn the_same_octets_have_one_outcome() {
    let mut seen = BTreeMap::new();
    for Vector { id, octets, sender, outcome, .. } in vectors() {
        for sender in sender.senders() {
            let client = *sender == Sender::Client;
            let (other, before) = seen.entry((octets, client)).or_insert_with(|| (id, outcome));
            assert_eq!(outcome.as_str(), before.as_str(), "{id} and {other}");
        }
    }
}

#[test]
fn every_outcome_says_why() {
    for vector in vectors() {
        let Vector { id, outcome, statements, decoded, .. } = vector;
        let refused = !matches!(outcome, Outcome::Valid | Outcome::Incomplete);
        assert!(!refused || !statements.is_empty(), "{id} names no statement");
        let taken = !matches!(outcome, Outcome::Malformed | Outcome::Incomplete);
        assert_eq!(decoded.is_some(), taken, "{id}");
        assert!(!vector.comment.is_empty(), "{id}");
    }
}

#[test]
fn what_is_mutated_comes_from_what_is_valid() {
    let all: BTreeMap<_, _> = vectors().map(|vector| (&vector.id, vector)).collect();
    for vector in all.values() {
        let Some(base) = &vector.mutated_from else { continue };
        let base = all.get(base).unwrap_or_else(|| panic!("{} comes from nowhere", vector.id));
        assert_eq!(base.outcome, Outcome::Valid, "{}", vector.id);
        assert_ne!(base.octets, vector.octets, "{}", vector.id);
        let kind = |vector: &Vector| vector.octets[0] >> 4;
        assert_eq!(kind(base), kind(vector), "{}", vector.id);
    }
}

#[test]
fn the_survey_has_its_31_packets() {
    let surveyed: Vec<_> =
        vectors().filter(|vector| vector.flags.contains(&Flag::CodecSurvey)).collect();
    assert_eq!(surveyed.len(), 31);
    assert!(surveyed.iter().all(|vector| vector.outcome == Outcome::Malformed));
}

#[test]
fn nothing_is_left_out() {
    for kind in Kind::ALL {
        let of_kind = |v: &&Vector| v.octets.first().is_some_and(|first| first >> 4 == kind as u8);
        let any = |outcome| vectors().filter(of_kind).any(|vector| vector.outcome == outcome);
        assert!(any(Outcome::Valid) && any(Outcome::Malformed), "{kind}");
        for flags in 0..=15 {
            let first = (kind as u8) << 4 | flags;
            assert!(vectors().any(|v| v.octets.first() == Some(&first)), "{first:#04x}");
        }
        let one_sided = kind.comes_from(Sender::Client) != kind.comes_from(Sender::Server);
        assert_eq!(any(Outcome::Violation), one_sided, "{kind}");
    }
    for outcome in ["either", "incomplete", "malformed", "valid", "violation"] {
        assert!(vectors().any(|vector| vector.outcome.as_str() == outcome), "{outcome}");
    }
}

/// The judge's reader, which had no part in saying what the outcomes are.
#[test]
fn the_judge_reads_what_the_vectors_say() {
    for vector in vectors() {
        for &sender in vector.sender.senders() {
            let id = &vector.id;
            let mut reader = Reader::new(sender);
            reader.push(&vector.octets);
            let read = reader.next_read();
            let packet = read.as_ref().map(|read| read.packet.as_ref());
            match (vector.outcome, packet) {
                (Outcome::Incomplete, None) => assert_eq!(reader.unread(), vector.octets, "{id}"),
                (Outcome::Valid, Some(Ok(packet))) => {
                    assert_eq!(Some(packet), vector.decoded.as_ref(), "{id}");
                    assert_eq!(packet.octets(), vector.octets, "{id}");
                }
                (Outcome::Either { .. }, Some(Ok(packet))) => {
                    assert_eq!(Some(packet), vector.decoded.as_ref(), "{id}");
                }
                (
                    Outcome::Malformed | Outcome::Either { .. } | Outcome::Violation,
                    Some(Err(fault)),
                ) => {
                    let named = fault.fault.statement();
                    assert!(vector.statements.contains(&named), "{id}: {fault} names {named}");
                }
                (outcome, packet) => panic!("{id} is {}: {packet:?}", outcome.as_str()),
            }
        }
    }
}

#[test]
fn a_wrong_direction_is_all_that_is_wrong() {
    for vector in vectors().filter(|vector| vector.flags.contains(&Flag::Direction)) {
        let right = match vector.sender {
            SentBy::Client => Sender::Server,
            _ => Sender::Client,
        };
        let mut reader = Reader::new(right);
        reader.push(&vector.octets);
        let read = reader.next_read();
        let packet = read.and_then(|Read { packet, .. }| packet.ok());
        assert_eq!(packet, vector.decoded, "{}", vector.id);
    }
}

#[test]
fn what_is_long_and_uniform_is_abbreviated() -> Result {
    let packet = |payload: &[u8]| {
        let publish = Publish::qos0("a", payload);
        serde_json::to_value(Decoded::from(&Packet::from(publish)))
    };
    assert_eq!(packet(b"\0\xff")?["payload"], "00ff");
    let run = packet(&[7; 300])?;
    assert_eq!(run["payload"], serde_json::json!({ "repeat": "07", "times": 300 }));
    Ok(())
}

/// The reader in Python that the README shows, on all files.
#[test]
fn the_reader_in_python_reads_every_vector() -> Result {
    let program = fs::read_to_string(directory().join("read.py"))?;
    let readme = fs::read_to_string(directory().join("README.md"))?;
    assert!(readme.contains(&program), "README.md shows another read.py");
    let program_in_rust = fs::read_to_string(directory().join("read.rs"))?;
    assert!(readme.contains(&program_in_rust), "README.md shows another read.rs");

    // Where there is no Python, the text is all that can be compared.
    let Ok(output) = Command::new("python3").arg(directory().join("read.py")).output() else {
        return Ok(());
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout)?;
    let lengths: BTreeMap<_, _> = printed.lines().filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(lengths.len(), vectors().count());
    for vector in vectors() {
        let outcome = vector.outcome.as_str();
        let line = format!("{outcome} {}", vector.octets.len());
        assert_eq!(lengths.get(&*vector.id), Some(&&*line));
    }
    Ok(())
}
