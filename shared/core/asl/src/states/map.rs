//! Map: runs its processor once for each item.

use super::{allowed, catching, distributed, retrying};
use crate::expression::Offered;
use crate::fields::{Fields, integer, number, string};
use crate::findings::code;
use crate::parse::outline::Outline;
use crate::program::{Items, MachineId, Map, MapMode, Setting};
use serde_json::Value;

/// How long the label of a distributed Map may be. // AWS quota
const LABEL_CHARS_MAX: usize = 40;

/// The fields that only a distributed Map has.
const DISTRIBUTED_ONLY: [&str; 4] = ["ItemReader", "ItemBatcher", "ResultWriter", "Label"];

/// Reads a Map state, whose processor was outlined before.
pub(crate) fn read(
    fields: &mut Fields<'_, '_>,
    outline: &Outline<'_>,
    children: &[MachineId],
) -> Option<Map> {
    if fields.value("Iterator").is_none() {
        fields.require(&["ItemProcessor"]);
    }
    fields.at_most_one(&["ItemProcessor", "Iterator"]);
    fields.object("ItemProcessor");
    fields.object("Iterator");
    let processor = children.first().copied();
    let distributed = processor
        .and_then(|id| outline.machines.get(id.0 as usize))
        .is_some_and(|machine| machine.distributed);
    let mode = mode(fields, distributed);
    let items = items(fields);
    let mut flow = fields.flow(Offered::RESULT);
    // `Parameters` of a Map is what `ItemSelector` was called at first.
    let legacy_selector = flow.arguments.take();
    if !fields.is_jsonata() {
        fields.at_most_one(&["ItemSelector", "Parameters"]);
    }
    let item_selector = fields
        .template("ItemSelector", Offered::INPUT)
        .or(legacy_selector);
    let max_concurrency = count(fields, "MaxConcurrency").unwrap_or(Setting::Fixed(0));
    let tolerated_failure_count = count(fields, "ToleratedFailureCount");
    let tolerated_failure_percentage = fields.setting("ToleratedFailurePercentage", number(0.0, 100.0));
    check_reference_path(fields, "ToleratedFailurePercentagePath");
    let retry = retrying::read(fields);
    let catch = catching::read(fields);
    let transition = fields.transition();
    Some(Map {
        flow,
        processor: processor?,
        mode,
        items,
        item_selector,
        max_concurrency,
        tolerated_failure_count,
        tolerated_failure_percentage,
        retry,
        catch,
        transition,
    })
}

fn items(fields: &mut Fields<'_, '_>) -> Items {
    if !fields.is_jsonata() {
        return Items::Path(fields.selector("ItemsPath"));
    }
    match fields.value("Items") {
        None => Items::Input,
        Some(value) => {
            if !(value.is_array() || value.is_object() || value.is_string()) {
                fields.findings.schema(
                    &fields.at.field("Items"),
                    "Value must be an Array, an Object or a JSONata expression",
                );
            }
            fields
                .template("Items", Offered::INPUT)
                .map_or(Items::Input, Items::Template)
        }
    }
}

fn count(fields: &mut Fields<'_, '_>, name: &str) -> Option<Setting<u64>> {
    check_reference_path(fields, &format!("{name}Path"));
    fields.setting(name, integer(0, u64::MAX))
}

/// Reports a path that may give several values, or that reads the Context object.
///
/// AWS asks for a reference path in the numbers of a Map, and only there refuses the Context object.
pub(super) fn check_reference_path(fields: &mut Fields<'_, '_>, name: &str) {
    fields.read(name, |value| match jsonpath::Path::parse(string(value)?) {
        Ok(path) if !path.is_definite() || matches!(path.root(), jsonpath::Root::Context) => {
            Err("Value is not a Reference Path".to_owned())
        }
        _ => Ok(()), // a text that is no path is reported where the field is read
    });
}

/// Reads `ProcessorConfig`, and the fields that only one mode has.
fn mode(fields: &mut Fields<'_, '_>, distributed: bool) -> MapMode {
    let express = processor_config(fields);
    if !distributed {
        for name in DISTRIBUTED_ONLY {
            if fields.value(name).is_some() {
                let message = format!(
                    "Field '{name}' is only supported when the 'Mode' of the Map state is 'DISTRIBUTED'"
                );
                fields.findings.schema(&fields.at, message);
            }
        }
        return MapMode::Inline;
    }
    if fields.around.express {
        fields.findings.schema(
            &fields.at,
            "Express state machine does not support Map state in 'DISTRIBUTED' mode",
        );
    }
    let label = label(fields);
    MapMode::Distributed(Box::new(distributed::read(fields, express, label)))
}

/// Checks `ProcessorConfig`; returns whether `ExecutionType` is `EXPRESS`.
fn processor_config(fields: &mut Fields<'_, '_>) -> bool {
    let name = if fields.value("ItemProcessor").is_some() {
        "ItemProcessor"
    } else {
        "Iterator"
    };
    let Some(Value::Object(processor)) = fields.value(name) else {
        return false;
    };
    let mut processor = fields.of(processor, fields.at.field(name));
    let Some((config, at)) = processor.object("ProcessorConfig") else {
        return false;
    };
    let mut config = processor.of(config, at);
    allowed::check(&mut config, &[(allowed::In::Both, &["Mode", "ExecutionType"])]);
    let mode = config.read("Mode", |value| match string(value)? {
        mode @ ("INLINE" | "DISTRIBUTED") => Ok(mode),
        _ => Err("The field 'Mode' should have one of these values: [INLINE, DISTRIBUTED]".to_owned()),
    });
    let execution_type = config.read("ExecutionType", |value| match string(value)? {
        "STANDARD" => Ok(false),
        "EXPRESS" => Ok(true),
        _ => Err("The field 'ExecutionType' should have one of these values: [STANDARD, EXPRESS]".to_owned()),
    });
    if mode == Some("DISTRIBUTED") {
        config.require(&["ExecutionType"]);
    }
    execution_type.unwrap_or(false)
}

fn label(fields: &mut Fields<'_, '_>) -> Option<String> {
    let label = fields.read("Label", string)?;
    let length = label.chars().count();
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "?*<>{}[]:;,\\|^~$#%&`\"/".contains(c);
    if length == 0 || length > LABEL_CHARS_MAX || label.contains(forbidden) {
        let message = format!(
            "The label '{label}' is not valid: it must have 1 to {LABEL_CHARS_MAX} characters, without white space, brackets, wildcards or special characters"
        );
        fields
            .findings
            .error(code::INVALID_LABEL_NAME, &fields.at.field("Label"), message);
    }
    Some(label.to_owned())
}
