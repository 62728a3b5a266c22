//! A black-box judge for MQTT 3.1.1 brokers: every verdict names its statement.
//!
//! A [`Subject`] is a broker somewhere, or one that is started for the purpose. [`judge`] runs the
//! [`cases`] against it, all at once, and gives a [`Report`]: a verdict for each case and for each
//! statement of the standard, with the packets behind it.
//!
//! ```no_run
//! use mqttspec_conformance::{RunOptions, Subject, judge};
//!
//! let subject = Subject::at("localhost:1883".parse()?);
//! let report = judge(&subject, &RunOptions::default(), &mut ());
//! print!("{}", report.to_json());
//! # Ok::<(), mqttspec_conformance::InvalidTarget>(())
//! ```
//!
//! In layers, each of which knows only those before it:
//!
//! | layer | what it is |
//! |---|---|
//! | [`wire`] | octets and Control Packets: a strict reader, and a writer that may break any rule |
//! | [`transcript`] | a conversation as data, to be had again without the code of the case |
//! | [`websocket`] | the same for the frames and the handshake of WebSocket |
//! | [`peer`] | one connection to the subject: sends, expects, notes every packet |
//! | [`Stage`] | what a case acts on: connections, and names that are its own |
//! | [`Case`] | an address, its statements, and a conversation |
//! | [`judge`] | a run of many cases |
//! | [`Report`] | what it found, for people, programs and CI systems |
//!
//! It blocks on plain threads, one a case, so that a case reads as the conversation it is. It
//! shares no code with the broker and the client of this project.

mod capture;
mod case;
pub mod cases;
mod client;
mod corpus;
mod finding;
pub mod fixtures;
mod glob;
mod need;
mod options;
mod oracle;
pub mod peer;
mod probe;
mod profile;
mod record;
mod replay;
mod report;
mod requirements;
mod run;
pub mod sabotage;
mod shrink;
mod stage;
mod subject;
mod torture;
pub mod transcript;
mod verdict;
pub mod websocket;
pub mod wire;

pub use capture::Capture;
pub use case::{Case, ClientCase, Level};
pub use client::{
    Ability, ClientStage, ClientSubject, Driver, DriverError, Heard, Ticket, interrupted_client,
    judge_client,
};
pub use corpus::Bug;
pub use finding::{Finding, Mismatch};
pub use glob::Glob;
pub use need::{Capabilities, Need};
pub use options::RunOptions;
pub use oracle::Rule;
pub use probe::Found;
pub use profile::{
    Access, Addresses, Credentials, Kept, Known, Limits, Profile, ProfileError, Restart, Waits,
};
pub use record::{Entry, Observation, Side};
pub use replay::{Difference, NoReplay, ReplayOptions, Replayed, replay, replay_client};
pub use report::{
    Badge, BugReport, CaseReport, Change, Changes, Comparison, Mended, NoReport, Observed,
    ReadReport, Report, Role, Row, StatementReport, SubjectReport, Summary, Tool,
};
pub use requirements::{Requirements, RequirementsError};
pub use run::{Progress, interrupted, judge, probe};
pub use shrink::{NoShrink, ShrinkOptions, ShrinkProgress, Shrunk, Size, shrink};
pub use stage::Stage;
pub use subject::{InvalidTarget, Launch, Security, SecurityError, Subject, SubjectError, Target};
pub use torture::{Counts, Ends, Promise, TortureOptions, Tortured, Violation, torture};
pub use transcript::Transcript;
pub use verdict::Verdict;
