//! The status page, which asks for [`status`](super::status) every two seconds, and a page for each
//! statement.
//!
//! All that they need is in this program; the browser is told to take nothing from elsewhere.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::{Shared, StatementMeaning, api};

pub(super) async fn page() -> Html<&'static str> {
    Html(include_str!("page.html"))
}

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("page.css"))
}

pub(super) async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("page.js"))
}

/// What a statement means.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<title>{{ id }}</title>
<main class="statement">
<p><a href="/">← status of the broker</a></p>
<h1>{{ id }} <small>{{ meaning.level }}</small></h1>
<p class="dim">{{ meaning.section }}</p>
<p>{{ meaning.text }}</p>
{% if let Some(reading) = meaning.reading %}<h2>How it is read here</h2>
<p>{{ reading }}</p>
{% endif %}<p class="dim">In this project's words; the standard is OASIS MQTT Version 3.1.1.</p>
</main>
</html>
"#
)]
struct StatementPage<'a> {
    id: &'a str,
    meaning: StatementMeaning,
}

pub(super) async fn statement(shared: State<Shared>, id: Path<String>) -> Response {
    let Some(meaning) = (shared.options().meaning)(&id) else {
        return api::refusal(StatusCode::NOT_FOUND, "the standard has no such statement");
    };
    match (StatementPage { id: &id, meaning }).render() {
        Ok(page) => Html(page).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
