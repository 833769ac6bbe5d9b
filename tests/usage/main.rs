//! How much of AWS an execution uses: the real driver over the AWS adapters, counted by their meter.
//!
//! The table lies in the DynamoDB that `STEPWELL_DYNAMODB_ENDPOINT` names; AWS's own DynamoDB Local will do. Without the
//! variable the test says so and does nothing. Queues and Scheduler are a server in this process that takes what it is
//! sent, and tasks are answered by a stub in this process. What was measured is compared with `budget.json`, which
//! `stepwell cost` reads; `STEPWELL_UPDATE_BUDGET=1` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod account;
mod budget;
mod queues;
mod tasks;
mod workloads;

use account::Account;
use budget::{Budget, Measured};

/// The table, or nothing to measure with.
const ENDPOINT: &str = "STEPWELL_DYNAMODB_ENDPOINT";
/// Set to write the budget anew.
const UPDATE: &str = "STEPWELL_UPDATE_BUDGET";

#[tokio::test(flavor = "multi_thread")]
async fn executions_use_what_the_budget_says() {
    let Ok(endpoint) = std::env::var(ENDPOINT) else {
        println!("`executions_use_what_the_budget_says` is skipped: {ENDPOINT} is not set");
        return;
    };
    let mut measured = Vec::new();
    for workload in workloads::all() {
        let account = Account::new(&endpoint, &workload).await;
        measured.push(account.measure(workload).await);
    }
    let measured = Budget { workloads: measured };
    if std::env::var(UPDATE).is_ok() {
        measured.write();
        return;
    }
    let budget = Budget::read();
    let names =
        |budget: &Budget| -> Vec<String> { budget.workloads.iter().map(|of| of.name.clone()).collect() };
    assert_eq!(names(&budget), names(&measured));
    let pairs = budget.workloads.iter().zip(&measured.workloads);
    let breaches: Vec<String> = pairs
        .flat_map(|(budget, measured)| budget.breaches(measured))
        .collect();
    assert!(
        breaches.is_empty(),
        "usage and tests/usage/budget.json differ ({UPDATE}=1 writes it anew):\n{}",
        breaches.join("\n")
    );
}

/// What the design promises, held against the budget that is committed: needs no DynamoDB.
#[test]
fn the_budget_keeps_its_promises() {
    let budget = Budget::read();
    let of = |name: &str| -> &Measured {
        let found = budget.workloads.iter().find(|of| of.name == name);
        found.unwrap_or_else(|| panic!("the budget has no `{name}`"))
    };
    for (name, tasks) in [("sdk-tasks", 10), ("lambda-tasks", 10)] {
        let puts = of(name).table_requests("PutItem");
        assert_eq!(
            puts,
            1 + tasks + 1,
            "{name}: the start, each result, and who makes the first call"
        );
        // The start and its two indexes, the head at the end and the index of what runs: beside one unit an entry.
        assert!(of(name).all_write_units() <= tasks as f64 + 1.0 + 5.0, "{name}");
    }
    let pure = of("pure-states");
    assert_eq!(
        pure.table_requests("PutItem"),
        1,
        "pure states are part of the start"
    );
    for of in &budget.workloads {
        // Sent, received, deleted.
        let requests = (of.usage.mailbox_sends + of.usage.timer_sends + of.usage.call_sends) * 3;
        assert!(requests <= 3, "{}: {requests} requests to SQS", of.name);
        assert_eq!(of.usage.refused_writes, 0, "{}", of.name);
    }
    let wait = &of("wait").usage;
    assert_eq!((wait.schedules, wait.timer_sends), (1, 0));
}
