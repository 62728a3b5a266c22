//! Our client beside rumqttc: messages a second, published and received, as a table.
//!
//! Each round publishes so many messages through our own broker, which keeps nothing and runs in
//! this process on threads of its own, and ends when the last one is acknowledged (at QoS 0: has
//! arrived). The clients take turns, and the best round of each counts: the rest measures the
//! machine. Both may have 100 messages on their way at once, and wait for room when there is none.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml --bin clients            # the table
//! cargo run --release --manifest-path benches/peers/Cargo.toml --bin clients -- 50000 5 # messages, rounds
//! ```

mod ours;
mod theirs;

use std::env;
use std::net::SocketAddr;
use std::time::Duration;

use mqttspec::net::{Server, ServerOptions};
use tokio::runtime::{Builder, Runtime};

/// Messages on their way at once.
const IN_FLIGHT: u16 = 100;

/// Octets of a payload.
const PAYLOAD: [u8; 64] = [b'x'; 64];

fn main() {
    let mut arguments = env::args().skip(1).map(|number| number.parse().expect("a number"));
    let messages: u32 = arguments.next().unwrap_or(50_000);
    let rounds: u32 = arguments.next().unwrap_or(5);
    let server = runtime();
    let address = serve(&server);
    println!("| messages a second | publish q0 | q1 | q2 | receive q0 | q1 | q2 |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let mut best = [[Duration::MAX; 6]; 2];
    for _ in 0..rounds {
        for column in 0..6_u8 {
            let (receives, level) = (column >= 3, column % 3);
            let column = usize::from(column);
            let clients = runtime();
            let ours = clients.block_on(ours::round(address, messages, level, receives));
            let theirs = clients.block_on(theirs::round(address, messages, level, receives));
            best[0][column] = best[0][column].min(ours);
            best[1][column] = best[1][column].min(theirs);
        }
    }
    for (name, times) in ["mqttspec", "rumqttc 0.25"].iter().zip(best) {
        let cells = times.map(|time| format!("{:.0}", f64::from(messages) / time.as_secs_f64()));
        println!("| {name} | {} |", cells.join(" | "));
    }
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
