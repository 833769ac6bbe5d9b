//! What services and clients answer: decided by a call's place alone, so that every run of a machine is told the same.

use engine::{Call, Identity};
use integrations::Failure;
use mocks::{MockConfiguration, MockResponse};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a machine's services and clients do.
#[derive(Default)]
pub(crate) struct Script {
    /// By machine and state; all others succeed.
    pub(crate) parts: BTreeMap<(String, String), Part>,
    pub(crate) mocks: Option<Mocks>,
}

/// What is special about the calls of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The first calls fail, so many of them.
    Fails(u32),
    /// The answer comes after so many milliseconds: too late.
    Slow(u64),
    /// Nobody reports with the token.
    Silent,
    /// Whoever has the token reports a failure.
    Refuses,
}

/// The mocks of an example.
pub(crate) struct Mocks {
    pub(crate) configuration: MockConfiguration,
    pub(crate) machine: String,
    pub(crate) test_case: String,
}

/// How a call ends.
pub(crate) enum Verdict {
    Result(String),
    Failure(Failure),
}

impl Script {
    fn part(&self, identity: &Identity, call: &Call) -> Option<Part> {
        let name = (identity.machine_name.to_string(), call.state.to_string());
        self.parts.get(&name).copied()
    }

    /// Returns after how many milliseconds a call is answered, if the script says that.
    pub(crate) fn delay(&self, identity: &Identity, call: &Call) -> Option<u64> {
        match self.part(identity, call) {
            Some(Part::Slow(millis)) => Some(millis),
            _ => None,
        }
    }

    /// Returns how a call ends.
    pub(crate) fn call(&self, identity: &Identity, call: &Call, attempt: u32) -> Verdict {
        if call.token.is_none()
            && let Some(response) = self.mocked(identity, call)
        {
            return response;
        }
        match self.part(identity, call) {
            Some(Part::Fails(times)) if attempt < times => Verdict::Failure(Failure {
                error: "Sim.Busy".to_owned(),
                cause: Some("the service is busy".to_owned()),
            }),
            _ => Verdict::Result(result(identity, call, Map::new())),
        }
    }

    /// Returns what whoever has a call's token reports; nothing when nobody does.
    pub(crate) fn report(&self, identity: &Identity, call: &Call) -> Option<Result<String, Failure>> {
        match self.mocked(identity, call) {
            Some(Verdict::Failure(failure)) if failure.error == "States.Timeout" => return None,
            Some(Verdict::Failure(failure)) => return Some(Err(failure)),
            Some(Verdict::Result(result)) => return Some(Ok(result)),
            None => {}
        }
        match self.part(identity, call) {
            Some(Part::Silent) => None,
            Some(Part::Refuses) => Some(Err(Failure {
                error: "Sim.Refused".to_owned(),
                cause: None,
            })),
            _ => Some(Ok(result(identity, call, Map::new()))),
        }
    }

    fn mocked(&self, identity: &Identity, call: &Call) -> Option<Verdict> {
        let mocks = self.mocks.as_ref()?;
        let response =
            mocks
                .configuration
                .response(&mocks.machine, &mocks.test_case, &call.state, call.number);
        match response.expect("the mocks of the examples are complete")? {
            MockResponse::Return(Value::Object(fields)) => {
                Some(Verdict::Result(result(identity, call, fields)))
            }
            MockResponse::Return(value) => Some(Verdict::Result(value.to_string())),
            MockResponse::Throw { error, cause } => Some(Verdict::Failure(Failure {
                error,
                cause: Some(cause),
            })),
        }
    }
}

/// Returns a result that says whose it is, as the audit wants to know.
fn result(identity: &Identity, call: &Call, mut fields: Map<String, Value>) -> String {
    fields.insert("incarnation".to_owned(), json!(identity.incarnation));
    fields.insert("call".to_owned(), json!(call.id.0));
    Value::Object(fields).to_string()
}
