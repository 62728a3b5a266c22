//! The statements of MQTT 3.1.1 as data: ids, levels, who is bound, in our own words.
//!
//! Everything else in the project speaks about the standard through this crate: the broker names
//! the statement a peer has broken, a case of the judge names those it judges, a report prints
//! their words. It knows no packet and no socket.
//!
//! | part | what it is |
//! |---|---|
//! | [`StatementId`] | the name of a statement: `MQTT-3.1.0-2`, or `U-3.1.4-1` for a rule without a number |
//! | [`Section`], [`Heading`] | where it stands, and what that place is about |
//! | [`Statement`] | one rule: [`Level`], [`Binds`], [`Shown`], words, and what is not there yet |
//! | [`Catalogue`] | all of them, in document order |
//!
//! # Examples
//!
//! ```
//! use mqttspec_spec::{Catalogue, StatementId};
//!
//! let catalogue = Catalogue::embedded();
//! let id: StatementId = "3.1.0-2".parse()?;
//! let statement = catalogue.get(id).expect("the standard has it");
//! assert!(statement.binds_server() && statement.level.is_must());
//!
//! // A name that does not exist, and what was perhaps meant.
//! assert!("3.1".parse::<StatementId>().is_err());
//! assert_eq!(catalogue.nearest("MQTT-3.1.0-3", 2).len(), 2);
//! # Ok::<(), mqttspec_spec::InvalidStatementId>(())
//! ```
//!
//! The words live in `clauses/*.toml`; the `README.md` beside them says how a statement is taken
//! down. Not here: what shows a statement (the cases name their statements, not the reverse).

mod catalogue;
mod id;
mod level;
mod nearest;
mod section;
mod statement;

pub use catalogue::Catalogue;
pub use id::{InvalidStatementId, StatementId};
pub use level::Level;
pub use nearest::nearest_name;
pub use section::{Heading, InvalidSection, Section};
pub use statement::{Binds, Shown, Statement};
