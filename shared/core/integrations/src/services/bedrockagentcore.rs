//! Agents of Amazon Bedrock AgentCore; the result is not the API's, which is a stream.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR, Service, as_given};

pub(crate) const SERVICE: Service = Service {
    name: "bedrockagentcore",
    client: None,
    naming: Naming {
        prefix: "BedrockAgentCore",
        fallback: "BedrockAgentCoreException",
        service: "BedrockAgentCore",
    },
    actions: &[Action::new("invokeHarness", RR, Effect::Once)],
    prepare: as_given,
    render: with_metadata,
};
