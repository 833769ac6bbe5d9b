//! `stepwell worker`: drives the executions of a stack in an AWS account from a machine of your own.
//!
//! It takes messages from the same queues as the stack's functions and writes to the same journal, so that both can work
//! at once. Steady load is cheaper so, and a long call costs no waiting function.

use super::Failure;
use std::process::ExitCode;

/// Which stack to work for.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The CloudFormation stack's name. Region, credentials and endpoints are those of the usual AWS settings.
    #[arg(long, value_name = "NAME")]
    stack: String,
    /// How many messages of each queue to work on at once.
    #[arg(long, default_value_t = 256, value_name = "NUMBER")]
    concurrency: usize,
}

/// Says how to get a binary that has the worker: AWS's SDKs double the binary for everybody who works on one machine.
#[cfg(not(feature = "worker"))]
pub(crate) fn run(_: Arguments) -> Result<ExitCode, Failure> {
    Err(Failure(
        "this binary was built without the worker; build it with `cargo build --release --features worker`"
            .to_owned(),
    ))
}

/// Works until SIGTERM or SIGINT, and then ends what it has begun.
#[cfg(feature = "worker")]
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::while_trying("the runtime"))?;
    runtime.block_on(deployed::work(arguments.stack, arguments.concurrency))
}

#[cfg(feature = "worker")]
mod deployed {
    use super::Failure;
    use api::Api;
    use aws::AwsSettings;
    use driver::{Attempt, Driver, Settings};
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use std::io::Write as _;
    use std::process::ExitCode;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::sync::watch;

    /// How often what executions tell is sent.
    const FLUSH_AFTER: Duration = Duration::from_secs(1);
    /// How long what was begun may take after the process was asked to end. What takes longer is taken over by others
    /// when its lease is over.
    const PATIENCE: Duration = Duration::from_secs(25);

    pub(super) async fn work(stack: String, concurrency: usize) -> Result<ExitCode, Failure> {
        let outputs = outputs(&stack).await?;
        let places = AwsSettings::from_outputs(&outputs)
            .map_err(|error| Failure(format!("the stack `{stack}` is none of Stepwell's: {error}")))?;
        let ports = aws::ports(&places).await;
        let observer = aws::observer(&places, &ports).await;
        let driver = Driver::new(ports, Settings::deployed().watched_by(observer.clone()));
        Api::new(driver.clone(), api::Settings::default()).answer_tasks();
        let messages = aws::Messages::of(&places).await;
        let stop = super::super::asked_to_end()?;
        let (ending, ended) = watch::channel(false);
        let queues = [&places.mailbox_url, &places.calls_url, &places.timers_url];
        let mut pollers = tokio::task::JoinSet::new();
        for url in queues.map(Arc::clone) {
            let (messages, driver, mut ended) = (messages.clone(), driver.clone(), ended.clone());
            pollers.spawn(async move {
                let stopped = async move {
                    // The sender is there until all pollers are done.
                    let _ = ended.wait_for(|ended| *ended).await;
                };
                let take = move |envelope, receives| {
                    let driver = driver.clone();
                    async move {
                        let attempt = Attempt {
                            receives,
                            ..Attempt::first()
                        };
                        driver.drive(envelope, attempt).await
                    }
                };
                messages.poll(&url, concurrency, stopped, take).await;
            });
        }
        println!("working for the stack {stack}");
        // Whoever started this process waits for that line.
        let _ = std::io::stdout().flush();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                () = tokio::time::sleep(FLUSH_AFTER) => observer.flush().await,
            }
        }
        ending.send_replace(true);
        let all = async { while pollers.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            eprintln!("stepwell: some executions are left in the middle; others take them over");
        }
        observer.flush().await;
        Ok(ExitCode::SUCCESS)
    }

    /// Reads the outputs of a stack.
    async fn outputs(stack: &str) -> Result<BTreeMap<String, String>, Failure> {
        let caller = calls::Caller::from_env(calls::Settings::default()).await;
        let answer = caller
            .call("cloudformation", "DescribeStacks", &json!({ "StackName": stack }))
            .await
            .map_err(Failure::while_trying(format!("the stack `{stack}`")))?;
        let outputs = answer
            .members
            .pointer("/Stacks/0/Outputs")
            .and_then(Value::as_array);
        let text = |output: &Value, name: &str| output.get(name).and_then(Value::as_str).map(str::to_owned);
        let pairs = outputs
            .into_iter()
            .flatten()
            .filter_map(|output| Some((text(output, "OutputKey")?, text(output, "OutputValue")?)));
        Ok(pairs.collect())
    }
}
