//! Executions: started, listed, read and stopped.

use crate::support::{REGION, ROLE, Server, event_types, history, output, pass, refusal, task, wait};
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType};
use serde_json::json;

const RUN: &str = "arn:aws:states:us-east-1:123456789012:execution:orders:run";

#[tokio::test]
async fn an_execution_is_started_and_described() {
    let server = Server::start();
    let machine = server.create("orders", &pass()).await;
    let start = server
        .client()
        .start_execution()
        .state_machine_arn(&machine)
        .name("run");
    let started = start
        .input(r#"{"n":1.0,"a":[true,null,"ü"]}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(started.execution_arn, RUN);
    let ended = server.ended(RUN).await;
    assert_eq!(ended.name.as_deref(), Some("run"));
    assert_eq!(ended.state_machine_arn, machine);
    assert_eq!(ended.input.as_deref(), Some(r#"{"n":1.0,"a":[true,null,"ü"]}"#));
    assert_eq!(ended.output.as_deref(), Some(r#"{"n":1.0,"a":[true,null,"ü"]}"#));
    assert_eq!(ended.start_date, started.start_date);
    assert!(ended.stop_date.unwrap() >= ended.start_date);
    assert!(ended.output_details.unwrap().included);

    let unnamed = server
        .client()
        .start_execution()
        .state_machine_arn(&machine)
        .send()
        .await
        .unwrap();
    let name = unnamed.execution_arn.rsplit(':').next().unwrap();
    assert_eq!(name.len(), 36, "a name of its own is a UUID: {name}");
    assert_eq!(output(&server.ended(&unnamed.execution_arn).await), json!({}));
}

#[tokio::test]
async fn a_name_is_started_once() {
    let server = Server::start();
    let sfn = server.client();
    let machine = server.create("orders", &wait(3600)).await;
    let start = |input: &str| {
        sfn.start_execution()
            .state_machine_arn(&machine)
            .name("run")
            .input(input)
            .send()
    };
    let first = start("[1]").await.unwrap();
    let again = start("[1]").await.unwrap();
    assert_eq!(
        (again.execution_arn.as_str(), again.start_date),
        (RUN, first.start_date)
    );
    let taken = format!("ExecutionAlreadyExists: Execution Already Exists: '{RUN}'");
    assert_eq!(refusal(start("[2]").await), taken);
    sfn.stop_execution().execution_arn(RUN).send().await.unwrap();
    // What has ended is never the same execution again.
    assert_eq!(refusal(start("[1]").await), taken);
}

#[tokio::test]
async fn what_cannot_be_started_is_refused() {
    let server = Server::start();
    let sfn = server.client();
    let machine = server.create("orders", &pass()).await;
    let start = || sfn.start_execution().state_machine_arn(&machine);
    assert_eq!(
        refusal(start().name("a b").send().await),
        "InvalidName: Invalid Name: 'a b'"
    );
    let refused = refusal(start().input("{").send().await);
    assert!(
        refused.starts_with("InvalidExecutionInput: Invalid State Machine Execution Input: "),
        "{refused}"
    );
    let large = format!("\"{}\"", "x".repeat(300 * 1024));
    let refused = refusal(start().input(large).send().await);
    assert!(
        refused.contains("Member must have length less than or equal to 262144"),
        "{refused}"
    );
    let refused = refusal(sfn.start_execution().state_machine_arn("orders").send().await);
    assert!(refused.starts_with("InvalidArn: "), "{refused}");
    let missing = format!("arn:aws:states:{REGION}:123456789012:execution:orders:none");
    let refused = refusal(sfn.describe_execution().execution_arn(&missing).send().await);
    assert_eq!(
        refused,
        format!("ExecutionDoesNotExist: Execution Does Not Exist: '{missing}'")
    );
}

#[tokio::test]
async fn executions_are_listed_newest_first_by_status_and_in_pages() {
    let server = Server::start();
    let sfn = server.client();
    let choose = json!({
        "StartAt": "C",
        "States": {
            "C": {
                "Type": "Choice",
                "Choices": [
                    { "Variable": "$.then", "StringEquals": "wait", "Next": "W" },
                    { "Variable": "$.then", "StringEquals": "fail", "Next": "F" }
                ],
                "Default": "S"
            },
            "W": { "Type": "Wait", "Seconds": 3600, "End": true },
            "F": { "Type": "Fail", "Error": "E" },
            "S": { "Type": "Succeed" }
        }
    });
    let machine = server.create("orders", &choose).await;
    for (place, then) in ["succeed", "wait", "fail", "succeed", "wait"].iter().enumerate() {
        let run = server
            .run(
                &machine,
                &format!("{place}-{then}"),
                &json!({ "then": then }).to_string(),
            )
            .await;
        if *then != "wait" {
            server.ended(&run).await;
        }
        // Dates have milliseconds; what starts in the same one has no order.
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    let list = || sfn.list_executions().state_machine_arn(&machine);
    let pages = list()
        .max_results(2)
        .into_paginator()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .unwrap();
    let names: Vec<Vec<&str>> = pages
        .iter()
        .map(|page| {
            page.executions
                .iter()
                .map(|execution| execution.name.as_str())
                .collect()
        })
        .collect();
    assert_eq!(
        names,
        [
            vec!["4-wait", "3-succeed"],
            vec!["2-fail", "1-wait"],
            vec!["0-succeed"]
        ]
    );

    for (status, expected) in [
        (ExecutionStatus::Running, vec!["4-wait", "1-wait"]),
        (ExecutionStatus::Succeeded, vec!["3-succeed", "0-succeed"]),
        (ExecutionStatus::Failed, vec!["2-fail"]),
        (ExecutionStatus::Aborted, vec![]),
    ] {
        let page = list().status_filter(status.clone()).send().await.unwrap();
        let names: Vec<&str> = page
            .executions
            .iter()
            .map(|execution| execution.name.as_str())
            .collect();
        assert_eq!(names, expected, "{status}");
        let is_open = status == ExecutionStatus::Running;
        assert!(
            page.executions
                .iter()
                .all(|execution| execution.stop_date.is_none() == is_open),
            "{status}"
        );
        assert!(
            page.executions.iter().all(|execution| execution.status == status),
            "{status}"
        );
    }
}

#[tokio::test]
async fn the_history_is_read_forwards_backwards_in_pages_and_without_data() {
    let server = Server::start();
    let sfn = server.client();
    let machine = server.create("orders", &pass()).await;
    let run = server.run(&machine, "run", "[1]").await;
    server.ended(&run).await;
    let whole = history(&server, &run).await;
    assert_eq!(
        event_types(&server, &run).await,
        [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded"
        ]
    );
    let started = whole[0].execution_started_event_details.as_ref().unwrap();
    assert_eq!(
        (started.input.as_deref(), started.role_arn.as_deref()),
        (Some("[1]"), Some(ROLE))
    );
    assert_eq!(
        whole[2]
            .state_exited_event_details
            .as_ref()
            .unwrap()
            .output
            .as_deref(),
        Some("[1]")
    );
    let links: Vec<(i64, i64)> = whole
        .iter()
        .map(|event| (event.id, event.previous_event_id))
        .collect();
    assert_eq!(links, [(1, 0), (2, 0), (3, 2), (4, 3)]);

    let read = || sfn.get_execution_history().execution_arn(&run);
    for (reverse, expected) in [(false, [1, 2, 3, 4]), (true, [4, 3, 2, 1])] {
        let pages = read()
            .reverse_order(reverse)
            .max_results(3)
            .into_paginator()
            .send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        assert_eq!(pages.len(), 2);
        let ids: Vec<i64> = pages
            .iter()
            .flat_map(|page| &page.events)
            .map(|event| event.id)
            .collect();
        assert_eq!(ids, expected);
    }
    let bare = read().include_execution_data(false).send().await.unwrap();
    assert_eq!(bare.events.len(), 4);
    let entered = bare.events[1].state_entered_event_details.as_ref().unwrap();
    assert_eq!((entered.name.as_str(), entered.input.as_deref()), ("P", None));
    assert_eq!(
        bare.events[3]
            .execution_succeeded_event_details
            .as_ref()
            .and_then(|end| end.output.as_deref()),
        None
    );
}

#[tokio::test]
async fn an_execution_is_stopped_once() {
    let server = Server::start();
    let sfn = server.client();
    let machine = server.create("orders", &wait(3600)).await;
    let run = server.run(&machine, "run", "{}").await;
    let stop = |error: &str| {
        sfn.stop_execution()
            .execution_arn(&run)
            .error(error)
            .cause("why")
            .send()
    };
    let stopped = stop("Enough").await.unwrap();
    // Durable when it is answered: nothing has to be waited for.
    let ended = server.described(&run).await;
    assert_eq!(ended.status, ExecutionStatus::Aborted);
    assert_eq!(
        (ended.error.as_deref(), ended.cause.as_deref()),
        (Some("Enough"), Some("why"))
    );
    assert_eq!(ended.stop_date, Some(stopped.stop_date));
    assert_eq!(
        history(&server, &run).await.last().unwrap().r#type,
        HistoryEventType::ExecutionAborted
    );

    let again = stop("Again").await.unwrap();
    assert_eq!(again.stop_date, stopped.stop_date);
    assert_eq!(server.described(&run).await.error.as_deref(), Some("Enough"));
    let missing = sfn
        .stop_execution()
        .execution_arn(format!("{run}-2"))
        .send()
        .await;
    assert!(refusal(missing).starts_with("ExecutionDoesNotExist: "));
}

#[tokio::test]
async fn a_time_out_ends_the_task_or_the_execution() {
    let server = Server::start();
    let mut whole = wait(3600);
    whole["TimeoutSeconds"] = json!(1);
    let machine = server.create("whole", &whole).await;
    let run = server.run(&machine, "run", "{}").await;
    let ended = server.ended(&run).await;
    assert_eq!(ended.status, ExecutionStatus::TimedOut);
    assert_eq!(
        history(&server, &run).await.last().unwrap().r#type,
        HistoryEventType::ExecutionTimedOut
    );
}

#[tokio::test]
async fn retries_and_catches_are_seen_in_the_history() {
    let server = Server::start_mocked(json!({
        "StateMachines": { "charge": {
            "DefaultTestCase": "SecondTime",
            "TestCases": { "SecondTime": { "T": "Twice" }, "Never": { "T": "Never" } }
        } },
        "MockedResponses": {
            "Twice": {
                "0": { "Throw": { "Error": "Busy", "Cause": "later" } },
                "1": { "Return": { "StatusCode": 200, "Payload": { "paid": true } } }
            },
            "Never": { "0": { "Throw": { "Error": "NoMoney", "Cause": "at all" } } }
        }
    }));
    let definition = task(json!({
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": { "FunctionName": "charge", "Payload.$": "$" },
        "ResultSelector": { "paid.$": "$.Payload.paid" },
        "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 2 }]
    }));
    let machine = server.create("charge", &definition).await;
    let run = server.run(&machine, "second-time", "{}").await;
    assert_eq!(output(&server.ended(&run).await), json!({ "paid": true }));
    let types = event_types(&server, &run).await;
    assert_eq!(
        types.iter().filter(|seen| *seen == "TaskFailed").count(),
        1,
        "{types:?}"
    );
    assert_eq!(
        types.iter().filter(|seen| *seen == "TaskScheduled").count(),
        2,
        "{types:?}"
    );

    let run = server.run(&format!("{machine}#Never"), "never", "{}").await;
    let ended = server.ended(&run).await;
    assert_eq!(ended.status, ExecutionStatus::Failed);
    assert_eq!(
        (ended.error.as_deref(), ended.cause.as_deref()),
        (Some("NoMoney"), Some("at all"))
    );
}

#[tokio::test]
async fn a_call_that_nothing_answers_fails_by_name() {
    let server = Server::start();
    let definition = task(json!({
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": { "TopicArn": "arn:aws:sns:us-east-1:123456789012:orders", "Message": "hello" }
    }));
    let machine = server.create("orders", &definition).await;
    let ended = server.ended(&server.run(&machine, "run", "{}").await).await;
    assert_eq!(ended.status, ExecutionStatus::Failed);
    assert!(ended.error.is_some_and(|error| !error.is_empty()));
    assert!(ended.cause.is_some_and(|cause| !cause.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_starts_of_one_name_at_once_are_one_execution() {
    let server = Server::start();
    let machine = server.create("orders", &wait(3600)).await;
    let starts: Vec<_> = (0..40)
        .map(|number| {
            let start = server
                .client()
                .start_execution()
                .state_machine_arn(&machine)
                .name("run");
            let start = start.input(if number % 2 == 0 { "[0]" } else { "[1]" });
            tokio::spawn(start.send())
        })
        .collect();
    let (mut started, mut refused) = (0, 0);
    for start in starts {
        match start.await.unwrap() {
            Ok(answer) => {
                assert_eq!(answer.execution_arn, RUN);
                started += 1;
            }
            taken => {
                assert!(refusal(taken).starts_with("ExecutionAlreadyExists: "));
                refused += 1;
            }
        }
    }
    // Whichever input came first, the others with it were taken for the same start.
    assert_eq!((started, refused), (20, 20));
    let listed = server
        .client()
        .list_executions()
        .state_machine_arn(&machine)
        .send()
        .await
        .unwrap();
    assert_eq!(listed.executions.len(), 1);
}

#[tokio::test]
async fn the_largest_document_goes_through_and_a_larger_one_fails_its_state() {
    const BYTES: usize = 256 * 1024;
    let server = Server::start();
    let doubled = json!({
        "QueryLanguage": "JSONata",
        "StartAt": "P",
        "States": { "P": { "Type": "Pass", "Output": "{% $states.input & $states.input %}", "End": true } }
    });
    let input = format!("\"{}\"", "ü".repeat((BYTES - 2) / 2));
    assert_eq!(input.len(), BYTES);
    let machine = server.create("orders", &pass()).await;
    let ended = server.ended(&server.run(&machine, "run", &input).await).await;
    assert_eq!(ended.output, Some(input.clone()));
    let machine = server.create("doubled", &doubled).await;
    let ended = server.ended(&server.run(&machine, "run", &input).await).await;
    assert_eq!(
        (ended.status, ended.error.as_deref()),
        (ExecutionStatus::Failed, Some("States.DataLimitExceeded"))
    );
}
