//! Reads an answer's members as JSON values.

use super::write::members_of;
use crate::catalogue::{Protocol, Service, Shape, Side};
use crate::names;
use aws_smithy_schema::Schema;
use aws_smithy_schema::serde::{SerdeError, ShapeDeserializer};
use aws_smithy_schema::traits::TimestampFormat;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::{DateTime, Document, Number};
use serde_json::{Map, Value};

/// How the members of an answer are named; a capital letter comes first in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// As in the API.
    Api,
    /// As in AWS's SDK for Java.
    Sdk,
}

impl Naming {
    pub(super) fn name(self, member: &str) -> String {
        match self {
            Naming::Api => names::capitalized(member),
            Naming::Sdk => names::sdk(member),
        }
    }
}

/// Reads a structure.
pub(super) fn structure(
    service: &'static Service,
    number: usize,
    schema: &Schema<'_>,
    naming: Naming,
    from: &mut dyn ShapeDeserializer,
) -> Result<Value, SerdeError> {
    let members = members_of(&service.model.shapes[number]);
    let mut values = Map::new();
    from.read_struct(schema, &mut |schema, from| {
        // Members that the model does not know come without an index and are left out.
        if let Some(member) = schema.member_index().and_then(|index| members.get(index)) {
            let value = value(service, member.shape(), schema, naming, from)?;
            values.insert(naming.name(member.name), value);
        }
        Ok(())
    })?;
    Ok(Value::Object(values))
}

fn value(
    service: &'static Service,
    number: usize,
    schema: &Schema<'_>,
    naming: Naming,
    from: &mut dyn ShapeDeserializer,
) -> Result<Value, SerdeError> {
    Ok(match &service.model.shapes[number] {
        Shape::Structure { .. } | Shape::Union { .. } => structure(
            service,
            number,
            service.schemas.shape(number, Side::Answer),
            naming,
            from,
        )?,
        Shape::List { element } => {
            let element_schema = schema.member().unwrap_or(schema);
            let mut values = Vec::new();
            from.read_list(schema, &mut |from| {
                values.push(element_value(
                    service,
                    element.shape(),
                    element_schema,
                    naming,
                    from,
                )?);
                Ok(())
            })?;
            Value::Array(values)
        }
        Shape::Map { element, .. } => {
            let element_schema = schema.member().unwrap_or(schema);
            let mut entries = Map::new();
            from.read_map(schema, &mut |key, from| {
                entries.insert(
                    key,
                    element_value(service, element.shape(), element_schema, naming, from)?,
                );
                Ok(())
            })?;
            Value::Object(entries)
        }
        Shape::Boolean => Value::from(from.read_boolean(schema)?),
        Shape::Byte => Value::from(from.read_byte(schema)?),
        Shape::Short => Value::from(from.read_short(schema)?),
        Shape::Integer => Value::from(from.read_integer(schema)?),
        Shape::Long => Value::from(from.read_long(schema)?),
        Shape::BigInteger => number_text(from.read_big_integer(schema)?.as_ref()),
        // As many digits as it takes to tell it from its neighbours, no more.
        Shape::Float => Value::from(
            from.read_float(schema)?
                .to_string()
                .parse::<f64>()
                .unwrap_or(f64::NAN),
        ),
        Shape::Double => Value::from(from.read_double(schema)?),
        Shape::BigDecimal => number_text(from.read_big_decimal(schema)?.as_ref()),
        Shape::String => Value::from(from.read_string(schema)?),
        // Step Functions shows bytes as the text that they are (recorded: execution/services, s3_get_object).
        Shape::Blob => Value::from(match String::from_utf8(from.read_blob(schema)?.into_inner()) {
            Ok(text) => text,
            Err(error) => aws_smithy_types::base64::encode(error.as_bytes()),
        }),
        Shape::Timestamp { .. } => {
            let moment = from.read_timestamp(schema)?;
            let moment = match is_number(service, schema) {
                true => to_the_millisecond(&moment),
                false => moment,
            };
            let moment = moment.fmt(Format::DateTime);
            let moment = moment.map_err(|error| SerdeError::custom(error.to_string()))?;
            Value::from(with_whole_groups(moment))
        }
        Shape::Document => document(&from.read_document(schema)?),
    })
}

/// Whether a time comes as a number of seconds.
fn is_number(service: &Service, schema: &Schema<'_>) -> bool {
    match schema.timestamp_format() {
        Some(format) => format.format() == TimestampFormat::EpochSeconds,
        None => matches!(
            service.model.protocol,
            Protocol::Json | Protocol::RestJson | Protocol::Cbor
        ),
    }
}

/// Returns a time that came as a number of seconds as AWS's SDK for Java reads it: to the millisecond. Services send three
/// digits, of which a floating-point number makes others far behind.
fn to_the_millisecond(moment: &DateTime) -> DateTime {
    let nanos = moment.as_nanos();
    let micros = (nanos + 500).div_euclid(1_000);
    match i64::try_from(micros.div_euclid(1_000)) {
        Ok(millis) => DateTime::from_millis(millis),
        Err(_) => *moment,
    }
}

/// Writes the digits of a second's fraction in groups of three, as Java's `Instant` does.
fn with_whole_groups(mut moment: String) -> String {
    if let Some((_, fraction)) = moment.split_once('.') {
        let digits = fraction.len() - 1;
        let missing = digits.next_multiple_of(3) - digits;
        moment.insert_str(moment.len() - 1, &"00"[..missing]);
    }
    moment
}

fn element_value(
    service: &'static Service,
    number: usize,
    schema: &Schema<'_>,
    naming: Naming,
    from: &mut dyn ShapeDeserializer,
) -> Result<Value, SerdeError> {
    if from.is_null() {
        from.read_null()?;
        return Ok(Value::Null);
    }
    value(service, number, schema, naming, from)
}

/// A number that may be too long for a number keeps its digits as text.
fn number_text(digits: &str) -> Value {
    digits
        .parse::<i64>()
        .map(Value::from)
        .unwrap_or_else(|_| Value::from(digits))
}

fn document(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(value) => Value::from(*value),
        Document::Number(Number::PosInt(value)) => Value::from(*value),
        Document::Number(Number::NegInt(value)) => Value::from(*value),
        Document::Number(Number::Float(value)) => Value::from(*value),
        Document::String(text) => Value::from(text.as_str()),
        Document::Array(values) => values.iter().map(self::document).collect(),
        Document::Object(members) => {
            // The crate's map has no order of its own.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| name.as_str());
            Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name.clone(), self::document(value)))
                    .collect(),
            )
        }
    }
}
