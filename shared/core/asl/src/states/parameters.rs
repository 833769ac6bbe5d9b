//! What integrations need among their parameters, and how a task's token reaches its service.
//!
//! All findings are warnings: AWS leaves these to the service, and the task fails when it runs.

use crate::fields::Fields;
use crate::findings::code;
use crate::template;
use integrations::{Integration, Pattern, Resource};
use serde_json::{Map, Value};

/// The parameters that an integration needs, as service, action and names; of the names in one list one is enough.
type Needs = (&'static str, &'static str, &'static [&'static [&'static str]]);

// AWS: API references of the services; developer guide, "Integrating services with Step Functions"
const NEEDS: [Needs; 19] = [
    ("apigateway", "invoke", &[&["ApiEndpoint"], &["Method"]]),
    ("athena", "startQueryExecution", &[&["QueryString"]]),
    (
        "batch",
        "submitJob",
        &[&["JobName"], &["JobQueue"], &["JobDefinition"]],
    ),
    ("bedrock", "invokeModel", &[&["ModelId"]]),
    ("codebuild", "startBuild", &[&["ProjectName"]]),
    ("dynamodb", "deleteItem", &[&["TableName"], &["Key"]]),
    ("dynamodb", "getItem", &[&["TableName"], &["Key"]]),
    ("dynamodb", "putItem", &[&["TableName"], &["Item"]]),
    ("dynamodb", "updateItem", &[&["TableName"], &["Key"]]),
    ("ecs", "runTask", &[&["TaskDefinition"]]),
    ("events", "putEvents", &[&["Entries"]]),
    ("glue", "startJobRun", &[&["JobName"]]),
    (
        "http",
        "invoke",
        &[
            &["ApiEndpoint"],
            &["Method"],
            &["Authentication", "InvocationConfig"],
        ],
    ),
    ("lambda", "invoke", &[&["FunctionName"]]),
    ("s3", "getObject", &[&["Bucket"], &["Key"]]),
    ("s3", "listObjectsV2", &[&["Bucket"]]),
    ("sns", "publish", &[&["TopicArn", "TargetArn", "PhoneNumber"]]),
    ("sqs", "sendMessage", &[&["QueueUrl"], &["MessageBody"]]),
    ("states", "startExecution", &[&["StateMachineArn"]]),
];

/// Warns of what a Task's parameters lack.
pub(super) fn check(fields: &mut Fields<'_, '_>, resource: &Resource) {
    match resource {
        Resource::Service(integration) => {
            if !integration.is_sdk() {
                check_needs(fields, integration.service(), integration.action());
            }
            check_web(fields, integration);
            check_token(fields, integration);
        }
        Resource::Function(_) | Resource::Activity(_) => {}
    }
}

/// Warns of parameters of an HTTP request that fail when the task runs.
fn check_web(fields: &mut Fields<'_, '_>, integration: &Integration) {
    let name = arguments(fields);
    let Some(Value::Object(given)) = fields.value(name) else {
        return;
    };
    for (field, message) in integrations::web::mistakes(integration, given) {
        let at = fields.at.field(name).field(field);
        fields.findings.warning(code::INVALID_PARAMETER, &at, message);
    }
}

/// The field that has what the service gets.
fn arguments(fields: &Fields<'_, '_>) -> &'static str {
    if fields.is_jsonata() {
        "Arguments"
    } else {
        "Parameters"
    }
}

/// Warns of parameters that the action of the service needs and that are not given.
pub(super) fn check_needs(fields: &mut Fields<'_, '_>, service: &str, action: &str) {
    let name = arguments(fields);
    // Without the field the state's input is what the service gets, and an expression may give anything.
    let Some(Value::Object(given)) = fields.value(name) else {
        return;
    };
    let needs = NEEDS
        .iter()
        .find(|(of, does, _)| (*of, *does) == (service, action));
    for alternatives in needs.into_iter().flat_map(|(_, _, needs)| *needs) {
        if !alternatives.iter().any(|name| is_given(given, name)) {
            let message = format!(
                "'{service}:{action}' needs the field '{}', which is missing",
                alternatives.join("' or '")
            );
            fields
                .findings
                .warning(code::MISSING_PARAMETER, &fields.at.field(name), message);
        }
    }
}

fn is_given(given: &Map<String, Value>, name: &str) -> bool {
    given.contains_key(name) || given.contains_key(&format!("{name}.$"))
}

/// Warns of a task that waits for its token without handing it to anybody.
///
/// The reverse is no mistake: other integrations may have a token too.
fn check_token(fields: &mut Fields<'_, '_>, integration: &Integration) {
    let waits = integration.pattern() == Pattern::WaitForTaskToken;
    if !waits || fields.around.express {
        return; // an Express execution cannot wait at all, which is reported for itself
    }
    let handed_on = ["Parameters", "Arguments"]
        .iter()
        .filter_map(|name| fields.value(name))
        .any(|value| template::any_text(value, &may_hold_token));
    if !handed_on {
        let message = "The task waits for its token, but hands it to nobody: use '$$.Task.Token' in 'Parameters', or '$states.context.Task.Token' in 'Arguments'";
        fields
            .findings
            .warning(code::MISSING_TASK_TOKEN, &fields.at, message);
    }
}

/// Tells whether a text may evaluate to something with the token in it; true in case of doubt.
fn may_hold_token(text: &str) -> bool {
    text.contains("Token") || text.contains("$$") || text.contains("$states.context")
}
