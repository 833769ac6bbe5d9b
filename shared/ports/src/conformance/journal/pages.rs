//! Reading page by page: history, lists, and the executions that run.

use super::{append, create, events_of, machine, names, opened, opened_since};
use crate::conformance::Run;
use crate::conformance::runs::{self, FAIL, PASS, START, WAIT};
use crate::{Filter, Journal, StoredPayload, documents};
use engine::{Event, Message, PayloadId, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// `history` gives every event once, in both directions, from anywhere, with its documents.
pub async fn pages_through_history(journal: &dyn Journal) {
    let (mut run, first) = Run::begin(&machine(), "one", &runs::chain(8), r#"{"body":"b"}"#, START);
    create(journal, &run, &first).await;
    let mut writes = vec![first];
    for second in 1..9 {
        let write = run.answer(
            &format!(r#"{{"MessageId":"{second}"}}"#),
            START.plus_seconds(second),
        );
        append(journal, &run, &write).await;
        writes.push(write);
    }
    let events = events_of(&writes.iter().map(Arc::as_ref).collect::<Vec<_>>());
    let payloads: BTreeMap<PayloadId, StoredPayload> = writes
        .iter()
        .flat_map(|write| write.payloads.iter().cloned())
        .collect();
    let last = events.len() as u64;
    for limit in [1, 2, 7, 1000] {
        for from in [0, 1, 2, 9, last - 1, last, last + 1, u64::MAX] {
            for reverse in [false, true] {
                let page = journal
                    .history(run.key(), from, limit, reverse)
                    .await
                    .expect("history");
                let mut expected: Vec<Event> = events.clone();
                expected.retain(|event| {
                    if reverse {
                        event.id <= from
                    } else {
                        event.id >= from
                    }
                });
                if reverse {
                    expected.reverse();
                }
                expected.truncate(limit);
                assert_eq!(
                    page.events, expected,
                    "from {from}, limit {limit}, reverse {reverse}"
                );
                let needed: BTreeSet<PayloadId> = page.events.iter().flat_map(documents).collect();
                assert_eq!(page.payloads.keys().copied().collect::<BTreeSet<_>>(), needed);
                assert!(
                    page.payloads
                        .iter()
                        .all(|(id, payload)| payloads.get(id) == Some(payload))
                );
            }
        }
    }
}

/// `list` shows the newest first, and its pages fit together while executions come and go.
pub async fn lists_newest_first(journal: &dyn Journal) {
    let machine = machine();
    let mut waiting = Vec::new();
    for number in 0..12 {
        // Three at a time begin in the same millisecond.
        let started = START.plus_seconds(number / 3);
        let definition = [WAIT, PASS, FAIL][(number % 3) as usize];
        let (run, write) = Run::begin(&machine, &format!("n{number:02}"), definition, "{}", started);
        create(journal, &run, &write).await;
        if number % 3 == 0 {
            waiting.push(run);
        }
    }
    let all = names(journal, &machine, None).await;
    assert_eq!(all.len(), 12);
    for (index, name) in all.iter().enumerate() {
        let number: usize = name[1..].parse().expect("a number");
        assert_eq!(number / 3, 3 - index / 3, "newest first");
    }
    assert_eq!(
        names(journal, &machine, Some(Status::Running)).await,
        ["n09", "n06", "n03", "n00"]
    );
    assert_eq!(
        names(journal, &machine, Some(Status::Succeeded)).await,
        ["n10", "n07", "n04", "n01"]
    );
    assert_eq!(
        names(journal, &machine, Some(Status::Failed)).await,
        ["n11", "n08", "n05", "n02"]
    );
    assert_eq!(names(journal, &machine, Some(Status::TimedOut)).await, [""; 0]);

    let filter = |after| Filter {
        machine: machine.clone(),
        status: None,
        qualified_arn: None,
        after,
        limit: 5,
    };
    let page = journal.list(filter(None)).await.expect("list");
    let mut seen: Vec<String> = page
        .rows
        .iter()
        .map(|head| head.identity.name.to_string())
        .collect();
    assert_eq!(seen.len(), 5);
    let (run, write) = Run::begin(&machine, "new", PASS, "{}", START.plus_seconds(100));
    create(journal, &run, &write).await;
    let run = &mut waiting[0];
    let write = run.message(Message::Wake, START.plus_seconds(7200));
    append(journal, run, &write).await;
    let mut after = page.next;
    while let Some(position) = after {
        let page = journal.list(filter(Some(position))).await.expect("list");
        assert!(!page.rows.is_empty() && page.rows.len() <= 5);
        seen.extend(page.rows.iter().map(|head| head.identity.name.to_string()));
        after = page.next;
    }
    assert_eq!(seen, all, "the pages show what was there, once each");
    assert_eq!(
        names(journal, &machine, Some(Status::Running)).await,
        ["n09", "n06", "n03"]
    );
}

/// `list` finds the executions of a version and of an alias, page by page, among all others.
pub async fn lists_by_qualifier(journal: &dyn Journal) {
    let machine = machine();
    let arn = |qualifier: &str| format!("arn:aws:states:us-east-1:123456789012:stateMachine:m:{qualifier}");
    for number in 0..12 {
        let name = format!("n{number:02}");
        let started = START.plus_seconds(number);
        let definition = if number < 6 { WAIT } else { PASS };
        let (mut run, write) = Run::begin(&machine, &name, definition, "{}", started);
        let mut identity = (*run.identity()).clone();
        // One after the other: without a qualifier, by version 1, and by the alias that leads to version 1 or 11.
        let version = if number < 6 { "1" } else { "11" };
        identity.version_arn = (number % 3 > 0).then(|| arn(version).into());
        identity.alias_arn = (number % 3 == 2).then(|| arn("live").into());
        run.execution.identity = Arc::new(identity);
        create(journal, &run, &write).await;
    }
    let names = async |qualifier: &str, status| {
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let page = journal
                .list(Filter {
                    machine: machine.clone(),
                    status,
                    qualified_arn: Some(arn(qualifier)),
                    after,
                    limit: 2,
                })
                .await
                .expect("list");
            names.extend(page.rows.iter().map(|head| head.identity.name.to_string()));
            after = page.next;
            if after.is_none() {
                return names;
            }
        }
    };
    assert_eq!(names("1", None).await, ["n05", "n04", "n02", "n01"]);
    assert_eq!(names("11", None).await, ["n11", "n10", "n08", "n07"]);
    assert_eq!(names("live", None).await, ["n11", "n08", "n05", "n02"]);
    assert_eq!(names("live", Some(Status::Running)).await, ["n05", "n02"]);
    assert_eq!(names("2", None).await, [""; 0]);
}

/// `open` finds the executions that run, oldest first, each with its latest deadline.
pub async fn finds_those_that_run(journal: &dyn Journal) {
    let machine = machine();
    let (done, write) = Run::begin(&machine, "done", PASS, "{}", START);
    create(journal, &done, &write).await;
    let mut runs = Vec::new();
    for number in 0..4 {
        let started = START.plus_seconds(number);
        let (run, write) = Run::begin(&machine, &format!("w{number}"), WAIT, "{}", started);
        create(journal, &run, &write).await;
        runs.push(run);
    }
    let (mut chain, write) = Run::begin(
        &machine,
        "chain",
        &runs::chain(2),
        r#"{"body":"b"}"#,
        START.plus_seconds(9),
    );
    create(journal, &chain, &write).await;
    let write = chain.answer("{}", START.plus_seconds(10));
    let deadline = write.next_deadline;
    append(journal, &chain, &write).await;
    let write = runs[1].message(Message::Wake, START.plus_seconds(3601));
    append(journal, &runs[1], &write).await;

    let found = opened(journal, &machine).await;
    let expected = [("w0", 3600), ("w2", 3602), ("w3", 3603)];
    for ((name, due), found) in expected.iter().zip(&found) {
        assert_eq!(
            (&*found.key.name, found.next_deadline),
            (*name, Some(START.plus_seconds(*due)))
        );
    }
    assert_eq!(found.len(), 4);
    assert_eq!((&*found[3].key.name, found[3].next_deadline), ("chain", deadline));
    assert_eq!(found[3].incarnation, chain.identity().incarnation);
    let late = opened_since(journal, &machine, Some(journal.since(START.plus_seconds(3)))).await;
    assert_eq!(late, found[2..]);
}
