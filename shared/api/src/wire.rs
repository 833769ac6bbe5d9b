//! AWS JSON 1.0, whatever carries it: what comes in, what goes out.

use crate::error::{Error, Exception};
use engine::Timestamp;
use serde_json::{Map, Value};

/// What stands before the operation in `X-Amz-Target`.
const TARGET_PREFIX: &str = "AWSStepFunctions.";
/// The content type of every answer.
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// A request, as the carrier received it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The header `X-Amz-Target`: `AWSStepFunctions.StartExecution`.
    pub target: Option<String>,
    /// The header `Authorization`. It names the owner; it is not verified.
    pub authorization: Option<String>,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Returns the name of the operation.
    pub(crate) fn operation(&self) -> Result<&str, Error> {
        let unknown = |message: String| Error::new(Exception::UnknownOperationException, message);
        if let Some(content_type) = self.content_type.as_deref()
            && content_type.contains("cbor")
        {
            return Err(unknown(format!(
                "the content type `{content_type}` is not supported, send `{CONTENT_TYPE}`"
            )));
        }
        let target = self.target.as_deref();
        let target = target.ok_or_else(|| unknown("the header `X-Amz-Target` is missing".to_owned()))?;
        target
            .strip_prefix(TARGET_PREFIX)
            .ok_or_else(|| unknown(format!("the target `{target}` is unknown")))
    }
}

/// An answer, for the carrier to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// The header `x-amzn-RequestId`.
    pub request_id: String,
    /// The header `x-amzn-ErrorType`, for exceptions: the name.
    pub error_type: Option<String>,
}

impl Response {
    /// Returns the answer to a request that was or was not fulfilled.
    pub(crate) fn of(outcome: Result<Value, Error>, request_id: String) -> Response {
        let (status, error_type, body) = match outcome {
            Ok(body) => (200, None, body),
            Err(error) => (
                error.exception.status(),
                Some(error.exception.name().to_owned()),
                exception_body(error),
            ),
        };
        Response {
            status,
            // It cannot fail: the keys are strings, and memory takes all.
            body: serde_json::to_vec(&body).unwrap_or_default(),
            content_type: CONTENT_TYPE,
            request_id,
            error_type,
        }
    }
}

fn exception_body(error: Error) -> Value {
    let mut body = Map::new();
    body.insert("__type".to_owned(), error.exception.qualified_name().into());
    body.insert("message".to_owned(), error.message.into());
    if let Some(reason) = error.reason {
        body.insert("reason".to_owned(), reason.into());
    }
    if let Some(resource) = error.resource {
        body.insert("resourceName".to_owned(), resource.into());
    }
    Value::Object(body)
}

/// Writes a time as AWS JSON does: seconds since the epoch, with milliseconds.
pub(crate) fn seconds(time: Timestamp) -> Value {
    // Exact to the millisecond for the next 280,000 years.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53")]
    let seconds = time.millis() as f64 / 1000.0;
    seconds.into()
}

/// Builds an answer's object; members without a value are left out.
#[derive(Debug, Default)]
pub(crate) struct Answer(Map<String, Value>);

impl Answer {
    /// Adds a member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Answer {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a member if there is a value.
    pub(crate) fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Answer {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a time.
    pub(crate) fn with_time(self, name: &str, time: Timestamp) -> Answer {
        self.with(name, seconds(time))
    }

    /// Adds a time if there is one.
    pub(crate) fn with_some_time(self, name: &str, time: Option<Timestamp>) -> Answer {
        self.with_some(name, time.map(seconds))
    }
}

impl From<Answer> for Value {
    fn from(answer: Answer) -> Value {
        Value::Object(answer.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_names_the_operation() {
        let request = |target: &str| Request {
            target: Some(target.to_owned()),
            ..Request::default()
        };
        assert_eq!(
            request("AWSStepFunctions.StartExecution").operation(),
            Ok("StartExecution")
        );
        for target in ["StartExecution", "AmazonSQS.SendMessage", ""] {
            let error = request(target).operation().unwrap_err();
            assert_eq!(error.exception, Exception::UnknownOperationException, "{target}");
        }
        assert_eq!(
            Request::default().operation().unwrap_err().message,
            "the header `X-Amz-Target` is missing"
        );
        let cbor = Request {
            content_type: Some("application/cbor".to_owned()),
            ..request("AWSStepFunctions.X")
        };
        assert_eq!(
            cbor.operation().unwrap_err().exception,
            Exception::UnknownOperationException
        );
    }

    #[test]
    fn exceptions_are_written_as_aws_writes_them() {
        let response = Response::of(Err(Error::no_machine("arn:x")), "id".to_owned());
        assert_eq!(response.status, 400);
        assert_eq!(response.error_type.as_deref(), Some("StateMachineDoesNotExist"));
        assert_eq!(
            String::from_utf8(response.body).unwrap(),
            r#"{"__type":"com.amazonaws.swf.service.v2.model#StateMachineDoesNotExist","message":"State Machine Does Not Exist: 'arn:x'"}"#
        );
        let response = Response::of(Err(Error::labelled_arn("StartExecution")), "id".to_owned());
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body["__type"], "com.amazon.coral.validate#ValidationException");
        assert_eq!(body["reason"], "API_DOES_NOT_SUPPORT_LABELED_ARNS");
        assert_eq!(
            Response::of(Err(Error::new(Exception::ConflictException, "")), String::new()).status,
            409
        );
    }

    #[test]
    fn times_are_numbers_with_milliseconds() {
        let answer = Answer::default()
            .with_time("startDate", Timestamp(1_700_000_000_123))
            .with_some_time("stopDate", None)
            .with_some("name", Some("n"));
        assert_eq!(
            Value::from(answer).to_string(),
            r#"{"startDate":1700000000.123,"name":"n"}"#
        );
    }
}
