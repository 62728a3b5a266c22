//! 4.7.1 and 4.7.3: which Topic Filter matches which Topic Name.
//!
//! A row is one filter: what it matches is one case, what it does not match another, since a
//! Server that delivers nothing gets the second right. All are below a level of the case's own;
//! filters that begin with a wildcard are in `matching_whole`.
//!
//! Clauses: 7.1.1 makes the rules of 4.7 binding: U-7.1.1-2 stands for those without a number.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;

/// A case for what a filter matches, or for what it does not.
macro_rules! row {
    ($address:literal, $title:literal, $statements:expr, $needs:expr,
     $judge:ident $filter:literal => $names:expr) => {
        Case {
            address: $address,
            title: $title,
            statements: &$statements,
            level: Level::Must,
            needs: &$needs,
            run: |stage| $judge(stage, $filter, &$names),
        }
    };
}

pub(super) const CASES: &[Case] = &[
    row!(
        "matching/hash-matches-parent-and-descendants",
        "A # matches the level above it and any number of levels in its place.",
        ["U-4.7.1.2-1", "U-7.1.1-2"],
        [Need::Wildcards],
        hears "sport/tennis/player1/#" => [
            "sport/tennis/player1",
            "sport/tennis/player1/ranking",
            "sport/tennis/player1/score/wimbledon",
            "sport/tennis/player1/",
            "sport/tennis/player1//",
        ]
    ),
    row!(
        "matching/hash-matches-no-sibling",
        "A # matches nothing beside or above the level it follows.",
        ["U-4.7.1.2-1", "U-7.1.1-2"],
        [Need::Wildcards],
        ignores "sport/tennis/player1/#" => [
            "sport/tennis",
            "sport/tennis/",
            "sport/tennis/player",
            "sport/tennis/player10",
            "sport/tennis/player2/ranking",
            "tennis/player1",
        ]
    ),
    row!(
        "matching/plus-matches-one-level",
        "A + matches any one level in its place, an empty one too.",
        ["U-4.7.1.3-1", "U-4.7.1.1-1", "U-7.1.1-2"],
        [Need::Wildcards],
        hears "sport/+/player1" => ["sport/tennis/player1", "sport/x/player1", "sport//player1"]
    ),
    row!(
        "matching/plus-matches-neither-none-nor-two",
        "A + matches neither two levels nor none.",
        ["U-4.7.1.3-1", "U-7.1.1-2"],
        [Need::Wildcards],
        ignores "sport/+/player1" => [
            "sport/player1",
            "sport/a/b/player1",
            "sport//a/player1",
            "sport/a/player1/",
            "sport/a/player1/b",
            "sport/a/player2",
        ]
    ),
    row!(
        "matching/plus-at-the-end-matches-one-level",
        "A + at the end matches any one level there, an empty one too.",
        ["U-4.7.1.3-1", "U-7.1.1-2"],
        [Need::Wildcards],
        hears "sport/tennis/+" => ["sport/tennis/player1", "sport/tennis/player2", "sport/tennis/"]
    ),
    row!(
        "matching/plus-at-the-end-matches-no-parent",
        "A + at the end matches neither the level above nor anything deeper.",
        ["U-4.7.1.3-1", "U-7.1.1-2"],
        [Need::Wildcards],
        ignores "sport/tennis/+" => [
            "sport/tennis",
            "sport/tennis/player1/ranking",
            "sport/tennis/player1/",
            "sport/tennis//",
        ]
    ),
    row!(
        "matching/several-wildcards",
        "Several + and a # in one filter each match as they do alone.",
        ["U-4.7.1.3-2", "U-7.1.1-2"],
        [Need::Wildcards],
        hears "+/tennis/+/#" => [
            "sport/tennis/player1",
            "sport/tennis/player1/ranking/2",
            "/tennis/",
            "/tennis//",
            "a/tennis/b/c",
        ]
    ),
    row!(
        "matching/several-wildcards-match-no-more",
        "Several + and a # in one filter do not match what one of them does not.",
        ["U-4.7.1.3-2", "U-7.1.1-2"],
        [Need::Wildcards],
        ignores "+/tennis/+/#" => ["sport/tennis", "tennis/player1", "a/b/tennis/c", "a/Tennis/b"]
    ),
    row!(
        "matching/empty-levels-count",
        "An empty level in a filter matches an empty level.",
        ["U-4.7.1.1-1", "U-4.7.3-8"],
        [],
        hears "a//b/" => ["a//b/"]
    ),
    row!(
        "matching/empty-levels-are-not-skipped",
        "An empty level makes another topic, at the beginning, inside and at the end.",
        ["U-4.7.1.1-1", "U-4.7.3-5", "U-4.7.3-8", "MQTT-4.7.3-4"],
        [],
        ignores "a/b" => ["a//b", "/a/b", "a/b/", "a/b//", "//a/b", "a///b"]
    ),
    row!(
        "matching/case-counts",
        "Filters and names differ when the case of a letter differs.",
        ["U-4.7.3-3", "MQTT-4.7.3-4"],
        [],
        ignores "Accounts/é" => ["ACCOUNTS/é", "accounts/é", "Accounts/É", "Accounts/e"]
    ),
    row!(
        "matching/spaces-are-characters",
        "A space is a character like any other.",
        ["U-4.7.3-4"],
        [],
        hears " Accounts  payable / " => [" Accounts  payable / "]
    ),
    row!(
        "matching/spaces-are-not-trimmed",
        "Spaces are neither taken away nor joined.",
        ["U-4.7.3-4", "MQTT-4.7.3-4"],
        [],
        ignores "a b/c" => ["a  b/c", " a b/c", "a b /c", "a b/c ", "ab/c", "a%20b/c"]
    ),
    row!(
        "matching/no-normalization",
        "Texts that look the same and are written otherwise are different topics.",
        ["MQTT-4.7.3-4"],
        [],
        // Precomposed against combining accent, ligature, full-width and two kinds of A.
        ignores "caf\u{e9}/fi/A" => [
            "cafe\u{301}/fi/A",
            "caf\u{e9}/\u{fb01}/A",
            "caf\u{e9}/fi/\u{ff21}",
            "caf\u{e9}/fi/\u{391}",
        ]
    ),
    row!(
        "matching/unusual-characters-are-kept",
        "Characters that a Server may not know are neither changed nor replaced.",
        ["MQTT-4.7.3-4"],
        [Need::Wildcards],
        hears "x/#" => [
            "x/cafe\u{301}",
            "x/\u{fb01}\u{212b}\u{2126}",
            "x/\u{1f980}",
            "x/\u{e000}\u{10fffd}",
            "x/%2F\\..",
            "x/*?[a-z]$&'\"<>|;",
        ]
    ),
    row!(
        "matching/only-plus-and-hash-are-wildcards",
        "No other character stands for anything but itself.",
        ["U-4.7.3-8", "MQTT-4.7.3-4"],
        [],
        ignores "a/*/?/[b]/../%/." => [
            "a/x/?/[b]/../%/.", "a/*/y/[b]/../%/.", "a/*/?/b/../%/.", "a/*/?/x/%/.",
            "a/*/?/[b]/../x/.", "a/*/?/[b]/../%/"
        ]
    ),
];

/// The filter is granted, and each message on these topics arrives under its own name.
fn hears(stage: &Stage<'_>, filter: &str, names: &[&str]) -> Result<(), Finding> {
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(&stage.topic(filter), 1)?;
    let mut publisher = stage.client("p")?;
    for name in names {
        publisher.publish_qos1(stage.topic(name), *name)?;
        subscriber.expect_message(&Delivery::on(stage.topic(name)).payload(*name))?;
    }
    Ok(())
}

/// The filter is granted, and no message on these topics arrives before one that must.
fn ignores(stage: &Stage<'_>, filter: &str, names: &[&str]) -> Result<(), Finding> {
    let sentinel = stage.topic("the/sentinel");
    let mut subscriber = stage.client("s")?;
    subscriber.subscribe(&sentinel, 1)?;
    subscriber.subscribe(&stage.topic(filter), 1)?;
    let mut publisher = stage.client("p")?;
    for name in names {
        publisher.publish_qos1(stage.topic(name), *name)?;
    }
    subscriber.expect_no_message(&mut publisher, &sentinel, 1)
}
