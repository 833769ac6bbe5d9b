//! What every journal must do.

mod pages;

pub use pages::{finds_those_that_run, lists_by_qualifier, lists_newest_first, pages_through_history};

use super::runs::{self, FAIL, MAP, PASS, START, WAIT, rival};
use super::{Run, unique};
use crate::{Appended, Created, Filter, Head, Journal, Lease, Stored, StoredPayload, Write};
use engine::{Event, Execution, ExecutionKey, Limits, Message, PayloadId, Status, Timestamp};
use std::sync::Arc;

/// Runs all tests of journals.
pub async fn all(journal: &dyn Journal) {
    begins_once(journal).await;
    keeps_the_name_until_retention_has_passed(journal).await;
    gives_a_place_once(journal).await;
    lets_one_of_many_win(journal).await;
    keeps_what_restores_an_execution(journal).await;
    keeps_what_changed_in_a_large_execution(journal).await;
    follows_the_end(journal).await;
    opens_again(journal).await;
    pages_through_history(journal).await;
    lists_newest_first(journal).await;
    lists_by_qualifier(journal).await;
    finds_those_that_run(journal).await;
    knows_nothing_of_others(journal).await;
    lends_to_the_writer_alone(journal).await;
}

/// A lease is the entry's; its writer renews it, and nobody else.
pub async fn lends_to_the_writer_alone(journal: &dyn Journal) {
    let machine = machine();
    let (mut run, first) = Run::begin(&machine, "lent", &runs::chain(2), r#"{"body":1}"#, START);
    create(journal, &run, &first).await;
    let second = run.answer("{}", START.plus_seconds(1));
    append(journal, &run, &second).await;
    let key = run.key().clone();
    let incarnation = Arc::clone(&run.identity().incarnation);
    let lease = async |seq| journal.lease(&key, &incarnation, seq).await.expect("lease");
    for write in [&first, &second] {
        let seq = write.entry.seq;
        assert_eq!(lease(seq).await, Some(write.lease()), "as it was written");
        let longer = Lease {
            until: write.lease_until.plus_seconds(60),
            ..write.lease()
        };
        let renew = async |lease: Lease| {
            let renewed = journal.renew(&key, &incarnation, seq, lease).await;
            renewed.expect("renew")
        };
        assert!(renew(longer.clone()).await);
        assert_eq!(lease(seq).await, Some(longer.clone()));
        assert!(!renew(rival(write).lease()).await, "the nonce is another one's");
        assert_eq!(lease(seq).await, Some(longer));
    }
    assert_eq!(lease(7).await, None);
    let stored = load(journal, &key).await;
    assert_eq!(
        stored.lease_until,
        second.lease_until.plus_seconds(60),
        "loading shows the lease as it was renewed"
    );
    let other = journal.lease(&key, "another", 0).await.expect("lease");
    assert_eq!(other, None, "another incarnation");
}

/// `create` writes once; it recognises its own attempt, and shows every other one what is there.
pub async fn begins_once(journal: &dyn Journal) {
    let machine = machine();
    let (run, first) = Run::begin(&machine, "one", WAIT, r#"{ "order": 42 }"#, START);
    assert!(matches!(create(journal, &run, &first).await, Created::New));
    assert!(
        matches!(create(journal, &run, &first).await, Created::New),
        "its own attempt again"
    );
    let (other, write) = Run::begin(&machine, "one", PASS, "{}", START.plus_seconds(1));
    for (run, write) in [(&run, rival(&first)), (&other, write)] {
        let Created::Exists(head) = create(journal, run, &write).await else {
            panic!("the name was taken")
        };
        assert_eq!(
            head.identity.incarnation,
            run_incarnation(&first, journal, &machine).await
        );
        assert_eq!(head.status, Status::Running);
        assert_eq!(
            head.input,
            StoredPayload::Text(r#"{ "order": 42 }"#.into()),
            "the input to the letter"
        );
    }
    let events = journal
        .history(run.key(), 1, 100, false)
        .await
        .expect("history")
        .events;
    assert_eq!(
        events, first.entry.events,
        "written once, and nothing of the others"
    );
}

async fn run_incarnation(first: &Write, journal: &dyn Journal, machine: &str) -> Arc<str> {
    let stored = load(
        journal,
        &ExecutionKey {
            machine: machine.into(),
            name: "one".into(),
        },
    )
    .await;
    assert_eq!(stored.nonce, first.nonce);
    Arc::clone(&stored.head.identity.incarnation)
}

/// A closed execution keeps its name for 90 days; one that runs keeps it for as long as it runs.
pub async fn keeps_the_name_until_retention_has_passed(journal: &dyn Journal) {
    const DAYS: u64 = 86_400;
    let machine = machine();
    let (closed, write) = Run::begin(&machine, "closed", PASS, r#"{"first":1}"#, START);
    create(journal, &closed, &write).await;
    assert!(
        matches!(create(journal, &closed, &write).await, Created::New),
        "its own attempt again, though closed"
    );
    let (early, write) = Run::begin(&machine, "closed", PASS, "{}", START.plus_seconds(90 * DAYS - 1));
    assert!(matches!(
        create(journal, &early, &write).await,
        Created::Exists(_)
    ));
    let (again, write) = Run::begin(
        &machine,
        "closed",
        WAIT,
        r#"{"second":2}"#,
        START.plus_seconds(90 * DAYS),
    );
    assert!(matches!(create(journal, &again, &write).await, Created::New));
    let stored = load(journal, again.key()).await;
    assert_eq!(stored.head.identity, again.identity());
    assert_eq!(stored.head.input, StoredPayload::Text(r#"{"second":2}"#.into()));
    assert_eq!(
        journal
            .history(again.key(), 1, 100, false)
            .await
            .expect("history")
            .events,
        write.entry.events
    );
    let (late, write) = Run::begin(&machine, "closed", PASS, "{}", START.plus_seconds(900 * DAYS));
    assert!(
        matches!(create(journal, &late, &write).await, Created::Exists(_)),
        "an open one is never replaced"
    );
    assert_eq!(
        append(journal, &closed, &rival(&write)).await,
        Appended::Gone,
        "the incarnation before is gone"
    );
}

/// `append` gives each place to one entry, in order; what is refused leaves nothing behind.
pub async fn gives_a_place_once(journal: &dyn Journal) {
    let machine = machine();
    let (mut run, first) = Run::begin(&machine, "one", &runs::chain(3), r#"{"body":"b"}"#, START);
    let second = run.answer(r#"{"MessageId":"1"}"#, START.plus_seconds(1));
    let third = run.answer(r#"{"MessageId":"2"}"#, START.plus_seconds(2));
    assert_eq!(
        append(journal, &run, &second).await,
        Appended::Gone,
        "nothing has begun"
    );
    create(journal, &run, &first).await;
    assert_eq!(
        append(journal, &run, &third).await,
        Appended::Conflict,
        "the entry before is not there"
    );
    assert_eq!(append(journal, &run, &second).await, Appended::Done);
    assert_eq!(
        append(journal, &run, &second).await,
        Appended::Done,
        "its own attempt again"
    );
    assert_eq!(append(journal, &run, &rival(&second)).await, Appended::Conflict);
    assert_eq!(append(journal, &run, &third).await, Appended::Done);
    assert_eq!(
        append(journal, &run, &second).await,
        Appended::Done,
        "its own attempt, late"
    );
    assert_eq!(append(journal, &run, &rival(&second)).await, Appended::Conflict);
    let incarnation = unique();
    let gone = journal
        .append(run.key(), &incarnation, rival(&third))
        .await
        .expect("append");
    assert_eq!(gone, Appended::Gone, "another incarnation");

    let stored = load(journal, run.key()).await;
    assert_eq!(stored.nonce, third.nonce);
    assert_eq!(stored.lease_until, third.lease_until);
    assert_eq!(stored.images, vec![(2, third.entry.image.clone())]);
    let events = journal
        .history(run.key(), 1, 100, false)
        .await
        .expect("history")
        .events;
    assert_eq!(events, events_of(&[&first, &second, &third]));
}

/// Of many attempts on one place at the same time, one wins; the same holds for a name.
pub async fn lets_one_of_many_win(journal: &dyn Journal) {
    let machine = machine();
    let attempts: Vec<(Run, Arc<Write>)> = (0..8)
        .map(|_| Run::begin(&machine, "name", &runs::chain(1), r#"{"body":"b"}"#, START))
        .collect();
    let created = joined(attempts.iter().map(|(run, write)| create(journal, run, write))).await;
    let winners: Vec<usize> = (0..8)
        .filter(|index| matches!(created[*index], Created::New))
        .collect();
    assert_eq!(winners.len(), 1, "one creates");
    let stored = load(journal, attempts[0].0.key()).await;
    assert_eq!(stored.nonce, attempts[winners[0]].1.nonce);

    let (mut run, first) = Run::begin(&machine, "place", &runs::chain(1), r#"{"body":"b"}"#, START);
    create(journal, &run, &first).await;
    let second = run.answer("{}", START.plus_seconds(1));
    let attempts: Vec<Arc<Write>> = (0..8).map(|_| rival(&second)).collect();
    let appended = joined(attempts.iter().map(|write| append(journal, &run, write))).await;
    let winners: Vec<usize> = (0..8)
        .filter(|index| appended[*index] == Appended::Done)
        .collect();
    assert_eq!(winners.len(), 1, "one appends");
    assert!(appended.iter().all(|found| *found != Appended::Gone));
    assert_eq!(load(journal, run.key()).await.nonce, attempts[winners[0]].nonce);
}

/// What `load` returns is the execution: it goes on as the one in memory does.
pub async fn keeps_what_restores_an_execution(journal: &dyn Journal) {
    let (mut run, first) = Run::begin(&machine(), "one", &runs::chain(4), r#"{"body":"b"}"#, START);
    create(journal, &run, &first).await;
    for second in 1..4 {
        same_when_restored(journal, &run, START.plus_seconds(second)).await;
        let write = run.answer(
            &format!(r#"{{"MessageId":"{second}"}}"#),
            START.plus_seconds(second),
        );
        assert_eq!(append(journal, &run, &write).await, Appended::Done);
    }
    same_when_restored(journal, &run, START.plus_seconds(9)).await;
}

/// The same for an execution whose entries hold changes alone, on top of an earlier one.
pub async fn keeps_what_changed_in_a_large_execution(journal: &dyn Journal) {
    let items: Vec<String> = (0..30).map(|number| format!(r#"{{"item":{number}}}"#)).collect();
    let input = format!(r#"{{"items":[{}]}}"#, items.join(","));
    let (mut run, first) = Run::begin(&machine(), "one", MAP, &input, START);
    assert_eq!(run.calls.len(), 30);
    create(journal, &run, &first).await;
    let mut changes_alone = 0;
    for second in 1..30 {
        let write = run.answer(
            &format!(r#"{{"MessageId":"{second}"}}"#),
            START.plus_seconds(second),
        );
        changes_alone += usize::from(write.entry.image.base != write.entry.seq);
        assert_eq!(append(journal, &run, &write).await, Appended::Done);
        let stored = load(journal, run.key()).await;
        assert_eq!(
            stored.images[0].0, write.entry.image.base,
            "from the last full image on"
        );
        assert_eq!(
            stored.images.len() as u64,
            write.entry.seq - write.entry.image.base + 1
        );
        same_when_restored(journal, &run, START.plus_seconds(100)).await;
    }
    assert!(changes_alone > 5, "this test is about entries that hold changes");
    let last = run.answer("{}", START.plus_seconds(40));
    assert_eq!(append(journal, &run, &last).await, Appended::Done);
    assert_eq!(head(journal, run.key()).await.status, Status::Succeeded);
}

/// The head shows the end as soon as the entry that closes the execution is there.
pub async fn follows_the_end(journal: &dyn Journal) {
    let machine = machine();
    let (run, write) = Run::begin(&machine, "at once", PASS, r#"{"a":1}"#, START);
    create(journal, &run, &write).await;
    let found = head(journal, run.key()).await;
    assert_eq!((found.status, found.stopped), (Status::Succeeded, Some(START)));
    assert_eq!(found.output, Some(StoredPayload::Text(r#"{"a":1}"#.into())));
    assert_eq!(
        (found.error, found.cause, found.redrive_count, found.redriven),
        (None, None, 0, None)
    );

    let (run, write) = Run::begin(&machine, "failed", FAIL, "{}", START);
    create(journal, &run, &write).await;
    let found = head(journal, run.key()).await;
    assert_eq!((found.status, found.output), (Status::Failed, None));
    assert_eq!(
        (found.error.as_deref(), found.cause.as_deref()),
        (Some("Broken"), Some("by design"))
    );

    let (mut run, write) = Run::begin(&machine, "later", WAIT, "{}", START);
    create(journal, &run, &write).await;
    assert_eq!(head(journal, run.key()).await.stopped, None);
    let end = START.plus_seconds(3600);
    let write = run.message(Message::Wake, end);
    append(journal, &run, &write).await;
    let found = head(journal, run.key()).await;
    assert_eq!((found.status, found.stopped), (Status::Succeeded, Some(end)));
    assert_eq!(
        found.output,
        Some(StoredPayload::Text(r#"{"waited":true}"#.into()))
    );
    assert_eq!(*found.identity, *run.identity());

    let (mut run, write) = Run::begin(&machine, "stopped", WAIT, "{}", START);
    create(journal, &run, &write).await;
    let stop = Message::Stop {
        error: Some("E".to_owned()),
        cause: Some("C".to_owned()),
    };
    let write = run.message(stop, START.plus_seconds(5));
    append(journal, &run, &write).await;
    let found = head(journal, run.key()).await;
    assert_eq!(
        (found.status, found.error.as_deref()),
        (Status::Aborted, Some("E"))
    );

    // An output that lies in the blob store, or that an earlier entry brought in.
    for (name, output) in [
        ("blob", StoredPayload::Blob("some/blob".into())),
        ("old", StoredPayload::Text("7".into())),
    ] {
        let (mut run, write) = Run::begin(&machine, name, WAIT, "{}", START);
        create(journal, &run, &write).await;
        let write = Write {
            output: Some(output.clone()),
            ..(*run.message(Message::Wake, end)).clone()
        };
        append(journal, &run, &Arc::new(write)).await;
        assert_eq!(head(journal, run.key()).await.output, Some(output));
    }
}

/// An entry behind the one that closed a failed execution opens it again.
pub async fn opens_again(journal: &dyn Journal) {
    let machine = machine();
    let (run, first) = Run::begin(&machine, "one", FAIL, "{}", START);
    create(journal, &run, &first).await;
    let mut write = (*rival(&first)).clone();
    write.entry.seq = 1;
    write.entry.time = START.plus_seconds(60);
    write.entry.closing = None;
    write.entry.image.base = 1;
    write.entry.image.status = Status::Running;
    write.entry.image.counters.redrive_count = 1;
    write.entry.events.clear();
    write.payloads.clear();
    assert_eq!(
        append(journal, &run, &Arc::new(write.clone())).await,
        Appended::Done
    );
    let found = head(journal, run.key()).await;
    assert_eq!(
        (found.status, found.stopped, found.error),
        (Status::Running, None, None)
    );
    assert_eq!(
        (found.redrive_count, found.redriven),
        (1, Some(START.plus_seconds(60)))
    );
    assert_eq!(names(journal, &machine, Some(Status::Running)).await, ["one"]);
    assert_eq!(names(journal, &machine, Some(Status::Failed)).await, [""; 0]);
    assert_eq!(opened(journal, &machine).await.len(), 1);

    let mut write = (*rival(&first)).clone();
    write.entry.seq = 2;
    write.entry.image.base = 2;
    write.entry.image.counters.redrive_count = 1;
    write.entry.events.clear();
    write.payloads.clear();
    assert_eq!(append(journal, &run, &Arc::new(write)).await, Appended::Done);
    let found = head(journal, run.key()).await;
    assert_eq!(
        (found.status, found.error.as_deref()),
        (Status::Failed, Some("Broken"))
    );
    assert_eq!(
        (found.redrive_count, found.redriven),
        (1, Some(START.plus_seconds(60)))
    );

    // What was opened again may have ended again in the very same entry.
    let again = START.plus_seconds(120);
    let mut write = (*rival(&first)).clone();
    write.entry.seq = 3;
    write.entry.time = again;
    write.entry.image.base = 3;
    write.entry.image.counters.redrive_count = 2;
    if let Some(closing) = &mut write.entry.closing {
        closing.time = again;
    }
    write.entry.events.clear();
    write.payloads.clear();
    assert_eq!(append(journal, &run, &Arc::new(write)).await, Appended::Done);
    let found = head(journal, run.key()).await;
    assert_eq!(
        (found.status, found.stopped, found.redrive_count, found.redriven),
        (Status::Failed, Some(again), 2, Some(again))
    );
    assert_eq!(opened(journal, &machine).await.len(), 0);
}

/// What is not there is not found.
pub async fn knows_nothing_of_others(journal: &dyn Journal) {
    let key = ExecutionKey {
        machine: machine().into(),
        name: "nobody".into(),
    };
    assert!(journal.load(&key).await.expect("load").is_none());
    assert!(journal.head(&key).await.expect("head").is_none());
    assert!(
        journal
            .history(&key, 1, 10, false)
            .await
            .expect("history")
            .events
            .is_empty()
    );
    assert_eq!(names(journal, &key.machine, None).await, [""; 0]);
}

/// Compares the execution in memory with the stored one: both do the same next.
async fn same_when_restored(journal: &dyn Journal, run: &Run, now: Timestamp) {
    let Stored {
        head,
        images,
        payloads,
        ..
    } = load(journal, run.key()).await;
    let mut text = |id: PayloadId| match payloads.get(&id) {
        Some(StoredPayload::Text(text)) => Some(Arc::clone(text)),
        Some(StoredPayload::Blob(_)) | None => None,
    };
    let mut restore = || {
        let restored = Execution::restore(
            Arc::clone(&head.identity),
            images.clone(),
            Limits::default(),
            &mut text,
        );
        run.with(restored.expect("the stored execution can be restored"))
    };
    let (mut one, mut other) = (restore(), restore());
    assert_eq!(one.execution.seq, run.execution.seq);
    assert_eq!(one.execution.next_deadline(), run.execution.next_deadline());
    assert_eq!(one.execution.event_count(), run.execution.event_count());
    assert_eq!(*one.execution.identity, *run.execution.identity);
    assert_eq!(one.execution.input.text(), run.execution.input.text());
    let (one, other) = (one.answer("{}", now), other.answer("{}", now));
    assert_eq!(one.entry.image, other.entry.image);
    assert_eq!(one.entry.events, other.entry.events);
}

async fn create(journal: &dyn Journal, run: &Run, write: &Arc<Write>) -> Created {
    journal
        .create(run.identity(), Arc::clone(write))
        .await
        .expect("create")
}

async fn append(journal: &dyn Journal, run: &Run, write: &Arc<Write>) -> Appended {
    let identity = run.identity();
    journal
        .append(run.key(), &identity.incarnation, Arc::clone(write))
        .await
        .expect("append")
}

async fn load(journal: &dyn Journal, key: &ExecutionKey) -> Stored {
    journal
        .load(key)
        .await
        .expect("load")
        .expect("the execution is there")
}

async fn head(journal: &dyn Journal, key: &ExecutionKey) -> Head {
    journal
        .head(key)
        .await
        .expect("head")
        .expect("the execution is there")
}

/// Returns the names in all pages of a list; the pages are small, so that there are several.
async fn names(journal: &dyn Journal, machine: &str, status: Option<Status>) -> Vec<String> {
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let filter = Filter {
            machine: machine.to_owned(),
            status,
            qualified_arn: None,
            after,
            limit: 2,
        };
        let page = journal.list(filter).await.expect("list");
        assert!(
            page.rows
                .iter()
                .all(|head| status.is_none_or(|status| head.status == status))
        );
        names.extend(page.rows.iter().map(|head| head.identity.name.to_string()));
        after = page.next;
        if after.is_none() {
            return names;
        }
    }
}

/// Returns the executions of one machine that run, from all pages.
async fn opened(journal: &dyn Journal, machine: &str) -> Vec<crate::Opened> {
    opened_since(journal, machine, None).await
}

async fn opened_since(journal: &dyn Journal, machine: &str, mut after: Option<String>) -> Vec<crate::Opened> {
    let mut found = Vec::new();
    loop {
        let page = journal.open(after, 3).await.expect("open");
        found.extend(
            page.rows
                .into_iter()
                .filter(|opened| &*opened.key.machine == machine),
        );
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

fn events_of(writes: &[&Write]) -> Vec<Event> {
    writes
        .iter()
        .flat_map(|write| write.entry.events.iter().cloned())
        .collect()
}

fn machine() -> String {
    format!("us-east-1:123456789012:{}", unique())
}

/// Waits for all of them at the same time.
async fn joined<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, done) in waiting.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if done.iter().any(Option::is_none) {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(done.iter_mut().filter_map(Option::take).collect())
    })
    .await
}
