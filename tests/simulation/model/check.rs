//! The search through all paths.

use super::case::Case;
use super::replay::{Reached, replay};
use crate::mutants::Mutant;
use stateright::{Checker, Model, Property};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// A state: the choices that lead to it, and what tells it from others.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    path: Arc<[u8]>,
    choices: u8,
    fingerprint: u64,
    is_broken: bool,
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Hash for Place {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.fingerprint.hash(hasher);
    }
}

/// A configuration under so many faults.
struct Search {
    case: Arc<Case>,
    mutant: Option<Mutant>,
    /// How many states may be looked at.
    cap: usize,
    looked_at: Arc<AtomicUsize>,
}

impl Search {
    fn place(&self, path: Vec<u8>) -> Place {
        let reached = replay(&self.case, self.mutant, &path, false);
        Place {
            path: path.into(),
            choices: u8::try_from(reached.choices).expect("a few choices at a time"),
            fingerprint: reached.fingerprint,
            is_broken: reached.violation.is_some(),
        }
    }
}

const SAFE: &str = "the invariants hold, and what has begun comes to its end";

impl Model for Search {
    type State = Place;
    type Action = u8;

    fn init_states(&self) -> Vec<Place> {
        vec![self.place(Vec::new())]
    }

    fn actions(&self, place: &Place, actions: &mut Vec<u8>) {
        actions.extend(0..place.choices);
    }

    fn next_state(&self, place: &Place, action: u8) -> Option<Place> {
        if self.looked_at.fetch_add(1, Ordering::Relaxed) >= self.cap {
            return None;
        }
        let mut path = place.path.to_vec();
        path.push(action);
        Some(self.place(path))
    }

    fn properties(&self) -> Vec<Property<Search>> {
        vec![Property::<Search>::always(SAFE, |_, place| !place.is_broken)]
    }
}

/// What a search has found.
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) unique: usize,
    pub(crate) depth: usize,
    pub(crate) is_exhaustive: bool,
    pub(crate) seconds: f64,
    /// The path to what is broken, with all that happens on it.
    pub(crate) broken: Option<Reached>,
}

/// Looks at every state of a configuration, or at so many.
pub(crate) fn search(case: &Arc<Case>, mutant: Option<Mutant>, cap: usize) -> Found {
    let begun = Instant::now();
    let looked_at = Arc::new(AtomicUsize::new(0));
    let search = Search {
        case: Arc::clone(case),
        mutant,
        cap,
        looked_at: Arc::clone(&looked_at),
    };
    let checker = search.checker().spawn_bfs().join();
    let states = looked_at.load(Ordering::Relaxed);
    // The path is looked up by replaying it.
    looked_at.store(0, Ordering::Relaxed);
    let path = checker
        .discovery(SAFE)
        .map(|path| Arc::clone(&path.last_state().path));
    Found {
        states: states.min(cap),
        unique: checker.unique_state_count(),
        depth: checker.max_depth(),
        is_exhaustive: states <= cap && path.is_none(),
        seconds: begun.elapsed().as_secs_f64(),
        broken: path.map(|path| replay(case, mutant, &path, true)),
    }
}
