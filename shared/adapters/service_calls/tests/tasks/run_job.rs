//! `eks:runJob`, against a server that behaves as the Kubernetes API of a cluster does.

use super::{call, caller, data};
use calls::{Caller, Settings};
use engine::{Call, Job};
use integrations::Failure;
use integrations::web::PlainHttp;
use ports::{CallOutcome, JobOutcome};
use serde_json::{Map, Value, json};
use service_calls::{Sending, Web, job};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug)]
struct Asked {
    method: String,
    path: String,
    head: String,
    body: Value,
}

/// What a cluster has, and what it was asked.
#[derive(Debug, Default)]
struct State {
    jobs: BTreeMap<String, Value>,
    pods: Vec<Value>,
    logs: BTreeMap<String, (u16, String)>,
    asked: Vec<Asked>,
    made: usize,
    /// Answers that are lost after they were worked for.
    losses: usize,
    /// The status of every answer, in the place of the right one; of answers to this method alone, if it is named.
    trouble: Option<u16>,
    trouble_with: &'static str,
}

#[derive(Clone, Debug)]
struct Cluster {
    url: String,
    state: Arc<Mutex<State>>,
}

impl Cluster {
    async fn start() -> Cluster {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cluster = Cluster {
            url: format!("http://{}", listener.local_addr().unwrap()),
            state: Arc::default(),
        };
        let state = Arc::clone(&cluster.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&state)));
            }
        });
        cluster
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    fn paths(&self, method: &str) -> Vec<String> {
        self.with(|state| {
            let those = state.asked.iter().filter(|asked| asked.method == method);
            those.map(|asked| asked.path.clone()).collect()
        })
    }

    /// Gives a job a condition, and says who it is.
    fn ends(&self, name: &str, condition: &str) -> String {
        self.with(|state| {
            let job = state.jobs.get_mut(name).unwrap();
            job["status"] = json!({ "conditions": [
                { "type": "Suspended", "status": "False" },
                { "type": condition, "status": "True" },
            ] });
            job["metadata"]["uid"].as_str().unwrap().to_owned()
        })
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            });
            break (head.to_owned(), length.unwrap_or(0));
        }
    };
    while bytes.len() < head.len() + 4 + length {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let mut line = head.split(' ');
    let asked = Asked {
        method: line.next().unwrap().to_owned(),
        path: line.next().unwrap().to_owned(),
        body: serde_json::from_slice(&bytes[head.len() + 4..]).unwrap_or_default(),
        head,
    };
    let (status, body) = {
        let mut state = state.lock().unwrap();
        state.asked.push(asked.clone());
        let answer = state.answer(&asked);
        if state.losses > 0 {
            state.losses -= 1;
            return;
        }
        let trouble = state
            .trouble
            .filter(|_| asked.method.starts_with(state.trouble_with));
        trouble.map_or(answer, |status| (status, json!({ "kind": "Status" }).to_string()))
    };
    let kind = if asked.path.contains("/log") {
        "text/plain"
    } else {
        "application/json"
    };
    let answer = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

impl State {
    fn answer(&mut self, asked: &Asked) -> (u16, String) {
        let refused = |status: u16| (status, json!({ "kind": "Status", "code": status }).to_string());
        let path = asked.path.split('?').next().unwrap();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (asked.method.as_str(), parts.as_slice()) {
            ("POST", ["apis", "batch", "v1", "namespaces", namespace, "jobs"]) => {
                let mut job = asked.body.clone();
                let metadata = &job["metadata"];
                let number = self.made + 1;
                let name = match (metadata["name"].as_str(), metadata["generateName"].as_str()) {
                    (Some(name), _) => name.to_owned(),
                    (None, Some(beginning)) => format!("{beginning}{number}"),
                    (None, None) => return refused(422),
                };
                if self.jobs.contains_key(&name) {
                    return refused(409);
                }
                self.made = number;
                let metadata = job["metadata"].as_object_mut().unwrap();
                metadata.insert("name".to_owned(), json!(name));
                metadata.insert("namespace".to_owned(), json!(namespace));
                metadata.insert("uid".to_owned(), json!(format!("uid-{number}")));
                self.jobs.insert(name, job.clone());
                (201, job.to_string())
            }
            (method, ["apis", "batch", "v1", "namespaces", _, "jobs", name]) => {
                let Some(job) = self.jobs.get(*name).cloned() else {
                    return refused(404);
                };
                if method == "DELETE" {
                    if asked.body["preconditions"]["uid"] != job["metadata"]["uid"] {
                        return refused(409);
                    }
                    self.jobs.remove(*name);
                }
                (200, job.to_string())
            }
            ("GET", ["api", "v1", "namespaces", _, "pods"]) => {
                (200, json!({ "kind": "PodList", "items": self.pods }).to_string())
            }
            ("GET", ["api", "v1", "namespaces", _, "pods", pod, "log"]) => {
                let container = asked.path.split("container=").nth(1).unwrap_or_default();
                let container = container.split('&').next().unwrap_or_default();
                let found = self.logs.get(&format!("{pod}/{container}"));
                found.cloned().unwrap_or_else(|| refused(400))
            }
            _ => refused(404),
        }
    }
}

/// A task, and whoever makes its call.
struct Task {
    caller: Caller,
    web: Web,
    call: Call,
}

impl Task {
    async fn of(cluster: &Cluster, pattern: &str, fields: Value) -> Task {
        let mut parameters = json!({
            "ClusterName": "c1",
            "CertificateAuthority": "",
            "Endpoint": cluster.url,
            "Namespace": "shop",
        });
        let all = parameters.as_object_mut().unwrap();
        all.extend(fields.as_object().cloned().unwrap_or_else(Map::new));
        let caller = caller(&cluster.url, Settings::default()).await;
        let call = call(&format!("arn:aws:states:::eks:runJob{pattern}"), &parameters);
        Task {
            caller,
            web: Web::new(PlainHttp::ToThisMachine),
            call,
        }
    }

    fn sending(&self) -> Sending<'_> {
        super::sending(&self.caller, &self.web)
    }

    async fn send(&self) -> CallOutcome {
        super::send(&self.caller, &self.web, &self.call).await.0
    }

    /// Makes the job, and keeps what was answered, as the engine does.
    async fn submitted(mut self) -> Task {
        let CallOutcome::Succeeded(submission) = self.send().await else {
            panic!("the job is made")
        };
        let submission: Value = serde_json::from_str(&submission).unwrap();
        self.call.job = Some(Job {
            submission: data(&submission),
            submitted_at: self.call.asked_at,
            look_by: None,
        });
        self
    }

    async fn poll(&self) -> JobOutcome {
        job::poll(self.sending(), &self.call).await
    }

    async fn result(&self) -> Value {
        let JobOutcome::Ended(Ok(result)) = self.poll().await else {
            panic!("the job has succeeded")
        };
        serde_json::from_str(&result).unwrap()
    }
}

fn named(name: &str) -> Value {
    json!({ "Job": { "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": name }, "spec": {} } })
}

fn failure(outcome: CallOutcome) -> Failure {
    match outcome {
        CallOutcome::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_job_is_made_in_its_namespace_with_a_token_for_the_cluster() {
    let cluster = Cluster::start().await;
    for pattern in ["", ".sync", ".waitForTaskToken"] {
        let task = Task::of(&cluster, pattern, named(&format!("pi{}", pattern.len()))).await;
        let CallOutcome::Succeeded(result) = task.send().await else {
            panic!("{pattern}")
        };
        let result: Value = serde_json::from_str(&result).unwrap();
        assert_eq!(
            (
                &result["StatusCode"],
                &result["ResponseBody"]["metadata"]["namespace"]
            ),
            (&json!(201), &json!("shop"))
        );
    }
    let asked = cluster.with(|state| state.asked[0].clone());
    assert_eq!(
        (&*asked.method, &*asked.path),
        ("POST", "/apis/batch/v1/namespaces/shop/jobs")
    );
    assert_eq!(
        asked.body,
        json!({ "apiVersion": "batch/v1", "kind": "Job", "spec": {},
            "metadata": { "name": "pi0", "annotations": { "stepwell/client-token": "token-1" } } })
    );
    let head = asked.head.to_ascii_lowercase();
    assert!(head.contains("authorization: bearer k8s-aws-v1."), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");

    let text = json!({ "Job": named("text")["Job"].to_string(), "Namespace": "a/../b" });
    let _ = Task::of(&cluster, "", text).await.send().await;
    assert_eq!(
        cluster.paths("POST").last().unwrap(),
        "/apis/batch/v1/namespaces/a%2F..%2Fb/jobs"
    );
}

#[tokio::test]
async fn a_name_that_somebody_else_has_is_an_error() {
    let cluster = Cluster::start().await;
    let mut task = Task::of(&cluster, ".sync", named("pi")).await;
    assert!(matches!(task.send().await, CallOutcome::Succeeded(_)));
    task.call.client_token = "token-2".to_owned();
    let failed = failure(task.send().await);
    assert_eq!(failed.error, "EKS.409");
    let cause: Value = serde_json::from_str(&failed.cause.unwrap()).unwrap();
    assert_eq!(
        (&cause["StatusCode"], &cause["ResponseBody"]["kind"]),
        (&json!(409), &json!("Status"))
    );
    assert_eq!(cause.get("Headers"), None);
    assert_eq!(cluster.with(|state| state.made), 1);
    cluster.with(|state| (state.trouble, state.trouble_with) = (Some(503), "GET"));
    let unknown = task.send().await;
    assert!(
        matches!(unknown, CallOutcome::Unknown(_)),
        "nobody knows whose it is: {unknown:?}"
    );
    cluster.with(|state| state.trouble = Some(403));
    assert_eq!(failure(task.send().await).error, "EKS.409");
}

#[tokio::test]
async fn a_call_that_is_made_again_finds_its_own_job() {
    let cluster = Cluster::start().await;
    cluster.with(|state| state.losses = 1);
    let task = Task::of(&cluster, ".sync", named("pi")).await;
    assert!(
        matches!(task.send().await, CallOutcome::Unknown(_)),
        "the answer is lost"
    );
    let task = task.submitted().await;
    assert_eq!(cluster.with(|state| state.made), 1);
    assert_eq!(task.poll().await, JobOutcome::Running);
    // One whose name Kubernetes makes up cannot be found again.
    let job = json!({ "Job": { "metadata": { "generateName": "pi-" } } });
    let task = Task::of(&cluster, ".sync", job).await.submitted().await;
    assert_eq!(
        cluster.with(|state| state.jobs["pi-2"].clone())["metadata"].get("annotations"),
        None
    );
    assert_eq!(task.poll().await, JobOutcome::Running);
}

#[tokio::test]
async fn the_result_is_the_job_and_its_logs() {
    let cluster = Cluster::start().await;
    let logs = json!({ "LogOptions": { "RetrieveLogs": true, "LogParameters": { "tailLines": ["6"] } } });
    let mut fields = named("pi");
    fields
        .as_object_mut()
        .unwrap()
        .extend(logs.as_object().unwrap().clone());
    let mut task = Task::of(&cluster, ".sync", fields.clone())
        .await
        .submitted()
        .await;
    assert_eq!(task.poll().await, JobOutcome::Running);
    assert!(cluster.paths("GET").iter().all(|path| !path.contains("pods")));
    let uid = cluster.ends("pi", "Complete");
    let pod = |name: &str, owner: &str| {
        json!({ "metadata": { "name": name, "ownerReferences": [{ "kind": "Job", "uid": owner }] },
            "spec": { "containers": [{ "name": "main" }, { "name": "side" }] } })
    };
    cluster.with(|state| {
        state.pods = vec![pod("pi-a", &uid), pod("pi-old", "uid-0"), pod("pi-b", &uid)];
        let mut log = |of: &str, text: &str| state.logs.insert(of.to_owned(), (200, text.to_owned()));
        log("pi-a/main", "{ \"pi\": 3.25 }\n");
        log("pi-a/side", "ready\n");
        log("pi-b/main", "");
    });
    let result = task.result().await;
    assert_eq!(result["metadata"]["uid"], json!(uid));
    assert_eq!(result["status"]["conditions"][1]["type"], "Complete");
    let side = &result["logs"]["pods"]["pi-b"]["containers"]["side"];
    assert_eq!((&side["error"], side.get("log")), (&json!("EKS.400"), None));
    assert!(
        side["cause"].as_str().unwrap().contains("\"StatusCode\":400"),
        "{side}"
    );
    assert_eq!(
        result["logs"]["pods"]["pi-a"],
        json!({ "containers": { "main": { "log": { "pi": 3.25 } }, "side": { "log": "ready\n" } } })
    );
    assert_eq!(
        result["logs"]["pods"]["pi-b"]["containers"]["main"],
        json!({ "log": "" })
    );
    assert_eq!(result["logs"]["pods"].get("pi-old"), None);
    let paths = cluster.paths("GET");
    assert!(
        paths.contains(&"/api/v1/namespaces/shop/pods?labelSelector=job-name%3Dpi".to_owned()),
        "{paths:?}"
    );
    let log = "/api/v1/namespaces/shop/pods/pi-a/log?container=main&tailLines=6";
    assert!(paths.contains(&log.to_owned()), "{paths:?}");
    assert_eq!(cluster.paths("DELETE"), [""; 0], "a job that has ended stays");

    fields["LogOptions"]["RawLogs"] = json!(true);
    let mut parameters = task.call.parameters.value().clone();
    parameters["LogOptions"] = fields["LogOptions"].clone();
    task.call.parameters = data(&parameters);
    let result = task.result().await;
    let raw = &result["logs"]["pods"]["pi-a"]["containers"]["main"];
    assert_eq!(raw, &json!({ "log": "{ \"pi\": 3.25 }\n" }));
    cluster.with(|state| state.pods = vec![json!(1)]);
    let result = task.result().await;
    assert_eq!(result["logs"], json!({ "pods": {} }));
}

#[tokio::test]
async fn a_job_that_fails_fails_the_task_with_its_description() {
    let cluster = Cluster::start().await;
    let task = Task::of(&cluster, ".sync", named("pi")).await.submitted().await;
    cluster.ends("pi", "Failed");
    let JobOutcome::Ended(Err(failed)) = task.poll().await else {
        panic!("it has failed")
    };
    assert_eq!(failed.error, "States.TaskFailed");
    let cause: Value = serde_json::from_str(&failed.cause.unwrap()).unwrap();
    assert_eq!(cause["status"]["conditions"][1]["type"], "Failed");
    assert_eq!(cause.get("logs"), None);
}

#[tokio::test]
async fn a_job_that_is_gone_has_ended_and_trouble_says_nothing() {
    let cluster = Cluster::start().await;
    let task = Task::of(&cluster, ".sync", named("pi")).await.submitted().await;
    for status in [429, 500, 503] {
        cluster.with(|state| state.trouble = Some(status));
        assert!(matches!(task.poll().await, JobOutcome::Unknown(_)), "{status}");
    }
    for status in [401, 403] {
        cluster.with(|state| state.trouble = Some(status));
        let JobOutcome::Refused(failure) = task.poll().await else {
            panic!("{status}")
        };
        assert_eq!(failure.error, format!("EKS.{status}"));
    }
    cluster.with(|state| {
        state.trouble = None;
        state.losses = 1;
    });
    assert!(matches!(task.poll().await, JobOutcome::Unknown(_)));
    cluster.with(|state| state.jobs.get_mut("pi").unwrap()["metadata"]["uid"] = json!("other"));
    let JobOutcome::Ended(Err(other)) = task.poll().await else {
        panic!("it is another one")
    };
    assert!(other.cause.unwrap().contains("another one of its name"));
    cluster.with(|state| state.jobs.clear());
    let JobOutcome::Ended(Err(gone)) = task.poll().await else {
        panic!("it is gone")
    };
    assert_eq!(gone.error, "EKS.404");
}

#[tokio::test]
async fn a_job_that_nobody_waits_for_is_deleted_with_its_pods() {
    let cluster = Cluster::start().await;
    let task = Task::of(&cluster, ".sync", named("pi")).await.submitted().await;
    cluster.with(|state| state.trouble = Some(403));
    assert!(job::cancel(task.sending(), &task.call).await.is_err());
    cluster.with(|state| {
        state.trouble = None;
        state.jobs.insert(
            "pi".to_owned(),
            json!({ "metadata": { "name": "pi", "uid": "other" } }),
        );
    });
    assert_eq!(job::cancel(task.sending(), &task.call).await, Ok(()));
    assert_eq!(
        cluster.with(|state| state.jobs.len()),
        1,
        "another job of the name stays"
    );
    cluster.with(|state| state.jobs.clear());
    let task = Task::of(&cluster, ".sync", named("pi")).await.submitted().await;
    assert_eq!(job::cancel(task.sending(), &task.call).await, Ok(()));
    assert!(cluster.with(|state| state.jobs.is_empty()));
    let asked = cluster.with(|state| state.asked.last().cloned().unwrap());
    assert_eq!(asked.path, "/apis/batch/v1/namespaces/shop/jobs/pi");
    assert_eq!(asked.body["propagationPolicy"], "Foreground");
    assert_eq!(
        job::cancel(task.sending(), &task.call).await,
        Ok(()),
        "it is gone"
    );
}

#[tokio::test]
async fn parameters_that_make_no_job_are_refused() {
    let cluster = Cluster::start().await;
    for (fields, wanted) in [
        (json!({}), "needs the parameter `Job`"),
        (json!({ "Job": "no json" }), "needs the parameter `Job`"),
        (json!({ "Job": { "metadata": 1 } }), "needs the parameter `Job`"),
        (
            json!({ "Job": {}, "LogOptions": { "RetrieveLogs": "yes" } }),
            "must be true or false",
        ),
        (
            json!({ "Job": {}, "CertificateAuthority": "-" }),
            "`eks:runJob` must be base64",
        ),
        (json!({ "Job": {}, "Endpoint": "http://example.com" }), "https://"),
    ] {
        let task = Task::of(&cluster, ".sync", fields.clone()).await;
        let failure = service_calls::plan(&task.call, &task.web).unwrap_err();
        assert_eq!(failure.error, "States.Runtime");
        let cause = failure.cause.unwrap();
        assert!(cause.contains(wanted), "{fields}: {cause}");
    }
    assert_eq!(cluster.with(|state| state.asked.len()), 0);
}
