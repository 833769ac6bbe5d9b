//! `states:startExecution`, which the driver runs itself: a child is no foreign service.

use super::metadata::{dates_to_millis, with_metadata};
use super::{Action, Effect, Naming, Service, to_text};
use crate::exchange::{Failure, ServiceAnswer};
use crate::integration::Pattern;
use serde_json::Value;

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
            window_seconds: NAME_WINDOW_SECONDS,
        },
    )],
    prepare: |members| to_text(members, "Input"),
    render,
};

/// Far less than the 90 days for which a name stays taken.
const NAME_WINDOW_SECONDS: u64 = 24 * 60 * 60;

fn render(mut answer: ServiceAnswer) -> Result<Value, Failure> {
    dates_to_millis(&mut answer.members, |name| {
        matches!(name, "StartDate" | "StopDate")
    });
    with_metadata(answer)
}
