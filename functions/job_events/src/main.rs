//! Hears of the ends of jobs: takes EventBridge's events of them, and wakes the executions that wait for these jobs.

use driver::{Driver, Settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    aws::write_log();
    let places = aws::AwsSettings::from_env()?;
    let ports = aws::ports(&places).await;
    let driver = Driver::new(ports, Settings::deployed());
    run(service_fn(async |event: LambdaEvent<Value>| {
        let woken = driver.job_changed(&event.payload).await?;
        Ok::<_, Error>(json!({ "woken": woken }))
    }))
    .await
}
