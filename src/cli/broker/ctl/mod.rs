//! `mqttspec broker ctl`: looks at a broker that runs, and ends what should end.
//!
//! It speaks to the HTTP interface of the broker with the token. Not here: HTTP (`call`), and how
//! lists look (`table`).

mod call;
mod table;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anstream::{eprintln, println};
use anyhow::{Context as _, anyhow};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use self::call::{Answer, Method, Server};
use super::arguments::address;
use super::http::{HttpArguments, read_token};
use crate::cli::exit::{self, Failed};

/// Look at a broker that runs, and end sessions, connections and retained messages
///
/// It speaks to the --http address of the broker, with the token in its --http-token-file.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Arguments {
    /// The --http address of the broker: HOST:PORT, or PORT of this machine [default: 9883]
    #[arg(long, value_name = "ADDRESS", value_parser = address, global = true, env = "MQTTSPEC_HTTP",
          id = "ctl_http", hide_env = true)]
    http: Option<SocketAddr>,

    /// The file with the token of the broker
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        env = "MQTTSPEC_HTTP_TOKEN_FILE",
        id = "ctl_http_token_file",
        hide_env = true
    )]
    http_token_file: Option<PathBuf>,

    /// Print what the broker answers as JSON
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    about: About,
}

/// What it is about.
#[derive(Debug, clap::Subcommand)]
enum About {
    /// What the broker keeps of each client
    #[command(subcommand)]
    Sessions(Sessions),
    /// Retained messages
    #[command(subcommand)]
    Retained(Retained),
    /// Network connections
    #[command(subcommand)]
    Connections(Connections),
    /// Have certificates, passwords and access rules read anew, as SIGHUP does
    Reload,
    /// Print all that the status page shows, as JSON
    Status,
}

#[derive(Debug, clap::Subcommand)]
enum Sessions {
    /// List them, by client identifier
    List(Part),
    /// Show one, and what it is subscribed to
    Show {
        /// The client identifier
        client: String,
    },
    /// End one with all that it holds, and the connection of its client
    Delete {
        /// The client identifier
        client: String,
    },
}

#[derive(Debug, clap::Subcommand)]
enum Retained {
    /// List them, by topic
    List {
        /// Those whose topics match this filter; $SYS/# for what the broker says of itself
        #[arg(default_value = "#")]
        filter: String,
        /// As many at most
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = limit())]
        limit: u16,
    },
    /// Print the payload of one
    Get {
        /// Its topic
        topic: String,
    },
    /// Take one away; clients that are subscribed get the empty message that does it
    Delete {
        /// Its topic
        topic: String,
    },
}

#[derive(Debug, clap::Subcommand)]
enum Connections {
    /// List them, the oldest first
    List(Part),
    /// End one, as if the network had: its will is published
    Disconnect {
        /// Its number in the list
        #[arg(value_parser = number_of_connection)]
        number: u64,
    },
}

/// Which part of a list.
#[derive(Debug, clap::Args)]
struct Part {
    /// What comes behind this one
    #[arg(long, value_name = "LAST")]
    after: Option<String>,
    /// As many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = limit())]
    limit: u16,
}

fn number_of_connection(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "it is a number, as `mqttspec broker ctl connections list` shows it")
}

/// The longest list that the broker gives.
fn limit() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=1_000)
}

const EXAMPLES: &str = "\
Examples:
  mqttspec broker --http 9883 --http-token-file token        the broker
  export MQTTSPEC_HTTP_TOKEN_FILE=token                      and elsewhere
  mqttspec broker ctl sessions list
  mqttspec broker ctl sessions delete sensor-7
  mqttspec broker ctl retained list 'house/#'
  mqttspec broker ctl connections list --json
  mqttspec broker ctl reload

Exit codes: 0 done, 1 there is no such thing or the broker refuses, 2 usage, 3 no broker there";

/// Carries out `arguments`; what they leave open is as in the options of the broker itself.
pub(super) fn run(arguments: &Arguments, broker: &HttpArguments) -> Result<ExitCode, Failed> {
    let address = arguments.http.or(broker.http);
    let token = arguments.http_token_file.as_ref().or(broker.http_token_file.as_ref());
    let server = Server {
        address: address.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9883))),
        token: token.map(|path| read_token(path)).transpose()?,
    };
    let (method, path) = arguments.about.request();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let answer = runtime.block_on(server.call(method, &path))?;
    Ok(ExitCode::from(arguments.tell(&answer)?))
}

impl About {
    fn request(&self) -> (Method, String) {
        let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let part = |Part { after, limit }: &Part| match after {
            None => format!("limit={limit}"),
            Some(after) => format!("limit={limit}&after={}", escaped(after)),
        };
        match self {
            Self::Sessions(Sessions::List(wanted)) => {
                (Method::GET, format!("/api/sessions?{}", part(wanted)))
            }
            Self::Sessions(Sessions::Show { client }) => {
                (Method::GET, format!("/api/sessions/{}", escaped(client)))
            }
            Self::Sessions(Sessions::Delete { client }) => {
                (Method::DELETE, format!("/api/sessions/{}", escaped(client)))
            }
            Self::Retained(Retained::List { filter, limit }) => {
                (Method::GET, format!("/api/retained?limit={limit}&filter={}", escaped(filter)))
            }
            Self::Retained(Retained::Get { topic }) => {
                (Method::GET, format!("/api/retained/{}", escaped(topic)))
            }
            Self::Retained(Retained::Delete { topic }) => {
                (Method::DELETE, format!("/api/retained/{}", escaped(topic)))
            }
            Self::Connections(Connections::List(wanted)) => {
                (Method::GET, format!("/api/connections?{}", part(wanted)))
            }
            Self::Connections(Connections::Disconnect { number }) => {
                (Method::DELETE, format!("/api/connections/{number}"))
            }
            Self::Reload => (Method::POST, "/api/reload".to_owned()),
            Self::Status => (Method::GET, "/api/status".to_owned()),
        }
    }
}

impl Arguments {
    /// Prints what the broker says, and gives the exit code.
    fn tell(&self, Answer { status, body }: &Answer) -> Result<u8, Failed> {
        if !status.is_success() {
            let code = if status.as_u16() == 401 { exit::USAGE } else { exit::FALLS_SHORT };
            let reloaded = table::reloaded(body);
            let said = match (body["error"].as_str(), reloaded.is_empty()) {
                // What the broker says is for who speaks HTTP.
                (Some(_), _) if status.as_u16() == 401 => {
                    "the token is missing or wrong: --http-token-file has to name the file that the \
                     broker was started with"
                        .to_owned()
                }
                (Some(error), _) => error.to_owned(),
                (None, false) => reloaded,
                (None, true) => format!("the broker answers {status}"),
            };
            return Err(Failed { code, error: anyhow!("{said}") });
        }
        if self.json || matches!(self.about, About::Status) {
            if !body.is_null() {
                println!("{body:#}");
            }
            return Ok(exit::OK);
        }
        match &self.about {
            About::Sessions(Sessions::List(_)) => {
                table::print(&body["sessions"], &table::SESSIONS);
                self.tell_more(&body["next"]);
            }
            About::Sessions(Sessions::Show { .. }) => {
                table::print(&Value::from(vec![body.clone()]), &table::SESSIONS);
                println!();
                table::print(&body["subscribed_to"], &table::SUBSCRIPTIONS);
            }
            About::Retained(Retained::List { .. }) => {
                table::print(&body["retained"], &table::RETAINED);
                if body["more"] == true {
                    eprintln!("there are more; --limit, or a narrower filter");
                }
            }
            About::Retained(Retained::Get { .. }) => match body["text"].as_str() {
                Some(text) => println!("{}", table::printable(text)),
                None => println!("{}", body["hex"].as_str().unwrap_or_default()),
            },
            About::Connections(Connections::List(_)) => {
                table::print(&body["connections"], &table::CONNECTIONS);
                self.tell_more(&body["next"]);
            }
            About::Sessions(Sessions::Delete { client }) => {
                println!("the session of {client:?} is ended");
            }
            About::Retained(Retained::Delete { topic }) => {
                println!("the retained message of {topic:?} is gone");
            }
            About::Connections(Connections::Disconnect { number }) => {
                println!("connection {number} ends");
            }
            About::Reload => match table::reloaded(body) {
                nothing if nothing.is_empty() => println!(
                    "there was nothing to read anew: no certificates, passwords or access rules"
                ),
                reloaded => println!("{reloaded}"),
            },
            About::Status => {}
        }
        Ok(exit::OK)
    }

    fn tell_more(&self, next: &Value) {
        match next {
            Value::String(last) => eprintln!("there may be more; --after {last:?} goes on"),
            Value::Number(last) => eprintln!("there may be more; --after {last} goes on"),
            _ => {}
        }
    }
}
