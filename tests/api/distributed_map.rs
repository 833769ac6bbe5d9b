//! The distributed Map: Map Runs and their child executions.

use crate::support::{Server, event_types, output, refusal};
use aws_sdk_sfn::operation::describe_map_run::DescribeMapRunOutput;
use aws_sdk_sfn::types::{ExecutionListItem, ExecutionStatus, MapRunStatus};
use serde_json::{Value, json};

/// A distributed Map over `$.items`, with these fields besides, whose children run `states` from `Work` on.
fn map(states: &Value, fields: &Value) -> Value {
    let mut state = json!({
        "Type": "Map",
        "ItemsPath": "$.items",
        "Label": "Each",
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Work",
            "States": states,
        },
        "End": true,
    });
    for (name, value) in fields.as_object().unwrap() {
        match (name.as_str(), value) {
            ("ExecutionType", _) => {
                state["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = value.clone()
            }
            _ => state[name] = value.clone(),
        }
    }
    json!({ "StartAt": "All", "States": { "All": state } })
}

fn pass() -> Value {
    json!({ "Work": { "Type": "Pass", "End": true } })
}

/// Fails for even numbers.
fn odd_alone() -> Value {
    json!({
        "Work": {
            "Type": "Choice",
            "Choices": [{ "Variable": "$.odd", "BooleanEquals": true, "Next": "Good" }],
            "Default": "Bad",
        },
        "Good": { "Type": "Pass", "End": true },
        "Bad": { "Type": "Fail", "Error": "Even", "Cause": "an even number" },
    })
}

async fn map_run_of(server: &Server, execution: &str) -> String {
    for _ in 0..500 {
        let runs = server
            .client()
            .list_map_runs()
            .execution_arn(execution)
            .send()
            .await
            .unwrap();
        if let [run] = runs.map_runs.as_slice() {
            return run.map_run_arn.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the execution has begun no Map Run");
}

async fn map_run(server: &Server, arn: &str) -> DescribeMapRunOutput {
    let request = server.client().describe_map_run().map_run_arn(arn);
    request.send().await.unwrap()
}

async fn children(server: &Server, map_run_arn: &str) -> Vec<ExecutionListItem> {
    let request = server.client().list_executions().map_run_arn(map_run_arn);
    request.send().await.unwrap().executions
}

#[tokio::test]
async fn every_item_is_a_child_execution_of_the_map_run() {
    let server = Server::start();
    let selector = json!({ "ItemSelector": {
        "n.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index", "all.$": "$.items", "of.$": "$$.Execution.Name"
    } });
    let machine = server.create("mapping", &map(&pass(), &selector)).await;
    let run = server.run(&machine, "run", r#"{"items":[7,8,9]}"#).await;
    let item = |n: u32, at: u32| json!({ "n": n, "at": at, "all": [7, 8, 9], "of": "run" });
    assert_eq!(
        output(&server.ended(&run).await),
        json!([item(7, 0), item(8, 1), item(9, 2)])
    );
    assert_eq!(
        event_types(&server, &run).await,
        [
            "ExecutionStarted",
            "MapStateEntered",
            "MapStateStarted",
            "MapRunStarted",
            "MapRunSucceeded",
            "MapStateSucceeded",
            "MapStateExited",
            "ExecutionSucceeded"
        ]
    );
    let map_run_arn = map_run_of(&server, &run).await;
    assert!(
        map_run_arn.starts_with("arn:aws:states:us-east-1:123456789012:mapRun:mapping/Each:"),
        "{map_run_arn}"
    );
    let described = map_run(&server, &map_run_arn).await;
    assert_eq!(described.status, MapRunStatus::Succeeded);
    assert_eq!(described.execution_arn, run);
    let items = described.item_counts.unwrap();
    assert_eq!(
        (items.total, items.succeeded, items.failed, items.pending),
        (3, 3, 0, 0)
    );
    let children = children(&server, &map_run_arn).await;
    assert_eq!(children.len(), 3);
    for child in &children {
        assert_eq!(child.status, ExecutionStatus::Succeeded);
        assert_eq!(
            (child.map_run_arn.as_deref(), child.item_count),
            (Some(&*map_run_arn), Some(1))
        );
        assert!(child.state_machine_arn.ends_with(":stateMachine:mapping/Each"));
        let described = server.described(&child.execution_arn).await;
        assert_eq!(described.map_run_arn.as_deref(), Some(&*map_run_arn));
        assert_eq!(described.input, described.output);
        assert_eq!(
            event_types(&server, &child.execution_arn).await,
            [
                "ExecutionStarted",
                "PassStateEntered",
                "PassStateExited",
                "ExecutionSucceeded"
            ]
        );
        let machine = server
            .client()
            .describe_state_machine_for_execution()
            .execution_arn(&child.execution_arn)
            .send()
            .await
            .unwrap();
        assert_eq!(
            (machine.label.as_deref(), machine.map_run_arn.as_deref()),
            (Some("Each"), Some(&*map_run_arn))
        );
    }
    // They are no executions of the state machine itself.
    let own = server
        .client()
        .list_executions()
        .state_machine_arn(&machine)
        .send()
        .await
        .unwrap();
    assert_eq!(own.executions.len(), 1);
}

#[tokio::test]
async fn children_may_be_express() {
    let server = Server::start();
    let machine = server
        .create("express", &map(&pass(), &json!({ "ExecutionType": "EXPRESS" })))
        .await;
    let run = server.run(&machine, "run", r#"{"items":["a","b"]}"#).await;
    assert_eq!(output(&server.ended(&run).await), json!(["a", "b"]));
    let map_run_arn = map_run_of(&server, &run).await;
    let children = children(&server, &map_run_arn).await;
    assert_eq!(children.len(), 2);
    for child in &children {
        assert!(
            child.execution_arn.contains(":express:express/Each:"),
            "{}",
            child.execution_arn
        );
        assert_eq!(
            server.described(&child.execution_arn).await.status,
            ExecutionStatus::Succeeded
        );
    }
}

#[tokio::test]
async fn an_empty_list_is_an_empty_result() {
    let server = Server::start();
    let machine = server.create("none", &map(&pass(), &json!({}))).await;
    let run = server.run(&machine, "run", r#"{"items":[]}"#).await;
    assert_eq!(output(&server.ended(&run).await), json!([]));
}

#[tokio::test]
async fn items_come_in_batches() {
    let server = Server::start();
    let batcher = json!({ "ItemBatcher": { "MaxItemsPerBatch": 2, "BatchInput": { "of.$": "$.name" } } });
    let machine = server.create("batches", &map(&pass(), &batcher)).await;
    let run = server
        .run(&machine, "run", r#"{"items":[1,2,3,4,5],"name":"five"}"#)
        .await;
    let batch = |items: Value| json!({ "BatchInput": { "of": "five" }, "Items": items });
    assert_eq!(
        output(&server.ended(&run).await),
        json!([batch(json!([1, 2])), batch(json!([3, 4])), batch(json!([5]))])
    );
    let map_run_arn = map_run_of(&server, &run).await;
    let described = map_run(&server, &map_run_arn).await;
    assert_eq!(described.item_counts.unwrap().total, 5);
    assert_eq!(described.execution_counts.unwrap().total, 3);

    let small = json!({ "ItemBatcher": { "MaxInputBytesPerBatch": 23 } });
    let machine = server.create("small", &map(&pass(), &small)).await;
    let run = server
        .run(
            &machine,
            "run",
            r#"{"items":["aaa","bbb","c","ddddddddddddddddddddddd"]}"#,
        )
        .await;
    assert_eq!(
        output(&server.ended(&run).await),
        json!([{ "Items": ["aaa", "bbb"] }, { "Items": ["c"] }, { "Items": ["ddddddddddddddddddddddd"] }])
    );
}

#[tokio::test]
async fn more_failures_than_are_tolerated_fail_the_map_run() {
    let server = Server::start();
    let items = r#"{"items":[{"odd":true},{"odd":false},{"odd":true},{"odd":false}]}"#;
    let machine = server
        .create("strict", &map(&odd_alone(), &json!({ "MaxConcurrency": 1 })))
        .await;
    let run = server.run(&machine, "run", items).await;
    let ended = server.ended(&run).await;
    assert_eq!(
        (ended.status, ended.error.as_deref()),
        (
            ExecutionStatus::Failed,
            Some("States.ExceedToleratedFailureThreshold")
        )
    );
    assert_eq!(
        event_types(&server, &run).await[2..],
        [
            "MapStateStarted",
            "MapRunStarted",
            "MapRunFailed",
            "MapStateFailed",
            "ExecutionFailed"
        ]
    );
    let map_run_arn = map_run_of(&server, &run).await;
    let described = map_run(&server, &map_run_arn).await;
    assert_eq!(described.status, MapRunStatus::Failed);
    let counts = described.execution_counts.unwrap();
    assert_eq!(
        (counts.succeeded, counts.failed, counts.pending, counts.total),
        (1, 1, 2, 4)
    );
    // What it has begun cannot be redriven yet, and is refused rather than begun anew.
    let redriven = server
        .client()
        .redrive_execution()
        .execution_arn(&run)
        .send()
        .await;
    assert_eq!(
        refusal(redriven),
        "ExecutionNotRedrivable: Execution Not Redrivable: 'an execution cannot be redriven yet in a state that has begun a Map Run'"
    );

    for tolerated in [
        json!({ "ToleratedFailureCount": 2 }),
        json!({ "ToleratedFailurePercentage": 50 }),
        json!({ "ToleratedFailurePercentage": 50, "ToleratedFailureCount": 3 }),
    ] {
        let machine = server.create("lenient", &map(&odd_alone(), &tolerated)).await;
        let run = server
            .run(
                &machine,
                &tolerated.to_string().replace(|c: char| !c.is_alphanumeric(), ""),
                items,
            )
            .await;
        assert_eq!(
            output(&server.ended(&run).await),
            json!([{ "odd": true }, { "odd": true }]),
            "{tolerated}"
        );
        server
            .client()
            .delete_state_machine()
            .state_machine_arn(&machine)
            .send()
            .await
            .unwrap();
    }
    // AWS developer guide: with both, the first that is exceeded counts.
    let both = json!({ "ToleratedFailurePercentage": 100, "ToleratedFailureCount": 1 });
    let machine = server.create("both", &map(&odd_alone(), &both)).await;
    let ended = server.ended(&server.run(&machine, "run", items).await).await;
    assert_eq!(
        ended.error.as_deref(),
        Some("States.ExceedToleratedFailureThreshold")
    );
}

#[tokio::test]
async fn the_failure_of_a_map_run_can_be_caught() {
    let server = Server::start();
    let mut definition = map(&odd_alone(), &json!({}));
    definition["States"]["All"]["Catch"] =
        json!([{ "ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Saved" }]);
    definition["States"]["Saved"] =
        json!({ "Type": "Pass", "Parameters": { "error.$": "$.Error" }, "End": true });
    let machine = server.create("caught", &definition).await;
    let run = server.run(&machine, "run", r#"{"items":[{"odd":false}]}"#).await;
    assert_eq!(
        output(&server.ended(&run).await),
        json!({ "error": "States.ExceedToleratedFailureThreshold" })
    );
}

/// Waits until the Map Run has so many children at work.
async fn running(server: &Server, map_run_arn: &str, wanted: i64) {
    for _ in 0..500 {
        let described = map_run(server, map_run_arn).await;
        if described.execution_counts.unwrap().running == wanted {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the Map Run does not have {wanted} children at work");
}

#[tokio::test]
async fn a_map_run_is_as_wide_as_it_may_and_stops_with_its_execution() {
    let server = Server::start();
    let wait = json!({ "Work": { "Type": "Wait", "Seconds": 3600, "End": true } });
    let machine = server
        .create("wide", &map(&wait, &json!({ "MaxConcurrency": 2 })))
        .await;
    let run = server.run(&machine, "run", r#"{"items":[1,2,3,4,5]}"#).await;
    let map_run_arn = map_run_of(&server, &run).await;
    running(&server, &map_run_arn, 2).await;
    let client = server.client();
    client
        .update_map_run()
        .map_run_arn(&map_run_arn)
        .max_concurrency(4)
        .send()
        .await
        .unwrap();
    running(&server, &map_run_arn, 4).await;
    let described = map_run(&server, &map_run_arn).await;
    assert_eq!(described.max_concurrency, 4);
    assert_eq!(described.execution_counts.unwrap().pending, 1);

    client.stop_execution().execution_arn(&run).send().await.unwrap();
    running(&server, &map_run_arn, 0).await;
    let described = map_run(&server, &map_run_arn).await;
    assert_eq!(described.status, MapRunStatus::Aborted);
    assert_eq!(described.execution_counts.unwrap().aborted, 4);
    assert_eq!(
        event_types(&server, &run).await[3..],
        [
            "MapRunStarted",
            "MapRunAborted",
            "MapStateAborted",
            "ExecutionAborted"
        ]
    );
    let late = client
        .update_map_run()
        .map_run_arn(&map_run_arn)
        .max_concurrency(1)
        .send()
        .await;
    assert_eq!(
        refusal(late),
        format!("ValidationException: The Map Run '{map_run_arn}' has ended")
    );
}

#[tokio::test]
async fn map_runs_that_are_not_there_are_refused() {
    let server = Server::start();
    let client = server.client();
    let missing =
        "arn:aws:states:us-east-1:123456789012:mapRun:nobody/Each:0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e";
    let expected = format!("ResourceNotFound: Resource not found: '{missing}'");
    assert_eq!(
        refusal(client.describe_map_run().map_run_arn(missing).send().await),
        expected
    );
    assert_eq!(
        refusal(client.update_map_run().map_run_arn(missing).send().await),
        expected
    );
    assert_eq!(
        refusal(client.list_executions().map_run_arn(missing).send().await),
        expected
    );
    let no_run = "arn:aws:states:us-east-1:123456789012:execution:nobody:run";
    assert_eq!(
        refusal(client.describe_map_run().map_run_arn(no_run).send().await),
        "InvalidArn: Invalid Arn: 'Resource type not valid in this context: execution'"
    );
}

/// A distributed Map that reads its items from `in.txt` of the bucket `b`.
fn reading(config: &Value) -> Value {
    let reader = json!({
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": config,
        "Parameters": { "Bucket": "b", "Key.$": "$.key" },
    });
    map(&pass(), &json!({ "ItemReader": reader, "ItemsPath": "$" }))
}

/// Runs a state machine whose Map state finds these answers of S3; returns how it ended.
async fn read(
    name: &str,
    definition: &Value,
    answers: &Value,
) -> aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput {
    let server = Server::start_mocked(json!({
        "StateMachines": { name: { "DefaultTestCase": "S3", "TestCases": { "S3": { "All": "s3" } } } },
        "MockedResponses": { "s3": answers },
    }));
    let machine = server.create(name, definition).await;
    server
        .ended(&server.run(&machine, "run", r#"{"key":"in.txt"}"#).await)
        .await
}

fn body(text: &str) -> Value {
    json!({ "0": { "Return": { "Body": text } } })
}

#[tokio::test]
async fn items_are_read_from_files() {
    let given = json!({ "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"], "CSVDelimiter": "PIPE" });
    for (name, config, text, items) in [
        (
            "csv",
            json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" }),
            "a,b\n1,\"x, \"\"y\"\"\"\n2\n",
            json!([{ "a": "1", "b": "x, \"y\"" }, { "a": "2", "b": "" }]),
        ),
        (
            "given",
            given,
            "1|2\n3|4|5\n",
            json!([{ "a": "1", "b": "2" }, { "a": "3", "b": "4" }]),
        ),
        (
            "json",
            json!({ "InputType": "JSON", "MaxItems": 2 }),
            "[1,{\"x\":2},3]",
            json!([1, { "x": 2 }]),
        ),
        (
            "pointer",
            json!({ "InputType": "JSON", "ItemsPointer": "/of/0" }),
            r#"{"of":[["p","q"]]}"#,
            json!(["p", "q"]),
        ),
        (
            "lines",
            json!({ "InputType": "JSONL" }),
            "{\"n\":1}\n\n{\"n\":2}\n",
            json!([{ "n": 1 }, { "n": 2 }]),
        ),
        ("empty", json!({ "InputType": "JSON" }), "[]", json!([])),
    ] {
        let ended = read(name, &reading(&config), &body(text)).await;
        assert_eq!(
            ended.status,
            ExecutionStatus::Succeeded,
            "{name}: {:?} {:?}",
            ended.error,
            ended.cause
        );
        assert_eq!(output(&ended), items, "{name}");
    }
}

#[tokio::test]
async fn the_objects_of_a_bucket_are_items_page_after_page() {
    let reader = json!({ "Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": { "Bucket": "b", "Prefix": "p" } });
    let definition = map(&pass(), &json!({ "ItemReader": reader, "ItemsPath": "$" }));
    let object =
        |key: &str| json!({ "Key": key, "Size": 3, "ETag": "\"e\"", "LastModified": "1970-01-01T00:00:07Z" });
    let answers = json!({
        "0": { "Return": { "Contents": [object("p/1"), object("p/2")], "IsTruncated": true, "NextContinuationToken": "more" } },
        "1": { "Return": { "Contents": [object("p/3")], "IsTruncated": false } },
    });
    let ended = read("listing", &definition, &answers).await;
    let item = |key: &str| json!({ "Key": key, "Size": 3, "Etag": "\"e\"", "LastModified": 7 });
    assert_eq!(output(&ended), json!([item("p/1"), item("p/2"), item("p/3")]));
}

#[tokio::test]
async fn what_cannot_be_read_fails_the_map_run() {
    let json = json!({ "InputType": "JSON" });
    let refused = json!({ "0": { "Throw": { "Error": "S3.NoSuchKeyException", "Cause": "no such key" } } });
    for (name, config, answers, cause) in [
        ("refused", &json, refused, "S3.NoSuchKeyException: no such key"),
        (
            "broken",
            &json,
            body("[1,"),
            "the object is no JSON: EOF while parsing a value at line 1 column 3",
        ),
        (
            "number",
            &json,
            body("7"),
            "the items must be an array or an object, but were: number",
        ),
        (
            "nowhere",
            &json!({ "InputType": "JSON", "ItemsPointer": "/x" }),
            body("{}"),
            "the ItemsPointer '/x' leads nowhere",
        ),
    ] {
        let ended = read(name, &reading(config), &answers).await;
        assert_eq!(
            (ended.error.as_deref(), ended.cause.as_deref()),
            (Some("States.ItemReaderFailed"), Some(cause)),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_is_missing_says_so_by_name() {
    let writer = json!({ "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "b", "Prefix": "p" } });
    let mut writing = map(&pass(), &json!({ "ResultWriter": writer }));
    writing["States"]["All"]
        .as_object_mut()
        .unwrap()
        .remove("ItemsPath");
    for (name, definition, what) in [
        (
            "writer",
            writing,
            "the ResultWriter of the distributed Map is not implemented yet",
        ),
        (
            "parquet",
            reading(&json!({ "InputType": "PARQUET" })),
            "the InputType PARQUET of the ItemReader is not implemented yet",
        ),
        (
            "manifest",
            reading(&json!({ "InputType": "MANIFEST", "ManifestType": "S3_INVENTORY" })),
            "the InputType MANIFEST of the ItemReader is not implemented yet",
        ),
    ] {
        let ended = read(name, &definition, &body("[]")).await;
        assert_eq!(ended.error.as_deref(), Some("States.Runtime"), "{name}");
        let cause = ended.cause.unwrap();
        assert!(cause.ends_with(what), "{name}: {cause}");
    }
}

#[tokio::test]
async fn a_map_run_goes_on_after_the_server_was_killed() {
    let mut server = Server::start();
    let activity = server
        .client()
        .create_activity()
        .name("work")
        .send()
        .await
        .unwrap()
        .activity_arn;
    let states = json!({ "Work": { "Type": "Task", "Resource": activity, "End": true } });
    let machine = server
        .create("lasting", &map(&states, &json!({ "MaxConcurrency": 2 })))
        .await;
    let run = server.run(&machine, "run", r#"{"items":[1,2,3,4,5,6]}"#).await;
    let map_run_arn = map_run_of(&server, &run).await;
    running(&server, &map_run_arn, 2).await;
    for round in 0..6 {
        if round % 2 == 0 {
            server.kill();
            server.restart();
        }
        let task = server
            .client()
            .get_activity_task()
            .activity_arn(&activity)
            .send()
            .await
            .unwrap();
        let input = task.input.unwrap();
        let doubled = 2 * input.parse::<u32>().unwrap();
        let report = server
            .client()
            .send_task_success()
            .task_token(task.task_token.unwrap());
        report.output(doubled.to_string()).send().await.unwrap();
    }
    assert_eq!(output(&server.ended(&run).await), json!([2, 4, 6, 8, 10, 12]));
    let children = children(&server, &map_run_arn).await;
    assert_eq!(children.len(), 6);
}
