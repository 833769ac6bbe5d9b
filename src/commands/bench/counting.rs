//! One execution with many transitions: its age must not slow it down.

use super::Plan;
use super::definitions::{counting, machine};
use super::figures::{Figures, median};
use crate::commands::Failure;
use crate::config::Config;
use crate::stack::{Options, Stack};
use asl::MachineType;
use driver::{Observer, Start};
use engine::{Details, Event, Identity, Limits};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Transitions of one execution, but for the last state.
const TRANSITIONS: u64 = 10_000;
/// How long one execution may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures the time between the durable entries of an execution, each of which holds some thousand transitions.
pub(crate) async fn measure(plan: &Plan, figures: &mut Figures) -> Result<(), Failure> {
    const GROUP: &str =
        "one execution of 10,000 transitions, Pass and Choice: wall time between its durable entries";
    let folder = plan.temporary_folder()?;
    let limits = Limits {
        history_events: 10 * TRANSITIONS,
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let (send, mut entries) = mpsc::unbounded_channel();
    let stack = Stack::open(
        &config,
        Options {
            data: Some(folder.path()),
            mocks: None,
            fast_forward: false,
            served_at: None,
            observer: Some(Arc::new(Watch { entries: send })),
            watch: None,
        },
    )?;
    let machine = machine(
        "counting",
        &counting(TRANSITIONS / 2),
        stack.driver.ports().clock.now(),
    );
    let program = asl::compile(&machine.revision.definition, MachineType::Standard).program;
    let program = Arc::new(program.ok_or_else(|| Failure("the measured definition is wrong".to_owned()))?);
    let mut runs = Vec::new();
    for number in 0..plan.size(21, 5) {
        let start = Start {
            machine: machine.clone(),
            program: Arc::clone(&program),
            name: number.to_string(),
            input: r#"{"count":0}"#.into(),
            trace_header: None,
            version_arn: None,
            alias_arn: None,
            test_case: None,
            parent: None,
            part: None,
        };
        let mut before = Instant::now();
        stack
            .driver
            .start(start)
            .await
            .map_err(Failure::while_trying("a start"))?;
        let mut run = Vec::new();
        loop {
            let entry = tokio::time::timeout(PATIENCE, entries.recv())
                .await
                .ok()
                .flatten();
            let entry = entry.ok_or_else(|| Failure("the execution did not end".to_owned()))?;
            // The last state alone can have an entry of its own: too little to divide by.
            if entry.transitions > 1 {
                let micros = (entry.durable - before).as_secs_f64() * 1e6;
                run.push((entry.transitions, micros / entry.transitions as f64));
            }
            before = entry.durable;
            if entry.is_last {
                break;
            }
        }
        runs.push(run);
    }
    stack.close().await;
    let places = runs.iter().map(Vec::len).min().unwrap_or(0);
    let at = |place: usize| {
        let run = runs.first().and_then(|run| run.get(place));
        let micros = runs
            .iter()
            .filter_map(|run| run.get(place))
            .map(|entry| entry.1)
            .collect();
        (run.map_or(0, |entry| entry.0), median(micros))
    };
    let (first, middle, last) = (at(0), at(places / 2), at(places.saturating_sub(1)));
    for (name, (transitions, micros)) in [("first", first), ("middle", middle), ("last", last)] {
        figures.add(
            GROUP,
            format!("a transition of the {name} {transitions}"),
            micros,
            "us",
        );
    }
    figures.add(GROUP, "last / first", last.1 / first.1, "");
    Ok(())
}

/// A durable entry, as it was noticed.
struct Durable {
    durable: Instant,
    transitions: u64,
    is_last: bool,
}

struct Watch {
    entries: mpsc::UnboundedSender<Durable>,
}

impl Observer for Watch {
    fn happened(&self, _identity: &Identity, events: &[Event]) {
        let durable = Instant::now();
        let entered = events
            .iter()
            .filter(|event| matches!(event.details, Details::StateEntered { .. }));
        let is_last = events.iter().any(|event| {
            matches!(
                event.details,
                Details::ExecutionSucceeded { .. } | Details::ExecutionFailed(_)
            )
        });
        // Nobody listens after the measurement.
        let _ = self.entries.send(Durable {
            durable,
            transitions: entered.count() as u64,
            is_last,
        });
    }
}
