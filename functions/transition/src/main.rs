//! Drives executions: takes the messages of the mailbox and of the timers' delay queue.

use driver::{Driver, Settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let places = aws::AwsSettings::from_env()?;
    let driver = Driver::new(aws::ports(&places).await, Settings::deployed());
    let timers = aws::timers(&places).await;
    run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<_, Error>(aws::each_message(&event.payload, &timers, |envelope| driver.drive(envelope)).await)
    }))
    .await
}
