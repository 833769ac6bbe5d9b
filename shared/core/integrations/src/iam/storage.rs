//! Buckets and objects of S3.

use super::parameters::{Found, Member, value};
use super::{Operation, Permission, Place, actions};
use serde_json::Value;

/// Returns what an operation of S3 needs.
pub(super) fn of(operation: &Operation<'_>) -> Vec<Permission> {
    let Operation {
        parameters, place, ..
    } = *operation;
    let mut needed: Vec<Permission> = actions::of("s3", operation.name)
        .into_iter()
        .map(|action| versioned(action, operation))
        .map(|action| match action.as_str() {
            "s3:ListAllMyBuckets" | "s3express:ListAllMyDirectoryBuckets" => {
                Permission::wide(action, "it lists the buckets of the account")
            }
            action if action.starts_with("s3express:") => {
                Permission::wide(action, "it is about directory buckets")
            }
            action if is_of_object(action) => on_object(action, parameters, place),
            action => in_bucket(action, parameters, place),
        })
        .collect();
    if matches!(operation.name, "CopyObject" | "UploadPartCopy") {
        needed.push(source(parameters, place));
    }
    if matches!(
        operation.name,
        "CopyObject" | "CreateMultipartUpload" | "PutObject"
    ) {
        needed.extend(besides(parameters, place));
    }
    needed
}

/// Returns a permission for an object.
pub(super) fn on_object(action: &str, parameters: &Value, place: &Place) -> Permission {
    let bucket = Member::of(parameters, "Bucket");
    let Some(bucket) = bucket.text() else {
        return Permission::wide(action, unknown(&bucket, "Bucket"));
    };
    let key = Member::of(parameters, "Key");
    let objects = object(bucket, key.text().unwrap_or("*"), place);
    Permission {
        wide: key.text().is_none().then(|| match action {
            "s3:DeleteObject" => "`Delete` has the keys".to_owned(),
            _ => unknown(&key, "Key"),
        }),
        ..Permission::new(action, vec![objects])
    }
}

/// Returns a permission for everything below a prefix.
pub(super) fn below(action: &str, parameters: &Value, place: &Place) -> Permission {
    let bucket = Member::of(parameters, "Bucket");
    let Some(bucket) = bucket.text() else {
        return Permission::wide(action, unknown(&bucket, "Bucket"));
    };
    let prefix = Member::of(parameters, "Prefix");
    let objects = object(bucket, &format!("{}*", prefix.text().unwrap_or_default()), place);
    Permission {
        wide: (prefix == Member::Later).then(|| unknown(&prefix, "Prefix")),
        ..Permission::new(action, vec![objects])
    }
}

/// Returns a permission for a bucket.
pub(super) fn in_bucket(action: &str, parameters: &Value, place: &Place) -> Permission {
    let bucket = Member::of(parameters, "Bucket");
    match bucket.text() {
        Some(name) => Permission::new(action, vec![arn(name, place)]),
        None => Permission::wide(action, unknown(&bucket, "Bucket")),
    }
}

/// Returns the bucket and the objects that a URL such as `s3://bucket/prefix/` names.
pub(super) fn of_url(url: &str, place: &Place) -> Option<(String, String)> {
    let (bucket, prefix) = match url.strip_prefix("s3://")?.split_once('/') {
        Some((bucket, prefix)) => (bucket, prefix),
        None => (url.strip_prefix("s3://")?, ""),
    };
    Some((arn(bucket, place), object(bucket, &format!("{prefix}*"), place)))
}

fn arn(bucket: &str, place: &Place) -> String {
    match bucket.starts_with("arn:") {
        true => bucket.to_owned(),
        false => format!("arn:{}:s3:::{bucket}", place.partition),
    }
}

fn object(bucket: &str, key: &str, place: &Place) -> String {
    let key = key.trim_start_matches('/');
    // What is not a bucket's name is the ARN of an access point.
    match bucket.starts_with("arn:") && bucket.contains(":accesspoint/") {
        true => format!("{bucket}/object/{key}"),
        false => format!("{}/{key}", arn(bucket, place)),
    }
}

fn is_of_object(action: &str) -> bool {
    let name = action.strip_prefix("s3:").unwrap_or(action);
    let of_objects = [
        "AbortMultipartUpload",
        "DeleteObject",
        "GetObject",
        "ListMultipartUploadParts",
        "ListObjectAnnotations",
        "PutObject",
        "RestoreObject",
        "UpdateObject",
    ];
    of_objects.iter().any(|start| name.starts_with(start))
}

/// What names a version of an object has an action of its own.
fn versioned(action: String, operation: &Operation<'_>) -> String {
    let has_version =
        matches!(value(operation.parameters, "VersionId"), Found::Value(_)) && is_of_object(&action);
    let name = action.strip_prefix("s3:").unwrap_or_default();
    let known = ["DeleteObject", "GetObject", "PutObject"];
    match known
        .iter()
        .find_map(|verb| Some((*verb, name.strip_prefix(verb)?)))
    {
        // These two have no version.
        Some((_, "LegalHold" | "Retention")) => action,
        Some(("PutObject", "")) => action,
        Some((verb, rest)) if has_version => format!("s3:{verb}Version{rest}"),
        Some(_) | None => action,
    }
}

/// What a copy reads: `bucket/key`, or the ARN of an access point with the key.
fn source(parameters: &Value, place: &Place) -> Permission {
    let member = Member::of(parameters, "CopySource");
    let Some(text) = member.text() else {
        return Permission::wide("s3:GetObject", unknown(&member, "CopySource"));
    };
    let (text, version) = match text.split_once("?versionId=") {
        Some((text, _)) => (text, true),
        None => (text, false),
    };
    let action = if version {
        "s3:GetObjectVersion"
    } else {
        "s3:GetObject"
    };
    let object = match text.starts_with("arn:") {
        true => text.to_owned(),
        false => format!("arn:{}:s3:::{}", place.partition, text.trim_start_matches('/')),
    };
    Permission::new(action, vec![object])
}

/// What the headers of a write need besides.
fn besides(parameters: &Value, place: &Place) -> Vec<Permission> {
    let members = [
        ("ACL", "s3:PutObjectAcl"),
        ("ObjectLockLegalHoldStatus", "s3:PutObjectLegalHold"),
        ("ObjectLockMode", "s3:PutObjectRetention"),
        ("Tagging", "s3:PutObjectTagging"),
    ];
    // Parameters that are all chosen when it runs say nothing of any of these.
    let is_given = |name: &str| parameters.is_object() && !matches!(value(parameters, name), Found::Absent);
    let mut needed: Vec<Permission> = members
        .iter()
        .filter(|(name, _)| is_given(name))
        .map(|(_, action)| on_object(action, parameters, place))
        .collect();
    if is_given("SSEKMSKeyId") {
        let key = Member::of(parameters, "SSEKMSKeyId");
        for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
            needed.push(super::particular::with_key(action, &key, "SSEKMSKeyId", place));
        }
    }
    needed
}

fn unknown(member: &Member<'_>, name: &str) -> String {
    match member {
        Member::Absent => format!("no `{name}` is given"),
        Member::Later | Member::Texts(_) => format!("`{name}` is chosen when it runs"),
    }
}
