//! The outline of a definition: its machines and states, numbered in document order.

use crate::place::Place;
use crate::program::{MachineId, QueryLanguage, StateId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The machines and states of a definition, before any of their fields is read.
#[derive(Debug, Default)]
pub(crate) struct Outline<'a> {
    pub(crate) machines: Vec<Machine<'a>>,
    pub(crate) states: Vec<State<'a>>,
    /// Machines and states as they follow each other: a state, then all that it contains, then the next state.
    pub(crate) order: Vec<Part>,
}

/// One entry of [`Outline::order`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Machine(MachineId),
    State(StateId),
}

/// What a machine is to the state that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Definition,
    Branch,
    Processor,
}

/// A machine as it stands in the definition.
#[derive(Debug)]
pub(crate) struct Machine<'a> {
    pub(crate) at: Place,
    pub(crate) role: Role,
    pub(crate) object: &'a Map<String, Value>,
    /// The state that holds it; none for the definition itself.
    pub(crate) parent: Option<StateId>,
    /// The language of its states, unless they name another.
    pub(crate) language: QueryLanguage,
    /// Its states run as (part of) an Express execution.
    pub(crate) express: bool,
    /// Its states run as executions of their own, which see no variable of the parent.
    pub(crate) distributed: bool,
    pub(crate) states: Vec<StateId>,
    pub(crate) names: BTreeMap<&'a str, StateId>,
}

/// A state as it stands in the definition.
#[derive(Debug)]
pub(crate) struct State<'a> {
    pub(crate) name: &'a str,
    pub(crate) at: Place,
    pub(crate) machine: MachineId,
    pub(crate) value: &'a Value,
    pub(crate) language: QueryLanguage,
    /// The machines that it holds: one for each branch, or the processor.
    pub(crate) children: Vec<MachineId>,
}

impl<'a> Outline<'a> {
    /// Outlines the definition `object`.
    pub(crate) fn of(object: &'a Map<String, Value>, express: bool) -> Outline<'a> {
        let mut outline = Outline::default();
        let language = language(object, QueryLanguage::Jsonpath);
        outline.machine(Machine {
            at: Place::root(),
            role: Role::Definition,
            object,
            parent: None,
            language,
            express,
            distributed: false,
            states: Vec::new(),
            names: BTreeMap::new(),
        });
        outline
    }

    /// Returns the machine that the state belongs to.
    pub(crate) fn machine_of(&self, state: &State<'a>) -> Option<&Machine<'a>> {
        self.machines.get(state.machine.0 as usize)
    }

    fn machine(&mut self, machine: Machine<'a>) -> MachineId {
        let id = MachineId(number(self.machines.len()));
        let states = machine.object.get("States").and_then(Value::as_object);
        let (at, inherited, express) = (machine.at.field("States"), machine.language, machine.express);
        self.machines.push(machine);
        self.order.push(Part::Machine(id));
        let mut ids = Vec::new();
        let mut names = BTreeMap::new();
        for (name, value) in states.into_iter().flatten() {
            let state = StateId(number(self.states.len()));
            ids.push(state);
            names.insert(name.as_str(), state);
            let at = at.field(name).into_state();
            let own = value
                .as_object()
                .map_or(inherited, |fields| language(fields, inherited));
            self.states.push(State {
                name,
                at: at.clone(),
                machine: id,
                value,
                language: own,
                children: Vec::new(),
            });
            self.order.push(Part::State(state));
            let children = self.children(state, value, &at, inherited, express);
            if let Some(entry) = self.states.get_mut(state.0 as usize) {
                entry.children = children;
            }
        }
        if let Some(entry) = self.machines.get_mut(id.0 as usize) {
            entry.states = ids;
            entry.names = names;
        }
        id
    }

    /// Outlines the machines inside the state.
    ///
    /// Their states inherit the language of the machine around the state, not that of the state itself.
    fn children(
        &mut self,
        parent: StateId,
        state: &'a Value,
        at: &Place,
        inherited: QueryLanguage,
        express: bool,
    ) -> Vec<MachineId> {
        let mut found = Vec::new();
        match state.get("Type").and_then(Value::as_str) {
            Some("Parallel") => {
                let branches = state.get("Branches").and_then(Value::as_array);
                for (index, branch) in branches.into_iter().flatten().enumerate() {
                    if let Value::Object(object) = branch {
                        let at = at.field("Branches").item(index);
                        found.push((
                            at,
                            Role::Branch,
                            object,
                            language(object, inherited),
                            express,
                            false,
                        ));
                    }
                }
            }
            Some("Map") => {
                for field in ["ItemProcessor", "Iterator"] {
                    if let Some(Value::Object(object)) = state.get(field) {
                        let config = object.get("ProcessorConfig");
                        let says = |field, text| {
                            config.and_then(|config| config.get(field)) == Some(&Value::from(text))
                        };
                        let distributed = says("Mode", "DISTRIBUTED");
                        let express = if distributed {
                            says("ExecutionType", "EXPRESS")
                        } else {
                            express
                        };
                        found.push((
                            at.field(field),
                            Role::Processor,
                            object,
                            inherited,
                            express,
                            distributed,
                        ));
                    }
                }
            }
            _ => {}
        }
        found
            .into_iter()
            .map(|(at, role, object, language, express, distributed)| {
                self.machine(Machine {
                    at,
                    role,
                    object,
                    parent: Some(parent),
                    language,
                    express,
                    distributed,
                    states: Vec::new(),
                    names: BTreeMap::new(),
                })
            })
            .collect()
    }
}

/// Returns the language that `object` names.
///
/// As in AWS, exactly `JSONPath` is JSONPath, and any other value is read as JSONata (and reported).
fn language(object: &Map<String, Value>, inherited: QueryLanguage) -> QueryLanguage {
    match object.get("QueryLanguage") {
        None => inherited,
        Some(Value::String(text)) if text == "JSONPath" => QueryLanguage::Jsonpath,
        Some(_) => QueryLanguage::Jsonata,
    }
}

/// A definition is far too short for this to overflow.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
