//! Requests and answers on the wire, in whichever protocol the service speaks.

mod read;
mod write;

use crate::catalogue::{Operation, Protocol, Service};
use aws_smithy_json::protocol::aws_json_rpc::AwsJsonRpcProtocol;
use aws_smithy_json::protocol::aws_rest_json_1::AwsRestJsonProtocol;
use aws_smithy_query::protocol::AwsQueryProtocol;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_schema::protocol::ClientProtocol;
use aws_smithy_schema::serde::SerdeError;
use aws_smithy_schema::{Schema, ShapeId, ShapeType, shape_id};
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use serde_json::{Map, Value};

/// Writes the request of an operation; its URI is a path, without a host.
pub(crate) fn request(
    service: &'static Service,
    name: &str,
    operation: &'static Operation,
    members: &Map<String, Value>,
) -> Result<HttpRequest, String> {
    let schema = service.schemas.input(operation);
    let shape = operation.input.map(|number| &service.model.shapes[number]);
    let input = write::Input::new(service, name, shape, &schema, members)?;
    let mut request = protocol(service)
        .serialize_request(&input, &schema, "", &configuration(service, name))
        .map_err(|error| write::message(&error))?;
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
) -> Result<Value, String> {
    let Some(number) = operation.output else {
        return Ok(Value::Object(Map::new()));
    };
    let schema = service.schemas.shape(number);
    let configuration = configuration(service, name);
    let read = || -> Result<Value, SerdeError> {
        let mut body = protocol(service).deserialize_response(response, schema, &configuration)?;
        read::structure(service, number, schema, &mut *body)
    };
    read().map_err(|error| write::message(&error))
}

/// An error's code and message, as the service sent them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SentError {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

/// Reads an answer that reports an error; what cannot be read is left out.
pub(crate) fn error(service: &'static Service, name: &str, mut response: HttpResponse) -> SentError {
    // Services that once spoke the query protocol repeat the code there by its old name, which the model does not know.
    response.headers_mut().remove("x-amzn-query-error");
    let response = &response;
    let configuration = configuration(service, name);
    match service.model.protocol {
        Protocol::Json | Protocol::RestJson => {
            let Ok(metadata) = protocol(service).parse_error_metadata(response, &configuration) else {
                return SentError::default();
            };
            let metadata = metadata.build();
            SentError {
                code: metadata.code().map(str::to_owned),
                message: metadata.message().map(str::to_owned),
            }
        }
        Protocol::Query => {
            let mut error = SentError::default();
            if let Ok(mut body) =
                protocol(service).deserialize_response(response, &QUERY_ERROR, &configuration)
            {
                // A body that is not the query protocol's leaves the members unset, which is all there is to say.
                let _ = body.read_struct(&QUERY_ERROR, &mut |member, value| {
                    match member.member_name() {
                        Some("Code") => error.code = Some(value.read_string(member)?),
                        Some("Message") => error.message = Some(value.read_string(member)?),
                        _ => {}
                    }
                    Ok(())
                });
            }
            error
        }
    }
}

const STRING: ShapeId<'static> = shape_id!("smithy.api", "String");
static CODE: Schema<'static> = Schema::new_member(STRING, ShapeType::String, "Code", 0);
static MESSAGE: Schema<'static> = Schema::new_member(STRING, ShapeType::String, "Message", 1);
static QUERY_ERROR: Schema<'static> = Schema::new_struct(
    shape_id!("aws.query", "Error"),
    ShapeType::Structure,
    &[&CODE, &MESSAGE],
);

fn protocol(service: &Service) -> Box<dyn ClientProtocol> {
    let model = service.model;
    match model.protocol {
        Protocol::Json => {
            let protocol = match model.json_version.as_deref() {
                Some("1.0") => AwsJsonRpcProtocol::aws_json_1_0(),
                _ => AwsJsonRpcProtocol::aws_json_1_1(),
            };
            Box::new(protocol.with_target_prefix(model.target.as_deref().unwrap_or_default()))
        }
        Protocol::Query => Box::new(AwsQueryProtocol::new().with_service_version(&model.version)),
        Protocol::RestJson => Box::new(AwsRestJsonProtocol::new()),
    }
}

/// The protocols take the operation's name from here.
fn configuration(service: &Service, operation: &str) -> ConfigBag {
    let mut layer = Layer::new("operation");
    layer.store_put(Metadata::new(operation.to_owned(), service.model.id.clone()));
    ConfigBag::of_layers(vec![layer])
}

#[cfg(test)]
mod tests;
