//! TLS as a transport, versions 1.2 and 1.3: what each side shows of itself, and whom it trusts.
//!
//! The cryptography is always named and never the process's default: with two providers in one
//! program there is none.

mod client;
mod error;
mod pem;
mod server;
mod subject;

use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};

pub use client::ClientTls;
pub(in crate::net) use client::connect;
pub use error::TlsError;
pub use pem::{Pem, TlsIdentity};
pub(in crate::net) use server::{Acceptor, NotAccepted};
pub use server::{CertificateName, ServerTls};

/// The cryptography.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
