//! The language's own test suite, through this crate's bounds, guards and replaced functions.
//!
//! The suite is data of the jsonata-js project and not part of this repository. `STEPWELL_JSONATA_SUITE` names its
//! folder (with `groups` and `datasets`); without it and without the default folder the test is skipped.

#![expect(clippy::disallowed_methods, reason = "a test may read the suite's files")]
#![expect(
    clippy::unwrap_used,
    reason = "a file of the suite that cannot be read fails the test"
)]

use std::fs;
use std::path::{Path, PathBuf};

use jsonata::{EvaluationError, Scope, evaluate_with_root};
use serde_json::{Map, Value};

const CASES: usize = 1686;

/// Cases that differ, each with its reason; any other difference fails the test.
const DIFFERENT: [(&str, &str); 7] = [
    (
        "function-encodeUrl/case002#0",
        "its text is a lone surrogate, which JSON text in Rust cannot hold",
    ),
    (
        "function-encodeUrlComponent/case002#0",
        "its text is a lone surrogate, which JSON text in Rust cannot hold",
    ),
    (
        "range-operator/case021#0",
        "ten million items are more than our bound on a sequence",
    ),
    (
        "range-operator/case024#0",
        "ten million items are more than our bound on a sequence",
    ),
    (
        "tail-recursion/case002#0",
        "the suite's runner raises U1001 for depth; the language's own code is D1011",
    ),
    (
        "tail-recursion/case005#0",
        "the suite's runner raises U1001 for depth; the language's own code is D1011",
    ),
    (
        "tail-recursion/case006#0",
        "the suite's runner raises U1001 for time; the language's own code is D1012",
    ),
];

#[test]
fn official_suite() {
    let folder = std::env::var("STEPWELL_JSONATA_SUITE").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/jsonata-suite"),
        PathBuf::from,
    );
    if !folder.join("groups").is_dir() {
        println!("skipped: no JSONata suite in `{}`", folder.display());
        return;
    }
    let cases = read_cases(&folder);
    assert_eq!(cases.len(), CASES, "the suite is another version");
    let mut surprises = Vec::new();
    let mut passed = 0;
    for case in &cases {
        let known = DIFFERENT.iter().any(|(name, _)| *name == case.name);
        match case.run(&folder) {
            Ok(()) if known => surprises.push(format!("{} passes now: take it off the list", case.name)),
            Ok(()) => passed += 1,
            Err(_) if known => {}
            Err(difference) => {
                surprises.push(format!("{}: {difference}\n    {}", case.name, case.expression))
            }
        }
    }
    println!("{passed} of {} cases pass", cases.len());
    assert!(
        surprises.is_empty(),
        "{passed} pass; {} surprises:\n{}",
        surprises.len(),
        surprises.join("\n")
    );
    assert!(
        passed * 100 >= cases.len() * 99,
        "only {passed} of {} pass",
        cases.len()
    );
}

struct Case {
    name: String,
    expression: String,
    fields: Map<String, Value>,
}

impl Case {
    fn run(&self, folder: &Path) -> Result<(), String> {
        let root = match (self.fields.get("data"), self.fields.get("dataset")) {
            (Some(data), _) => Some(data.clone()),
            (None, Some(Value::String(name))) => {
                Some(read_json(&folder.join("datasets").join(format!("{name}.json"))))
            }
            _ => None,
        };
        let bindings = Bindings(self.fields.get("bindings"));
        let number = |name: &str| self.fields.get(name).and_then(Value::as_u64);
        let depth = number("depth").map(|depth| depth as usize);
        let found = evaluate_with_root(
            &self.expression,
            root.as_ref(),
            &bindings,
            depth,
            number("timelimit"),
        );
        self.judge(found)
    }

    fn judge(&self, found: Result<Option<Value>, EvaluationError>) -> Result<(), String> {
        let error = self.fields.get("error").and_then(|error| error.get("code"));
        if let Some(code) = self.fields.get("code").or(error).and_then(Value::as_str) {
            return match found {
                Err(error) if error.code == code => Ok(()),
                other => Err(format!("expected error {code}, got {other:?}")),
            };
        }
        let found = found.map_err(|error| format!("unexpected error {error}"))?;
        let expected = self.fields.get("result").cloned();
        let equal = match (&found, &expected) {
            (Some(Value::Array(found)), Some(Value::Array(expected)))
                if self.fields.contains_key("unordered") =>
            {
                found.len() == expected.len()
                    && expected
                        .iter()
                        .all(|item| found.iter().any(|found| equal(found, item)))
            }
            (Some(found), Some(expected)) => equal(found, expected),
            (found, expected) => found.is_none() && expected.is_none(),
        };
        if equal {
            Ok(())
        } else {
            Err(format!("expected {}, got {}", show(&expected), show(&found)))
        }
    }
}

fn show(value: &Option<Value>) -> String {
    let text = value
        .as_ref()
        .map_or_else(|| String::from("undefined"), Value::to_string);
    text.chars().take(300).collect()
}

/// Equal as JSONata sees it: a number is a double.
fn equal(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => found.as_f64() == expected.as_f64(),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(found, item)| equal(found, item))
        }
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && expected
                    .iter()
                    .all(|(key, item)| found.get(key).is_some_and(|found| equal(found, item)))
        }
        (found, expected) => found == expected,
    }
}

struct Bindings<'a>(Option<&'a Value>);

impl Scope for Bindings<'_> {
    fn states_field(&self, _: &str) -> Option<&Value> {
        None
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.0?.get(name)
    }

    fn random(&self) -> u64 {
        42
    }

    fn now_millis(&self) -> i64 {
        1_700_000_000_123
    }
}

fn read_cases(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for group in sorted(&folder.join("groups")) {
        for file in sorted(&group)
            .iter()
            .filter(|file| file.extension().is_some_and(|end| end == "json"))
        {
            let several = match read_json(file) {
                Value::Array(cases) => cases,
                single => vec![single],
            };
            for (index, case) in several.into_iter().enumerate() {
                let Value::Object(fields) = case else {
                    panic!("`{}` holds no case", file.display())
                };
                let expression = match (&fields.get("expr"), &fields.get("expr-file")) {
                    (Some(Value::String(text)), _) => text.clone(),
                    (_, Some(Value::String(name))) => fs::read_to_string(group.join(name)).unwrap(),
                    _ => panic!("a case of `{}` has no expression", file.display()),
                };
                let name = format!(
                    "{}/{}#{index}",
                    group.file_name().unwrap().to_string_lossy(),
                    file.file_stem().unwrap().to_string_lossy()
                );
                cases.push(Case {
                    name,
                    expression,
                    fields,
                });
            }
        }
    }
    cases
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

/// Reads a file of JSON; a lone surrogate, which JavaScript can hold and Rust cannot, becomes U+FFFD.
fn read_json(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap();
    serde_json::from_str(&text)
        .or_else(|_| serde_json::from_str(&text.replace("\\uD800", "\\uFFFD").replace("\\ud800", "\\ufffd")))
        .unwrap_or_else(|error| panic!("`{}`: {error}", file.display()))
}
