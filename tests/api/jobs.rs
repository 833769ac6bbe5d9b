//! `.sync` tasks of other services: what the jobs do, the service says; here a stand-in for AWS Glue.

use crate::support::{
    Options, Reply, Request, Server, command, event_types, history, output, stand_in, task, temporary_folder,
};
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// AWS Glue with one job run, and what it was asked.
#[derive(Clone, Debug, Default)]
struct Glue {
    state: Arc<Mutex<String>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Glue {
    /// Starts a service whose runs are in a state, and a server that calls it.
    fn serve(state: &str) -> (Glue, Server) {
        let glue = Glue::default();
        glue.runs_are(state);
        let here = glue.clone();
        let url = stand_in(move |request| here.answer(request));
        let server = Server::start_with(Options {
            environment: vec![("AWS_ENDPOINT_URL_GLUE".to_owned(), url)],
            ..Options::default()
        });
        (glue, server)
    }

    fn runs_are(&self, state: &str) {
        state.clone_into(&mut self.state.lock().unwrap());
    }

    fn answer(&self, request: &Request) -> Reply {
        let members: Value = serde_json::from_str(&request.body).unwrap();
        let operation = request.target.trim_start_matches("AWSGlue.").to_owned();
        let answer = match operation.as_str() {
            "StartJobRun" => json!({ "JobRunId": "jr_1" }),
            "GetJobRun" => json!({ "JobRun": {
                "Id": members["RunId"],
                "JobName": members["JobName"],
                "JobRunState": *self.state.lock().unwrap(),
                "StartedOn": 1_700_000_000.5,
            } }),
            _ => json!({}),
        };
        self.asked.lock().unwrap().push((operation, members));
        Reply::new(200, "application/x-amz-json-1.1", answer.to_string())
    }

    fn count(&self, operation: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(known, _)| known == operation).count()
    }

    async fn is_asked(&self, operation: &str) {
        while self.count(operation) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn etl() -> Value {
    task(json!({
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": { "JobName": "etl" }
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_task_ends_as_the_job_does() {
    let (glue, server) = Glue::serve("RUNNING");
    let machine = server.create("jobs", &etl()).await;
    let run = server.run(&machine, "good", "{}").await;
    glue.is_asked("GetJobRun").await;
    assert_eq!(server.described(&run).await.status, ExecutionStatus::Running);
    glue.runs_are("SUCCEEDED");
    let ended = server.ended(&run).await;
    assert_eq!(
        output(&ended),
        json!({ "Id": "jr_1", "JobName": "etl", "JobRunState": "SUCCEEDED", "StartedOn": 1_700_000_000_500_i64 })
    );
    let events = history(&server, &run).await;
    assert_eq!(
        event_types(&server, &run).await[1..7],
        [
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited"
        ]
    );
    let submitted = events
        .iter()
        .find(|event| event.r#type == HistoryEventType::TaskSubmitted);
    let details = submitted.and_then(|event| event.task_submitted_event_details.as_ref());
    let details = details.unwrap();
    assert_eq!(
        (details.resource_type.as_str(), details.resource.as_str()),
        ("glue", "startJobRun.sync")
    );
    assert!(details.output().unwrap().contains("\"JobRunId\":\"jr_1\""));

    glue.runs_are("FAILED");
    let failed = server.ended(&server.run(&machine, "bad", "{}").await).await;
    assert_eq!(
        (failed.status, failed.error.as_deref()),
        (ExecutionStatus::Failed, Some("States.TaskFailed"))
    );
    let cause: Value = serde_json::from_str(failed.cause.as_deref().unwrap()).unwrap();
    assert_eq!(
        (&cause["JobRunState"], &cause["Id"]),
        (&json!("FAILED"), &json!("jr_1"))
    );
}

#[test]
fn a_clock_that_jumps_waits_for_a_job() {
    let glue = Glue::default();
    let here = glue.clone();
    let url = stand_in(move |request| {
        let polls = here.count("GetJobRun");
        here.runs_are(if polls < 2 { "RUNNING" } else { "SUCCEEDED" });
        here.answer(request)
    });
    let mut definition = etl();
    // Half a minute passes at once where nothing is at work.
    definition["StartAt"] = json!("W");
    definition["States"]["W"] = json!({ "Type": "Wait", "Seconds": 30, "Next": "T" });
    definition["States"]["T"]["TimeoutSeconds"] = json!(10);
    let folder = temporary_folder();
    std::fs::write(folder.path().join("etl.json"), definition.to_string()).unwrap();
    let ended = command(folder.path())
        .args(["run", "etl.json", "--fast-forward"])
        .env("AWS_ENDPOINT_URL_GLUE", url)
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    assert_eq!(shown["JobRunState"], "SUCCEEDED");
    assert_eq!(glue.count("GetJobRun"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_cancels_the_job() {
    let (glue, server) = Glue::serve("RUNNING");
    let machine = server.create("jobs", &etl()).await;
    let run = server.run(&machine, "run", "{}").await;
    server.reached(&run, "TaskSubmitted").await;
    let stop = server.client().stop_execution().execution_arn(&run);
    stop.send().await.unwrap();
    glue.is_asked("BatchStopJobRun").await;
    let asked = glue.asked.lock().unwrap();
    let (_, members) = asked.last().unwrap();
    assert_eq!(members, &json!({ "JobName": "etl", "JobRunIds": ["jr_1"] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_asked_for_after_a_restart_and_not_started_again() {
    let (glue, mut server) = Glue::serve("RUNNING");
    let machine = server.create("jobs", &etl()).await;
    let run = server.run(&machine, "run", "{}").await;
    server.reached(&run, "TaskSubmitted").await;
    server.kill();
    glue.runs_are("SUCCEEDED");
    server.restart();
    assert_eq!(output(&server.ended(&run).await)["JobRunState"], "SUCCEEDED");
    assert_eq!(glue.count("StartJobRun"), 1);
}
