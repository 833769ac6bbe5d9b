//! What stands in for the world around a state under test.

use super::request::{MockMembers, TestState, Validation};
use crate::error::{Error, Exception};
use asl::program::{Distributed, MapMode, State, StateKind};
use engine::{Expected, Mock};
use integrations::{Failure, Pattern, Resource};
use ports::{Conformity, Services};
use serde_json::{Map, Value};

/// Returns what the state finds around it; refuses what its type cannot do.
pub(super) fn expected(
    request: &TestState,
    state: &State,
    services: &dyn Services,
) -> Result<Expected, Error> {
    check_need(state, request)?;
    if matches!(state.kind, StateKind::Task(_)) && request.mock.is_none() && request.role_arn.is_none() {
        return Err(Error::validation(
            "RoleArn must be specified when testing a Task state",
        ));
    }
    let configuration = &request.configuration;
    let is_map = matches!(state.kind, StateKind::Map(_));
    let is_fork = is_map || matches!(state.kind, StateKind::Parallel(_));
    if !is_map && (configuration.failed_iterations.is_some() || configuration.item_reader_data.is_some()) {
        return Err(Error::validation(
            "`mapIterationFailureCount` and `mapItemReaderData` are for Map states",
        ));
    }
    if configuration.error_caused_by.is_some() && !is_fork {
        return Err(Error::validation(
            "`errorCausedByState` is for Map and Parallel states",
        ));
    }
    let mock = match &request.mock {
        Some(mock) => Some(mock_of(mock, state, services)?),
        None => None,
    };
    let count = |number: Option<u64>| number.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    Ok(Expected {
        variables: object("variables", request.variables.as_deref())?.unwrap_or_default(),
        context: object("context", request.context.as_deref())?.map(Value::Object),
        mock,
        retries: count(configuration.retries).unwrap_or(0),
        failed_iterations: count(configuration.failed_iterations),
        items_read: items_read(state, configuration.item_reader_data.as_deref())?,
    })
}

/// Refuses a mock where there is nothing to mock, and a state that cannot be tested without one: in AWS's words, which
/// are recorded in test_state, state_mock_validation.
fn check_need(state: &State, request: &TestState) -> Result<(), Error> {
    let is_alone = |kind: &str| match request.mock {
        Some(_) => Err(Error::validation(format!(
            "State type '{kind}' is not supported when a mock is specified"
        ))),
        None => Ok(()),
    };
    if request.reveals_secrets && request.mock.is_some() {
        return Err(Error::validation(
            "TestState does not support RevealSecrets when a mock is specified.",
        ));
    }
    if request.configuration.failed_iterations.is_some() && request.mock.is_none() {
        return Err(Error::validation(
            "TestState does not support MapIterationFailureCount when a mock is not specified.",
        ));
    }
    match &state.kind {
        StateKind::Map(_) | StateKind::Parallel(_) if request.mock.is_none() => Err(Error::new(
            Exception::InvalidDefinition,
            "TestState API does not support Map or Parallel states. Supported state types include: \
             [Task, Wait, Pass, Succeed, Fail, Choice]",
        )),
        StateKind::Map(_) | StateKind::Parallel(_) => Ok(()),
        StateKind::Task(task) => {
            let is_done_by_one_call = match &task.resource {
                Resource::Activity(_) => false,
                Resource::Function(_) => true,
                Resource::Service(integration) => integration.pattern() == Pattern::RequestResponse,
            };
            match is_done_by_one_call || request.mock.is_some() {
                true => Ok(()),
                false => Err(Error::validation(
                    "a `mock` is needed to test an activity, or an integration with `.sync` or `.waitForTaskToken`",
                )),
            }
        }
        StateKind::Pass(_) => is_alone("Pass"),
        StateKind::Choice(_) => is_alone("Choice"),
        StateKind::Wait(_) => is_alone("Wait"),
        StateKind::Succeed(_) => is_alone("Succeed"),
        StateKind::Fail(_) => is_alone("Fail"),
    }
}

fn mock_of(mock: &MockMembers, state: &State, services: &dyn Services) -> Result<Mock, Error> {
    if let Some((error, cause)) = &mock.error_output {
        return Ok(Mock::Failure(Failure {
            error: error.clone(),
            cause: cause.clone(),
        }));
    }
    let text = mock.result.as_deref().unwrap_or_default();
    let result: Value =
        serde_json::from_str(text).map_err(|_| Error::validation("Mocked result must be valid JSON"))?;
    if let StateKind::Task(task) = &state.kind {
        check_model(&task.resource, &result, mock.validation, services)?;
    }
    check_shape(&result, state)?;
    Ok(Mock::Result(text.to_owned()))
}

/// Refuses a result that the service's model does not allow. AWS compares strictly unless it is asked not to.
fn check_model(
    resource: &Resource,
    result: &Value,
    validation: Option<Validation>,
    services: &dyn Services,
) -> Result<(), Error> {
    let is_strict = match validation {
        Some(Validation::None) => return Ok(()),
        Some(Validation::Present) => false,
        Some(Validation::Strict) | None => true,
    };
    match (services.conformity(resource, result, is_strict), validation) {
        (Conformity::Conforms, _) | (Conformity::Unknown(_), None) => Ok(()),
        (Conformity::Violates(violation), _) => Err(Error::validation(format!(
            "Mock result schema validation error: {}",
            field_of(&violation)
        ))),
        // What was asked for by name must not pass in silence.
        (Conformity::Unknown(reason), Some(_)) => Err(Error::validation(format!(
            "the `result` of the `mock` cannot be compared, use the `fieldValidationMode` NONE: {reason}"
        ))),
    }
}

/// Says of a violation what AWS says: the field without the path to it, and what it must be.
fn field_of(violation: &str) -> String {
    let parts = violation.strip_prefix('`').and_then(|rest| rest.split_once("` "));
    let Some((path, what)) = parts else {
        return violation.to_owned();
    };
    let is_name = |part: &&str| part.parse::<usize>().is_err();
    let field = path.rsplit('/').find(is_name).unwrap_or(path);
    let what = what.split(", but is").next().unwrap_or(what);
    // A time is a text there (recorded: test_state, wrong_timestamp_type_bool).
    let what = what
        .replace("a time", "a string")
        .replace("a whole number", "a number");
    format!("Field '{field}' {what}")
}

/// Refuses a result that a Map or Parallel state never has.
fn check_shape(result: &Value, state: &State) -> Result<(), Error> {
    let not_a_list = || Error::validation("Mocked result must be an array.");
    match &state.kind {
        StateKind::Parallel(parallel) => match result {
            Value::Array(results) if results.len() == parallel.branches.len() => Ok(()),
            Value::Array(_) => Err(Error::validation(
                "Mocked result must contain the same number of items as number of Parallel branches.",
            )),
            _ => Err(not_a_list()),
        },
        StateKind::Map(map) => {
            // What a ResultWriter gives is an object.
            let is_written = match &map.mode {
                MapMode::Distributed(distributed) => distributed.result_writer.is_some(),
                MapMode::Inline => false,
            };
            match result {
                Value::Array(_) => Ok(()),
                Value::Object(_) if is_written => Ok(()),
                _ => Err(not_a_list()),
            }
        }
        StateKind::Task(_)
        | StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed(_)
        | StateKind::Fail(_) => Ok(()),
    }
}

/// Returns the items that `mapItemReaderData` holds.
fn items_read(state: &State, data: Option<&str>) -> Result<Option<Value>, Error> {
    let StateKind::Map(map) = &state.kind else {
        return Ok(None);
    };
    let MapMode::Distributed(distributed) = &map.mode else {
        return match data {
            Some(_) => Err(Error::validation(
                "`mapItemReaderData` is for Map states with an ItemReader",
            )),
            None => Ok(None),
        };
    };
    if distributed.item_batcher.is_some() {
        return Err(Error::not_implemented(
            "the test of a Map state with an ItemBatcher",
        ));
    }
    let Some(data) = data else { return Ok(None) };
    read(distributed, data).map(Some)
}

fn read(distributed: &Distributed, data: &str) -> Result<Value, Error> {
    let Some(reader) = &distributed.item_reader else {
        return Err(Error::validation(
            "`mapItemReaderData` is for Map states with an ItemReader",
        ));
    };
    let config = reader.get("ReaderConfig");
    let field = |name: &str| config.and_then(|config| config.get(name));
    if let Some(input_type) = field("InputType").filter(|input_type| *input_type != "JSON") {
        return Err(Error::not_implemented(&format!(
            "`mapItemReaderData` for the InputType {input_type}"
        )));
    }
    let items: Value = serde_json::from_str(data)
        .map_err(|why| Error::validation(format!("`mapItemReaderData` is not JSON: {why}")))?;
    let pointer = field("ItemsPointer").and_then(Value::as_str).unwrap_or_default();
    let mut items = items.pointer(pointer).cloned().ok_or_else(|| {
        Error::validation(format!(
            "the ItemsPointer `{pointer}` leads nowhere in `mapItemReaderData`"
        ))
    })?;
    if let (Value::Array(items), Some(most)) = (&mut items, field("MaxItems").and_then(Value::as_u64)) {
        items.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    }
    match items {
        Value::Array(_) | Value::Object(_) => Ok(items),
        _ => Err(Error::validation(
            "`mapItemReaderData` must lead to an array or an object",
        )),
    }
}

fn object(member: &str, text: Option<&str>) -> Result<Option<Map<String, Value>>, Error> {
    let Some(text) = text else { return Ok(None) };
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        Ok(_) => Err(Error::validation(format!("`{member}` must be a JSON object"))),
        Err(why) => Err(Error::validation(format!("`{member}` is not JSON: {why}"))),
    }
}
