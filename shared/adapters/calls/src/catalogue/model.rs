//! A service model as the catalogue's generator writes it.

use crate::endpoint::Partition;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What stands at the head of the catalogue.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub(crate) struct Head {
    pub(crate) services: Vec<IndexEntry>,
    pub(crate) partitions: Vec<Partition>,
}

/// Where a service stands in the catalogue.
#[derive(Debug, Deserialize)]
pub(crate) struct IndexEntry {
    /// The SDKs' name and the model's name, such as `eventbridge` and `events`.
    pub(crate) names: Box<[&'static str]>,
    pub(crate) id: &'static str,
    pub(crate) at: usize,
    /// The length of the model.
    pub(crate) model: usize,
    /// The length of the endpoint rules, which follow the model.
    pub(crate) rules: usize,
}

/// A whole service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    /// The service id, such as `Secrets Manager`.
    pub(crate) id: &'static str,
    pub(crate) protocol: Protocol,
    #[serde(default)]
    pub(crate) json_version: Option<&'static str>,
    /// What stands before the dot in `X-Amz-Target`.
    #[serde(default)]
    pub(crate) target: Option<&'static str>,
    pub(crate) version: &'static str,
    pub(crate) signing_name: &'static str,
    /// How requests are signed, where it is not the usual way.
    #[serde(default)]
    pub(crate) signature: Option<&'static str>,
    /// Whether the service once spoke the query protocol and wants to know that the caller expects its errors.
    #[serde(default)]
    pub(crate) query_mode: bool,
    /// Codes as they come, and the names that the model gives them where they are others.
    pub(crate) errors: BTreeMap<&'static str, Option<&'static str>>,
    pub(crate) operations: BTreeMap<&'static str, Operation>,
    pub(crate) shapes: Box<[Shape]>,
}

/// How requests and answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protocol {
    Json,
    Query,
    Ec2,
    RestJson,
    RestXml,
    Cbor,
}

/// One operation; numbers are places in [`Model::shapes`].
#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    #[serde(default, rename = "in")]
    pub(crate) input: Option<usize>,
    #[serde(default, rename = "out")]
    pub(crate) output: Option<usize>,
    #[serde(default = "post")]
    pub(crate) method: &'static str,
    #[serde(default = "root")]
    pub(crate) uri: &'static str,
    /// What stands before the endpoint's host, with members in braces.
    #[serde(default, rename = "host")]
    pub(crate) host_prefix: Option<&'static str>,
    /// The name of the body's outermost element in XML.
    #[serde(default)]
    pub(crate) root: Option<&'static str>,
    /// The namespace of that element.
    #[serde(default, rename = "ns")]
    pub(crate) namespace: Option<&'static str>,
    #[serde(default)]
    pub(crate) unsigned: bool,
    /// Whether the service wants a checksum of the body.
    #[serde(default, rename = "sum")]
    pub(crate) wants_checksum: bool,
    /// The member that chooses which checksum.
    #[serde(default, rename = "algorithm")]
    pub(crate) checksum_member: Option<&'static str>,
    /// What the operation tells the endpoint rules.
    #[serde(default)]
    pub(crate) fixed: BTreeMap<&'static str, Value>,
    /// Whether the service itself has to be asked for the operation's endpoint.
    #[serde(default)]
    pub(crate) discovered: bool,
    /// Whether the answer is a stream of events.
    #[serde(default)]
    pub(crate) events: bool,
}

fn post() -> &'static str {
    "POST"
}

fn root() -> &'static str {
    "/"
}

/// The type of a value.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
#[serde(rename_all = "camelCase")]
pub(crate) enum Shape {
    Structure {
        #[serde(default, rename = "m")]
        members: Box<[Member]>,
    },
    Union {
        #[serde(default, rename = "m")]
        members: Box<[Member]>,
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
#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    #[serde(rename = "n")]
    pub(crate) name: &'static str,
    #[serde(rename = "s")]
    shape: u32,
    /// The name on the wire, where it is another.
    #[serde(default, rename = "w")]
    pub(crate) wire: Option<&'static str>,
    #[serde(default, rename = "l")]
    pub(crate) location: Option<Location>,
    /// Whether the member alone is the body.
    #[serde(default, rename = "p")]
    pub(crate) payload: bool,
    #[serde(default, rename = "flat")]
    pub(crate) flattened: bool,
    /// Whether the member is an attribute of its structure's element in XML.
    #[serde(default, rename = "attr")]
    pub(crate) attribute: bool,
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
    #[serde(default, rename = "x")]
    rare: Option<Box<Rare>>,
}

/// What few members have.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Rare {
    /// The name in EC2's forms, where it is not the member's.
    #[serde(default, rename = "q")]
    pub(crate) request: Option<&'static str>,
    #[serde(default, rename = "ns")]
    pub(crate) namespace: Option<&'static str>,
    #[serde(default)]
    pub(crate) prefix: Option<&'static str>,
    /// The parameter of the endpoint rules that the member sets.
    #[serde(default, rename = "ctx")]
    pub(crate) context: Option<&'static str>,
}

impl Member {
    /// The type's place in [`Model::shapes`].
    pub(crate) fn shape(&self) -> usize {
        self.shape as usize
    }

    pub(crate) fn rare(&self) -> &Rare {
        const NONE: &Rare = &Rare {
            request: None,
            namespace: None,
            prefix: None,
            context: None,
        };
        self.rare.as_deref().unwrap_or(NONE)
    }

    pub(crate) fn wire_name(&self) -> &'static str {
        self.wire.unwrap_or(self.name)
    }
}

/// What a list or a map holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Element {
    #[serde(rename = "s")]
    shape: u32,
    #[serde(default, rename = "w")]
    pub(crate) wire: Option<&'static str>,
    #[serde(default, rename = "f")]
    pub(crate) format: Option<TimestampFormat>,
}

impl Element {
    /// The type's place in [`Model::shapes`].
    pub(crate) fn shape(&self) -> usize {
        self.shape as usize
    }
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
