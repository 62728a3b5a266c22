use std::collections::BTreeSet;
use std::path::Path;

use super::*;

fn wrong(text: &str) -> ProfileError {
    text.parse::<Profile>().unwrap_err()
}

#[test]
fn every_file_of_the_folder_is_built_in_and_well_formed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("brokers");
    let files: BTreeSet<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let built_in: BTreeSet<_> = Profile::built_in().map(str::to_owned).collect();
    assert_eq!(files, built_in);
    for name in Profile::built_in() {
        let profile = Profile::find(name).unwrap_or_else(|error| panic!("{error}"));
        assert!(profile.start.is_some(), "{name}: how is it started?");
        assert!(!profile.about.is_empty(), "{name}: where does it come from?");
    }
}

#[test]
fn a_key_that_does_not_exist_is_an_error_with_its_line_and_a_suggestion() {
    for (text, line, suggestion) in [
        ("name = 'x'\nstrat.command = 'x {port}'", 2, Some("start")),
        ("name = 'x'\n\n[offers]\nwildcard = true", 4, Some("wildcards")),
        ("name = 'x'\n[start]\ncommand = 'x {port}'\nfile = {}", 4, Some("files")),
        ("name = 'x'\n[waits]\ndo = 5.0", 3, None),
        ("name = 'x'\n[restart]\nkeeps = ['session']", 3, Some("sessions")),
        ("name = 'x'\n[known]\n'answers/*' = 'slow'", 3, None),
        (
            "name = 'x'\n[known]\n'connect/second-conect-closes' = 'x'",
            3,
            Some("connect/second-connect-closes"),
        ),
    ] {
        let error = wrong(text);
        assert_eq!(error.line, Some(line), "{error}");
        assert_eq!(error.suggestion.as_deref(), suggestion, "{error}");
    }
}

#[test]
fn an_error_reads_as_one() {
    let error = wrong("name = 'x'\n[offers]\nwildcard = true").of("mine.toml");
    insta::assert_snapshot!(error, @r"
    profile mine.toml, line 3: unknown field `wildcard`, expected one of `persistent-sessions`, `qos-1-subscriptions`, `qos-2-subscriptions`, `retained-messages`, `wildcards`, `zero-length-client-id`; did you mean wildcards?
        3 | wildcard = true
    ");
}

#[test]
fn what_the_form_does_not_say_is_checked_too() {
    for (text, message) in [
        ("name = ' '", "the name is empty"),
        ("name = 'x'\n[waits]\ndue = 0.0", "it must be from 0.001 to 3600 seconds"),
        ("name = 'x'\n[known]\n'ping/*' = ' '", "ping/* is known to fail without a reason"),
        (
            "name = 'x'\n[access]\nusername = 'a'\nmay-not-publish = 'b'\nmay-not-subscribe = 'c'",
            "the judge needs a user with all rights too: add [credentials]",
        ),
    ] {
        assert_eq!(wrong(text).message, message);
    }
}

#[test]
fn known_failures_have_two_forms() {
    let text =
        "name = 'x'\n[known]\n'ping/*' = 'none'\n'will/*' = { reason = 'late', flaky = true }";
    let profile: Profile = text.parse().unwrap();
    let known: Vec<_> =
        profile.known.iter().map(|k| (k.pattern.as_str(), k.reason.as_str(), k.flaky)).collect();
    assert_eq!(known, [("ping/*", "none", false), ("will/*", "late", true)]);
    assert!(profile.known[0].covers("ping/answered") && !profile.known[0].covers("will/sent"));
}

#[test]
fn who_asks_for_a_profile_that_does_not_exist_learns_which_do() {
    let error = Profile::find("mosquito").unwrap_err();
    assert_eq!(error.suggestion.as_deref(), Some("mosquitto"), "{error}");
    assert!(error.message.contains("rabbitmq"), "{error}");
    let error = Profile::find("./none.toml").unwrap_err();
    assert!(error.message.starts_with("cannot read it"), "{error}");
}

#[test]
fn claims_are_by_name_and_by_table() {
    let profile: Profile =
        "name = 'x'\n[offers]\nwildcards = false\n[restart]\nkeeps = ['retained']".parse().unwrap();
    assert_eq!(profile.claims(Need::Wildcards), Some(false));
    assert_eq!(profile.claims(Need::RetainedMessages), None);
    assert_eq!(profile.claims(Need::DurableRetained), Some(true));
    assert_eq!(profile.claims(Need::DurableSessions), Some(false));
    assert_eq!(profile.claims(Need::AccessRules), Some(false));
}
