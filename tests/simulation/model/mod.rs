//! The model check: every order in which things can happen, in small configurations and with few faults.
//!
//! The driver and the engine are the real ones, as are the simulated ports; but each port call waits until it is chosen,
//! so that a run is a path of choices. See CONTRIBUTING.md, "Check the model".

mod case;
mod check;
mod choice;
mod client;
pub(crate) mod control;
mod mutants;
mod replay;
mod trace;

use crate::dice::Dice;
use case::{Case, Extent};
use check::{Found, search};
use replay::replay;
use std::sync::Arc;

/// How many states of a configuration are looked at when nobody asks for more, and it is not looked at as a whole.
const STATES: usize = 700;
/// How many states the largest configuration has that is looked at as a whole, and some more.
const WHOLE: usize = 8_000;

/// Returns a number that is set from outside.
fn setting(name: &str) -> Option<usize> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is `{text}` and has to be a number")),
    )
}

fn show(case: &Case, found: &Found) {
    println!(
        "{:24} {:>8} states, {:>7} of them unique, {:>3} choices deep, {:>6.1} s{}",
        case.name,
        found.states,
        found.unique,
        found.depth,
        found.seconds,
        if found.is_exhaustive {
            ", all there are"
        } else {
            ""
        },
    );
}

#[test]
fn every_order_keeps_the_invariants() {
    let only = std::env::var("MODEL_CASE").ok();
    let (states, faults) = (setting("MODEL_STATES"), setting("MODEL_FAULTS"));
    for mut case in case::all() {
        if only.as_ref().is_some_and(|only| only != case.name) {
            continue;
        }
        if let Some(faults) = faults {
            case.faults.all = u8::try_from(faults).unwrap_or(u8::MAX);
        }
        let cap = states.unwrap_or(match case.extent {
            Extent::Whole => WHOLE,
            Extent::Capped => STATES,
        });
        let case = Arc::new(case);
        let found = search(&case, None, cap);
        show(&case, &found);
        if let Some(broken) = &found.broken {
            panic!(
                "{}: {}\n{}",
                case.name,
                broken.violation.as_deref().unwrap_or_default(),
                broken.story.join("\n")
            );
        }
        let has_grown =
            case.extent == Extent::Whole && states.is_none() && faults.is_none() && !found.is_exhaustive;
        assert!(
            !has_grown,
            "`{}` has more states than it had: {cap} are not all",
            case.name
        );
    }
}

/// A path is looked at again and again, and has to lead to the same place.
#[test]
fn a_path_leads_to_one_place() {
    let mut dice = Dice::new(1);
    for case in case::all() {
        let mut path = Vec::new();
        for _ in 0..12 {
            let (one, other) = (replay(&case, None, &path, true), replay(&case, None, &path, true));
            assert_eq!(one.story, other.story, "{} {path:?}", case.name);
            assert_eq!(one.fingerprint, other.fingerprint, "{} {path:?}", case.name);
            if one.choices == 0 {
                break;
            }
            path.push(u8::try_from(dice.below(one.choices as u64)).expect("a few choices at a time"));
        }
        assert!(!path.is_empty(), "{} has nothing to choose", case.name);
    }
}
