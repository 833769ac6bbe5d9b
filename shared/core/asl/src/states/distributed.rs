//! The fields of a distributed Map: where items come from, how they are batched, where results go.

use super::allowed::{self, Allowed, In};
use super::map::check_reference_path;
use super::parameters;
use super::task::unknown_resource;
use crate::expression::Offered;
use crate::fields::{Fields, integer, string, strings};
use crate::findings::Findings;
use crate::program::{Distributed, ItemBatcher, ItemReader, ReaderAction};
use crate::template;
use serde_json::{Map, Value};

/// The most items that a reader may take. // AWS quota
const MAX_ITEMS_MAX: u64 = 100_000_000;

const ITEM_READER: Allowed = &[
    (In::Both, &["Resource", "ReaderConfig"]),
    (In::Jsonpath, &["Parameters"]),
    (In::Jsonata, &["Arguments"]),
];
const READER_CONFIG: Allowed = &[
    (
        In::Both,
        &["InputType", "ItemsPointer", "Transformation", "ManifestType"],
    ),
    (In::Both, &["CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"]),
    (In::Both, &["MaxItems", "VersionId", "ExpectedBucketOwner"]),
    (In::Jsonpath, &["MaxItemsPath"]),
];
const WRITER_CONFIG: Allowed = &[(In::Both, &["Transformation", "OutputType"])];
const ITEM_BATCHER: Allowed = &[
    (
        In::Both,
        &["MaxItemsPerBatch", "MaxInputBytesPerBatch", "BatchInput"],
    ),
    (
        In::Jsonpath,
        &["MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"],
    ),
];
const RESULT_WRITER: Allowed = &[
    (In::Both, &["Resource", "WriterConfig"]),
    (In::Jsonpath, &["Parameters"]),
    (In::Jsonata, &["Arguments"]),
];

/// Reads the fields that only a distributed Map has.
pub(super) fn read(fields: &mut Fields<'_, '_>, express: bool, label: Option<String>) -> Distributed {
    let item_reader = part(fields, "ItemReader", ITEM_READER, |reader| {
        reader.require(&["Resource"]);
        resource(reader, &["getObject", "listObjectsV2"]);
        if let Some((config, at)) = reader.object("ReaderConfig") {
            reader_config(&mut reader.of(config, at));
        }
    });
    let item_batcher = part(fields, "ItemBatcher", ITEM_BATCHER, |batcher| {
        limit(batcher, "MaxItemsPerBatch", u64::MAX);
        limit(batcher, "MaxInputBytesPerBatch", u64::MAX);
    });
    let result_writer = part(fields, "ResultWriter", RESULT_WRITER, |writer| {
        resource(writer, &["putObject"]);
        if let Some((config, at)) = writer.object("WriterConfig") {
            let mut config = writer.of(config, at);
            allowed::check(&mut config, WRITER_CONFIG);
            one_of(&mut config, "Transformation", &["NONE", "COMPACT", "FLATTEN"]);
            one_of(&mut config, "OutputType", &["JSON", "JSONL"]);
        }
    });
    let reader = compiled(fields, "ItemReader", reader);
    let batcher = compiled(fields, "ItemBatcher", |batcher| {
        Some(ItemBatcher {
            max_items: batcher.setting("MaxItemsPerBatch", integer(0, u64::MAX)),
            max_input_bytes: batcher.setting("MaxInputBytesPerBatch", integer(0, u64::MAX)),
            batch_input: batcher.template("BatchInput", Offered::INPUT),
        })
    });
    Distributed {
        express,
        label,
        item_reader,
        item_batcher,
        result_writer,
        reader,
        batcher,
    }
}

fn reader(reader: &mut Fields<'_, '_>) -> Option<ItemReader> {
    let resource = reader.value("Resource").and_then(Value::as_str)?;
    let action = if resource.ends_with(":s3:getObject") {
        ReaderAction::GetObject
    } else if resource.ends_with(":s3:listObjectsV2") {
        ReaderAction::ListObjects
    } else {
        return None;
    };
    let arguments = match reader.is_jsonata() {
        true => reader.template("Arguments", Offered::INPUT),
        false => reader.template("Parameters", Offered::INPUT),
    };
    let (mut config, mut max_items) = (None, None);
    if let Some((given, at)) = reader.object("ReaderConfig") {
        max_items = reader
            .of(given, at.clone())
            .setting("MaxItems", integer(0, MAX_ITEMS_MAX));
        let others = given.iter().filter(|(name, _)| !name.starts_with("MaxItems"));
        let others: Map<String, Value> = others
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let compiler = template::Reader {
            language: reader.around.language,
            offered: Offered::INPUT,
        };
        config = Some(compiler.template(&Value::Object(others), &at, reader.findings));
    }
    Some(ItemReader {
        action,
        arguments,
        config,
        max_items,
    })
}

/// Compiles a part that was checked before; what is found twice is reported once.
fn compiled<T>(
    fields: &mut Fields<'_, '_>,
    name: &str,
    compile: impl Fn(&mut Fields<'_, '_>) -> Option<T>,
) -> Option<T> {
    let object = fields.value(name)?.as_object()?;
    let mut found = Findings::default();
    let part = compile(&mut Fields {
        object,
        at: fields.at.field(name),
        around: fields.around,
        findings: &mut found,
    });
    if found.has_errors() && !fields.findings.has_errors() {
        fields.findings.add_all(found);
    }
    part
}

fn reader_config(config: &mut Fields<'_, '_>) {
    allowed::check(config, READER_CONFIG);
    limit(config, "MaxItems", MAX_ITEMS_MAX);
    one_of(
        config,
        "InputType",
        &["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"],
    );
    one_of(config, "CSVHeaderLocation", &["FIRST_ROW", "GIVEN"]);
    one_of(
        config,
        "CSVDelimiter",
        &["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"],
    );
    one_of(config, "ManifestType", &["ATHENA_DATA", "S3_INVENTORY"]);
    one_of(config, "Transformation", &["NONE", "LOAD_AND_FLATTEN"]);
    if !(config.is_jsonata() && config.value("CSVHeaders").is_some_and(Value::is_string)) {
        config.read("CSVHeaders", strings);
    }
    if config.value("CSVHeaderLocation").and_then(Value::as_str) == Some("GIVEN") {
        config.require(&["CSVHeaders"]);
    }
}

/// Checks that the Resource is one of these actions of S3, and that it is given its parameters.
fn resource(fields: &mut Fields<'_, '_>, actions: &[&'static str]) {
    let action = fields.read("Resource", |value| {
        let text = string(value)?;
        let named = |action: &&str| text.ends_with(&format!(":s3:{action}"));
        let found = actions.iter().copied().find(named);
        found
            .filter(|_| text.starts_with("arn:"))
            .ok_or_else(|| unknown_resource(text))
    });
    if let Some(action) = action {
        parameters::check_needs(fields, "s3", action);
    }
}

/// Checks a field that has one of a few values, or is an expression.
fn one_of(fields: &mut Fields<'_, '_>, name: &str, values: &[&str]) {
    let jsonata = fields.is_jsonata();
    fields.read(name, |value| match string(value)? {
        text if values.contains(&text) || (jsonata && text.starts_with("{%")) => Ok(()),
        _ => Err(format!(
            "The field '{name}' should have one of these values: [{}]",
            values.join(", ")
        )),
    });
}

fn part(
    fields: &mut Fields<'_, '_>,
    name: &str,
    allowed: Allowed,
    check: impl Fn(&mut Fields<'_, '_>),
) -> Option<Value> {
    let (object, at) = fields.object(name)?;
    let mut part = fields.of(object, at.clone());
    allowed::check(&mut part, allowed);
    check(&mut part);
    let value = fields.value(name)?;
    // Templates stand in several places below; what may not stand in one may not stand anywhere here.
    let reader = template::Reader {
        language: fields.around.language,
        offered: Offered::INPUT,
    };
    let mut found = Findings::default();
    reader.template(value, &at, &mut found);
    // `MaxItemsPath` and its like hold paths, and are no fields of a template.
    found.forget_warnings(|location| location.ends_with("Path"));
    fields.findings.add_all(found);
    Some(value.clone())
}

/// Checks a number with its `...Path` form; an expression is checked with the templates.
fn limit(fields: &mut Fields<'_, '_>, name: &str, most: u64) {
    if fields.is_jsonata() && fields.value(name).is_some_and(Value::is_string) {
        return;
    }
    let path = format!("{name}Path");
    fields.at_most_one(&[name, &path]);
    fields.read(name, integer(0, most));
    check_reference_path(fields, &path);
}
