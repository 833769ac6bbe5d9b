//! Shortcuts that break the protocol: the model check has to find each, and the shortest path to what it breaks.

use super::case;
use super::check::search;
use super::choice::Faults;
use crate::mutants::Mutant;
use std::sync::Arc;

/// Within how many states each has to be found.
const STATES: usize = 4_000;

const NOTHING: Faults = Faults {
    dies: 0,
    stops: 0,
    lost: 0,
    again: 0,
    fails: 0,
    takes: 0,
    all: 2,
};
const DIES: Faults = Faults { dies: 1, ..NOTHING };
const STOPS: Faults = Faults { stops: 1, ..NOTHING };
const LOST: Faults = Faults { lost: 1, ..NOTHING };
const AGAIN: Faults = Faults { again: 1, ..NOTHING };

/// Each shortcut of the protocol's core, a configuration that shows it, and the faults that this takes. The others need what
/// is not modelled, such as early timers, jobs or workers of activities: they are left to the seeds.
const SHOWN: &[(Mutant, &str, Faults)] = &[
    (Mutant::ResendOnce, "once", DIES),
    (Mutant::NoNonce, "once", LOST),
    // Whoever wins the race has to be without a message, and to die.
    (Mutant::LoserDeletes, "once", Faults { dies: 1, ..STOPS }),
    (Mutant::DeleteOnReceive, "once", DIES),
    (Mutant::NoNet, "once", DIES),
    (Mutant::StaleDropped, "once", DIES),
    (Mutant::NoLeaseCheck, "once", AGAIN),
    #[cfg(feature = "mutants")]
    (Mutant::DispatchBeforeIntent, "once", NOTHING),
    #[cfg(feature = "mutants")]
    (Mutant::CallbackUnmatched, "callback, callback", NOTHING),
    #[cfg(feature = "mutants")]
    (Mutant::NoSelfFence, "once", STOPS),
];

#[test]
fn every_shortcut_is_found() {
    let mut missed = Vec::new();
    for (mutant, name, faults) in SHOWN {
        let mut case = case::named(name);
        case.faults = *faults;
        let found = search(&Arc::new(case), Some(*mutant), STATES);
        let Some(broken) = found.broken else {
            println!("{mutant:?}: not found in {} states of `{name}`", found.states);
            missed.push(mutant);
            continue;
        };
        let violation = broken.violation.unwrap_or_default();
        println!(
            "{mutant:?}: found in {} states of `{name}`: {violation}",
            found.states
        );
        let choices = broken.story.iter().filter_map(|line| line.split_once("** "));
        for (number, (_, choice)) in choices.enumerate() {
            println!("  {:>2}. {choice}", number + 1);
        }
    }
    assert!(missed.is_empty(), "shortcuts that nobody finds: {missed:?}");
}
