//! Good definitions, each with mistakes that are made in it one at a time, and what is found then.
//!
//! A file holds a definition without any finding; `mistakes`: what is changed and a finding that must come of it, as
//! severity, code and place; and `accepted`: changes that AWS takes, and of which nothing may be found.

#![expect(clippy::unwrap_used, reason = "a file that is no table fails its test")]

use asl::{Diagnostic, MachineType, Severity, compile};
use serde_json::{Map, Value};

const TABLES: [(&str, &str); 12] = [
    ("choices", include_str!("mistakes/choices.json")),
    ("errors", include_str!("mistakes/errors.json")),
    ("express", include_str!("mistakes/express.json")),
    ("fields", include_str!("mistakes/fields.json")),
    ("jsonata", include_str!("mistakes/jsonata.json")),
    ("machine", include_str!("mistakes/machine.json")),
    ("maps", include_str!("mistakes/maps.json")),
    ("paths", include_str!("mistakes/paths.json")),
    ("tasks", include_str!("mistakes/tasks.json")),
    ("templates", include_str!("mistakes/templates.json")),
    ("transitions", include_str!("mistakes/transitions.json")),
    ("variables", include_str!("mistakes/variables.json")),
];

#[test]
fn every_mistake_is_found_in_its_place() {
    let mut failed = Vec::new();
    let mut count = 0;
    for (name, text) in TABLES {
        let table: Value = serde_json::from_str(text).unwrap();
        for mistake in table["mistakes"].as_array().unwrap() {
            count += 1;
            let found = findings(&table, &changed(&table["definition"], mistake));
            let wanted = mistake["found"].as_str().unwrap();
            // What is worth a warning is accepted: it must not come with an error.
            let refused = found.iter().any(|finding| finding.starts_with("ERROR"));
            if !found.iter().any(|finding| finding == wanted) || refused != wanted.starts_with("ERROR") {
                failed.push(format!(
                    "{name}: {}: wanted {wanted}, found {found:?}",
                    mistake["what"]
                ));
            }
        }
    }
    assert!(count > 150, "{count}");
    assert!(
        failed.is_empty(),
        "{} of {count} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn nothing_is_found_where_aws_is_content() {
    let mut failed = Vec::new();
    for (name, text) in TABLES {
        let table: Value = serde_json::from_str(text).unwrap();
        let unchanged = serde_json::json!({"what": "unchanged"});
        let accepted = table["accepted"].as_array().unwrap();
        for change in accepted.iter().chain([&unchanged]) {
            let found = findings(&table, &changed(&table["definition"], change));
            if !found.is_empty() {
                failed.push(format!("{name}: {}: {found:?}", change["what"]));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Returns the findings as severity, code and place.
fn findings(table: &Value, definition: &Value) -> Vec<String> {
    let machine_type = match table["type"].as_str() {
        Some("EXPRESS") => MachineType::Express,
        _ => MachineType::Standard,
    };
    let line = |found: &Diagnostic| {
        let severity = match found.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
        };
        format!("{severity} {} {}", found.code, found.location)
            .trim_end()
            .to_owned()
    };
    let compiled = compile(&definition.to_string(), machine_type);
    compiled.diagnostics.iter().map(line).collect()
}

/// Returns the definition after the renaming, the dropping and the putting of `change`.
fn changed(definition: &Value, change: &Value) -> Value {
    let mut value = definition.clone();
    for (place, name) in change["rename"].as_object().into_iter().flatten() {
        let (parent, key) = parent(&mut value, place);
        let object = parent.as_object_mut().unwrap();
        let renamed: Map<String, Value> = std::mem::take(object)
            .into_iter()
            .map(|(old, value)| {
                if old == key {
                    (name.as_str().unwrap().to_owned(), value)
                } else {
                    (old, value)
                }
            })
            .collect();
        *object = renamed;
    }
    for place in change["drop"].as_array().into_iter().flatten() {
        let (parent, key) = parent(&mut value, place.as_str().unwrap());
        parent.as_object_mut().unwrap().shift_remove(&key).unwrap();
    }
    for (place, new) in change["put"].as_object().into_iter().flatten() {
        let (parent, key) = parent(&mut value, place);
        match parent {
            Value::Array(items) if key == "-" => items.push(new.clone()),
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = new.clone(),
            other => {
                other.as_object_mut().unwrap().insert(key, new.clone());
            }
        }
    }
    value
}

/// Splits a JSON pointer into what holds the place and the last name.
fn parent<'v>(value: &'v mut Value, place: &str) -> (&'v mut Value, String) {
    let (parent, key) = place.rsplit_once('/').unwrap();
    (value.pointer_mut(parent).unwrap(), key.to_owned())
}
