//! A crash at every write, and at every other port call: exhaustive, and the same every time.
//!
//! A machine runs once without a fault, and its port calls are counted. Then it runs again for each of them and for each
//! moment at which whoever makes it may die: before it is carried out, before its answer is heard, right after that.
//! Every run must end as the first one did, with the same effects; but when the process that died was the only one to
//! make a call that must not be repeated, that call's outcome may be unknown, and then the run must end as one without a
//! crash in which nobody learns the outcome of that very call.

mod cases;
mod ending;
mod place;
pub(crate) mod scene;
mod script;
mod trial;

use crate::mutants::Mutant;
use cases::Case;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use trial::{Counts, Trial};

/// How many generated machines run when nobody asks for more.
const MACHINES: u64 = 100;
/// How many port calls a generated machine has at most, without a fault.
const CALLS_MAX: u64 = 22;
/// How many states are taken out of a machine at most, so that it is small.
const STATES_MAX: u64 = 20;
/// How many port calls a machine has at most that runs with two crashes.
const CALLS_IN_PAIRS_MAX: u64 = 8;
/// Among how many generated machines those are looked for.
const SMALL_SEEDS: u64 = 20;

/// The shortcuts that nobody takes unnoticed who has to recover from a crash. The others need a race, a late request or a
/// process that stands still.
const MUTANTS: &[Mutant] = &[
    Mutant::ResendOnce,
    Mutant::DeleteOnReceive,
    Mutant::NoNet,
    Mutant::StaleDropped,
    Mutant::NoLeaseCheck,
    #[cfg(feature = "mutants")]
    Mutant::DispatchBeforeIntent,
];

fn setting(name: &str, or: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is `{text}` and has to be a number")),
        Err(_) => or,
    }
}

/// Puts cases on trial, as many at a time as there are processors; panics with the first that fails.
fn try_all(cases: &[Case], calls_in_pairs_max: u64) -> Counts {
    let wanted = std::env::var("CRASH_ONLY").ok();
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Counts::default());
    let failed = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if wanted.as_ref().is_some_and(|wanted| *wanted != case.name) {
                        continue;
                    }
                    let begun = std::time::Instant::now();
                    match Trial::run(case, None, calls_in_pairs_max) {
                        Ok(counts) => {
                            if std::env::var_os("CRASH_LIST").is_some() {
                                println!("{}: {counts} in {:?}", case.name, begun.elapsed());
                            }
                            *crate::world::locked(&all) += counts;
                        }
                        Err(story) => crate::world::locked(&failed).push(story),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    for story in &failed {
        println!("FAILS: {}", story.lines().next().unwrap_or_default());
    }
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed[0]);
    let all = all.into_inner().unwrap_or_default();
    assert!(
        all.unheard * 20 <= all.crash_points,
        "at {} points nobody died",
        all.unheard
    );
    all
}

/// Returns the cases that seeds draw, each without as many of its states as it takes to be small.
fn generated(seeds: impl Iterator<Item = u64>) -> Vec<Case> {
    let calls_max = setting("CRASH_CALLS", CALLS_MAX);
    let small = |seed| {
        let shorter = (0..STATES_MAX).map(|without| cases::generated(seed, without));
        let mut shorter = shorter.skip_while(|case| Trial::port_calls(case) > calls_max);
        shorter
            .next()
            .unwrap_or_else(|| cases::generated(seed, STATES_MAX))
    };
    seeds.map(small).collect()
}

#[test]
fn an_example_ends_alike_whatever_crashes() {
    println!("{}", try_all(&cases::examples(), 0));
}

#[test]
fn what_is_cut_off_ends_alike_whatever_crashes() {
    println!("{}", try_all(&cases::cut(), 0));
}

#[test]
fn a_generated_machine_ends_alike_whatever_crashes() {
    let first = setting("CRASH_SEED", 1);
    let count = setting("CRASH_MACHINES", MACHINES);
    println!("{}", try_all(&generated(first..first + count), 0));
}

#[test]
fn a_small_machine_ends_alike_whatever_crashes_twice() {
    let calls_max = setting("CRASH_PAIRS", CALLS_IN_PAIRS_MAX);
    let mut cases = generated(1..=SMALL_SEEDS);
    cases.extend(cases::cut());
    cases.extend(cases::examples());
    cases.retain(|case| (3..=calls_max).contains(&Trial::port_calls(case)));
    println!("{}", try_all(&cases, calls_max));
}

#[test]
fn a_shortcut_ends_otherwise_when_something_crashes() {
    let mut cases = cases::cut();
    cases.extend(cases::examples());
    let mut missed = Vec::new();
    for mutant in MUTANTS {
        let found = cases
            .iter()
            .find_map(|case| Trial::run(case, Some(*mutant), 0).err());
        match found {
            Some(story) => println!("{mutant:?}: {}", story.lines().next().unwrap_or_default()),
            None => missed.push(mutant),
        }
    }
    assert!(missed.is_empty(), "shortcuts that nobody notices: {missed:?}");
}
