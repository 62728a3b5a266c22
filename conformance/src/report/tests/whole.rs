//! A report in which a case has come out in every way there is: word for word, in every form.

use super::*;
use crate::need::Need;
use crate::options::RunOptions;

/// A real case, so that what a profile knows and what the page links to is there.
const REAL: Case = Case {
    address: "connect/second-connect-closes",
    title: "A second CONNECT on a connection closes it.",
    ..CASE
};

/// All ways in which a case comes out, of a broker that was started anew and passes what it was
/// known to fail.
fn whole() -> Report {
    let profile = "name = \"Example\"\n[known]\n\
                   \"connect/second-connect-closes\" = \"it closes late\"\n\
                   \"ping/answered\" = \"it has no PINGRESP\"";
    let mut options = RunOptions::default();
    options.follow(profile.parse().expect("a profile"));
    let mut capabilities = Capabilities::default();
    capabilities.note(Need::WebSocket, false);

    let failed = |case| self::case(case, Err(Finding::fail("PINGRESP", "nothing for 5000 ms")));
    let broken = || {
        let entry = |at_ms, from, packet: &str, hex: &str| {
            let (peer, packet, hex) = ("twice".to_owned(), packet.to_owned(), hex.to_owned());
            Entry { at_ms, peer, from, packet, hex }
        };
        let entries = vec![
            entry(0, Side::Judge, "CONNECT client=\"a\" clean=1", &"10".repeat(40)),
            entry(12, Side::Subject, "connection closed", ""),
        ];
        let observations = vec![Observation { what: "weather", behaviour: "rain & sun".into() }];
        let pages = Pages { entries, observations, ..Pages::default() };
        let outcome = Err(Finding::fail("CONNACK", "the connection closed").of("MQTT-3.1.0-2"));
        CaseReport::new(CASE.about(), outcome, Duration::from_millis(12), pages)
    };
    const PING: Case = Case { address: "ping/answered", statements: &["MQTT-3.12.4-1"], ..CASE };
    const FORM: Case = Case { address: "publish/form", statements: &["MQTT-3.3.1-2"], ..CASE };
    const AGAIN: Case = Case { address: "publish/again", ..FORM };
    const EARLY: Case = Case { address: "publish/early", ..FORM };
    const FRAMES: Case =
        Case { address: "websocket/frames", statements: &["MQTT-6.0.0-1"], ..CASE };
    const OURS: Case = Case { address: "connect/ours", ..CASE };
    const BETTER: Case = Case { address: "connect/better", ..ADVICE };
    const FREE: Case = Case { address: "connect/free", ..CHOICE };
    let early = Finding::inconclusive("the connection closed before it came to that");
    let cases = vec![
        case(&PING, Ok(())),
        broken(),
        failed(&REAL),
        failed(&BETTER),
        case(&FORM, Ok(())).after(&failed(&FORM)),
        failed(&AGAIN).after(&failed(&AGAIN)),
        case(&EARLY, Err(early)),
        case(&FRAMES, Err(Finding::unsupported("it has no WebSocket"))),
        case(&OURS, Err(Finding::Error("the case panicked".to_owned()))),
        CaseReport::not_reached(FREE.about()),
    ];
    let subject = Subject::at(Target::new("broker", 1883));
    Report::new(&subject, &options, &capabilities, cases, None, Duration::from_millis(1234))
        .after_losses(vec!["it ended with exit status 1".to_owned()])
}

#[test]
fn on_a_terminal_it_has_colours() {
    // The escape sequences are what is looked at.
    insta::assert_snapshot!("whole-terminal", whole().to_terminal().replace('\u{1b}', "␛"));
}

#[test]
fn in_a_pull_request_and_for_a_ci_system() {
    let markdown = whole().to_markdown();
    insta::assert_snapshot!(
        "whole-markdown",
        markdown.replace(env!("CARGO_PKG_VERSION"), "VERSION")
    );
    insta::assert_snapshot!("whole-junit", whole().to_junit());
}

/// Without the statements that no case is about: the catalogue has them.
#[test]
fn as_json() {
    let mut json: serde_json::Value = serde_json::from_str(&whole().to_json()).expect("JSON");
    let statements = json["statements"].as_array_mut().expect("a list");
    statements.retain(|statement| statement["verdict"] != "not-judged");
    let text = serde_json::to_string_pretty(&json).expect("JSON");
    insta::assert_snapshot!("whole-json", text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

/// The page but for its style and script, and for the statements that no case is about.
#[test]
fn as_a_page() {
    let page = whole().to_html().replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let (_, body) = page.split_once("<body>").expect("a body");
    let (body, _) = body.split_once("<script>").expect("its script comes last");
    let mut text = String::new();
    for part in body.split_inclusive("</details>\n") {
        // From the statement that a part begins with, or goes on with, to its end.
        if !part.contains("data-verdict=\"not-judged\"") {
            text.push_str(part);
        }
    }
    insta::assert_snapshot!("whole-page", text);
}

#[test]
fn who_was_never_reached_has_no_counts() {
    let report = report(vec![], Some("it takes no connection: Connection refused"));
    let terminal = report.to_terminal();
    insta::assert_snapshot!(anstream::adapter::strip_str(&terminal), @r"
    broker:1883

    The subject was not reached: it takes no connection: Connection refused.
    ");
    assert!(report.to_html().contains("<strong>The subject was not reached:</strong>"));
    assert!(report.to_markdown().contains("**The subject was not reached:**"));
    let gone = super::report(vec![case(&CASE, Ok(()))], Some("it ended with exit status 1"));
    assert!(gone.to_terminal().contains("The subject is gone: it ended"), "{gone:?}");
}
