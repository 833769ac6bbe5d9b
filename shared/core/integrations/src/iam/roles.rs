//! Roles that a call hands to its service, which `iam:PassRole` allows.

use super::parameters::{is_arn, is_placeholder};
use super::{Operation, Permission};
use serde_json::Value;

/// Which service takes a role that a call hands over.
// AWS: developer guide, "IAM policies for integrated services"
const PRINCIPALS: &[(&str, &[&str])] = &[
    ("bedrock", &["bedrock.amazonaws.com"]),
    ("bedrockagent", &["bedrock.amazonaws.com"]),
    ("ecs", &["ecs-tasks.amazonaws.com"]),
    ("emr", &["ec2.amazonaws.com", "elasticmapreduce.amazonaws.com"]),
    ("emrserverless", &["emr-serverless.amazonaws.com"]),
    ("glue", &["glue.amazonaws.com"]),
    ("lambda", &["lambda.amazonaws.com"]),
    ("mediaconvert", &["mediaconvert.amazonaws.com"]),
    ("sagemaker", &["sagemaker.amazonaws.com"]),
    ("scheduler", &["scheduler.amazonaws.com"]),
    ("sfn", &["states.amazonaws.com"]),
];

/// Services whose parameters name roles that are not handed over.
const NOT_PASSED: [&str; 5] = ["emrcontainers", "iam", "organizations", "ram", "sts"];

/// Operations that begin so hand over nothing.
const READING: [&str; 6] = ["BatchGet", "Delete", "Describe", "Get", "List", "Stop"];

/// Members besides `...RoleArn` that are roles, by name or ARN.
const ROLES: [&str; 5] = [
    "AutoScalingRole",
    "JobFlowRole",
    "NodeRole",
    "Role",
    "ServiceRole",
];

/// Returns what the roles among the parameters need.
pub(super) fn passed(operation: &Operation<'_>) -> Vec<Permission> {
    let reads = READING.iter().any(|verb| operation.name.starts_with(verb));
    if NOT_PASSED.contains(&operation.client) || reads {
        return Vec::new();
    }
    let mut found = Vec::new();
    collect(operation.parameters, true, &mut found);
    let mut roles: Vec<String> = Vec::new();
    let mut why = None;
    for (member, value) in found {
        match value.as_str() {
            Some(text) if is_arn(text, member) => roles.push(text.to_owned()),
            Some(text) => roles.push(format!(
                "arn:{}:iam::{}:role/{text}",
                operation.place.partition, operation.place.account
            )),
            None => why = why.or_else(|| Some(format!("`{member}` is chosen when it runs"))),
        }
    }
    // These roles stand in the task's definition.
    if operation.client == "ecs" && operation.name == "RunTask" {
        why = Some("the roles stand in the task definition".to_owned());
    }
    let mut permission = match (why, roles.is_empty()) {
        (Some(why), _) => Permission::wide("iam:PassRole", why),
        (None, true) => return Vec::new(),
        (None, false) => Permission::new("iam:PassRole", roles),
    };
    let principal = PRINCIPALS.iter().find(|(client, _)| *client == operation.client);
    if let Some((_, services)) = principal {
        let services = services.iter().map(|service| (*service).to_owned()).collect();
        permission = permission.only_if("StringEquals", "iam:PassedToService", services);
    }
    vec![permission]
}

/// Finds the members that are roles; `Role` may mean something else further in, as in a chat.
fn collect<'a>(value: &'a Value, is_outermost: bool, found: &mut Vec<(&'a str, &'a Value)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let ends = name.to_ascii_lowercase().ends_with("rolearn");
                let is_role = ROLES.iter().any(|role| name.eq_ignore_ascii_case(role));
                let is_text = value.is_string() || value.is_null();
                let inner = value.as_str().is_some_and(|text| {
                    text.contains(":role/") || (is_placeholder(text) && is_arn(text, ""))
                });
                if is_text && (ends || (is_role && (is_outermost || inner))) {
                    found.push((name, value));
                } else {
                    collect(value, false, found);
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, false, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
