//! `mqttspec broker`: the reference broker.

mod arguments;
mod passwords;
mod state;
mod tls;

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use anyhow::{Context, anyhow};
use mqttspec::net::{Control, Durable, Server, ServerOptions};
use mqttspec::passwords::Passwords;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

pub(super) use self::arguments::Arguments;
pub(super) use self::passwords::read as read_passwords;
use super::exit::{self, Failed};
use super::logging;

/// Runs the broker until it is told to stop.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    let mut options = arguments.options()?;
    options.access = arguments.access()?;
    let passwords = arguments.passwords.load()?.map(Arc::new);
    options.passwords = passwords.clone().map(|passwords| passwords as _);
    if arguments.check_config {
        eprintln!("the configuration is fine");
        return Ok(ExitCode::from(exit::OK));
    }
    logging::start(arguments.explain);
    let mut threads = Builder::new_multi_thread();
    if let Some(workers) = arguments.workers {
        threads.worker_threads(workers.into());
    }
    let runtime = threads.enable_all().build().context("cannot start threads")?;
    let durable = arguments.state.load()?;
    runtime.block_on(serve(arguments, options, durable, passwords))
}

async fn serve(
    arguments: &Arguments,
    options: ServerOptions,
    durable: Option<Durable>,
    mut passwords: Option<Arc<Passwords>>,
) -> Result<ExitCode, Failed> {
    const NAME: Style = Style::new().bold();
    const ADDRESS: Style = AnsiColor::Green.on_default();
    let bound = match durable {
        Some(durable) => Server::bind_durable(options, durable).await,
        None => Server::bind(options).await,
    };
    let server = bound.map_err(not_bound)?;
    // Before anybody can know that it is there: none of these must meet what the system would do.
    let mut hang_up = signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    for listen in server.listening() {
        let version = env!("CARGO_PKG_VERSION");
        eprintln!(
            "{NAME}mqttspec broker {version}{NAME:#} on {ADDRESS}{listen}{ADDRESS:#}, \
             Ctrl-C stops it"
        );
    }
    let control = server.control();
    let reload = async {
        loop {
            hang_up.recv().await;
            read_certificates_again(&control);
            if let Some(passwords) = &mut passwords {
                read_passwords_again(&control, arguments, passwords);
            }
            read_access_again(&control, arguments);
        }
    };
    let mut told = async move || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let (stopping, stop) = tokio::sync::oneshot::channel();
    let run = server.run(async { stop.await.unwrap_or(()) });
    let patience = async {
        told().await;
        // Received by the server, unless it has come to its end by itself.
        let _ = stopping.send(());
        told().await;
    };
    let stopped = tokio::select! {
        stopped = run => stopped,
        () = reload => unreachable!("it goes on for ever"),
        () = patience => {
            eprintln!("stopped at once, as asked for twice");
            return Ok(ExitCode::from(exit::OK));
        }
    };
    let (open, abandoned) = (stopped.connections, stopped.abandoned);
    if abandoned == 0 {
        eprintln!("stopped; {open} connections closed in good order");
    } else {
        eprintln!("stopped; {abandoned} of {open} connections did not take what was left for them");
    }
    match stopped.not_kept {
        None => Ok(ExitCode::from(exit::OK)),
        Some(error) => {
            let context = "state cannot be kept any more; what was acknowledged is safe";
            let error = anyhow!(error).context(context);
            Err(Failed { code: exit::UNREACHABLE, error })
        }
    }
}

/// What to do about a server that cannot begin.
fn not_bound(error: io::Error) -> Failed {
    match error.kind() {
        io::ErrorKind::InvalidInput => {
            let advice = "\n  --tls-cert and --tls-key give a certificate; --tls-self-signed makes \
                          one for a first try";
            let advice =
                if error.to_string().contains("needs a certificate") { advice } else { "" };
            Failed { code: exit::USAGE, error: anyhow!("{error}{advice}") }
        }
        _ => {
            let advice = "is another broker running? --bind and --listen choose another place";
            Failed { code: exit::UNREACHABLE, error: anyhow!(error).context(advice) }
        }
    }
}

/// Has the certificates read again, and says what came of it.
fn read_certificates_again(control: &Control) {
    match control.reload_certificates() {
        Ok(true) => eprintln!("the certificates were read anew, for new connections"),
        Ok(false) => {}
        Err(error) => eprintln!("the certificates stay as they were: {error}"),
    }
}

/// Has the access rules read again, if there are any, and says what came of it.
fn read_access_again(control: &Control, arguments: &Arguments) {
    if arguments.acl_file.is_none() {
        return;
    }
    match arguments.access() {
        Ok(access) => {
            control.replace_access(access);
            eprintln!("the access rules were read anew");
        }
        // What held goes on to hold: a typing error must not open or close a server.
        Err(failed) => eprintln!("the access rules stay as they were: {:#}", failed.error),
    }
}

/// Has the passwords read again, and says what came of it.
fn read_passwords_again(control: &Control, arguments: &Arguments, held: &mut Arc<Passwords>) {
    match arguments.passwords.load() {
        Ok(Some(read)) => {
            let read = Arc::new(read);
            control.replace_passwords(read.clone());
            let dismissed = control.dismiss_users(|user| read.changed_since(held, user));
            *held = read;
            eprintln!(
                "the passwords were read anew; {dismissed} clients have to prove themselves again"
            );
        }
        Ok(None) => {}
        Err(failed) => eprintln!("the passwords stay as they were: {:#}", failed.error),
    }
}
