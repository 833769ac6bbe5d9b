//! Models of Amazon Bedrock.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, RR_TOKEN, Service, TOKEN_WINDOW_SECONDS, as_given};
use crate::exchange::{Failure, ServiceAnswer};
use crate::jobs::{Ask, Job, JobEvent, Member, Origin, Reading, Statuses, member};
use serde_json::Value;

pub(crate) const SERVICE: Service = Service {
    name: "bedrock",
    client: Some("bedrock"),
    naming: Naming {
        prefix: "Bedrock",
        fallback: "BedrockException",
        service: "Bedrock",
    },
    actions: &[
        Action::new(
            "createModelCustomizationJob",
            RR_SYNC,
            Effect::Token {
                member: "ClientRequestToken",
                window_seconds: TOKEN_WINDOW_SECONDS,
            },
        )
        .with_job(&CUSTOMIZATION),
        Action {
            client: Some("bedrockruntime"),
            ..Action::new("invokeModel", RR_TOKEN, Effect::Once)
        },
    ],
    prepare: as_given,
    render,
};

/// Shows a model's answer as the JSON that it is (AWS developer guide, "Invoke and customize Amazon Bedrock models").
fn render(answer: ServiceAnswer) -> Result<Value, Failure> {
    let mut result = with_metadata(answer)?;
    if let Some(body) = result.get_mut("Body")
        && let Some(read) = body.as_str().and_then(|text| serde_json::from_str(text).ok())
    {
        *body = read;
    }
    Ok(result)
}

static CUSTOMIZATION: Job = Job {
    describe: Ask {
        operation: "GetModelCustomizationJob",
        members: ID,
    },
    reading: Reading::Status(Statuses::new("/Status", &["Completed"], &["Failed", "Stopped"])),
    cancel: Some(Ask {
        operation: "StopModelCustomizationJob",
        members: ID,
    }),
    event: Some(&JobEvent {
        source: "aws.bedrock",
        detail_type: "Model Customization Job State Change",
        id: Origin::Submission("/JobArn"),
        id_field: "jobArn",
        status_field: "status",
        ended: &["Completed", "Failed", "Stopped"],
    }),
};

const ID: &[Member] = &[member("JobIdentifier", Origin::Submission("/JobArn"))];
