//! The safety net: wakes executions that are overdue or that were journalled and never woken.

use driver::{Driver, Settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    aws::write_log();
    let places = aws::AwsSettings::from_env()?;
    let ports = aws::ports(&places).await;
    let observer = aws::observer(&places, &ports).await;
    let settings = Settings::deployed().watched_by(observer.clone());
    let driver = Driver::new(ports, settings);
    run(service_fn(async |event: LambdaEvent<Value>| {
        let recent = event.payload.get("recentSeconds").and_then(Value::as_u64);
        let woken = driver.sweep(recent).await;
        observer.look_for_dead_letters().await;
        observer.flush().await;
        let woken = woken?;
        Ok::<_, Error>(json!({ "woken": woken }))
    }))
    .await
}
