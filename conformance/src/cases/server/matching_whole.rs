//! 4.7.1: filters whose first level is a wildcard, and names whose first level is empty.
//!
//! Such a subscription hears what every other case does: the cases have names of their own in
//! the first or second level, and forget all others. It is of QoS 0, so that nobody has to
//! acknowledge what is forgotten.
//!
//! Clauses: U-4.7.1.2-1, U-4.7.1.3-1, U-4.7.1.3-2, U-4.7.3-5, U-4.7.3-6, U-7.1.1-2.

use crate::case::{Case, Level};
use crate::finding::Finding;
use crate::need::Need;
use crate::peer::Delivery;
use crate::stage::Stage;

pub(super) const CASES: &[Case] = &[
    Case {
        address: "matching/hash-alone-matches-everything",
        title: "The filter # matches names of any number of levels.",
        statements: &["U-4.7.1.2-1", "U-7.1.1-2"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| hears(stage, "#", &["{}", "{}/a", "/{}", "{}/a/b//c"]),
    },
    Case {
        address: "matching/plus-alone-matches-one-level",
        title: "The filter + matches a name of one level.",
        statements: &["U-4.7.1.3-1", "U-7.1.1-2"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| hears(stage, "+", &["{}"]),
    },
    Case {
        address: "matching/plus-alone-matches-no-two-levels",
        title: "The filter + matches neither two levels nor a name after a slash.",
        statements: &["U-4.7.1.3-1", "U-4.7.3-5", "U-7.1.1-2"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| ignores(stage, "+", &["/{}", "{}/", "{}/a"]),
    },
    Case {
        address: "matching/slash-plus-matches-an-empty-first-level",
        title: "The filter /+ matches a name after a slash.",
        statements: &["U-4.7.1.3-1", "U-4.7.3-5", "U-7.1.1-2"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| hears(stage, "/+", &["/{}"]),
    },
    Case {
        address: "matching/slash-plus-matches-no-other-first-level",
        title: "The filter /+ does not match a name whose first level is not empty.",
        statements: &["U-4.7.1.3-1", "U-4.7.3-5", "U-7.1.1-2"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| ignores(stage, "/+", &["{}", "{}/a", "//{}", "/{}/a"]),
    },
    Case {
        address: "matching/two-pluses-match-an-empty-level-each",
        title: "The filter +/+ matches two levels, of which one may be empty.",
        statements: &["U-4.7.1.3-1", "U-4.7.1.3-2", "U-7.1.1-2"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| hears(stage, "+/+", &["/{}", "{}/", "{}/a"]),
    },
    Case {
        address: "matching/plus-and-hash-match-the-parent",
        title: "The filter +/# matches names of one level and of more.",
        statements: &["U-4.7.1.2-1", "U-4.7.1.3-2", "U-7.1.1-2"],
        level: Level::Must,
        needs: &[Need::Wildcards],
        run: |stage| hears(stage, "+/#", &["{}", "/{}", "{}/a/b"]),
    },
    Case {
        address: "matching/slash-alone-is-a-topic",
        title: "A single slash is a Topic Name and a Topic Filter.",
        statements: &["U-4.7.3-6"],
        level: Level::Must,
        needs: &[],
        run: |stage| {
            let mut client = stage.client("a")?;
            client.subscribe("/", 1)?;
            let payload = stage.id("");
            client.publish_qos1("/", payload.as_str())?;
            client.expect_message(&Delivery::on("/").payload(payload))?;
            Ok(())
        },
    },
];

/// Messages on these names, with the case's own word for `{}`, arrive by the filter.
fn hears(stage: &Stage<'_>, filter: &str, names: &[&str]) -> Result<(), Finding> {
    let word = stage.id("");
    let mut subscriber = stage.client("s")?;
    subscriber.hear_only(word.as_str());
    subscriber.hear_only(format!("/{word}"));
    subscriber.subscribe(filter, 0)?;
    let mut publisher = stage.client("p")?;
    for name in names {
        let topic = name.replace("{}", &word);
        publisher.publish_qos1(topic.as_str(), *name)?;
        subscriber.expect_message(&Delivery::on(topic).payload(*name))?;
    }
    Ok(())
}

/// Messages on these names do not arrive by the filter.
fn ignores(stage: &Stage<'_>, filter: &str, names: &[&str]) -> Result<(), Finding> {
    let word = stage.id("");
    let sentinel = stage.topic("sentinel");
    let mut subscriber = stage.client("s")?;
    for prefix in [word.clone(), format!("/{word}"), format!("//{word}"), stage.topics()] {
        subscriber.hear_only(prefix);
    }
    subscriber.subscribe(&sentinel, 1)?;
    subscriber.subscribe(filter, 0)?;
    let mut publisher = stage.client("p")?;
    for name in names {
        publisher.publish_qos1(name.replace("{}", &word), *name)?;
    }
    subscriber.expect_no_message(&mut publisher, &sentinel, 1)
}
