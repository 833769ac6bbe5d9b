//! What can be seen of a state's data flow while it is under test.

use crate::context::MapItem;
use serde_json::Value;
use std::cell::RefCell;
use std::sync::Arc;

/// The intermediate documents of a state, as far as it came; a state's type decides which of them there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The input after InputPath.
    pub after_input_path: Option<Value>,
    /// What Parameters or Arguments made of it.
    pub after_arguments: Option<Value>,
    /// The state's result as JSON text.
    pub result: Option<Arc<str>>,
    /// The result after ResultSelector.
    pub after_result_selector: Option<Value>,
    /// The result after ResultPath.
    pub after_result_path: Option<Value>,
    /// The items of a Map state.
    pub after_items_path: Option<Value>,
    /// The inputs of its iterations, when it has an ItemSelector.
    pub after_item_selector: Option<Vec<Value>>,
    /// Its `MaxConcurrency`.
    pub max_concurrency: Option<u64>,
    /// Its `ToleratedFailureCount`.
    pub tolerated_failure_count: Option<u64>,
    /// Its `ToleratedFailurePercentage`.
    pub tolerated_failure_percentage: Option<f64>,
    /// The latest error and its cause.
    pub error: Option<(Option<String>, Option<String>)>,
    /// What the state does about it.
    pub handled: Option<Handled>,
    /// The place of the entry of Retry that is for it, but whose attempts are used up.
    pub exhausted: Option<usize>,
}

/// Who deals with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// An entry of Retry.
    Retry {
        /// Its place.
        index: usize,
        /// The delay before the next attempt.
        delay_seconds: u64,
    },
    /// An entry of Catch.
    Catch {
        /// Its place.
        index: usize,
    },
}

/// Watches one state, and stands in for what is not around it.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    trace: RefCell<Trace>,
    context: Option<Value>,
    item: Option<MapItem>,
}

impl Probe {
    /// Returns a probe; `context` takes the place of the Context object, `item` that of a Map state's item.
    pub(crate) fn new(context: Option<Value>, item: Option<MapItem>) -> Probe {
        Probe {
            trace: RefCell::default(),
            context,
            item,
        }
    }

    pub(crate) fn note(&self, note: impl FnOnce(&mut Trace)) {
        // Nobody holds it longer than for a note.
        if let Ok(mut trace) = self.trace.try_borrow_mut() {
            note(&mut trace);
        }
    }

    pub(crate) fn context(&self) -> Option<Value> {
        self.context.clone()
    }

    /// Returns what the Context object calls the state (recorded: test_state, state_with_variables).
    pub(crate) fn state_name(&self) -> Arc<str> {
        Arc::from("StateName")
    }

    pub(crate) fn item(&self) -> Option<MapItem> {
        self.item.clone()
    }

    pub(crate) fn trace(&self) -> Trace {
        self.trace.borrow().clone()
    }
}
