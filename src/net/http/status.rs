//! All that the status page shows, as one JSON document.

use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::api::{moved_json, session_json, unix_seconds};
use super::{Shared, aside};

pub(super) async fn status(shared: State<Shared>) -> Result<Json<Value>, Response> {
    let asked = shared.clone();
    let (figures, (sums, fullest), violations) = aside(move || {
        (asked.control().figures(), asked.session_sums(), asked.control().violations())
    })
    .await?;
    let meaning = shared.options().meaning;
    let statements: Vec<_> = figures
        .violations
        .iter()
        .map(|(&id, times)| {
            json!({ "id": id, "times": times, "text": meaning(id).map(|meaning| meaning.text) })
        })
        .collect();
    let violations: Vec<_> = violations
        .iter()
        .map(|one| {
            json!({
                "statement": one.statement,
                "client": one.client,
                "address": one.address,
                "times": one.times,
                "last": unix_seconds(one.last),
                "what": one.last_words,
            })
        })
        .collect();
    let bounds: Vec<_> = figures
        .bounds
        .iter()
        .map(|bound| json!({ "name": bound.name, "limit": bound.limit, "reached": bound.reached }))
        .collect();
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "time": unix_seconds(SystemTime::now()),
        "uptime_seconds": figures.uptime.as_secs(),
        "can_keep": figures.can_keep,
        "connections": figures.connections,
        "clients": figures.clients,
        "most_clients": figures.most_clients,
        "connections_opened": figures.connections_opened,
        "connects_accepted": figures.connects_accepted,
        "not_greeted": figures.not_greeted,
        "sessions": figures.sessions,
        "sessions_expired": figures.sessions_expired,
        "subscriptions": figures.subscriptions,
        "retained_messages": figures.retained_messages,
        "retained_octets": figures.retained_octets,
        "messages_dropped": figures.messages_dropped,
        "queued_messages": sums.queued_messages,
        "queued_octets": sums.queued_octets,
        "in_flight": sums.in_flight,
        "moved": moved_json(&figures.moved),
        "closed": figures.closed,
        "bounds": bounds,
        "fullest_sessions": fullest.iter().map(session_json).collect::<Vec<_>>(),
        "statements": statements,
        "violations": violations,
    })))
}
