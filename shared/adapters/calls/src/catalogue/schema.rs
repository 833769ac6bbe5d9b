//! A service model in the form that the protocol crates want.

use super::model::{Element, Location, Member, Model, Operation, Protocol, Shape, TimestampFormat};
use aws_smithy_schema::traits::HttpTrait;
use aws_smithy_schema::{Schema, ShapeId, ShapeType, intern_header_name, traits};
use std::sync::OnceLock;

/// The schemas of a service's shapes, made when they are first needed.
#[derive(Debug)]
pub(crate) struct Schemas {
    model: &'static Model,
    answers: Box<[Slot]>,
    /// Empty where requests have the names that answers have.
    requests: Box<[Slot]>,
}

// Schemas are large, and most are never made.
type Slot = OnceLock<Box<Schema<'static>>>;

/// What is to be written or read; some services have other names for the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Answer,
}

impl Schemas {
    /// Makes room for the schemas of every shape of a model.
    pub(crate) fn of(model: &'static Model) -> Schemas {
        let slots = |count: usize| (0..count).map(|_| Slot::new()).collect();
        let count = model.shapes.len();
        Schemas {
            model,
            answers: slots(count),
            requests: slots(if model.protocol == Protocol::Ec2 { count } else { 0 }),
        }
    }

    /// The schema of a shape on its own.
    pub(crate) fn shape(&'static self, number: usize, side: Side) -> &'static Schema<'static> {
        let slot = match side {
            Side::Request => self.requests.get(number).unwrap_or(&self.answers[number]),
            Side::Answer => &self.answers[number],
        };
        slot.get_or_init(|| Box::new(shape_schema(self.model, &self.model.shapes[number], side)))
    }

    /// The schema of an operation's input, which says where the request goes.
    pub(crate) fn input(&'static self, operation: &'static Operation) -> Schema<'static> {
        let members = operation
            .input
            .map(|number| self.shape(number, Side::Request).members())
            .unwrap_or_default();
        let mut schema = Schema::new_struct(ID, ShapeType::Structure, members).with_http(HttpTrait::new(
            operation.method,
            operation.uri,
            None,
        ));
        if let Some(root) = operation.root {
            schema = schema.with_xml_name(root);
        }
        if let Some(namespace) = operation.namespace {
            schema = schema.with_xml_namespace(namespace, None);
        }
        schema
    }
}

// Nothing here needs a shape's name: errors are told apart by their codes.
const ID: ShapeId<'static> = ShapeId::from_parts("catalogue#Shape", "catalogue", "Shape");

fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn shape_schema(model: &'static Model, shape: &'static Shape, side: Side) -> Schema<'static> {
    match shape {
        Shape::Structure { members } | Shape::Union { members } => {
            let members: Vec<&'static Schema<'static>> = members
                .iter()
                .enumerate()
                .map(|(index, member)| leaked(member_schema(model, member, index, side)))
                .collect();
            Schema::new_struct(ID, shape_type(shape), members.leak())
        }
        _ => bare(model, shape, COLLECTION_DEPTH_MAX),
    }
}

/// How deep lists may hold lists directly, without a structure between; no model goes deeper than three.
const COLLECTION_DEPTH_MAX: usize = 8;

/// A shape without a name. Structures show no members: they bring their own schema when they are written.
fn bare(model: &'static Model, shape: &'static Shape, depth: usize) -> Schema<'static> {
    let schema = Schema::new(ID, shape_type(shape));
    let Some(depth) = depth.checked_sub(1) else {
        return schema;
    };
    match shape {
        Shape::List { element } => Schema::new_list(ID, leaked(element_schema(model, element, depth))),
        Shape::Map { key, element } => Schema::new_map(
            ID,
            leaked(element_schema(model, key, depth)),
            leaked(element_schema(model, element, depth)),
        ),
        Shape::Timestamp { format: Some(format) } => schema.with_timestamp_format((*format).into()),
        _ => schema,
    }
}

/// What a list or a map holds has no member name: the codecs take one for a structure's member.
fn element_schema(model: &'static Model, element: &'static Element, depth: usize) -> Schema<'static> {
    let mut schema = bare(model, &model.shapes[element.shape()], depth);
    if let Some(wire) = &element.wire {
        schema = schema.with_xml_name(wire);
    }
    if let Some(format) = element.format {
        schema = schema.with_timestamp_format(format.into());
    }
    schema
}

fn member_schema(
    model: &'static Model,
    member: &'static Member,
    index: usize,
    side: Side,
) -> Schema<'static> {
    let shape = &model.shapes[member.shape()];
    let rare = member.rare();
    let wire = match side {
        Side::Request if model.protocol == Protocol::Ec2 => rare.request.unwrap_or(member.name),
        Side::Request | Side::Answer => member.wire_name(),
    };
    let mut schema = Schema::new_member(ID, shape_type(shape), wire, index);
    match shape {
        Shape::List { element } => {
            schema = schema.with_list_member(leaked(element_schema(model, element, COLLECTION_DEPTH_MAX)));
        }
        Shape::Map { key, element } => {
            schema = schema.with_map_members(
                leaked(element_schema(model, key, COLLECTION_DEPTH_MAX)),
                leaked(element_schema(model, element, COLLECTION_DEPTH_MAX)),
            );
        }
        Shape::Timestamp { format: Some(format) } => schema = schema.with_timestamp_format((*format).into()),
        _ => {}
    }
    if let Some(format) = member.format {
        schema = schema.with_timestamp_format(format.into());
    }
    if let Some(namespace) = rare.namespace {
        schema = schema.with_xml_namespace(namespace, rare.prefix);
    }
    if member.attribute {
        schema = schema.with_xml_attribute();
    }
    // Lists in the forms of EC2 are numbered without a name of their own.
    let numbered = model.protocol == Protocol::Ec2 && side == Side::Request;
    if member.flattened || (numbered && matches!(shape, Shape::List { .. })) {
        schema = schema.with_xml_flattened();
    }
    if member.json_value {
        schema = schema.with_media_type("application/json");
    }
    if member.payload {
        schema = schema.with_http_payload();
    }
    match member.location {
        None => schema,
        Some(Location::Header) => schema.with_http_header(intern_header_name(wire)),
        Some(Location::PrefixHeaders) => schema.with_http_prefix_headers(wire),
        Some(Location::Query) if matches!(shape, Shape::Map { .. }) => schema.with_http_query_params(),
        Some(Location::Query) => schema.with_http_query(wire),
        Some(Location::Label) => schema.with_http_label(),
        Some(Location::Status) => schema.with_http_response_code(),
    }
}

fn shape_type(shape: &Shape) -> ShapeType {
    match shape {
        Shape::Structure { .. } => ShapeType::Structure,
        Shape::Union { .. } => ShapeType::Union,
        Shape::List { .. } => ShapeType::List,
        Shape::Map { .. } => ShapeType::Map,
        Shape::Boolean => ShapeType::Boolean,
        Shape::Byte => ShapeType::Byte,
        Shape::Short => ShapeType::Short,
        Shape::Integer => ShapeType::Integer,
        Shape::Long => ShapeType::Long,
        Shape::BigInteger => ShapeType::BigInteger,
        Shape::Float => ShapeType::Float,
        Shape::Double => ShapeType::Double,
        Shape::BigDecimal => ShapeType::BigDecimal,
        Shape::String => ShapeType::String,
        Shape::Blob => ShapeType::Blob,
        Shape::Timestamp { .. } => ShapeType::Timestamp,
        Shape::Document => ShapeType::Document,
    }
}

impl From<TimestampFormat> for traits::TimestampFormat {
    fn from(format: TimestampFormat) -> traits::TimestampFormat {
        match format {
            TimestampFormat::Iso8601 => traits::TimestampFormat::DateTime,
            TimestampFormat::EpochSeconds => traits::TimestampFormat::EpochSeconds,
            TimestampFormat::HttpDate => traits::TimestampFormat::HttpDate,
        }
    }
}
