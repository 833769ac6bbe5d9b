//! The Lambda function `create-invoice`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use order_functions::invoice::{Order, create};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<Order>| {
        create(&event.payload)
    }))
    .await
}
