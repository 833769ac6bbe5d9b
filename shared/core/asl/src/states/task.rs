//! Task: calls a function, an activity or a service.

use super::{allowed, catching, parameters, retrying};
use crate::expression::Offered;
use crate::fields::{Fields, integer, string};
use crate::program::{Effect, Setting, Task, Text};
use integrations::{Pattern, Resource, ResourceError};
use serde_json::Value;

/// The longest time that a state may take, in seconds. // AWS: states-language.net, "Task State"
pub(crate) const SECONDS_MAX: u64 = 99_999_999;

/// Reads a Task state.
pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Option<Task> {
    fields.require(&["Resource"]);
    let resource = resource(fields);
    if let Some(resource) = &resource {
        parameters::check(fields, resource);
    }
    let flow = fields.flow(Offered::RESULT);
    let role_arn = credentials(fields);
    let effect = effect(fields, resource.as_ref());
    fields.refuse_several("TimeoutSecondsPath");
    fields.refuse_several("HeartbeatSecondsPath");
    let timeout_seconds = fields.setting("TimeoutSeconds", integer(1, SECONDS_MAX));
    let heartbeat_seconds = fields.setting("HeartbeatSeconds", integer(1, SECONDS_MAX));
    if let (Some(Setting::Fixed(timeout)), Some(Setting::Fixed(heartbeat))) =
        (&timeout_seconds, &heartbeat_seconds)
        && heartbeat >= timeout
    {
        let message = "The value of 'HeartbeatSeconds' must be smaller than the value of 'TimeoutSeconds'";
        fields
            .findings
            .schema(&fields.at.field("HeartbeatSeconds"), message);
    }
    let retry = retrying::read(fields);
    let catch = catching::read(fields);
    let transition = fields.transition();
    Some(Task {
        flow,
        resource: resource?,
        role_arn,
        effect,
        timeout_seconds,
        heartbeat_seconds,
        retry,
        catch,
        transition,
    })
}

fn resource(fields: &mut Fields<'_, '_>) -> Option<Resource> {
    let resource = fields.read("Resource", |value| {
        let text = string(value)?;
        Resource::parse(text).map_err(|error| not_recognized(text, &error))
    })?;
    if fields.around.express
        && let Some(reason) = refused_in_express(&resource)
    {
        fields.findings.schema(
            &fields.at.field("Resource"),
            format!("Express state machine does not support {reason}"),
        );
    }
    Some(resource)
}

/// Says in AWS's words that a Resource is unknown, and adds what is known better.
fn not_recognized(text: &str, error: &ResourceError) -> String {
    let message = unknown_resource(text);
    match error {
        ResourceError::Malformed { .. } => message,
        ResourceError::UnknownService { .. }
        | ResourceError::UnknownAction { .. }
        | ResourceError::UnknownPattern { .. } => format!("{message} ({error})"),
    }
}

/// Says in AWS's words that a Resource is unknown.
pub(super) fn unknown_resource(text: &str) -> String {
    format!(
        "The resource provided {text} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
    )
}

/// Says what an Express execution cannot do. The wording, spaces included, is AWS's.
fn refused_in_express(resource: &Resource) -> Option<&'static str> {
    match resource {
        Resource::Function(_) => None,
        Resource::Activity(_) => Some("Activity ARN"),
        Resource::Service(integration) => match integration.pattern() {
            Pattern::RequestResponse => None,
            Pattern::Sync | Pattern::Sync2 => Some("'.sync' service integration"),
            Pattern::WaitForTaskToken => Some("'.waitForTaskToken' service integration "),
        },
    }
}

/// What stands in a `Comment` before the class of a call.
const EFFECT: &str = "stepwell:effect=";

/// Reads what the `Comment` says of repeating the call: a field of its own would be refused by AWS.
fn effect(fields: &mut Fields<'_, '_>, resource: Option<&Resource>) -> Option<Effect> {
    let comment = fields.value("Comment").and_then(Value::as_str)?;
    let mut marks = comment.split(EFFECT).skip(1);
    let mark = marks.next()?;
    let end = mark.find(|letter: char| !letter.is_ascii_alphanumeric());
    let word = end.and_then(|end| mark.get(..end)).unwrap_or(mark);
    let is_called = match resource {
        Some(Resource::Service(integration)) => !integration.starts_execution(),
        Some(Resource::Activity(_)) => false,
        Some(Resource::Function(_)) | None => true,
    };
    let read = match word {
        _ if !is_called => Err(format!(
            "'{EFFECT}' says nothing of activities and executions, which are not called"
        )),
        _ if marks.next().is_some() => Err(format!("'{EFFECT}' must not be given more than once")),
        "repeatable" => Ok(Effect::Repeatable),
        "once" => Ok(Effect::Once),
        other => Err(format!(
            "'{EFFECT}' should have one of these values: [repeatable, once], not '{other}'"
        )),
    };
    read.map_err(|message| fields.findings.schema(&fields.at.field("Comment"), message))
        .ok()
}

/// Reports a state that says how its call may be repeated, and makes none.
pub(super) fn refuse_effect(fields: &mut Fields<'_, '_>) {
    let comment = fields.value("Comment").and_then(Value::as_str);
    if comment.is_some_and(|comment| comment.contains(EFFECT)) {
        let message = format!("'{EFFECT}' says nothing of a state that is no Task");
        fields.findings.schema(&fields.at.field("Comment"), message);
    }
}

/// Reads `Credentials`, of which the role is used.
fn credentials(fields: &mut Fields<'_, '_>) -> Option<Text> {
    let (object, at) = fields.object("Credentials")?;
    let jsonata = fields.is_jsonata();
    let mut fields = fields.of(object, at.clone());
    if !object.contains_key("RoleArn") && (jsonata || !object.contains_key("RoleArn.$")) {
        fields
            .findings
            .schema(&at, "The field 'RoleArn' is required but was missing");
        return None;
    }
    allowed::check(
        &mut fields,
        &[
            (allowed::In::Both, &["RoleArn"]),
            (allowed::In::Jsonpath, &["RoleArn.$"]),
        ],
    );
    if jsonata {
        return fields.text("RoleArn");
    }
    fields.at_most_one(&["RoleArn", "RoleArn.$"]);
    let reference = fields.text_reference("RoleArn.$");
    let literal = fields
        .read("RoleArn", string)
        .map(|text| Text::Fixed(text.to_owned()));
    reference.or(literal)
}
