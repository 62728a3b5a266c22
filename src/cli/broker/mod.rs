//! `mqttspec broker`: the reference broker.

mod arguments;
mod ctl;
mod http;
mod passwords;
mod service;
mod state;
mod tls;
mod together;

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use anyhow::{Context, anyhow};
use mqttspec::net::{
    Control, Durable, Http, HttpOptions, ReloadRequest, Reloaded, Server, ServerOptions,
};
use mqttspec::passwords::Passwords;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

pub(super) use self::arguments::Arguments;
use self::arguments::Beside;
pub(super) use self::passwords::read as read_passwords;
use self::service::PidFile;
use super::exit::{self, Failed};
use super::{logging, open_files};

/// Says something of the broker itself, to people or to machines.
macro_rules! say {
    ($($words:tt)*) => { logging::say(format_args!($($words)*)) };
}

/// Runs the broker until it is told to stop.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failed> {
    if let Some(Beside::Ctl(asked)) = &arguments.command {
        return ctl::run(asked, &arguments.http);
    }
    let mut options = arguments.options()?;
    let http = arguments.http.options()?;
    options.access = arguments.access()?;
    let passwords = arguments.passwords.load()?.map(Arc::new);
    options.passwords = passwords.clone().map(|passwords| passwords as _);
    options.inherited = service::inherited()?;
    if !options.inherited.is_empty() && !arguments.names_a_place() {
        options.listen.clear();
    }
    if arguments.check_config {
        together::oddities(&options).iter().for_each(|oddity| eprintln!("{oddity}"));
        eprintln!("the configuration is fine");
        return Ok(ExitCode::from(exit::OK));
    }
    open_files::raise();
    logging::start(arguments.log_format, arguments.log_level());
    together::oddities(&options).iter().for_each(|oddity| logging::warn(format_args!("{oddity}")));
    let mut threads = Builder::new_multi_thread();
    if let Some(workers) = arguments.workers {
        threads.worker_threads(workers.into());
    }
    let runtime = threads.enable_all().build().context("cannot start threads")?;
    let durable = arguments.state.load()?;
    runtime.block_on(serve(arguments, options, http, durable, passwords))
}

async fn serve(
    arguments: &Arguments,
    options: ServerOptions,
    http: Option<HttpOptions>,
    durable: Option<Durable>,
    mut passwords: Option<Arc<Passwords>>,
) -> Result<ExitCode, Failed> {
    const NAME: Style = Style::new().bold();
    const ADDRESS: Style = AnsiColor::Green.on_default();
    let bound = match durable {
        Some(durable) => Server::bind_durable(options, durable).await,
        None => Server::bind(options).await,
    };
    let server = bound.map_err(|error| not_bound(error, "--bind and --listen choose"))?;
    // Before anybody can know that it is there: none of these must meet what the system would do.
    let mut hang_up = signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    for listen in server.listening() {
        let version = env!("CARGO_PKG_VERSION");
        say!(
            "{NAME}mqttspec broker {version}{NAME:#} on {ADDRESS}{listen}{ADDRESS:#}, \
             Ctrl-C stops it"
        );
    }
    let control = server.control();
    let (reload_sender, mut reload_requests) = mpsc::channel::<ReloadRequest>(1);
    let http = match http {
        None => None,
        Some(mut http) => {
            http.reload = Some(reload_sender.clone());
            let http = Http::bind(http, control.clone()).await;
            let http = http.map_err(|error| not_bound(error, "--http chooses"))?;
            let address = http.address().context("the HTTP socket has no address")?;
            say!("status on {ADDRESS}http://{address}/{ADDRESS:#}");
            Some(http)
        }
    };
    let _pid_file = arguments.pid_file.as_deref().map(PidFile::write).transpose()?;
    service::ready();
    let http = async {
        match http {
            Some(http) => http.run(std::future::pending()).await,
            None => std::future::pending().await,
        }
    };
    let reload = async {
        loop {
            let asked = tokio::select! {
                _ = hang_up.recv() => None,
                asked = reload_requests.recv() => asked,
            };
            service::reloading();
            let reloaded = reload(&control, arguments, passwords.as_mut());
            service::ready();
            for one in &reloaded {
                match &one.error {
                    None => say!("the {} were read anew", one.what),
                    // What held goes on to hold: a typing error must not open or close a server.
                    Some(error) => {
                        logging::warn(format_args!("the {} stay as they were: {error}", one.what));
                    }
                }
            }
            // Whoever has asked may be gone.
            asked.map(|asked| asked.send(reloaded));
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
        service::stopping();
        // Received by the server, unless it has come to its end by itself.
        let _ = stopping.send(());
        told().await;
    };
    let stopped = tokio::select! {
        stopped = run => stopped,
        () = reload => unreachable!("it goes on for ever"),
        () = http => unreachable!("it goes on for ever"),
        () = service::stay_alive(&control) => unreachable!("it goes on for ever"),
        () = patience => {
            say!("stopped at once, as asked for twice");
            return Ok(ExitCode::from(exit::OK));
        }
    };
    let (open, abandoned) = (stopped.connections, stopped.abandoned);
    if abandoned == 0 {
        say!("stopped; {open} connections closed in good order");
    } else {
        say!("stopped; {abandoned} of {open} connections did not take what was left for them");
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

/// What to do about a server that cannot begin; `choose` says which options take another place.
fn not_bound(error: io::Error, choose: &str) -> Failed {
    if error.kind() == io::ErrorKind::InvalidInput {
        let advice = "\n  --tls-cert and --tls-key give a certificate; --tls-self-signed makes one \
                      for a first try";
        let advice = if error.to_string().contains("needs a certificate") { advice } else { "" };
        return Failed { code: exit::USAGE, error: anyhow!("{error}{advice}") };
    }
    let hint = match error.kind() {
        // Of what is no socket the error itself says so.
        io::ErrorKind::AddrInUse if !error.to_string().contains("no socket") => {
            "Is another broker running there? "
        }
        io::ErrorKind::AddrNotAvailable => {
            "This machine has no such address; 0.0.0.0 and [::] stand for all that it has. "
        }
        io::ErrorKind::NotFound => "A Unix socket needs a folder that is there already. ",
        io::ErrorKind::PermissionDenied => {
            "Ports below 1024 are for root or CAP_NET_BIND_SERVICE, and a Unix socket needs a \
             folder that may be written to. "
        }
        _ => "",
    };
    let error = anyhow!("{error}\n  {hint}{choose} another place.");
    Failed { code: exit::UNREACHABLE, error }
}

/// Has all files read again that can be while it runs: what came of each.
fn reload(
    control: &Control,
    arguments: &Arguments,
    passwords: Option<&mut Arc<Passwords>>,
) -> Vec<Reloaded> {
    let certificates = match control.reload_certificates() {
        Ok(false) => None,
        Ok(true) => Some(Ok(())),
        Err(error) => Some(Err(error.to_string())),
    };
    let passwords = passwords.map(|held| reload_passwords(control, arguments, held));
    let access = arguments.acl_file.as_ref().map(|_| match arguments.access() {
        Ok(access) => {
            control.replace_access(access);
            Ok(())
        }
        Err(failed) => Err(format!("{:#}", failed.error)),
    });
    [("certificates", certificates), ("passwords", passwords), ("access rules", access)]
        .into_iter()
        .filter_map(|(what, came)| Some(Reloaded { what, error: came?.err() }))
        .collect()
}

/// Has the passwords read again; whoever has another now, or none, has to prove itself again.
fn reload_passwords(
    control: &Control,
    arguments: &Arguments,
    held: &mut Arc<Passwords>,
) -> Result<(), String> {
    let read = arguments.passwords.load().map_err(|failed| format!("{:#}", failed.error))?;
    let Some(read) = read.map(Arc::new) else { return Ok(()) };
    control.replace_passwords(read.clone());
    let dismissed = control.dismiss_users(|user| read.changed_since(held, user));
    *held = read;
    if dismissed > 0 {
        say!("{dismissed} clients have to prove themselves again");
    }
    Ok(())
}
