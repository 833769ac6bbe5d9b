//! SQS and EventBridge Scheduler as far as the adapters use them: a server that takes what it is sent.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The queue of wake-ups.
pub(crate) const MAILBOX: &str = "mailbox.fifo";
/// The queue of long calls.
pub(crate) const CALLS: &str = "calls";
/// The queue of timers.
pub(crate) const TIMERS: &str = "timers";

/// What was sent to a queue.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) queue: String,
    pub(crate) body: String,
}

/// The server; it ends with its runtime.
#[derive(Debug)]
pub(crate) struct Queues {
    pub(crate) endpoint: String,
    pub(crate) sent: UnboundedReceiver<Sent>,
}

impl Queues {
    pub(crate) async fn start() -> Queues {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (send, sent) = unbounded_channel();
        let router = Router::new().fallback(take).with_state(send);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Queues { endpoint, sent }
    }

    pub(crate) fn url(&self, queue: &str) -> String {
        format!("{}/123456789012/{queue}", self.endpoint)
    }
}

async fn take(State(send): State<UnboundedSender<Sent>>, uri: Uri, body: Bytes) -> String {
    // A schedule is created; its time does not come here.
    if uri.path().starts_with("/schedules/") {
        return json!({ "ScheduleArn": "arn:aws:scheduler:us-east-1:123456789012:schedule/g/s" }).to_string();
    }
    let message: Value = serde_json::from_slice(&body).unwrap();
    let text = |name: &str| message[name].as_str().unwrap();
    let queue = text("QueueUrl").rsplit('/').next().unwrap().to_owned();
    let body = text("MessageBody").to_owned();
    send.send(Sent { queue, body }).unwrap();
    json!({ "MessageId": "m", "MD5OfMessageBody": "" }).to_string()
}
