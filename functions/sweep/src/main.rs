//! The safety net: wakes executions that are overdue or that were journalled and never woken.

use driver::{Driver, Settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let places = aws::AwsSettings::from_env()?;
    let driver = Driver::new(aws::ports(&places).await, Settings::deployed().relaying());
    run(service_fn(async |_: LambdaEvent<Value>| {
        let woken = driver.sweep().await?;
        Ok::<_, Error>(json!({ "woken": woken }))
    }))
    .await
}
