use std::collections::BTreeMap;
use std::path::Path;

use thiserror::Error;

use crate::{AttemptRange, MockFileError, MockResponse, MockSyntaxError, document, file};

/// A mock configuration that was read and checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MockConfiguration {
    pub(crate) machines: BTreeMap<String, MockedMachine>,
    pub(crate) responses: BTreeMap<String, Vec<(AttemptRange, MockResponse)>>,
}

/// One entry of `StateMachines`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MockedMachine {
    /// Test case to state to the name of its response.
    pub(crate) test_cases: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) default_test_case: Option<String>,
}

/// Says why a mocked execution has no answer where it needs one.
///
/// Step Functions Local fails the execution with `States.Runtime` then, which no `Retry` or `Catch` takes; so should
/// the caller.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoMockedResponse {
    /// The execution names a state machine without an entry.
    #[error("the mock configuration has no state machine `{machine}`")]
    StateMachine {
        /// The state machine's name.
        machine: String,
    },
    /// The execution names a test case that is not there.
    #[error("state machine `{machine}` has no test case `{test_case}` in the mock configuration")]
    TestCase {
        /// The state machine's name.
        machine: String,
        /// The name asked for.
        test_case: String,
    },
    /// The test case names a response that is not there.
    #[error(
        "test case `{test_case}` of state machine `{machine}` gives state `{state}` the response `{response}`, which is not in `MockedResponses`"
    )]
    Response {
        /// The state machine's name.
        machine: String,
        /// The test case's name.
        test_case: String,
        /// The state's name.
        state: String,
        /// The missing response's name.
        response: String,
    },
    /// The response has no entry for this attempt.
    #[error(
        "mocked response `{response}` of state `{state}` has no entry for attempt {attempt}; it has {available}"
    )]
    Attempt {
        /// The state's name.
        state: String,
        /// The response's name.
        response: String,
        /// The attempt asked for, counted from 0.
        attempt: u32,
        /// The attempts that are there, or `none`.
        available: String,
    },
}

impl MockConfiguration {
    /// Reads a configuration from its JSON text; an error names the place.
    pub fn parse(text: &str) -> Result<MockConfiguration, MockSyntaxError> {
        document::parse(text)
    }

    /// Reads a configuration from a file, once; [`crate::MockFile`] follows its changes.
    pub fn read(path: impl AsRef<Path>) -> Result<MockConfiguration, MockFileError> {
        file::read(path.as_ref())
    }

    /// Gives the answer of one call, or `None` for a state that the test case leaves to its real service.
    ///
    /// `attempt` counts the calls that this state made in this execution, from 0: retries count, and so does every
    /// further entry into the state by a loop or a Map iteration, as Step Functions Local counts.
    pub fn response(
        &self,
        machine_name: &str,
        test_case: &str,
        state_name: &str,
        attempt: u32,
    ) -> Result<Option<MockResponse>, NoMockedResponse> {
        let machine = self
            .machines
            .get(machine_name)
            .ok_or_else(|| NoMockedResponse::StateMachine {
                machine: machine_name.to_owned(),
            })?;
        let states = machine
            .test_cases
            .get(test_case)
            .ok_or_else(|| NoMockedResponse::TestCase {
                machine: machine_name.to_owned(),
                test_case: test_case.to_owned(),
            })?;
        let Some(name) = states.get(state_name) else {
            return Ok(None);
        };
        let entries = self
            .responses
            .get(name)
            .ok_or_else(|| NoMockedResponse::Response {
                machine: machine_name.to_owned(),
                test_case: test_case.to_owned(),
                state: state_name.to_owned(),
                response: name.clone(),
            })?;
        let entry = entries.iter().find(|(range, _)| range.contains(attempt));
        let (_, response) = entry.ok_or_else(|| NoMockedResponse::Attempt {
            state: state_name.to_owned(),
            response: name.clone(),
            attempt,
            available: available(entries),
        })?;
        Ok(Some(response.clone()))
    }

    /// Tells whether an execution may name this test case, which is best asked before it starts.
    pub fn has_test_case(&self, machine_name: &str, test_case: &str) -> bool {
        self.machines
            .get(machine_name)
            .is_some_and(|machine| machine.test_cases.contains_key(test_case))
    }

    /// Gives the test case of executions that name none: Stepwell's extension `DefaultTestCase`.
    pub fn default_test_case(&self, machine_name: &str) -> Option<&str> {
        self.machines.get(machine_name)?.default_test_case.as_deref()
    }

    /// Lists the mistakes that matter only when their state is reached, for a warning when the file is read.
    ///
    /// Step Functions Local resolves a response when its state calls, so a file with such a mistake is not refused.
    pub fn problems(&self) -> Vec<NoMockedResponse> {
        let mut problems = Vec::new();
        for (machine_name, machine) in &self.machines {
            for (test_case, states) in &machine.test_cases {
                for (state, response) in states {
                    if !self.responses.contains_key(response) {
                        problems.push(NoMockedResponse::Response {
                            machine: machine_name.clone(),
                            test_case: test_case.clone(),
                            state: state.clone(),
                            response: response.clone(),
                        });
                    }
                }
            }
        }
        problems
    }
}

fn available(entries: &[(AttemptRange, MockResponse)]) -> String {
    if entries.is_empty() {
        return "none".to_owned();
    }
    entries
        .iter()
        .map(|(range, _)| format!("`{range}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests;
