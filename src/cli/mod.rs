//! The command line: what may be asked for, and the exit code that answers.

mod bench;
mod broker;
mod calendar;
mod client;
mod compare;
mod configuration;
mod driven;
mod driver;
mod evidence;
mod exit;
mod explain;
mod interrupt;
mod logging;
mod number;
mod open_files;
mod passwd;
mod place;
mod probe;
mod progress;
mod publish;
mod reach;
mod replay;
mod reports;
mod saboteur;
mod selection;
mod shrink;
mod subject;
mod subscribe;
mod test;
mod test_client;
mod torture;
mod watched;

use std::process::ExitCode;

use anstream::print;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::configuration::Asked;

/// MQTT 3.1.1, executable.
#[derive(Debug, Parser)]
#[command(
    name = "mqttspec",
    version,
    about = "MQTT 3.1.1, executable: judge any broker, run the reference one, talk to both.",
    after_help = EXAMPLES,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print without colours (as NO_COLOR does)
    #[arg(long, global = true)]
    no_color: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Test(Box<test::Arguments>),
    TestClient(Box<test_client::Arguments>),
    Probe(Box<probe::Arguments>),
    Replay(replay::Arguments),
    Shrink(shrink::Arguments),
    Compare(compare::Arguments),
    Broker(broker::Arguments),
    Bench(bench::Arguments),
    Passwd(passwd::Arguments),
    Pub(publish::Arguments),
    Sub(subscribe::Arguments),
    Explain(explain::Arguments),
    Saboteur(Box<saboteur::Arguments>),
    Torture(Box<torture::Arguments>),
    Driver(driver::Arguments),
}

const EXAMPLES: &str = "\
Examples:
  mqttspec test                                    judge the built-in reference broker
  mqttspec test localhost:1883                     judge a broker that is running
  mqttspec test --spawn 'mosquitto -p {port}'      start a broker, judge it, stop it
  mqttspec test-client                             judge a client, ours or --driver's
  mqttspec replay failure.json localhost:1883      does what went wrong still go wrong?
  mqttspec shrink failure.json localhost:1883      the least that still goes wrong
  mqttspec torture                                 is anything lost when all goes wrong?
  mqttspec broker --explain                        run a broker that says what it thinks of you
  mqttspec passwd users anna                       give a user of that broker a password
  mqttspec sub -t 'sensors/#' -v                   listen
  mqttspec pub -t sensors/1 -m 21.5 -q 1           speak
  mqttspec bench --compare 'mosquitto -p {port}'   how much it carries, at what price
  mqttspec explain MQTT-3.1.2-24                   what a statement means, and where it is met

Exit codes: 0 as wished, 1 the subject falls short, 2 usage,
            3 the subject could not be reached, started or kept alive, 4 a fault of our own";

/// Reads the command line and carries it out.
pub(crate) fn run() -> ExitCode {
    let command = Arguments::command().mut_subcommand("broker", configuration::prepared);
    let asked = configuration::read(&command, "broker", std::env::args_os().collect());
    let matches = match asked {
        Ok(Asked::Run(matches)) => matches,
        Ok(Asked::Print(page)) => {
            print!("{page}");
            return ExitCode::from(exit::OK);
        }
        Err(failed) => return exit::report(failed),
    };
    let Arguments { command, no_color } =
        Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if no_color {
        anstream::ColorChoice::Never.write_global();
    }
    let ended = match command {
        Command::Test(arguments) => test::run(&arguments),
        Command::TestClient(arguments) => test_client::run(&arguments),
        Command::Probe(arguments) => probe::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Shrink(arguments) => shrink::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Broker(arguments) => broker::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Passwd(arguments) => passwd::run(&arguments),
        Command::Pub(arguments) => publish::run(&arguments),
        Command::Sub(arguments) => subscribe::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Saboteur(arguments) => saboteur::run(&arguments),
        Command::Torture(arguments) => torture::run(&arguments),
        Command::Driver(arguments) => driver::run(&arguments),
    };
    ended.unwrap_or_else(exit::report)
}
