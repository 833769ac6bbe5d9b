//! Seeds: those that found something once, and as many others as are asked for.

use crate::distribution::FIRST_SEED;
use crate::mutants::Mutant;
use crate::run::{Run, Totals, run};
use crate::world::locked;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many seeds run when nobody asks for more.
const SEEDS: u64 = 500;
/// How many lines of a failing run's story are shown.
const LINES: usize = 60;
/// Within how many seeds every shortcut has to be caught.
const MUTANT_SEEDS: u64 = 1_000;

fn setting(name: &str, or: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is `{text}` and has to be a number")),
        Err(_) => or,
    }
}

/// Does work that ends when there is no more of it on several threads.
fn on_all_cores(work: &(dyn Fn() + Sync)) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
}

fn show(seed: u64, run: &Run) -> String {
    let from = match std::env::var_os("SIM_STORY") {
        Some(_) => 0,
        None => run.story.len().saturating_sub(LINES),
    };
    let violation = run.violation.as_deref().unwrap_or("nothing is wrong");
    format!(
        "seed {seed}: {violation}\n{}\nrun it again: SIM_SEED={seed} SIM_SEEDS=1 cargo test -p simulation seeds -- --nocapture \
         (SIM_STORY=1 shows all of it)",
        run.story[from..].join("\n")
    )
}

#[test]
fn seeds_keep_the_invariants() {
    keep(setting("SIM_SEED", 1), setting("SIM_SEEDS", SEEDS));
}

#[test]
fn distributed_maps_keep_the_invariants() {
    keep(FIRST_SEED, SEEDS / 2);
}

fn keep(first: u64, count: u64) {
    let goes_on = std::env::var_os("SIM_ALL").is_some();
    let end = first.saturating_add(count);
    let next = AtomicU64::new(first);
    let found = Mutex::new((Totals::default(), Vec::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let ran = run(seed, None);
            let mut found = locked(&found);
            found.0 += ran.totals;
            if let Some(violation) = &ran.violation {
                let what = if goes_on {
                    format!("seed {seed}: {violation}")
                } else {
                    show(seed, &ran)
                };
                println!("{what}");
                found.1.push(seed);
                if !goes_on {
                    next.store(end, Ordering::Relaxed);
                }
            }
        }
    };
    on_all_cores(&work);
    let (all, failed) = &*locked(&found);
    println!("{count} seeds from {first}: {all:?}");
    assert!(failed.is_empty(), "{} seeds failed: {failed:?}", failed.len());
}

/// Seeds that found something once, and what: each failed until it was put right. What a seed draws changes with the
/// simulator, so that these show their bugs only as long as it stays as it is; those of earlier versions show nothing any
/// more and are gone. What they found has tests in `shared/driver/tests` where one can be written.
const FOUND: &[(u64, &str)] = &[
    (
        1_000_000_004,
        "a Map Run that failed told of its end, and no entry held it",
    ),
    (
        18,
        "a task of an activity was lost on its way to a worker, before its time-out ran",
    ),
    (
        28,
        "an Express execution waited, and its timer's message went to another process",
    ),
    (
        208,
        "timers that came twice made the polls of a job more and more",
    ),
    (
        57601,
        "a driver whose clock is behind took a poll for armed that had fired elsewhere",
    ),
    (
        59314,
        "a task was given out by the very entry that ended it: the simulator took that for wrong",
    ),
    (
        59642,
        "a result was written down, and nobody woken: its message came again, and was found to be out of date",
    ),
    (
        65580,
        "a task was lost on its way to a worker, and not offered again while a call was in flight",
    ),
    (
        145299,
        "a driver whose clock was set back asked for a poll that had been, and none followed",
    ),
    (
        157328,
        "an execution that waits beyond its year was found by nobody when the year was over",
    ),
];

#[test]
fn seeds_that_found_something_find_it_no_more() {
    for (seed, what) in FOUND {
        let ran = run(*seed, None);
        assert!(ran.violation.is_none(), "{what}: {}", show(*seed, &ran));
    }
}

#[test]
fn a_seed_runs_twice_alike() {
    for seed in 1..20 {
        let (one, other) = (run(seed, None), run(seed, None));
        for (one, other) in one.story.iter().zip(&other.story) {
            assert_eq!(one, other, "seed {seed}");
        }
        assert_eq!(one.story.len(), other.story.len(), "seed {seed}");
    }
}

#[test]
fn every_shortcut_is_caught() {
    let wanted = std::env::var("SIM_MUTANT").ok();
    let is_wanted = |mutant: &&Mutant| {
        let name = format!("{mutant:?}");
        wanted.as_ref().is_none_or(|wanted| *wanted == name)
    };
    let mutants: Vec<&Mutant> = Mutant::ALL.iter().filter(is_wanted).collect();
    let first = setting("SIM_SEED", 1);
    let next = AtomicUsize::new(0);
    let missed = Mutex::new(Vec::new());
    on_all_cores(&|| {
        while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut seeds = first..=MUTANT_SEEDS;
            match seeds.find_map(|seed| Some((seed, run(seed, Some(**mutant)).violation?))) {
                Some((seed, violation)) => {
                    let line = violation.lines().next().unwrap_or_default();
                    println!("{mutant:?}: caught by seed {seed}: {line}");
                }
                None => locked(&missed).push(*mutant),
            }
        }
    });
    let missed = locked(&missed);
    assert!(missed.is_empty(), "shortcuts that nobody notices: {missed:?}");
}
