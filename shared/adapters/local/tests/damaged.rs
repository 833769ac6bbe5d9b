//! Files that lost their end, or hold other bytes than were written: what remains is a beginning, or nothing is opened.
//!
//! SQLite checks each page of its log with a sum over all pages before it. So what was acknowledged before the damage is
//! there, and what was written from there on is not: also where it was acknowledged, and without a word. The main file
//! has no sums: damage in its header or the list of its tables is refused, and damage elsewhere is told by whoever reads it.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use engine::{ExecutionKey, Timestamp};
use local::{LocalJournal, OpenError, Store};
use ports::conformance::Run;
use ports::{Created, Filter, Journal as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const MACHINE: &str = "us-east-1:123456789012:M";
const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
/// How many executions are acknowledged while the log is the only place that has them.
const RUNS: usize = 6;
/// Bytes of the log's header, and of a page with its own (SQLite, "Write-Ahead Log Format").
const LOG_HEAD: usize = 32;
const FRAME_HEAD: usize = 24;
const FRAME: usize = FRAME_HEAD + 4096;

/// The files of a data folder whose process was killed.
struct Killed {
    main: Vec<u8>,
    log: Vec<u8>,
    lock: Vec<u8>,
    /// How long the log was when each start was acknowledged.
    acknowledged: Vec<usize>,
}

impl Killed {
    async fn new() -> Killed {
        let folder = TempDir::new().unwrap();
        // The tables are in the main file.
        Store::open(folder.path()).unwrap().close().await;
        let store = Store::open(folder.path()).unwrap();
        let file = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        let mut acknowledged = Vec::new();
        for number in 0..RUNS {
            create(&store, number).await;
            acknowledged.push(file("stepwell.db-wal").len());
        }
        Killed {
            main: file("stepwell.db"),
            log: file("stepwell.db-wal"),
            lock: file("lock"),
            acknowledged,
        }
    }

    /// Lays the files out, with another log.
    fn with_log(&self, log: &[u8]) -> TempDir {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("stepwell.db"), &self.main).unwrap();
        std::fs::write(folder.path().join("stepwell.db-wal"), log).unwrap();
        std::fs::write(folder.path().join("lock"), &self.lock).unwrap();
        folder
    }

    /// How many starts were acknowledged when the log had no more than these bytes.
    fn before(&self, bytes: usize) -> usize {
        self.acknowledged
            .iter()
            .filter(|length| **length <= bytes)
            .count()
    }
}

async fn create(store: &Store, number: usize) {
    let name = number.to_string();
    let (run, write) = Run::begin(MACHINE, &name, PASS, r#"{"a":1}"#, Timestamp(1_800_000_000_000));
    let created = LocalJournal::new(store.clone())
        .create(run.identity(), write)
        .await
        .unwrap();
    assert!(matches!(created, Created::New));
}

/// Opens a store and returns how many executions it has, which have to be the first ones, whole, and able to go on.
async fn first_runs(folder: &Path, what: &str) -> usize {
    let store = Store::open(folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    let journal = LocalJournal::new(store.clone());
    let filter = Filter {
        machine: MACHINE.into(),
        status: None,
        qualified_arn: None,
        after: None,
        limit: 100,
    };
    let listed = journal.list(filter).await.unwrap().rows.len();
    for number in 0..RUNS {
        let key = ExecutionKey {
            machine: MACHINE.into(),
            name: number.to_string().as_str().into(),
        };
        let stored = journal.load(&key).await.unwrap();
        assert_eq!(stored.is_some(), number < listed, "{what}: execution {number}");
        if stored.is_some() {
            let history = journal.history(&key, 1, 100, false).await.unwrap();
            assert!(!history.events.is_empty(), "{what}: execution {number}");
        }
    }
    create(&store, 100).await;
    listed
}

#[tokio::test]
async fn a_log_that_was_cut_off_keeps_what_was_acknowledged_before() {
    let killed = Killed::new().await;
    let frames = (killed.log.len() - LOG_HEAD) / FRAME;
    assert!(frames > RUNS);
    assert_eq!(killed.acknowledged.last(), Some(&killed.log.len()));
    for frame in 0..=frames {
        let end = LOG_HEAD + frame * FRAME;
        for cut in [end - 1, end, end + 1, end + FRAME_HEAD] {
            let cut = cut.min(killed.log.len());
            let folder = killed.with_log(&killed.log[..cut]);
            let found = first_runs(folder.path(), &format!("cut at {cut}")).await;
            assert_eq!(found, killed.before(cut), "cut at {cut}");
        }
    }
}

#[tokio::test]
async fn a_log_with_other_bytes_keeps_what_was_acknowledged_before_them() {
    let killed = Killed::new().await;
    for (number, byte) in (0..killed.log.len()).step_by(1_361).enumerate() {
        let mut log = killed.log.clone();
        log[byte] ^= 1 << (number % 8);
        let folder = killed.with_log(&log);
        let what = format!("byte {byte}");
        let found = first_runs(folder.path(), &what).await;
        let frame = byte.saturating_sub(LOG_HEAD) / FRAME;
        assert_eq!(found, killed.before(LOG_HEAD + frame * FRAME), "{what}");
    }
}

fn main_file(folder: &TempDir) -> PathBuf {
    folder.path().join("stepwell.db")
}

#[tokio::test]
async fn a_damaged_main_file_is_refused_and_left_as_it_is() {
    let whole = TempDir::new().unwrap();
    let store = Store::open(whole.path()).unwrap();
    for number in 0..RUNS {
        create(&store, number).await;
    }
    store.close().await;
    drop(store);
    let main = std::fs::read(main_file(&whole)).unwrap();
    let garbled = |from: usize, to: usize| {
        let mut bytes = main.clone();
        bytes[from..to].fill(0xa5);
        bytes
    };
    for (what, bytes) in [
        ("without its first bytes", garbled(0, 16)),
        ("without its header", garbled(0, 100)),
        ("without the list of its tables", garbled(100, 4096)),
        ("cut in the middle", main[..main.len() / 2].to_vec()),
        ("cut in its header", main[..50].to_vec()),
    ] {
        let folder = TempDir::new().unwrap();
        std::fs::write(main_file(&folder), &bytes).unwrap();
        std::fs::copy(whole.path().join("lock"), folder.path().join("lock")).unwrap();
        let error = Store::open(folder.path()).unwrap_err();
        assert!(matches!(error, OpenError::Store { .. }), "{what}: {error}");
        assert!(
            error.to_string().contains(&folder.path().display().to_string()),
            "{what}: {error}"
        );
        assert_eq!(std::fs::read(main_file(&folder)).unwrap(), bytes, "{what}");
    }
}

#[tokio::test]
async fn a_damaged_page_is_told_by_whoever_reads_it() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for number in 0..RUNS {
        create(&store, number).await;
    }
    store.close().await;
    drop(store);
    let mut main = std::fs::read(main_file(&folder)).unwrap();
    main[4096..].fill(0xa5);
    std::fs::write(main_file(&folder), &main).unwrap();
    let journal = LocalJournal::new(Store::open(folder.path()).unwrap());
    let key = ExecutionKey {
        machine: MACHINE.into(),
        name: "0".into(),
    };
    let error = journal.load(&key).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the journal's store failed: database disk image is malformed"
    );
    let (run, write) = Run::begin(MACHINE, "next", PASS, "{}", Timestamp(1_800_000_000_000));
    assert!(journal.create(run.identity(), write).await.is_err());
}
