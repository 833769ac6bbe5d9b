//! Models of Amazon Bedrock.

use super::metadata::with_metadata;
use super::{Action, Effect, Naming, RR_SYNC, RR_TOKEN, Service, TOKEN_WINDOW_SECONDS, as_given};
use crate::conversation::Further;
use crate::exchange::{Failure, ServiceAnswer, ServiceRequest};
use crate::jobs::{Ask, Job, JobEvent, Member, Origin, Reading, Statuses, member};
use serde_json::{Map, Value, json};

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

/// A model's call that reads its body from S3, or writes its answer there.
///
/// `Input` and `Output` are no members of Bedrock's API (AWS developer guide, "Invoke and customize Amazon Bedrock models").
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    members: Map<String, Value>,
    output: Option<Place>,
    step: Step,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Read(Place),
    Invoke,
    /// The model's answer, which goes to the output.
    Write(Box<ServiceAnswer>),
}

/// An object in S3.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    uri: String,
    bucket: String,
    key: String,
}

impl Model {
    /// Begins a call; `None` where S3 has no part in it.
    pub(crate) fn begin(parameters: &Value) -> Result<Option<Model>, Failure> {
        let Value::Object(members) = parameters else {
            return Ok(None);
        };
        let mut members = members.clone();
        let (input, output) = (place(&mut members, "Input")?, place(&mut members, "Output")?);
        if input.is_some() && members.contains_key("Body") {
            return Err(Failure::runtime(
                "`bedrock:invokeModel` takes either `Body` or `Input`, not both".to_owned(),
            ));
        }
        if input.is_none() && output.is_none() {
            return Ok(None);
        }
        Ok(Some(Model {
            members,
            output,
            step: input.map_or(Step::Invoke, Step::Read),
        }))
    }

    pub(crate) fn request(&self) -> ServiceRequest {
        let of_s3 = |operation: &str, members: Value| ServiceRequest {
            service: "s3".to_owned(),
            operation: operation.to_owned(),
            members,
        };
        match (&self.step, &self.output) {
            (Step::Read(input), _) => of_s3("GetObject", json!({ "Bucket": input.bucket, "Key": input.key })),
            (Step::Write(answer), Some(output)) => {
                let part = |name: &str| answer.members.get(name).cloned().unwrap_or_default();
                of_s3(
                    "PutObject",
                    json!({
                        "Bucket": output.bucket,
                        "Key": output.key,
                        "Body": part("Body"),
                        "ContentType": part("ContentType"),
                    }),
                )
            }
            (Step::Invoke | Step::Write(_), _) => ServiceRequest {
                service: "bedrockruntime".to_owned(),
                operation: "InvokeModel".to_owned(),
                members: Value::Object(self.members.clone()),
            },
        }
    }

    pub(crate) fn only_reads(&self) -> bool {
        matches!(self.step, Step::Read(_))
    }

    pub(crate) fn next(mut self, mut answer: ServiceAnswer) -> Result<Further<Model>, Failure> {
        self.step = match (self.step, &self.output) {
            (Step::Read(_), _) => {
                let part = |name: &str| answer.members.get(name).cloned().unwrap_or_default();
                if !self.members.contains_key("ContentType") {
                    self.members.insert("ContentType".to_owned(), part("ContentType"));
                }
                self.members.insert("Body".to_owned(), part("Body"));
                Step::Invoke
            }
            (Step::Invoke, Some(_)) => Step::Write(Box::new(answer)),
            (Step::Invoke, None) => return Ok(Further::Done(answer)),
            (Step::Write(invoked), output) => {
                answer = *invoked;
                if let (Value::Object(members), Some(output)) = (&mut answer.members, output) {
                    members.insert("Body".to_owned(), Value::from(output.uri.as_str()));
                }
                return Ok(Further::Done(answer));
            }
        };
        Ok(Further::Ask(self))
    }
}

/// Takes a place in S3 out of the parameters.
fn place(members: &mut Map<String, Value>, name: &str) -> Result<Option<Place>, Failure> {
    let Some(given) = members.shift_remove(name).filter(|given| !given.is_null()) else {
        return Ok(None);
    };
    let uri = given.get("S3Uri").and_then(Value::as_str).unwrap_or_default();
    let parts = uri.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    match parts {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(Some(Place {
            uri: uri.to_owned(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })),
        _ => Err(Failure::runtime(format!(
            "the `{name}` of `bedrock:invokeModel` needs an `S3Uri` such as `s3://bucket/key`, got {given}"
        ))),
    }
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
