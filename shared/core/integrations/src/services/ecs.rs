//! `ecs:runTask`.

use super::metadata::{dates_to_millis, with_metadata};
use super::{Action, Effect, Naming, RR_SYNC_TOKEN, Service, TOKEN_WINDOW_SECONDS, as_given};
use crate::exchange::{Failure, ServiceAnswer};
use crate::jobs::{Ask, Job, JobEvent, Origin, Progress, Reading, failed, list, member};
use serde_json::Value;

pub(crate) const SERVICE: Service = Service {
    name: "ecs",
    client: Some("ecs"),
    naming: Naming {
        prefix: "ECS",
        fallback: "AmazonECSException",
        service: "AmazonECS",
    },
    actions: &[Action::new(
        "runTask",
        RR_SYNC_TOKEN,
        Effect::Token {
            member: "ClientToken",
            window_seconds: TOKEN_WINDOW_SECONDS,
        },
    )
    .with_job(&TASKS)],
    prepare: as_given,
    render,
};

fn render(mut answer: ServiceAnswer) -> Result<Value, Failure> {
    // `CreatedAt`, `ConnectivityAt` and so on; nothing else of a task ends like this.
    dates_to_millis(&mut answer.members, |name| name.ends_with("At"));
    with_metadata(answer)
}

static TASKS: Job = Job {
    describe: Ask {
        operation: "DescribeTasks",
        members: &[
            member("Cluster", Origin::Parameter("Cluster")),
            list("Tasks", TASK_ARN),
        ],
    },
    reading: Reading::Look(stopped),
    cancel: Some(Ask {
        operation: "StopTask",
        members: &[
            member("Cluster", Origin::Parameter("Cluster")),
            member("Task", TASK_ARN),
            member(
                "Reason",
                Origin::Text("the execution that waited for the task has ended"),
            ),
        ],
    }),
    event: Some(&JobEvent {
        source: "aws.ecs",
        detail_type: "ECS Task State Change",
        id: TASK_ARN,
        id_field: "taskArn",
        status_field: "lastStatus",
        ended: &["STOPPED"],
    }),
};

const TASK_ARN: Origin = Origin::Each("/Tasks", "TaskArn");

/// Tasks have ended when all have stopped, and failed when a container of one did not end with exit code 0.
fn stopped(answer: &Value) -> Progress {
    let tasks = answer.get("Tasks").and_then(Value::as_array);
    let tasks = tasks.map(Vec::as_slice).unwrap_or_default();
    let is = |task: &Value, name: &str, text: &str| task.get(name).and_then(Value::as_str) == Some(text);
    if tasks.is_empty() || !tasks.iter().all(|task| is(task, "LastStatus", "STOPPED")) {
        return Progress::Running;
    }
    let has_failed = |task: &Value| {
        let containers = task.get("Containers").and_then(Value::as_array);
        let containers = containers.map(Vec::as_slice).unwrap_or_default();
        let is_well = |container: &Value| container.get("ExitCode").and_then(Value::as_i64) == Some(0);
        is(task, "StopCode", "TaskFailedToStart") || !containers.iter().all(is_well)
    };
    if let Some(task) = tasks.iter().find(|task| has_failed(task)) {
        return Progress::Ended(Err(failed(task)));
    }
    Progress::Ended(Ok(match tasks {
        [task] => task.clone(),
        tasks => Value::Array(tasks.to_vec()),
    }))
}
