//! Those who use the API: they start, stop, redrive and report, and try again when they have no answer.

use crate::audit;
use crate::machines::{ACTIVITY, Subject};
use crate::process::{Process, Role};
use crate::table::RETENTION_MILLIS;
use crate::world::{World, locked};
use driver::{Driver, Error, Redrive, Start, Started, Stopped, TaskAnswer};
use engine::{Call, CallId, ExecutionKey, ExecutionType, Identity, Status, TaskToken, Timestamp};
use integrations::Failure;
use ports::{ActivityTask, StoredPayload, machine_key};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// For how long a worker waits for a task.
const TASK_WAIT: Duration = Duration::from_secs(10);

/// Starts an execution, and perhaps stops or redrives it.
pub(crate) fn begin(world: &Arc<World>, subject: Subject, name: String) {
    let client = Arc::clone(world);
    world.spawn("a client", async move {
        let (pause, patience) = client.draw(|dice| (dice.between(1, 30_000), dice.between(1, 12)));
        sleep(pause).await;
        let is_express = subject.machine.machine_type == ExecutionType::Express;
        if is_express && client.draw(|dice| dice.chance(400)) {
            return run_at_once(&client, &subject, &name).await;
        }
        if client.draw(|dice| dice.chance(100)) {
            rival(&client, &subject, &name);
        }
        start(&client, &subject, &name, patience).await;
        let key = key_of(&subject, &name);
        if client.draw(|dice| dice.chance(150)) {
            stopper(&client, key.clone());
        }
        if client.draw(|dice| dice.chance(250)) {
            redriver(&client, key);
        }
    });
}

/// Starts an execution of the same name at about the same time, perhaps with another input.
fn rival(world: &Arc<World>, subject: &Subject, name: &str) {
    let (client, mut subject, name) = (Arc::clone(world), subject.clone(), name.to_owned());
    world.spawn("a client", async move {
        if client.draw(|dice| dice.chance(500)) {
            let others = subject.input.replacen('{', "{ \"rival\": 1, ", 1);
            subject.input = others.replace(", }", "}").into();
        }
        sleep(client.draw(|dice| dice.between(1, 2_000))).await;
        start(&client, &subject, &name, 3).await;
    });
}

/// Asks for the start of an execution; `None` when there is no answer.
async fn try_start(world: &Arc<World>, subject: &Subject, name: &str) -> Option<Started> {
    let request = async |process: Arc<Process>| {
        let driver = process.driver();
        driver.start(request_of(&driver, subject, name)?).await
    };
    ask(world, request).await
}

fn request_of(driver: &Driver, subject: &Subject, name: &str) -> Result<Start, Error> {
    let machine = subject.machine.clone();
    let key = machine_key(&machine.owner, &machine.name);
    Ok(Start {
        program: driver.program(&key, &machine.revision)?,
        machine,
        name: name.to_owned(),
        input: Arc::clone(&subject.input),
        trace_header: None,
        version_arn: None,
        alias_arn: None,
        test_case: None,
        parent: None,
        part: None,
    })
}

/// Runs an Express execution and waits for its end: it is in no journal, and runs at most once.
async fn run_at_once(world: &Arc<World>, subject: &Subject, name: &str) {
    let request = async |process: Arc<Process>| {
        let driver = process.driver();
        driver.start_sync(request_of(&driver, subject, name)?).await
    };
    if let Some(end) = ask(world, request).await {
        world.note(|| format!("a client has run {name}: {:?}", end.status));
        if end.status == Status::Running {
            world.violate(&format!("L1: {name} was answered before its end"));
        }
    }
}

async fn start(world: &Arc<World>, subject: &Subject, name: &str, patience: u64) {
    for _ in 0..patience {
        match try_start(world, subject, name).await {
            Some(Started::New { arn, .. } | Started::Same { arn, .. }) => {
                world.note(|| format!("a client has started {name}"));
                let table = locked(&world.table);
                let input = table.by_arn(&arn).map(|row| row.head().input);
                drop(table);
                let is_own = |input: &StoredPayload| match input {
                    StoredPayload::Text(text) => *text == subject.input,
                    StoredPayload::Blob(_) => true,
                };
                match input {
                    None => world.violate(&format!("I13: {name} was acknowledged and is not there")),
                    Some(input) if !is_own(&input) => {
                        world.violate(&format!("I10: {name} was acknowledged with another's input"));
                    }
                    Some(_) => {}
                }
                return;
            }
            // It was started by this client before, and has ended since.
            Some(Started::NameTaken { .. }) => return,
            None => {}
        }
    }
}

/// Starts an execution, however often nobody answers.
pub(crate) async fn start_at_last(world: &Arc<World>, subject: &Subject, name: &str) {
    start(world, subject, name, u64::MAX).await;
}

/// I10: nothing can be started by a name that is taken.
pub(crate) async fn is_refused(world: &Arc<World>, subject: &Subject, name: &str) {
    let key = key_of(subject, name);
    let stopped = locked(&world.table)
        .0
        .get(&key)
        .and_then(|row| row.head().stopped);
    let is_taken = |stopped: Timestamp| world.millis() + 86_400_000 < stopped.millis() + RETENTION_MILLIS;
    if !stopped.is_some_and(is_taken) {
        return;
    }
    match try_start(world, subject, name).await {
        Some(Started::NameTaken { .. }) => {}
        other => world.violate(&format!("I10: {name} is taken, and the answer is {other:?}")),
    }
}

/// Reports with task tokens of long ago: whatever has their names now does not take them.
pub(crate) fn report_the_old(world: &Arc<World>) {
    let tokens = std::mem::take(&mut *locked(&world.tokens));
    for token in tokens {
        let client = Arc::clone(world);
        world.spawn("a client", async move {
            sleep(client.draw(|dice| dice.between(1, 120_000))).await;
            let request =
                async |process: Arc<Process>| process.driver().task_succeeded(&token, "1".to_owned()).await;
            if ask(&client, request).await == Some(TaskAnswer::Accepted) {
                client.violate(&format!("I9: {} takes an old token", token.key.name));
            }
        });
    }
}

fn key_of(subject: &Subject, name: &str) -> ExecutionKey {
    ExecutionKey {
        machine: machine_key(&subject.machine.owner, &subject.machine.name).into(),
        name: name.into(),
    }
}

/// Stops an execution, or a child of any.
fn stopper(world: &Arc<World>, key: ExecutionKey) {
    let client = Arc::clone(world);
    world.spawn("a client", async move {
        let pause = client.draw(|dice| dice.between(100, 300_000));
        sleep(pause).await;
        let mut key = key;
        if client.draw(|dice| dice.chance(500)) {
            let table = locked(&client.table);
            let children = table.0.values().filter(|row| row.identity.parent.is_some());
            let children: Vec<ExecutionKey> = children.map(|row| row.identity.key.clone()).collect();
            drop(table);
            if !children.is_empty() {
                key = client.draw(|dice| dice.pick(&children).clone());
            }
        }
        for _ in 0..5 {
            let request = async |process: Arc<Process>| {
                process
                    .driver()
                    .stop(&key, Some("Sim.Stopped".to_owned()), None)
                    .await
            };
            match ask(&client, request).await {
                Some(Stopped::Now(_)) => {
                    client.note(|| format!("a client has stopped {}", key.name));
                    // It may have been redriven meanwhile.
                    let is_end = |row: &crate::table::Row| {
                        let mut entries = row.entries.iter().rev();
                        entries.any(|entry| entry.write.entry.image.status == Status::Aborted)
                    };
                    if !locked(&client.table).0.get(&key).is_some_and(is_end) {
                        client.violate(&format!("I13: {} was stopped and is not", key.name));
                    }
                    return;
                }
                Some(Stopped::Already(_) | Stopped::Missing) => return,
                None => {}
            }
        }
    });
}

fn redriver(world: &Arc<World>, key: ExecutionKey) {
    let client = Arc::clone(world);
    world.spawn("a client", async move {
        let pause = client.draw(|dice| dice.between(60_000, 400_000));
        sleep(pause).await;
        for _ in 0..4 {
            let request =
                async |process: Arc<Process>| process.driver().redrive(&key, Some("token".to_owned())).await;
            match ask(&client, request).await {
                Some(Redrive::Since(_)) => {
                    let count = |row: &crate::table::Row| row.head().redrive_count;
                    let redriven = locked(&client.table).0.get(&key).map_or(0, count);
                    client.note(|| format!("a client has redriven {}", key.name));
                    if redriven == 0 {
                        client.violate(&format!("I13: {} was redriven and is not", key.name));
                    }
                    return;
                }
                Some(Redrive::Refused(_) | Redrive::Missing) => return,
                None => {}
            }
        }
    });
}

/// Answers a task that waits for its token, as whoever got it does.
pub(crate) fn answer(world: &Arc<World>, identity: &Arc<Identity>, call: &Call, token: &str) {
    let Some(token) = TaskToken::parse(token) else {
        return world.violate(&format!("the task token of {} cannot be read", call.state));
    };
    if let Some(control) = world.control.get() {
        return control.asks(identity, call, &token);
    }
    let (client, identity, call) = (Arc::clone(world), Arc::clone(identity), call.clone());
    locked(&world.tokens).push(token.clone());
    world.spawn("a client", async move {
        // A task without a time-out of its own waits for years.
        let waits_long = call.deadline.millis() - call.asked_at.millis() > 86_400_000;
        if !waits_long && client.draw(|dice| dice.chance(100)) {
            return client.note(|| format!("nobody answers {} of {}", call.state, identity.name));
        }
        if let Some(seconds) = call.heartbeat_seconds {
            for _ in 0..client.draw(|dice| dice.below(4)) {
                sleep(seconds * 500).await;
                beat(&client, &identity, call.id, &token).await;
            }
        }
        let pause = client.draw(|dice| match dice.below(4) {
            0 => dice.between(1, 40),
            1 => dice.between(30_000, 120_000),
            _ => dice.between(100, 20_000),
        });
        sleep(pause).await;
        let mut accepted = 0;
        let times = 1 + client.draw(|dice| u64::from(dice.chance(250)));
        for _ in 0..times {
            accepted += u32::from(report(&client, &identity, call.id, &token).await);
            sleep(2_000).await;
        }
        if accepted > 1 {
            client.violate(&format!(
                "I3: {} of {} took two reports",
                call.state, identity.name
            ));
        }
    });
}

/// Reports that a task is alive; what is acknowledged has moved the time of the next report.
async fn beat(world: &Arc<World>, identity: &Identity, call: CallId, token: &TaskToken) {
    let asked_at = world.millis();
    let request = async |process: Arc<Process>| process.driver().task_heartbeat(token).await;
    if ask(world, request).await != Some(TaskAnswer::Accepted) {
        return;
    }
    let mut table = locked(&world.table);
    let row = table.row_of(&identity.key, &identity.incarnation);
    let is_late = row.is_some_and(|row| {
        let calling = audit::calling(row, call).filter(|_| row.status() == Status::Running);
        calling.is_some_and(|calling| {
            let seconds = calling.heartbeat_seconds.unwrap_or_default().cast_signed();
            let due = asked_at + seconds * 1_000 - audit::CLOCKS_DIFFER_MILLIS;
            calling.heartbeat_due.is_some_and(|is_due| is_due.millis() < due)
        })
    });
    drop(table);
    if is_late {
        world.violate(&format!(
            "I13: a heartbeat of call {} of {} was acknowledged and is not there",
            call.0, identity.name
        ));
    }
}

/// Reports until there is an answer; returns whether the report was taken.
async fn report(world: &Arc<World>, identity: &Identity, call: CallId, token: &TaskToken) -> bool {
    let failure = world.draw(|dice| dice.chance(150)).then(|| Failure {
        error: "Sim.Refused".to_owned(),
        cause: None,
    });
    let large = "z".repeat(if world.draw(|dice| dice.chance(100)) {
        9_000
    } else {
        1
    });
    loop {
        let request = async |process: Arc<Process>| match &failure {
            None => {
                let output = json!({ "incarnation": identity.incarnation, "call": call.0, "approved": true, "large": large });
                let output = output.to_string();
                process.driver().task_succeeded(token, output).await
            }
            Some(failure) => process.driver().task_failed(token, failure.clone()).await,
        };
        match ask(world, request).await {
            Some(TaskAnswer::Accepted) => {
                world.note(|| format!("a client has answered call {} of {}", call.0, identity.name));
                let mut table = locked(&world.table);
                let row = table.row_of(&identity.key, &identity.incarnation);
                if row.is_some_and(|row| audit::is_open(row, call)) {
                    drop(table);
                    world.violate(&format!(
                        "I13: a report for call {} of {} was acknowledged and is not there",
                        call.0, identity.name
                    ));
                }
                return true;
            }
            Some(TaskAnswer::TimedOut) => return false,
            Some(TaskAnswer::DoesNotExist) => {
                world.violate(&format!(
                    "I13: the token of call {} of {} is not known",
                    call.0, identity.name
                ));
                return false;
            }
            None => {}
        }
    }
}

/// Works on a task of the activity, as a worker does who was told to look.
pub(crate) fn work(world: &Arc<World>) {
    let client = Arc::clone(world);
    world.spawn("a worker", async move {
        let pause = client.draw(|dice| match dice.below(4) {
            0 => dice.between(1, 120_000),
            _ => dice.between(1, 2_000),
        });
        sleep(pause).await;
        loop {
            let request = async |process: Arc<Process>| {
                let driver = process.driver();
                driver.take_activity_task(ACTIVITY, None, TASK_WAIT).await
            };
            match ask(&client, request).await {
                Some(Some(task)) => return take(&client, task).await,
                // Another one has it; or nobody knows, and it is looked for again.
                Some(None) => return,
                None => {}
            }
        }
    });
}

async fn take(world: &Arc<World>, task: ActivityTask) {
    let key = &task.key;
    let is_first = locked(&world.ledger).take(&task.incarnation, task.call);
    if !is_first {
        world.violate(&format!("I4: a task of {} went to two workers", key.name));
    }
    let found = {
        let mut table = locked(&world.table);
        let row = table.row_of(key, &task.incarnation);
        row.map(|row| (Arc::clone(&row.identity), audit::is_started(row, task.call)))
    };
    let Some((identity, is_started)) = found else {
        return world.violate(&format!("I9: {} gave out a task and is not there", key.name));
    };
    if !is_started {
        world.violate(&format!("I13: {} gave out a task that is not begun", key.name));
    }
    if world.draw(|dice| dice.chance(100)) {
        return world.note(|| format!("a worker of {} dies", identity.name));
    }
    let Some(token) = TaskToken::parse(&task.token) else {
        return world.violate(&format!("the task token of {} cannot be read", key.name));
    };
    world.note(|| format!("a worker has call {} of {}", task.call.0, identity.name));
    sleep(world.draw(|dice| dice.between(10, 40_000))).await;
    if world.draw(|dice| dice.chance(300)) {
        beat(world, &identity, task.call, &token).await;
        sleep(world.draw(|dice| dice.between(10, 20_000))).await;
    }
    report(world, &identity, task.call, &token).await;
}

/// Brings an event of a job's end to a process; it may be lost.
pub(crate) async fn tell_of_job(world: &Arc<World>, event: &Value) {
    for _ in 0..2 {
        let request = async |process: Arc<Process>| process.driver().job_changed(event).await;
        if ask(world, request).await.is_some() {
            return;
        }
    }
}

/// Asks a process of the API; `None` when there is no answer.
pub(crate) async fn ask<T>(
    world: &Arc<World>,
    request: impl AsyncFnOnce(Arc<Process>) -> Result<T, Error>,
) -> Option<T> {
    let process = loop {
        match world.process(Role::Api) {
            Some(process) => break process,
            None => sleep(500).await,
        }
    };
    let answer = process.run(request(Arc::clone(&process))).await;
    match answer {
        Some(Ok(answer)) => Some(answer),
        Some(Err(error)) => {
            world.note(|| format!("{} fails a client: {error}", process.name()));
            sleep(world.draw(|dice| dice.between(50, 10_000))).await;
            None
        }
        None => {
            sleep(world.draw(|dice| dice.between(50, 10_000))).await;
            None
        }
    }
}

async fn sleep(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
