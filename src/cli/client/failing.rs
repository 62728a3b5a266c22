//! How `pub` and `sub` fail: exit codes, and what to do next.

use anyhow::anyhow;
use mqttspec::client::CloseReason;
use mqttspec::net::{ClientError, OpenError};
use mqttspec::packet::ConnectRefusal;

use crate::cli::exit::{self, Failed};

/// The subject falls short.
pub(in crate::cli) fn falls_short(why: impl Into<String>) -> Failed {
    Failed { code: exit::FALLS_SHORT, error: anyhow!(why.into()) }
}

/// The command line asks for what cannot be.
pub(in crate::cli) fn usage(why: impl Into<String>) -> Failed {
    Failed { code: exit::USAGE, error: anyhow!(why.into()) }
}

/// What went wrong on the connection, and what to do next.
pub(in crate::cli) fn failed(error: ClientError) -> Failed {
    let (code, advice) = match &error {
        ClientError::Closed(reason) => match reason {
            CloseReason::Refused(refusal) => (exit::FALLS_SHORT, advice_on(*refusal).to_owned()),
            CloseReason::Violation(violation) => {
                let statement = violation.statement();
                let advice = format!("`mqttspec explain {statement}` says what is asked for.");
                (exit::FALLS_SHORT, advice)
            }
            CloseReason::NoConnack => {
                (exit::UNREACHABLE, "Is it an MQTT port, and one without TLS?".to_owned())
            }
            _ => (exit::UNREACHABLE, String::new()),
        },
        ClientError::ClosedByServer => {
            let advice = "MQTT 3.1.1 gives it no words to say why; its log may. --explain shows \
                          what went before.";
            (exit::UNREACHABLE, advice.to_owned())
        }
        ClientError::SubscriptionRefused(_) => (exit::FALLS_SHORT, String::new()),
        ClientError::Connect(_) | ClientError::Command(_) => (exit::USAGE, String::new()),
        ClientError::Unreachable { error, .. } => (exit::UNREACHABLE, advice_to_reach(error)),
        _ => (exit::UNREACHABLE, String::new()),
    };
    let separator = if advice.is_empty() { "" } else { "\n  " };
    Failed { code, error: anyhow!("{error}{separator}{advice}") }
}

fn advice_to_reach(error: &OpenError) -> String {
    match error {
        OpenError::Tls(_) => {
            "--ca gives the authority that its certificate is of; --insecure takes any."
        }
        OpenError::WebSocket(_) => "Is it another path? ws://HOST:PORT/PATH says which.",
        _ => "Is a broker running there? `mqttspec broker` starts one.",
    }
    .to_owned()
}

const fn advice_on(refusal: ConnectRefusal) -> &'static str {
    match refusal {
        ConnectRefusal::UnacceptableProtocolVersion => "It does not speak MQTT 3.1.1.",
        ConnectRefusal::IdentifierRejected => "-i gives another Client Identifier.",
        ConnectRefusal::ServerUnavailable => "Try again later.",
        ConnectRefusal::BadUserNameOrPassword | ConnectRefusal::NotAuthorized => {
            "-u gives a user name, and MQTTSPEC_PASSWORD or -P a password."
        }
    }
}
