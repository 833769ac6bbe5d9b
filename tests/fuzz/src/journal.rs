//! What is stored: entries, images and rows that somebody has damaged.

use crate::stack::{ROLE, api, runtime, send};
use crate::structured::identity;
use asl::{MachineType, Timestamp};
use engine::{Execution, ExecutionKey, Image, Limits, Message, Packed, Program, apply};
use local::{LocalJournal, Store};
use ports::Journal as _;
use rusqlite::Connection;
use serde_json::json;
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

/// The columns that hold more than a number or a name.
const COLUMNS: [(&str, &str); 10] = [
    ("log", "image"),
    ("log", "events"),
    ("log", "payloads"),
    ("log", "nonce"),
    ("execution", "identity"),
    ("execution", "output"),
    ("execution", "status"),
    ("machine", "document"),
    ("revision", "document"),
    ("activity", "document"),
];

/// Reads bytes as an image, as events, or as what stands in a column of the local store. The first byte says as which.
pub fn journal(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    // Digits, so that a seed can be read.
    match usize::from(kind.wrapping_sub(b'0')) {
        0 => images(rest),
        1 => events(rest),
        other => {
            let (table, column) = COLUMNS[(other - 2) % COLUMNS.len()];
            ROWS.with_borrow_mut(|rows| {
                let rows = rows.get_or_insert_with(Rows::new);
                rows.damage(table, column, rest);
            });
        }
    }
}

/// Reads every line as an image; what can be put together again is gone on with.
fn images(data: &[u8]) {
    let mut images = Vec::new();
    for (seq, line) in data.split(|byte| *byte == b'\n').enumerate() {
        match serde_json::from_slice::<Image>(line) {
            Ok(image) => images.push((seq as u64, image)),
            Err(_) => return,
        }
    }
    let documents = |id: engine::PayloadId| (id.number() % 7 < 6).then(|| Arc::from("{\"items\":[1,2]}"));
    let restored = Execution::restore(Arc::new(identity()), images, Limits::default(), &mut {
        documents
    });
    let Ok(mut execution) = restored else { return };
    let _ = (
        execution.next_deadline(),
        execution.overdue_from(),
        execution.waits_for_jobs(),
    );
    let now = Timestamp(1_700_000_100_000);
    for message in [
        Message::Wake,
        Message::CallSucceeded {
            call: engine::CallId(1),
            output: "{}".to_owned(),
        },
        Message::Stop {
            error: None,
            cause: None,
        },
        Message::Redrive { client_token: None },
    ] {
        let outcome = apply(&PROGRAM, &mut execution, message, now);
        if outcome.changed {
            execution.seal(outcome);
        }
    }
}

static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let branch = |name: &str, state: serde_json::Value| json!({ "StartAt": name, "States": { name: state } });
    let function = "arn:aws:lambda:us-east-1:123456789012:function:f";
    let definition = json!({ "StartAt": "Set", "States": {
        "Set": { "Type": "Pass", "Assign": { "v": [1] }, "Next": "P" },
        "P": { "Type": "Parallel", "End": true, "Branches": [
            branch("Wait", json!({ "Type": "Wait", "Seconds": 1000, "End": true })),
            branch("Call", json!({ "Type": "Task", "Resource": function, "TimeoutSeconds": 500, "End": true })),
            branch("Retry", json!({ "Type": "Task", "Resource": function, "End": true, "Retry": [{ "ErrorEquals": ["E"] }] })),
            branch("Map", json!({ "Type": "Map", "End": true, "ItemsPath": "$.items", "ToleratedFailureCount": 1, "ItemProcessor":
                branch("Item", json!({ "Type": "Task", "Resource": function, "End": true })) })),
        ] },
    } });
    asl::compile(&definition.to_string(), MachineType::Standard)
        .program
        .unwrap()
});

/// What can be read as events is written and read again.
fn events(data: &[u8]) {
    let Ok(packed) = serde_json::from_slice::<Packed<'static>>(data) else {
        return;
    };
    let events = packed.into_events();
    for event in &events {
        let _ = (event.details.event_type(), ports::documents(event));
    }
    let text = serde_json::to_vec(&Packed::of(&events)).unwrap();
    let read: Packed<'static> = serde_json::from_slice(&text).unwrap();
    assert_eq!(read.into_events(), events);
}

thread_local! {
    static ROWS: RefCell<Option<Rows>> = const { RefCell::new(None) };
}

/// A store with one execution, and a way to its rows that the adapter knows nothing of.
struct Rows {
    store: Store,
    connection: Connection,
    key: ExecutionKey,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Rows {
    fn new() -> Rows {
        let folder = tempfile::tempdir().unwrap();
        let runtime = runtime();
        let store = Store::open(folder.path()).unwrap();
        runtime.block_on(async {
            let api = api(&store);
            let task = json!({ "Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:pick", "End": true });
            let states = json!({ "A": { "Type": "Pass", "Result": "x".repeat(2_000), "Next": "B" }, "B": task });
            let definition = json!({ "StartAt": "A", "States": states }).to_string();
            for (operation, body) in [
                ("CreateActivity", json!({ "name": "pick" })),
                (
                    "CreateStateMachine",
                    json!({ "name": "orders", "definition": definition, "roleArn": ROLE }),
                ),
                ("StartExecution", json!({ "stateMachineArn": MACHINE, "name": "run" })),
            ] {
                let response = send(&api, operation, body.to_string().into_bytes()).await;
                assert_eq!(response.status, 200, "{operation}: {response:?}");
            }
        });
        Rows {
            connection: Connection::open(folder.path().join("stepwell.db")).unwrap(),
            key: ExecutionKey {
                machine: "us-east-1:123456789012:orders".into(),
                name: "run".into(),
            },
            store,
            runtime,
            _folder: folder,
        }
    }

    /// Writes bytes into a column, reads everything, and puts back what was there.
    fn damage(&mut self, table: &str, column: &str, bytes: &[u8]) {
        let select = format!("SELECT {column} FROM {table} LIMIT 1");
        let before: Option<String> = self.connection.query_row(&select, [], |row| row.get(0)).unwrap();
        self.put(table, column, Some(bytes));
        self.read();
        self.put(table, column, before.as_deref().map(str::as_bytes));
    }

    /// SQLite takes bytes for text without looking at them.
    fn put(&self, table: &str, column: &str, bytes: Option<&[u8]>) {
        let update = format!("UPDATE {table} SET {column} = CAST(?1 AS TEXT)");
        self.connection.execute(&update, [bytes]).unwrap();
    }

    fn read(&self) {
        self.runtime.block_on(async {
            let journal = LocalJournal::new(self.store.clone());
            if let Ok(Some(stored)) = journal.load(&self.key).await {
                let ports::Stored {
                    head,
                    images,
                    payloads,
                    ..
                } = stored;
                let mut find = |id| match payloads.get(&id)? {
                    ports::StoredPayload::Text(text) => Some(Arc::clone(text)),
                    ports::StoredPayload::Blob(_) => None,
                };
                let _ = Execution::restore(head.identity, images, Limits::default(), &mut find);
            }
            let api = api(&self.store);
            let execution = "arn:aws:states:us-east-1:123456789012:execution:orders:run";
            for (operation, body) in [
                ("DescribeExecution", json!({ "executionArn": execution })),
                ("GetExecutionHistory", json!({ "executionArn": execution })),
                (
                    "GetExecutionHistory",
                    json!({ "executionArn": execution, "reverseOrder": true }),
                ),
                ("ListExecutions", json!({ "stateMachineArn": MACHINE })),
                ("DescribeStateMachine", json!({ "stateMachineArn": MACHINE })),
                (
                    "DescribeStateMachineForExecution",
                    json!({ "executionArn": execution }),
                ),
                ("ListStateMachines", json!({})),
                ("ListActivities", json!({})),
            ] {
                // A failure is the right answer: what is stored cannot be read.
                let response = send(&api, operation, body.to_string().into_bytes()).await;
                let body: Result<serde_json::Value, _> = serde_json::from_slice(&response.body);
                assert!(
                    body.is_ok_and(|body| body.is_object()),
                    "{operation}: {response:?}"
                );
            }
        });
    }
}

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";
