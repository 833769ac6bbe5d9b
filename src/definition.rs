//! Definitions as files have them: in JSON or in YAML, with placeholders that a deployment fills in.

use crate::commands::Failure;
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What to put in the place of `${NAME}`.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Substitutions {
    /// Put VALUE in the place of every `${NAME}`, as SAM's DefinitionSubstitutions do; before those of the configuration.
    #[arg(long = "substitute", value_name = "NAME=VALUE", value_parser = pair)]
    pairs: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE is wanted")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Substitutions {
    /// Returns all of them: what the command says goes before what the configuration says.
    pub(crate) fn over(&self, configured: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut all = configured.clone();
        all.extend(self.pairs.iter().cloned());
        all
    }
}

/// Reads a definition as JSON text, with these values in the place of their placeholders.
pub(crate) fn read(file: &Path, substitutions: &BTreeMap<String, String>) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file).map_err(Failure::while_trying(file.display()))?;
    let is_yaml = file
        .extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml");
    let text = match is_yaml {
        true => json(&text).map_err(Failure::while_trying(file.display()))?,
        false => text,
    };
    Ok(substituted(&text, substitutions))
}

/// Writes a document in YAML as JSON.
fn json(yaml: &str) -> Result<String, String> {
    let documents = Yaml::load_from_str(yaml).map_err(|error| error.to_string())?;
    match documents.as_slice() {
        [document] => Ok(format!("{:#}", value(document)?)),
        documents => Err(format!(
            "one document is wanted, and there are {}",
            documents.len()
        )),
    }
}

fn value(node: &Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(scalar) => match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => Value::Bool(*value),
            Scalar::Integer(value) => Value::from(*value),
            Scalar::FloatingPoint(value) => Number::from_f64(value.into_inner())
                .map(Value::Number)
                .ok_or_else(|| format!("JSON has no number {value}"))?,
            Scalar::String(text) => Value::from(&**text),
        },
        Yaml::Sequence(items) => Value::Array(items.iter().map(value).collect::<Result<_, _>>()?),
        Yaml::Mapping(fields) => {
            let mut object = Map::new();
            for (name, field) in fields {
                let name = match value(name)? {
                    Value::String(name) => name,
                    name @ (Value::Bool(_) | Value::Number(_)) => name.to_string(),
                    other => return Err(format!("{other} is no name of a field")),
                };
                object.insert(name, value(field)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tag, _) => {
            return Err(format!(
                "the tag `{}{}` has no meaning here; --substitute gives placeholders their values",
                tag.handle, tag.suffix
            ));
        }
        Yaml::Representation(text, ..) => return Err(format!("`{text}` cannot be read")),
        Yaml::Alias(_) | Yaml::BadValue => return Err("a value cannot be read".to_owned()),
    })
}

/// Puts values in the place of their placeholders: as text inside of JSON's strings, and as they are outside.
fn substituted(text: &str, values: &BTreeMap<String, String>) -> String {
    if values.is_empty() {
        return text.to_owned();
    }
    let mut filled = String::with_capacity(text.len());
    let mut is_string = false;
    for piece in pieces(text) {
        match piece {
            Piece::Placeholder(name) => match values.get(name) {
                Some(value) if is_string => {
                    let quoted = Value::from(value.as_str()).to_string();
                    filled.push_str(&quoted[1..quoted.len() - 1]);
                }
                Some(value) => filled.push_str(value),
                None => filled.push_str(&format!("${{{name}}}")),
            },
            Piece::Text(text) => {
                let mut letters = text.chars();
                while let Some(letter) = letters.next() {
                    match letter {
                        '"' => is_string = !is_string,
                        // What is escaped ends no string.
                        '\\' => drop(letters.next()),
                        _ => {}
                    }
                }
                filled.push_str(text);
            }
        }
    }
    filled
}

/// Returns the placeholders of a definition, by name.
pub(crate) fn placeholders(text: &str) -> BTreeSet<&str> {
    pieces(text)
        .filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(name),
            Piece::Text(_) => None,
        })
        .collect()
}

/// The field whose placeholder is a function's ARN in most definitions.
pub(crate) const RESOURCE: &[&str] = &["\"Resource\""];
/// The fields that name a function.
pub(crate) const FUNCTION: &[&str] = &["\"Resource\"", "\"FunctionName\""];

/// Puts a function's ARN in the place of every `"${Name}"` that is the whole of one of these fields: SAM and Terraform fill
/// those in when the definition is deployed. Returns how many there were.
pub(crate) fn with_functions(text: &str, fields: &[&str], arn: impl Fn(&str) -> String) -> (String, usize) {
    let mut filled = String::with_capacity(text.len());
    let mut count = 0;
    let mut rest = text;
    let first = |text: &str| {
        let ends = fields
            .iter()
            .filter_map(|field| Some(text.find(field)? + field.len()));
        ends.min()
    };
    while let Some(end) = first(rest) {
        let (before, field) = rest.split_at(end);
        filled.push_str(before);
        rest = field;
        let value = field.trim_start_matches([' ', '\t', '\r', '\n', ':']);
        let name = value
            .strip_prefix("\"${")
            .and_then(|value| value.split_once("}\""));
        if let Some((name, behind)) = name.filter(|(name, _)| is_name(name)) {
            filled.push_str(&format!(": \"{}\"", arn(name)));
            rest = behind;
            count += 1;
        }
    }
    filled.push_str(rest);
    (filled, count)
}

enum Piece<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

/// Cuts a text at its placeholders.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((name, behind)) = rest.strip_prefix("${").and_then(|text| text.split_once('}'))
            && is_name(name)
        {
            rest = behind;
            return Some(Piece::Placeholder(name));
        }
        // At least one letter, so that what only looks like a placeholder is passed.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find("${").map_or(rest.len(), |at| first + at);
        let (before, behind) = rest.split_at(end);
        rest = behind;
        Some(Piece::Text(before))
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::{FUNCTION, RESOURCE, json, placeholders, substituted, with_functions};
    use serde_json::{Value, json as made};
    use std::collections::BTreeMap;

    fn function(name: &str) -> String {
        format!("arn:aws:lambda:us-east-1:123456789012:function:{name}")
    }

    #[test]
    fn placeholders_of_resources_are_filled_in_and_others_stay() {
        let text =
            r#"{"A": {"Resource": "${Fn}", "Parameters": {"x": "${Fn}"}}, "B": {"Resource":"arn:${P}:x"}}"#;
        let expected = r#"{"A": {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:Fn", "Parameters": {"x": "${Fn}"}}, "B": {"Resource":"arn:${P}:x"}}"#;
        assert_eq!(with_functions(text, RESOURCE, function), (expected.to_owned(), 1));
        assert_eq!(with_functions("{}", RESOURCE, function), ("{}".to_owned(), 0));
        let text = r#"{"FunctionName": "${A}", "Resource" : "${B}"}"#;
        let expected = format!(
            r#"{{"FunctionName": "{}", "Resource": "{}"}}"#,
            function("A"),
            function("B")
        );
        assert_eq!(with_functions(text, FUNCTION, function), (expected, 2));
    }

    #[test]
    fn values_are_text_in_strings_and_as_they_are_outside() {
        let values = [("Name", "a \"b\"\\"), ("Count", "5"), ("A.Arn", "arn:a")];
        let values: BTreeMap<String, String> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let text = r#"{"a\"": "x${Name}y", "b": ${Count}, "c": "${A.Arn}:${Other} $${ ${no name} ${Count}"}"#;
        let filled: Value = serde_json::from_str(&substituted(text, &values)).unwrap();
        assert_eq!(
            filled,
            made!({ "a\"": "xa \"b\"\\y", "b": 5, "c": "arn:a:${Other} $${ ${no name} 5" })
        );
        assert_eq!(
            placeholders(text).into_iter().collect::<Vec<_>>(),
            ["A.Arn", "Count", "Name", "Other"]
        );
        assert_eq!(substituted(text, &BTreeMap::new()), text);
    }

    #[test]
    fn yaml_becomes_the_json_that_it_stands_for() {
        let yaml = "# A comment\nStartAt: First\nStates:\n  First:\n    Type: Wait\n    Seconds: 5\n    \
                    Comment: |\n      two\n      lines\n    Resource: ${Fn}\n    \"x.$\": $.a\n    List: [1.5, true, null, '5', yes]\n  5:\n    <<: none\n";
        let document: Value = serde_json::from_str(&json(yaml).unwrap()).unwrap();
        let expected = made!({ "StartAt": "First", "States": {
            "First": {
                "Type": "Wait", "Seconds": 5, "Comment": "two\nlines\n", "Resource": "${Fn}", "x.$": "$.a",
                "List": [1.5, true, null, "5", "yes"]
            },
            "5": { "<<": "none" }
        } });
        assert_eq!(document, expected);
        assert_eq!(
            document["States"].as_object().unwrap().keys().collect::<Vec<_>>(),
            ["First", "5"]
        );
    }

    #[test]
    fn yaml_that_is_no_definition_says_why() {
        for (yaml, why) in [
            ("a: 1\na: 2\n", "duplicated key"),
            ("a: [1\n", "line 2"),
            ("a: !Ref b\n", "!Ref"),
            ("a: .inf\n", "no number"),
            ("a: 1\n---\nb: 2\n", "there are 2"),
            ("? [a]\n: b\n", "no name of a field"),
        ] {
            let error = json(yaml).unwrap_err();
            assert!(error.contains(why), "{yaml:?}: {error}");
        }
    }
}
