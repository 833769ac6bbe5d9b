//! What the optimized integrations need: their call, and what `.sync` does besides.

use super::parameters::{self, Member};
use super::resources::Named;
use super::{Operation, Permission, Place, called, of_operation};
use crate::integration::{Integration, Pattern};
use crate::services::{self, Action, Service};
use serde_json::Value;

/// Returns what an integration needs.
pub(super) fn of(
    integration: &Integration,
    service: &Service,
    action: &Action,
    parameters: &Value,
    place: &Place,
) -> Vec<Permission> {
    match (service.name, action.name) {
        ("apigateway", _) => return vec![api(parameters, place)],
        ("bedrockagentcore", "invokeHarness") => return harness(parameters),
        // Kubernetes asks its own role bindings, not IAM.
        ("eks", "call" | "runJob") => return Vec::new(),
        ("elasticmapreduce", "modifyInstanceFleetByName") => {
            return several(
                "emr",
                &["ListInstanceFleets", "ModifyInstanceFleet"],
                parameters,
                place,
            );
        }
        ("elasticmapreduce", "modifyInstanceGroupByName") => {
            return several(
                "emr",
                &["ListInstanceGroups", "ModifyInstanceGroups"],
                parameters,
                place,
            );
        }
        ("http", _) => return http(parameters, place),
        ("states", _) => return execution(integration, parameters, place),
        _ => {}
    }
    let Some(client) = action.client.or(service.client) else {
        return Vec::new();
    };
    let submission = match action.reshaped {
        Some(reshaped) => reshaped.operation.to_owned(),
        None => services::capitalized(action.name),
    };
    let mut names = vec![submission.as_str()];
    if integration.pattern == Pattern::Sync
        && let Some(job) = action.job
    {
        names.push(job.describe.operation);
        names.extend(job.cancel.as_ref().map(|ask| ask.operation));
    }
    let mut needed = several(client, &names, parameters, place);
    if service.name == "athena" && action.name == "startQueryExecution" {
        // The query's workgroup is that of everything that is asked about it.
        if let Some(first) = needed.first().cloned() {
            for permission in &mut needed {
                permission.resources.clone_from(&first.resources);
                permission.wide.clone_from(&first.wide);
            }
        }
        needed.extend(query(parameters, place));
    }
    needed
}

/// Returns what several operations need, of which the first is given the parameters, and the others ask about it.
fn several(client: &str, names: &[&str], parameters: &Value, place: &Place) -> Vec<Permission> {
    let operations = names.iter().map(|name| Operation {
        client,
        name,
        parameters,
        place,
    });
    let needed = operations.enumerate().flat_map(|(index, operation)| match index {
        0 => of_operation(&operation),
        _ => called(&operation).into_iter().map(of_started).collect(),
    });
    needed.collect()
}

/// What names nothing before is named by what was started.
fn of_started(mut permission: Permission) -> Permission {
    if let Some(why) = &mut permission.wide
        && why.starts_with("no ")
    {
        *why = "what is started has its name when it runs".to_owned();
    }
    permission
}

/// A child execution; who waits for it asks how it is, and stops it.
fn execution(integration: &Integration, parameters: &Value, place: &Place) -> Vec<Permission> {
    let started = of_operation(&Operation {
        client: "sfn",
        name: "StartExecution",
        parameters,
        place,
    });
    let waits = matches!(integration.pattern, Pattern::Sync | Pattern::Sync2);
    let Some(start) = started.first().filter(|_| waits) else {
        return started;
    };
    let executions = match start.resources.first().and_then(|arn| executions(arn)) {
        Some(arn) => Named::arns(vec![arn]),
        None => Named {
            wide: Some("the name of the state machine is not known".to_owned()),
            ..Named::arns(vec![place.arn("states", "execution:*")])
        },
    };
    let mut needed = started.clone();
    needed.extend(
        ["states:DescribeExecution", "states:StopExecution"].map(|action| Permission {
            wide: executions.wide.clone(),
            ..Permission::new(action, executions.arns.clone())
        }),
    );
    needed
}

/// Returns the executions of a state machine, whatever version or alias its ARN names.
fn executions(state_machine: &str) -> Option<String> {
    let (before, name) = state_machine.split_once(":stateMachine:")?;
    // The colons of `${AWS::StackName}` are none.
    let end = match name.strip_prefix("${") {
        Some(_) => name.find('}').map(|at| at + 1),
        None => name.find(':'),
    };
    let name = end.and_then(|end| name.get(..end)).unwrap_or(name);
    Some(format!("{before}:execution:{name}:*"))
}

/// A request to an API of API Gateway.
fn api(parameters: &Value, place: &Place) -> Permission {
    let part = |name: &str| {
        let member = Member::of(parameters, name);
        member.text().unwrap_or("*").trim_start_matches('/').to_owned()
    };
    let endpoint = Member::of(parameters, "ApiEndpoint");
    let known = endpoint.text().and_then(|host| {
        let (id, behind) = host.trim_start_matches("https://").split_once(".execute-api.")?;
        Some((
            id,
            behind.split_once(".amazonaws.").map_or("*", |(region, _)| region),
        ))
    });
    let Some((id, region)) = known else {
        return Permission::wide("execute-api:Invoke", "the API's id is not known");
    };
    let place = Place {
        region: region.to_owned(),
        ..place.clone()
    };
    let path = format!("{id}/{}/{}/{}", part("Stage"), part("Method"), part("Path"));
    Permission::new("execute-api:Invoke", vec![place.arn("execute-api", &path)])
}

/// A request with the credentials of an EventBridge connection.
///
/// AWS asks for `events:RetrieveConnectionCredentials`; Stepwell reads the connection and its secret itself, under this role.
// AWS: developer guide, "Call HTTPS APIs in Step Functions workflows"
fn http(parameters: &Value, place: &Place) -> Vec<Permission> {
    let machine = place.arn("states", &format!("stateMachine:{}", place.state_machine));
    let mut invoke = Permission::new("states:InvokeHTTPEndpoint", vec![machine]);
    match Member::of(parameters, "Method").text() {
        Some(method) => invoke = invoke.only_if("StringEquals", "states:HTTPMethod", vec![method.to_owned()]),
        None => invoke.wide = Some("`Method` is chosen when it runs".to_owned()),
    }
    match Member::of(parameters, "ApiEndpoint").text() {
        Some(url) => invoke = invoke.only_if("StringLike", "states:HTTPEndpoint", vec![url.to_owned()]),
        None => invoke.wide = Some("`ApiEndpoint` is chosen when it runs".to_owned()),
    }
    let named = ["Authentication", "InvocationConfig"]
        .iter()
        .find_map(|field| parameters::path(parameters, &[field, "ConnectionArn"]).text());
    let of_connection = [
        "events:DescribeConnection",
        "events:RetrieveConnectionCredentials",
    ];
    let of_connection = of_connection.map(|action| match named {
        Some(arn) => Permission::new(action, vec![arn.to_owned()]),
        None => Permission::wide(action, "the connection is chosen when it runs"),
    });
    // EventBridge keeps the credentials in a secret of its own.
    let secrets = vec![place.arn("secretsmanager", "secret:events!connection/*")];
    let read = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        .map(|action| Permission::new(action, secrets.clone()));
    [invoke].into_iter().chain(of_connection).chain(read).collect()
}

// AWS: developer guide, "IAM policies for calling Amazon Bedrock AgentCore"
fn harness(parameters: &Value) -> Vec<Permission> {
    let actions = [
        "bedrock-agentcore:InvokeHarness",
        "bedrock-agentcore:InvokeAgentRuntime",
    ];
    let arn = Member::of(parameters, "HarnessArn");
    let needed = actions.map(|action| match arn.text() {
        Some(arn) => Permission::new(action, vec![arn.to_owned(), format!("{arn}/*")]),
        None => Permission::wide(action, "`HarnessArn` is chosen when it runs"),
    });
    needed.into()
}

/// What a query of Athena needs besides: the tables' descriptions, their data, and a place for the result.
// AWS: developer guide, "IAM policies for calling Amazon Athena"
fn query(parameters: &Value, place: &Place) -> Vec<Permission> {
    const READING: [&str; 7] = ["SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXECUTE"];
    let text = Member::of(parameters, "QueryString");
    let verb = text.text().and_then(|text| text.split_whitespace().next());
    let reads = verb.is_some_and(|verb| READING.iter().any(|known| verb.eq_ignore_ascii_case(known)));
    let mut tables = vec![
        "glue:BatchGetPartition",
        "glue:GetDatabase",
        "glue:GetDatabases",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:GetTable",
        "glue:GetTables",
    ];
    if !reads {
        tables.extend([
            "glue:BatchCreatePartition",
            "glue:BatchDeletePartition",
            "glue:BatchDeleteTable",
            "glue:CreateDatabase",
            "glue:CreatePartition",
            "glue:CreateTable",
            "glue:DeleteDatabase",
            "glue:DeletePartition",
            "glue:DeleteTable",
            "glue:UpdateDatabase",
            "glue:UpdatePartition",
            "glue:UpdateTable",
        ]);
    }
    let catalogue = ["catalog", "database/*", "table/*", "userDefinedFunction/*"];
    let catalogue: Vec<String> = catalogue
        .iter()
        .map(|resource| place.arn("glue", resource))
        .collect();
    let why = "a query may name any table";
    let mut needed: Vec<Permission> = tables
        .iter()
        .map(|action| Permission {
            wide: Some(why.to_owned()),
            ..Permission::new(*action, catalogue.clone())
        })
        .collect();
    needed.push(Permission::wide("lakeformation:GetDataAccess", why));
    let read = ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"];
    needed.extend(read.map(|action| Permission::wide(action, "the data of a table may be anywhere")));
    let output = parameters::path(parameters, &["ResultConfiguration", "OutputLocation"]);
    let result = output.text().and_then(|url| super::storage::of_url(url, place));
    let write = [
        ("s3:AbortMultipartUpload", true),
        ("s3:ListBucketMultipartUploads", false),
        ("s3:ListMultipartUploadParts", true),
        ("s3:PutObject", true),
    ];
    needed.extend(write.map(|(action, is_of_object)| match &result {
        // A statement that is not known to read may write to the place of its table.
        Some((bucket, objects)) if reads => Permission::new(
            action,
            vec![if is_of_object {
                objects.clone()
            } else {
                bucket.clone()
            }],
        ),
        Some(_) | None => Permission::wide(action, "the place of the result is not known"),
    }));
    needed
}
