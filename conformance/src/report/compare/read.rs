//! A report, read back from its JSON.
//!
//! What is read is read strictly: the version of the form, verdicts, ids. Members that it does not
//! know are left alone, since a later judge may write more under the same version.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::verdict::Verdict;

/// As much of a report as can be compared.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "an object")]
pub struct ReadReport {
    #[serde(rename = "schema", deserialize_with = "known_schema")]
    _schema: u32,
    pub(super) tool: ReadTool,
    pub(super) subject: ReadSubject,
    /// By id. Statements have the order of the catalogue, which is looked up there.
    #[serde(deserialize_with = "statements")]
    pub(super) statements: BTreeMap<String, Verdict>,
    /// Address and verdict, in document order.
    #[serde(deserialize_with = "cases")]
    pub(super) cases: Vec<ReadCase>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ReadTool {
    pub(super) version: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ReadSubject {
    pub(super) target: String,
    pub(super) command: Option<String>,
    pub(super) lost: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ReadCase {
    #[serde(rename = "case")]
    pub(super) address: String,
    pub(super) verdict: Verdict,
    pub(super) message: Option<String>,
}

/// A text that is no report of ours: what is wrong with it, and where.
#[derive(Debug, thiserror::Error)]
#[error("no report of mqttspec, as `mqttspec test --json` writes it: {0}")]
pub struct NoReport(#[from] serde_json::Error);

impl ReadReport {
    /// Reads what [`Report::to_json`](crate::Report::to_json) writes.
    ///
    /// # Errors
    ///
    /// [`NoReport`] with line and column when the text is no JSON, or no report of a version that
    /// is known here.
    pub fn from_json(text: &str) -> Result<Self, NoReport> {
        Ok(serde_json::from_str(text)?)
    }

    pub(super) fn verdict(&self, id: &str) -> Option<Verdict> {
        self.statements.get(id).copied()
    }
}

fn known_schema<'de, D: Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
    match u32::deserialize(input)? {
        1 => Ok(1),
        other => Err(D::Error::custom(format_args!(
            "schema {other} is not known here, only schema 1; a newer mqttspec may read it"
        ))),
    }
}

fn statements<'de, D: Deserializer<'de>>(input: D) -> Result<BTreeMap<String, Verdict>, D::Error> {
    #[derive(Deserialize)]
    struct ReadStatement {
        id: String,
        verdict: Verdict,
    }
    let mut statements = BTreeMap::new();
    for ReadStatement { id, verdict } in Vec::<ReadStatement>::deserialize(input)? {
        if super::super::outline::entry(&id).is_none() {
            return Err(D::Error::custom(format_args!("{id:?} is no statement of MQTT 3.1.1")));
        }
        if statements.insert(id.clone(), verdict).is_some() {
            return Err(D::Error::custom(format_args!("{id} is there twice")));
        }
    }
    Ok(statements)
}

fn cases<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<ReadCase>, D::Error> {
    let cases = Vec::<ReadCase>::deserialize(input)?;
    let mut addresses: Vec<_> = cases.iter().map(|case| &case.address).collect();
    addresses.sort_unstable();
    match addresses.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(D::Error::custom(format_args!("case {} is there twice", pair[0]))),
        None => Ok(cases),
    }
}
