//! Clients and workers: they report what a case says, at its moment.

use super::case::{Case, Report, Reported};
use crate::support::{DEADLINE, Sfn};
use aws_sdk_sfn::error::DisplayErrorContext;
use aws_sdk_sfn::types::{HistoryEvent, HistoryEventType};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Waits until the task is there, and reports to it.
pub(crate) async fn report(
    client: &Sfn,
    execution: &str,
    report: &Report,
    case: &Case,
) -> Result<(), String> {
    let token = match &report.to {
        Reported::Callback(number) => callback(client, execution, *number).await?,
        Reported::Activity(worker) => work(client, worker.as_deref(), case).await?,
    };
    for _ in 0..report.heartbeats {
        let beaten = client.send_task_heartbeat().task_token(&token).send().await;
        beaten.map_err(|error| format!("no heartbeat: {}", DisplayErrorContext(error)))?;
    }
    match &report.result {
        Ok(output) => {
            let request = client.send_task_success().task_token(token).output(output);
            let sent = request.send().await.map(|_| ());
            sent.map_err(|error| format!("no success: {}", DisplayErrorContext(error)))
        }
        Err((error, cause)) => {
            let request = client.send_task_failure().task_token(token);
            let request = request.set_error(error.clone()).set_cause(cause.clone());
            let sent = request.send().await.map(|_| ());
            sent.map_err(|error| format!("no failure: {}", DisplayErrorContext(error)))
        }
    }
}

/// Waits until a call was taken, and returns the token that it carried.
async fn callback(client: &Sfn, execution: &str, number: usize) -> Result<String, String> {
    let begun = Instant::now();
    loop {
        let read = client
            .get_execution_history()
            .execution_arn(execution)
            .send()
            .await;
        let events = read
            .map_err(|error| format!("no history: {}", DisplayErrorContext(error)))?
            .events;
        let of = |kind: HistoryEventType| events.iter().filter(move |event| event.r#type == kind);
        let is_taken = of(HistoryEventType::TaskSubmitted).count() > number;
        if let Some(event) = of(HistoryEventType::TaskScheduled)
            .nth(number)
            .filter(|_| is_taken)
        {
            return token_in(event).ok_or_else(|| format!("no token in {event:?}"));
        }
        if begun.elapsed() > DEADLINE {
            return Err(format!("call {number} was never taken: {events:#?}"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn token_in(event: &HistoryEvent) -> Option<String> {
    let parameters = event.task_scheduled_event_details()?.parameters();
    find_token(&serde_json::from_str(parameters).ok()?)
}

fn find_token(value: &Value) -> Option<String> {
    let members = value.as_object()?;
    let own = members
        .get("TaskToken")
        .and_then(Value::as_str)
        .map(str::to_owned);
    own.or_else(|| members.values().find_map(find_token))
}

/// Takes the next task of the activity.
async fn work(client: &Sfn, worker: Option<&str>, case: &Case) -> Result<String, String> {
    let name = case.activity.as_deref().ok_or("the case has no activity")?;
    let arn = format!(
        "arn:aws:states:us-east-1:{}:activity:{name}",
        super::case::ACCOUNT
    );
    let request = client.get_activity_task().activity_arn(arn);
    let task = request.set_worker_name(worker.map(str::to_owned)).send().await;
    let task = task.map_err(|error| format!("no task: {}", DisplayErrorContext(error)))?;
    task.task_token.ok_or_else(|| "no task came".to_owned())
}
