//! Who may ask for what over HTTP.
//!
//! With a token, all that tells or changes anything needs it. Without one the server is reached
//! from this machine only, and nothing can be changed; a browser that somebody else's page has
//! sent here under a name of theirs is turned away.

use std::fmt;
use std::str::FromStr;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::{Shared, api};

/// What a request has to show: a secret of at least 16 printable characters.
#[derive(Clone, Eq, PartialEq)]
pub struct HttpToken(String);

/// A text that is no token.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a token is at least 16 printable ASCII characters without a blank")]
pub struct InvalidHttpToken;

impl FromStr for HttpToken {
    type Err = InvalidHttpToken;

    /// Takes what a file holds; blanks and line ends around it do not count.
    fn from_str(text: &str) -> Result<Self, InvalidHttpToken> {
        let token = text.trim();
        let is_token = token.len() >= 16 && token.bytes().all(|octet| octet.is_ascii_graphic());
        is_token.then(|| Self(token.to_owned())).ok_or(InvalidHttpToken)
    }
}

impl HttpToken {
    /// As the value of the header `Authorization`.
    pub fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    fn is_shown_by(&self, request: &Request) -> bool {
        let shown = request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        // How long a wrong one takes must not tell how much of it is right.
        shown.is_some_and(|shown| shown.ct_eq(self.header().as_bytes()).into())
    }
}

impl fmt::Debug for HttpToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpToken(…)")
    }
}

/// What a browser may do with what it gets: nothing but what the page itself brings.
const HEADERS: [(header::HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Lets a request through, or says why not.
pub(super) async fn guard(shared: State<Shared>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&shared, &request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refusal(shared: &Shared, request: &Request) -> Option<Response> {
    let path = request.uri().path();
    let tells = path == "/metrics" || path.starts_with("/api/");
    match &shared.options().token {
        Some(token) if tells && !token.is_shown_by(request) => {
            let why =
                "the token is missing or wrong; it goes into the header Authorization: Bearer";
            let mut refusal = api::refusal(StatusCode::UNAUTHORIZED, why);
            let wanted = HeaderValue::from_static("Bearer realm=\"mqttspec\"");
            refusal.headers_mut().insert(header::WWW_AUTHENTICATE, wanted);
            Some(refusal)
        }
        Some(_) => None,
        None if !is_for_this_machine(request) => {
            let why = "without a token only requests to localhost or a loopback address are taken";
            Some(api::refusal(StatusCode::FORBIDDEN, why))
        }
        None if tells && !is_open(path, request.method()) => {
            let why = "this needs a token, and the broker was started without --http-token-file";
            Some(api::refusal(StatusCode::FORBIDDEN, why))
        }
        None => None,
    }
}

/// Whether somebody on this machine may ask for it without a token.
fn is_open(path: &str, method: &Method) -> bool {
    ["/metrics", "/api/status"].contains(&path) && [Method::GET, Method::HEAD].contains(method)
}

/// Whether the request was meant for this machine, and not for a name that leads here.
fn is_for_this_machine(request: &Request) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    host.and_then(|host| host.parse::<axum::http::uri::Authority>().ok()).is_some_and(|authority| {
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let address = host.parse::<std::net::IpAddr>();
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_token_is_long_and_printable() {
        for (text, is_token) in [
            ("0123456789abcdef\n", true),
            ("0123456789abcde", false),
            ("0123456789 abcdef", false),
            ("0123456789abcdéf", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<HttpToken>().is_ok(), is_token, "{text:?}");
        }
        let token: HttpToken = "0123456789abcdef".parse().unwrap();
        assert_eq!(format!("{token:?}"), "HttpToken(…)");
        for (shown, is_right) in [
            ("Bearer 0123456789abcdef", true),
            ("Bearer 0123456789abcdeg", false),
            ("Bearer 0123456789abcdef0", false),
            ("0123456789abcdef", false),
        ] {
            let request = Request::get("/").header(header::AUTHORIZATION, shown);
            assert_eq!(token.is_shown_by(&request.body(Body::empty()).unwrap()), is_right);
        }
    }

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        for (host, expected) in [
            ("127.0.0.1:9883", true),
            ("[::1]:9883", true),
            ("LocalHost", true),
            ("localhost.evil.example:9883", false),
            ("evil.example", false),
            ("192.0.2.1", false),
        ] {
            let request = Request::get("/").header(header::HOST, host).body(Body::empty()).unwrap();
            assert_eq!(is_for_this_machine(&request), expected, "{host}");
        }
        assert!(!is_for_this_machine(&Request::get("/").body(Body::empty()).unwrap()));
    }
}
