//! Judging a client: the judge sits in the broker's chair.
//!
//! A client does nothing by itself, so a [driver](ClientSubject) tells it what to do: a small
//! program around a client library that reads commands and tells what happens, a line of JSON
//! each, or command lines for tools that publish or subscribe once and end. A
//! [`ClientStage`] belongs to one case: a port of its own on which the judge listens, a driver of
//! its own, and names. [`judge_client`] runs the cases.

mod ability;
mod driver;
mod run;
mod stage;
mod subject;

pub use ability::Ability;
pub(crate) use driver::Again;
pub use driver::{Driver, Heard, Ticket};
pub use run::{interrupted_client, judge_client};
pub use stage::ClientStage;
pub use subject::{ClientSubject, DriverError};
