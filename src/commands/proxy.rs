//! `stepwell proxy`: lets every Step Functions client reach the API in an AWS account.
//!
//! Step Functions clients sign for the service `states`, API Gateway wants `execute-api`. The proxy takes requests with
//! any signature, signs them anew with the credentials of whoever started it, and hands the answers back.

mod endpoint;
mod forward;

use super::Failure;
use crate::server::{self, Port};
use calls::{Settings, Signer};
use endpoint::Endpoint;
use std::io::Write as _;
use std::process::ExitCode;

/// Where to listen, and where to go.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The deployed API: the stack's output `Endpoint`.
    #[arg(long, value_name = "URL")]
    endpoint: String,
    #[command(flatten)]
    port: Port,
    /// The Region to sign for, where the endpoint's name does not say it; default: the usual AWS settings.
    #[arg(long)]
    region: Option<String>,
    /// The profile that holds the credentials; default: the usual AWS settings.
    #[arg(long)]
    profile: Option<String>,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    arguments
        .port
        .check("the proxy signs whatever it gets with your credentials")?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::while_trying("the runtime"))?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: Arguments) -> Result<ExitCode, Failure> {
    let signer = Signer::from_env(Settings {
        region: arguments.region.clone(),
        profile: arguments.profile,
        instance_credentials: true,
        ..Settings::default()
    })
    .await;
    let endpoint = Endpoint::new(&arguments.endpoint, arguments.region.as_deref(), signer.region())?;
    let listener = arguments.port.open().await?;
    let address = listener
        .local_addr()
        .map_err(Failure::while_trying("the address"))?;
    let stop = super::asked_to_end()?;
    println!("listening on http://{address}");
    // Whoever started this process waits for that line.
    let _ = std::io::stdout().flush();
    if let Some(why) = signer.without_credentials() {
        eprintln!("stepwell: {why}");
    }
    let visitors = arguments.port.visitors("stepwell proxy");
    server::listen(forward::router(signer, endpoint), listener, visitors, stop).await;
    Ok(ExitCode::SUCCESS)
}
