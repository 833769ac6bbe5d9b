use super::{OpenError, Store, StoreError};
use crate::{LocalBlobs, LocalJournal};
use ports::conformance::{self, Run, unique};
use ports::{Blobs as _, Created, Journal as _, JournalError};
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;

fn begin(name: &str) -> (Run, std::sync::Arc<ports::Write>) {
    Run::begin(
        "us-east-1:123456789012:M",
        name,
        PASS,
        r#"{"a":1}"#,
        engine::Timestamp(1_800_000_000_000),
    )
}

async fn create(store: &Store, name: &str) -> Result<Created, JournalError> {
    let (run, write) = begin(name);
    LocalJournal::new(store.clone())
        .create(run.identity(), write)
        .await
}

async fn holds(store: &Store, name: &str) -> bool {
    LocalJournal::new(store.clone())
        .head(begin(name).0.key())
        .await
        .unwrap()
        .is_some()
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    store
        .read(move |connection| Ok(connection.query_row(sql, [], |row| row.get(0))?))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_closed_store_gives_everything_back() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    create(&store, "one").await.unwrap();
    LocalBlobs::new(store.clone())
        .put("blob", "text".into())
        .await
        .unwrap();
    assert_eq!(store.writes(), 1);
    assert_eq!(store.commits(), 2);
    store.close().await;
    let error = create(&store, "two").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the journal's store failed: the store is closed"
    );
    assert!(LocalBlobs::new(store.clone()).get("blob").await.is_err());
    assert!(
        !folder.path().join("stepwell.db-wal").exists(),
        "everything is in the main file"
    );

    let again = Store::open(folder.path()).unwrap();
    assert!(holds(&again, "one").await);
    assert!(!holds(&again, "two").await);
    assert_eq!(
        LocalBlobs::new(again).get("blob").await.unwrap().as_deref(),
        Some("text")
    );
}

#[tokio::test]
async fn a_store_that_was_dropped_gives_everything_back() {
    let folder = TempDir::new().unwrap();
    for number in 0..3 {
        let store = Store::open(folder.path()).unwrap();
        create(&store, &number.to_string()).await.unwrap();
        assert_eq!(count(&store, "SELECT count(*) FROM log").await, number + 1);
    }
}

#[tokio::test]
async fn what_the_disk_holds_at_any_moment_is_enough() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for number in 0..20 {
        create(&store, &number.to_string()).await.unwrap();
        if number % 5 != 0 {
            continue;
        }
        // The files as a power cut would leave them: the store is open, nothing is moved into the main file.
        let copy = TempDir::new().unwrap();
        for file in ["stepwell.db", "stepwell.db-wal"] {
            std::fs::copy(folder.path().join(file), copy.path().join(file)).unwrap();
        }
        let found = Store::open(copy.path()).unwrap();
        assert_eq!(count(&found, "SELECT count(*) FROM log").await, number + 1);
    }
}

#[test]
fn a_second_opening_is_refused_with_the_folder_named() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }));
    let name = folder.path().display();
    assert_eq!(
        error.to_string(),
        format!(
            "the data folder `{name}` is in use by another process, {}",
            std::process::id()
        )
    );
    drop(store);
    Store::open(folder.path()).unwrap();
}

#[test]
fn a_later_version_is_refused() {
    let folder = TempDir::new().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let connection = Connection::open(folder.path().join("stepwell.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = Store::open(folder.path()).unwrap_err();
    let name = folder.path().display();
    let expected =
        format!("the data folder `{name}` has version 99, but this program knows versions up to 1");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_is_no_folder_or_no_store_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "text").unwrap();
    assert!(matches!(
        Store::open(&file).unwrap_err(),
        OpenError::Folder { .. }
    ));
    std::fs::write(
        folder.path().join("stepwell.db"),
        "this is not a database, whatever it may be".repeat(100),
    )
    .unwrap();
    assert!(matches!(
        Store::open(folder.path()).unwrap_err(),
        OpenError::Store { .. }
    ));
}

#[tokio::test]
async fn a_store_that_is_gone_is_not_begun_anew() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("stepwell.db");
    // A process that dies before there are tables leaves this.
    std::fs::write(&file, "").unwrap();
    let store = Store::open(folder.path()).unwrap();
    create(&store, "one").await.unwrap();
    store.close().await;
    drop(store);
    let whole = std::fs::read(&file).unwrap();
    let log = folder.path().join("stepwell.db-wal");
    std::fs::write(&log, "a log").unwrap();

    let lost = |what: &str| {
        let error = Store::open(folder.path()).unwrap_err();
        assert!(matches!(error, OpenError::Lost { .. }), "{what}: {error}");
    };
    std::fs::remove_file(&file).unwrap();
    lost("removed");
    lost("still removed");
    std::fs::write(&file, "").unwrap();
    lost("empty");
    assert_eq!(std::fs::read(&log).unwrap(), b"a log", "it may still be wanted");

    std::fs::write(&file, &whole).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(holds(&store, "one").await);
    drop(store);
    std::fs::remove_file(&file).unwrap();
    std::fs::remove_file(folder.path().join("lock")).unwrap();
    assert!(!holds(&Store::open(folder.path()).unwrap(), "one").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_writers_share_commits() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let writers: Vec<_> = (0..64)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..10 {
                    let created = create(&store, &format!("{writer}-{number}")).await.unwrap();
                    assert!(matches!(created, Created::New));
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(store.writes(), 640);
    assert!(store.commits() < 320, "{} commits", store.commits());
    assert_eq!(count(&store, "SELECT count(*) FROM log").await, 640);
    assert_eq!(count(&store, "SELECT count(*) FROM execution").await, 640);
}

#[tokio::test]
async fn a_bad_request_fails_alone_and_leaves_nothing() {
    for store in [
        Store::in_memory().unwrap(),
        Store::open(TempDir::new().unwrap().path()).unwrap(),
    ] {
        let insert = |name: &'static str, fails: bool| {
            store.write(move |connection| {
                connection.execute("INSERT INTO blob (name, text) VALUES (?1, '')", [name])?;
                if fails {
                    Err(StoreError::Failed("bad".to_owned()))
                } else {
                    Ok(name)
                }
            })
        };
        // Holds the writer, so that the others come into one batch.
        let slow = store.write(|_| {
            std::thread::sleep(Duration::from_millis(50));
            Ok(())
        });
        let (_, a, b, c, d) = tokio::join!(
            slow,
            insert("a", false),
            insert("b", true),
            insert("c", false),
            insert("a", false)
        );
        assert_eq!((a.unwrap(), c.unwrap()), ("a", "c"));
        assert_eq!(b.unwrap_err().to_string(), "bad");
        assert!(d.unwrap_err().to_string().contains("UNIQUE constraint failed"));
        assert_eq!(count(&store, "SELECT count(*) FROM blob").await, 2);
        insert("e", false).await.unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_is_reported_and_survived() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    create(&store, "before").await.unwrap();
    let pages = count(&store, "SELECT page_count FROM pragma_page_count").await;
    let limit = |pages: i64| {
        store.write(move |connection| {
            Ok(connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?)
        })
    };
    limit(pages).await.unwrap();
    let (run, mut write) = begin("large");
    std::sync::Arc::make_mut(&mut write).payloads[0].1 =
        ports::StoredPayload::Text("x".repeat(100_000).into());
    let journal = LocalJournal::new(store.clone());
    let error = journal.create(run.identity(), write.clone()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the journal's store failed: database or disk is full"
    );
    assert!(!holds(&store, "large").await);
    assert!(holds(&store, "before").await);
    limit(pages + 1000).await.unwrap();
    assert!(matches!(
        journal.create(run.identity(), write).await.unwrap(),
        Created::New
    ));
    assert!(holds(&store, "large").await);
}

#[tokio::test]
async fn lists_go_by_their_indexes() {
    let store = Store::in_memory().unwrap();
    conformance::journal::lists_newest_first(&LocalJournal::new(store.clone())).await;
    let plan = store
        .read(|connection| {
            let sql = "EXPLAIN QUERY PLAN SELECT e.id FROM execution e INDEXED BY execution_newest
                WHERE e.machine = 'm' AND (e.started, e.id) < (1, 1) ORDER BY e.started DESC, e.id DESC LIMIT 1";
            let mut select = connection.prepare(sql)?;
            let lines = select.query_map([], |row| row.get(3))?.collect::<rusqlite::Result<Vec<String>>>()?;
            Ok(lines.join("; "))
        })
        .await
        .unwrap();
    assert!(
        plan.contains("execution_newest (machine=? AND started<?)") && !plan.contains("TEMP B-TREE"),
        "{plan}"
    );
}

#[test]
fn a_store_in_memory_leaves_no_file() {
    drop(Store::in_memory().unwrap());
    assert!(!Path::new(":memory:").exists());
    assert_eq!(unique().len(), 32);
}
