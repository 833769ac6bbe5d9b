//! The fields of a distributed Map: where items come from, how they are batched, where results go.
//!
//! They are carried in the program as they stand; here they are only checked.

use super::allowed::{self, Allowed, In};
use super::map::check_reference_path;
use crate::expression::Offered;
use crate::fields::{Fields, integer};
use crate::findings::Findings;
use crate::program::Distributed;
use crate::template;
use serde_json::Value;

/// The most items that a reader may take. // AWS quota
const MAX_ITEMS_MAX: u64 = 100_000_000;

const ITEM_READER: Allowed = &[
    (In::Both, &["Resource", "ReaderConfig"]),
    (In::Jsonpath, &["Parameters"]),
    (In::Jsonata, &["Arguments"]),
];
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
        if let Some((config, at)) = reader.object("ReaderConfig") {
            limit(&mut reader.of(config, at), "MaxItems", MAX_ITEMS_MAX);
        }
    });
    let item_batcher = part(fields, "ItemBatcher", ITEM_BATCHER, |batcher| {
        limit(batcher, "MaxItemsPerBatch", u64::MAX);
        limit(batcher, "MaxInputBytesPerBatch", u64::MAX);
    });
    let result_writer = part(fields, "ResultWriter", RESULT_WRITER, |writer| {
        writer.object("WriterConfig");
    });
    Distributed {
        express,
        label,
        item_reader,
        item_batcher,
        result_writer,
    }
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
    fields.findings.add_errors_of(found);
    Some(value.clone())
}

/// Checks a number with its `...Path` form; an expression is checked with the templates.
fn limit(fields: &mut Fields<'_, '_>, name: &str, most: u64) {
    let path = format!("{name}Path");
    if fields.is_jsonata() {
        if fields.value(&path).is_some() {
            allowed::check_one(fields, &path, Some(In::Jsonpath));
        }
        if fields.value(name).is_some_and(Value::is_string) {
            return;
        }
    }
    fields.at_most_one(&[name, &path]);
    fields.read(name, integer(0, most));
    check_reference_path(fields, &path);
}
