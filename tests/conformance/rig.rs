//! Runs cases on real servers: everything through the API, by the official SDK.

use super::case::{ACCOUNT, Case, EXECUTION, Scripted};
use super::clients;
use super::compare::{Bindings, compare, compare_values};
use crate::support::{DEADLINE, Options, Reply, Request, Server, Sfn, client, stand_in};
use aws_sdk_sfn::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_sfn::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sfn::error::DisplayErrorContext;
use aws_sdk_sfn::types::StateMachineType;
use aws_smithy_runtime_api::box_error::BoxError;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The test case of all mocked state machines.
const TEST_CASE: &str = "Recorded";
/// Cases that run at once.
const AT_ONCE: usize = 24;

/// What came of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// What differs first.
    pub(crate) difference: Option<String>,
    /// The description of the ended execution; null when it did not come that far.
    pub(crate) end: Value,
    /// The history.
    pub(crate) events: Vec<Value>,
}

/// Runs all cases; returns what came of each by its name.
pub(crate) async fn run_all(cases: Vec<Case>) -> BTreeMap<String, Outcome> {
    let replies: BTreeMap<String, Vec<Scripted>> = cases
        .iter()
        .map(|case| (case.mark.clone(), case.replies.clone()))
        .collect();
    let replies = Mutex::new(replies);
    let answered = AtomicUsize::new(0);
    let services = stand_in(move |request| {
        let number = answered.fetch_add(1, Ordering::Relaxed);
        let reply = answer(&replies, request);
        reply.with_header(
            "x-amzn-RequestId",
            &format!("00000000-0000-4000-8000-{number:012}"),
        )
    });
    let start = |fast_forward| {
        Arc::new(Server::start_with(Options {
            mocks: Some(mock_configuration(&cases)),
            fast_forward,
            environment: vec![("AWS_ENDPOINT_URL".to_owned(), services.clone())],
            config: Some(format!("account = \"{ACCOUNT}\"\n")),
        }))
    };
    let (fast, real) = (start(true), start(false));
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = JoinSet::new();
    for case in cases {
        let server = Arc::clone(if case.is_real_time { &real } else { &fast });
        let places = Arc::clone(&places);
        runs.spawn(async move {
            // What takes its time stands in nobody's way.
            let place = places.acquire_owned().await;
            if case.is_real_time {
                drop(place);
            }
            let mut outcome = Outcome::default();
            outcome.difference = Run::new(&server, &case).check(&mut outcome).await.err();
            (case.name, outcome)
        });
    }
    let mut outcomes = BTreeMap::new();
    while let Some(run) = runs.join_next().await {
        let (name, outcome) = run.expect("a case does not panic");
        let earlier = outcomes.insert(name.clone(), outcome);
        assert!(earlier.is_none(), "two cases are named `{name}`");
    }
    outcomes
}

/// Answers for all services: with what is scripted for the case that the request is marked with.
fn answer(replies: &Mutex<BTreeMap<String, Vec<Scripted>>>, request: &Request) -> Reply {
    if request.body.contains("Action=AssumeRole") {
        let body = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
            <AccessKeyId>222222222222</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
            <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
        return Reply::new(200, "text/xml", body.to_owned());
    }
    let mut replies = replies.lock().expect("no answer panics");
    let scripted = replies
        .iter_mut()
        .find(|(mark, _)| request.path.contains(mark.as_str()) || request.body.contains(mark.as_str()))
        .map(|(_, scripted)| scripted);
    if let Some(scripted) = scripted {
        let payload: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let is_meant = |scripted: &Scripted| match &scripted.payload {
            Some(wanted) => compare_values(wanted, &payload, &mut Bindings::default()).is_ok(),
            None => true,
        };
        if let Some(place) = scripted.iter().position(is_meant) {
            return scripted.remove(place).reply;
        }
    }
    // A queue takes whatever is sent to it.
    if request.target == "AmazonSQS.SendMessage" {
        let body = json!({ "MessageId": "00000000-0000-4000-8000-000000000002", "MD5OfMessageBody": "d" });
        return Reply::new(200, "application/x-amz-json-1.0", body.to_string());
    }
    let refusal =
        json!({ "__type": "NotScripted", "message": format!("no answer is written down for {request:?}") });
    Reply::new(400, "application/x-amz-json-1.0", refusal.to_string())
        .with_header("x-amzn-ErrorType", "NotScripted")
}

fn mock_configuration(cases: &[Case]) -> Value {
    let (mut machines, mut responses) = (Map::new(), Map::new());
    for case in cases.iter().filter(|case| !case.mocks.is_empty()) {
        let mut states = Map::new();
        for (state, answers) in &case.mocks {
            let name = format!("{} {state}", case.mark);
            responses.insert(name.clone(), answers.clone());
            states.insert(state.clone(), json!(name));
        }
        machines.insert(case.machine_name(), json!({ "TestCases": { TEST_CASE: states } }));
    }
    json!({ "StateMachines": machines, "MockedResponses": responses })
}

/// One case on a server.
struct Run<'a> {
    server: &'a Server,
    case: &'a Case,
    client: Sfn,
}

impl Run<'_> {
    fn new<'a>(server: &'a Server, case: &'a Case) -> Run<'a> {
        Run {
            server,
            case,
            client: client(server.port(), ACCOUNT),
        }
    }

    /// Runs the case; an error says what differs first.
    async fn check(&self, outcome: &mut Outcome) -> Result<(), String> {
        for machine in &self.case.machines {
            let client = client(self.server.port(), &machine.account);
            self.create(&client, &machine.name, &machine.definition, false)
                .await?;
        }
        if let Some(activity) = &self.case.activity {
            let created = self.client.create_activity().name(activity).send().await;
            created.map_err(|error| format!("no activity: {}", DisplayErrorContext(error)))?;
        }
        let case = self.case;
        let name = case.machine_name();
        let mut machine = self
            .create(&self.client, &name, &case.definition, case.is_express)
            .await?;
        if !case.mocks.is_empty() {
            machine = format!("{machine}#{TEST_CASE}");
        }
        let seen = Seen::default();
        if case.is_express {
            let request = self.client.start_sync_execution().state_machine_arn(machine);
            let sent = request
                .input(&case.input)
                .customize()
                .interceptor(seen.clone())
                .send()
                .await;
            sent.map_err(|error| format!("not started: {}", DisplayErrorContext(error)))?;
            outcome.end = seen.json()?;
            return compare_ends(&case.expected, &outcome.end, &mut Bindings::default());
        }
        let request = self
            .client
            .start_execution()
            .state_machine_arn(machine)
            .name(EXECUTION);
        let started = request.input(&case.input).send().await;
        let started = started.map_err(|error| format!("not started: {}", DisplayErrorContext(error)))?;
        let execution = started.execution_arn;
        for report in &case.reports {
            clients::report(&self.client, &execution, report, case).await?;
        }
        outcome.end = self.end(&execution).await?;
        outcome.events = self.events(&execution).await?;
        let mut bindings = Bindings::default();
        if let Some(wanted) = case.expected["events"].as_array() {
            compare_histories(wanted, &outcome.events, &mut bindings)?;
        }
        compare_ends(&case.expected, &outcome.end, &mut bindings)
    }

    async fn create(
        &self,
        client: &Sfn,
        name: &str,
        definition: &Value,
        is_express: bool,
    ) -> Result<String, String> {
        let kind = match is_express {
            true => StateMachineType::Express,
            false => StateMachineType::Standard,
        };
        let request = client
            .create_state_machine()
            .name(name)
            .r#type(kind)
            .role_arn(&self.case.role);
        let created = request.definition(definition.to_string()).send().await;
        created
            .map(|created| created.state_machine_arn)
            .map_err(|error| format!("the definition is refused: {}", DisplayErrorContext(error)))
    }

    /// Waits until the execution has ended; returns its description as it came.
    async fn end(&self, execution: &str) -> Result<Value, String> {
        let begun = Instant::now();
        loop {
            let seen = Seen::default();
            let request = self.client.describe_execution().execution_arn(execution);
            let described = request.customize().interceptor(seen.clone()).send().await;
            described.map_err(|error| format!("not described: {}", DisplayErrorContext(error)))?;
            let description = seen.json()?;
            if description["status"] != "RUNNING" {
                return Ok(description);
            }
            if begun.elapsed() > DEADLINE {
                let events = self.events(execution).await?;
                let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
                return Err(format!("still runs: {types:?}"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Reads all events as they came.
    async fn events(&self, execution: &str) -> Result<Vec<Value>, String> {
        let (mut events, mut token) = (Vec::new(), None);
        loop {
            let seen = Seen::default();
            let request = self
                .client
                .get_execution_history()
                .execution_arn(execution)
                .set_next_token(token);
            let page = request.customize().interceptor(seen.clone()).send().await;
            let page = page.map_err(|error| format!("no history: {}", DisplayErrorContext(error)))?;
            events.extend(seen.json()?["events"].as_array().cloned().unwrap_or_default());
            token = page.next_token;
            if token.is_none() {
                return Ok(events);
            }
        }
    }
}

fn compare_histories(wanted: &[Value], got: &[Value], bindings: &mut Bindings) -> Result<(), String> {
    if wanted.iter().any(|event| event["id"].is_array()) {
        return compare_without_order(wanted, got, bindings);
    }
    for (number, wanted) in wanted.iter().enumerate() {
        let got = got
            .get(number)
            .ok_or_else(|| format!("event {} is missing: {wanted}", number + 1))?;
        compare(wanted, got, bindings)
            .map_err(|why| format!("event {}: {why}\n   wanted {wanted}\n      got {got}", number + 1))?;
        if !got["timestamp"].is_number() {
            return Err(format!(
                "event {}: the time {} is no number",
                number + 1,
                got["timestamp"]
            ));
        }
    }
    match got.len() - wanted.len() {
        0 => Ok(()),
        more => Err(format!("{more} events too many")),
    }
}

/// Compares with a recording that has lost the numbers and the order of some events, and those that look alike.
fn compare_without_order(wanted: &[Value], got: &[Value], bindings: &mut Bindings) -> Result<(), String> {
    let (numbered, lost): (Vec<&Value>, Vec<&Value>) =
        wanted.iter().partition(|event| event["id"].is_number());
    let mut left: Vec<&Value> = got.iter().collect();
    for wanted in &numbered {
        let place = left.iter().position(|event| event["id"] == wanted["id"]);
        let got = left.remove(place.ok_or_else(|| format!("no event has the number of {wanted}"))?);
        compare(wanted, got, bindings)
            .map_err(|why| format!("{why}\n   wanted {wanted}\n      got {got}"))?;
    }
    for wanted in lost {
        let place = left.iter().position(|got| {
            let mut got = (*got).clone();
            got["id"] = wanted["id"].clone();
            got["previousEventId"] = wanted["previousEventId"].clone();
            compare(wanted, &got, &mut Bindings::default()).is_ok()
        });
        left.remove(place.ok_or_else(|| format!("no event is {wanted}"))?);
    }
    let last = numbered.last().map_or(&Value::Null, |event| &event["id"]);
    match *last == json!(got.len()) {
        true => Ok(()),
        false => Err(format!("{} events instead of {last}", got.len())),
    }
}

/// Compares how an execution ended: what is there and what is not.
fn compare_ends(wanted: &Value, got: &Value, bindings: &mut Bindings) -> Result<(), String> {
    for member in ["status", "output", "error", "cause", "outputDetails"] {
        match (wanted.get(member), got.get(member)) {
            (Some(wanted), Some(got)) => {
                compare(&json!({ member: wanted }), &json!({ member: got }), bindings).map_err(|why| {
                    format!("the end's {member}: {why}\n   wanted {wanted}\n      got {got}")
                })?
            }
            (Some(_), None) => return Err(format!("the end has no {member}: {got}")),
            // Recordings of Standard executions leave it out.
            (None, Some(_)) if member == "outputDetails" => {}
            (None, Some(got)) => return Err(format!("the end has a {member}: {got}")),
            (None, None) => {}
        }
    }
    Ok(())
}

/// Keeps the body of an answer, so that nothing that the SDK leaves out or adds is lost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    /// Returns the answer's body.
    pub(crate) fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(&self.0.lock().expect("nothing panics")).map_err(|error| error.to_string())
    }
}

impl Intercept for Seen {
    fn name(&self) -> &'static str {
        "Seen"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        *self.0.lock().expect("nothing panics") = body.to_vec();
        Ok(())
    }
}
