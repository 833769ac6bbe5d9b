//! `stepwell serve`: the Step Functions API on one port.

use super::Failure;
use crate::config::{Config, data_folder};
use crate::server;
use crate::stack::{Options, Stack};
use api::Api;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::net::TcpListener;

/// How to serve.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The address to listen at; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:8083", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Listen at an address that other machines can reach. Whoever reaches it can start and read every execution.
    #[arg(long)]
    allow_remote: bool,
    /// The folder that keeps everything; default: `stepwell` in the user's data directory.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// A mock configuration in the format of Step Functions Local.
    #[arg(long, value_name = "FILE")]
    mock: Option<PathBuf>,
    /// The configuration file; default: `stepwell.toml` in the current folder, if there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Let time jump to the next deadline whenever nothing is at work.
    #[arg(long)]
    fast_forward: bool,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let config = Config::find(arguments.config.as_deref(), Some(std::path::Path::new(".")))?;
    if !arguments.listen.ip().is_loopback() && !arguments.allow_remote {
        return Err(Failure(format!(
            "{} can be reached from other machines, and the API asks nobody for a password: add --allow-remote if that is meant",
            arguments.listen
        )));
    }
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::while_trying("the runtime"))?;
    runtime.block_on(serve(&config, &arguments))
}

async fn serve(config: &Config, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let data = match &arguments.data {
        Some(folder) => folder.clone(),
        None => {
            let folder = data_folder()?;
            eprintln!("data is kept in {}", folder.display());
            folder
        }
    };
    let mocks = arguments
        .mock
        .clone()
        .or_else(|| config.mocks.as_ref().map(|file| config.folder.join(file)));
    let listener = TcpListener::bind(arguments.listen)
        .await
        .map_err(Failure::while_trying(arguments.listen))?;
    let address = listener
        .local_addr()
        .map_err(Failure::while_trying("the address"))?;
    let stack = Stack::open(
        config,
        Options {
            data: Some(&data),
            mocks: mocks.as_deref(),
            fast_forward: arguments.fast_forward,
            own_endpoint: Some(format!("http://{address}")),
            observer: None,
            watch: None,
        },
    )?;
    let settings = api::Settings {
        region: config.region().into(),
        account: config.account().into(),
        ..api::Settings::default()
    };
    let api = Api::new(stack.driver.clone(), settings);
    let stop = super::asked_to_end()?;
    println!("listening on http://{address}");
    // Whoever started this process waits for that line.
    let _ = std::io::stdout().flush();
    let recovering = stack.driver.clone();
    tokio::spawn(async move {
        match recovering.recover().await {
            Ok(0) => {}
            Ok(count) => eprintln!("{count} open executions go on"),
            Err(error) => eprintln!("stepwell: open executions could not be taken over: {error}"),
        }
    });
    server::serve(api, stack.store.clone(), listener, stop)
        .await
        .map_err(Failure::while_trying("serving"))?;
    stack.close().await;
    Ok(ExitCode::SUCCESS)
}
