//! Hears of the ends of jobs: takes EventBridge's events of them, and wakes the executions that wait for these jobs.

use driver::{Driver, Settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // Lambda's log takes what a function writes, with the time.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("STEPWELL_LOG").unwrap_or_else(|_| EnvFilter::new("warn")))
        .with_ansi(false)
        .without_time()
        .with_writer(std::io::stderr)
        .init();
    let places = aws::AwsSettings::from_env()?;
    let ports = aws::ports(&places).await;
    let driver = Driver::new(ports, Settings::deployed());
    run(service_fn(async |event: LambdaEvent<Value>| {
        let woken = driver.job_changed(&event.payload).await?;
        Ok::<_, Error>(json!({ "woken": woken }))
    }))
    .await
}
