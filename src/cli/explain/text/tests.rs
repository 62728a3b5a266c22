//! How it looks, without colours.

use anstream::adapter::strip_str;

use super::super::source::Place;
use super::*;

/// A statement whose words do not change from day to day.
fn statement(id: &str) -> &'static Statement {
    Catalogue::embedded().get(id.parse().unwrap()).unwrap()
}

fn plain(text: &str) -> String {
    strip_str(text).to_string()
}

fn case() -> Listed {
    Listed {
        address: "connect/second-connect-closes",
        judges: "broker",
        title: "A second CONNECT on a connection closes it.",
        level: "must",
        statements: &["MQTT-3.1.0-2"],
        needs: vec!["wildcards"],
    }
}

#[test]
fn a_statement_in_full() {
    let place = |path: &str, line, said: &str| Place {
        path: path.to_owned(),
        comment: Some((line, said.to_owned())),
    };
    let entry = Entry {
        statement: statement("MQTT-3.1.0-1"),
        title: "CONNECT",
        implemented: vec![
            place("src/broker/connection.rs", 122, "CONNECT comes first."),
            place(
                "src/client/mod.rs",
                9,
                "Whatever else is asked for waits until it has left, so that no other packet can come before it.",
            ),
            Place::file("src/net/client/driver.rs".to_owned()),
        ],
        tests: vec!["src/broker/tests/connecting.rs".to_owned()],
        cases: vec![case()],
    };
    insta::assert_snapshot!(plain(&super::entry(&entry, 80)), @"
    MQTT-3.1.0-1  MUST, binds: client
    3.1 CONNECT

      CONNECT comes first: a Client sends nothing before it on a new Network
      Connection.

      reading        The rule binds the Client, and what a Server does when it is
                     broken follows from MQTT-4.8.0-1: it closes. Waiting for a
                     CONNECT that may still come is no excuse, since the first
                     packet has already been another one.
      carried out    src/broker/connection.rs:122  CONNECT comes first.
                     src/client/mod.rs:9  Whatever else is asked for waits until it
                       has left, so that no other packet can come before it.
                     src/net/client/driver.rs
      shown by       server-case, client-case
      tests          src/broker/tests/connecting.rs
      cases          connect/second-connect-closes  A second CONNECT on a connection
                       closes it.
    ");
}

#[test]
fn a_statement_that_no_case_shows() {
    let entry = Entry {
        statement: statement("U-3.1.2.4-2"),
        title: "Clean Session and what a Session holds",
        implemented: Vec::new(),
        tests: Vec::new(),
        cases: Vec::new(),
    };
    insta::assert_snapshot!(plain(&super::entry(&entry, 80)), @"
    U-3.1.2.4-2  permitted, binds: both
    3.1.2.4 Clean Session and what a Session holds

      With CleanSession 1, deleting the old state need not happen all at once on
      either side.

      shown by       review
      why no case    A permission about what goes on inside. What must hold once the
                     CONNACK is there is judged under MQTT-3.1.2-6.
    ");
}

#[test]
fn a_section() {
    let catalogue = Catalogue::embedded();
    let heading = catalogue.sections().iter().find(|h| h.number.to_string() == "3.12").unwrap();
    insta::assert_snapshot!(plain(&section(heading, catalogue, 80)), @"
    3.12.2 PINGREQ: variable header
      U-3.12.2-1     stated: Nothing follows the fixed header of PINGREQ:
                     Remaining Length is 0, so there is no variable header.

    3.12.3 PINGREQ: payload
      U-3.12.3-1     stated: PINGREQ has no payload: C0 00 is the whole packet.

    3.12.4 How a Server answers PINGREQ
      MQTT-3.12.4-1  MUST: The Server answers each PINGREQ by a PINGRESP.
    ");
}

#[test]
fn a_case() {
    insta::assert_snapshot!(plain(&cases(&[case()], 80)), @"
    connect/second-connect-closes  must
      A second CONNECT on a connection closes it.

      judges         MQTT-3.1.0-2  A second CONNECT from a connected Client breaks
                       the protocol; the Server disconnects it.
      needs          wildcards
    ");
}

#[test]
fn several_cases() {
    insta::assert_snapshot!(plain(&cases(&[case(), case()], 80)), @"
    connect/second-connect-closes  MQTT-3.1.0-2
      A second CONNECT on a connection closes it.
    connect/second-connect-closes  MQTT-3.1.0-2
      A second CONNECT on a connection closes it.
    ");
}

#[test]
fn the_sections_with_a_case_in_one() {
    let text = plain(&sections(Catalogue::embedded(), &[case()]));
    let lines: Vec<_> = text.lines().collect();
    insta::assert_snapshot!(lines[..5].join("\n"), @"
    section                                         numbered    others     cases
    1.5  Data representation                               3         4         0
    2.2  Fixed header                                      2         4         0
    2.3  Variable header                                   7         1         0
    3.1  CONNECT                                          42        24         1
    ");
    insta::assert_snapshot!(lines[lines.len() - 2..].join("\n"), @"
    7.1  Who can conform                                   2         5         0
    all                                                  141       101         1
    ");
}

#[test]
fn no_line_is_wider_than_asked_for() {
    for width in [50, 72, 100] {
        for statement in Catalogue::embedded().statements() {
            let entry = Entry::gather(statement, None);
            let text = plain(&super::entry(&entry, width));
            for line in text.lines() {
                // One that is longer has a path, an address or a title that cannot be broken.
                let words = line.trim_start().split("  ").last().unwrap_or_default();
                let fits = line.chars().count() <= width || !words.contains(' ');
                assert!(fits, "{width}: {line}");
            }
        }
    }
}

#[test]
fn wraps_at_the_width_and_not_before() {
    assert_eq!(wrapped("aa bb cc", 5, 0), ["aa bb", "cc"]);
    assert_eq!(wrapped("aa bb cc", 5, 4), ["", "aa bb", "cc"]);
    assert_eq!(wrapped("aaaaaaaa bb", 5, 0), ["aaaaaaaa", "bb"]);
    assert_eq!(wrapped("", 5, 0), [""]);
}
