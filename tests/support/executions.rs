//! State machines and executions in one line, and waiting for their end.

use super::server::{DEADLINE, Server};
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::{ExecutionStatus, StateMachineType};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The role of all state machines; nothing looks at it.
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/workflow";

impl Server {
    /// Creates a Standard state machine; returns its ARN.
    pub(crate) async fn create(&self, name: &str, definition: &Value) -> String {
        self.create_of(StateMachineType::Standard, name, definition).await
    }

    /// Creates an Express state machine; returns its ARN.
    pub(crate) async fn create_express(&self, name: &str, definition: &Value) -> String {
        self.create_of(StateMachineType::Express, name, definition).await
    }

    async fn create_of(&self, kind: StateMachineType, name: &str, definition: &Value) -> String {
        let request = self
            .client()
            .create_state_machine()
            .name(name)
            .r#type(kind)
            .role_arn(ROLE);
        let created = request.definition(definition.to_string()).send().await;
        created.expect("the state machine is created").state_machine_arn
    }

    /// Starts an execution; returns its ARN.
    pub(crate) async fn run(&self, machine: &str, name: &str, input: &str) -> String {
        let started = self
            .client()
            .start_execution()
            .state_machine_arn(machine)
            .name(name)
            .input(input)
            .send()
            .await;
        started.expect("the execution is started").execution_arn
    }

    /// Describes an execution.
    pub(crate) async fn described(&self, execution: &str) -> DescribeExecutionOutput {
        self.client()
            .describe_execution()
            .execution_arn(execution)
            .send()
            .await
            .expect("the execution is described")
    }

    /// Waits until an execution has ended, and describes it.
    pub(crate) async fn ended(&self, execution: &str) -> DescribeExecutionOutput {
        let begun = Instant::now();
        loop {
            let description = self.described(execution).await;
            if description.status != ExecutionStatus::Running {
                return description;
            }
            assert!(
                begun.elapsed() < DEADLINE,
                "{execution} did not end: {:#?}",
                super::event_types(self, execution).await
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until an event of this type stands in the history.
    pub(crate) async fn reached(&self, execution: &str, event_type: &str) {
        let begun = Instant::now();
        loop {
            let types = super::event_types(self, execution).await;
            if types.iter().any(|seen| seen == event_type) {
                return;
            }
            assert!(
                begun.elapsed() < DEADLINE,
                "{execution} has no {event_type}: {types:#?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Returns the output of an execution that succeeded.
pub(crate) fn output(description: &DescribeExecutionOutput) -> Value {
    assert_eq!(description.status, ExecutionStatus::Succeeded, "{description:#?}");
    let text = description.output.as_deref().expect("there is an output");
    serde_json::from_str(text).expect("the output is JSON")
}

/// A definition with one Pass state.
pub(crate) fn pass() -> Value {
    json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } })
}

/// A definition that waits.
pub(crate) fn wait(seconds: u32) -> Value {
    json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": seconds, "End": true } } })
}

/// A definition with one Task state of these fields: `T`.
pub(crate) fn task(fields: Value) -> Value {
    let mut state = json!({ "Type": "Task", "End": true });
    if let (Some(state), Value::Object(fields)) = (state.as_object_mut(), fields) {
        state.extend(fields);
    }
    json!({ "StartAt": "T", "States": { "T": state } })
}
