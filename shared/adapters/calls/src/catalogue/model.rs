//! A service model as the catalogue's generator writes it.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Where a service stands in the catalogue.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct IndexEntry {
    /// The SDKs' name and the model's name, such as `eventbridge` and `events`.
    pub(crate) names: Vec<String>,
    pub(crate) id: String,
    pub(crate) offset: usize,
    pub(crate) length: usize,
}

/// A whole service.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    /// The service id, such as `Secrets Manager`.
    pub(crate) id: String,
    pub(crate) protocol: Protocol,
    #[serde(default)]
    pub(crate) json_version: Option<String>,
    /// What stands before the dot in `X-Amz-Target`.
    #[serde(default)]
    pub(crate) target: Option<String>,
    pub(crate) version: String,
    pub(crate) signing_name: String,
    /// Whether the service once spoke the query protocol and wants to know that the caller expects its errors.
    #[serde(default)]
    pub(crate) query_mode: bool,
    /// By partition.
    pub(crate) endpoints: BTreeMap<String, Endpoint>,
    /// Codes as they come, and the names that the model gives them.
    pub(crate) errors: BTreeMap<String, String>,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) shapes: Vec<Shape>,
}

/// How requests and answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protocol {
    Json,
    Query,
    RestJson,
}

/// Where a service is reached in one partition.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Endpoint {
    /// With `{region}` in it, unless one place serves the whole partition.
    pub(crate) url: String,
    /// The Region to sign for, where it is not the caller's.
    #[serde(default)]
    pub(crate) region: Option<String>,
    /// The name to sign for, where it is not the service's.
    #[serde(default)]
    pub(crate) name: Option<String>,
}

/// One operation; numbers are places in [`Model::shapes`].
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Operation {
    #[serde(default, rename = "in")]
    pub(crate) input: Option<usize>,
    #[serde(default, rename = "out")]
    pub(crate) output: Option<usize>,
    #[serde(default = "post")]
    pub(crate) method: String,
    #[serde(default = "root")]
    pub(crate) uri: String,
    /// What stands before the endpoint's host, with members in braces.
    #[serde(default, rename = "host")]
    pub(crate) host_prefix: Option<String>,
    #[serde(default)]
    pub(crate) unsigned: bool,
}

fn post() -> String {
    "POST".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

/// The type of a value.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "t", rename_all = "camelCase")]
pub(crate) enum Shape {
    Structure {
        #[serde(default, rename = "m")]
        members: Vec<Member>,
    },
    Union {
        #[serde(default, rename = "m")]
        members: Vec<Member>,
    },
    List {
        #[serde(rename = "e")]
        element: Element,
    },
    Map {
        #[serde(rename = "k")]
        key: Element,
        #[serde(rename = "e")]
        element: Element,
    },
    Boolean,
    Byte,
    Short,
    Integer,
    Long,
    BigInteger,
    Float,
    Double,
    BigDecimal,
    String,
    Blob,
    Timestamp {
        #[serde(default, rename = "f")]
        format: Option<TimestampFormat>,
    },
    Document,
}

/// A member of a structure or a union.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Member {
    #[serde(rename = "n")]
    pub(crate) name: String,
    #[serde(rename = "s")]
    pub(crate) shape: usize,
    /// The name on the wire, where it is another.
    #[serde(default, rename = "w")]
    pub(crate) wire: Option<String>,
    #[serde(default, rename = "l")]
    pub(crate) location: Option<Location>,
    /// Whether the member alone is the body.
    #[serde(default, rename = "p")]
    pub(crate) payload: bool,
    #[serde(default, rename = "flat")]
    pub(crate) flattened: bool,
    #[serde(default, rename = "f")]
    pub(crate) format: Option<TimestampFormat>,
    #[serde(default, rename = "req")]
    pub(crate) required: bool,
    /// Whether the member makes a repeated call harmless; clients fill it in.
    #[serde(default, rename = "token")]
    pub(crate) idempotency_token: bool,
    /// Whether the member is text that holds JSON.
    #[serde(default, rename = "json")]
    pub(crate) json_value: bool,
}

impl Member {
    pub(crate) fn wire_name(&self) -> &str {
        self.wire.as_deref().unwrap_or(&self.name)
    }
}

/// What a list or a map holds.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Element {
    #[serde(rename = "s")]
    pub(crate) shape: usize,
    #[serde(default, rename = "w")]
    pub(crate) wire: Option<String>,
    #[serde(default, rename = "f")]
    pub(crate) format: Option<TimestampFormat>,
}

/// Where in the HTTP message a member stands, when not in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Location {
    #[serde(rename = "header")]
    Header,
    #[serde(rename = "headers")]
    PrefixHeaders,
    #[serde(rename = "querystring")]
    Query,
    #[serde(rename = "uri")]
    Label,
    #[serde(rename = "statusCode")]
    Status,
}

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum TimestampFormat {
    #[serde(rename = "iso8601")]
    Iso8601,
    #[serde(rename = "unixTimestamp")]
    EpochSeconds,
    #[serde(rename = "rfc822")]
    HttpDate,
}
