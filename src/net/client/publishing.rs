//! A message that was handed over, until its delivery has ended.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::ClientError;
use super::error::Ended;

/// The end of a delivery, to be awaited. Dropping it does not call the message back.
#[derive(Debug)]
pub struct Publishing {
    outcome: oneshot::Receiver<Result<(), ClientError>>,
    ended: Ended,
}

impl Publishing {
    pub(super) fn new(outcome: oneshot::Receiver<Result<(), ClientError>>, ended: Ended) -> Self {
        Self { outcome, ended }
    }
}

impl Future for Publishing {
    type Output = Result<(), ClientError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcome).poll(context).map(|outcome| match outcome {
            Ok(delivered) => delivered,
            Err(_) => Err(self.ended.reason()),
        })
    }
}
