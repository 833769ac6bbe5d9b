//! The IAM actions of operations.

use crate::services::sdk;

/// Operations whose action has another name.
const RENAMED: &str = include_str!("actions.txt");

/// Services whose prefix is not the name that their requests are signed for.
// AWS: Service Authorization Reference, September 2026
const PREFIXES: &[(&str, &str)] = &[
    ("cloudcontrol", "cloudformation"),
    ("cloudwatch", "cloudwatch"),
    ("iotdataplane", "iot"),
    ("iotjobsdataplane", "iotjobsdata"),
    ("iotsecuretunneling", "iot"),
    ("mturk", "mechanicalturk"),
    ("partnercentralaccount", "partnercentral"),
    ("partnercentralbenefits", "partnercentral"),
    ("partnercentralchannel", "partnercentral"),
    ("partnercentralselling", "partnercentral"),
    ("qldbsession", "qldb"),
    ("resourcegroupstaggingapi", "tag"),
];

/// Returns what stands before the colon of a service's actions.
pub(super) fn prefix(client: &str) -> &str {
    let known = PREFIXES.iter().find(|(service, _)| *service == client);
    known
        .map(|(_, prefix)| *prefix)
        .or_else(|| sdk::find(client).map(|service| service.signing_name()))
        .unwrap_or(client)
}

/// Returns the actions that an operation needs, in alphabetical order.
pub(super) fn of(client: &str, operation: &str) -> Vec<String> {
    let prefix = prefix(client);
    let names = match prefix {
        // The actions of API Gateway's management are HTTP methods.
        "apigateway" => method(client, operation),
        _ => renamed(client, operation).unwrap_or(operation),
    };
    let full = |name: &str| match name.contains(':') {
        true => name.to_owned(),
        false => format!("{prefix}:{name}"),
    };
    names.split(',').map(full).collect()
}

fn renamed(client: &str, operation: &str) -> Option<&'static str> {
    rows(RENAMED).find_map(|[service, operations, actions]| {
        (service == client && names(operations, operation)).then_some(actions)
    })
}

/// Reads a table: lines of three fields, with comments.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = [&'static str; 3]> {
    table.lines().filter_map(|line| {
        let mut fields = line.split('|');
        let row = [fields.next()?, fields.next()?, fields.next()?];
        (!line.starts_with('#')).then_some(row)
    })
}

/// Returns whether a list has an operation; case tells nothing, since tasks write `describeDBInstances` in several ways.
pub(super) fn names(operations: &str, operation: &str) -> bool {
    operations
        .split(',')
        .any(|known| known.eq_ignore_ascii_case(operation))
}

/// Returns the HTTP method of an operation of API Gateway, or its name where that is the action.
fn method<'o>(client: &str, operation: &'o str) -> &'o str {
    const NAMED: [&str; 4] = ["Portal", "ProductPage", "ProductRestEndpointPage", "RoutingRule"];
    const METHODS: [(&str, &str); 9] = [
        ("Get", "GET"),
        ("Export", "GET"),
        ("List", "GET"),
        ("Update", "PATCH"),
        ("Put", "PUT"),
        ("Delete", "DELETE"),
        ("Flush", "DELETE"),
        ("Untag", "DELETE"),
        ("Reset", "DELETE"),
    ];
    if NAMED.iter().any(|name| operation.contains(name)) {
        return operation;
    }
    match operation {
        "ImportApi" | "ImportDocumentationParts" | "ReimportApi" => return "PUT",
        "TagResource" if client == "apigateway" => return "PUT",
        _ => {}
    }
    let known = METHODS.iter().find(|(verb, _)| operation.starts_with(verb));
    known.map_or("POST", |(_, method)| method)
}
