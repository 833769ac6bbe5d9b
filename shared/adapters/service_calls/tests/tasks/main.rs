//! Tasks that call more than an API of AWS, against servers of their own on this machine.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod harness;
mod kubernetes;
mod own;
mod run_job;
mod web;

use calls::{Caller, Settings};
use engine::{Call, CallId, Data, PayloadId, Timestamp};
use integrations::{EffectClass, Resource};
use ports::{CallOutcome, Exchange};
use serde_json::Value;
use service_calls::{Sending, Web};
use std::collections::BTreeMap;

/// Returns a caller that takes a server for all of AWS.
async fn caller(endpoint: &str, settings: Settings) -> Caller {
    Caller::from_env(Settings {
        endpoint_url: Some(endpoint.to_owned()),
        region: Some("eu-west-1".to_owned()),
        variables: Some(BTreeMap::new()),
        ..settings
    })
    .await
}

/// Returns the call of a task that nobody has made yet.
fn call(resource: &str, parameters: &Value) -> Call {
    let now = Timestamp(1_800_000_000_000);
    Call {
        id: CallId(1),
        state: "Task".into(),
        number: 0,
        resource: Resource::parse(resource).unwrap(),
        parameters: data(parameters),
        token: None,
        client_token: "token-1".to_owned(),
        class: EffectClass::Once,
        role_arn: None,
        deadline: now.plus_seconds(600),
        heartbeat_seconds: None,
        committed_in: 0,
        is_handed_over: false,
        asked_at: now,
        job: None,
        part: None,
    }
}

/// Makes a call, without the rights of any role.
async fn send(caller: &Caller, web: &Web, call: &Call) -> (CallOutcome, Option<Exchange>) {
    let plan = service_calls::plan(call, web).unwrap();
    sending(caller, web).send(call, &plan).await
}

fn sending<'a>(caller: &'a Caller, web: &'a Web) -> Sending<'a> {
    Sending {
        caller,
        web,
        roles: &[],
        region: "eu-west-1",
        machine_arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:m",
        own_api: None,
    }
}

fn data(value: &Value) -> Data {
    Data::from_text(PayloadId::new(0, 0), value.to_string().into())
}
