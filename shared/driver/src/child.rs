//! Executions that another execution starts: `states:startExecution` and its patterns, and what a distributed Map starts.

use crate::actor::Returned;
use crate::dispatch::REPEATS_MAX;
use crate::error::Error;
use crate::start::{Start, Started, arn_prefix, uuid};
use crate::{Driver, payloads};
use engine::{
    Call, Closing, Execution, ExecutionKey, ExecutionType, Identity, MapPart, MapRole, Message, Parent,
    Status, Timestamp, Wants,
};
use integrations::{Failure, Pattern, Resource};
use ports::{Envelope, Machine, MachineStatus, Owner};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Starts a child execution; the message is the answer to the start, or its end when that is known already.
///
/// A task fails when its child cannot be started. What a distributed Map starts is not asked for by anybody: when it cannot
/// be started, whoever drives the execution has to come again.
pub(crate) async fn start(driver: Driver, identity: Arc<Identity>, call: Call) -> Returned {
    let id = call.id;
    let started = match &call.part {
        Some(part) => start_part(&driver, &identity, &call, part).await,
        None => match of_task(&driver, &identity, &call).await {
            Ok(start) => begin(&driver, &identity, &call, start)
                .await
                .or_else(|error| Ok(Err(broken(error)))),
            Err(failure) => Ok(Err(failure)),
        },
    };
    match started {
        Ok(Ok(message)) => message.into(),
        Ok(Err(failure)) => Message::CallFailed { call: id, failure }.into(),
        Err(error) => Returned {
            call: Some(id),
            message: None,
            failed: Some(error),
        },
    }
}

/// Starts what a distributed Map has asked for; tries it again before others have to.
async fn start_part(
    driver: &Driver,
    identity: &Identity,
    call: &Call,
    part: &MapPart,
) -> Result<Result<Message, Failure>, Error> {
    let mut repeats = 0;
    loop {
        let started = match of_part(driver, identity, call, part).await {
            Ok(start) => begin(driver, identity, call, start).await,
            Err(error) => Err(error),
        };
        match started {
            Err(error) if repeats < REPEATS_MAX => {
                tracing::warn!(%error, "a part of a distributed Map was not started; it is tried again");
                repeats += 1;
                tokio::time::sleep(Duration::from_millis(100 << repeats)).await;
            }
            started => return started,
        }
    }
}

/// Starts an execution for a call; a failure is that of the call.
async fn begin(
    driver: &Driver,
    identity: &Identity,
    call: &Call,
    start: Start,
) -> Result<Result<Message, Failure>, Error> {
    let wants = start
        .parent
        .as_ref()
        .map_or(Wants::Nothing, |parent| parent.wants);
    let (arn, started) = match driver.start(start).await? {
        Started::New { arn, started } | Started::Same { arn, started } => (arn, started),
        Started::NameTaken { arn } => {
            return Ok(Err(refused(
                "ExecutionAlreadyExists",
                &format!("Execution Already Exists: '{arn}'"),
            )));
        }
    };
    // A child that has ended reports that itself. After a crash its report may be lost: this finds it again.
    if wants != Wants::Nothing
        && let Some(message) = ended(driver, &arn, call.id, wants).await?
    {
        return Ok(Ok(message));
    }
    if call.part.is_some() {
        stop_if_unwanted(driver, identity, &arn).await?;
    }
    Ok(Ok(Message::CallSucceeded {
        call: call.id,
        output: submission(driver, &arn, started, wants),
    }))
}

/// Stops what a distributed Map has started, if that has ended meanwhile: whoever cancelled it came too early.
async fn stop_if_unwanted(driver: &Driver, parent: &Identity, arn: &str) -> Result<(), Error> {
    let head = driver.0.ports.journal.head(&parent.key).await?;
    let is_wanted = head.is_some_and(|head| {
        head.identity.incarnation == parent.incarnation && head.status == Status::Running
    });
    match ExecutionKey::of_arn(arn) {
        Some(key) if !is_wanted => driver.stop(&key, None, None).await.map(|_| ()),
        _ => Ok(()),
    }
}

/// Returns what a distributed Map starts: its Map Run, or a child of that.
async fn of_part(driver: &Driver, identity: &Identity, call: &Call, part: &MapPart) -> Result<Start, Error> {
    let key = identity.key.state_machine();
    // As long as an execution runs, its revision is there.
    let registry = &driver.0.ports.registry;
    let revision = registry.revision(key, &identity.revision).await?;
    let revision = revision.ok_or_else(|| Error::RevisionMissing(identity.revision.to_string()))?;
    let program = driver.program(key, &revision)?;
    let mut place = key.splitn(3, ':');
    let owner = Owner {
        region: place.next().unwrap_or_default().into(),
        account: place.next().unwrap_or_default().into(),
    };
    let is_express = part.role == MapRole::Child && part.is_express;
    let own_arn = format!(
        "{}:stateMachine:{}",
        arn_prefix(&identity.machine_arn, &owner),
        part.machine()
    );
    Ok(Start {
        machine: Machine {
            owner,
            name: part.machine().to_owned(),
            arn: own_arn,
            machine_type: if is_express {
                ExecutionType::Express
            } else {
                ExecutionType::Standard
            },
            status: MachineStatus::Active,
            created: revision.created,
            updated: revision.created,
            revision,
            tags: BTreeMap::new(),
            published: Arc::default(),
            edits: 0,
        },
        program,
        name: part.name(&call.client_token),
        input: Arc::clone(call.parameters.text()),
        trace_header: None,
        version_arn: identity.version_arn.clone(),
        alias_arn: identity.alias_arn.clone(),
        test_case: identity.test_case.clone(),
        parent: Some(Parent {
            key: identity.key.clone(),
            incarnation: Arc::clone(&identity.incarnation),
            call: call.id,
            wants: Wants::Output,
        }),
        part: Some(part.clone()),
    })
}

/// Returns what a task starts.
async fn of_task(driver: &Driver, identity: &Identity, call: &Call) -> Result<Start, Failure> {
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
    Ok(Start {
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
        part: None,
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
    let Some(key) = ExecutionKey::of_arn(arn) else {
        return Ok(None);
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

/// Stops a child execution that nobody waits for any more.
pub(crate) async fn stop(driver: &Driver, call: &Call) -> Result<(), Error> {
    let key = match (&call.part, &call.job) {
        (Some(part), _) => {
            let name = part.name(&call.client_token);
            let (kind, name) = match (part.role, part.is_express) {
                (MapRole::Run, _) => ("mapRun", name),
                (MapRole::Child, false) => ("execution", name),
                (MapRole::Child, true) => ("express", format!("{name}:{}", second_name(&name))),
            };
            let (prefix, _) = part.run_arn.split_once(":mapRun:").unwrap_or_default();
            ExecutionKey::of_arn(&format!("{prefix}:{kind}:{}:{name}", part.machine()))
        }
        (None, Some(job)) => {
            let arn = job.submission.value().get("ExecutionArn");
            arn.and_then(Value::as_str).and_then(ExecutionKey::of_arn)
        }
        (None, None) => None,
    };
    match key {
        Some(key) => driver.stop(&key, None, None).await.map(|_| ()),
        None => Ok(()),
    }
}

/// Returns the second part of the name of an Express execution that a distributed Map starts: the same for every attempt
/// to start it.
pub(crate) fn second_name(name: &str) -> String {
    let digits: String = name.chars().rev().filter(|c| *c != '-').collect();
    engine::uuid(&digits)
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

    /// Returns the output, or the error and its cause.
    fn output_alone(&self) -> Result<String, Failure> {
        match (self.status, self.output) {
            (Status::Succeeded, Some(output)) => Ok(output.to_owned()),
            _ => Err(Failure {
                error: self.error.unwrap_or_default().to_owned(),
                cause: self.cause.map(str::to_owned),
            }),
        }
    }

    fn message(&self, driver: &Driver, call: engine::CallId, wants: Wants) -> Message {
        let submission = submission(driver, &self.identity.arn, self.identity.started, wants);
        if wants == Wants::Output {
            return Message::JobDone {
                call,
                submission,
                result: self.output_alone(),
            };
        }
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
            Wants::Text | Wants::Nothing | Wants::Output => json!(text),
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

/// Returns the answer to a start, as the task shows it: with what the SDK adds to every answer. Nobody sees that of a
/// distributed Map.
fn submission(driver: &Driver, arn: &str, started: Timestamp, wants: Wants) -> String {
    if wants == Wants::Output {
        return json!({ "ExecutionArn": arn }).to_string();
    }
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
