//! Seeds: those that found something once, and as many others as are asked for.

use crate::mutants::Mutant;
use crate::run::{Run, Totals, run};

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
    let first = setting("SIM_SEED", 1);
    let count = setting("SIM_SEEDS", SEEDS);
    let goes_on = std::env::var_os("SIM_ALL").is_some();
    let mut all = Totals::default();
    let mut failed = Vec::new();
    for seed in first..first.saturating_add(count) {
        let ran = run(seed, None);
        all += ran.totals;
        if let Some(violation) = &ran.violation {
            assert!(goes_on, "{}", show(seed, &ran));
            println!("seed {seed}: {violation}");
            failed.push(seed);
        }
    }
    println!("{count} seeds from {first}: {all:?}");
    assert!(failed.is_empty(), "{} seeds failed: {failed:?}", failed.len());
}

/// Seeds that found something once, and what: each fails again when that is undone.
const FOUND: &[(u64, &str)] = &[
    (
        63,
        "a driver gave an execution up after it had answered its message, and the message was deleted",
    ),
    (
        119,
        "a process stood still between the check of its lease and the call",
    ),
    (
        707,
        "a process stood still between its claim of a long call and the call",
    ),
    (
        204,
        "a child's last entry landed after its writer had given up, and nobody told the parent",
    ),
    (442, "a lease had been renewed since it was read"),
    (
        2203,
        "a message came once more to whoever worked on it already, and was deleted before that was done",
    ),
    (3704, "memory was older than what a message told of"),
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
    let mut missed = Vec::new();
    let wanted = std::env::var("SIM_MUTANT").ok();
    let all = Mutant::ALL.iter();
    for mutant in all.filter(|mutant| {
        wanted
            .as_ref()
            .is_none_or(|wanted| *wanted == format!("{mutant:?}"))
    }) {
        let caught = (setting("SIM_SEED", 1)..=MUTANT_SEEDS)
            .find_map(|seed| Some((seed, run(seed, Some(*mutant)).violation?)));
        match caught {
            Some((seed, violation)) => println!("{mutant:?}: caught by seed {seed}: {violation}"),
            None => missed.push(mutant),
        }
    }
    assert!(missed.is_empty(), "shortcuts that nobody notices: {missed:?}");
}
