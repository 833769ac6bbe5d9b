//! Activities: workers that poll for tasks and report on them.

use crate::support::{DEADLINE, Server, event_types, history, output, refusal, task};
use aws_sdk_sfn::operation::get_activity_task::GetActivityTaskOutput;
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Makes the activity `pick` and a state machine with one task for it.
async fn set_up(server: &Server, fields: Value) -> (String, String) {
    let activity = server
        .client()
        .create_activity()
        .name("pick")
        .send()
        .await
        .unwrap()
        .activity_arn;
    let mut definition = task(json!({ "Resource": activity }));
    for (name, value) in fields.as_object().unwrap() {
        definition["States"]["T"][name] = value.clone();
    }
    (server.create("orders", &definition).await, activity)
}

/// Polls once, as a worker does.
async fn poll(server: &Server, activity: &str, worker: &str) -> GetActivityTaskOutput {
    let poll = server
        .client()
        .get_activity_task()
        .activity_arn(activity)
        .worker_name(worker)
        .send();
    tokio::time::timeout(DEADLINE, poll)
        .await
        .expect("a task comes")
        .unwrap()
}

#[tokio::test]
async fn activities_are_made_listed_and_deleted() {
    let server = Server::start();
    let sfn = server.client();
    let first = sfn.create_activity().name("pick").send().await.unwrap();
    assert_eq!(
        sfn.create_activity()
            .name("pick")
            .send()
            .await
            .unwrap()
            .creation_date,
        first.creation_date
    );
    sfn.create_activity().name("pack").send().await.unwrap();
    let described = sfn
        .describe_activity()
        .activity_arn(&first.activity_arn)
        .send()
        .await
        .unwrap();
    assert_eq!(described.name, "pick");
    let pages = sfn
        .list_activities()
        .max_results(1)
        .into_paginator()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    let mut names: Vec<String> = pages
        .unwrap()
        .into_iter()
        .flat_map(|page| page.activities)
        .map(|activity| activity.name)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["pack", "pick"]);
    sfn.delete_activity()
        .activity_arn(&first.activity_arn)
        .send()
        .await
        .unwrap();
    let gone = format!(
        "ActivityDoesNotExist: Activity Does Not Exist: '{}'",
        first.activity_arn
    );
    assert_eq!(
        refusal(
            sfn.describe_activity()
                .activity_arn(&first.activity_arn)
                .send()
                .await
        ),
        gone
    );
    assert_eq!(
        refusal(
            sfn.get_activity_task()
                .activity_arn(&first.activity_arn)
                .send()
                .await
        ),
        gone
    );
}

#[tokio::test]
async fn each_task_goes_to_one_of_two_workers() {
    const TASKS: usize = 20;
    let server = Server::start();
    let (machine, activity) = set_up(&server, json!({ "TimeoutSeconds": 600 })).await;
    let mut runs = BTreeMap::new();
    for number in 0..TASKS {
        runs.insert(
            number,
            server
                .run(&machine, &format!("run-{number}"), &number.to_string())
                .await,
        );
    }
    let work = async |worker: &str, count: usize| {
        let mut seen = Vec::new();
        for _ in 0..count {
            let task = poll(&server, &activity, worker).await;
            let (token, input) = (task.task_token.unwrap(), task.input.unwrap());
            let report = server.client().send_task_success().task_token(token);
            report
                .output(json!({ "by": worker, "input": input }).to_string())
                .send()
                .await
                .unwrap();
            seen.push(input.parse::<usize>().unwrap());
        }
        seen
    };
    let (mut first, second) = tokio::join!(work("first", TASKS / 2), work("second", TASKS / 2));
    first.extend(second);
    first.sort_unstable();
    assert_eq!(first, (0..TASKS).collect::<Vec<_>>());
    for (number, run) in runs {
        let output = output(&server.ended(&run).await);
        assert_eq!(output["input"], number.to_string());
        let events = history(&server, &run).await;
        let started = events
            .iter()
            .find_map(|event| event.activity_started_event_details.as_ref());
        assert_eq!(started.unwrap().worker_name.as_deref(), output["by"].as_str());
    }
}

#[tokio::test]
async fn a_failure_has_the_name_that_the_worker_gave_it() {
    let server = Server::start();
    let (machine, activity) = set_up(&server, json!({})).await;
    let run = server.run(&machine, "run", "{}").await;
    let token = poll(&server, &activity, "w").await.task_token.unwrap();
    let report = server
        .client()
        .send_task_failure()
        .task_token(token)
        .error("OutOfStock")
        .cause("no kettles");
    report.send().await.unwrap();
    let ended = server.ended(&run).await;
    assert_eq!(ended.status, ExecutionStatus::Failed);
    assert_eq!(
        (ended.error.as_deref(), ended.cause.as_deref()),
        (Some("OutOfStock"), Some("no kettles"))
    );
    let types = event_types(&server, &run).await;
    let of_activity: Vec<&String> = types.iter().filter(|seen| seen.starts_with("Activity")).collect();
    assert_eq!(
        of_activity,
        ["ActivityScheduled", "ActivityStarted", "ActivityFailed"]
    );
}

#[tokio::test]
async fn heartbeats_keep_a_task_and_silence_ends_it() {
    let server = Server::start();
    let (machine, activity) = set_up(&server, json!({ "HeartbeatSeconds": 2, "TimeoutSeconds": 60 })).await;
    let run = server.run(&machine, "run", "{}").await;
    let token = poll(&server, &activity, "w").await.task_token.unwrap();
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        server
            .client()
            .send_task_heartbeat()
            .task_token(&token)
            .send()
            .await
            .unwrap();
    }
    assert_eq!(server.described(&run).await.status, ExecutionStatus::Running);
    let ended = server.ended(&run).await;
    assert_eq!(
        (ended.status, ended.error.as_deref()),
        (ExecutionStatus::Failed, Some("States.Timeout"))
    );
    let late = server
        .client()
        .send_task_success()
        .task_token(&token)
        .output("1")
        .send()
        .await;
    assert_eq!(
        refusal(late),
        "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'"
    );
}

#[tokio::test]
async fn a_task_that_was_taken_times_out() {
    let server = Server::start();
    let (machine, activity) = set_up(&server, json!({ "TimeoutSeconds": 1 })).await;
    let run = server.run(&machine, "run", "{}").await;
    poll(&server, &activity, "w").await;
    let ended = server.ended(&run).await;
    assert_eq!(
        (ended.status, ended.error.as_deref()),
        (ExecutionStatus::Failed, Some("States.Timeout"))
    );
    assert!(
        event_types(&server, &run)
            .await
            .contains(&"ActivityTimedOut".to_owned())
    );
}

#[tokio::test]
async fn the_task_of_a_stopped_execution_is_given_to_nobody() {
    let server = Server::start();
    let (machine, activity) = set_up(&server, json!({})).await;
    let run = server.run(&machine, "stopped", "[1]").await;
    server.reached(&run, "ActivityScheduled").await;
    server
        .client()
        .stop_execution()
        .execution_arn(&run)
        .send()
        .await
        .unwrap();
    // The worker that comes now waits for the next task.
    let (task, next) = tokio::join!(poll(&server, &activity, "w"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.run(&machine, "next", "[2]").await
    });
    assert_eq!(task.input.as_deref(), Some("[2]"));
    let report = server
        .client()
        .send_task_success()
        .task_token(task.task_token.unwrap())
        .output("3");
    report.send().await.unwrap();
    assert_eq!(output(&server.ended(&next).await), json!(3));
}

#[tokio::test]
async fn a_task_waits_for_its_worker_over_a_restart() {
    let mut server = Server::start();
    let (machine, activity) = set_up(&server, json!({})).await;
    let run = server.run(&machine, "run", "[1]").await;
    server.reached(&run, "ActivityScheduled").await;
    server.kill();
    server.restart();
    let task = poll(&server, &activity, "w").await;
    assert_eq!(task.input.as_deref(), Some("[1]"));
    server.kill();
    server.restart();
    // The token is as good as before.
    let report = server
        .client()
        .send_task_success()
        .task_token(task.task_token.unwrap())
        .output("2");
    report.send().await.unwrap();
    assert_eq!(output(&server.ended(&run).await), json!(2));
}

#[tokio::test]
async fn a_worker_that_went_away_takes_no_task_with_it() {
    let server = Server::start();
    let (machine, activity) = set_up(&server, json!({})).await;
    for number in 0..5 {
        let gone = server
            .client()
            .get_activity_task()
            .activity_arn(&activity)
            .worker_name("gone")
            .send();
        // A poll without a task stays open.
        tokio::time::timeout(Duration::from_millis(100), gone)
            .await
            .expect_err("there is no task yet");
        tokio::time::sleep(Duration::from_millis(20)).await;
        let run = server
            .run(&machine, &format!("run-{number}"), &number.to_string())
            .await;
        let task = poll(&server, &activity, "here").await;
        assert_eq!(task.input, Some(number.to_string()));
        let report = server
            .client()
            .send_task_success()
            .task_token(task.task_token.unwrap())
            .output("1");
        report.send().await.unwrap();
        server.ended(&run).await;
    }
}

#[test]
fn a_poll_in_an_aws_account_ends_before_api_gateway_does() {
    // API Gateway gives up after 29 seconds; what the function has to do before and after takes some of them.
    assert_eq!(::api::Settings::from_env().activity_wait, Duration::from_secs(20));
    assert_eq!(::api::Settings::default().activity_wait, Duration::from_secs(60));
}
