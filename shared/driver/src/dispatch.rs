//! Each effect to its port.

use crate::actor::Returned;
use crate::{Driver, child, job};
use engine::{Call, CallId, Effect, Identity, Message};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use integrations::{EffectClass, Failure, Pattern, Resource};
use ports::{ActivityTask, CallOutcome, CallRequest, Envelope};
use std::sync::Arc;
use std::time::Duration;

/// How often a call is made again whose outcome is unknown and that may be repeated.
pub(crate) const REPEATS_MAX: u32 = 3;

/// Returns the future that performs an effect; its message is the result.
pub(crate) fn perform(
    driver: Driver,
    identity: Arc<Identity>,
    effect: Effect,
) -> BoxFuture<'static, Returned> {
    match effect {
        Effect::Call(call) if call.is_handed_over => {
            hand_over(driver, identity, call).map(Into::into).boxed()
        }
        Effect::Call(call) => call_service(driver, identity, call).map(Into::into).boxed(),
        Effect::Poll { call, again } => job::poll(driver, identity, call, again).boxed(),
        Effect::Watch(_) | Effect::Cancel(_) => {
            let nothing = Returned {
                call: None,
                message: None,
                failed: None,
            };
            job::errand(driver, identity, effect).map(|()| nothing).boxed()
        }
        Effect::StartChild(call) => Box::pin(async move {
            match stand_in(&driver, &identity, &call).await {
                Some(message) => message.into(),
                None => child::start(driver, identity, call).await,
            }
        }),
        Effect::OfferActivity(call) => Box::pin(async move {
            match stand_in(&driver, &identity, &call).await {
                Some(message) => message.into(),
                // Its message names no call, and the call is free all the same: what is lost on its way to a worker is
                // offered again, also by a driver that has long been at work on the execution.
                None => Returned {
                    call: Some(call.id),
                    message: Some(offer(driver, identity, call).await),
                    failed: None,
                },
            }
        }),
    }
}

/// Asks whether a mock answers in the place of a child execution or an activity's worker.
async fn stand_in(driver: &Driver, identity: &Arc<Identity>, call: &Call) -> Option<Message> {
    if call.part.is_some() {
        // What a distributed Map starts runs here.
        return None;
    }
    let request = CallRequest {
        call: call.clone(),
        identity: Arc::clone(identity),
    };
    Some(match driver.0.ports.services.stand_in(&request).await? {
        CallOutcome::Succeeded(output) => ended(call, output),
        outcome => told(call, outcome),
    })
}

/// Returns the message of what became of a call.
pub(crate) fn told(call: &Call, outcome: CallOutcome) -> Message {
    match outcome {
        CallOutcome::Succeeded(output) => Message::CallSucceeded {
            call: call.id,
            output,
        },
        CallOutcome::Ended(output) => ended(call, output),
        CallOutcome::Failed(failure) => Message::CallFailed {
            call: call.id,
            failure,
        },
        CallOutcome::Unknown(reason) => Message::CallUnknown {
            call: call.id,
            reason: Some(reason),
        },
    }
}

/// Returns the message of a task that has ended, whatever its pattern waits for.
fn ended(call: &Call, output: String) -> Message {
    let waits = match &call.resource {
        Resource::Service(integration) => integration.pattern() != Pattern::RequestResponse,
        Resource::Activity(_) => true,
        Resource::Function(_) => false,
    };
    if waits {
        Message::Callback {
            call: call.id,
            result: Ok(output),
        }
    } else {
        Message::CallSucceeded {
            call: call.id,
            output,
        }
    }
}

/// Returns the call that a message is the result of.
pub(crate) fn call_of(message: &Message) -> Option<CallId> {
    match message {
        Message::CallSucceeded { call, .. }
        | Message::CallFailed { call, .. }
        | Message::CallUnknown { call, .. }
        | Message::Claim { call }
        | Message::JobDone { call, .. }
        | Message::JobChanged { call }
        | Message::Callback { call, .. }
        | Message::Heartbeat { call }
        | Message::ActivityStarted { call, .. } => Some(*call),
        Message::Start
        | Message::Wake
        | Message::Due { .. }
        | Message::Stop { .. }
        | Message::Redrive { .. }
        | Message::UpdateMapRun(_)
        | Message::Poison { .. } => None,
    }
}

/// Leaves a call to somebody who may take longer over it.
async fn hand_over(driver: Driver, identity: Arc<Identity>, call: Call) -> Message {
    let envelope = Envelope {
        key: identity.key.clone(),
        incarnation: Arc::clone(&identity.incarnation),
        message: Message::Claim { call: call.id },
        deduplication: format!("{}#call", call.committed_in),
    };
    match driver.0.ports.mailbox.hand_over(envelope).await {
        Ok(()) => Message::Wake,
        // Nobody has made it, so that it may be tried again.
        Err(error) => Message::CallFailed {
            call: call.id,
            failure: match &call.resource {
                Resource::Service(integration) => integrations::not_sent(integration, &error.to_string()),
                Resource::Function(_) | Resource::Activity(_) => Failure {
                    error: "Lambda.SdkClientException".to_owned(),
                    cause: Some(error.to_string()),
                },
            },
        },
    }
}

pub(crate) async fn call_service(driver: Driver, identity: Arc<Identity>, call: Call) -> Message {
    let id = call.id;
    let request = CallRequest { call, identity };
    let may_repeat = match &request.call.class {
        EffectClass::Repeatable => true,
        EffectClass::Token { .. } => true,
        EffectClass::Once => false,
    };
    let mut repeats = 0;
    loop {
        if is_forgotten(&driver, &request.call) {
            // The process stood still, or the call before took that long.
            let reason = "no answer came for as long as its service knows its client token";
            return Message::CallUnknown {
                call: id,
                reason: Some(reason.to_owned()),
            };
        }
        match driver.0.ports.services.call(request.clone()).await {
            CallOutcome::Unknown(reason) if may_repeat && repeats < REPEATS_MAX => {
                tracing::warn!(%reason, "a call had no answer; it may be repeated and is made again");
                repeats += 1;
                tokio::time::sleep(Duration::from_millis(100 << repeats)).await;
            }
            outcome => {
                if let CallOutcome::Unknown(reason) = &outcome {
                    tracing::warn!(%reason, "a call had no answer, and its outcome is unknown");
                }
                return told(&request.call, outcome);
            }
        }
    }
}

/// Returns whether a call's service may have forgotten its token, and would take the call for another one.
fn is_forgotten(driver: &Driver, call: &Call) -> bool {
    match &call.class {
        EffectClass::Token { window_seconds, .. } => {
            driver.0.ports.clock.now() >= call.asked_at.plus_seconds(*window_seconds)
        }
        EffectClass::Repeatable | EffectClass::Once => false,
    }
}

async fn offer(driver: Driver, identity: Arc<Identity>, call: Call) -> Message {
    let id = call.id;
    let arn: Arc<str> = call.resource.text().into();
    if let Err(error) = child::activity_exists(&driver, &arn).await {
        return Message::CallFailed {
            call: id,
            failure: error,
        };
    }
    let task = ActivityTask {
        activity_arn: arn,
        key: identity.key.clone(),
        incarnation: Arc::clone(&identity.incarnation),
        call: id,
        token: call.token.unwrap_or_default(),
        input: Arc::clone(call.parameters.text()),
    };
    let mut repeats = 0;
    while let Err(error) = driver.0.ports.mailbox.offer(task.clone()).await {
        if repeats == REPEATS_MAX {
            // No fault of the task's: whoever looks for what is overdue offers it again.
            tracing::error!(%error, "a task could not be offered to its activity's workers");
            break;
        }
        repeats += 1;
        tokio::time::sleep(Duration::from_millis(100 << repeats)).await;
    }
    // The result comes from a worker. Nothing is due before.
    Message::Wake
}
