//! Calls made from this machine: a mock answers, or a local function runs, or an AWS service is called.

use async_trait::async_trait;
use calls::Caller;
use engine::Identity;
use function_host::FunctionHost;
use integrations::web::PlainHttp;
use integrations::{Failure, Integration, Resource, ServiceAnswer};
use mocks::{MockFile, MockResponse};
use ports::{CallOutcome, CallRequest, Conformity, Exchange, JobOutcome, OwnApi, Services};
use serde_json::{Map, Value, json};
use service_calls::{Sending, Web};
use std::sync::{Arc, OnceLock};
use tokio::sync::OnceCell;

/// Says how a call was answered; for people who watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnsweredBy {
    /// A mock.
    Mock,
    /// A local function.
    Function,
    /// The service itself, or what the settings name in its place.
    Service,
}

/// Is told of a call.
type Watch = dyn Fn(&CallRequest, AnsweredBy) + Send + Sync;

/// The services as this machine reaches them, in this order: mock, local function, AWS.
pub struct LocalServices {
    mocks: Option<MockFile>,
    functions: FunctionHost,
    settings: calls::Settings,
    caller: OnceCell<Caller>,
    web: Web,
    watch: Option<Box<Watch>>,
    own_api: OnceLock<Arc<dyn OwnApi>>,
}

impl std::fmt::Debug for LocalServices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalServices")
            .field("mocks", &self.mocks)
            .finish_non_exhaustive()
    }
}

impl LocalServices {
    /// Returns the services; AWS is looked for at the first call that needs it.
    pub fn new(mocks: Option<MockFile>, functions: FunctionHost, settings: calls::Settings) -> LocalServices {
        LocalServices {
            mocks,
            functions,
            settings,
            caller: OnceCell::new(),
            web: Web::new(PlainHttp::ToThisMachine),
            watch: None,
            own_api: OnceLock::new(),
        }
    }

    /// Tells `watch` of every call, just before it is made.
    pub fn watched_by(
        mut self,
        watch: impl Fn(&CallRequest, AnsweredBy) + Send + Sync + 'static,
    ) -> LocalServices {
        self.watch = Some(Box::new(watch));
        self
    }

    /// Ends the processes of local functions.
    pub async fn shutdown(&self) {
        self.functions.shutdown().await;
    }

    fn note(&self, request: &CallRequest, by: AnsweredBy) {
        if let Some(watch) = &self.watch {
            watch(request, by);
        }
    }

    /// Returns the mocked answer of a call; `None` when no mock is meant to answer it.
    fn mocked(&self, request: &CallRequest) -> Option<Result<MockResponse, Failure>> {
        let runtime = |cause: String| Failure {
            error: "States.Runtime".to_owned(),
            cause: Some(cause),
        };
        let configuration = match self.mocks.as_ref()?.configuration() {
            Ok(configuration) => configuration,
            Err(error) => return Some(Err(runtime(error.to_string()))),
        };
        let machine = &request.identity.machine_name;
        let named = request.identity.test_case.as_deref();
        let case = named.or_else(|| configuration.default_test_case(machine))?;
        match configuration.response(machine, case, &request.call.state, request.call.number) {
            Ok(response) => response.map(Ok),
            Err(error) => Some(Err(runtime(error.to_string()))),
        }
    }

    /// Returns the outcome that a mock gives: the result of the whole task, whatever its pattern waits for.
    fn mock_answer(&self, request: &CallRequest) -> Option<CallOutcome> {
        let response = match self.mocked(request)? {
            Ok(response) => response,
            Err(failure) => return Some(CallOutcome::Failed(failure)),
        };
        self.note(request, AnsweredBy::Mock);
        Some(match response {
            MockResponse::Return(value) => CallOutcome::Ended(value.to_string()),
            MockResponse::Throw { error, cause } => CallOutcome::Failed(Failure {
                error,
                cause: Some(cause),
            }),
        })
    }

    /// Runs a local function; `None` when the function is not in the table.
    async fn function(&self, request: &CallRequest) -> Option<CallOutcome> {
        let parameters = request.call.parameters.value();
        let (name, payload) = match &request.call.resource {
            Resource::Function(arn) => (arn.text().to_owned(), request.call.parameters.text().to_string()),
            Resource::Service(integration) if is_invoke(integration) => {
                let name = parameters.get("FunctionName")?.as_str()?.to_owned();
                let payload = match parameters.get("Payload") {
                    Some(Value::String(text)) => text.clone(),
                    Some(Value::Null) | None => "{}".to_owned(),
                    Some(payload) => payload.to_string(),
                };
                (name, payload)
            }
            Resource::Service(_) | Resource::Activity(_) => return None,
        };
        if !self.functions.has(&name) {
            return None;
        }
        self.note(request, AnsweredBy::Function);
        let invocation = self.functions.invoke(&name, payload.into_bytes()).await;
        let Some(payload) = invocation.outcome.payload() else {
            let message = match &invocation.outcome {
                function_host::Outcome::NotStarted { message } => message.clone(),
                other => format!("{other:?}"),
            };
            return Some(CallOutcome::Failed(Failure {
                error: "Lambda.Unknown".to_owned(),
                cause: Some(message),
            }));
        };
        let mut members = Map::new();
        members.insert("ExecutedVersion".to_owned(), json!("$LATEST"));
        if invocation.outcome.is_function_error() {
            members.insert("FunctionError".to_owned(), json!("Unhandled"));
        }
        members.insert("Payload".to_owned(), json!(String::from_utf8_lossy(&payload)));
        members.insert("StatusCode".to_owned(), json!(200));
        let headers = headers_of(&invocation.request_id, payload.len());
        let answer = ServiceAnswer {
            members: Value::Object(members),
            status: 200,
            headers,
        };
        Some(service_calls::shown(&request.call.resource, answer))
    }

    async fn caller(&self) -> &Caller {
        self.caller
            .get_or_init(|| Caller::from_env(self.settings.clone()))
            .await
    }

    /// The API of this process, if there is one.
    fn own_api(&self) -> Option<&dyn OwnApi> {
        self.own_api.get().map(|api| &**api)
    }

    /// Calls the service.
    async fn service(&self, request: &CallRequest) -> (CallOutcome, Option<Exchange>) {
        let call = &request.call;
        let plan = match service_calls::plan(call, &self.web) {
            Ok(plan) => plan,
            Err(failure) => return (CallOutcome::Failed(failure), None),
        };
        let caller = self.caller().await;
        let is_own = |service: &str| service_calls::is_own(service) && self.own_api().is_some();
        if let Some(service) = plan
            .service()
            .filter(|service| !is_own(service) && !caller.reaches(service))
        {
            return (CallOutcome::Failed(self.unreachable(request, &service)), None);
        }
        self.note(request, AnsweredBy::Service);
        let role = call.role_arn.as_deref();
        let sending = self.sending(caller, request, role.as_slice());
        sending.send(call, &plan).await
    }

    fn sending<'a>(
        &'a self,
        caller: &'a Caller,
        request: &'a CallRequest,
        roles: &'a [&'a str],
    ) -> Sending<'a> {
        Sending {
            caller,
            web: &self.web,
            roles,
            region: &request.identity.region,
            machine_arn: &request.identity.machine_arn,
            own_api: self.own_api(),
        }
    }

    fn unreachable(&self, request: &CallRequest, service: &str) -> Failure {
        let identity: &Identity = &request.identity;
        let mocked = match &self.mocks {
            Some(file) => format!(
                "the mock configuration `{}` has no answer for it",
                file.path().display()
            ),
            None => "no mock configuration is given".to_owned(),
        };
        let function = match &request.call.resource {
            Resource::Function(_) => " the function is not in the table of local functions,",
            Resource::Service(integration) if is_invoke(integration) => {
                " the function is not in the table of local functions,"
            }
            Resource::Service(_) | Resource::Activity(_) => "",
        };
        Failure {
            error: "States.Runtime".to_owned(),
            cause: Some(format!(
                "nothing answers the call of `{}` in state `{}` of `{}`:{function} {mocked}, and there are no AWS settings for `{service}` (credentials, AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_{})",
                request.call.resource.text(),
                request.call.state,
                identity.machine_name,
                service.to_uppercase().replace('-', "_"),
            )),
        }
    }
}

/// Returns the headers that Lambda answers an Invoke with, for states that look at them.
fn headers_of(request_id: &str, bytes: usize) -> Vec<(String, String)> {
    let now = jiff::Timestamp::now();
    let trace: String = request_id
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(24)
        .collect();
    [
        ("X-Amz-Executed-Version", "$LATEST".to_owned()),
        ("x-amzn-Remapped-Content-Length", "0".to_owned()),
        ("Connection", "keep-alive".to_owned()),
        ("x-amzn-RequestId", request_id.to_owned()),
        ("Content-Length", bytes.to_string()),
        ("Date", now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        (
            "X-Amzn-Trace-Id",
            format!("Root=1-{:08x}-{trace};Sampled=0", now.as_second()),
        ),
        ("Content-Type", "application/json".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn is_invoke(integration: &Integration) -> bool {
    integration.service() == "lambda" && integration.action() == "invoke"
}

#[async_trait]
impl Services for LocalServices {
    fn take_own_api(&self, api: Arc<dyn OwnApi>) {
        // The first one stays.
        let _ = self.own_api.set(api);
    }

    async fn call(&self, request: CallRequest) -> CallOutcome {
        self.call_and_tell(request).await.0
    }

    async fn call_and_tell(&self, request: CallRequest) -> (CallOutcome, Option<Exchange>) {
        match self.mock_answer(&request) {
            Some(outcome) => (outcome, None),
            None => match self.function(&request).await {
                Some(outcome) => (outcome, None),
                None => self.service(&request).await,
            },
        }
    }

    async fn poll(&self, request: CallRequest) -> JobOutcome {
        let caller = self.caller().await;
        // The settings may have changed since the job was submitted.
        if let Some(service) = service_calls::job::service_of(&request.call)
            && !caller.reaches(&service)
        {
            return JobOutcome::Refused(self.unreachable(&request, &service));
        }
        let role = request.call.role_arn.as_deref();
        let sending = self.sending(caller, &request, role.as_slice());
        service_calls::job::poll(sending, &request.call).await
    }

    async fn cancel(&self, request: CallRequest) -> Result<(), String> {
        let role = request.call.role_arn.as_deref();
        let sending = self.sending(self.caller().await, &request, role.as_slice());
        service_calls::job::cancel(sending, &request.call).await
    }

    async fn stand_in(&self, request: &CallRequest) -> Option<CallOutcome> {
        self.mock_answer(request)
    }

    fn is_harmless(&self, request: &CallRequest) -> bool {
        self.mocked(request).is_some()
    }

    fn conformity(&self, resource: &Resource, result: &Value, is_strict: bool) -> Conformity {
        service_calls::conformity(resource, result, is_strict)
    }
}
