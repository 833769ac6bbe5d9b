//! Requests and answers on the wire, in whichever protocol the service speaks.

mod read;
mod write;

use crate::catalogue::{Member, Operation, Protocol, Service, Shape, Side};
use crate::names;
use aws_smithy_cbor::protocol::RpcV2CborProtocol;
use aws_smithy_json::protocol::aws_json_rpc::AwsJsonRpcProtocol;
use aws_smithy_json::protocol::aws_rest_json_1::AwsRestJsonProtocol;
use aws_smithy_query::protocol::AwsQueryProtocol;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_schema::Schema;
use aws_smithy_schema::protocol::ClientProtocol;
use aws_smithy_schema::serde::SerdeError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::event_stream::Message;
use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};
use aws_smithy_xml::protocol::aws_rest_xml::AwsRestXmlProtocol;
use serde_json::{Map, Value};
use std::borrow::Cow;

pub(crate) use read::Naming;
pub(crate) use write::unknown_member;

/// Writes the request of an operation; its URI is a path, without a host.
pub(crate) fn request(
    service: &'static Service,
    name: &str,
    operation: &'static Operation,
    values: &Map<String, Value>,
) -> Result<HttpRequest, String> {
    let schema = service.schemas.input(operation);
    let shape = operation.input.map(|number| &service.model.shapes[number]);
    let input = write::Input::new(service, name, shape, &schema, values)?;
    let route = match (service.model.protocol, service.model.target) {
        (Protocol::Cbor, Some(target)) => format!("/service/{target}/operation/{name}"),
        _ => String::new(),
    };
    let mut request = protocol(service, Side::Request)
        .serialize_request(&input, &schema, &route, &configuration(service, name))
        .map_err(|error| write::message(&error))?;
    let members = shape.map(write::members_of).unwrap_or_default();
    let whole = members
        .iter()
        .find(|member| member.payload)
        .map(|member| &service.model.shapes[member.shape()]);
    if service.model.protocol == Protocol::RestJson
        && matches!(whole, Some(Shape::Structure { .. }))
        && request.body().content_length() == Some(0)
    {
        // A structure that is the whole body is still an object when it is left out.
        *request.body_mut() = SdkBody::from("{}");
        request.headers_mut().insert("content-length", "2");
    }
    if service.model.query_mode {
        request.headers_mut().insert("x-amzn-query-mode", "true");
    }
    Ok(request)
}

/// Reads the answer to an operation.
pub(crate) fn answer(
    service: &'static Service,
    name: &str,
    operation: &'static Operation,
    response: &HttpResponse,
    naming: Naming,
) -> Result<Value, String> {
    let Some(number) = operation.output else {
        return Ok(Value::Object(Map::new()));
    };
    let mut schema = service.schemas.shape(number, Side::Answer);
    let alone;
    if (service.model.id, name) == ("S3", "GetBucketLocation") {
        // Its only member is the outermost element.
        alone = Schema::new_struct(schema.shape_id().clone(), schema.shape_type(), schema.members())
            .with_xml_unwrapped_output();
        schema = &alone;
    }
    let configuration = configuration(service, name);
    let read = || -> Result<Value, SerdeError> {
        let mut body =
            protocol(service, Side::Answer).deserialize_response(response, schema, &configuration)?;
        let mut value = read::structure(service, number, schema, naming, &mut *body)?;
        let members = write::members_of(&service.model.shapes[number]);
        let content = members
            .iter()
            .find(|member| member.payload && matches!(service.model.shapes[member.shape()], Shape::Blob));
        if let (Some(content), Some(values)) = (content, value.as_object_mut()) {
            // Content of no bytes is there all the same (recorded: execution/services, s3_get_object_empty_str).
            values
                .entry(naming.name(content.name))
                .or_insert_with(|| Value::from(""));
        }
        Ok(value)
    };
    read().map_err(|error| write::message(&error))
}

/// Whether an answer of status 200 reports an error nevertheless, as those of S3 do that take long.
pub(crate) fn is_error_in_disguise(
    service: &Service,
    operation: &Operation,
    response: &HttpResponse,
) -> bool {
    if service.model.id != "S3" {
        return false;
    }
    let shape = operation.output.map(|number| &service.model.shapes[number]);
    let is_content = |member: &Member| {
        member.payload && matches!(service.model.shapes[member.shape()], Shape::Blob | Shape::String)
    };
    if shape.is_some_and(|shape| write::members_of(shape).iter().any(is_content)) {
        return false;
    }
    let body = response.body().bytes().unwrap_or_default();
    let body = body.strip_prefix(b"<?xml").map_or(body, |rest| {
        let end = rest.iter().position(|byte| *byte == b'>').map_or(0, |at| at + 1);
        rest[end..].trim_ascii_start()
    });
    body.starts_with(b"<Error>")
}

/// What stands in a frame of a stream of events.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    /// An event that the model knows: its name, which begins with a capital letter, and its members.
    Known(String, Value),
    /// An event that the model does not know.
    Unknown,
    /// An error, with which the stream ends.
    Error(SentError),
}

/// Reads a frame of the answer to an operation that answers in a stream of events.
pub(crate) fn event(
    service: &'static Service,
    name: &str,
    operation: &'static Operation,
    frame: &Message,
) -> Result<Event, String> {
    let header = |name: &str| {
        let header = frame
            .headers()
            .iter()
            .find(|header| header.name().as_str() == name);
        header.and_then(|header| header.value().as_string().ok().map(|text| text.as_str()))
    };
    match header(":message-type") {
        Some("event") => {}
        Some("exception") => {
            let payload: Value = serde_json::from_slice(frame.payload()).unwrap_or_default();
            let message = payload.get("message").or_else(|| payload.get("Message"));
            return Ok(Event::Error(SentError {
                code: header(":exception-type").map(names::capitalized),
                message: message.and_then(Value::as_str).map(str::to_owned),
            }));
        }
        Some("error") => {
            return Ok(Event::Error(SentError {
                code: header(":error-code").map(str::to_owned),
                message: header(":error-message").map(str::to_owned),
            }));
        }
        other => {
            return Err(format!(
                "there is no message type `{}`",
                other.unwrap_or_default()
            ));
        }
    }
    let shape = |number: usize| &service.model.shapes[number];
    let answer = operation.output.map(|number| write::members_of(shape(number)));
    let stream = answer.unwrap_or_default().iter().find(|member| member.payload);
    let events = stream.map(|member| write::members_of(shape(member.shape())));
    let kind = header(":event-type").unwrap_or_default();
    let Some(known) = events
        .unwrap_or_default()
        .iter()
        .find(|event| event.wire_name() == kind)
    else {
        return Ok(Event::Unknown);
    };
    // An event's payload is written as the body of an answer is.
    let body = SdkBody::from(frame.payload().clone());
    let response = HttpResponse::new(
        StatusCode::try_from(200).map_err(|error| error.to_string())?,
        body,
    );
    let members = read_members(service, name, known.shape(), &response)
        .map_err(|error| format!("the event `{kind}`: {}", write::message(&error)))?;
    Ok(Event::Known(names::capitalized(known.name), members))
}

fn read_members(
    service: &'static Service,
    name: &str,
    number: usize,
    response: &HttpResponse,
) -> Result<Value, SerdeError> {
    let schema = service.schemas.shape(number, Side::Answer);
    let configuration = configuration(service, name);
    let mut body = protocol(service, Side::Answer).deserialize_response(response, schema, &configuration)?;
    read::structure(service, number, schema, Naming::Api, &mut *body)
}

/// An error's code and message, as the service sent them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SentError {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

/// Reads an answer that reports an error; what cannot be read is left out.
pub(crate) fn error(service: &'static Service, name: &str, mut response: HttpResponse) -> SentError {
    match service.model.protocol {
        Protocol::Json | Protocol::RestJson | Protocol::Cbor => {
            // Services that once spoke the query protocol repeat the code there by its old name, which the model does
            // not know.
            response.headers_mut().remove("x-amzn-query-error");
            let configuration = configuration(service, name);
            let Ok(metadata) =
                protocol(service, Side::Answer).parse_error_metadata(&response, &configuration)
            else {
                return SentError::default();
            };
            let metadata = metadata.build();
            SentError {
                code: metadata.code().map(str::to_owned),
                message: metadata.message().map(str::to_owned),
            }
        }
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => {
            let mut error = SentError::default();
            if let Ok(text) = std::str::from_utf8(response.body().bytes().unwrap_or_default()) {
                let mut document = Document::new(text);
                if let Ok(mut root) = document.root_element() {
                    read_error(&mut root, &mut error);
                }
            }
            // An answer to HEAD has no body to say it in.
            if error.code.is_none() && response.status().as_u16() == 404 {
                error.code = match (service.model.id, name) {
                    ("S3", "HeadObject") => Some("NoSuchKey".to_owned()),
                    ("S3", "HeadBucket") => Some("NoSuchBucket".to_owned()),
                    _ => None,
                };
            }
            error
        }
    }
}

/// Errors stand at different depths in different protocols.
fn read_error(element: &mut ScopedDecoder<'_, '_>, error: &mut SentError) {
    while let Some(mut inner) = element.next_tag() {
        match inner.start_el().local() {
            "Error" | "Errors" => read_error(&mut inner, error),
            "Code" => error.code = try_data(&mut inner).ok().map(Cow::into_owned),
            "Message" | "message" => error.message = try_data(&mut inner).ok().map(Cow::into_owned),
            _ => {}
        }
    }
}

fn protocol(service: &Service, side: Side) -> Box<dyn ClientProtocol> {
    let model = service.model;
    match model.protocol {
        Protocol::Json => {
            let protocol = match model.json_version {
                Some("1.0") => AwsJsonRpcProtocol::aws_json_1_0(),
                _ => AwsJsonRpcProtocol::aws_json_1_1(),
            };
            Box::new(protocol.with_target_prefix(model.target.unwrap_or_default()))
        }
        Protocol::RestJson => Box::new(AwsRestJsonProtocol::new()),
        // EC2's forms are like those of the query protocol, but its answers have no envelope.
        Protocol::Ec2 if side == Side::Answer => Box::new(AwsRestXmlProtocol::new()),
        Protocol::Query | Protocol::Ec2 => {
            Box::new(AwsQueryProtocol::new().with_service_version(model.version))
        }
        // Only S3 does not wrap its errors.
        Protocol::RestXml => Box::new(AwsRestXmlProtocol::new().with_no_error_wrapping(model.id == "S3")),
        Protocol::Cbor => Box::new(RpcV2CborProtocol::new()),
    }
}

/// The protocols take the operation's name from here.
fn configuration(service: &Service, operation: &str) -> ConfigBag {
    let mut layer = Layer::new("operation");
    layer.store_put(Metadata::new(operation.to_owned(), service.model.id));
    ConfigBag::of_layers(vec![layer])
}

#[cfg(test)]
mod tests;
