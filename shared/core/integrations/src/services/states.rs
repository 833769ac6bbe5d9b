//! `states:startExecution`, which the driver runs itself: a child is no foreign service.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, Service, TOKEN_WINDOW_SECONDS, to_text};
use crate::integration::Pattern;

pub(crate) const SERVICE: Service = Service {
    name: "states",
    client: Some("sfn"),
    naming: Naming {
        prefix: "StepFunctions",
        fallback: "AWSStepFunctionsException",
        service: "AWSStepFunctions",
    },
    actions: &[Action::new(
        "startExecution",
        &[
            Pattern::RequestResponse,
            Pattern::Sync,
            Pattern::Sync2,
            Pattern::WaitForTaskToken,
        ],
        // The same name with the same input is the same execution.
        Effect::Token {
            member: "Name",
            window_seconds: TOKEN_WINDOW_SECONDS,
        },
    )],
    prepare: |members| to_text(members, "Input"),
    render: with_metadata,
};
