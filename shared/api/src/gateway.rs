//! Events of API Gateway, of REST and of HTTP APIs, and their answers.
//!
//! `POST /` is the Step Functions API. `POST /state-machines/{name}/executions` starts an execution with the request's
//! body as its input, for clients that know no AWS; with `?wait` it runs an Express state machine to its end.

use crate::{Api, Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// What an event asks for, whichever of the two forms it has.
#[derive(Debug)]
struct Call<'a> {
    method: &'a str,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, &'a str)>,
    body: Vec<u8>,
}

impl Api {
    /// Answers an event of API Gateway. What is no such event is answered with status 400.
    pub async fn handle_event(&self, event: &Value) -> Value {
        let Some(call) = Call::read(event) else {
            return answer(
                400,
                "application/json",
                br#"{"message":"not an event of API Gateway"}"#,
                None,
            );
        };
        match (call.method, started_machine(&call.path)) {
            ("POST", Some(name)) => {
                let request = self.start_request(&name, &call);
                shown(self.handle(request).await)
            }
            ("POST", None) => shown(self.handle(call.request()).await),
            _ => answer(
                405,
                "application/json",
                br#"{"message":"POST with X-Amz-Target, or POST /state-machines/NAME/executions"}"#,
                None,
            ),
        }
    }

    /// Returns the API's request for a plain start.
    fn start_request(&self, name: &str, call: &Call<'_>) -> Request {
        let waits = call
            .query
            .iter()
            .any(|(key, value)| key == "wait" && value != "false");
        let operation = if waits {
            "StartSyncExecution"
        } else {
            "StartExecution"
        };
        let authorization = call.header("authorization");
        let owner = crate::caller::owner(authorization.as_deref(), &self.settings);
        let mut members = Map::new();
        let arn = format!(
            "arn:aws:states:{}:{}:stateMachine:{name}",
            owner.region, owner.account
        );
        members.insert("stateMachineArn".to_owned(), json!(arn));
        let input = String::from_utf8_lossy(&call.body);
        members.insert(
            "input".to_owned(),
            json!(if input.trim().is_empty() { "{}" } else { &*input }),
        );
        if let Some((_, name)) = call.query.iter().find(|(key, _)| key == "name") {
            members.insert("name".to_owned(), json!(name));
        }
        Request {
            target: Some(format!("AWSStepFunctions.{operation}")),
            authorization,
            content_type: Some("application/x-amz-json-1.0".to_owned()),
            body: Value::Object(members).to_string().into_bytes(),
        }
    }
}

impl<'a> Call<'a> {
    fn read(event: &'a Value) -> Option<Call<'a>> {
        let http = event.pointer("/requestContext/http");
        let method = match http {
            Some(http) => http.get("method")?.as_str()?,
            None => event.get("httpMethod")?.as_str()?,
        };
        let stage = event
            .pointer("/requestContext/stage")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let path = event
            .get("rawPath")
            .or_else(|| event.get("path"))
            .and_then(Value::as_str)
            .unwrap_or("/");
        let text = event.get("body").and_then(Value::as_str).unwrap_or_default();
        let is_encoded = event
            .get("isBase64Encoded")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let body = if is_encoded {
            STANDARD.decode(text).ok()?
        } else {
            text.as_bytes().to_vec()
        };
        Some(Call {
            method,
            // An HTTP API with a named stage writes it before the path.
            path: path
                .strip_prefix(&format!("/{stage}"))
                .filter(|_| !stage.is_empty())
                .unwrap_or(path)
                .to_owned(),
            query: query(event),
            headers: headers(event),
            body,
        })
    }

    /// Returns a header's value; names are compared without regard to case.
    fn header(&self, name: &str) -> Option<String> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| (*value).to_owned())
    }

    fn request(&self) -> Request {
        Request {
            target: self.header("x-amz-target"),
            authorization: self.header("authorization"),
            content_type: self.header("content-type"),
            body: self.body.clone(),
        }
    }
}

/// Returns the name in `/state-machines/{name}/executions`.
fn started_machine(path: &str) -> Option<String> {
    let name = path
        .strip_prefix("/state-machines/")?
        .strip_suffix("/executions")?;
    (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
}

fn headers(event: &Value) -> Vec<(String, &str)> {
    let fields = event.get("headers").and_then(Value::as_object);
    fields
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?)))
        .collect()
}

fn query(event: &Value) -> Vec<(String, String)> {
    let fields = event.get("queryStringParameters").and_then(Value::as_object);
    fields
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn shown(response: Response) -> Value {
    answer(
        response.status,
        response.content_type,
        &response.body,
        Some(&response),
    )
}

fn answer(status: u16, content_type: &str, body: &[u8], response: Option<&Response>) -> Value {
    let mut headers = Map::new();
    headers.insert("content-type".to_owned(), json!(content_type));
    if let Some(response) = response {
        headers.insert("x-amzn-requestid".to_owned(), json!(response.request_id));
        if let Some(error) = &response.error_type {
            headers.insert("x-amzn-errortype".to_owned(), json!(error));
        }
    }
    json!({
        "statusCode": status,
        "headers": headers,
        "body": String::from_utf8_lossy(body),
        "isBase64Encoded": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(path: &str, stage: &str) -> Value {
        json!({
            "version": "2.0",
            "rawPath": path,
            "headers": { "x-amz-target": "AWSStepFunctions.ListStateMachines", "content-type": "application/x-amz-json-1.0" },
            "requestContext": { "http": { "method": "POST", "path": path }, "stage": stage },
            "body": "e30=",
            "isBase64Encoded": true,
        })
    }

    #[test]
    fn both_forms_of_event_are_read() {
        let event = http("/", "$default");
        let call = Call::read(&event).unwrap();
        assert_eq!(
            (call.method, call.path.as_str(), call.body.as_slice()),
            ("POST", "/", b"{}".as_slice())
        );
        assert_eq!(
            call.request().target.as_deref(),
            Some("AWSStepFunctions.ListStateMachines")
        );
        let event = json!({
            "httpMethod": "POST",
            "path": "/state-machines/order/executions",
            "headers": { "X-Amz-Target": "T" },
            "queryStringParameters": { "wait": "", "name": "n" },
            "body": "{\"a\":1}",
            "isBase64Encoded": false,
        });
        let call = Call::read(&event).unwrap();
        assert_eq!(started_machine(&call.path).as_deref(), Some("order"));
        assert_eq!(call.header("x-amz-target").as_deref(), Some("T"));
        assert_eq!(call.query.len(), 2);
    }

    #[test]
    fn the_stage_is_no_part_of_the_path() {
        let event = http("/prod/state-machines/order/executions", "prod");
        assert_eq!(
            Call::read(&event).unwrap().path,
            "/state-machines/order/executions"
        );
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for event in [
            json!({}),
            json!(null),
            json!({ "Records": [] }),
            json!({ "httpMethod": 1 }),
        ] {
            assert!(Call::read(&event).is_none(), "{event}");
        }
        assert_eq!(started_machine("/state-machines//executions"), None);
        assert_eq!(started_machine("/state-machines/a/b/executions"), None);
        assert_eq!(started_machine("/"), None);
    }
}
