//! The Step Functions API behind API Gateway: answers clients, and leaves the work to the transition function.

use api::Api;
use driver::{Driver, Settings};
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
    let api = Api::new(driver, api::Settings::from_env());
    api.answer_tasks();
    run(service_fn(async |event: LambdaEvent<Value>| {
        let answer = api.handle_event(&event.payload).await;
        observer.flush().await;
        Ok::<_, Error>(answer)
    }))
    .await
}
