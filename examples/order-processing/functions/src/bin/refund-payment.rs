//! The Lambda function `refund-payment`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use order_functions::refund::{Refund, refund};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<Refund>| {
        refund(&event.payload)
    }))
    .await
}
