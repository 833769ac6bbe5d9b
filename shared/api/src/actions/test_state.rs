//! TestState.

mod inspection;
mod mock;
mod request;

use crate::arn;
use crate::definitions;
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, members};
use driver::Test;
use engine::{TrialStatus, Verdict};
use request::TestState;
use std::sync::Arc;

/// What a state that stands alone is called, and the state machine that it seems to belong to.
const NAME: &str = "TestState";

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let most = call.driver.limits().payload_bytes;
    let request = members::read(call.body, |members| TestState::read(members, most))?;
    request.check()?;
    let state = request
        .state_name
        .clone()
        .unwrap_or_else(|| free_name(&request.definition));
    let compiled = match request.state_name {
        Some(_) => asl::compile(&request.definition, asl::MachineType::Standard),
        None => alone(&request.definition, &state),
    };
    let program = Arc::new(definitions::program(compiled)?);
    let Some(tested) = program.states.iter().find(|candidate| *candidate.name == state) else {
        return Err(Error::validation("State not found in definition"));
    };
    let expected = mock::expected(&request, tested, &*call.driver.ports().services)?;
    let tested = tested.clone();
    let test = Test {
        owner: call.owner.clone(),
        machine_arn: arn::of_machine(&call.owner, NAME),
        machine_name: NAME.to_owned(),
        role_arn: request.role_arn.clone().unwrap_or_default(),
        program,
        state: state.clone(),
        input: Arc::clone(&request.input),
        expected,
    };
    let trial = call.driver.trial(test);
    let trial = trial.ok_or_else(|| Error::validation(format!("the definition has no state `{state}`")))?;
    request.check_cause(&trial)?;
    let (verdict, exchange) = call.driver.run_trial(trial).await;
    request.check_failures(&verdict)?;
    let inspected = inspection::of(&verdict, exchange.as_ref(), &tested, &request);
    Ok(shown(&verdict).with_some("inspectionData", inspected))
}

/// Returns a name that no state within this one has.
fn free_name(definition: &str) -> String {
    let mut name = NAME.to_owned();
    while definition.contains(&format!("\"{name}\"")) {
        name.push('_');
    }
    name
}

/// Compiles a state that stands alone; what is wrong with it is told without what was made up around it.
fn alone(definition: &str, name: &str) -> asl::Compiled {
    let mut compiled = asl::compile_state(definition, name);
    for finding in &mut compiled.diagnostics {
        let location = finding.location.strip_prefix("/States/");
        if let Some(within) = location.and_then(|location| location.strip_prefix(name)) {
            finding.location = if within.is_empty() { "/" } else { within }.to_owned();
        }
    }
    compiled
}

fn shown(verdict: &Verdict) -> Answer {
    let status = match verdict.status {
        TrialStatus::Succeeded => "SUCCEEDED",
        TrialStatus::Failed => "FAILED",
        TrialStatus::Retriable => "RETRIABLE",
        TrialStatus::CaughtError => "CAUGHT_ERROR",
    };
    Answer::default()
        .with_some("output", verdict.output.as_deref())
        .with_some("error", verdict.error.as_deref())
        .with_some("cause", verdict.cause.as_deref())
        .with_some("nextState", verdict.next_state.as_deref())
        .with("status", status)
}
