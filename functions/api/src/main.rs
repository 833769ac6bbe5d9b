//! The Step Functions API behind API Gateway: answers clients, and leaves the work to the transition function.

use api::Api;
use driver::{Driver, Settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
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
    let observer = aws::observer(&places, &ports).await;
    let settings = Settings::deployed().watched_by(observer.clone());
    let driver = Driver::new(ports, settings);
    let api = Api::new(driver, api::Settings::from_env());
    run(service_fn(async |event: LambdaEvent<Value>| {
        let answer = api.handle_event(&event.payload).await;
        observer.flush().await;
        Ok::<_, Error>(answer)
    }))
    .await
}
