//! `stepwell serve`: the Step Functions API on one port.

use super::Failure;
use crate::config::{Config, data_folder};
use crate::server::{self, Port};
use crate::stack::{Options, Stack};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// How to serve.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    port: Port,
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
    arguments
        .port
        .check("the API asks nobody for a password: whoever reaches it can start and read every execution")?;
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
    let listener = arguments.port.open().await?;
    let address = listener
        .local_addr()
        .map_err(Failure::while_trying("the address"))?;
    let stack = Stack::open(
        config,
        Options {
            data: Some(&data),
            mocks: mocks.as_deref(),
            fast_forward: arguments.fast_forward,
            served_at: Some(address),
            observer: None,
            watch: None,
        },
    )?;
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
    let visitors = arguments.port.visitors("stepwell");
    server::serve(stack.api.clone(), stack.store.clone(), listener, visitors, stop).await;
    stack.close().await;
    Ok(ExitCode::SUCCESS)
}
