//! The ways to break a definition, each in one place.

use serde_json::{Map, Value, json};

/// The kinds of mutations, each with the percentage that must be found.
///
/// A negative number may be what somebody compares with, and the actions of the AWS SDK are not known here.
pub(crate) const KINDS: [(&str, usize); 23] = [
    ("target renamed", 100),
    ("state renamed", 100),
    ("type dropped", 100),
    ("type misspelt", 100),
    ("field misspelt", 100),
    ("field in lower case", 100),
    ("needed field dropped", 100),
    ("end dropped", 100),
    ("value of another type", 100),
    ("negative number", 95),
    ("path left open", 100),
    ("path without dollar", 100),
    ("key without dollar", 100),
    ("call left open", 100),
    ("function misspelt", 100),
    ("resource misspelt", 65),
    ("error name misspelt", 100),
    ("context field misspelt", 100),
    ("expression left open", 100),
    ("bracket dropped", 100),
    ("expression without marks", 100),
    ("states field misspelt", 100),
    ("variable renamed", 100),
];

/// One broken definition.
#[derive(Debug)]
pub(crate) struct Mutation {
    pub(crate) kind: &'static str,
    pub(crate) place: String,
    pub(crate) text: String,
}

/// Breaks a definition in all the ways there are, each once for every place.
pub(crate) fn mutations(definition: &Value) -> Vec<Mutation> {
    let mut breaker = Breaker {
        definition,
        found: Vec::new(),
    };
    breaker.machine("");
    breaker.found
}

struct Breaker<'a> {
    definition: &'a Value,
    found: Vec<Mutation>,
}

impl Breaker<'_> {
    fn machine(&mut self, at: &str) {
        self.fields(at, &["StartAt", "States"]);
        self.target(&format!("{at}/StartAt"));
        let states = format!("{at}/States");
        for name in self.keys(&states) {
            let state = format!("{states}/{}", escaped(&name));
            self.change("state renamed", &states, |value| rename(value, &name, "Renamed"));
            self.state(&state);
            for index in 0..self.length(&format!("{state}/Branches")) {
                self.machine(&format!("{state}/Branches/{index}"));
            }
            for field in ["ItemProcessor", "Iterator"] {
                let processor = format!("{state}/{field}");
                if self.definition.pointer(&processor).is_some() {
                    self.machine(&processor);
                }
            }
        }
    }

    fn state(&mut self, at: &str) {
        self.change("type dropped", at, |value| remove(value, "Type"));
        let kind = format!("{at}/Type");
        self.change("type misspelt", &kind, |value| {
            *value = json!(swapped(value.as_str()?)?);
            Some(())
        });
        self.fields(
            at,
            &[
                "Resource",
                "Choices",
                "Branches",
                "ItemProcessor",
                "Iterator",
                "Seconds",
            ],
        );
        self.change("end dropped", at, |value| remove(value, "End"));
        self.target(&format!("{at}/Next"));
        self.target(&format!("{at}/Default"));
        let resource = format!("{at}/Resource");
        self.change("resource misspelt", &resource, |value| {
            let text = value.as_str()?;
            if !text.contains(":states:") {
                return None; // any name may be that of a function
            }
            let (head, action) = text.split_at(text.rfind(':')? + 1);
            *value = json!(format!("{head}x{action}"));
            Some(())
        });
        for (list, needed) in [
            ("Choices", &["Next"][..]),
            ("Catch", &["Next", "ErrorEquals"]),
            ("Retry", &["ErrorEquals"]),
        ] {
            for index in 0..self.length(&format!("{at}/{list}")) {
                let entry = format!("{at}/{list}/{index}");
                self.fields(&entry, needed);
                self.target(&format!("{entry}/Next"));
                for name in 0..self.length(&format!("{entry}/ErrorEquals")) {
                    self.error_name(&format!("{entry}/ErrorEquals/{name}"));
                }
            }
        }
        for field in self.keys(at) {
            let below = format!("{at}/{}", escaped(&field));
            if !["Branches", "ItemProcessor", "Iterator", "Comment", "Result"].contains(&field.as_str()) {
                self.texts(&below);
            }
        }
        for name in self.keys(&format!("{at}/Assign")) {
            self.variable(&format!("{at}/Assign"), &name);
        }
    }

    /// Breaks the names and the types of the fields of an object, and drops those of `needed` that it has.
    fn fields(&mut self, at: &str, needed: &[&str]) {
        for name in self.keys(at) {
            if name == "Comment" {
                continue;
            }
            if needed.contains(&name.as_str()) {
                self.change("needed field dropped", at, |value| remove(value, &name));
            }
            if let Some(wrong) = swapped(&name) {
                self.change("field misspelt", at, |value| rename(value, &name, &wrong));
            }
            let lower = name[..1].to_lowercase() + &name[1..];
            self.change("field in lower case", at, |value| rename(value, &name, &lower));
            let below = format!("{at}/{}", escaped(&name));
            // Templates may be anything.
            let free = [
                "Parameters",
                "Arguments",
                "Output",
                "Result",
                "ResultSelector",
                "ItemSelector",
                "Items",
            ];
            if !free.contains(&name.as_str()) {
                self.change("value of another type", &below, |value| {
                    *value = match value {
                        Value::String(_) => json!(7),
                        _ => json!("seven"),
                    };
                    Some(())
                });
            }
            self.change("negative number", &below, |value| {
                *value = json!(-value.as_f64()?.abs() - 1.0);
                Some(())
            });
        }
    }

    fn target(&mut self, at: &str) {
        self.change("target renamed", at, |value| {
            *value = json!(swapped(value.as_str()?).unwrap_or_else(|| "Nowhere".to_owned()));
            Some(())
        });
    }

    fn error_name(&mut self, at: &str) {
        self.change("error name misspelt", at, |value| {
            let text = value.as_str()?.strip_prefix("States.")?;
            let wrong = swapped(text).unwrap_or_else(|| "All".to_owned());
            *value = json!(format!("States.{wrong}"));
            Some(())
        });
    }

    /// Renames a variable where it is assigned, when that is the only place.
    fn variable(&mut self, at: &str, name: &str) {
        let bare = name.strip_suffix(".$").unwrap_or(name);
        let text = self.definition.to_string();
        let assigned =
            text.matches(&format!("\"{bare}\":")).count() + text.matches(&format!("\"{bare}.$\":")).count();
        let read = text.split(&format!("${bare}")).skip(1).any(|rest| {
            rest.chars()
                .next()
                .is_some_and(|next| !next.is_alphanumeric() && next != '_')
        });
        if assigned == 1 && read {
            self.change("variable renamed", at, |value| {
                rename(
                    value,
                    name,
                    &format!("renamed{}", if bare == name { "" } else { ".$" }),
                )
            });
        }
    }

    /// Breaks the texts in a field of a state, however deep they stand.
    fn texts(&mut self, at: &str) {
        match self.definition.pointer(at) {
            Some(Value::String(text)) => self.text(at, text),
            Some(Value::Array(items)) => {
                (0..items.len()).for_each(|index| self.texts(&format!("{at}/{index}")));
            }
            Some(Value::Object(object)) => {
                for (key, value) in object {
                    let is_reference = value.as_str().is_some_and(|text| text.starts_with(['$', 'S']));
                    if let Some(plain) = key.strip_suffix(".$").filter(|_| is_reference) {
                        self.change("key without dollar", at, |value| rename(value, key, plain));
                    }
                    self.texts(&format!("{at}/{}", escaped(key)));
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, at: &str, text: &str) {
        let mut broken = Vec::new();
        let name = at.rsplit('/').next().unwrap_or_default();
        let is_path = name.ends_with(".$") || name.ends_with("Path") || name == "Variable";
        if let Some(inner) = text.strip_prefix("{%").and_then(|text| text.strip_suffix("%}")) {
            broken.push(("expression left open", format!("{{%{inner}")));
            if let Some(end) = inner.rfind([')', ']', '}']) {
                let (head, tail) = inner.split_at(end);
                broken.push(("bracket dropped", format!("{{%{head}{}%}}", &tail[1..])));
            }
            if inner.trim().starts_with("$states.") {
                broken.push(("expression without marks", inner.trim().to_owned()));
            }
            if inner.contains("$states.input") {
                let wrong = inner.replacen("$states.input", "$states.inptu", 1);
                broken.push(("states field misspelt", format!("{{%{wrong}%}}")));
            }
            if let Some((head, tail)) = inner.split_once('(')
                && head
                    .rsplit(|c: char| !c.is_alphanumeric() && c != '$')
                    .next()
                    .is_some_and(|name| name.starts_with('$'))
            {
                broken.push(("function misspelt", format!("{{%{head}x({tail}%}}")));
            }
        } else if is_path && text.starts_with('$') {
            broken.push(("path left open", format!("{text}[")));
            broken.push(("path without dollar", text.trim_start_matches('$').to_owned()));
            if text.starts_with("$$.") {
                let (head, last) = text.split_at(3);
                broken.push(("context field misspelt", format!("{head}x{last}")));
            }
        } else if is_path && text.starts_with("States.") {
            broken.push(("call left open", text.trim_end().trim_end_matches(')').to_owned()));
            broken.push(("function misspelt", text.replacen('(', "x(", 1)));
        }
        for (kind, wrong) in broken {
            self.change(kind, at, |value| {
                *value = json!(wrong);
                Some(())
            });
        }
    }

    /// Adds the definition with the value at `at` changed, unless there is none or nothing changes.
    fn change(&mut self, kind: &'static str, at: &str, change: impl FnOnce(&mut Value) -> Option<()>) {
        let mut copy = self.definition.clone();
        let changed = copy.pointer_mut(at).and_then(change);
        if changed.is_some() && copy != *self.definition {
            self.found.push(Mutation {
                kind,
                place: at.to_owned(),
                text: copy.to_string(),
            });
        }
    }

    fn keys(&self, at: &str) -> Vec<String> {
        let object = self.definition.pointer(at).and_then(Value::as_object);
        object
            .map(|object| object.keys().cloned().collect())
            .unwrap_or_default()
    }

    fn length(&self, at: &str) -> usize {
        self.definition
            .pointer(at)
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    }
}

fn remove(value: &mut Value, name: &str) -> Option<()> {
    value.as_object_mut()?.shift_remove(name).map(|_| ())
}

fn rename(value: &mut Value, from: &str, to: &str) -> Option<()> {
    let object = value.as_object_mut()?;
    let renamed: Map<String, Value> = std::mem::take(object)
        .into_iter()
        .map(|(key, value)| (if key == from { to.to_owned() } else { key }, value))
        .collect();
    *object = renamed;
    Some(())
}

/// Exchanges the second and the third letter, if they differ.
fn swapped(text: &str) -> Option<String> {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 || letters[1] == letters[2] {
        return None;
    }
    letters.swap(1, 2);
    Some(letters.into_iter().collect())
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
