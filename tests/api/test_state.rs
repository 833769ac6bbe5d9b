//! TestState through the official SDK.

use crate::support::{Options, Server, output, pass, refusal};
use aws_sdk_sfn::types::{
    InspectionLevel, MockErrorOutput, MockInput, MockResponseValidationMode, TestExecutionStatus,
    TestStateConfiguration,
};
use serde_json::{Value, json};

fn json_of(text: Option<&str>) -> Value {
    serde_json::from_str(text.expect("a document")).expect("JSON")
}

#[tokio::test]
async fn a_mocked_task_shows_its_data_flow() {
    let server = Server::start();
    let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "InputPath": "$.in",
        "Parameters": { "TableName": "t", "Key": { "id": { "S.$": "$.id" } } },
        "ResultSelector": { "name.$": "$.Item.name.S" }, "ResultPath": "$.found", "Next": "Then" });
    let mock = MockInput::builder()
        .result(r#"{"Item":{"name":{"S":"n"}}}"#)
        .field_validation_mode(MockResponseValidationMode::None)
        .build();
    let tested = server
        .client()
        .test_state()
        .definition(state.to_string())
        .input(r#"{"in":{"id":"7"}}"#)
        .inspection_level(InspectionLevel::Debug)
        .mock(mock)
        .send()
        .await
        .unwrap();
    assert_eq!(tested.status, Some(TestExecutionStatus::Succeeded));
    assert_eq!(tested.next_state.as_deref(), Some("Then"));
    let shown = tested.inspection_data.unwrap();
    assert_eq!(json_of(shown.after_input_path.as_deref()), json!({ "id": "7" }));
    assert_eq!(
        json_of(shown.after_parameters.as_deref()),
        json!({ "TableName": "t", "Key": { "id": { "S": "7" } } })
    );
    assert_eq!(
        json_of(shown.after_result_selector.as_deref()),
        json!({ "name": "n" })
    );
    let merged = json!({ "in": { "id": "7" }, "found": { "name": "n" } });
    assert_eq!(json_of(shown.after_result_path.as_deref()), merged);
    assert_eq!(json_of(tested.output.as_deref()), merged);
}

#[tokio::test]
async fn mocked_results_are_compared_with_the_services_model() {
    let server = Server::start();
    let test = async |resource: &str, result: &str, mode: Option<MockResponseValidationMode>| {
        let state = json!({ "Type": "Task", "Resource": resource, "Parameters": {}, "End": true });
        let mock = MockInput::builder()
            .result(result)
            .set_field_validation_mode(mode)
            .build();
        server
            .client()
            .test_state()
            .definition(state.to_string())
            .mock(mock)
            .send()
            .await
    };
    let get = "arn:aws:states:::dynamodb:getItem";
    let wrong = r#"{"Item":{"n":{"S":7}}}"#;
    for mode in [
        None,
        Some(MockResponseValidationMode::Strict),
        Some(MockResponseValidationMode::Present),
    ] {
        let refused = refusal(test(get, wrong, mode.clone()).await);
        assert_eq!(
            refused,
            "ValidationException: Mock result schema validation error: Field 'S' must be a string"
        );
        assert!(test(get, r#"{"Item":{"n":{"S":"7"}}}"#, mode).await.is_ok());
    }
    assert!(
        test(get, wrong, Some(MockResponseValidationMode::None))
            .await
            .is_ok()
    );
    // There is no model to compare with: the default lets it pass, what was asked for by name is refused.
    let job = "arn:aws:states:::glue:startJobRun.sync";
    assert!(test(job, "{}", None).await.is_ok());
    let refused = refusal(test(job, "{}", Some(MockResponseValidationMode::Strict)).await);
    assert!(refused.contains("cannot be compared"), "{refused}");
}

#[tokio::test]
async fn errors_are_retried_and_caught() {
    let server = Server::start();
    let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true,
        "Parameters": { "QueueUrl": "q", "MessageBody": "m" },
        "Retry": [{ "ErrorEquals": ["E"], "IntervalSeconds": 5, "MaxAttempts": 1 }],
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }] });
    let test = async |retries: i32| {
        let error = MockErrorOutput::builder().error("E").cause("C").build();
        let configuration = TestStateConfiguration::builder()
            .retrier_retry_count(retries)
            .build();
        server
            .client()
            .test_state()
            .definition(state.to_string())
            .inspection_level(InspectionLevel::Debug)
            .mock(MockInput::builder().error_output(error).build())
            .state_configuration(configuration)
            .send()
            .await
            .unwrap()
    };
    let retried = test(0).await;
    assert_eq!(retried.status, Some(TestExecutionStatus::Retriable));
    let details = retried.inspection_data.unwrap().error_details.unwrap();
    assert_eq!(
        (details.retry_index, details.retry_backoff_interval_seconds),
        (Some(0), Some(5))
    );
    let caught = test(1).await;
    assert_eq!(caught.status, Some(TestExecutionStatus::CaughtError));
    assert_eq!(
        (caught.next_state.as_deref(), caught.error.as_deref()),
        (Some("Caught"), Some("E"))
    );
    let details = caught.inspection_data.unwrap().error_details.unwrap();
    assert_eq!(details.catch_index, Some(0));
}

#[tokio::test]
async fn a_task_without_a_mock_makes_its_call() {
    let server = Server::start();
    let child = server.create("child", &pass()).await;
    let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::states:startExecution", "End": true,
        "Parameters": { "StateMachineArn": child, "Name": "by-test", "Input.$": "$" } });
    let tested = server
        .client()
        .test_state()
        .definition(state.to_string())
        .role_arn(crate::support::ROLE)
        .input(r#"{"n":1}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(tested.status, Some(TestExecutionStatus::Succeeded), "{tested:?}");
    let started = json_of(tested.output.as_deref())["ExecutionArn"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(started.ends_with(":child:by-test"), "{started}");
    assert_eq!(output(&server.ended(&started).await), json!({ "n": 1 }));
}

#[tokio::test]
async fn a_local_function_is_called() {
    let server = Server::start_with(Options {
        config: Some("[functions.f]\ncommand = [\"./none\"]\n".to_owned()),
        ..Options::default()
    });
    let state = json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true,
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }] });
    let tested = server
        .client()
        .test_state()
        .definition(state.to_string())
        .role_arn(crate::support::ROLE)
        .send()
        .await
        .unwrap();
    // There is no such program: the error is that of the real call.
    assert_eq!(
        tested.status,
        Some(TestExecutionStatus::CaughtError),
        "{tested:?}"
    );
    assert!(tested.cause.unwrap().contains("none"));
}

#[tokio::test]
async fn states_of_a_whole_definition_are_tested_one_after_the_other() {
    let server = Server::start();
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Assign": { "x": "{% $states.input.n * 2 %}" }, "Output": "{% $states.input.n %}", "Next": "B" },
        "B": { "Type": "Choice", "Choices": [{ "Condition": "{% $x > 5 %}", "Next": "C" }], "Default": "D" },
        "C": { "Type": "Pass", "Output": "{% $x %}", "End": true },
        "D": { "Type": "Fail", "Error": "Small" },
    } });
    let (mut state, mut input, mut variables) = ("A".to_owned(), "{\"n\":4}".to_owned(), "{}".to_owned());
    let mut way = Vec::new();
    loop {
        let tested = server
            .client()
            .test_state()
            .definition(definition.to_string())
            .state_name(&state)
            .input(&input)
            .variables(&variables)
            .inspection_level(InspectionLevel::Debug)
            .send()
            .await
            .unwrap();
        assert_eq!(tested.status, Some(TestExecutionStatus::Succeeded), "{tested:?}");
        way.push(state);
        input = tested.output.unwrap();
        if let Some(assigned) = tested.inspection_data.unwrap().variables {
            variables = assigned;
        }
        match tested.next_state {
            Some(next) => state = next,
            None => break,
        }
    }
    assert_eq!((way.join(""), input), ("ABC".to_owned(), "8".to_owned()));
}

#[tokio::test]
async fn what_needs_a_mock_is_refused_without_one() {
    let server = Server::start();
    let state = json!({ "Type": "Parallel", "End": true,
        "Branches": [{ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } }] });
    let refused = refusal(
        server
            .client()
            .test_state()
            .definition(state.to_string())
            .send()
            .await,
    );
    assert!(
        refused.starts_with("InvalidDefinition: TestState API does not support Map or Parallel states."),
        "{refused}"
    );
    let refused = refusal(server.client().test_state().definition("{}").send().await);
    assert!(
        refused.starts_with("InvalidDefinition: Invalid State Machine Definition: "),
        "{refused}"
    );
}
