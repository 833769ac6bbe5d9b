//! Makes the calls that may take long: takes the messages of the calls queue, claims each call, and writes its result down.

use api::Api;
use driver::{Attempt, Driver, Settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    aws::write_log();
    let places = aws::AwsSettings::from_env()?;
    let ports = aws::ports(&places).await;
    let observer = aws::observer(&places, &ports).await;
    let settings = Settings::deployed().watched_by(observer.clone());
    let driver = Driver::new(ports, settings);
    Api::new(driver.clone(), api::Settings::from_env()).answer_tasks();
    let messages = aws::Messages::of(&places).await;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = event.context.deadline;
        let answer = messages
            .each(&event.payload, |envelope, receives| {
                driver.drive(envelope, Attempt::within(receives, deadline))
            })
            .await;
        observer.flush().await;
        Ok::<_, Error>(answer)
    }))
    .await
}
