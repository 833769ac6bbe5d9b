//! A process that is killed loses nothing that was acknowledged.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use engine::{ExecutionKey, Timestamp};
use local::{LocalJournal, Store};
use ports::conformance::Run;
use ports::{Appended, Created, Journal as _};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const MACHINE: &str = "us-east-1:123456789012:M";
const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"Next":"P"},
    "P":{"Type":"Pass","End":true}}}"#;
/// Names the folder to the process that is killed.
const FOLDER: &str = "STEPWELL_TEST_KILLED_FOLDER";

/// Writes until it is killed, and says what was acknowledged. Does nothing when it runs as a test by itself.
#[test]
fn writes_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = Store::open(Path::new(&folder)).unwrap();
        let writers: Vec<_> = (0..8)
            .map(|writer| tokio::spawn(write(store.clone(), writer)))
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

async fn write(store: Store, writer: usize) {
    let journal = LocalJournal::new(store);
    for number in 0.. {
        let name = format!("{writer}-{number}");
        let (mut run, write) = Run::begin(MACHINE, &name, WAIT, "{}", Timestamp(1_800_000_000_000));
        assert!(matches!(
            journal.create(run.identity(), write).await.unwrap(),
            Created::New
        ));
        println!("\nacknowledged {name} 0");
        let write = run.message(engine::Message::Wake, Timestamp(1_800_000_060_000));
        let identity = run.identity();
        assert_eq!(
            journal
                .append(run.key(), &identity.incarnation, write)
                .await
                .unwrap(),
            Appended::Done
        );
        println!("\nacknowledged {name} 1");
    }
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_there() {
    let folder = TempDir::new().unwrap();
    let mut least = 0;
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_killed", "--nocapture"])
            .env(FOLDER, folder.path().join(round.to_string()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut acknowledged = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((name, seq)) = line
                .strip_prefix("acknowledged ")
                .and_then(|rest| rest.split_once(' '))
            {
                acknowledged.push((name.to_owned(), seq.parse::<u64>().unwrap()));
            }
            if acknowledged.len() == 150 * round {
                child.kill().unwrap();
            }
        }
        assert!(!child.wait().unwrap().success());
        let store = Store::open(&folder.path().join(round.to_string())).unwrap();
        let journal = LocalJournal::new(store);
        for (name, seq) in &acknowledged {
            let key = ExecutionKey {
                machine: MACHINE.into(),
                name: name.as_str().into(),
            };
            let stored = journal.load(&key).await.unwrap().unwrap();
            assert!(
                stored.images.last().unwrap().0 >= *seq,
                "{name} has lost entry {seq}"
            );
        }
        least += acknowledged.len();
    }
    assert!(least >= 900);
}
