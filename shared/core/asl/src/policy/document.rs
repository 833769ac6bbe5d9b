//! Puts permissions together to the statements of a policy.

use super::Need;
use integrations::iam::Condition;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A policy, and what is to be known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The statements, by service and action.
    pub statements: Vec<Statement>,
    /// Which of them are wide, and why, a sentence each.
    pub notes: Vec<String>,
}

/// One statement, which allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The name, unique in the policy.
    pub sid: String,
    /// The actions, of one service.
    pub actions: Vec<String>,
    /// The ARNs.
    pub resources: Vec<String>,
    /// The conditions, all of which have to hold.
    pub conditions: Vec<Condition>,
}

impl Document {
    /// Writes the policy as IAM reads it.
    pub fn to_json(&self) -> Value {
        let statements: Vec<Value> = self.statements.iter().map(Statement::to_json).collect();
        json!({ "Version": "2012-10-17", "Statement": statements })
    }
}

impl Statement {
    fn to_json(&self) -> Value {
        let mut statement = json!({
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": self.actions,
            "Resource": self.resources,
        });
        let mut operators: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for condition in &self.conditions {
            let value = match condition.values.as_slice() {
                [value] => Value::from(value.clone()),
                values => Value::from(values),
            };
            let keys = operators.entry(condition.operator).or_default();
            keys.insert(condition.key.to_owned(), value);
        }
        if let (Value::Object(statement), false) = (&mut statement, operators.is_empty()) {
            statement.insert("Condition".to_owned(), json!(operators));
        }
        statement
    }
}

/// What actions have in common that stand in one statement: their service, their resources and their conditions.
type Shared<'a> = (&'a str, Vec<&'a str>, &'a [Condition]);

/// Makes the policy that allows what is needed, and no more.
///
/// Each action has all of its resources in one statement, which it shares with the actions of its service that have just
/// the same.
pub fn document<'n>(needs: impl IntoIterator<Item = &'n Need>) -> Document {
    let mut by_action: BTreeMap<(&str, &[Condition]), BTreeSet<&str>> = BTreeMap::new();
    let mut reasons: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new(); // by reason and state
    for need in needs {
        let permission = &need.permission;
        let key = (permission.action.as_str(), permission.conditions.as_slice());
        let resources = by_action.entry(key).or_default();
        resources.extend(permission.resources.iter().map(String::as_str));
        if let Some(why) = &permission.wide {
            let actions = reasons.entry((why, &need.state)).or_default();
            actions.insert(&permission.action);
        }
    }
    let mut statements: BTreeMap<Shared<'_>, Vec<&str>> = BTreeMap::new();
    for ((action, conditions), resources) in by_action {
        let resources: Vec<&str> = match resources.contains("*") {
            true => vec!["*"],
            false => narrowed(&resources),
        };
        let service = action.split_once(':').map_or(action, |(service, _)| service);
        let actions = statements.entry((service, resources, conditions)).or_default();
        actions.push(action);
    }
    let mut statements: Vec<Statement> = statements
        .into_iter()
        .map(|((_, resources, conditions), actions)| Statement {
            sid: sid(&actions),
            actions: owned(&actions),
            resources: owned(&resources),
            conditions: conditions.to_vec(),
        })
        .collect();
    statements.sort_by(|a, b| (&a.actions, &a.resources).cmp(&(&b.actions, &b.resources)));
    number(&mut statements);
    Document {
        statements,
        notes: reasons.iter().map(note).collect(),
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Names a statement after its service and what it allows.
fn sid(actions: &[&str]) -> String {
    let mut sid = String::new();
    for (index, action) in actions.iter().enumerate() {
        let (service, name) = action.split_once(':').unwrap_or(("", action));
        match index {
            0 => {
                let words = service.split('-').chain([name]);
                words.for_each(|word| sid.push_str(&capitalized(word)));
            }
            1 if actions.len() == 2 => sid.push_str(&capitalized(name)),
            _ => {}
        }
    }
    if actions.len() > 2 {
        sid.push_str("AndOthers");
    }
    sid.retain(|letter| letter.is_ascii_alphanumeric());
    sid
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Tells statements of the same name apart.
fn number(statements: &mut [Statement]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for statement in statements {
        let count = seen.entry(statement.sid.clone()).or_default();
        *count += 1;
        if *count > 1 {
            statement.sid = format!("{}{count}", statement.sid);
        }
    }
}

/// Leaves out what another resource of the set covers.
fn narrowed<'a>(resources: &BTreeSet<&'a str>) -> Vec<&'a str> {
    let is_covered = |resource: &str| {
        resources.iter().any(|other| {
            let beginning = other.strip_suffix('*');
            *other != resource && beginning.is_some_and(|beginning| resource.starts_with(beginning))
        })
    };
    let kept = resources.iter().copied();
    kept.filter(|resource| !is_covered(resource)).collect()
}

fn note(((why, state), actions): (&(&str, &str), &BTreeSet<&str>)) -> String {
    let verb = if actions.len() == 1 { "is" } else { "are" };
    let actions: Vec<String> = actions.iter().map(|action| format!("`{action}`")).collect();
    format!("{} {verb} wide for `{state}`: {why}", actions.join(", "))
}
