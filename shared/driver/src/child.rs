//! Executions that a task of another execution starts: `states:startExecution` and its patterns.

use crate::error::Error;
use crate::start::{Start, Started, uuid};
use crate::{Driver, payloads};
use engine::{Call, Closing, Execution, Identity, Message, Parent, Status, Timestamp, Wants};
use integrations::{Failure, Pattern, Resource};
use ports::{Envelope, Owner};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Starts a child execution; the message is the answer to the start, or its end when that is known already.
pub(crate) async fn start(driver: Driver, identity: Arc<Identity>, call: Call) -> Message {
    let id = call.id;
    match try_start(&driver, &identity, call).await {
        Ok(message) => message,
        Err(failure) => Message::CallFailed { call: id, failure },
    }
}

async fn try_start(driver: &Driver, identity: &Identity, call: Call) -> Result<Message, Failure> {
    let parameters = Parameters::read(call.parameters.value())?;
    let machine_arn = parameters.machine_arn;
    let target = Target::parse(&machine_arn).ok_or_else(|| {
        refused(
            "InvalidArn",
            &format!("Invalid Arn: 'Invalid ARN: {machine_arn}'"),
        )
    })?;
    let machine = driver
        .0
        .ports
        .registry
        .machine(&target.owner, &target.name)
        .await
        .map_err(broken)?;
    let missing = || {
        refused(
            "StateMachineDoesNotExist",
            &format!("State Machine Does Not Exist: '{machine_arn}'"),
        )
    };
    let machine = machine.ok_or_else(missing)?;
    let (machine, version_arn, alias_arn) = match &target.qualifier {
        None => (machine, None, None),
        Some(qualifier) => {
            let registry = &*driver.0.ports.registry;
            let random = driver.0.ports.entropy.bytes();
            let found = ports::qualified(registry, machine, qualifier, &random).await;
            let found = found.map_err(broken)?.ok_or_else(missing)?;
            (found.machine, Some(found.version_arn), found.alias_arn)
        }
    };
    let machine_key = ports::machine_key(&machine.owner, &machine.name);
    let program = driver.program(&machine_key, &machine.revision).map_err(broken)?;
    let wants = match &call.resource {
        Resource::Service(integration) => match integration.pattern() {
            Pattern::Sync => Wants::Text,
            Pattern::Sync2 => Wants::Json,
            Pattern::RequestResponse | Pattern::WaitForTaskToken => Wants::Nothing,
        },
        Resource::Function(_) | Resource::Activity(_) => Wants::Nothing,
    };
    let parent = Parent {
        key: identity.key.clone(),
        incarnation: Arc::clone(&identity.incarnation),
        call: call.id,
        wants,
    };
    let start = Start {
        program,
        name: parameters
            .name
            .unwrap_or_else(|| derived_name(&call.client_token)),
        input: parameters.input,
        trace_header: None,
        version_arn,
        alias_arn,
        test_case: identity.test_case.clone(),
        parent: Some(parent),
        machine,
    };
    let (arn, started) = match driver.start(start).await.map_err(broken)? {
        Started::New { arn, started } | Started::Same { arn, started } => (arn, started),
        Started::NameTaken { arn } => {
            return Err(refused(
                "ExecutionAlreadyExists",
                &format!("Execution Already Exists: '{arn}'"),
            ));
        }
    };
    // A child that has ended reports that itself. After a crash its report may be lost: this finds it again.
    if wants != Wants::Nothing
        && let Some(message) = ended(driver, &arn, call.id, wants).await.map_err(broken)?
    {
        return Ok(message);
    }
    Ok(Message::CallSucceeded {
        call: call.id,
        output: submission(driver, &arn, started),
    })
}

struct Parameters {
    machine_arn: String,
    name: Option<String>,
    input: Arc<str>,
}

impl Parameters {
    fn read(parameters: &Value) -> Result<Parameters, Failure> {
        let Value::Object(fields) = parameters else {
            return Err(runtime(
                "the parameters of `states:startExecution` must be an object".to_owned(),
            ));
        };
        for field in fields.keys() {
            if !matches!(
                field.as_str(),
                "StateMachineArn" | "Input" | "Name" | "TraceHeader"
            ) {
                return Err(runtime(format!(
                    "The field '{field}' is not supported by Step Functions"
                )));
            }
        }
        let text = |field: &str| fields.get(field).and_then(Value::as_str).map(str::to_owned);
        let machine_arn = text("StateMachineArn")
            .ok_or_else(|| runtime("The field 'StateMachineArn' is required but was missing".to_owned()))?;
        let input = match fields.get("Input") {
            None | Some(Value::Null) => Arc::from("{}"),
            // The operation takes text: a text is what is sent (recorded: credentials, cross_account_states).
            Some(Value::String(text)) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
                Ok(_) => text.as_str().into(),
                Err(error) => {
                    let message = format!("Invalid State Machine Execution Input: '{error}'");
                    return Err(refused("InvalidExecutionInput", &message));
                }
            },
            Some(value) => value.to_string().into(),
        };
        Ok(Parameters {
            machine_arn,
            name: text("Name"),
            input,
        })
    }
}

/// The parts of a state machine's or an activity's ARN.
pub(crate) struct Target {
    pub(crate) owner: Owner,
    pub(crate) kind: String,
    pub(crate) name: String,
    /// A version's number or an alias's name.
    pub(crate) qualifier: Option<String>,
}

impl Target {
    pub(crate) fn parse(arn: &str) -> Option<Target> {
        let mut parts = arn.split(':');
        if parts.next()? != "arn" || !parts.next()?.starts_with("aws") || parts.next()? != "states" {
            return None;
        }
        let owner = Owner {
            region: parts.next()?.into(),
            account: parts.next()?.into(),
        };
        let kind = parts.next()?.to_owned();
        Some(Target {
            owner,
            kind,
            name: parts.next()?.to_owned(),
            qualifier: parts.next().map(str::to_owned),
        })
    }
}

/// Fails when an activity is not there.
pub(crate) async fn activity_exists(driver: &Driver, arn: &str) -> Result<(), Failure> {
    let missing = || Failure {
        error: "States.Runtime".to_owned(),
        cause: Some(format!("The activity '{arn}' does not exist")),
    };
    let target = Target::parse(arn)
        .filter(|target| target.kind == "activity")
        .ok_or_else(missing)?;
    match driver
        .0
        .ports
        .registry
        .activity(&target.owner, &target.name)
        .await
        .map_err(broken)?
    {
        Some(_) => Ok(()),
        None => Err(missing()),
    }
}

/// Returns the message of a child's end, when it has ended.
async fn ended(
    driver: &Driver,
    arn: &str,
    call: engine::CallId,
    wants: Wants,
) -> Result<Option<Message>, Error> {
    let Some((machine_arn, name)) = execution_of(arn) else {
        return Ok(None);
    };
    let Some(target) = Target::parse(&machine_arn) else {
        return Ok(None);
    };
    let key = engine::ExecutionKey {
        machine: ports::machine_key(&target.owner, &target.name).into(),
        name: name.into(),
    };
    let Some(head) = driver.0.ports.journal.head(&key).await? else {
        return Ok(None);
    };
    let Some(stopped) = head.stopped else {
        return Ok(None);
    };
    let input = driver.text(&head.input).await?;
    let output = match &head.output {
        Some(output) => Some(driver.text(output).await?),
        None => None,
    };
    let end = End {
        identity: &head.identity,
        status: head.status,
        stopped,
        input: &input,
        output: output.as_deref(),
        error: head.error.as_deref(),
        cause: head.cause.as_deref(),
    };
    Ok(Some(end.message(driver, call, wants)))
}

/// Stops the child execution of a task that does not wait for it any more.
pub(crate) async fn stop(driver: &Driver, submission: &Value) -> Result<(), Error> {
    let arn = submission.get("ExecutionArn").and_then(Value::as_str);
    let Some((machine_arn, name)) = arn.and_then(execution_of) else {
        return Ok(());
    };
    let Some(target) = Target::parse(&machine_arn) else {
        return Ok(());
    };
    let key = engine::ExecutionKey {
        machine: ports::machine_key(&target.owner, &target.name).into(),
        name: name.into(),
    };
    driver.stop(&key, None, None).await.map(|_| ())
}

/// Returns the state machine's ARN and the name in a Standard execution's ARN.
fn execution_of(arn: &str) -> Option<(String, String)> {
    let (machine, name) = arn.rsplit_once(':')?;
    Some((
        machine.replacen(":execution:", ":stateMachine:", 1),
        name.to_owned(),
    ))
}

/// Tells the task that waits for this execution that it has ended.
pub(crate) async fn notify_parent(driver: &Driver, execution: &Execution) -> Result<(), Error> {
    let identity = &execution.identity;
    let waiting = identity
        .parent
        .as_ref()
        .filter(|parent| parent.wants != Wants::Nothing);
    let Some(parent) = waiting else { return Ok(()) };
    let message = match &execution.closing {
        Some(closing) => End::of(execution, closing).message(driver, parent.call, parent.wants),
        // Whoever wrote the last entry may have died before it told.
        None => match ended(driver, &identity.arn, parent.call, parent.wants).await? {
            Some(message) => message,
            None => return Ok(()),
        },
    };
    let envelope = Envelope {
        key: parent.key.clone(),
        incarnation: Arc::clone(&parent.incarnation),
        message,
        deduplication: format!("{}#done", identity.incarnation),
    };
    Ok(driver.0.ports.mailbox.post(envelope).await?)
}

/// How a child execution ended, as its parent's task shows it.
struct End<'a> {
    identity: &'a Identity,
    status: Status,
    stopped: Timestamp,
    input: &'a str,
    output: Option<&'a str>,
    error: Option<&'a str>,
    cause: Option<&'a str>,
}

impl<'a> End<'a> {
    fn of(execution: &'a Execution, closing: &'a Closing) -> End<'a> {
        End {
            identity: &execution.identity,
            status: closing.status,
            stopped: closing.time,
            input: execution.input.text(),
            output: closing.output.as_ref().map(|output| &**output.text()),
            error: closing.error.as_deref(),
            cause: closing.cause.as_deref(),
        }
    }

    fn message(&self, driver: &Driver, call: engine::CallId, wants: Wants) -> Message {
        let submission = submission(driver, &self.identity.arn, self.identity.started);
        // Fields in alphabetical order, as recorded: callback/start_execution_sync_delegate_failure.
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        if let Some(cause) = self.cause {
            set("Cause", json!(cause));
        }
        if let Some(error) = self.error {
            set("Error", json!(error));
        }
        set("ExecutionArn", json!(self.identity.arn));
        let as_value = |text: &str| match wants {
            Wants::Json => serde_json::from_str(text).unwrap_or(Value::Null),
            Wants::Text | Wants::Nothing => json!(text),
        };
        set("Input", as_value(self.input));
        set("InputDetails", json!({ "Included": true }));
        set("Name", json!(self.identity.name));
        if let Some(output) = self.output {
            set("Output", as_value(output));
            set("OutputDetails", json!({ "Included": true }));
        }
        if self.status == Status::Succeeded {
            // Recorded: credentials, cross_account_states_start_sync_execution.
            set("RedriveCount", json!(0));
            set("RedriveStatus", json!("NOT_REDRIVABLE"));
            set(
                "RedriveStatusReason",
                json!("Execution is SUCCEEDED and cannot be redriven"),
            );
        }
        set("StartDate", json!(self.identity.started.millis()));
        set("StateMachineArn", json!(self.identity.machine_arn));
        set("Status", json!(self.status.name()));
        set("StopDate", json!(self.stopped.millis()));
        let text = Value::Object(fields).to_string();
        let result = match self.status {
            Status::Succeeded => Ok(text),
            Status::Running | Status::Failed | Status::TimedOut | Status::Aborted => Err(Failure {
                error: "States.TaskFailed".to_owned(),
                cause: Some(text),
            }),
        };
        Message::JobDone {
            call,
            submission,
            result,
        }
    }
}

/// Returns the answer to a start, as the task shows it: with what the SDK adds to every answer.
fn submission(driver: &Driver, arn: &str, started: Timestamp) -> String {
    let seconds = started.millis() as f64 / 1000.0;
    let length = json!({ "executionArn": arn, "startDate": seconds })
        .to_string()
        .len()
        .to_string();
    let date = jiff::Timestamp::from_millisecond(driver.0.ports.clock.now().millis()).unwrap_or_default();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let request_id = uuid(&driver.0.ports.entropy.bytes());
    let content_type = "application/x-amz-json-1.0";
    json!({
        "ExecutionArn": arn,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {
                "x-amzn-RequestId": [request_id],
                "connection": ["keep-alive"],
                "Content-Length": [length],
                "Date": [date],
                "Content-Type": [content_type],
            },
            "HttpHeaders": {
                "connection": "keep-alive",
                "Content-Length": length,
                "Content-Type": content_type,
                "Date": date,
                "x-amzn-RequestId": request_id,
            },
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": { "RequestId": request_id },
        "StartDate": started.millis(),
    })
    .to_string()
}

/// Returns the name of a child whose task names none: a UUID that is the same for every attempt to start it.
fn derived_name(client_token: &str) -> String {
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().skip(16).zip((0..32).step_by(2)) {
        *byte = client_token
            .get(at..at + 2)
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .unwrap_or(0);
    }
    uuid(&bytes)
}

fn refused(code: &str, message: &str) -> Failure {
    Failure {
        error: format!("StepFunctions.{code}Exception"),
        cause: Some(format!(
            "{message} (Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; Request ID: {}; Proxy: null)",
            payloads::LOCAL_REQUEST_ID
        )),
    }
}

fn runtime(cause: String) -> Failure {
    Failure {
        error: "States.Runtime".to_owned(),
        cause: Some(cause),
    }
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure {
        error: "StepFunctions.SdkClientException".to_owned(),
        cause: Some(error.to_string()),
    }
}
