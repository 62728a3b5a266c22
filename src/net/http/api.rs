//! Sessions, retained messages and connections as JSON: to list, to look at, to end.
//!
//! A list is cut at `limit`, and says where the rest begins. Identifiers stand in the path, escaped
//! as in any URL. What goes wrong is told as `{"error": "…"}`.

use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Shared, aside};
use crate::net::server::{ConnectionInfo, Disconnected, Moved, RetainedInfo, SessionInfo};
use crate::topic::{InvalidTopic, TopicFilter, TopicName};

/// Which part of a list is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    after: Option<String>,
    filter: Option<String>,
    limit: Option<usize>,
}

impl Part {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(100).clamp(1, MOST)
    }
}

/// The longest list.
const MOST: usize = 1_000;

/// How long to wait for files to be read again.
const RELOADING: Duration = Duration::from_secs(30);

/// A request that is not carried out, and why.
pub(super) fn refusal(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

fn not_found(why: &str) -> Response {
    refusal(StatusCode::NOT_FOUND, why)
}

fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

pub(super) async fn sessions(
    shared: State<Shared>,
    part: Query<Part>,
) -> Result<Json<Value>, Response> {
    let (control, limit, after) = (shared.control().clone(), part.limit(), part.after.clone());
    let sessions = aside(move || control.sessions(after.as_deref(), limit)).await?;
    let last = sessions.last().filter(|_| sessions.len() == limit);
    let next = last.and_then(|session| session.client.clone());
    let sessions: Vec<_> = sessions.iter().map(session_json).collect();
    Ok(Json(json!({ "sessions": sessions, "next": next })))
}

pub(super) async fn session(shared: State<Shared>, client: Path<String>) -> Response {
    let Some((info, subscriptions)) = shared.control().session(&client) else {
        return not_found("there is no session of this client");
    };
    let subscriptions: Vec<_> =
        subscriptions.iter().map(|(filter, qos)| json!({ "filter": filter, "qos": qos })).collect();
    let mut session = session_json(&info);
    session["subscribed_to"] = subscriptions.into();
    Json(session).into_response()
}

pub(super) async fn delete_session(shared: State<Shared>, client: Path<String>) -> Response {
    match shared.control().remove_session(&client) {
        true => done(),
        false => not_found("there is no session of this client"),
    }
}

pub(super) async fn retained(
    shared: State<Shared>,
    part: Query<Part>,
) -> Result<Json<Value>, Response> {
    let filter = part.filter.clone().unwrap_or_else(|| "#".to_owned());
    let filter = TopicFilter::new(filter)
        .map_err(|error| refusal(StatusCode::BAD_REQUEST, &format!("no Topic Filter: {error}")))?;
    let (control, limit) = (shared.control().clone(), part.limit());
    let (found, has_more) = aside(move || control.retained(&filter, limit)).await?;
    let found: Vec<_> = found.iter().map(retained_json).collect();
    Ok(Json(json!({ "retained": found, "more": has_more })))
}

pub(super) async fn message(shared: State<Shared>, topic: Path<String>) -> Response {
    let topic = match TopicName::new(topic.0) {
        Ok(topic) => topic,
        Err(error) => return no_topic_name(&error),
    };
    let Some(found) = shared.control().retained_message(&topic) else {
        return not_found("this topic has no retained message");
    };
    let mut message = retained_json(&found);
    match std::str::from_utf8(&found.payload) {
        Ok(text) => message["text"] = text.into(),
        Err(_) => {
            let hex: String = found.payload.iter().map(|octet| format!("{octet:02x}")).collect();
            message["hex"] = hex.into();
        }
    }
    Json(message).into_response()
}

pub(super) async fn delete_message(shared: State<Shared>, topic: Path<String>) -> Response {
    match TopicName::new(topic.0) {
        Ok(topic) if shared.control().remove_retained(&topic) => done(),
        Ok(_) => not_found("this topic has no retained message"),
        Err(error) => no_topic_name(&error),
    }
}

fn no_topic_name(error: &InvalidTopic) -> Response {
    refusal(StatusCode::BAD_REQUEST, &format!("no Topic Name: {error}"))
}

pub(super) async fn connections(
    shared: State<Shared>,
    part: Query<Part>,
) -> Result<Json<Value>, Response> {
    let Ok(after) = part.after.as_deref().map(str::parse).transpose() else {
        return Err(refusal(StatusCode::BAD_REQUEST, "after is a number"));
    };
    let found = shared.control().connections(after, part.limit());
    let next = found.last().filter(|_| found.len() == part.limit()).map(|last| last.number);
    let found: Vec<_> = found.iter().map(connection_json).collect();
    Ok(Json(json!({ "connections": found, "next": next })))
}

pub(super) async fn disconnect(shared: State<Shared>, number: Path<u64>) -> Response {
    match shared.control().disconnect(*number) {
        Disconnected::Asked => done(),
        Disconnected::NoClient => {
            let why = "no client has connected on it yet; it ends by itself if none does";
            refusal(StatusCode::CONFLICT, why)
        }
        Disconnected::Unknown => not_found("there is no such connection"),
    }
}

pub(super) async fn reload(shared: State<Shared>) -> Response {
    let (sender, answer) = oneshot::channel();
    let asked = match &shared.options().reload {
        Some(reload) => reload.send(sender).await.is_ok(),
        None => false,
    };
    let reloaded = match timeout(RELOADING, answer).await {
        Ok(Ok(reloaded)) if asked => reloaded,
        _ => return refusal(StatusCode::SERVICE_UNAVAILABLE, "nobody reads files again here"),
    };
    let status = match reloaded.iter().all(|one| one.error.is_none()) {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let reloaded: Vec<_> =
        reloaded.iter().map(|one| json!({ "what": one.what, "error": one.error })).collect();
    (status, Json(json!({ "reloaded": reloaded }))).into_response()
}

pub(super) fn session_json(session: &SessionInfo) -> Value {
    json!({
        "client": session.client,
        "user": session.user,
        "connected": session.is_connected,
        "clean_session": session.is_clean,
        "absent_since": session.absent_since,
        "subscriptions": session.subscriptions,
        "queued_messages": session.queued_messages,
        "queued_octets": session.queued_octets,
        "in_flight": session.in_flight,
        "dropped": session.dropped,
    })
}

fn connection_json(connection: &ConnectionInfo) -> Value {
    json!({
        "number": connection.number,
        "client": connection.client,
        "accepted": connection.is_accepted,
        "address": connection.address,
        "since": unix_seconds(connection.since),
        "moved": moved_json(&connection.moved),
    })
}

fn retained_json(retained: &RetainedInfo) -> Value {
    json!({
        "topic": retained.topic,
        "qos": retained.qos,
        "octets": retained.payload.len(),
    })
}

pub(super) fn moved_json(moved: &Moved) -> Value {
    json!({
        "octets_received": moved.octets_received,
        "octets_sent": moved.octets_sent,
        "packets_received": moved.packets_received,
        "packets_sent": moved.packets_sent,
        "messages_received": moved.messages_received,
        "messages_sent": moved.messages_sent,
        "payload_received": moved.payload_received,
        "payload_sent": moved.payload_sent,
    })
}

/// Seconds since 1970, to the millisecond.
pub(super) fn unix_seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (since.as_secs_f64() * 1_000.0).round() / 1_000.0
}
