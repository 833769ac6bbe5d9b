//! The Step Functions API behind API Gateway: answers clients, and leaves the work to the transition function.

use api::Api;
use driver::{Driver, Settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let places = aws::AwsSettings::from_env()?;
    let driver = Driver::new(aws::ports(&places).await, Settings::deployed().relaying());
    let api = Api::new(driver, api::Settings::from_env());
    run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<_, Error>(api.handle_event(&event.payload).await)
    }))
    .await
}
