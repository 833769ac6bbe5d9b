//! The ItemReader of a distributed Map: which call of S3 reads the items, and what its answers hold.

use crate::fault::{Fault, errors};
use crate::flow::{Evaluator, type_name};
use crate::states::map;
use asl::Timestamp;
use asl::program::{ItemReader, ReaderAction};
use csv::ReaderBuilder;
use integrations::{Failure, Resource};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// What items are read from: an ItemReader, evaluated.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Reading {
    is_list: bool,
    arguments: Map<String, Value>,
    config: Config,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    max_items: Option<u64>,
}

/// A ReaderConfig.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    input_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    items_pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    transformation: Option<String>,
    #[serde(
        rename = "CSVHeaderLocation",
        skip_serializing_if = "Option::is_none",
        default
    )]
    csv_header_location: Option<String>,
    #[serde(rename = "CSVHeaders", skip_serializing_if = "Option::is_none", default)]
    csv_headers: Option<Vec<String>>,
    #[serde(rename = "CSVDelimiter", skip_serializing_if = "Option::is_none", default)]
    csv_delimiter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    version_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expected_bucket_owner: Option<String>,
}

/// What an answer holds.
pub(crate) struct Page {
    /// A list, or an object whose values are the items.
    pub(crate) items: Value,
    /// What the rest is asked for with, if there is one.
    pub(crate) rest: Option<Value>,
}

/// Evaluates an ItemReader.
pub(crate) fn evaluate(evaluator: &Evaluator<'_>, reader: &ItemReader) -> Result<Reading, Fault> {
    let arguments = match &reader.arguments {
        Some(template) => evaluator.template(template, "Parameters")?,
        None => json!({}),
    };
    let Value::Object(arguments) = arguments else {
        let message = format!("The arguments of the ItemReader must be an object, but were: {arguments}");
        return Err(evaluator.fault(errors::RUNTIME, &message));
    };
    let config = match &reader.config {
        Some(template) => evaluator.template(template, "ReaderConfig")?,
        None => json!({}),
    };
    let config = Config::deserialize(&config).map_err(|error| {
        evaluator.fault(
            errors::RUNTIME,
            &format!("The ReaderConfig is not valid: {error}"),
        )
    })?;
    let max_items = match &reader.max_items {
        Some(setting) => Some(map::whole_number(evaluator, setting, "MaxItems")?),
        None => None,
    };
    let reading = Reading {
        is_list: reader.action == ReaderAction::ListObjects,
        arguments,
        config,
        max_items: max_items.filter(|most| *most > 0),
    };
    match reading.missing() {
        Some(missing) => Err(evaluator.fault(
            errors::RUNTIME,
            &format!("{missing} of the ItemReader is not implemented yet"),
        )),
        None => Ok(reading),
    }
}

static GET_OBJECT: LazyLock<Option<Resource>> =
    LazyLock::new(|| Resource::parse("arn:aws:states:::aws-sdk:s3:getObject").ok());
static LIST_OBJECTS: LazyLock<Option<Resource>> =
    LazyLock::new(|| Resource::parse("arn:aws:states:::aws-sdk:s3:listObjectsV2").ok());

impl Reading {
    /// Returns what of it is not there yet.
    fn missing(&self) -> Option<String> {
        let transformation = self.config.transformation.as_deref().unwrap_or("NONE");
        if transformation != "NONE" {
            return Some(format!("the Transformation {transformation}"));
        }
        match self.config.input_type.as_deref() {
            Some(known @ ("MANIFEST" | "PARQUET")) if !self.is_list => Some(format!("the InputType {known}")),
            _ => None,
        }
    }

    /// Returns what is called.
    pub(crate) fn resource(&self) -> Option<Resource> {
        match self.is_list {
            true => LIST_OBJECTS.clone(),
            false => GET_OBJECT.clone(),
        }
    }

    /// Returns what it is called with at first.
    pub(crate) fn request(&self) -> Value {
        let mut request = self.arguments.clone();
        let config = [
            ("VersionId", &self.config.version_id),
            ("ExpectedBucketOwner", &self.config.expected_bucket_owner),
        ];
        for (name, value) in config {
            if let Some(value) = value {
                request.insert(name.to_owned(), json!(value));
            }
        }
        Value::Object(request)
    }

    /// Returns the items that the answer to `request` holds; `known` were there before.
    pub(crate) fn read(&self, request: &Value, answer: &Value, known: usize) -> Result<Page, Fault> {
        let left = self
            .max_items
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(usize::MAX)
            .saturating_sub(known);
        let mut page = match self.is_list {
            true => listed(request, answer),
            false => Page {
                items: self.object(answer, left)?,
                rest: None,
            },
        };
        match &mut page.items {
            Value::Array(items) if items.len() >= left => {
                items.truncate(left);
                page.rest = None;
            }
            Value::Object(items) if items.len() > left => {
                *items = std::mem::take(items).into_iter().take(left).collect();
            }
            _ => {}
        }
        Ok(page)
    }

    fn object(&self, answer: &Value, left: usize) -> Result<Value, Fault> {
        let Some(text) = answer.get("Body").and_then(Value::as_str) else {
            return Err(failed("the object has no text"));
        };
        match self.config.input_type.as_deref() {
            Some("CSV") => self.separated(text, left),
            Some("JSONL") => text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .take(left)
                .enumerate()
                .map(|(number, line)| parse(line, &format!("line {}", number + 1)))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            _ => self.json(text),
        }
    }

    /// Returns the items in a JSON file: all of it, or what ItemsPointer leads to.
    fn json(&self, text: &str) -> Result<Value, Fault> {
        let mut file = parse(text, "the object")?;
        let pointed = match self.config.items_pointer.as_deref() {
            None => Some(&mut file),
            Some(pointer) => file.pointer_mut(pointer),
        };
        match pointed.map(Value::take) {
            Some(items @ (Value::Array(_) | Value::Object(_))) => Ok(items),
            Some(other) => Err(failed(&format!(
                "the items must be an array or an object, but were: {}",
                type_name(&other)
            ))),
            None => Err(failed(&format!(
                "the ItemsPointer '{}' leads nowhere",
                self.config.items_pointer.as_deref().unwrap_or_default()
            ))),
        }
    }

    /// Returns the rows of a text with delimiters, each an object with the headers as names.
    ///
    /// Recorded: a row that is too short is filled up with empty texts, and what a row has too much is dropped
    /// (scenarios/map_item_reader_base_csv_headers_first_line, ..._headers_decl_extra_fields).
    fn separated(&self, text: &str, left: usize) -> Result<Value, Fault> {
        let delimiter = match self.config.csv_delimiter.as_deref() {
            Some("PIPE") => b'|',
            Some("SEMICOLON") => b';',
            Some("SPACE") => b' ',
            Some("TAB") => b'\t',
            _ => b',',
        };
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let mut rows = rows.records();
        let is_given = self.config.csv_header_location.as_deref() == Some("GIVEN");
        let headers: Vec<String> = match &self.config.csv_headers {
            Some(headers) if is_given => headers.clone(),
            _ => match rows.next() {
                Some(row) => row.map_err(unreadable)?.iter().map(str::to_owned).collect(),
                None => return Ok(json!([])),
            },
        };
        let mut items = Vec::new();
        for row in rows.take(left) {
            let row = row.map_err(unreadable)?;
            let fields = headers.iter().enumerate();
            let fields = fields.map(|(at, name)| (name.clone(), json!(row.get(at).unwrap_or_default())));
            items.push(Value::Object(fields.collect()));
        }
        Ok(Value::Array(items))
    }
}

/// Returns the error of an ItemReader whose call failed.
pub(crate) fn refused(failure: &Failure) -> Fault {
    failed(&format!(
        "{}: {}",
        failure.error,
        failure.cause.as_deref().unwrap_or_default()
    ))
}

/// Returns the objects of a page, with the names that AWS gives their fields here (recorded:
/// scenarios/map_item_reader_base_list_objects_v2).
fn listed(request: &Value, answer: &Value) -> Page {
    let contents = answer.get("Contents").and_then(Value::as_array);
    let objects = contents.map(Vec::as_slice).unwrap_or_default();
    let items = objects.iter().map(|object| {
        let mut item = Map::new();
        let names = [
            ("ETag", "Etag"),
            ("Key", "Key"),
            ("LastModified", "LastModified"),
            ("Size", "Size"),
            ("StorageClass", "StorageClass"),
        ];
        for (name, shown) in names {
            let value = match (name, object.get(name)) {
                (_, None) => continue,
                ("LastModified", Some(Value::String(time))) => match Timestamp::parse(time) {
                    Some(time) => json!(time.millis() / 1000),
                    None => json!(time),
                },
                (_, Some(value)) => value.clone(),
            };
            item.insert(shown.to_owned(), value);
        }
        Value::Object(item)
    });
    let token = answer.get("NextContinuationToken").filter(|_| {
        let is_truncated = answer.get("IsTruncated").and_then(Value::as_bool);
        is_truncated == Some(true)
    });
    let rest = token.map(|token| {
        let mut rest = request.clone();
        if let Value::Object(fields) = &mut rest {
            fields.insert("ContinuationToken".to_owned(), token.clone());
        }
        rest
    });
    Page {
        items: Value::Array(items.collect()),
        rest,
    }
}

fn parse(text: &str, what: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|error| failed(&format!("{what} is no JSON: {error}")))
}

fn unreadable(error: csv::Error) -> Fault {
    failed(&format!("the object cannot be read as CSV: {error}"))
}

pub(crate) fn failed(cause: &str) -> Fault {
    Fault::new(errors::ITEM_READER_FAILED, cause)
}
