//! Which fields each kind of object may have, in which language.

use crate::fields::Fields;
use crate::parse::outline::Role;

/// In which query language a field exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum In {
    Both,
    Jsonpath,
    Jsonata,
}

/// The fields that an object may have.
pub(crate) type Allowed = &'static [(In, &'static [&'static str])];

/// The eight types, in AWS's order.
pub(crate) const STATE_TYPES: [&str; 8] = [
    "Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map",
];

const EVERY_STATE: &[&str] = &["Type", "Comment", "QueryLanguage"];

const PASS: Allowed = &[
    (In::Both, EVERY_STATE),
    (In::Both, &["Next", "End", "Assign"]),
    (
        In::Jsonpath,
        &["InputPath", "OutputPath", "Parameters", "Result", "ResultPath"],
    ),
    (In::Jsonata, &["Output"]),
];
const TASK: Allowed = &[
    (In::Both, EVERY_STATE),
    (In::Both, &["Next", "End", "Assign", "Retry", "Catch"]),
    (
        In::Both,
        &["Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials"],
    ),
    (
        In::Jsonpath,
        &[
            "InputPath",
            "OutputPath",
            "Parameters",
            "ResultSelector",
            "ResultPath",
        ],
    ),
    (In::Jsonpath, &["TimeoutSecondsPath", "HeartbeatSecondsPath"]),
    (In::Jsonata, &["Arguments", "Output"]),
];
const CHOICE: Allowed = &[
    (In::Both, EVERY_STATE),
    (In::Both, &["Choices", "Default", "Assign"]),
    (In::Jsonpath, &["InputPath", "OutputPath"]),
    (In::Jsonata, &["Output"]),
];
const WAIT: Allowed = &[
    (In::Both, EVERY_STATE),
    (In::Both, &["Next", "End", "Assign", "Seconds", "Timestamp"]),
    (
        In::Jsonpath,
        &["InputPath", "OutputPath", "SecondsPath", "TimestampPath"],
    ),
    (In::Jsonata, &["Output"]),
];
const SUCCEED: Allowed = &[
    (In::Both, EVERY_STATE),
    (In::Jsonpath, &["InputPath", "OutputPath"]),
    (In::Jsonata, &["Output"]),
];
const FAIL: Allowed = &[
    (In::Both, EVERY_STATE),
    (In::Both, &["Error", "Cause"]),
    (In::Jsonpath, &["ErrorPath", "CausePath"]),
];
const PARALLEL: Allowed = &[
    (In::Both, EVERY_STATE),
    (In::Both, &["Next", "End", "Assign", "Retry", "Catch", "Branches"]),
    (
        In::Jsonpath,
        &[
            "InputPath",
            "OutputPath",
            "Parameters",
            "ResultSelector",
            "ResultPath",
        ],
    ),
    (In::Jsonata, &["Arguments", "Output"]),
];
const MAP: Allowed = &[
    (In::Both, EVERY_STATE),
    (In::Both, &["Next", "End", "Assign", "Retry", "Catch"]),
    (
        In::Both,
        &["ItemProcessor", "Iterator", "ItemSelector", "MaxConcurrency"],
    ),
    (In::Both, &["ToleratedFailureCount", "ToleratedFailurePercentage"]),
    (In::Both, &["Label", "ItemReader", "ItemBatcher", "ResultWriter"]),
    (
        In::Jsonpath,
        &[
            "InputPath",
            "OutputPath",
            "Parameters",
            "ResultSelector",
            "ResultPath",
            "ItemsPath",
        ],
    ),
    (
        In::Jsonpath,
        &[
            "MaxConcurrencyPath",
            "ToleratedFailureCountPath",
            "ToleratedFailurePercentagePath",
        ],
    ),
    (In::Jsonata, &["Items", "Output"]),
];

const DEFINITION: Allowed = &[(
    In::Both,
    &[
        "Comment",
        "StartAt",
        "States",
        "Version",
        "TimeoutSeconds",
        "QueryLanguage",
    ],
)];
const BRANCH: Allowed = &[(In::Both, &["Comment", "StartAt", "States", "QueryLanguage"])];
const PROCESSOR: Allowed = &[(In::Both, &["Comment", "StartAt", "States", "ProcessorConfig"])];

/// An entry of `Retry`.
pub(crate) const RETRIER: Allowed = &[(
    In::Both,
    &[
        "Comment",
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "MaxDelaySeconds",
        "JitterStrategy",
    ],
)];
/// An entry of `Catch`.
pub(crate) const CATCHER: Allowed = &[
    (In::Both, &["Comment", "ErrorEquals", "Next", "Assign"]),
    (In::Jsonpath, &["ResultPath"]),
    (In::Jsonata, &["Output"]),
];

/// Returns the fields of a type of state.
pub(crate) fn of_state(kind: &str) -> Option<Allowed> {
    Some(match kind {
        "Pass" => PASS,
        "Task" => TASK,
        "Choice" => CHOICE,
        "Wait" => WAIT,
        "Succeed" => SUCCEED,
        "Fail" => FAIL,
        "Parallel" => PARALLEL,
        "Map" => MAP,
        _ => return None,
    })
}

/// Reports fields that the object may not have, or not in its language.
pub(crate) fn check(fields: &mut Fields<'_, '_>, allowed: Allowed) {
    for name in fields.object.keys() {
        let found = allowed
            .iter()
            .find(|(_, names)| names.contains(&name.as_str()))
            .map(|(language, _)| *language);
        check_one(fields, name, found);
    }
}

/// Reports a field that does not exist (`found` is nothing) or belongs to the other language.
pub(crate) fn check_one(fields: &mut Fields<'_, '_>, name: &str, found: Option<In>) {
    let (own, other) = if fields.is_jsonata() {
        ("JSONata", "JSONPath")
    } else {
        ("JSONPath", "JSONata")
    };
    let fits = match found {
        Some(In::Both) => true,
        Some(In::Jsonpath) => !fields.is_jsonata(),
        Some(In::Jsonata) => fields.is_jsonata(),
        None => {
            fields
                .findings
                .schema(&fields.at, format!("Field '{name}' is not supported"));
            return;
        }
    };
    if !fits {
        let message = format!(
            "The QueryLanguage is set to '{own}', but field '{name}' is only supported for the '{other}' QueryLanguage"
        );
        fields.findings.schema(&fields.at, message);
    }
}

/// Reports fields that a machine may not have.
pub(crate) fn check_machine(fields: &mut Fields<'_, '_>, role: Role) {
    let allowed = match role {
        Role::Definition => DEFINITION,
        Role::Branch => BRANCH,
        Role::Processor => PROCESSOR,
    };
    check(fields, allowed);
}
