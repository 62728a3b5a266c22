//! The cases, by role and in the document's order.

pub mod client;
pub mod server;

#[cfg(test)]
mod tests;
