//! Our client beside rumqttc and Paho: messages a second, published and received, and memory.
//!
//! A round publishes so many messages through our own broker, which keeps nothing, and ends when the
//! last one is acknowledged (at QoS 0: handed to the socket), or has arrived on a second connection.
//! The clients take turns, each round in a process of its own, whose memory at its peak is what the
//! client takes with both connections; the broker is in this one. Of so many rounds the median
//! counts. All may have 100 messages on their way at once, and wait for room when there is none.
//!
//! With a store, the client that publishes, or the one that receives, keeps its Session in a file.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml --bin clients            # the tables
//! cargo run --release --manifest-path benches/peers/Cargo.toml --bin clients -- 50000 5 # messages, rounds
//! cargo run --release --manifest-path benches/peers/Cargo.toml --features paho --bin clients # needs cmake
//! ```

mod memory;
mod ours;
#[cfg(feature = "paho")]
mod paho;
mod task;
mod theirs;

use std::env;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use mqttspec::net::{Server, ServerOptions};
use task::{Outcome, Task};
use tokio::runtime::{Builder, Runtime};

/// Messages on their way at once.
const IN_FLIGHT: u16 = 100;

/// Octets of a payload.
const PAYLOAD: [u8; 64] = [b'x'; 64];

/// Connections of one process that do nothing.
const IDLE: u32 = 200;

/// A client as the benchmark sees it.
struct Contender {
    name: &'static str,
    run: fn(&Runtime, &Task) -> Outcome,
    /// Whether idle connections say something that those of another row do not.
    is_told_idle: bool,
}

const CONTENDERS: &[Contender] = &[
    Contender { name: "mqttspec", run: ours::run, is_told_idle: true },
    Contender { name: "rumqttc 0.25", run: theirs::run, is_told_idle: true },
    #[cfg(feature = "paho")]
    Contender { name: "paho-mqtt 0.14", run: paho::run, is_told_idle: true },
    Contender { name: "mqttspec, store", run: ours::run_stored, is_told_idle: false },
    Contender {
        name: "mqttspec, store that never syncs",
        run: ours::run_unsynced,
        is_told_idle: false,
    },
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => tables(50_000, 5),
        [messages, rounds] => {
            tables(messages.parse().expect("messages"), rounds.parse().expect("rounds"));
        }
        ["one", contender, ref task @ ..] => {
            let is_meant = |known: &&Contender| known.name == contender;
            let contender = CONTENDERS.iter().find(is_meant).expect("a client");
            println!("{}", (contender.run)(&runtime(), &Task::read(task)));
        }
        _ => panic!("no argument, or the number of messages and of rounds"),
    }
}

fn tables(messages: u32, rounds: usize) {
    let server = runtime();
    let address = serve(&server);
    let mut seen = vec![[const { Vec::new() }; 7]; CONTENDERS.len()];
    for round in 0..rounds {
        for column in 0..7 {
            for (row, contender) in CONTENDERS.iter().enumerate() {
                if column == 6 && !contender.is_told_idle {
                    continue;
                }
                eprint!("\rround {round} column {column} row {row}  ");
                let task = Task { address, messages, column: column as u8 };
                seen[row][column].push(in_own_process(contender, &task));
            }
        }
    }
    eprintln!();
    println!("| messages a second | publish q0 | q1 | q2 | receive q0 | q1 | q2 |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (contender, seen) in CONTENDERS.iter().zip(&seen) {
        let rate = |seen: &Vec<Outcome>| {
            let time = median(seen.iter().map(|seen| seen.time).collect());
            format!("{:.0}", f64::from(messages) / time.as_secs_f64())
        };
        println!(
            "| {} | {} |",
            contender.name,
            seen[..6].iter().map(rate).collect::<Vec<_>>().join(" | ")
        );
    }
    println!(
        "\n| MiB at the peak | publish q0 | q1 | q2 | receive q0 | q1 | q2 | KiB an idle connection |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for (contender, seen) in CONTENDERS.iter().zip(&seen) {
        let size = |seen: &Vec<Outcome>| match seen.len() {
            0 => "–".to_owned(),
            _ => {
                format!("{:.1}", median(seen.iter().map(|seen| seen.kib).collect()) as f64 / 1024.0)
            }
        };
        let mut cells: Vec<String> = seen[..6].iter().map(size).collect();
        cells.push(match &seen[6][..] {
            [] => "–".to_owned(),
            idle => {
                let kib = median(idle.iter().map(|seen| seen.kib).collect());
                format!("{:.1}", kib as f64 / f64::from(IDLE))
            }
        });
        println!("| {} | {} |", contender.name, cells.join(" | "));
    }
}

/// Runs `task` where nothing else has used memory.
fn in_own_process(contender: &Contender, task: &Task) -> Outcome {
    let program = env::current_exe().expect("this program");
    let arguments = task.write();
    let output = Command::new(program).args(["one", contender.name]).args(arguments).output();
    let output = output.expect("a process");
    let text = String::from_utf8(output.stdout).expect("text");
    let fault = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}, {task:?}: {fault}", contender.name);
    text.trim().parse().expect("an outcome")
}

fn median<T: Copy + Ord>(mut seen: Vec<T>) -> T {
    seen.sort_unstable();
    seen[seen.len() / 2]
}

/// One thread, so that no client has more than another.
fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a thread")
}

fn serve(runtime: &Runtime) -> SocketAddr {
    let mut options = ServerOptions::default();
    options.listen = vec!["127.0.0.1:0".parse().expect("a place")];
    // At QoS 0 nothing holds a publisher back, and what finds no place is dropped.
    options.limits.max_queued_messages = usize::MAX;
    options.limits.max_queued_octets = usize::MAX;
    let server = runtime.block_on(Server::bind(options)).expect("a port");
    let address = server.addresses()[0];
    runtime.spawn(server.run(std::future::pending()));
    address
}

/// How long a process may rest before its connections count as idle.
const SETTLE: Duration = Duration::from_millis(50);
