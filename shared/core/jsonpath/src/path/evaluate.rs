use std::borrow::Cow;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::{Function, Path, PathError, Selector, Step, is_definite};

/// How many nodes one evaluation may visit or copy; a full payload of 256 KiB has fewer than 130,000.
const FUEL: u64 = 4_000_000;

pub(super) fn select<'a>(path: &Path, document: &'a Value) -> Result<Cow<'a, Value>, PathError> {
    let mut walk = Walk {
        path: path.text(),
        document,
        fuel: FUEL,
    };
    walk.run(document, path.steps(), path.is_definite())
}

/// One evaluation of a path, together with the paths in its filters.
pub(super) struct Walk<'a, 'p> {
    path: &'p str,
    pub(super) document: &'a Value,
    fuel: u64,
}

impl<'a> Walk<'a, '_> {
    /// Follows the steps of a path from a node, which is the document or, in a filter, the item under test.
    pub(super) fn run(
        &mut self,
        start: &'a Value,
        steps: &[Step],
        definite: bool,
    ) -> Result<Cow<'a, Value>, PathError> {
        if let Some((Step::Call(function), before)) = steps.split_last() {
            let argument = self.run(start, before, is_definite(before))?;
            return self.call(*function, &argument).map(Cow::Owned);
        }
        if definite {
            self.one(start, steps)
        } else {
            self.many(start, steps).map(Cow::Owned)
        }
    }

    pub(super) fn spend(&mut self, nodes: usize) -> Result<(), PathError> {
        let left = self.fuel.checked_sub(nodes as u64);
        self.fuel = left.ok_or_else(|| PathError::TooCostly {
            path: self.path.to_owned(),
        })?;
        Ok(())
    }

    fn one(&mut self, start: &'a Value, steps: &[Step]) -> Result<Cow<'a, Value>, PathError> {
        let mut node = start;
        for (at, step) in steps.iter().enumerate() {
            self.spend(1)?;
            let Step::Child(selector) = step else {
                return Err(self.no_results(steps));
            };
            node = match (selector, node) {
                (Selector::Member(name), Value::Object(members)) => match members.get(name) {
                    Some(member) => member,
                    None if at + 1 == steps.len() => return Err(self.no_results(steps)),
                    None => {
                        let reached = normalized(steps.get(..=at).unwrap_or_default());
                        return Err(self.not_found(format!("Missing property in path {reached}")));
                    }
                },
                (Selector::Index(index), Value::Array(elements)) => {
                    element(elements, *index).ok_or_else(|| self.no_results(steps))?
                }
                (Selector::Members(names), Value::Object(members)) => {
                    return Ok(Cow::Owned(self.pick(members, names)?));
                }
                (_, other) => return Err(self.mismatch(steps, at, other)),
            };
        }
        Ok(Cow::Borrowed(node))
    }

    fn not_found(&self, detail: String) -> PathError {
        PathError::NotFound {
            path: self.path.to_owned(),
            detail,
        }
    }

    fn no_results(&self, steps: &[Step]) -> PathError {
        self.not_found(format!("No results for path: {}", normalized(steps)))
    }

    /// A name was applied to something that is no object, or an index to something that is no array.
    fn mismatch(&self, steps: &[Step], at: usize, node: &Value) -> PathError {
        let reached = normalized(steps.get(..at).unwrap_or_default());
        let step = normalized(steps.get(at..=at).unwrap_or_default());
        let step = step.trim_start_matches('$');
        match (steps.get(at), node) {
            (Some(Step::Child(Selector::Index(_))), Value::Null) => {
                self.not_found(format!("The path {reached} is null"))
            }
            (Some(Step::Child(Selector::Index(_))), _) => PathError::NotAnArray {
                path: self.path.to_owned(),
                detail: format!("Filter: {step} can only be applied to arrays. Current context is: {node}"),
            },
            _ => self.not_found(format!(
                "Expected to find an object with property {step} in path {reached} but found '{}'",
                kind(node)
            )),
        }
    }

    fn many(&mut self, start: &'a Value, steps: &[Step]) -> Result<Value, PathError> {
        let mut nodes = vec![start];
        for (at, step) in steps.iter().enumerate() {
            let (selector, sources) = match step {
                Step::Child(selector) => (selector, nodes),
                Step::Deep(selector) => (selector, self.containers(&nodes)?),
                Step::Call(_) => return Err(self.no_results(steps)),
            };
            if let (Selector::Members(names), true) = (selector, at + 1 == steps.len()) {
                let deep = matches!(step, Step::Deep(_));
                return self.pick_each(&sources, names, deep);
            }
            nodes = Vec::new();
            for source in sources {
                self.children(selector, source, matches!(step, Step::Deep(_)), &mut nodes)?;
            }
        }
        let mut list = Vec::with_capacity(nodes.len());
        for node in nodes {
            list.push(self.copy(node)?);
        }
        Ok(Value::Array(list))
    }

    /// Every object and array at or below these nodes, the outer ones before what they hold.
    fn containers(&mut self, nodes: &[&'a Value]) -> Result<Vec<&'a Value>, PathError> {
        let mut found = Vec::new();
        let mut pending: Vec<&'a Value> = nodes.iter().rev().copied().collect();
        while let Some(node) = pending.pop() {
            self.spend(1)?;
            match node {
                Value::Array(elements) => pending.extend(elements.iter().rev()),
                Value::Object(members) => pending.extend(members.values().rev()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => continue,
            }
            found.push(node);
        }
        Ok(found)
    }

    fn children(
        &mut self,
        selector: &Selector,
        node: &'a Value,
        deep: bool,
        out: &mut Vec<&'a Value>,
    ) -> Result<(), PathError> {
        let before = out.len();
        match (selector, node) {
            (Selector::Member(name), Value::Object(members)) => out.extend(members.get(name)),
            (Selector::Members(names), Value::Object(members)) => {
                out.extend(names.iter().filter_map(|name| members.get(name)));
            }
            (Selector::Wildcard, Value::Object(members)) => out.extend(members.values()),
            (Selector::Wildcard, Value::Array(elements)) => out.extend(elements),
            (Selector::Index(index), Value::Array(elements)) => out.extend(element(elements, *index)),
            (Selector::Indexes(indexes), Value::Array(elements)) => {
                out.extend(indexes.iter().filter_map(|index| element(elements, *index)));
            }
            (Selector::Slice { from, to, step }, Value::Array(elements)) => {
                out.extend(slice(elements, *from, *to, *step));
            }
            // After `..` every object below is reached by itself, so an array's elements must not be tested twice.
            (Selector::Filter(filter), Value::Array(elements)) if !deep => {
                for element in elements {
                    self.spend(1)?;
                    if filter.accepts(self, element)? {
                        out.push(element);
                    }
                }
            }
            (Selector::Filter(filter), Value::Object(_)) if filter.accepts(self, node)? => out.push(node),
            _ => {}
        }
        self.spend(1 + out.len() - before)
    }

    fn pick(&mut self, members: &'a Map<String, Value>, names: &[String]) -> Result<Value, PathError> {
        let mut picked = Map::new();
        for name in names {
            if let Some(member) = members.get(name) {
                picked.insert(name.clone(), self.copy(member)?);
            }
        }
        Ok(Value::Object(picked))
    }

    fn pick_each(&mut self, nodes: &[&'a Value], names: &[String], all: bool) -> Result<Value, PathError> {
        let mut list = Vec::new();
        for node in nodes {
            if let Value::Object(members) = node
                && (!all || names.iter().all(|name| members.contains_key(name)))
            {
                list.push(self.pick(members, names)?);
            }
        }
        Ok(Value::Array(list))
    }

    /// Clones a value after paying for its size.
    fn copy(&mut self, value: &Value) -> Result<Value, PathError> {
        let mut pending = vec![value];
        while let Some(next) = pending.pop() {
            match next {
                Value::Array(elements) => pending.extend(elements),
                Value::Object(members) => pending.extend(members.values()),
                Value::String(text) => self.spend(text.len() / 32)?,
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
            self.spend(1)?;
        }
        Ok(value.clone())
    }

    fn call(&self, function: Function, argument: &Value) -> Result<Value, PathError> {
        match (function, argument) {
            (Function::Length, Value::Array(elements)) => Ok(Value::from(elements.len())),
            (Function::Length, Value::Object(members)) => Ok(Value::from(members.len())),
            (Function::Length, _) => Ok(Value::Null),
            (Function::Keys, Value::Object(members)) => Ok(members.keys().cloned().collect()),
            (Function::Keys, other) => {
                Err(self.not_found(format!("`keys()` needs an object, found '{}'", kind(other))))
            }
            // AWS takes these functions when a definition is created, but its library sees no numbers in the nodes it is
            // given: every execution fails as though the path were missing.
            (Function::Min | Function::Max | Function::Avg | Function::Stddev | Function::Sum, _) => {
                Err(self.not_found(
                    "Aggregation function attempted to calculate value using empty array".to_owned(),
                ))
            }
        }
    }
}

fn element(elements: &[Value], index: i64) -> Option<&Value> {
    let from_end = usize::try_from(index.unsigned_abs()).ok()?;
    let at = if index < 0 {
        elements.len().checked_sub(from_end)?
    } else {
        from_end
    };
    elements.get(at)
}

fn slice(elements: &[Value], from: Option<i64>, to: Option<i64>, step: i64) -> impl Iterator<Item = &Value> {
    let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    let bound = |end: i64| {
        if end < 0 {
            end.saturating_add(length).max(0)
        } else {
            end.min(length)
        }
    };
    let from = bound(from.unwrap_or(0));
    let to = bound(to.unwrap_or(length)).max(from);
    let bounds = usize::try_from(from).unwrap_or(usize::MAX)..usize::try_from(to).unwrap_or(usize::MAX);
    let step = usize::try_from(step).unwrap_or(usize::MAX).max(1);
    elements.get(bounds).unwrap_or_default().iter().step_by(step)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Writes steps as AWS's library does in its messages: `$['a'][0]`.
fn normalized(steps: &[Step]) -> String {
    let mut out = "$".to_owned();
    for step in steps {
        let (Step::Child(selector) | Step::Deep(selector)) = step else {
            continue;
        };
        // Writing to a string cannot fail.
        let _ = match selector {
            Selector::Member(name) => write!(out, "['{name}']"),
            Selector::Members(names) => write!(out, "['{}']", names.join("','")),
            Selector::Index(index) => write!(out, "[{index}]"),
            Selector::Wildcard => write!(out, "[*]"),
            Selector::Indexes(_) | Selector::Slice { .. } => write!(out, "[...]"),
            Selector::Filter(_) => write!(out, "[?]"),
        };
    }
    out
}
