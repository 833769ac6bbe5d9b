//! What a run shows while it happens: one line a state, coloured on a terminal.

use crate::terminal;
use driver::Observer;
use engine::{Details, Entry, Event, Identity, Status, Timestamp, Why};
use local::AnsweredBy;
use ports::CallRequest;
use std::collections::{HashMap, HashSet};
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// How a run ended.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) arn: Arc<str>,
    pub(crate) status: Status,
    pub(crate) started: Timestamp,
    pub(crate) stopped: Timestamp,
    pub(crate) output: Option<Arc<str>>,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    /// The state that failed, if one did.
    pub(crate) failed_state: Option<Arc<str>>,
}

/// Prints what executions do, and reports their ends.
pub(crate) struct Progress {
    shown: Mutex<Shown>,
    ends: mpsc::UnboundedSender<End>,
    is_terminal: bool,
}

#[derive(Default)]
struct Shown {
    /// The label of each run, by the execution's ARN.
    labels: HashMap<Arc<str>, String>,
    label_width: usize,
    /// How the call of a state was answered, by ARN and state.
    answered: HashMap<(Arc<str>, Arc<str>), AnsweredBy>,
    /// When each state was entered, and the state that is in: by ARN and event.
    runs: HashMap<Arc<str>, Seen>,
}

#[derive(Default)]
struct Seen {
    entered: HashMap<Arc<str>, Timestamp>,
    /// The state that each event is about: its own, or that of the event before it.
    state_of: HashMap<u64, Arc<str>>,
    /// The state whose failure ended the execution.
    fatal: Option<Arc<str>>,
    /// The states whose latest attempt has failed.
    failed: HashSet<Arc<str>>,
}

impl Progress {
    pub(crate) fn new(ends: mpsc::UnboundedSender<End>) -> Progress {
        Progress {
            shown: Mutex::default(),
            ends,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Names a run in its lines.
    pub(crate) fn label(&self, arn: Arc<str>, label: &str) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.label_width = shown.label_width.max(label.len());
        shown.labels.insert(arn, label.to_owned());
    }

    /// Notes how a call is answered.
    pub(crate) fn answered(&self, request: &CallRequest, by: AnsweredBy) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.answered.insert(
            (Arc::clone(&request.identity.arn), Arc::clone(&request.call.state)),
            by,
        );
    }

    fn line(&self, shown: &Shown, identity: &Identity, event: &Event, mark: Mark, text: &str) {
        let elapsed = elapsed(event.time.millis() - identity.started.millis());
        let label = shown.labels.get(&identity.arn).map_or("", String::as_str);
        let width = shown.label_width;
        let sign = match mark {
            Mark::Begin => "▶",
            Mark::Good => "✓",
            Mark::Bad => "✗",
        };
        let sign = if self.is_terminal {
            format!("\u{1b}[{}m{sign}\u{1b}[0m", mark.colour())
        } else {
            sign.to_owned()
        };
        let mut err = std::io::stderr().lock();
        // A closed terminal must not stop the run.
        let (label, text) = (terminal::line(label), terminal::line(text));
        let _ = writeln!(err, "{elapsed}  {label:width$}  {sign} {text}");
    }

    fn event(&self, shown: &mut Shown, identity: &Identity, event: &Event) {
        let seen = shown.runs.entry(Arc::clone(&identity.arn)).or_default();
        let state = match &event.details {
            Details::StateEntered { name, .. }
            | Details::StateExited { name, .. }
            | Details::EvaluationFailed { state: name, .. } => Some(Arc::clone(name)),
            _ => seen.state_of.get(&event.previous).cloned(),
        };
        if let Some(state) = &state {
            seen.state_of.insert(event.id, Arc::clone(state));
        }
        match &event.details {
            Details::StateEntered { name, state, .. } => {
                seen.entered.insert(Arc::clone(name), event.time);
                let text = format!("{name} ({})", state.name());
                self.line(shown, identity, event, Mark::Begin, &text);
            }
            Details::StateExited { name, .. } => {
                let since = seen
                    .entered
                    .get(name)
                    .map_or(0, |entered| event.time.millis() - entered.millis());
                let by = shown.answered.get(&(Arc::clone(&identity.arn), Arc::clone(name)));
                let by = match by {
                    Some(AnsweredBy::Mock) => "  [mocked]",
                    Some(AnsweredBy::Function) => "  [local function]",
                    Some(AnsweredBy::Service) => "  [service]",
                    None => "",
                };
                let caught = seen.failed.remove(name);
                let took = if since == 0 {
                    String::new()
                } else {
                    format!("  {}", duration(since))
                };
                let (mark, note) = if caught {
                    (Mark::Bad, " failed, caught")
                } else {
                    (Mark::Good, "")
                };
                self.line(shown, identity, event, mark, &format!("{name}{note}{took}{by}"));
            }
            Details::Failed { why, .. }
            | Details::TimedOut { why, .. }
            | Details::EvaluationFailed { why, .. } => {
                let name = state.unwrap_or_else(|| Arc::from(""));
                seen.failed.insert(Arc::clone(&name));
                self.line(
                    shown,
                    identity,
                    event,
                    Mark::Bad,
                    &format!("{name}: {}", said(why)),
                );
            }
            Details::ExecutionFailed(why)
            | Details::ExecutionAborted(why)
            | Details::ExecutionTimedOut(why) => {
                seen.fatal = state;
                self.line(
                    shown,
                    identity,
                    event,
                    Mark::Bad,
                    &format!("{} {}", event.details.event_type(), said(why)),
                );
            }
            Details::ExecutionSucceeded { .. } => {
                self.line(shown, identity, event, Mark::Good, "ExecutionSucceeded");
            }
            Details::ExecutionRedriven { .. } => {
                self.line(shown, identity, event, Mark::Begin, "ExecutionRedriven");
            }
            Details::ExecutionStarted { .. }
            | Details::StateAborted { .. }
            | Details::ParallelStateStarted
            | Details::ParallelStateSucceeded
            | Details::ParallelStateFailed
            | Details::MapStateStarted { .. }
            | Details::MapStateSucceeded
            | Details::MapStateFailed
            | Details::MapRunStarted { .. }
            | Details::MapRunSucceeded
            | Details::MapRunFailed(_)
            | Details::MapRunAborted
            | Details::MapIterationStarted { .. }
            | Details::MapIterationSucceeded { .. }
            | Details::MapIterationFailed { .. }
            | Details::MapIterationAborted { .. }
            | Details::Scheduled { .. }
            | Details::Started { .. }
            | Details::ActivityStarted { .. }
            | Details::TaskSubmitted { .. }
            | Details::TaskSubmitFailed { .. } => {}
            Details::Succeeded { .. } => {
                if let Some(state) = state {
                    seen.failed.remove(&state);
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Mark {
    Begin,
    Good,
    Bad,
}

impl Mark {
    fn colour(self) -> &'static str {
        match self {
            Mark::Begin => "34",
            Mark::Good => "32",
            Mark::Bad => "31",
        }
    }
}

impl Observer for Progress {
    fn committed(&self, identity: &Identity, entry: &Entry) {
        self.happened(identity, &entry.events);
        let Some(closing) = &entry.closing else { return };
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let failed_state = shown.runs.get(&identity.arn).and_then(|seen| seen.fatal.clone());
        let end = End {
            arn: Arc::clone(&identity.arn),
            status: closing.status,
            started: identity.started,
            stopped: closing.time,
            output: closing.output.as_ref().map(|output| Arc::clone(output.text())),
            error: closing.error.clone(),
            cause: closing.cause.clone(),
            failed_state: failed_state.filter(|_| closing.status != Status::Succeeded),
        };
        // The receiver is gone when the command is about to end.
        let _ = self.ends.send(end);
    }

    fn happened(&self, identity: &Identity, events: &[Event]) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            self.event(&mut shown, identity, event);
        }
    }
}

/// Says an error and its cause in one short line.
pub(crate) fn said(why: &Why) -> String {
    let error = why.error.as_deref().unwrap_or("");
    match why.cause.as_deref() {
        Some(cause) if !cause.is_empty() => format!("{error}: {}", shortened(cause)),
        _ => error.to_owned(),
    }
}

/// Returns a text cut to a terminal's width; what a terminal obeys is left out.
pub(crate) fn shortened(text: &str) -> String {
    const CHARACTERS_MAX: usize = 160;
    let line: String = text
        .chars()
        .filter(|character| !terminal::is_obeyed(*character))
        .take(CHARACTERS_MAX + 1)
        .collect();
    if line.chars().count() > CHARACTERS_MAX {
        format!("{}…", line.chars().take(CHARACTERS_MAX).collect::<String>())
    } else {
        line
    }
}

/// Writes the time since the start: `  0:00:00.012`, and days where there are any.
fn elapsed(millis: i64) -> String {
    let seconds = millis / 1000;
    format!(
        "{:>3}:{:02}:{:02}.{:03}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        millis % 1000
    )
}

/// Writes a duration: `12 ms`, `3.1 s`, `24 h`.
pub(crate) fn duration(millis: i64) -> String {
    match millis {
        ..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1000, millis / 100 % 10),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis / 1000 % 60),
        _ => format!("{} h {} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}
