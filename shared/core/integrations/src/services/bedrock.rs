//! Models of Amazon Bedrock.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, RR_TOKEN, Service, TOKEN_WINDOW_SECONDS, as_given};
use crate::jobs::{Ask, Job, JobEvent, Member, Origin, Reading, Statuses, member};

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
    render: with_metadata,
};

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
