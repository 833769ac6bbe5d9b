//! Every definition that AWS accepted compiles, and what AWS refused is refused in the same words.
//!
//! The recordings are not part of the repository. Without them these tests say so and pass.

#![expect(
    clippy::unwrap_used,
    reason = "a recording that cannot be read fails its test"
)]

#[path = "recordings/placeholders.rs"]
mod placeholders;
mod recordings;

use asl::{Diagnostic, MachineType, Severity, compile};
use placeholders::substituted;
use recordings::{read, recordings, replaced};
use serde_json::Value;
use std::path::Path;

/// Has an object's entry where a value belongs, and is no JSON.
const NO_JSON: &str = "sfn-iot-data-analytics-dataset__statemachine__statemachine.asl.json";
/// Parts of Resources in real definitions that are not known, each with the reason.
const UNRESOLVED: [(&str, &str); 2] = [
    (
        ":776177632559:aws-sdk:",
        "integrations are known without a region and an account only",
    ),
    (":::aws-sdk:lookoutvision:", "AWS has ended the service"),
];

/// Recordings of what looks like an expression and is none: parts of their names.
const TEXTS_LIKE_EXPRESSIONS: [&str; 2] = ["_cases_BASE_LITERALS", "_cases_BASE_LAMBDA_LITERALS"];

#[test]
fn real_definitions_compile() {
    let mut failed = Vec::new();
    for path in recordings("corpus") {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let compiled = compile(&substituted(&read(&path)), MachineType::Standard);
        let mut errors = errors(&compiled.diagnostics);
        if path.ends_with(NO_JSON) {
            assert_eq!(
                errors,
                ["INVALID_JSON_DESCRIPTION: expected `,` or `}` at line 10 column 33 at null"]
            );
            continue;
        }
        assert_eq!(compiled.program.is_none(), !errors.is_empty());
        errors.retain(|error| !UNRESOLVED.iter().any(|(part, _)| error.contains(part)));
        if !errors.is_empty() {
            failed.push(format!("{}: {errors:?}", path.display()));
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn recorded_executions_compile() {
    let mut failed = Vec::new();
    let mut doubted = Vec::new();
    for path in recordings("conformance/execution") {
        let case = parsed(&path);
        let machine_type = match case["type"].as_str() {
            Some("EXPRESS") => MachineType::Express,
            _ => MachineType::Standard,
        };
        let others = case["other_state_machines"].as_array().into_iter().flatten();
        for machine in std::iter::once(&case).chain(others) {
            let text = match &machine["definition"] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let compiled = compile(&bound(&text), machine_type);
            if case["expected"]["status"] == "SUCCEEDED" && !is_one_of(&path, &TEXTS_LIKE_EXPRESSIONS) {
                let warnings = compiled.diagnostics.iter().map(ToString::to_string);
                doubted.extend(warnings.map(|warning| format!("{}: {warning}", path.display())));
            }
            let errors = errors(&compiled.diagnostics);
            if !errors.is_empty() || compiled.program.is_none() {
                failed.push(format!("{}: {errors:?}", path.display()));
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(
        doubted.is_empty(),
        "these ran well in AWS, and yet:\n{}",
        doubted.join("\n")
    );
}

#[test]
fn recorded_validations_give_the_same_findings() {
    let mut failed = Vec::new();
    for folder in [
        "sfn_api_validation",
        "sfn_api_express",
        "sfn_api",
        "credentials",
        "test_state",
    ] {
        for path in recordings(&format!("conformance/api/{folder}")) {
            let case = parsed(&path);
            let Some(definition) = case["request"]["definition"].as_str() else {
                continue;
            };
            let machine_type = match case["request"]["type"].as_str() {
                Some("EXPRESS") => MachineType::Express,
                _ => MachineType::Standard,
            };
            let found = compile(&bound(definition), machine_type).diagnostics;
            let found: Vec<&Diagnostic> = found
                .iter()
                .filter(|one| one.severity == Severity::Error)
                .collect();
            if let Some(wanted) = case["expected"]["diagnostics"].as_array() {
                let found: Vec<Value> = found
                    .iter()
                    .map(|one| serde_json::json!({"code": one.code, "location": one.location, "message": one.message, "severity": "ERROR"}))
                    .collect();
                if &found != wanted {
                    failed.push(format!("{}: {found:?}", path.display()));
                }
            } else if let Some(message) = case["expected"]["message"].as_str()
                && let Some(wanted) = message.strip_prefix("Invalid State Machine Definition: ")
            {
                let found: Vec<String> = found.iter().map(ToString::to_string).collect();
                if format!("'{}'", found.join(", ")) != wanted {
                    failed.push(format!("{}: {found:?}", path.display()));
                }
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

fn is_one_of(path: &Path, parts: &[&str]) -> bool {
    parts.iter().any(|part| path.to_string_lossy().contains(part))
}

fn errors(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .map(ToString::to_string)
        .collect()
}

/// Puts real values in place of the placeholders of a recording.
fn bound(text: &str) -> String {
    let function = "arn:aws:lambda:us-east-1:111111111111:function:name";
    let activity = "arn:aws:states:us-east-1:111111111111:activity:name";
    let named = [
        ("<partition>", "aws"),
        ("<region>", "us-east-1"),
        ("<test_aws_account_id>", "111111111111"),
    ];
    let mut text = named
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    for (from, to) in [
        ("activity_arn", activity),
        ("lambda_function_arn", function),
        ("<resource:1>", function),
    ] {
        text = text.replace(&format!("\"{from}\""), &format!("\"{to}\""));
    }
    // Recordings hide all times.
    text = text
        .replace("\"date\"", "\"2026-01-01T00:00:00Z\"")
        .replace("\"timestamp\"", "\"2026-01-01T00:00:00Z\"");
    replaced(&text, "<", ">", |_| "name".to_owned())
}

fn parsed(path: &Path) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}
