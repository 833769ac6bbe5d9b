//! `eks:runJob.sync`: the stand-in is the Kubernetes API of a cluster with one job.

use crate::support::{Options, Reply, Request, Server, output, stand_in, task};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Debug, Default)]
struct Cluster {
    url: String,
    job: Arc<Mutex<Option<Value>>>,
    /// The methods and paths of all requests.
    asked: Arc<Mutex<Vec<String>>>,
    /// How long it takes to say that a job is made.
    slow: Duration,
}

impl Cluster {
    fn serve(slow: Duration) -> (Cluster, Server) {
        let mut cluster = Cluster {
            slow,
            ..Cluster::default()
        };
        let here = cluster.clone();
        cluster.url = stand_in(move |request| here.answer(request));
        let server = Server::start_with(Options {
            environment: vec![("AWS_ENDPOINT_URL_STS".to_owned(), cluster.url.clone())],
            ..Options::default()
        });
        (cluster, server)
    }

    fn answer(&self, request: &Request) -> Reply {
        let path = request.path.split('?').next().unwrap_or_default();
        self.asked
            .lock()
            .unwrap()
            .push(format!("{} {path}", request.method));
        let json = |status: u16, body: &Value| Reply::new(status, "application/json", body.to_string());
        let mut job = self.job.lock().unwrap();
        match (request.method.as_str(), &*job) {
            ("POST", Some(_)) => json(409, &json!({ "reason": "AlreadyExists" })),
            ("POST", None) => {
                let mut made: Value = serde_json::from_str(&request.body).unwrap();
                made["metadata"]["uid"] = json!("u-1");
                *job = Some(made.clone());
                Reply {
                    after: self.slow,
                    ..json(201, &made)
                }
            }
            ("DELETE", _) => {
                *job = None;
                json(200, &json!({}))
            }
            _ if path.ends_with("/log") => Reply::new(200, "text/plain", "{\"pi\":3}".to_owned()),
            _ if path.ends_with("/pods") => json(
                200,
                &json!({ "items": [{ "spec": { "containers": [{ "name": "c" }] },
                    "metadata": { "name": "p", "ownerReferences": [{ "uid": "u-1" }] } }] }),
            ),
            (_, Some(job)) => json(200, job),
            (_, None) => json(404, &json!({ "reason": "NotFound" })),
        }
    }

    fn ends(&self, condition: &str) {
        if let Some(job) = &mut *self.job.lock().unwrap() {
            job["status"] = json!({ "conditions": [{ "type": condition, "status": "True" }] });
        }
    }

    async fn is_asked(&self, wanted: &str) {
        while !self.asked.lock().unwrap().iter().any(|asked| asked == wanted) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn machine(&self) -> Value {
        task(json!({
            "Resource": "arn:aws:states:::eks:runJob.sync",
            "Parameters": {
                "ClusterName": "c", "CertificateAuthority": "", "Endpoint": self.url,
                "LogOptions": { "RetrieveLogs": true },
                "Job": { "metadata": { "name": "pi" }, "spec": { "template": {} } },
            },
        }))
    }
}

const JOBS: &str = "/apis/batch/v1/namespaces/default/jobs";

#[tokio::test(flavor = "multi_thread")]
async fn the_task_ends_as_the_job_does() {
    let (cluster, server) = Cluster::serve(Duration::ZERO);
    let machine = server.create("jobs", &cluster.machine()).await;
    let run = server.run(&machine, "good", "{}").await;
    cluster.is_asked(&format!("GET {JOBS}/pi")).await;
    assert_eq!(server.described(&run).await.status, ExecutionStatus::Running);
    cluster.ends("Complete");
    let result = output(&server.ended(&run).await);
    assert_eq!(result["status"]["conditions"][0]["type"], "Complete");
    assert_eq!(
        result["logs"],
        json!({ "pods": { "p": { "containers": { "c": { "log": { "pi": 3 } } } } } })
    );
    // The name is taken as long as nobody deletes the job.
    let taken = server.ended(&server.run(&machine, "taken", "{}").await).await;
    assert_eq!(taken.error.as_deref(), Some("EKS.409"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_deletes_the_job() {
    let (cluster, server) = Cluster::serve(Duration::ZERO);
    let machine = server.create("jobs", &cluster.machine()).await;
    let run = server.run(&machine, "run", "{}").await;
    server.reached(&run, "TaskSubmitted").await;
    let stop = server.client().stop_execution().execution_arn(&run);
    stop.send().await.unwrap();
    cluster.is_asked(&format!("DELETE {JOBS}/pi")).await;
    assert_eq!(*cluster.job.lock().unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_maker_died_is_found_and_not_made_twice() {
    // The process dies before it hears that the job is made.
    let (cluster, mut server) = Cluster::serve(Duration::from_secs(30));
    let machine = server.create("jobs", &cluster.machine()).await;
    let run = server.run(&machine, "run", "{}").await;
    cluster.is_asked(&format!("POST {JOBS}")).await;
    server.kill();
    server.restart();
    server.reached(&run, "TaskSubmitted").await;
    cluster.ends("Complete");
    let result = output(&server.ended(&run).await);
    assert_eq!(result["metadata"]["uid"], "u-1");
    let posts = format!("POST {JOBS}");
    let asked = cluster.asked.lock().unwrap();
    let count = asked.iter().filter(|asked| **asked == posts).count();
    assert_eq!(count, 2, "asked twice, made once");
}
