//! TestState.

use crate::stack::Stack;
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

async fn tested(definition: Value, members: Value) -> Value {
    Stack::start().call("TestState", body(&definition, members)).await
}

async fn refused(definition: Value, members: Value) -> String {
    Stack::start()
        .refused("TestState", body(&definition, members))
        .await
}

fn body(definition: &Value, members: Value) -> Value {
    let mut body = members;
    body["definition"] = definition.to_string().into();
    body
}

fn json_of(value: &Value) -> Value {
    serde_json::from_str(value.as_str().unwrap()).unwrap()
}

// The first two are the examples of AWS's developer guide.

#[tokio::test]
async fn a_choice_at_the_level_info() {
    let choice = json!({ "Type": "Choice", "Default": "No Match", "Choices": [
        { "Variable": "$.number", "NumericEquals": 1, "Next": "Equals 1" },
        { "Variable": "$.number", "NumericEquals": 2, "Next": "Equals 2" } ] });
    let members = json!({ "roleArn": "arn:aws:iam::123456789012:role/myRole", "input": "{\"number\": 2}" });
    assert_eq!(
        tested(choice, members).await,
        json!({ "output": "{\"number\": 2}", "nextState": "Equals 2", "status": "SUCCEEDED" })
    );
}

#[tokio::test]
async fn a_pass_state_at_the_level_debug() {
    let pass = json!({ "Type": "Pass", "InputPath": "$.payload", "Parameters": { "data": 1 },
        "ResultPath": "$.result", "OutputPath": "$.result.data", "Next": "Another State" });
    let members = json!({ "input": "{\"payload\": {\"foo\": \"bar\"}}", "inspectionLevel": "DEBUG" });
    assert_eq!(
        tested(pass, members).await,
        json!({
            "output": "1",
            "inspectionData": {
                "input": "{\"payload\": {\"foo\": \"bar\"}}",
                "afterInputPath": "{\"foo\":\"bar\"}",
                "afterParameters": "{\"data\":1}",
                "afterResultSelector": "{\"data\":1}",
                "afterResultPath": "{\"payload\":{\"foo\":\"bar\"},\"result\":{\"data\":1}}"
            },
            "nextState": "Another State",
            "status": "SUCCEEDED"
        })
    );
}

#[tokio::test]
async fn retries_and_catchers_say_which_they_are() {
    let task = json!({ "Type": "Task", "Resource": FUNCTION, "Next": "Success",
        "Retry": [{ "ErrorEquals": ["Lambda.ServiceException"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2.0 }],
        "Catch": [{ "ErrorEquals": ["Lambda.ServiceException"], "ResultPath": "$.error", "Next": "Handle" }] });
    let mock = json!({ "errorOutput": { "error": "Lambda.ServiceException", "cause": "Service error" } });
    let members = |count: u32| {
        json!({ "input": "{\"data\":\"value\"}", "mock": mock, "inspectionLevel": "DEBUG",
            "stateConfiguration": { "retrierRetryCount": count } })
    };
    let retried = tested(task.clone(), members(1)).await;
    assert_eq!(retried["status"], "RETRIABLE");
    assert_eq!(
        retried["inspectionData"]["errorDetails"],
        json!({ "retryIndex": 0, "retryBackoffIntervalSeconds": 4 })
    );
    let caught = tested(task.clone(), members(3)).await;
    assert_eq!(
        (
            &caught["status"],
            &caught["nextState"],
            &caught["error"],
            &caught["cause"]
        ),
        (
            &json!("CAUGHT_ERROR"),
            &json!("Handle"),
            &json!("Lambda.ServiceException"),
            &json!("Service error")
        )
    );
    assert_eq!(
        caught["inspectionData"]["errorDetails"],
        json!({ "catchIndex": 0, "retryIndex": 0 })
    );
    assert_eq!(
        json_of(&caught["output"]),
        json!({ "data": "value", "error": { "Error": "Lambda.ServiceException", "Cause": "Service error" } })
    );
    let failed = tested(task, json!({ "mock": { "errorOutput": { "error": "E" } } })).await;
    assert_eq!(failed, json!({ "error": "E", "status": "FAILED" }));
}

#[tokio::test]
async fn a_mocked_task_in_jsonata_shows_arguments_result_and_variables() {
    let task = json!({ "Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": { "FunctionName": "f", "Payload": "{% $states.input.a + $x %}" },
        "Output": "{% $states.result.Payload.n %}", "Assign": { "y": "{% $x %}" }, "End": true });
    let members = json!({ "input": "{\"a\":1}", "variables": "{\"x\":2}", "inspectionLevel": "TRACE",
        "mock": { "result": "{\"Payload\": {\"n\": 7}}", "fieldValidationMode": "NONE" } });
    assert_eq!(
        tested(task, members).await,
        json!({
            "output": "7",
            "inspectionData": {
                "input": "{\"a\":1}",
                "afterArguments": "{\"FunctionName\":\"f\",\"Payload\":3}",
                "result": "{\"Payload\": {\"n\": 7}}",
                "variables": "{\"x\":2,\"y\":2}"
            },
            "status": "SUCCEEDED"
        })
    );
}

fn map(fields: Value) -> Value {
    let mut map = json!({ "Type": "Map", "ItemsPath": "$.items", "End": true,
        "ItemSelector": { "v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index" },
        "ItemProcessor": { "StartAt": "Work", "States": { "Work": { "Type": "Task", "Resource": FUNCTION, "End": true } } } });
    for (name, field) in fields.as_object().unwrap() {
        map[name] = field.clone();
    }
    map
}

#[tokio::test]
async fn a_map_shows_items_inputs_and_tolerance() {
    let state =
        map(json!({ "MaxConcurrency": 2, "ToleratedFailureCount": 1, "ToleratedFailurePercentage": 50 }));
    let members = |failed: u32| {
        json!({ "input": "{\"items\":[5,6]}", "inspectionLevel": "DEBUG", "mock": { "result": "[50, 60]" },
            "stateConfiguration": { "mapIterationFailureCount": failed } })
    };
    let shown = tested(state.clone(), members(1)).await;
    assert_eq!(
        shown["inspectionData"],
        json!({
            "input": "{\"items\":[5,6]}",
            "afterInputPath": "{\"items\":[5,6]}",
            "afterItemsPath": "[5,6]",
            "afterItemSelector": "[{\"v\":5,\"i\":0},{\"v\":6,\"i\":1}]",
            "afterResultSelector": "[50,60]",
            "afterResultPath": "[50,60]",
            "toleratedFailureCount": 1,
            "toleratedFailurePercentage": 50.0,
            "maxConcurrency": 2
        })
    );
    let failed = tested(state.clone(), members(2)).await;
    assert_eq!(
        (&failed["status"], &failed["error"]),
        (&json!("FAILED"), &json!("States.ExceedToleratedFailureThreshold"))
    );
    let refused = refused(state, members(3)).await;
    assert!(
        refused.contains("less than or equal to the number of Map iterations"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_distributed_map_reads_the_items_that_are_given() {
    let reader = json!({ "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "b", "Key": "k" },
        "ReaderConfig": { "InputType": "JSON", "ItemsPointer": "/data", "MaxItems": 2 } });
    let processor = json!({ "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "Work", "States": { "Work": { "Type": "Pass", "End": true } } });
    let state = json!({ "Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": true });
    let members = json!({ "mock": { "result": "[1]" }, "inspectionLevel": "DEBUG",
        "stateConfiguration": { "mapItemReaderData": "{\"data\":[7,8,9]}" } });
    let shown = tested(state, members).await;
    assert_eq!(shown["status"], "SUCCEEDED");
    assert_eq!(shown["inspectionData"]["afterItemsPointer"], "[7,8]");
}

#[tokio::test]
async fn one_state_of_a_whole_definition() {
    let definition = json!({ "StartAt": "M", "States": {
        "M": { "Type": "Map", "Next": "After", "ItemProcessor": { "StartAt": "In", "States": {
            "In": { "Type": "Pass", "Parameters": { "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value" }, "End": true } } } },
        "After": { "Type": "Pass", "Next": "Last" },
        "Last": { "Type": "Succeed" },
    } });
    let tested = |name: &str| tested(definition.clone(), json!({ "stateName": name, "input": "5" }));
    assert_eq!(
        tested("After").await,
        json!({ "output": "5", "nextState": "Last", "status": "SUCCEEDED" })
    );
    assert_eq!(json_of(&tested("In").await["output"]), json!({ "i": 0, "v": 5 }));
    let missing = refused(definition.clone(), json!({ "stateName": "Nowhere" })).await;
    assert_eq!(missing, "ValidationException: State not found in definition");
}

#[tokio::test]
async fn a_call_that_no_service_answers_fails_the_state() {
    let task = json!({ "Type": "Task", "Resource": FUNCTION, "End": true });
    let tested = tested(task, json!({ "roleArn": crate::stack::ROLE })).await;
    assert_eq!(tested["status"], "FAILED");
    assert!(tested["cause"].as_str().unwrap().contains("unknown"), "{tested}");
}

#[tokio::test]
async fn a_wait_that_is_too_long_times_out_and_a_short_one_is_waited_for() {
    let wait = |seconds: u32| json!({ "Type": "Wait", "Seconds": seconds, "Next": "N" });
    assert_eq!(
        tested(wait(301), json!({})).await,
        json!({ "error": "States.Timeout", "status": "FAILED" })
    );
    assert_eq!(tested(wait(1), json!({})).await["nextState"], "N");
}

#[tokio::test]
async fn what_does_not_go_together_is_refused() {
    let pass = || json!({ "Type": "Pass", "End": true });
    let task = |resource: &str| json!({ "Type": "Task", "Resource": resource, "End": true });
    let result = json!({ "result": "{}" });
    let error = json!({ "errorOutput": { "error": "E" } });
    let needed = "a `mock` is needed";
    for (definition, members, expected) in [
        (
            pass(),
            json!({ "mock": result }),
            "State type 'Pass' is not supported when a mock is specified",
        ),
        (
            pass(),
            json!({ "context": "{}" }),
            "`context` may only be given with a `mock`",
        ),
        (
            task("arn:aws:states:::sqs:sendMessage.waitForTaskToken"),
            json!({}),
            needed,
        ),
        (task("arn:aws:states:::glue:startJobRun.sync"), json!({}), needed),
        (
            task("arn:aws:states:us-east-1:123456789012:activity:a"),
            json!({}),
            needed,
        ),
        (
            map(json!({})),
            json!({}),
            "TestState API does not support Map or Parallel states",
        ),
        (
            task(FUNCTION),
            json!({ "mock": {} }),
            "needs a `result` or an `errorOutput`",
        ),
        (
            task(FUNCTION),
            json!({ "mock": { "result": "{}", "errorOutput": { "error": "E" } } }),
            "not both",
        ),
        (
            task(FUNCTION),
            json!({ "mock": { "result": "{" } }),
            "Mocked result must be valid JSON",
        ),
        (
            task(FUNCTION),
            json!({ "mock": result, "context": "[]" }),
            "`context` must be a JSON object",
        ),
        (
            pass(),
            json!({ "variables": "7" }),
            "`variables` must be a JSON object",
        ),
        (
            map(json!({})),
            json!({ "mock": { "result": "7" } }),
            "Mocked result must be an array.",
        ),
        (
            map(json!({})),
            json!({ "mock": error, "stateConfiguration": { "errorCausedByState": "Nobody" } }),
            "`errorCausedByState` names `Nobody`",
        ),
        (
            task(FUNCTION),
            json!({ "mock": error, "stateConfiguration": { "errorCausedByState": "Work" } }),
            "is for Map and Parallel states",
        ),
        (
            task(FUNCTION),
            json!({ "mock": error, "stateConfiguration": { "mapIterationFailureCount": 1 } }),
            "are for Map states",
        ),
        (
            pass(),
            json!({ "inspectionLevel": "ALL" }),
            "[INFO, DEBUG, TRACE]",
        ),
        (
            pass(),
            json!({ "revealSecrets": "yes" }),
            "can not be converted to a Boolean",
        ),
    ] {
        let refused = refused(definition.clone(), members.clone()).await;
        assert!(refused.contains(expected), "{definition} {members}: {refused}");
    }
    assert_eq!(
        refused(json!({}), json!({})).await,
        "InvalidDefinition: Invalid State Machine Definition: \
         'SCHEMA_VALIDATION_FAILED: These fields are required: [Type] at /'"
    );
    let nested = refused(json!({ "Type": "Pass", "InputPath": 7, "End": true }), json!({})).await;
    assert!(nested.ends_with("at /InputPath'"), "{nested}");
    let refused_input = refused(pass(), json!({ "input": "{" })).await;
    assert!(
        refused_input.starts_with("InvalidExecutionInput: "),
        "{refused_input}"
    );
    let refused_role = refused(pass(), json!({ "roleArn": "me" })).await;
    assert_eq!(refused_role, "InvalidArn: Invalid Role Arn: 'me'");
}
