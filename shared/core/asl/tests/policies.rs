//! Small definitions, and the policies that their roles need; and real ones, which have to have one.
//!
//! A file holds the `states` of a definition, which run beside each other, the `policy` of its role, the `roles` of
//! `Credentials` with theirs, and the `notes`. `STEPWELL_WRITE_CASES=1` writes what came out, for a file that does not say
//! it yet; it is read before it is committed.

#![expect(clippy::unwrap_used, reason = "a file that is no case fails its test")]

mod recordings;

use asl::policy::{self, Need, Place, Role};
use asl::{MachineType, Severity, compile};
use recordings::{read, recordings, replaced};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Definitions that are not read, and why.
const REFUSED: [(&str, &str); 2] = [
    (".yaml", "INVALID_JSON_DESCRIPTION"),
    // A comma is missing in it.
    (
        "sfn-iot-data-analytics-dataset__statemachine__statemachine.asl.json",
        "INVALID_JSON_DESCRIPTION",
    ),
];

#[test]
#[expect(clippy::disallowed_methods, reason = "the cases are files")]
fn small_definitions_have_just_the_policy_that_they_need() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let case: Value = serde_json::from_str(&read(&path)).unwrap();
        let found = outcome(&case["states"]);
        if case.get("policy").is_none() && std::env::var("STEPWELL_WRITE_CASES").is_ok() {
            let mut written = case.as_object().unwrap().clone();
            written.extend(found.as_object().unwrap().clone());
            std::fs::write(&path, format!("{:#}\n", Value::Object(written))).unwrap();
            continue;
        }
        for part in ["policy", "roles", "notes"] {
            assert_eq!(found[part], case[part], "{}: {part}", path.display());
        }
        count += 1;
    }
    assert!(count >= 8, "{count}");
}

/// Every real definition has a policy that IAM would read, or a reason that names what is wrong with it.
#[test]
fn real_definitions_have_a_policy_or_a_reason() {
    for path in recordings("corpus") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            continue;
        }
        // A placeholder is a function where it is a whole Resource, and stays what it is everywhere else.
        let text = replaced(&read(&path), "\"Resource\": \"${", "}\"", |name| {
            format!("\"Resource\": \"arn:aws:lambda:::function:${{{name}}}\"")
        });
        let compiled = compile(&text, MachineType::Standard);
        let Some(program) = compiled.program else {
            let errors = compiled.diagnostics.iter();
            let mut codes = errors.filter(|finding| finding.severity == Severity::Error);
            let known = REFUSED.iter().find(|(end, _)| name.ends_with(end));
            let (_, code) = known.unwrap_or_else(|| panic!("{name}: {:?}", compiled.diagnostics));
            assert!(codes.all(|finding| finding.code == *code), "{name}");
            continue;
        };
        let needs = policy::needs(&program, &Place::anywhere());
        let document = policy::document(&needs).to_json();
        assert_eq!(document["Version"], "2012-10-17");
        let mut sids = BTreeSet::new();
        for statement in document["Statement"].as_array().unwrap() {
            let sid = statement["Sid"].as_str().unwrap();
            assert!(sids.insert(sid.to_owned()), "{name}: {sid} stands there twice");
            assert!(
                sid.chars().all(|letter| letter.is_ascii_alphanumeric()),
                "{name}: {sid}"
            );
            for action in statement["Action"].as_array().unwrap() {
                let (service, name) = action.as_str().unwrap().split_once(':').unwrap();
                assert!(!service.is_empty() && !name.is_empty(), "{action}");
            }
            for resource in statement["Resource"].as_array().unwrap() {
                let text = resource.as_str().unwrap();
                let is_arn = text.starts_with("arn:") && text.split(':').count() >= 6;
                assert!(text == "*" || is_arn || text.starts_with("${"), "{name}: {text}");
            }
        }
        let has_tasks = read(&path).contains("arn:aws:states:::");
        assert!(!has_tasks || !sids.is_empty(), "{name} needs nothing?");
    }
}

#[test]
fn a_distributed_map_has_a_policy_and_says_what_is_missing() {
    let processor = json!({ "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } });
    let map = json!({ "Type": "Map", "ItemProcessor": processor, "End": true });
    let definition = json!({ "StartAt": "M", "States": { "M": map } });
    let program = compile(&definition.to_string(), MachineType::Standard)
        .program
        .unwrap();
    assert_eq!(policy::not_implemented(&program), []);
    let missing = |name: &str, part: Value| {
        let mut definition = definition.clone();
        definition["States"]["M"][name] = part;
        let program = compile(&definition.to_string(), MachineType::Standard)
            .program
            .unwrap();
        policy::not_implemented(&program).remove(0).1
    };
    let writer = json!({ "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "b", "Prefix": "p" } });
    assert_eq!(
        missing("ResultWriter", writer),
        "the ResultWriter of the distributed Map is not implemented yet"
    );
    let reader = json!({ "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": { "InputType": "PARQUET" },
        "Parameters": { "Bucket": "b", "Key": "k" } });
    assert_eq!(
        missing("ItemReader", reader),
        "the InputType PARQUET of the distributed Map is not implemented yet"
    );
    let needs = policy::needs(&program, &Place::anywhere());
    assert_eq!(needs[0].permission.action, "states:StartExecution");
}

/// Returns what a definition's role needs, and the roles of its states.
fn outcome(states: &Value) -> Value {
    let states = states.as_object().unwrap();
    let branches: Vec<Value> = states
        .iter()
        .map(|(name, state)| {
            let mut state = state.clone();
            let fields = state.as_object_mut().unwrap();
            fields.entry("Type").or_insert(json!("Task"));
            fields.insert("End".to_owned(), json!(true));
            json!({ "StartAt": name, "States": { name: state } })
        })
        .collect();
    let all = json!({ "Type": "Parallel", "Branches": branches, "End": true });
    let definition = json!({ "StartAt": "All", "States": { "All": all } });
    let compiled = compile(&definition.to_string(), MachineType::Standard);
    let program = compiled
        .program
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let place = Place {
        region: "eu-west-1".to_owned(),
        account: "111111111111".to_owned(),
        state_machine: "own".to_owned(),
        ..Place::anywhere()
    };
    let needs = policy::needs(&program, &place);
    let of = |role: &Option<Role>| {
        let needs: Vec<&Need> = needs.iter().filter(|need| need.role == *role).collect();
        policy::document(needs)
    };
    let own = of(&None);
    let mut roles = Map::new();
    for need in &needs {
        let name = match &need.role {
            None => continue,
            Some(Role::Named(arn)) => arn.clone(),
            Some(Role::Chosen) => "chosen".to_owned(),
        };
        roles.insert(name, of(&need.role).to_json());
    }
    json!({
        "policy": own.to_json(),
        "roles": roles,
        "notes": own.notes,
    })
}
