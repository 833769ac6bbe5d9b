//! The jobs behind `.sync` tasks: once begun they go on by themselves, and end well, badly, or cancelled.

use crate::audit;
use crate::clients;
use crate::process::Process;
use crate::services;
use crate::world::{World, locked};
use engine::{Call, CallId, ExecutionKey, Identity};
use integrations::{Failure, Pattern, Resource};
use ports::JobOutcome;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// For how long a service may say that it knows nothing of a job that it has just taken.
const UNKNOWN_MILLIS: i64 = 20_000;

/// All jobs, by what their services call them.
#[derive(Default)]
pub(crate) struct Jobs(BTreeMap<String, Job>);

struct Job {
    incarnation: Arc<str>,
    call: CallId,
    begun: i64,
    ends: i64,
    is_good: bool,
    is_cancelled: bool,
}

impl Jobs {
    /// Tells whether a call's job has not ended yet.
    pub(crate) fn goes_on(&self, incarnation: &str, call: CallId, now: i64) -> bool {
        let job = self.0.get(&name(incarnation, call));
        job.is_some_and(|job| now < job.ends)
    }
}

/// Returns what a service calls the job of a call: the same however often it is asked for.
pub(crate) fn name(incarnation: &str, call: CallId) -> String {
    format!("job-{incarnation}-{}", call.0)
}

/// Tells whether the answer to a call is only the beginning of a job.
pub(crate) fn is_job(call: &Call) -> bool {
    match &call.resource {
        Resource::Service(integration) => {
            let is_sync = matches!(integration.pattern(), Pattern::Sync | Pattern::Sync2);
            is_sync && !integration.starts_execution()
        }
        Resource::Function(_) | Resource::Activity(_) => false,
    }
}

/// Begins the job of a call, unless it has begun.
pub(crate) fn begin(world: &Arc<World>, identity: &Arc<Identity>, call: &Call) {
    let now = world.millis();
    let (millis, is_good) = world.draw(|dice| {
        let seconds = match dice.below(10) {
            0..5 => dice.between(1, 60),
            5..9 => dice.between(60, 900),
            _ => dice.between(900, 5_000),
        };
        (seconds * 1_000, dice.chance(850))
    });
    let id = name(&identity.incarnation, call.id);
    let job = Job {
        incarnation: Arc::clone(&identity.incarnation),
        call: call.id,
        begun: now,
        ends: now + millis.cast_signed(),
        is_good,
        is_cancelled: false,
    };
    if locked(&world.jobs).0.contains_key(&id) {
        return;
    }
    locked(&world.jobs).0.insert(id.clone(), job);
    world.note(|| format!("{id} begins, for {millis} ms"));
    let (teller, service) = (Arc::clone(world), call.resource.text().to_owned());
    world.spawn("a job", async move {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        // EventBridge tells of most ends, now and then twice; no poll may depend on it.
        let count = teller.draw(|dice| match dice.below(10) {
            0..3 => 0,
            3..9 => 1,
            _ => 2,
        });
        let event = event(&service, &id);
        for _ in 0..count {
            clients::tell_of_job(&teller, &event).await;
        }
    });
}

/// Says how a job is.
pub(crate) fn poll(process: &Process, identity: &Identity, call: &Call) -> JobOutcome {
    let world = &process.world;
    let now = world.millis();
    let is_busy = world.strikes(world.plan.no_answer);
    let is_new = world.strikes(world.plan.failing);
    let jobs = locked(&world.jobs);
    let submission = call.job.as_ref().map(|job| job.submission.value());
    let id = submission.and_then(|submission| submission.get("JobRunId")?.as_str());
    let Some(job) = id.and_then(|id| jobs.0.get(id)) else {
        drop(jobs);
        world.violate(&format!(
            "I5: the job of {} of {} is asked for and was never begun",
            call.state, identity.name
        ));
        return JobOutcome::Running;
    };
    if job.incarnation != identity.incarnation || job.call != call.id {
        world.violate(&format!("I9: {} asks for another call's job", identity.name));
    }
    world.note(|| {
        let left = job.ends - now;
        format!(
            "{} asks for the job of call {} of {}: {left} ms left",
            process.name(),
            call.id.0,
            identity.name
        )
    });
    if is_busy {
        return JobOutcome::Unknown("no answer".to_owned());
    }
    if is_new && now < job.begun + UNKNOWN_MILLIS {
        return JobOutcome::Refused(Failure {
            error: "Sim.NoSuchJob".to_owned(),
            cause: None,
        });
    }
    if now < job.ends {
        return JobOutcome::Running;
    }
    let shown = services::result(identity, call).to_string();
    JobOutcome::Ended(match job.is_good && !job.is_cancelled {
        true => Ok(shown),
        false => Err(Failure {
            error: "States.TaskFailed".to_owned(),
            cause: Some(shown),
        }),
    })
}

/// Ends a job; nobody may wait for it any more.
pub(crate) fn cancel(process: &Process, key: &ExecutionKey, incarnation: &str, call: CallId) {
    let world = &process.world;
    let now = world.millis();
    let is_open = locked(&world.table)
        .row_of(key, incarnation)
        .is_some_and(|row| audit::is_open(row, call));
    if is_open {
        world.violate(&format!(
            "I7: the job of call {} of {} is cancelled while it is waited for",
            call.0, key.name
        ));
    }
    let mut jobs = locked(&world.jobs);
    if let Some(job) = jobs.0.get_mut(&name(incarnation, call))
        && now < job.ends
    {
        (job.ends, job.is_cancelled) = (now, true);
    }
}

/// Returns the event of a job's end.
fn event(resource: &str, id: &str) -> Value {
    let kinds = [
        (
            "glue",
            "aws.glue",
            "Glue Job State Change",
            "jobRunId",
            "state",
            "SUCCEEDED",
        ),
        (
            "codebuild",
            "aws.codebuild",
            "CodeBuild Build State Change",
            "build-id",
            "build-status",
            "SUCCEEDED",
        ),
        (
            "ecs",
            "aws.ecs",
            "ECS Task State Change",
            "taskArn",
            "lastStatus",
            "STOPPED",
        ),
        (
            "batch",
            "aws.batch",
            "Batch Job State Change",
            "jobId",
            "status",
            "SUCCEEDED",
        ),
        (
            "athena",
            "aws.athena",
            "Athena Query State Change",
            "queryExecutionId",
            "currentState",
            "SUCCEEDED",
        ),
    ];
    let kind = kinds.iter().find(|kind| resource.contains(kind.0));
    let (_, source, detail_type, name, status, ended) = kind.unwrap_or(&kinds[0]);
    json!({
        "id": format!("event-{id}"),
        "source": source,
        "detail-type": detail_type,
        "detail": { *name: id, *status: ended },
    })
}
