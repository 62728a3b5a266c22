//! A black-box judge for MQTT 3.1.1.

mod case;
pub mod cases;
mod finding;
mod glob;
mod need;
mod options;
pub mod peer;
mod probe;
mod record;
mod report;
mod run;
mod stage;
mod subject;
mod verdict;
pub mod wire;

pub use case::{Case, Level};
pub use finding::{Finding, Mismatch};
pub use glob::Glob;
pub use need::{Capabilities, Need};
pub use options::RunOptions;
pub use record::{Entry, Observation, Side};
pub use report::{CaseReport, Observed, Report, StatementReport, SubjectReport, Summary, Tool};
pub use run::{Progress, judge};
pub use stage::Stage;
pub use subject::{InvalidTarget, Subject, SubjectError, Target};
pub use verdict::Verdict;
