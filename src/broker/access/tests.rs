use super::*;
use crate::packet::{ClientId, Text};

fn named(client: &'static str) -> SessionName {
    SessionName::given(&ClientId::new(Text::new(client).unwrap()))
}

fn rights(file: &str, user: Option<&str>, client: &'static str) -> Rights {
    Access::parse(file).unwrap().rights(user, &named(client))
}

fn read(rights: &Rights, topic: &'static str) -> bool {
    rights.may_read(&TopicName::new(topic).unwrap())
}

fn write(rights: &Rights, topic: &'static str) -> bool {
    rights.may_write(&TopicName::new(topic).unwrap())
}

const FILE: &str = "\
# Everybody in general.
topic read public/#

user anna
topic home/lamp
topic read home/+/state
topic write home/in box
topic deny home/safe/#
topic read home/#

user bert
topic readwrite #

client meter
topic write meter/1

pattern readwrite devices/%c/#
pattern read users/%u/+
pattern deny forbidden/#
";

macro_rules! decided {
    ($($name:ident: $user:expr, $client:expr, $topic:expr => $read:expr, $write:expr;)+) => {$(
        #[test]
        fn $name() {
            let rights = rights(FILE, $user, $client);
            assert_eq!((read(&rights, $topic), write(&rights, $topic)), ($read, $write));
        }
    )+};
}

decided! {
    // Who, on which topic => may read, may write
    nobody_reads_what_is_public:     None, "x", "public/a"              => true, false;
    public_has_a_parent:             None, "x", "public"                => true, false;
    nobody_has_nothing_else:         None, "x", "home/lamp"             => false, false;
    a_user_is_not_nobody:            Some("anna"), "x", "public/a"      => false, false;
    a_topic_alone_is_both:           Some("anna"), "x", "home/lamp"     => true, true;
    read_is_not_write:               Some("anna"), "x", "home/a/state"  => true, false;
    write_is_not_read:               Some("anna"), "x", "home/in box"   => true, true;
    deny_goes_before_what_allows:    Some("anna"), "x", "home/safe/key" => false, false;
    deny_takes_the_parent_too:       Some("anna"), "x", "home/safe"     => false, false;
    deny_ends_with_its_level:        Some("anna"), "x", "home/safer"    => true, false;
    other_users_have_other_rules:    Some("bert"), "x", "home/safe"     => true, true;
    unknown_users_have_patterns:     Some("carl"), "x", "home/lamp"     => false, false;
    all_is_not_the_servers_own:      Some("bert"), "x", "$SYS/uptime"   => false, false;
    patterns_deny_for_all:           Some("bert"), "x", "forbidden/a"   => false, false;
    empty_levels_are_levels:         Some("anna"), "x", "home//state"   => true, false;
    a_client_has_its_own:            None, "meter", "meter/1"           => false, true;
    another_client_has_not:          None, "meter2", "meter/1"          => false, false;
    a_client_and_a_user:             Some("bert"), "meter", "meter/1"   => true, true;
    a_pattern_by_client:             None, "d1", "devices/d1/x/y"       => true, true;
    a_pattern_of_another:            None, "d1", "devices/d2/x"         => false, false;
    a_pattern_by_user:               Some("carl"), "x", "users/carl/a"  => true, false;
    a_pattern_ends_where_it_says:    Some("carl"), "x", "users/carl"    => false, false;
    nobody_is_no_user:               None, "x", "users//a"              => false, false;
    a_wildcard_as_client:            None, "+", "devices/d2/x"          => false, false;
    all_levels_as_client:            None, "#", "devices/d2/x"          => false, false;
    a_wildcard_in_a_client:          None, "d+", "devices/d1/x"         => false, false;
    a_separator_in_a_client:         None, "d2/x", "devices/d2/x/y"     => false, false;
    an_empty_client:                 None, "", "devices//x"             => false, false;
    a_wildcard_as_user:              Some("+"), "x", "users/carl/a"     => false, false;
    a_separator_in_a_user:           Some("carl/a"), "x", "users/carl/a/b" => false, false;
    names_are_compared_to_the_letter: Some("Anna"), "x", "home/lamp"    => false, false;
}

#[test]
fn a_client_cannot_name_itself_into_the_servers_topics() {
    let file = "pattern readwrite %c/#\npattern readwrite %u/#\n";
    let rights = rights(file, Some("$SYS"), "$SYS");
    assert!(!read(&rights, "$SYS/uptime") && !write(&rights, "$SYS/uptime"));
}

#[test]
fn a_client_without_an_identifier_has_none_in_patterns() {
    let access = Access::parse("pattern #\npattern deny a/%c\n").unwrap();
    let rights = access.rights(None, &SessionName::assigned(1));
    assert!(read(&rights, "b"), "it has what everybody has");
    let access = Access::parse("client 1\ntopic #\npattern %c/#").unwrap();
    assert!(!read(&access.rights(None, &SessionName::assigned(1)), "1/a"));
}

#[test]
fn a_pattern_that_becomes_too_long_allows_nothing() {
    let long: &'static str = "x".repeat(40_000).leak();
    let rights = rights("pattern %u/%c/#", Some(long), long);
    assert!(!read(&rights, "x"));
}

macro_rules! granted {
    ($($name:ident: $rules:expr, $filter:expr => $expected:expr;)+) => {$(
        #[test]
        fn $name() {
            let rules: &[&str] = &$rules;
            let rights = rights(&rules.join("\n"), None, "c1");
            assert_eq!(rights.may_subscribe(&TopicFilter::new($filter).unwrap()), $expected);
        }
    )+};
}

granted! {
    // Rules, and the filter of a SUBSCRIBE => granted?
    the_very_filter:             ["topic read a/b"], "a/b"           => true;
    more_than_is_allowed:        ["topic read a/b"], "#"             => true;
    part_of_what_is_allowed:     ["topic read a/#"], "a/+/c"         => true;
    crossing_wildcards:          ["topic read a/+"], "+/b"           => true;
    beside_it:                   ["topic read a/b"], "a/c"           => false;
    too_deep:                    ["topic read a/+"], "a/b/c"         => false;
    not_to_read:                 ["topic write a/b"], "a/b"          => false;
    none_at_all:                 [], "a"                             => false;
    all_is_denied:               ["topic read #", "topic deny a/#"], "a/b" => false;
    a_part_is_denied:            ["topic read #", "topic deny a/#"], "+/b" => true;
    all_that_is_left_is_denied:  ["topic read a/b", "topic deny a/+"], "#" => false;
    the_servers_own:             ["topic read #"], "$SYS/#"          => false;
    the_servers_own_if_said:     ["topic read $SYS/#"], "$SYS/+"     => true;
    everything_is_not_the_servers: ["topic read $SYS/#"], "#"        => false;
    a_level_is_not_the_servers:  ["topic read $SYS/#"], "+/uptime"   => false;
    empty_levels_pass_nothing_by: ["topic read a/b"], "a//b"         => false;
    an_empty_level_in_front:     ["topic read a/b"], "/a/b"          => false;
    an_empty_level_behind:       ["topic read a/b"], "a/b/"          => false;
    a_pattern:                   ["pattern read d/%c/#"], "d/c1/x"   => true;
    the_pattern_of_another:      ["pattern read d/%c/#"], "d/c2/x"   => false;
    all_patterns:                ["pattern read d/%c/#"], "d/+/x"    => true;
}

#[test]
fn without_a_file_everything_is_allowed() {
    let rights = Access::open().rights(None, &named("c"));
    assert!(rights.are_all() && read(&rights, "$SYS/a") && write(&rights, "a"));
    assert!(rights.may_subscribe(&TopicFilter::new("$SYS/#").unwrap()));
}

#[test]
fn an_empty_file_allows_nothing() {
    for file in ["", "\n\n", "# nothing\r\n", "user anna\n"] {
        let rights = rights(file, Some("anna"), "c");
        assert!(!read(&rights, "a") && !rights.are_all(), "{file:?}");
    }
}

#[test]
fn blanks_and_line_ends_of_others_are_fine() {
    let file = "\u{20}user  anna b \r\n\ttopic\tread  a b/#\r\n";
    let rights = rights(file, Some("anna b"), "c");
    assert!(read(&rights, "a b/x") && !write(&rights, "a b/x"));
}

#[test]
fn what_is_wrong_is_found_where_it_is() {
    let file = "usr anna\nuser\ntopic\ntopic reed a/b\ntopic read a/b+\npattern a-%c/b\ntopic é#\n";
    let faults = Access::parse(file).unwrap_err();
    let told: Vec<_> =
        faults.iter().map(|fault| (&file[fault.place.clone()], fault.what.as_str())).collect();
    assert_eq!(
        told,
        [
            ("usr", "unknown word usr"),
            ("user", "user without a name"),
            ("topic", "topic without a Topic Filter"),
            ("reed", "unknown right reed"),
            ("+", "single-level wildcard out of place at octet 3 [MQTT-4.7.1-3]"),
            ("a-%c", "a-%c is a level in part"),
            ("#", "multi-level wildcard out of place at octet 2 [MQTT-4.7.1-2]"),
        ]
    );
}
