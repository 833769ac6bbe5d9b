//! What is found when everything has ended.

use super::Kill;
use super::ledger;
use super::load::{Known, Load, Start, Stop};
use super::machines::{End, Machine};
use super::story::{Event, Story};
use crate::support::{self, Server};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Findings, and figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    findings: Vec<String>,
    /// The types of the events of executions of straight machines that met no kill.
    courses: BTreeMap<Machine, Vec<String>>,
    executions: usize,
    children: usize,
    aborted: usize,
    events: usize,
    calls: usize,
    unknown: usize,
    lines: usize,
    reports: usize,
    unacknowledged: usize,
}

impl Verdict {
    /// Keeps what executions do that meet no kill.
    pub(crate) fn learn(&mut self, server: &Server, load: &Load) {
        let starts = load.known().starts.clone();
        for start in starts.iter().filter(|start| start.machine.is_straight()) {
            let story =
                Story::read(server, &load.arn(start.machine, &start.name)).expect("it was acknowledged");
            self.courses.insert(start.machine, story.kinds());
        }
    }

    /// Returns a verdict that knows what this one has learned, and nothing else.
    pub(crate) fn afresh(self) -> Verdict {
        Verdict {
            courses: self.courses,
            ..Verdict::default()
        }
    }

    /// Looks at everything.
    pub(crate) fn judge(&mut self, server: &Server, load: &Load, ledger: &Path, kills: &[Kill]) {
        let known = load.known().clone();
        self.findings.extend(known.complaints.iter().cloned());
        let lines = ledger::read(ledger);
        let mut written: BTreeMap<String, usize> = BTreeMap::new();
        for line in &lines {
            if let Some(id) = line["id"].as_str() {
                *written.entry(id.to_owned()).or_default() += 1;
            }
        }
        self.lines = lines.len();
        self.findings.extend(
            written
                .iter()
                .filter(|(_, times)| **times > 1)
                .map(|(id, times)| format!("{id} was called {times} times")),
        );
        let mut asked = BTreeSet::new();
        let mut children = self.children(server, load, &known, kills, &written, &mut asked);
        for start in &known.starts {
            if start.machine == Machine::Express {
                self.executions += 1;
                continue;
            }
            let Some(story) = Story::read(server, &load.arn(start.machine, &start.name)) else {
                if start.is_acknowledged {
                    self.findings
                        .push(format!("{} was acknowledged and is not there", start.name));
                }
                continue;
            };
            self.unacknowledged += usize::from(!start.is_acknowledged);
            self.hear(start, &story, &known);
            self.look(&start.name, &story, kills, &written, &mut asked);
            if start.machine == Machine::Parent {
                let mut how = children.remove(&start.name).unwrap_or_default();
                how.sort();
                let is_whole = how == ["awaited", "started"];
                if !is_whole && (story.end() != Some(End::Aborted) || how.len() > 2) {
                    self.findings
                        .push(format!("{} has the children {how:?}", start.name));
                }
            }
        }
        self.findings.extend(
            children
                .keys()
                .map(|parent| format!("a child's parent {parent} is not there")),
        );
        self.findings.extend(
            written
                .keys()
                .filter(|id| !asked.contains(*id))
                .map(|id| format!("{id} was called, but no history asks for it")),
        );
    }

    /// Holds an execution against what its client knows.
    fn hear(&mut self, start: &Start, story: &Story, known: &Known) {
        let name = &start.name;
        let Some(end) = story.end() else {
            return self.findings.push(format!("{name} has not ended"));
        };
        let may_be_stopped = start.stop != Stop::None;
        if end == End::Aborted && may_be_stopped {
            self.aborted += 1;
        } else if !start.machine.ends(&start.input).contains(&end) {
            self.findings.push(format!("{name} ended as {end:?}: {story:#?}"));
        } else if start.machine.is_straight()
            && self
                .courses
                .get(&start.machine)
                .is_some_and(|course| *course != story.kinds())
        {
            self.findings
                .push(format!("{name} went another way: {:#?}", story.kinds()));
        }
        if let Stop::Acknowledged(time) = start.stop
            && story.stopped() != Some(time)
        {
            self.findings.push(format!(
                "{name} was stopped at {time}, but ended at {:?}",
                story.stopped()
            ));
        }
        let is_report = |event: &&Event| ["TaskSucceeded", "ActivitySucceeded"].contains(&&*event.kind);
        let outputs: Vec<&str> = story
            .events
            .iter()
            .filter(is_report)
            .filter_map(|event| event.details["output"].as_str())
            .collect();
        for report in known
            .reports
            .iter()
            .filter(|report| report.of == *name && report.is_acknowledged)
        {
            self.reports += 1;
            let times = outputs.iter().filter(|output| **output == report.output).count();
            if times != 1 {
                self.findings.push(format!(
                    "{name} has {times} times the acknowledged report {}",
                    report.output
                ));
            }
        }
        let is_reported = matches!(start.machine, Machine::Asks | Machine::Works);
        let is_known = |output: &str| {
            known
                .reports
                .iter()
                .any(|report| report.of == *name && report.output == *output)
        };
        if is_reported && !outputs.iter().all(|output| is_known(output)) {
            self.findings
                .push(format!("{name} has a report that nobody made: {outputs:?}"));
        }
    }

    /// Looks at what must be true of every history, and at its calls of the function.
    fn look(
        &mut self,
        name: &str,
        story: &Story,
        kills: &[Kill],
        written: &BTreeMap<String, usize>,
        asked: &mut BTreeSet<String>,
    ) {
        self.executions += 1;
        self.events += story.events.len();
        self.findings.extend(
            story
                .faults()
                .into_iter()
                .map(|fault| format!("{name}: {fault}: {story:#?}")),
        );
        for event in &story.events {
            if event.kind == "TaskScheduled"
                && let Some(id) = id_of(event)
            {
                self.calls += 1;
                if !asked.insert(id.clone()) {
                    self.findings.push(format!("{name} asks twice for {id}"));
                }
            }
            let Some(scheduled) = story.origin(event, "TaskScheduled") else {
                continue;
            };
            let Some(id) = id_of(scheduled) else { continue };
            match event.kind.as_str() {
                "TaskSubmitted" | "TaskSucceeded" if !written.contains_key(&id) => {
                    self.findings
                        .push(format!("{name} has the result of {id}, which was not called"));
                }
                "TaskFailed" => {
                    self.unknown += 1;
                    let cause = event.details["cause"].as_str().unwrap_or_default();
                    if !cause.starts_with("the outcome of this call is unknown") {
                        self.findings.push(format!("{name}: {id} failed: {event:?}"));
                    }
                    // Both times are cut to milliseconds.
                    let meets = |kill: &Kill| kill.after >= scheduled.time && kill.before <= event.time;
                    if !kills.iter().any(meets) {
                        self.findings.push(format!(
                            "{name}: the outcome of {id} is unknown without a kill: {story:#?}"
                        ));
                    }
                }
                _ => {}
            }
        }
    }

    /// Looks at the children; returns how each parent has them.
    fn children(
        &mut self,
        server: &Server,
        load: &Load,
        known: &Known,
        kills: &[Kill],
        written: &BTreeMap<String, usize>,
        asked: &mut BTreeSet<String>,
    ) -> BTreeMap<String, Vec<String>> {
        let mut children: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for arn in executions(server, &load.arns.machines[&Machine::Child]) {
            let story = Story::read(server, &arn).expect("what is listed is there");
            let input = story.description["input"].as_str().expect("there is an input");
            let input: Value = serde_json::from_str(input).expect("the input is JSON");
            let of = input["of"].as_str().expect("a child knows its parent").to_owned();
            let is_stopped = known
                .starts
                .iter()
                .any(|start| start.name == of && start.stop != Stop::None);
            let end = story.end();
            let is_right = end
                .as_ref()
                .is_some_and(|end| Machine::Child.ends(&input).contains(end));
            let may_be = is_right || (is_stopped && end == Some(End::Aborted));
            if !may_be {
                self.findings.push(format!("{arn} of {of} ended as {end:?}"));
            }
            self.children += 1;
            self.look(&arn, &story, kills, written, asked);
            children
                .entry(of)
                .or_default()
                .push(input["how"].as_str().unwrap_or_default().to_owned());
        }
        children
    }

    /// Tells the figures in one line.
    pub(crate) fn figures(&self) -> String {
        format!(
            "{} executions ({} children, {} stopped, {} that nobody acknowledged), {} events, {} calls of class once \
             ({} unknown), {} ledger lines, {} acknowledged reports",
            self.executions,
            self.children,
            self.aborted,
            self.unacknowledged,
            self.events,
            self.calls,
            self.unknown,
            self.lines,
            self.reports
        )
    }

    /// Panics when something was found.
    pub(crate) fn is_clean(&self) {
        let some: Vec<&String> = self.findings.iter().take(10).collect();
        assert!(
            some.is_empty(),
            "{} findings, among them: {}",
            self.findings.len(),
            some.iter()
                .fold(String::new(), |text, finding| text + "\n* " + finding)
        );
    }
}

/// Returns the id that a call gives to the function.
fn id_of(scheduled: &Event) -> Option<String> {
    let parameters: Value = serde_json::from_str(scheduled.details["parameters"].as_str()?).ok()?;
    Some(parameters["Payload"]["id"].as_str()?.to_owned())
}

/// Returns the ARNs of a machine's executions.
fn executions(server: &Server, machine: &str) -> Vec<String> {
    let mut arns = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut request = json!({ "stateMachineArn": machine, "maxResults": 1000 });
        if !token.is_null() {
            request["nextToken"] = token;
        }
        let mut page = support::post(server, "ListExecutions", request.to_string().as_bytes());
        let rows = page.body["executions"].as_array().expect("there is a list");
        arns.extend(
            rows.iter()
                .filter_map(|row| row["executionArn"].as_str())
                .map(str::to_owned),
        );
        token = page.body["nextToken"].take();
        if token.is_null() {
            return arns;
        }
    }
}
