//! The optimized integrations, a file for each service, and what they have in common.

mod apigateway;
mod athena;
mod batch;
pub(crate) mod bedrock;
pub(crate) mod bedrockagentcore;
mod codebuild;
mod databrew;
mod dynamodb;
mod ecs;
mod eks;
pub(crate) mod elasticmapreduce;
mod emr_containers;
mod emr_serverless;
mod events;
mod glue;
mod http;
pub(crate) mod lambda;
mod mediaconvert;
pub(crate) mod metadata;
mod sagemaker;
pub(crate) mod sdk;
mod sns;
mod sqs;
mod states;

use crate::effect::EffectClass;
use crate::exchange::{Failure, ServiceAnswer, ServiceError, ServiceRequest};
use crate::integration::{Integration, Pattern};
use crate::jobs::Job;
use serde_json::{Map, Value};

/// Every optimized service.
pub(crate) const ALL: &[&Service] = &[
    &apigateway::SERVICE,
    &athena::SERVICE,
    &batch::SERVICE,
    &bedrock::SERVICE,
    &bedrockagentcore::SERVICE,
    &codebuild::SERVICE,
    &databrew::SERVICE,
    &dynamodb::SERVICE,
    &ecs::SERVICE,
    &eks::SERVICE,
    &elasticmapreduce::SERVICE,
    &emr_containers::SERVICE,
    &emr_serverless::SERVICE,
    &events::SERVICE,
    &glue::SERVICE,
    &http::SERVICE,
    &lambda::SERVICE,
    &mediaconvert::SERVICE,
    &sagemaker::SERVICE,
    &sns::SERVICE,
    &sqs::SERVICE,
    &states::SERVICE,
];

/// What is particular to one optimized service.
#[derive(Debug)]
pub(crate) struct Service {
    /// The name in a Resource.
    pub(crate) name: &'static str,
    /// The name that the AWS SDKs give the service; `None` where the integration is no AWS API.
    pub(crate) client: Option<&'static str>,
    pub(crate) naming: Naming,
    pub(crate) actions: &'static [Action],
    /// Rewrites the parameters as the API wants them.
    pub(crate) prepare: fn(&mut Map<String, Value>),
    /// Rewrites the answer as Step Functions shows it.
    pub(crate) render: fn(ServiceAnswer) -> Result<Value, Failure>,
}

/// How Step Functions names the errors of an optimized service.
#[derive(Debug)]
pub(crate) struct Naming {
    /// What stands before the dot of the error name.
    pub(crate) prefix: &'static str,
    /// The name for codes that the model does not declare.
    pub(crate) fallback: &'static str,
    /// The service's name in causes.
    pub(crate) service: &'static str,
}

/// One action of an optimized service.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) name: &'static str,
    /// The service that has the operation, where it is not the integration's.
    pub(crate) client: Option<&'static str>,
    pub(crate) patterns: &'static [Pattern],
    pub(crate) effect: Effect,
    /// What `.sync` waits for; `None` where it waits for nothing that is known here.
    pub(crate) job: Option<&'static Job>,
    /// How the action is not like the API's operation of its name.
    pub(crate) reshaped: Option<&'static Reshaped>,
    /// After how many seconds the task times out, whatever the state says; `None` where the state alone says it.
    pub(crate) seconds_max: Option<u64>,
}

/// An action that is named and shaped otherwise than the API's operation.
#[derive(Debug)]
pub(crate) struct Reshaped {
    pub(crate) operation: &'static str,
    /// Rewrites the parameters as the operation wants them.
    pub(crate) prepare: fn(&mut Map<String, Value>),
    /// Rewrites the answer's members as the action has them.
    pub(crate) render: fn(&mut Map<String, Value>),
}

impl Action {
    pub(crate) const fn new(name: &'static str, patterns: &'static [Pattern], effect: Effect) -> Action {
        Action {
            name,
            client: None,
            patterns,
            effect,
            job: None,
            reshaped: None,
            seconds_max: None,
        }
    }

    /// Returns the action as one that times out after so many seconds, whatever the state says.
    pub(crate) const fn within(mut self, seconds: u64) -> Action {
        self.seconds_max = Some(seconds);
        self
    }

    /// Returns the action as one whose operation another service has than the integration's.
    pub(crate) const fn of(mut self, client: &'static str) -> Action {
        self.client = Some(client);
        self
    }

    /// Returns the action with the job that its `.sync` waits for.
    pub(crate) const fn with_job(mut self, job: &'static Job) -> Action {
        self.job = Some(job);
        self
    }

    /// Returns the action as one that is not like the API's operation of its name.
    pub(crate) const fn reshaped(mut self, reshaped: &'static Reshaped) -> Action {
        self.reshaped = Some(reshaped);
        self
    }
}

/// An action's effect class, as far as the catalogue alone can tell it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effect {
    Repeatable,
    Token {
        member: &'static str,
        window_seconds: u64,
    },
    Once,
    /// The parameters decide; without them the strictest answer.
    ByParameters(fn(&Value) -> EffectClass),
}

/// Few services say how long they remember a token; ten minutes is what DynamoDB promises and others keep at least.
pub(crate) const TOKEN_WINDOW_SECONDS: u64 = 10 * 60;

pub(crate) const RR: &[Pattern] = &[Pattern::RequestResponse];
pub(crate) const RR_TOKEN: &[Pattern] = &[Pattern::RequestResponse, Pattern::WaitForTaskToken];
pub(crate) const RR_SYNC: &[Pattern] = &[Pattern::RequestResponse, Pattern::Sync];
pub(crate) const RR_SYNC_TOKEN: &[Pattern] =
    &[Pattern::RequestResponse, Pattern::Sync, Pattern::WaitForTaskToken];

pub(crate) fn find(name: &str) -> Option<&'static Service> {
    ALL.iter().copied().find(|service| service.name == name)
}

pub(crate) fn effect_class(integration: &Integration, parameters: Option<&Value>) -> EffectClass {
    let Some((_, action)) = integration.optimized else {
        return sdk::effect_class(&integration.service, &integration.action, parameters);
    };
    match action.effect {
        Effect::Repeatable => EffectClass::Repeatable,
        Effect::Token {
            member,
            window_seconds,
        } => EffectClass::Token {
            member: member.to_owned(),
            window_seconds,
        },
        Effect::Once => EffectClass::Once,
        Effect::ByParameters(decide) => parameters.map_or(EffectClass::Once, decide),
    }
}

pub(crate) fn request(
    integration: &Integration,
    parameters: Value,
    token: Option<&str>,
) -> Result<ServiceRequest, Failure> {
    let Value::Object(mut members) = parameters else {
        return Err(Failure::runtime(format!(
            "the parameters of `{}:{}` must be an object, got {parameters}",
            integration.resource_type, integration.resource
        )));
    };
    let (service, operation) = match integration.optimized {
        Some((service, action)) => {
            let client = action.client.or(service.client).ok_or_else(|| {
                Failure::runtime(format!(
                    "`{}:{}` is no request to an API of AWS",
                    service.name, action.name
                ))
            })?;
            (service.prepare)(&mut members);
            match action.reshaped {
                None => (client, capitalized(action.name)),
                Some(reshaped) => {
                    (reshaped.prepare)(&mut members);
                    (client, reshaped.operation.to_owned())
                }
            }
        }
        None => (integration.service.as_str(), capitalized(&integration.action)),
    };
    if let Some(token) = token
        && let EffectClass::Token { member, .. } = effect_class(integration, None)
        && !members.keys().any(|key| key.eq_ignore_ascii_case(&member))
    {
        let token = written_token(token, service);
        members.insert(member, Value::String(token));
    }
    Ok(ServiceRequest {
        service: service.to_owned(),
        operation,
        members: Value::Object(members),
    })
}

/// Writes a token as services take it: as a UUID, which AWS's SDKs fill in and some services ask for.
fn written_token(token: &str, service: &str) -> String {
    // AWS Certificate Manager takes 32 letters and digits, and no hyphen.
    let is_plain = service == "acm";
    if is_plain || token.len() != 32 || !token.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return token.to_owned();
    }
    let mut uuid = String::with_capacity(36);
    for (place, digit) in token.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(match (place, digit) {
            // The version and the variant of a UUID without meaning.
            (12, _) => '4',
            (16, _) => 'a',
            (_, digit) => digit,
        });
    }
    uuid
}

pub(crate) fn response(integration: &Integration, mut answer: ServiceAnswer) -> Result<Value, Failure> {
    match integration.optimized {
        Some((service, action)) => {
            if let (Some(reshaped), Value::Object(members)) = (action.reshaped, &mut answer.members) {
                (reshaped.render)(members);
            }
            (service.render)(answer)
        }
        None => Ok(answer.members),
    }
}

/// Names an error as the optimized integrations do, which follow version 1 of AWS's SDK for Java.
pub(crate) fn optimized_failure(naming: &Naming, error: ServiceError) -> Failure {
    let name = if error.modelled {
        exception(&error.code)
    } else {
        naming.fallback.to_owned()
    };
    Failure {
        error: format!("{}.{name}", naming.prefix),
        cause: Some(format!(
            "{} (Service: {}; Status Code: {}; Error Code: {}; Request ID: {}; Proxy: null)",
            error.message, naming.service, error.status, error.code, error.request_id
        )),
    }
}

/// AWS's classes of errors all end with `Exception`, whatever the code is.
pub(crate) fn exception(code: &str) -> String {
    if code.ends_with("Exception") {
        return code.to_owned();
    }
    format!("{}Exception", code.strip_suffix("Fault").unwrap_or(code))
}

pub(crate) fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

/// Leaves the parameters as they are.
pub(crate) fn as_given(_: &mut Map<String, Value>) {}

/// Replaces a member that is not text by its JSON text.
pub(crate) fn to_text(members: &mut Map<String, Value>, name: &str) {
    if let Some(value) = members.get_mut(name)
        && !value.is_string()
    {
        *value = Value::String(value.to_string());
    }
}

/// The names that are at most a few letters away from one, nearest first.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let lower = name.to_ascii_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .map(|candidate| (distance(&lower, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= 1 + name.len() / 4)
        .collect();
    near.sort();
    near.into_iter()
        .take(3)
        .map(|(_, candidate)| candidate.to_owned())
        .collect()
}

/// The number of letters to insert, drop or exchange (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for ((y, diagonal), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            left = (left + 1).min(above + 1).min(diagonal + usize::from(x != *y));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
