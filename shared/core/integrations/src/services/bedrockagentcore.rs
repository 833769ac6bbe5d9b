//! Agents of Amazon Bedrock AgentCore; the result is not the API's, which is a stream of events.

use super::{Action, Effect, Naming, RR, Service, as_given};
use crate::exchange::{Failure, ServiceAnswer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const SERVICE: Service = Service {
    name: "bedrockagentcore",
    client: Some("bedrockagentcore"),
    naming: Naming {
        prefix: "BedrockAgentCore",
        fallback: "BedrockAgentCoreException",
        service: "BedrockAgentCore",
    },
    // AWS: developer guide, "Invoke Amazon Bedrock AgentCore harness": 15 minutes, whatever `TimeoutSeconds` says
    actions: &[Action::new("invokeHarness", RR, Effect::Once).within(15 * 60)],
    prepare: as_given,
    render: |answer: ServiceAnswer| Ok(answer.members),
};

/// The largest text that is kept of a message; what may become a result is far smaller.
const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a harness says, put together from the events of its answer.
///
/// Of the messages only the agent's last one is kept, and of that only the text; tokens and times are those of all of them
/// (AWS developer guide, "Invoke Amazon Bedrock AgentCore harness with Step Functions").
#[derive(Debug, Default)]
pub struct HarnessReply {
    open: Option<Message>,
    last: Option<(Message, String)>,
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    latency_millis: u64,
}

/// A message; the results of tools are the user's.
#[derive(Debug, Default)]
struct Message {
    is_agents: bool,
    /// The texts, by the place of their blocks.
    texts: BTreeMap<u64, String>,
    bytes: usize,
}

impl HarnessReply {
    /// Takes an event; those that say nothing about the result are left out.
    pub fn take(&mut self, event: &str, members: &Value) {
        let number = |pointer: &str| members.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        let text = |pointer: &str| members.pointer(pointer).and_then(Value::as_str);
        match event {
            "MessageStart" => {
                self.open = Some(Message {
                    is_agents: text("/Role") == Some("assistant"),
                    ..Message::default()
                });
            }
            "ContentBlockDelta" => {
                if let (Some(message), Some(text)) = (&mut self.open, text("/Delta/Text")) {
                    message.add(number("/ContentBlockIndex"), text);
                }
            }
            "MessageStop" => {
                let reason = text("/StopReason").unwrap_or_default();
                if let Some(message) = self.open.take().filter(|message| message.is_agents) {
                    self.last = Some((message, reason.to_owned()));
                }
            }
            "Metadata" => {
                let add = |sum: &mut u64, pointer: &str| *sum = sum.saturating_add(number(pointer));
                add(&mut self.input_tokens, "/Usage/InputTokens");
                add(&mut self.output_tokens, "/Usage/OutputTokens");
                add(&mut self.total_tokens, "/Usage/TotalTokens");
                add(&mut self.latency_millis, "/Metrics/LatencyMs");
            }
            _ => {}
        }
    }

    /// Returns the task's result, when all events have been taken; `None` when they are no whole reply.
    ///
    /// # Errors
    ///
    /// When the message is too large to be kept.
    pub fn result(self) -> Option<Result<Value, Failure>> {
        if self.open.is_some() {
            return None;
        }
        let (message, reason) = self.last?;
        if message.bytes > TEXT_BYTES_MAX {
            return Some(Err(Failure {
                error: "States.DataLimitExceeded".to_owned(),
                cause: Some(format!(
                    "the harness said {} bytes of text; {TEXT_BYTES_MAX} are kept at most",
                    message.bytes
                )),
            }));
        }
        let content: Vec<Value> = message
            .texts
            .into_values()
            .map(|text| json!({ "Text": text }))
            .collect();
        Some(Ok(json!({
            "Metrics": { "LatencyMs": self.latency_millis },
            "Output": { "Message": { "Content": content, "Role": "assistant" } },
            "StopReason": reason,
            "Usage": {
                "InputTokens": self.input_tokens,
                "OutputTokens": self.output_tokens,
                "TotalTokens": self.total_tokens,
            },
        })))
    }
}

impl Message {
    fn add(&mut self, block: u64, text: &str) {
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes <= TEXT_BYTES_MAX && self.is_agents {
            self.texts.entry(block).or_default().push_str(text);
        }
    }
}
