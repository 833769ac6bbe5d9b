//! An inline Map over many items: time and memory must grow with the items, and no faster.

use super::Plan;
use super::client::Client;
use super::definitions::map;
use super::executions::{create_machine, text};
use super::figures::{Figures, median};
use super::process::Process;
use crate::commands::Failure;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Limits beyond AWS's: 10,000 items have more events than its 25,000.
const CONFIG: &str = "[limits]\nhistory_events = 1000000\npayload_bytes = 4000000\n";
/// Answers every task at once: calls of one state are counted through, whatever the item.
const MOCKS: &str = r#"{
    "StateMachines": {"bench": {"DefaultTestCase": "Answer", "TestCases": {"Answer": {"Item": "Done"}}}},
    "MockedResponses": {"Done": {"0-1000000": {"Return": {"MessageId": "0123456789"}}}}
}"#;
/// How long one execution may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures a Map with a Pass, and one with a mocked task, over 1,000 and 10,000 items.
pub(crate) async fn measure(plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    let pass = json!({ "Type": "Pass", "End": true });
    let task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": { "QueueUrl": "https://queue.example/1", "MessageBody.$": "$.id" },
        "End": true,
    });
    one_body(plan, figures, "inline Map, each item a Pass", &pass).await?;
    one_body(plan, figures, "inline Map, each item a mocked task", &task).await
}

async fn one_body(
    plan: &Plan,
    figures: &mut Figures,
    group: &'static str,
    body: &Value,
) -> Result<(), Failure> {
    let mut per_item = Vec::new();
    for items in [1_000, 10_000] {
        // A server of its own, because the most memory that a process ever had is what is read.
        let server = Process::serve(plan, CONFIG, Some(MOCKS)).await?;
        let mut client = Client::connect(server.address).await?;
        let machine = create_machine(&mut client, &map(body)).await?;
        let mut times = Vec::new();
        for _ in 0..plan.size(3, 1) {
            times.push(run(&mut client, &machine, items).await?.as_secs_f64() * 1e6 / f64::from(items));
        }
        let micros = median(times);
        per_item.push(micros);
        figures.add(group, format!("{items} items: time per item"), micros, "us");
        if let Some(mebibytes) = server.memory("VmHWM") {
            figures.add(
                group,
                format!("{items} items: peak memory of the server"),
                mebibytes,
                "MiB",
            );
        }
        server.end().await?;
    }
    if let [few, many] = per_item.as_slice() {
        figures.add(group, "time per item, 10000 items / 1000 items", many / few, "");
    }
    Ok(())
}

/// Runs one execution to its end; returns how long a client waits for that.
async fn run(client: &mut Client, machine: &str, items: u32) -> Result<Duration, Failure> {
    let items: Vec<Value> = (0..items)
        .map(|id| json!({ "id": format!("item-{id}") }))
        .collect();
    let input = json!({ "items": items }).to_string();
    let begun = Instant::now();
    let started = client
        .call(
            "StartExecution",
            &json!({ "stateMachineArn": machine, "input": input }),
        )
        .await?;
    let arn = text(&started, "executionArn")?;
    loop {
        let members = json!({ "executionArn": arn, "includedData": "METADATA_ONLY" });
        let execution = client.call("DescribeExecution", &members).await?;
        match execution["status"].as_str() {
            Some("SUCCEEDED") => return Ok(begun.elapsed()),
            Some("RUNNING") if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(2)).await
            }
            _ => return Err(Failure(format!("the Map did not succeed in time: {execution}"))),
        }
    }
}
