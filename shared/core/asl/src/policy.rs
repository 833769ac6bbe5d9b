//! The IAM policy that the role of a state machine needs.

mod document;

use crate::program::{Distributed, Map, MapMode, Program, State, StateKind, Task, Template, Text};
use integrations::Resource;
use integrations::iam::{self, Permission};
use serde_json::Value;

pub use document::{Document, Statement, document};
pub use integrations::iam::Place;

/// Something that a state needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The state's name.
    pub state: String,
    /// The role of `Credentials.RoleArn` under which it is needed; `None` for the state machine's own.
    pub role: Option<Role>,
    /// What has to be allowed.
    pub permission: Permission,
}

/// A role that is not the state machine's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Named by its ARN.
    Named(String),
    /// Chosen when the definition runs.
    Chosen,
}

/// Returns what every state of a program needs, in document order.
pub fn needs(program: &Program, place: &Place) -> Vec<Need> {
    let states = program.states.iter();
    states.flat_map(|state| of_state(state, place)).collect()
}

/// Returns what is known and cannot be run here, with the names of the states.
pub fn not_implemented(program: &Program) -> Vec<(String, String)> {
    let reason = |state: &State| match &state.kind {
        StateKind::Map(map) => match map.mode {
            MapMode::Distributed(ref distributed) => missing_of_map(distributed),
            MapMode::Inline => None,
        },
        StateKind::Task(_)
        | StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed(_)
        | StateKind::Fail(_)
        | StateKind::Parallel(_) => None,
    };
    let states = program.states.iter();
    states
        .filter_map(|state| Some((state.name.to_string(), reason(state)?)))
        .collect()
}

/// Returns what of a distributed Map is not there yet.
fn missing_of_map(distributed: &Distributed) -> Option<String> {
    let config = |name: &str| {
        let reader = distributed.item_reader.as_ref()?;
        reader.pointer(&format!("/ReaderConfig/{name}"))?.as_str()
    };
    let missing = match (config("InputType"), config("Transformation")) {
        _ if distributed.result_writer.is_some() => "the ResultWriter".to_owned(),
        (Some(known @ ("MANIFEST" | "PARQUET")), _) => format!("the InputType {known}"),
        (_, Some(known @ "LOAD_AND_FLATTEN")) => format!("the Transformation {known}"),
        _ => return None,
    };
    Some(format!("{missing} of the distributed Map is not implemented yet"))
}

fn of_state(state: &State, place: &Place) -> Vec<Need> {
    match &state.kind {
        StateKind::Task(task) => of_task(&state.name, task, place),
        StateKind::Map(map) => {
            let need = |permission| Need {
                state: state.name.to_string(),
                role: None,
                permission,
            };
            of_map(map, place).into_iter().map(need).collect()
        }
        StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed(_)
        | StateKind::Fail(_)
        | StateKind::Parallel(_) => Vec::new(),
    }
}

fn of_task(name: &str, task: &Task, place: &Place) -> Vec<Need> {
    let parameters = task.flow.arguments.as_ref().map_or(Value::Null, known);
    let place = &seen_from(place, task.role_arn.as_ref());
    let permissions = match &task.resource {
        Resource::Function(function) => vec![iam::of_function(function)],
        // Workers fetch the task; nobody calls anything.
        Resource::Activity(_) => Vec::new(),
        Resource::Service(integration) => iam::of_integration(integration, &parameters, place),
    };
    let role = task.role_arn.as_ref().map(|role| match role {
        Text::Fixed(arn) => Role::Named(arn.clone()),
        Text::Path(_) | Text::Intrinsic(_) | Text::Expression(_) => Role::Chosen,
    });
    let need = |role: Option<Role>, permission| Need {
        state: name.to_owned(),
        role,
        permission,
    };
    let assumed = role.as_ref().map(|role| {
        iam::of_role(match role {
            Role::Named(arn) => Some(arn),
            Role::Chosen => None,
        })
    });
    let own = assumed.map(|permission| need(None, permission));
    let called = permissions
        .into_iter()
        .map(|permission| need(role.clone(), permission));
    own.into_iter().chain(called).collect()
}

/// Returns where resources are that a state names without an account: where its role is.
fn seen_from(place: &Place, role: Option<&Text>) -> Place {
    let mut seen = place.clone();
    if let Some(Text::Fixed(arn)) = role
        && let Some(account) = arn.split(':').nth(4)
        && account.chars().all(|digit| digit.is_ascii_digit())
        && !account.is_empty()
    {
        seen.account = account.to_owned();
    }
    seen
}

fn of_map(map: &Map, place: &Place) -> Vec<Permission> {
    let MapMode::Distributed(distributed) = &map.mode else {
        return Vec::new();
    };
    let reader = distributed.item_reader.as_ref().map(known_part);
    let writer = distributed.result_writer.as_ref().map(known_part);
    iam::of_distributed_map(
        distributed.label.as_deref(),
        reader.as_ref(),
        writer.as_ref(),
        place,
    )
}

/// Returns what a template says before it runs, with `null` in the place of everything else.
fn known(template: &Template) -> Value {
    match template {
        Template::Literal(value) => value.clone(),
        Template::Path(_) | Template::Intrinsic(_) | Template::Expression(_) => Value::Null,
        Template::List(elements) => Value::Array(elements.iter().map(known).collect()),
        Template::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), known(value)));
            Value::Object(fields.collect())
        }
    }
}

/// Returns the same of a part of a state that is carried as it stands.
fn known_part(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("{%") => Value::Null,
        Value::Array(elements) => Value::Array(elements.iter().map(known_part).collect()),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| match name.strip_suffix(".$") {
                Some(name) => (name.to_owned(), Value::Null),
                None => (name.clone(), known_part(value)),
            };
            Value::Object(fields.iter().map(field).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
