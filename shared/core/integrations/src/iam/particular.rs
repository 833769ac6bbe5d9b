//! Services whose resources take more than a look at one parameter.

use super::parameters::{Found, Member, is_arn, is_placeholder, value};
use super::resources::Named;
use super::{Operation, Permission, Place, actions, own, resources, storage};
use serde_json::Value;

/// Returns what an operation of such a service needs; `None` for all others.
pub(super) fn of(operation: &Operation<'_>) -> Option<Vec<Permission>> {
    match (operation.client, operation.name) {
        ("s3", _) => Some(storage::of(operation)),
        ("dynamodb", _) => dynamodb(operation),
        ("sqs", _) => queue(operation),
        ("kms", _) => key(operation),
        ("eventbridge", "PutEvents") => Some(vec![events(operation)]),
        ("eventbridge", _) => rule(operation),
        ("sns", "Publish") => publication(operation),
        ("bedrockruntime", _) => model(operation),
        ("bedrock", "CreateModelCustomizationJob") => Some(vec![customization(operation)]),
        ("batch" | "ecs" | "emr" | "emrserverless" | "mediaconvert" | "sagemaker", _) => tagged(operation),
        ("emrcontainers", "StartJobRun") => Some(vec![job_run(operation)]),
        _ => None,
    }
}

/// Tables, alone, in groups, and in statements.
fn dynamodb(operation: &Operation<'_>) -> Option<Vec<Permission>> {
    let Operation {
        parameters, place, ..
    } = *operation;
    match operation.name {
        "Query" | "Scan" => {
            let index = Member::of(parameters, "IndexName");
            if index == Member::Absent {
                return None;
            }
            let mut needed = own(operation);
            for arn in needed.iter_mut().flat_map(|permission| &mut permission.resources) {
                if arn != "*" {
                    *arn = format!("{arn}/index/{}", index.text().unwrap_or("*"));
                }
            }
            Some(needed)
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = match value(parameters, "RequestItems") {
                Found::Value(Value::Object(tables)) => {
                    tables.keys().map(|table| table_arn(table, place)).collect()
                }
                Found::Value(_) | Found::Absent | Found::Later => Vec::new(),
            };
            Some(actions_on(
                operation,
                tables,
                "`RequestItems` is chosen when it runs",
            ))
        }
        "TransactGetItems" | "TransactWriteItems" => Some(transaction(operation)),
        "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteTransaction" => Some(statements(operation)),
        _ => None,
    }
}

fn table_arn(table: &str, place: &Place) -> String {
    match is_arn(table, "") {
        true => table.to_owned(),
        false => place.arn("dynamodb", &format!("table/{table}")),
    }
}

fn actions_on(operation: &Operation<'_>, mut arns: Vec<String>, why: &str) -> Vec<Permission> {
    arns.sort();
    arns.dedup();
    let permission = |action: String| match arns.is_empty() {
        true => Permission::wide(action, why),
        false => Permission::new(action, arns.clone()),
    };
    let actions = actions::of(operation.client, operation.name);
    actions.into_iter().map(permission).collect()
}

/// Each part of a transaction is allowed as it would be alone.
fn transaction(operation: &Operation<'_>) -> Vec<Permission> {
    const PARTS: [(&str, &str); 5] = [
        ("ConditionCheck", "dynamodb:ConditionCheckItem"),
        ("Delete", "dynamodb:DeleteItem"),
        ("Get", "dynamodb:GetItem"),
        ("Put", "dynamodb:PutItem"),
        ("Update", "dynamodb:UpdateItem"),
    ];
    let unknown = || actions_on(operation, Vec::new(), "`TransactItems` is chosen when it runs");
    let Found::Value(Value::Array(items)) = value(operation.parameters, "TransactItems") else {
        return unknown();
    };
    let mut needed = Vec::new();
    for item in items {
        let Value::Object(parts) = item else {
            return unknown();
        };
        for (name, part) in parts {
            let known = PARTS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
            let Some((_, action)) = known else { continue };
            let table = Member::of(part, "TableName");
            needed.push(match table.text() {
                Some(table) => Permission::new(*action, vec![table_arn(table, operation.place)]),
                None => Permission::wide(*action, "`TableName` is chosen when it runs"),
            });
        }
    }
    needed
}

/// PartiQL has an action for each verb.
fn statements(operation: &Operation<'_>) -> Vec<Permission> {
    let unknown = || actions_on(operation, Vec::new(), "the statement is chosen when it runs");
    let mut texts = Vec::new();
    match operation.name {
        "ExecuteStatement" => texts.push(Member::of(operation.parameters, "Statement").text()),
        _ => {
            let list = ["Statements", "TransactStatements"].iter().find_map(|name| {
                match value(operation.parameters, name) {
                    Found::Value(Value::Array(list)) => Some(list),
                    Found::Value(_) | Found::Absent | Found::Later => None,
                }
            });
            let statements = list.map(Vec::as_slice).unwrap_or_default();
            texts.extend(statements.iter().map(|each| Member::of(each, "Statement").text()));
        }
    }
    let read = |text: &Option<&str>| text.and_then(|text| statement(text, operation.place));
    let needed: Option<Vec<Permission>> = texts.iter().map(read).collect();
    needed.filter(|needed| !needed.is_empty()).unwrap_or_else(unknown)
}

/// Reads the verb and the table of a statement.
fn statement(text: &str, place: &Place) -> Option<Permission> {
    // `EXISTS(SELECT ...)` stands in transactions.
    let text = text
        .trim_start()
        .trim_start_matches("EXISTS")
        .trim_start_matches(['(', ' ']);
    let words: Vec<&str> = text.split_whitespace().collect();
    let behind = |word: &str| {
        let at = words.iter().position(|known| known.eq_ignore_ascii_case(word))?;
        words.get(at + 1).copied()
    };
    let verb = words.first()?.to_ascii_uppercase();
    let (action, table) = match verb.as_str() {
        "SELECT" => ("dynamodb:PartiQLSelect", behind("FROM")),
        "DELETE" => ("dynamodb:PartiQLDelete", behind("FROM")),
        "INSERT" => ("dynamodb:PartiQLInsert", behind("INTO")),
        "UPDATE" => ("dynamodb:PartiQLUpdate", behind("UPDATE")),
        _ => return None,
    };
    let unquoted = |name: &str| name.trim_matches(['"', '(', ')', ';']).to_owned();
    let (table, index) = match table?.split_once("\".\"") {
        Some((table, index)) => (unquoted(table), Some(unquoted(index))),
        None => (unquoted(table?), None),
    };
    let mut arn = table_arn(&table, place);
    if let Some(index) = index {
        arn = format!("{arn}/index/{index}");
    }
    Some(Permission::new(action, vec![arn]))
}

/// A queue's ARN follows from its URL, whose last parts are the account and the name.
fn queue(operation: &Operation<'_>) -> Option<Vec<Permission>> {
    let member = Member::of(operation.parameters, "QueueUrl");
    let url = member.text()?;
    let why = "the queue's URL is not known, and its ARN follows from it";
    let arns = queue_arn(url, operation.place).into_iter().collect();
    Some(actions_on(operation, arns, why))
}

fn queue_arn(url: &str, place: &Place) -> Option<String> {
    if url.starts_with("arn:") {
        return Some(url.to_owned());
    }
    let (host, path) = url.split_once("://")?.1.split_once('/')?;
    let (account, name) = path.trim_end_matches('/').rsplit_once('/')?;
    let account = account.rsplit('/').next().unwrap_or(account);
    let known = host
        .strip_prefix("sqs.")
        .and_then(|rest| rest.split_once(".amazonaws."));
    let region = known.map_or(place.region.as_str(), |(region, _)| region);
    Some(format!("arn:{}:sqs:{region}:{account}:{name}", place.partition))
}

/// Keys are named by id, ARN or alias; an alias is no resource of a policy, but a condition.
fn key(operation: &Operation<'_>) -> Option<Vec<Permission>> {
    let names: &[&str] = match operation.name {
        "ReEncrypt" => &["SourceKeyId", "DestinationKeyId"],
        _ => &["KeyId"],
    };
    let actions = actions::of("kms", operation.name);
    // Where no key is named, the operation has none, or the ciphertext tells it.
    if names.len() == 1 && Member::of(operation.parameters, "KeyId").text().is_none() {
        return None;
    }
    let each = names.iter().cycle().zip(actions);
    Some(
        each.map(|(name, action)| {
            let member = Member::of(operation.parameters, name);
            with_key(&action, &member, name, operation.place)
        })
        .collect(),
    )
}

/// Returns a permission for a key.
pub(super) fn with_key(action: &str, member: &Member<'_>, name: &str, place: &Place) -> Permission {
    let Some(text) = member.text() else {
        return Permission::wide(action, format!("`{name}` is not given, or chosen when it runs"));
    };
    let alias = match text.split_once(":alias/") {
        Some((_, alias)) if text.starts_with("arn:") => Some(alias),
        _ => text.strip_prefix("alias/"),
    };
    match alias {
        Some(alias) => {
            let any = Permission::new(action, vec![place.arn("kms", "key/*")]);
            any.only_if("StringEquals", "kms:RequestAlias", vec![format!("alias/{alias}")])
        }
        None if is_arn(text, name) => Permission::new(action, vec![text.to_owned()]),
        None => Permission::new(action, vec![place.arn("kms", &format!("key/{text}"))]),
    }
}

/// The event buses of all entries; an entry that names none goes to the default one.
fn events(operation: &Operation<'_>) -> Permission {
    let action = "events:PutEvents";
    let Found::Value(Value::Array(entries)) = value(operation.parameters, "Entries") else {
        return Permission::wide(action, "`Entries` is chosen when it runs");
    };
    let mut buses = Vec::new();
    for entry in entries {
        match Member::of(entry, "EventBusName") {
            Member::Later => return Permission::wide(action, "`EventBusName` is chosen when it runs"),
            Member::Absent => buses.push(operation.place.arn("events", "event-bus/default")),
            member @ Member::Texts(_) => buses.extend(member.text().map(|name| match is_arn(name, "") {
                true => name.to_owned(),
                false => operation.place.arn("events", &format!("event-bus/{name}")),
            })),
        }
    }
    buses.sort();
    buses.dedup();
    Permission::new(action, buses)
}

/// Rules of the default event bus have no bus in their ARN.
fn rule(operation: &Operation<'_>) -> Option<Vec<Permission>> {
    let named = resources::of(operation);
    let is_rule = named.arns.iter().any(|arn| arn.contains(":rule/default/"));
    let plain = |arn: &String| arn.replace(":rule/default/", ":rule/");
    is_rule.then(|| actions_on(operation, named.arns.iter().map(plain).collect(), ""))
}

/// A message goes to a topic, to an endpoint of a mobile application, or to a phone.
fn publication(operation: &Operation<'_>) -> Option<Vec<Permission>> {
    let target = Member::of(operation.parameters, "TargetArn");
    if let Some(arn) = target.text() {
        return Some(actions_on(operation, vec![arn.to_owned()], ""));
    }
    let is_phone =
        operation.parameters.is_object() && Member::of(operation.parameters, "PhoneNumber") != Member::Absent;
    is_phone.then(|| actions_on(operation, Vec::new(), "a phone number is no resource"))
}

/// A model is named by its id, by the id of a profile that reaches it in several Regions, or by an ARN.
fn model(operation: &Operation<'_>) -> Option<Vec<Permission>> {
    let member = Member::of(operation.parameters, "ModelId");
    let Some(model) = member.text() else {
        let has_model = matches!(operation.name, "Converse" | "InvokeModel" | "StartAsyncInvoke");
        return has_model.then(|| actions_on(operation, Vec::new(), "`ModelId` is chosen when it runs"));
    };
    let foundation = |region: &str, model: &str| {
        format!(
            "arn:{}:bedrock:{region}::foundation-model/{model}",
            operation.place.partition
        )
    };
    let of_profile = ["us.", "eu.", "apac.", "us-gov.", "jp.", "au.", "global."]
        .iter()
        .find_map(|area| model.strip_prefix(area));
    let arns = match of_profile {
        _ if is_arn(model, "") => vec![model.to_owned()],
        Some(inner) => vec![
            operation
                .place
                .arn("bedrock", &format!("inference-profile/{model}")),
            // A profile takes the model of any of its Regions.
            foundation("*", inner),
        ],
        None => vec![foundation(&operation.place.region, model)],
    };
    Some(actions_on(operation, arns, ""))
}

fn customization(operation: &Operation<'_>) -> Permission {
    let action = "bedrock:CreateModelCustomizationJob";
    let base = Member::of(operation.parameters, "BaseModelIdentifier");
    let Some(base) = base.text() else {
        return Permission::wide(action, "`BaseModelIdentifier` is chosen when it runs");
    };
    let place = operation.place;
    let base = match is_arn(base, "") {
        true => base.to_owned(),
        false => format!(
            "arn:{}:bedrock:{}::foundation-model/{base}",
            place.partition, place.region
        ),
    };
    let made = ["custom-model/*", "model-customization-job/*"].map(|resource| place.arn("bedrock", resource));
    Permission::new(action, [base].into_iter().chain(made).collect())
}

/// What is created with tags has to be allowed to be tagged.
fn tagged(operation: &Operation<'_>) -> Option<Vec<Permission>> {
    let action = match (operation.client, operation.name) {
        ("batch", "SubmitJob") => "batch:TagResource",
        ("ecs", "RunTask") => "ecs:TagResource",
        ("emr", "RunJobFlow") => "elasticmapreduce:AddTags",
        ("emrserverless", "CreateApplication" | "StartJobRun") => "emr-serverless:TagResource",
        ("mediaconvert", "CreateJob") => "mediaconvert:TagResource",
        ("sagemaker", name) if name.starts_with("Create") => "sagemaker:AddTags",
        _ => return None,
    };
    let has_tags =
        operation.parameters.is_object() && Member::of(operation.parameters, "Tags") != Member::Absent;
    let mut needed = own(operation);
    if has_tags {
        needed.push(Permission::wide(action, "what is tagged has no name yet"));
    }
    Some(needed)
}

/// The role of a job is no role that is handed over, but a condition.
fn job_run(operation: &Operation<'_>) -> Permission {
    let Named { arns, wide, .. } = resources::of(operation);
    let permission = Permission {
        wide,
        ..Permission::new("emr-containers:StartJobRun", arns)
    };
    match Member::of(operation.parameters, "ExecutionRoleArn").text() {
        Some(role) if !is_placeholder(role) || is_arn(role, "ExecutionRoleArn") => permission.only_if(
            "StringEquals",
            "emr-containers:ExecutionRoleArn",
            vec![role.to_owned()],
        ),
        Some(_) | None => permission,
    }
}
