//! The Lambda function `validate-payment`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use order_functions::payment::{Payment, validate};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<Payment>| {
        validate(&event.payload)
    }))
    .await
}
