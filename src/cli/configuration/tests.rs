use std::fs;

use clap::{Arg, ArgAction, value_parser};
use insta::assert_snapshot;

use super::*;

/// A program with one subcommand and an option of each kind.
fn program() -> Command {
    let number = value_parser!(u16).range(1..);
    let run = Command::new("run").args([
        Arg::new(CONFIG).long("config").value_parser(value_parser!(PathBuf)),
        Arg::new(PRINT_CONFIG).long("print-config").action(ArgAction::SetTrue),
        Arg::new("listen").long("listen").action(ArgAction::Append).help("Where to listen"),
        Arg::new("max_clients")
            .long("max-clients")
            .value_name("N")
            .value_parser(number)
            .default_value("10")
            .help("How many there may be"),
        Arg::new("mode")
            .long("mode")
            .value_parser(["kind", "strict"])
            .default_value("kind")
            .help("How to be"),
        Arg::new("quiet").long("quiet").action(ArgAction::SetTrue).help("Say nothing"),
        Arg::new("cert").long("cert").requires("key").help("What to show"),
        Arg::new("key").long("key").requires("cert").help("How to prove it"),
    ]);
    Command::new("program").subcommand(prepared(run))
}

/// Reads a command line beside a file with this text.
fn asked(file: &str, arguments: &[&str]) -> Result<Asked, Failed> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.toml");
    fs::write(&path, file).expect("a file");
    let path = format!("--config={}", path.display());
    let all = ["program", "run"].into_iter().chain(arguments.iter().copied()).chain([&*path]);
    read(&program(), "run", all.map(OsString::from).collect())
}

fn matches(file: &str, arguments: &[&str]) -> ArgMatches {
    match asked(file, arguments) {
        Ok(Asked::Run(matches)) => matches.subcommand_matches("run").expect("it ran").clone(),
        Ok(Asked::Print(page)) => panic!("printed {page}"),
        Err(failed) => panic!("{:#}", failed.error),
    }
}

/// What is wrong with a file, as a person reads it.
fn refused(file: &str) -> String {
    let command = program();
    let run = command.find_subcommand("run").expect("it is there");
    match file::settings(run, file) {
        Ok(settings) => panic!("accepted as {settings:?}"),
        Err(faults) => told("c.toml", file, &faults),
    }
}

#[test]
fn the_file_goes_before_the_defaults_and_the_command_line_before_the_file() {
    let number = |matches: ArgMatches| *matches.get_one::<u16>("max_clients").expect("a default");
    assert_eq!(number(matches("", &[])), 10);
    assert_eq!(number(matches("max_clients = 20", &[])), 20);
    assert_eq!(number(matches("max_clients = 20", &["--max-clients", "30"])), 30);
}

#[test]
fn a_list_of_the_command_line_replaces_that_of_the_file() {
    let listen = |arguments: &[&str]| -> Vec<String> {
        let matches = matches(r#"listen = ["a", "b"]"#, arguments);
        matches.get_many("listen").expect("some").cloned().collect()
    };
    assert_eq!(listen(&[]), ["a", "b"]);
    assert_eq!(listen(&["--listen", "c"]), ["c"]);
    assert_eq!(listen(&["--listen", "c,d"]), ["c", "d"]);
}

#[test]
fn what_the_file_turns_on_a_flag_turns_off() {
    assert!(matches("quiet = true", &[]).get_flag("quiet"));
    assert!(!matches("quiet = true", &["--quiet=false"]).get_flag("quiet"));
    assert!(matches("quiet = false", &["--quiet"]).get_flag("quiet"));
}

#[test]
fn options_that_need_each_other_may_stand_in_different_places() {
    let matches = matches(r#"cert = "a.pem""#, &["--key=b.pem"]);
    assert_eq!(matches.get_one::<String>("cert").map(String::as_str), Some("a.pem"));
}

#[test]
fn a_missing_file_is_named() {
    let arguments = ["program", "run", "--config=/no/such/file"].map(OsString::from).to_vec();
    let Err(failed) = read(&program(), "run", arguments) else { panic!("read") };
    assert_eq!(failed.code, exit::USAGE);
    assert!(failed.error.to_string().starts_with("cannot read the configuration /no/such/file: "));
}

#[test]
fn a_key_that_is_no_option_gets_a_suggestion() {
    assert_snapshot!(refused("\nmax_client = 3\nmax-clients = 4\nnonsense = 1\nconfig = \"x\"\n"), @"
    c.toml:2:1: unknown key max_client
      |
    2 | max_client = 3
      | ^^^^^^^^^^ did you mean max_clients?

    c.toml:3:1: unknown key max-clients
      |
    3 | max-clients = 4
      | ^^^^^^^^^^^ did you mean max_clients?

    c.toml:4:1: unknown key nonsense
      |
    4 | nonsense = 1
      | ^^^^^^^^ --print-config prints all that may stand here

    c.toml:5:1: unknown key config
      |
    5 | config = \"x\"
      | ^^^^^^ --print-config prints all that may stand here
    ");
}

#[test]
fn a_value_that_cannot_be_is_shown_where_it_stands() {
    assert_snapshot!(refused("max_clients = 0\n\tmode = \"odd\"\nquiet = \"yes\"\nlisten = {}\n"), @r#"
    c.toml:1:15: max_clients cannot have this value
      |
    1 | max_clients = 0
      |               ^ 0 is not in 1..=65535

    c.toml:2:9: mode cannot have this value
      |
    2 | 	mode = "odd"
      | 	       ^^^^^ it is one of kind, strict

    c.toml:3:9: quiet takes true or false, without quotes
      |
    3 | quiet = "yes"
      |         ^^^^^ write quiet = true

    c.toml:4:10: listen takes a value, and not a table
      |
    4 | listen = {}
      |          ^^ write listen = "VALUE"
    "#);
    assert_snapshot!(refused("max_clients = \"10\"\nmax_clients = 99999999999999999999\n"), @r#"
    c.toml:2:1: duplicate key
      |
    2 | max_clients = 99999999999999999999
      | ^^^^^^^^^^^ the file is written in TOML: name = value, texts in quotes
    "#);
    assert_snapshot!(refused("max_clients = [\n 1,\n 2,\n]"), @"
    c.toml:1:15: max_clients takes one value, and not a list
      |
    1 | max_clients = [
      |               ^ write max_clients = N
    ");
}

#[test]
fn what_is_no_toml_is_shown_where_it_stops_to_be() {
    assert_snapshot!(refused("mode = kind\n"), @"
    c.toml:1:8: string values must be quoted, expected literal string
      |
    1 | mode = kind
      |        ^^^^ the file is written in TOML: name = value, texts in quotes
    ");
    assert_snapshot!(refused("mode = \"é"), @r#"
    c.toml:1:10: invalid basic string, expected `"`
      |
    1 | mode = "é
      |          ^ the file is written in TOML: name = value, texts in quotes
    "#);
}

#[test]
fn the_page_shows_what_holds_and_is_a_file_that_says_so() {
    let file = "listen = [\"a\", 'b \"c\"']\nmax_clients = 20\n";
    let Ok(Asked::Print(page)) = asked(file, &["--print-config", "--quiet"]) else {
        panic!("no page")
    };
    assert_snapshot!(page.split_once("\n\n").expect("a header").1, @r#"
    # Where to listen. [MQTTSPEC_LISTEN]
    listen = ["a", 'b "c"']

    # How many there may be. [MQTTSPEC_MAX_CLIENTS]
    max_clients = 20

    # How to be. [MQTTSPEC_MODE]
    # mode = "kind"

    # Say nothing. [MQTTSPEC_QUIET]
    quiet = true

    # What to show. [MQTTSPEC_CERT]
    # cert = "VALUE"

    # How to prove it. [MQTTSPEC_KEY]
    # key = "VALUE"
    "#);
    let again = matches(&page, &[]);
    assert!(again.get_flag("quiet"));
    assert_eq!(again.get_one("max_clients"), Some(&20_u16));
    let listen: Vec<&String> = again.get_many("listen").expect("some").collect();
    assert_eq!(listen, ["a", "b \"c\""]);
}
