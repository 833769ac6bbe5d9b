//! The services: each call may be late, lost before or after its effect, or fail.

use crate::audit;
use crate::clients;
use crate::crash::scene;
use crate::jobs;
use crate::mutants::Mutant;
use crate::process::Process;
use crate::world::{World, locked};
use async_trait::async_trait;
use engine::{Call, ExecutionType, Identity};
use integrations::{EffectClass, Failure};
use ports::{CallOutcome, CallRequest, JobOutcome, Services};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct SimServices(pub(crate) Arc<Process>);

/// What a seed draws for one call.
struct Fate {
    /// When its effect happens, if it does; the request may be on its way when whoever sent it dies.
    effect_after: Option<u64>,
    answer_after: u64,
    answer: Answer,
}

enum Answer {
    Result,
    Failure,
    None,
}

#[async_trait]
impl Services for SimServices {
    async fn call(&self, request: CallRequest) -> CallOutcome {
        let world = &self.0.world;
        if world.scene.get().is_some() {
            return scene::call(&self.0, request).await;
        }
        let CallRequest { call, identity } = request;
        for what in begun(&self.0, &identity, &call) {
            world.violate(&what);
        }
        if let Some(control) = world.control.get() {
            return control.call(&self.0, &identity, &call).await;
        }
        let fate = draw(world, &call);
        world.note(|| {
            format!(
                "{} calls {} for call {} of {}",
                self.0.name(),
                call.resource.text(),
                call.id.0,
                identity.name
            )
        });
        if let Some(delay) = fate.effect_after {
            let (world, identity, call) = (Arc::clone(world), Arc::clone(&identity), call.clone());
            Arc::clone(&world).spawn("an effect", async move {
                tokio::time::sleep(Duration::from_millis(delay)).await;
                happens(&world, &identity, &call);
            });
        }
        tokio::time::sleep(Duration::from_millis(fate.answer_after)).await;
        match fate.answer {
            Answer::Result => CallOutcome::Succeeded(answer(world, &identity, &call)),
            Answer::Failure => CallOutcome::Failed(Failure {
                error: "Sim.Busy".to_owned(),
                cause: Some("the service is busy".to_owned()),
            }),
            Answer::None => CallOutcome::Unknown("no answer".to_owned()),
        }
    }

    async fn poll(&self, request: CallRequest) -> JobOutcome {
        let process = Arc::clone(&self.0);
        let poll = move || jobs::poll(&process, &request.identity, &request.call);
        let answer = self.0.request("services.poll", poll).await;
        answer.unwrap_or_else(JobOutcome::Unknown)
    }

    async fn cancel(&self, request: CallRequest) -> Result<(), String> {
        let process = Arc::clone(&self.0);
        let CallRequest { call, identity } = request;
        let cancel = move || jobs::cancel(&process, &identity.key, &identity.incarnation, call.id);
        self.0.request("services.cancel", cancel).await
    }

    fn is_harmless(&self, _request: &CallRequest) -> bool {
        self.0.world.mutant == Some(Mutant::ResendOnce)
    }
}

/// I5: a call begins only when its intent is durable; one that must not be repeated only by whoever wrote that, and not
/// after the lease.
pub(crate) fn begun(process: &Process, identity: &Identity, call: &Call) -> Vec<String> {
    let mut found = Vec::new();
    if identity.execution_type == ExecutionType::Express {
        return found;
    }
    let world = &process.world;
    let mut table = locked(&world.table);
    let row = table.row_of(&identity.key, &identity.incarnation);
    let intent = row.as_ref().and_then(|row| {
        row.entries
            .get(audit::committed_in(row, row.entries.len(), call.id)? as usize)
    });
    match intent {
        None => found.push(format!(
            "I5: call {} begins before its intent is durable",
            call.id.0
        )),
        Some(entry) if call.class == EffectClass::Once && world.mutant != Some(Mutant::ResendOnce) => {
            if !process.has_written(&entry.lease.nonce.0) {
                found.push(format!(
                    "I5: call {} is begun by another than its intent's writer",
                    call.id.0
                ));
            } else if process.clock() > entry.lease.until {
                let late = process.clock().millis() - entry.lease.until.millis();
                found.push(format!("I5: call {} begins {late} ms after its lease", call.id.0));
            }
        }
        Some(_) => {}
    }
    drop(table);
    found.extend(locked(&world.ledger).begin(&identity.incarnation, call));
    found
        .into_iter()
        .map(|what| format!("{what} ({} of {})", call.state, identity.name))
        .collect()
}

fn draw(world: &World, call: &Call) -> Fate {
    let is_long = call.deadline.millis() - call.asked_at.millis() > 60_000 && call.class == EffectClass::Once;
    let answer_after = world.draw(|dice| match dice.below(10) {
        0..7 => dice.between(5, 400),
        7 | 8 => dice.between(400, 20_000),
        _ if is_long => dice.between(20_000, 400_000),
        _ => dice.between(400, 5_000),
    });
    let (no_answer, failing) = (world.plan.no_answer, world.plan.failing);
    if world.strikes(no_answer) {
        let happens = world.draw(|dice| dice.chance(500).then(|| dice.between(0, answer_after + 20_000)));
        return Fate {
            effect_after: happens,
            answer_after,
            answer: Answer::None,
        };
    }
    if world.strikes(failing) {
        return Fate {
            effect_after: None,
            answer_after,
            answer: Answer::Failure,
        };
    }
    Fate {
        effect_after: Some(world.draw(|dice| dice.below(answer_after))),
        answer_after,
        answer: Answer::Result,
    }
}

pub(crate) fn happens(world: &Arc<World>, identity: &Arc<Identity>, call: &Call) {
    let now = world.millis();
    let broken = locked(&world.ledger).happen(&identity.incarnation, call, now);
    world.note(|| format!("effect of call {} of {}", call.id.0, identity.name));
    // An Express execution that is in the journal begins anew after a crash.
    let is_once = identity.execution_type == ExecutionType::Standard
        || locked(&world.table)
            .row_of(&identity.key, &identity.incarnation)
            .is_none();
    if let Some(what) = broken.filter(|_| is_once) {
        world.violate(&format!("{what} ({} of {})", call.state, identity.name));
    }
    if jobs::is_job(call) {
        jobs::begin(world, identity, call);
    } else if let Some(token) = &call.token {
        clients::answer(world, identity, call, token);
    }
}

/// Returns a result as text: sometimes one too large for an entry.
fn answer(world: &World, identity: &Identity, call: &Call) -> String {
    let mut result = result(identity, call);
    if world.draw(|dice| dice.chance(100)) {
        result["large"] = "y".repeat(9_000).into();
    }
    result.to_string()
}

/// Returns a result that says whose it is; besides, what the examples ask their services for, and what jobs are called.
pub(crate) fn result(identity: &Identity, call: &Call) -> serde_json::Value {
    let mut result = json!({
        "incarnation": identity.incarnation,
        "call": call.id.0,
        "Payload": { "authorizationId": "a", "refundId": "r", "invoiceId": "i", "receipt": "17" },
        "Item": { "stock": { "N": "20" } },
        "approved": true,
    });
    let job = jobs::name(&identity.incarnation, call.id);
    if jobs::is_job(call) {
        result["Build"] = json!({ "Id": job, "Arn": job });
        for name in ["JobRunId", "JobId", "QueryExecutionId"] {
            result[name] = job.as_str().into();
        }
    }
    result["Tasks"] = json!([{ "TaskArn": job }]);
    result
}
