//! Figures of the journal: `cargo test -p local --test throughput -- --ignored --nocapture`.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use engine::Timestamp;
use local::{LocalJournal, Store};
use ports::conformance::{Run, unique};
use ports::{Journal as _, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const MACHINE: &str = "us-east-1:123456789012:Throughput";
const TWO_CALLS: &str = r#"{"StartAt":"A","States":{
    "A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Parameters":{"QueueUrl":"q","MessageBody":"m"},
        "ResultPath":"$.a","Next":"B"},
    "B":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Parameters":{"QueueUrl":"q","MessageBody":"m"},
        "ResultPath":"$.b","End":true}}}"#;

/// An execution's three writes, made before the clock runs.
type Prepared = (Run, Vec<Arc<Write>>);

fn prepare(count: usize) -> Vec<Prepared> {
    let start = Timestamp(1_800_000_000_000);
    (0..count)
        .map(|_| {
            let (mut run, first) = Run::begin(
                MACHINE,
                &unique(),
                TWO_CALLS,
                r#"{"order":42,"lines":[1,2,3]}"#,
                start,
            );
            let mut writes = vec![first];
            for second in 1..3 {
                writes.push(run.answer(r#"{"MessageId":"0123456789"}"#, start.plus_seconds(second)));
            }
            (run, writes)
        })
        .collect()
}

async fn measure(writers: usize, executions_each: usize) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let prepared: Vec<Vec<Prepared>> = (0..writers).map(|_| prepare(executions_each)).collect();
    let begun = Instant::now();
    let tasks: Vec<_> = prepared
        .into_iter()
        .map(|executions| {
            let journal = LocalJournal::new(store.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                for (run, writes) in executions {
                    let identity = run.identity();
                    for (seq, write) in writes.into_iter().enumerate() {
                        let begun = Instant::now();
                        if seq == 0 {
                            journal.create(Arc::clone(&identity), write).await.unwrap();
                        } else {
                            journal
                                .append(run.key(), &identity.incarnation, write)
                                .await
                                .unwrap();
                        }
                        times.push(begun.elapsed());
                    }
                }
                times
            })
        })
        .collect();
    let mut times: Vec<Duration> = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let (records, commits) = (store.writes(), store.commits());
    assert_eq!(records, (writers * executions_each * 3) as u64);
    store.close().await;
    let bytes = std::fs::metadata(folder.path().join("stepwell.db"))
        .unwrap()
        .len();
    println!(
        "{writers:4} writers: {:7.0} records/s, {:6.0} commits/s, {:5.1} records per commit, \
         p50 {:?}, p99 {:?}, {} bytes per record",
        records as f64 / seconds,
        commits as f64 / seconds,
        records as f64 / commits as f64,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        bytes / records,
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; asserts little"]
async fn throughput() {
    measure(1, 300).await;
    measure(8, 150).await;
    measure(64, 100).await;
    measure(256, 50).await;
}
