//! What a distributed Map needs: child executions, and objects of S3.

use super::storage;
use super::{Permission, Place};
use crate::iam::parameters::{Found, value};
use serde_json::{Value, json};

/// Returns what a distributed Map needs itself; its children are states like others.
///
/// `reader` and `writer` are its `ItemReader` and `ResultWriter`, with `null` in the place of what is chosen when it runs.
// AWS: developer guide, "IAM policies for using Distributed Map states"
pub fn of_distributed_map(
    label: Option<&str>,
    reader: Option<&Value>,
    writer: Option<&Value>,
    place: &Place,
) -> Vec<Permission> {
    let resource = reader.or(writer).and_then(|part| part.get("Resource"));
    let place = &place.in_partition_of(resource.and_then(Value::as_str).unwrap_or(":aws"));
    let name = &place.state_machine;
    let why = (name == "*").then(|| "the name of the state machine is not known".to_owned());
    let of_states = |action: &str, resources: Vec<String>| Permission {
        wide: why.clone(),
        ..Permission::new(action, resources)
    };
    let children = place.arn("states", &format!("execution:{name}/{}:*", label.unwrap_or("*")));
    let executions = vec![
        place.arn("states", &format!("execution:{name}:*")),
        children.clone(),
    ];
    let mut needed = vec![
        of_states(
            "states:StartExecution",
            vec![place.arn("states", &format!("stateMachine:{name}"))],
        ),
        of_states("states:DescribeExecution", executions.clone()),
        of_states("states:StopExecution", executions),
        of_states("states:RedriveExecution", vec![children]),
    ];
    needed.extend(reader.into_iter().flat_map(|reader| read(reader, place)));
    needed.extend(writer.into_iter().flat_map(|writer| written(writer, place)));
    needed
}

/// Returns the parameters of a reader or a writer.
fn arguments(part: &Value) -> &Value {
    let given = ["Parameters", "Arguments"].iter().find_map(|name| part.get(name));
    given.unwrap_or(&Value::Null)
}

fn read(reader: &Value, place: &Place) -> Vec<Permission> {
    let arguments = arguments(reader);
    let config = |name: &str| reader.pointer(&format!("/ReaderConfig/{name}"));
    let resource = reader.get("Resource").and_then(Value::as_str).unwrap_or_default();
    if resource.ends_with(":listObjectsV2") {
        let mut needed = vec![storage::in_bucket("s3:ListBucket", arguments, place)];
        if config("Transformation").is_some() {
            needed.push(storage::below("s3:GetObject", arguments, place));
        }
        return needed;
    }
    let version = config("VersionId").is_some() || matches!(value(arguments, "VersionId"), Found::Value(_));
    let action = if version {
        "s3:GetObjectVersion"
    } else {
        "s3:GetObject"
    };
    let mut needed = vec![storage::on_object(action, arguments, place)];
    let is_manifest = config("InputType").is_some_and(|kind| kind == "MANIFEST" || kind.is_null());
    if is_manifest || config("ManifestType").is_some() {
        // A manifest names files of the bucket.
        let bucket = json!({ "Bucket": arguments.get("Bucket"), "Key": "*" });
        needed.push(storage::on_object("s3:GetObject", &bucket, place));
    }
    needed
}

fn written(writer: &Value, place: &Place) -> Vec<Permission> {
    let arguments = arguments(writer);
    if writer.get("Resource").is_none() {
        return Vec::new();
    }
    [
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    ]
    .map(|action| storage::below(action, arguments, place))
    .into()
}
