//! Writes JSON values as the members of a request.

use crate::catalogue::{Member, Protocol, Service, Shape, Side};
use crate::names::{capitalized, same};
use aws_smithy_schema::Schema;
use aws_smithy_schema::serde::{SerdeError, SerializableStruct, ShapeSerializer};
use aws_smithy_types::date_time::Format;
use aws_smithy_types::{BigDecimal, BigInteger, Blob, DateTime, Document, Number};
use serde_json::{Map, Value};

/// A structure's members on their way into a request.
#[derive(Debug)]
pub(super) struct Input<'a> {
    service: &'static Service,
    members: &'static [Member],
    schema: &'a Schema<'a>,
    values: &'a Map<String, Value>,
    /// A token for the member that wants one and got none; only at the top.
    token: Option<(usize, String)>,
}

impl<'a> Input<'a> {
    /// Checks the names of an operation's members, and makes the token that the model asks clients for.
    pub(super) fn new(
        service: &'static Service,
        operation: &str,
        shape: Option<&'static Shape>,
        schema: &'a Schema<'a>,
        values: &'a Map<String, Value>,
    ) -> Result<Input<'a>, String> {
        let members = shape.map(members_of).unwrap_or_default();
        if let Some(why) = unknown_member(operation, shape, values.keys().map(String::as_str)) {
            return Err(why);
        }
        // A member that is there and null goes to the service, which answers for itself.
        let given = |member: &Member| values.keys().any(|name| same(name, member.name));
        if let Some(member) = members.iter().find(|member| member.required && !given(member)) {
            return Err(format!(
                "`{operation}` needs the member `{}`",
                capitalized(member.name)
            ));
        }
        let token = members
            .iter()
            .position(|member| member.idempotency_token && !given(member))
            .map(|index| (index, random_token()));
        Ok(Input {
            service,
            members,
            schema,
            values,
            token,
        })
    }
}

impl SerializableStruct for Input<'_> {
    fn schema(&self) -> &Schema<'_> {
        self.schema
    }

    fn serialize_members(&self, serializer: &mut dyn ShapeSerializer) -> Result<(), SerdeError> {
        for (name, value) in self.values {
            let Some(index) = find(self.members, name) else {
                return Err(SerdeError::custom(unknown(name, "its structure", self.members)));
            };
            // A null member is an absent one.
            if !value.is_null() {
                self.write(index, value, serializer)?;
            }
        }
        match &self.token {
            Some((index, token)) => self.write(*index, &Value::String(token.clone()), serializer),
            None => Ok(()),
        }
    }
}

impl Input<'_> {
    fn write(
        &self,
        index: usize,
        value: &Value,
        serializer: &mut dyn ShapeSerializer,
    ) -> Result<(), SerdeError> {
        let member = &self.members[index];
        let schema = self.schema.member_schema_by_index(index).unwrap_or(self.schema);
        let text;
        let value = if member.json_value && !value.is_string() {
            text = Value::String(value.to_string());
            &text
        } else {
            value
        };
        write(
            self.service,
            member.shape(),
            schema,
            value,
            member.name,
            serializer,
        )
    }
}

fn write(
    service: &'static Service,
    number: usize,
    schema: &Schema<'_>,
    value: &Value,
    name: &str,
    to: &mut dyn ShapeSerializer,
) -> Result<(), SerdeError> {
    let wrong = |expected: &str| {
        Err(SerdeError::custom(format!(
            "the value of member `{}` must be {expected}, got {value}",
            capitalized(name)
        )))
    };
    let integer = || value.as_i64().or_else(|| whole(value.as_f64()?));
    match &service.model.shapes[number] {
        shape @ (Shape::Structure { .. } | Shape::Union { .. }) => {
            let Value::Object(values) = value else {
                return wrong("an object");
            };
            let own = service.schemas.shape(number, Side::Request);
            let input = Input {
                service,
                members: members_of(shape),
                schema: own,
                values,
                token: None,
            };
            if schema.http_payload().is_none() {
                return to.write_struct(schema, &input);
            }
            // A structure that is the whole body is no member of another there: only XML names it.
            let mut whole = Schema::new_struct(schema.shape_id().clone(), schema.shape_type(), own.members())
                .with_xml_name(schema.member_name().unwrap_or_default());
            if let Some(namespace) = schema.xml_namespace() {
                whole = whole.with_xml_namespace(namespace.uri(), namespace.prefix());
            }
            to.write_struct(&whole, &input)
        }
        Shape::List { element } => {
            let Value::Array(values) = value else {
                return wrong("an array");
            };
            if service.model.protocol == Protocol::Ec2 && is_void(value) {
                return Ok(()); // its forms have no way to say so
            }
            let element_schema = schema.member().unwrap_or(schema);
            to.write_list_with_length(schema, values.len(), &|to| {
                for value in values {
                    write_element(service, element.shape(), element_schema, value, name, to)?;
                }
                Ok(())
            })
        }
        Shape::Map { element, .. } => {
            let Value::Object(entries) = value else {
                return wrong("an object");
            };
            let key_schema = schema.key().unwrap_or(&aws_smithy_schema::prelude::STRING);
            let element_schema = schema.member().unwrap_or(schema);
            to.write_map_with_length(schema, entries.len(), &|to| {
                for (key, value) in entries {
                    to.write_string(key_schema, key)?;
                    write_element(service, element.shape(), element_schema, value, key, to)?;
                }
                Ok(())
            })
        }
        Shape::Boolean => match value {
            Value::Bool(value) => to.write_boolean(schema, *value),
            _ => wrong("a boolean"),
        },
        Shape::Byte => match integer().map(i8::try_from) {
            Some(Ok(value)) => to.write_byte(schema, value),
            _ => wrong("an integer of 8 bits"),
        },
        Shape::Short => match integer().map(i16::try_from) {
            Some(Ok(value)) => to.write_short(schema, value),
            _ => wrong("an integer of 16 bits"),
        },
        Shape::Integer => match integer().map(i32::try_from) {
            Some(Ok(value)) => to.write_integer(schema, value),
            _ => wrong("an integer of 32 bits"),
        },
        Shape::Long => match integer() {
            Some(value) => to.write_long(schema, value),
            None => wrong("an integer"),
        },
        Shape::BigInteger => match value.to_string().parse::<BigInteger>() {
            Ok(number) if value.is_number() => to.write_big_integer(schema, &number),
            _ => wrong("an integer"),
        },
        Shape::Float => match value.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "the service keeps no more digits")]
            Some(value) => to.write_float(schema, value as f32),
            None => wrong("a number"),
        },
        Shape::Double => match value.as_f64() {
            Some(value) => to.write_double(schema, value),
            None => wrong("a number"),
        },
        Shape::BigDecimal => match value.to_string().parse::<BigDecimal>() {
            Ok(number) if value.is_number() => to.write_big_decimal(schema, &number),
            _ => wrong("a number"),
        },
        Shape::String => match value {
            Value::String(value) => to.write_string(schema, value),
            _ => wrong("a string"),
        },
        // Text stands for its own bytes; anything else for its JSON text.
        Shape::Blob => match value {
            Value::String(text) => to.write_blob(schema, Blob::new(text.as_bytes())),
            other => to.write_blob(schema, Blob::new(other.to_string())),
        },
        Shape::Timestamp { .. } => match moment(value) {
            Some(moment) => to.write_timestamp(schema, &moment),
            None => wrong("a timestamp such as `2026-01-31T12:00:00Z`"),
        },
        Shape::Document => to.write_document(schema, &document(value)),
    }
}

/// Whether a form has nothing to write of a value.
fn is_void(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().all(is_void),
        Value::Object(members) => members.values().all(is_void),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn write_element(
    service: &'static Service,
    number: usize,
    schema: &Schema<'_>,
    value: &Value,
    name: &str,
    to: &mut dyn ShapeSerializer,
) -> Result<(), SerdeError> {
    if value.is_null() {
        to.write_null(schema)
    } else {
        write(service, number, schema, value, name, to)
    }
}

/// What an error of the protocol crates says.
pub(super) fn message(error: &SerdeError) -> String {
    error.to_string()
}

pub(super) fn members_of(shape: &'static Shape) -> &'static [Member] {
    match shape {
        Shape::Structure { members } | Shape::Union { members } => members,
        _ => &[],
    }
}

/// Says which of these names no member of an operation's input has.
pub(crate) fn unknown_member<'n>(
    operation: &str,
    shape: Option<&'static Shape>,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<String> {
    let members = shape.map(members_of).unwrap_or_default();
    let mut names = names.into_iter();
    let name = names.find(|name| find(members, name).is_none())?;
    Some(unknown(name, &format!("`{operation}`"), members))
}

fn find(members: &[Member], name: &str) -> Option<usize> {
    members.iter().position(|member| same(name, member.name))
}

fn unknown(name: &str, place: &str, members: &[Member]) -> String {
    let known: Vec<String> = members
        .iter()
        .map(|member| format!("`{}`", capitalized(member.name)))
        .collect();
    match known.as_slice() {
        [] => format!("{place} has no member `{name}`, and none at all"),
        known => format!("{place} has no member `{name}`, only {}", known.join(", ")),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be a whole number that fits"
)]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9.0e15).then_some(value as i64)
}

fn moment(value: &Value) -> Option<DateTime> {
    match value {
        Value::String(text) => DateTime::from_str(text, Format::DateTimeWithOffset).ok(),
        Value::Number(seconds) => seconds.as_f64().map(DateTime::from_secs_f64),
        _ => None,
    }
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(number) => Document::Number(if let Some(value) = number.as_u64() {
            Number::PosInt(value)
        } else if let Some(value) = number.as_i64() {
            Number::NegInt(value)
        } else {
            Number::Float(number.as_f64().unwrap_or(f64::NAN))
        }),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(values) => Document::Array(values.iter().map(document).collect()),
        Value::Object(members) => Document::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), document(value)))
                .collect(),
        ),
    }
}

/// A random UUID, as the SDKs fill in for a token that the caller leaves out.
fn random_token() -> String {
    let bits = fastrand::u128(..);
    let text = format!("{bits:032x}");
    let variant = ["8", "9", "a", "b"][usize::try_from(bits & 3).unwrap_or_default()];
    format!(
        "{}-{}-4{}-{variant}{}-{}",
        &text[..8],
        &text[8..12],
        &text[13..16],
        &text[17..20],
        &text[20..]
    )
}
