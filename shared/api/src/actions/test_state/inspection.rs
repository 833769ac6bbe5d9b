//! The state's data flow, as `inspectionData` shows it.

use super::request::{Level, TestState};
use crate::wire::Answer;
use asl::program::{MapMode, QueryLanguage, State, StateKind};
use engine::{Handled, Trace, Verdict};
use integrations::web::WebRequest;
use ports::Exchange;
use serde_json::Value;

/// Returns the members that the level asks for, and that the state's type and language have.
pub(super) fn of(
    verdict: &Verdict,
    exchange: Option<&Exchange>,
    state: &State,
    request: &TestState,
) -> Option<Value> {
    if request.level == Level::Info {
        return None;
    }
    let trace = &verdict.trace;
    let answer = Answer::default().with("input", &*request.input);
    let answer = match state.language() {
        QueryLanguage::Jsonpath => jsonpath(answer, trace, &state.kind, &request.input),
        QueryLanguage::Jsonata => jsonata(answer, trace, &state.kind),
    };
    let answer = match &state.kind {
        StateKind::Map(map) => {
            let pointer = match &map.mode {
                MapMode::Distributed(distributed) => distributed
                    .item_reader
                    .as_ref()
                    .and_then(|reader| reader.pointer("/ReaderConfig/ItemsPointer")),
                MapMode::Inline => None,
            };
            let pointed = pointer.filter(|_| request.configuration.item_reader_data.is_some());
            let answer = answer.with_some(
                "afterItemsPointer",
                pointed.and_then(|_| text(trace.after_items_path.as_ref())),
            );
            map_fields(answer, trace)
        }
        _ => answer,
    };
    let variables = Some(&verdict.variables).filter(|variables| !variables.is_empty());
    let answer = answer
        .with_some(
            "variables",
            variables.map(|variables| Value::Object(variables.clone()).to_string()),
        )
        .with_some("errorDetails", error_details(trace));
    Some(match exchange.filter(|_| request.level == Level::Trace) {
        Some(exchange) => with_exchange(answer, exchange, request.reveals_secrets).into(),
        None => answer.into(),
    })
}

/// Adds what was said to an HTTP API and by it, in AWS's form; what the connection has added to the request is secret
/// (API reference, TestState).
fn with_exchange(answer: Answer, exchange: &Exchange, reveals_secrets: bool) -> Answer {
    let shown = if reveals_secrets {
        &exchange.request
    } else {
        &exchange.bare_request
    };
    let protocol = |request: &WebRequest| {
        let scheme = request.url.split("://").next().unwrap_or_default();
        scheme.to_ascii_lowercase()
    };
    let request = shown.as_ref().map(|request| {
        Value::from(
            Answer::default()
                .with("protocol", protocol(request))
                .with("method", &*request.method)
                .with("url", &*request.url)
                .with("headers", headers(&request.headers))
                .with_some("body", request.body.as_deref()),
        )
    });
    let response = exchange.answer.as_ref().map(|answer| {
        Value::from(
            Answer::default()
                .with_some("protocol", exchange.request.as_ref().map(protocol))
                .with("statusCode", answer.status.to_string())
                .with("statusMessage", &*answer.reason)
                .with("headers", headers(&answer.headers))
                .with("body", String::from_utf8_lossy(&answer.body).into_owned()),
        )
    });
    answer
        .with_some("request", request)
        .with_some("response", response)
}

fn headers(headers: &[(String, String)]) -> String {
    let lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    format!("[{}]", lines.join(", "))
}

fn jsonpath(answer: Answer, trace: &Trace, kind: &StateKind, input: &str) -> Answer {
    let fixed = match kind {
        StateKind::Pass(pass) => pass.result.as_ref(),
        _ => None,
    };
    let answer = match (fixed, kind) {
        // A fixed result needs no input (recorded: test_state, BASE_RESULT_PASS_STATE).
        (Some(result), _) => answer.with("result", result.to_string()),
        // A Fail state has no InputPath, and shows its input nevertheless (recorded: BASE_FAIL_STATE).
        (None, StateKind::Fail(_)) => answer.with("afterInputPath", input),
        (None, _) => answer
            .with_some("afterInputPath", text(trace.after_input_path.as_ref()))
            .with_some("afterParameters", text(trace.after_arguments.as_ref())),
    };
    let answer = match kind {
        StateKind::Map(_) => answer.with_some("afterItemsPath", text(trace.after_items_path.as_ref())),
        _ => answer,
    };
    let answer = with_result(answer, trace, kind);
    match kind {
        StateKind::Pass(_) | StateKind::Task(_) | StateKind::Map(_) | StateKind::Parallel(_) => answer
            .with_some("afterResultSelector", text(trace.after_result_selector.as_ref()))
            .with_some("afterResultPath", text(trace.after_result_path.as_ref())),
        StateKind::Choice(_) | StateKind::Wait(_) | StateKind::Succeed(_) | StateKind::Fail(_) => answer,
    }
}

fn jsonata(answer: Answer, trace: &Trace, kind: &StateKind) -> Answer {
    let arguments = match kind {
        StateKind::Task(_) | StateKind::Parallel(_) => text(trace.after_arguments.as_ref()),
        _ => None,
    };
    with_result(answer.with_some("afterArguments", arguments), trace, kind)
}

/// Adds the result of what has work of its own; not that of a Map (recorded: state_map_context_object).
fn with_result(answer: Answer, trace: &Trace, kind: &StateKind) -> Answer {
    match kind {
        StateKind::Task(_) | StateKind::Parallel(_) => answer.with_some("result", trace.result.as_deref()),
        StateKind::Map(_)
        | StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed(_)
        | StateKind::Fail(_) => answer,
    }
}

fn map_fields(answer: Answer, trace: &Trace) -> Answer {
    let inputs = trace
        .after_item_selector
        .as_ref()
        .map(|inputs| Value::Array(inputs.clone()).to_string());
    answer
        .with_some("afterItemSelector", inputs)
        .with_some("toleratedFailureCount", trace.tolerated_failure_count)
        .with_some("toleratedFailurePercentage", trace.tolerated_failure_percentage)
        .with_some("maxConcurrency", trace.max_concurrency)
}

/// Returns which entries of Retry and Catch are for the error.
///
/// Recorded: an entry of Retry is told when its attempts are used up, too, without a delay (test_state,
/// state_configuration_retrier_retry_count).
fn error_details(trace: &Trace) -> Option<Value> {
    let exhausted = trace.exhausted.map(|index| (index, None));
    let (retry, catch) = match trace.handled {
        Some(Handled::Retry { index, delay_seconds }) => (Some((index, Some(delay_seconds))), None),
        Some(Handled::Catch { index }) => (exhausted, Some(index)),
        None => (exhausted, None),
    };
    if retry.is_none() && catch.is_none() {
        return None;
    }
    let answer = Answer::default()
        .with_some("catchIndex", catch)
        .with_some("retryIndex", retry.map(|(index, _)| index))
        .with_some("retryBackoffIntervalSeconds", retry.and_then(|(_, delay)| delay));
    Some(answer.into())
}

fn text(value: Option<&Value>) -> Option<String> {
    value.map(Value::to_string)
}
