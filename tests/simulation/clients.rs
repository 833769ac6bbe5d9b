//! Those who use the API: they start, stop, redrive and report, and try again when they have no answer.

use crate::audit;
use crate::machines::Subject;
use crate::process::{Process, Role};
use crate::services;
use crate::world::{World, locked};
use driver::{Error, Redrive, Start, Started, Stopped, TaskAnswer};
use engine::{Call, ExecutionKey, Identity, Status, TaskToken};
use integrations::Failure;
use ports::machine_key;
use std::sync::Arc;
use std::time::Duration;

/// Starts an execution, and perhaps stops or redrives it.
pub(crate) fn begin(world: &Arc<World>, subject: Subject, name: String) {
    let client = Arc::clone(world);
    world.spawn("a client", async move {
        let (pause, patience) = client.draw(|dice| (dice.between(1, 30_000), dice.between(1, 12)));
        sleep(pause).await;
        start(&client, &subject, &name, patience).await;
        let key = ExecutionKey {
            machine: machine_key(&subject.machine.owner, &subject.machine.name).into(),
            name: name.as_str().into(),
        };
        if client.draw(|dice| dice.chance(150)) {
            stopper(&client, key.clone());
        }
        if client.draw(|dice| dice.chance(250)) {
            redriver(&client, key);
        }
    });
}

async fn start(world: &Arc<World>, subject: &Subject, name: &str, patience: u64) {
    for _ in 0..patience {
        let request = async |process: Arc<Process>| {
            let driver = process.driver();
            let machine = subject.machine.clone();
            let key = machine_key(&machine.owner, &machine.name);
            let program = driver.program(&key, &machine.revision)?;
            let start = Start {
                machine,
                program,
                name: name.to_owned(),
                input: Arc::clone(&subject.input),
                trace_header: None,
                version_arn: None,
                alias_arn: None,
                test_case: None,
                parent: None,
            };
            driver.start(start).await
        };
        match ask(world, request).await {
            Some(Started::New { arn, .. } | Started::Same { arn, .. }) => {
                world.note(|| format!("a client has started {name}"));
                if locked(&world.table).by_arn(&arn).is_none() {
                    world.violate(&format!("I13: {name} was acknowledged and is not there"));
                }
                return;
            }
            // It was started by this client before, and has ended since.
            Some(Started::NameTaken { .. }) => return,
            None => {}
        }
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
    world.spawn("a client", async move {
        // A task without a time-out of its own waits for years.
        let waits_long = call.deadline.millis() - call.asked_at.millis() > 86_400_000;
        if !waits_long && client.draw(|dice| dice.chance(100)) {
            return client.note(|| format!("nobody answers {} of {}", call.state, identity.name));
        }
        if let Some(seconds) = call.heartbeat_seconds {
            for _ in 0..client.draw(|dice| dice.below(4)) {
                sleep(seconds * 500).await;
                let request = async |process: Arc<Process>| process.driver().task_heartbeat(&token).await;
                ask(&client, request).await;
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
            accepted += u32::from(report(&client, &identity, &call, &token).await);
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

/// Reports until there is an answer; returns whether the report was taken.
async fn report(world: &Arc<World>, identity: &Identity, call: &Call, token: &TaskToken) -> bool {
    let failure = world.draw(|dice| dice.chance(150)).then(|| Failure {
        error: "Sim.Refused".to_owned(),
        cause: None,
    });
    loop {
        let request = async |process: Arc<Process>| match &failure {
            None => {
                let output = services::result(identity, call).to_string();
                process.driver().task_succeeded(token, output).await
            }
            Some(failure) => process.driver().task_failed(token, failure.clone()).await,
        };
        match ask(world, request).await {
            Some(TaskAnswer::Accepted) => {
                world.note(|| format!("a client has answered call {} of {}", call.id.0, identity.name));
                let mut table = locked(&world.table);
                let row = table.row_of(&identity.key, &identity.incarnation);
                if row.is_some_and(|row| audit::is_open(row, call.id)) {
                    drop(table);
                    world.violate(&format!(
                        "I13: a report for {} was acknowledged and is not there",
                        call.state
                    ));
                }
                return true;
            }
            Some(TaskAnswer::TimedOut) => return false,
            Some(TaskAnswer::DoesNotExist) => {
                world.violate(&format!(
                    "I13: the token of {} of {} is not known",
                    call.state, identity.name
                ));
                return false;
            }
            None => {}
        }
    }
}

/// Asks a process of the API; `None` when there is no answer.
async fn ask<T>(
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
