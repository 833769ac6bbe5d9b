//! Takes from a recorded history what services, functions, children, clients and workers answered in it.

use super::case::{ACCOUNT, Case, Machine, Report, Reported, Said, Scripted};
use super::recorded::child_name;
use crate::support::Reply;
use serde_json::{Value, json};
use std::time::Duration;

/// Longer than any recorded `TimeoutSeconds` that ends a call.
const TOO_LONG: Duration = Duration::from_secs(20);

/// Fills in all answers of a case.
pub(crate) fn script(case: &mut Case, lambda_code: &str) {
    let events = case.expected["events"].as_array().cloned().unwrap_or_default();
    if events.is_empty() {
        unrecorded(case, lambda_code);
        return;
    }
    let mut tasks = 0;
    for event in events.iter().filter(|event| kind(event).ends_with("Scheduled")) {
        let answered = following(&events, event);
        match kind(event) {
            "TaskScheduled" => {
                service(case, &events, event, answered, tasks);
                tasks += 1;
            }
            "LambdaFunctionScheduled" => {
                if let Some(answered) = answered {
                    let input = &details(event)["input"];
                    case.replies
                        .push(function(input, kind(answered), details(answered)));
                }
            }
            _ => activity(case, &events, event),
        }
    }
}

/// Scripts a task of a service.
fn service(case: &mut Case, events: &[Value], scheduled: &Value, answered: Option<&Value>, number: usize) {
    let call = details(scheduled);
    let (Some(service), Some(answered)) = (call["resourceType"].as_str(), answered) else {
        return;
    };
    let (outcome, result) = (kind(answered), details(answered));
    let is_timeout = outcome == "TaskTimedOut";
    match service {
        "lambda" => {
            case.is_real_time |= is_timeout;
            case.replies
                .push(function(&call["parameters"]["Payload"], outcome, result));
        }
        // The server itself is the service.
        "aws-sdk:sfn" | "states" => {
            let ended = following(events, answered).map_or(result, details);
            child(case, call, ended);
        }
        "sqs" | "sns" | "dynamodb" | "events" if !is_not_sent(result) && is_marked(call, &case.mark) => {
            case.replies.push(Scripted {
                payload: None,
                reply: wire(service, outcome, result),
            });
        }
        _ => mock(case, events, scheduled, outcome, result),
    }
    // A later report ends the task: by its token, with what the history says.
    if outcome == "TaskSubmitted"
        && let Some(end) = following(events, answered)
        && call["parameters"].to_string().contains("TaskToken")
        && let Some(result) = reported(end)
    {
        case.is_real_time = true;
        case.reports.push(Report {
            to: Reported::Callback(number),
            heartbeats: u32::from(call.get("heartbeatInSeconds").is_some()),
            result,
        });
    }
}

/// Scripts a call whose service is not played over HTTP, by the mock configuration.
fn mock(case: &mut Case, events: &[Value], scheduled: &Value, outcome: &str, result: &Value) {
    let answer = match outcome {
        "TaskFailed" => json!({ "Throw": { "Error": result["error"], "Cause": text(&result["cause"]) } }),
        _ => json!({ "Return": result["output"] }),
    };
    let mut entered = scheduled;
    while !kind(entered).ends_with("StateEntered") {
        let before = entered["previousEventId"].as_u64();
        let Some(event) = events.iter().find(|event| event["id"].as_u64() == before) else {
            return;
        };
        entered = event;
    }
    let state = details(entered)["name"].as_str().unwrap_or_default().to_owned();
    let answers = case.mocks.entry(state).or_insert_with(|| json!({}));
    let attempt = answers.as_object().map_or(0, serde_json::Map::len).to_string();
    answers[attempt] = answer;
}

/// Makes the child state machine that ends as the recorded one did, unless the recording has its definition.
fn child(case: &mut Case, call: &Value, ended: &Value) {
    let arn = call["parameters"]["StateMachineArn"].as_str().unwrap_or_default();
    if !arn.ends_with(&format!(":{}", child_name(&case.mark))) || !case.machines.is_empty() {
        return;
    }
    let cause = &ended["cause"];
    let state = match cause.is_object() {
        true if cause["Cause"].is_string() => {
            json!({ "Type": "Fail", "Error": cause["Error"], "Cause": cause["Cause"] })
        }
        true => json!({ "Type": "Fail", "Error": cause["Error"] }),
        false => json!({ "Type": "Pass", "End": true }),
    };
    case.machines.push(Machine {
        account: ACCOUNT.to_owned(),
        name: child_name(&case.mark),
        definition: json!({ "StartAt": "Child", "States": { "Child": state } }),
    });
}

/// Scripts the worker of an activity's task.
fn activity(case: &mut Case, events: &[Value], scheduled: &Value) {
    let started = following(events, scheduled).filter(|event| kind(event) == "ActivityStarted");
    let Some(started) = started else { return };
    if let Some(result) = following(events, started).and_then(reported) {
        case.is_real_time = true;
        case.reports.push(Report {
            to: Reported::Activity(details(started)["workerName"].as_str().map(str::to_owned)),
            heartbeats: 0,
            result,
        });
    }
}

/// Returns what somebody reported to bring an event about.
fn reported(event: &Value) -> Option<Said> {
    let result = details(event);
    match kind(event) {
        "TaskSucceeded" | "ActivitySucceeded" => Some(Ok(text(&result["output"]))),
        "TaskFailed" | "ActivityFailed" => {
            let given = |name: &str| result[name].as_str().map(str::to_owned);
            Some(Err((given("error"), given("cause"))))
        }
        _ => None,
    }
}

/// Returns a function's answer as Lambda gives it.
fn function(payload: &Value, outcome: &str, result: &Value) -> Scripted {
    let ok = |body: String| {
        Reply::new(200, "application/json", body).with_header("X-Amz-Executed-Version", "$LATEST")
    };
    let reply = match (outcome, result["error"].as_str()) {
        ("TaskTimedOut" | "LambdaFunctionTimedOut", _) => Reply {
            after: TOO_LONG,
            ..ok("null".to_owned())
        },
        // The recording says how the answer was refused: this is what is refused so.
        (_, Some("States.DataLimitExceeded")) => ok(json!("a".repeat(257 * 1024)).to_string()),
        ("TaskFailed" | "LambdaFunctionFailed", _) if refused(result).is_some() => {
            wire("lambda", outcome, result)
        }
        ("TaskFailed" | "LambdaFunctionFailed", _) => {
            ok(spaced(&document(&result["cause"]))).with_header("X-Amz-Function-Error", "Unhandled")
        }
        ("LambdaFunctionSucceeded", _) => ok(spaced(&document(&result["output"]))),
        _ => {
            let output = &result["output"];
            let reply = ok(spaced(&output["Payload"]));
            match output["LogResult"].as_str() {
                Some(log) => reply.with_header("X-Amz-Log-Result", log),
                None => reply,
            }
        }
    };
    Scripted {
        payload: Some(document(payload)),
        reply,
    }
}

/// Returns a service's answer in the form of its protocol.
fn wire(service: &str, outcome: &str, result: &Value) -> Reply {
    let content_type = match service {
        "lambda" => "application/json",
        "sns" => "text/xml",
        "events" => "application/x-amz-json-1.1",
        _ => "application/x-amz-json-1.0",
    };
    match (outcome, refused(result)) {
        ("TaskFailed" | "LambdaFunctionFailed", Some(refused)) => {
            let body = json!({ "__type": refused.code, "message": refused.message });
            Reply::new(refused.status, content_type, body.to_string())
                .with_header("x-amzn-ErrorType", &refused.code)
        }
        // EventBridge refuses entries in an answer that is none the worse for it.
        ("TaskFailed", None) => Reply::new(200, content_type, document(&result["cause"]).to_string()),
        _ if service == "sns" => {
            let id = result["output"]["MessageId"]
                .as_str()
                .unwrap_or_default()
                .replace(['<', '>'], "");
            let body = format!(
                "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                 <MessageId>{id}</MessageId></PublishResult><ResponseMetadata><RequestId>r</RequestId>\
                 </ResponseMetadata></PublishResponse>"
            );
            Reply::new(200, content_type, body)
        }
        _ => {
            let mut output = result["output"].clone();
            if let Some(output) = output.as_object_mut() {
                output.retain(|name, _| !name.starts_with("Sdk"));
            }
            Reply::new(200, content_type, output.to_string())
        }
    }
}

/// What a service's refusal said.
struct Refused {
    code: String,
    message: String,
    status: u16,
}

/// Reads a refusal from its cause: `MESSAGE (Service: S; Status Code: 400; Error Code: C; Request ID: ...)`.
fn refused(result: &Value) -> Option<Refused> {
    let (message, rest) = result["cause"].as_str()?.split_once(" (Service: ")?;
    let field = |name: &str| {
        let (_, value) = rest.split_once(&format!("{name}: "))?;
        value.split([',', ';', ')']).next().map(str::to_owned)
    };
    let error = result["error"].as_str()?;
    let code = field("Error Code").or_else(|| error.split_once('.').map(|(_, code)| code.to_owned()))?;
    Some(Refused {
        code,
        message: message.to_owned(),
        status: field("Status Code")?.parse().ok()?,
    })
}

fn is_not_sent(result: &Value) -> bool {
    result["error"]
        .as_str()
        .is_some_and(|error| error.ends_with(".SdkClientException"))
}

fn is_marked(call: &Value, mark: &str) -> bool {
    call["parameters"].to_string().contains(mark)
}

/// Cases without a history: all that is known is what their functions are, and what came out.
fn unrecorded(case: &mut Case, lambda_code: &str) {
    let failed = json!({
        "error": "Exception",
        "cause": {
            "errorMessage": "Some exception was raised.", "errorType": "Exception", "requestId": "r",
            "stackTrace": ["  File \"/var/task/handler.py\", line 2, in handler\n    raise Exception(\"Some exception was raised.\")\n"]
        }
    });
    if lambda_code.contains("raise Exception") {
        let mut answer = function(&Value::Null, "LambdaFunctionFailed", &failed);
        answer.payload = None;
        case.replies.extend(std::iter::repeat_n(answer, 10));
    } else if case.definition.to_string().contains("\"Task\"") {
        let mut output = case.expected["output"].clone();
        if let Some(output) = output.as_object_mut() {
            output.remove("final");
        }
        let first = case.definition["StartAt"].as_str().unwrap_or_default().to_owned();
        case.mocks.insert(first, json!({ "0": { "Return": output } }));
    }
}

/// Returns the event of the same task that comes after another one and is more than its start.
fn following<'a>(events: &'a [Value], event: &Value) -> Option<&'a Value> {
    let next = events
        .iter()
        .find(|next| next["previousEventId"] == event["id"])?;
    match kind(next) {
        "TaskStarted" | "LambdaFunctionStarted" => following(events, next),
        _ => Some(next),
    }
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap_or_default()
}

/// Returns the details of an event; null for one that has none.
fn details(event: &Value) -> &Value {
    let member = event
        .as_object()
        .into_iter()
        .flatten()
        .find(|(name, _)| name.ends_with("EventDetails"));
    member.map_or(&Value::Null, |(_, details)| details)
}

/// Returns a document that stands parsed if it is an object, and else as its text.
fn document(value: &Value) -> Value {
    let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    parsed.unwrap_or_else(|| value.clone())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Writes JSON with a blank after each comma and colon, as functions in Python answer.
pub(crate) fn spaced(value: &Value) -> String {
    struct Spaced;
    impl serde_json::ser::Formatter for Spaced {
        fn begin_array_value<W: ?Sized + std::io::Write>(
            &mut self,
            to: &mut W,
            first: bool,
        ) -> std::io::Result<()> {
            to.write_all(if first { b"" } else { b", " })
        }
        fn begin_object_key<W: ?Sized + std::io::Write>(
            &mut self,
            to: &mut W,
            first: bool,
        ) -> std::io::Result<()> {
            to.write_all(if first { b"" } else { b", " })
        }
        fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, to: &mut W) -> std::io::Result<()> {
            to.write_all(b": ")
        }
    }
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Spaced);
    serde::Serialize::serialize(value, &mut serializer).expect("a document can be written");
    String::from_utf8(text).expect("a document is text")
}
