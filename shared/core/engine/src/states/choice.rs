//! Choice: goes where the first rule that holds says.

use crate::fault::{Fault, errors};
use crate::flow::{Evaluator, Frame, type_name};
use crate::thread::ThreadId;
use crate::turn::Turn;
use asl::Timestamp;
use asl::program::{Choice, Comparison, Condition, Operand, QueryLanguage, Template, Test, Transition};
use jsonpath::{Path, PathError};
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

pub(crate) fn run(turn: &mut Turn<'_>, id: ThreadId, choice: &Choice) -> Result<(), Fault> {
    let flow = &choice.flow;
    let frame = Frame::new(turn, id);
    let input = frame.effective_input(flow)?;
    let taken = {
        let evaluator = frame.at(input.value());
        let mut taken = None;
        for rule in &choice.rules {
            if holds(&evaluator, &rule.condition)? {
                taken = Some((rule.next, rule.assign.as_slice(), rule.output.as_ref()));
                break;
            }
        }
        taken
    };
    let (next, assign, output): (_, &[(String, Template)], Option<&Template>) = match (taken, choice.default)
    {
        (Some(taken), _) => taken,
        (None, Some(default)) => (default, flow.assign.as_slice(), flow.output.as_ref()),
        (None, None) => {
            return Err(frame.fault(
                errors::NO_CHOICE_MATCHED,
                "Failed to transition out of the state. The state does not point to a next state.",
            ));
        }
    };
    let assigned = frame.assign(assign, "Assign")?;
    let output = match output {
        Some(template) => {
            let value = frame.output(template, "Output")?;
            turn.data(value)
        }
        None if flow.language == QueryLanguage::Jsonata => frame.input.clone(),
        None => frame
            .select(&flow.output_path, input, "OutputPath")?
            .into_data(turn),
    };
    let assigned = turn.assigned(id, &frame, assigned)?;
    turn.exit(id, output, assigned, Transition::Next(next))
}

fn holds(evaluator: &Evaluator<'_>, condition: &Condition) -> Result<bool, Fault> {
    match condition {
        Condition::And(all) => {
            for one in all {
                if !holds(evaluator, one)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Condition::Or(any) => {
            for one in any {
                if holds(evaluator, one)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Condition::Not(one) => Ok(!holds(evaluator, one)?),
        Condition::Literal(value) => Ok(*value),
        Condition::Expression(expression) => match evaluator.expression(expression)? {
            Value::Bool(value) => Ok(value),
            other => {
                let message = format!(
                    "The JSONata expression '{}' specified for the field '{}' returned an unexpected result type. Expected 'boolean', but was '{}' for value: {other}",
                    expression.source.text(),
                    expression.field,
                    type_name(&other)
                );
                Err(evaluator.evaluation_fault(&expression.field, &message))
            }
        },
        Condition::Test { variable, test } => compare(evaluator, variable, test),
    }
}

fn compare(evaluator: &Evaluator<'_>, variable: &Path, test: &Test) -> Result<bool, Fault> {
    if let Test::IsPresent(wanted) = test {
        return Ok(variable.select(evaluator).is_ok() == *wanted);
    }
    let value = &*required(evaluator, variable)?;
    Ok(match test {
        Test::IsPresent(wanted) => *wanted,
        Test::IsNull(wanted) => value.is_null() == *wanted,
        Test::IsNumeric(wanted) => value.is_number() == *wanted,
        Test::IsString(wanted) => value.is_string() == *wanted,
        Test::IsBoolean(wanted) => value.is_boolean() == *wanted,
        Test::IsTimestamp(wanted) => as_timestamp(value).is_some() == *wanted,
        Test::String(comparison, operand) => match (value.as_str(), operand) {
            (Some(left), Operand::Literal(right)) => matches(*comparison, left.cmp(right.as_str())),
            (Some(left), Operand::Path(path)) => required(evaluator, path)?
                .as_str()
                .is_some_and(|right| matches(*comparison, left.cmp(right))),
            (None, _) => false,
        },
        Test::StringMatches(pattern) => value.as_str().is_some_and(|text| wildcard(pattern, text)),
        Test::Numeric(comparison, operand) => match (value.as_f64(), operand) {
            (Some(left), Operand::Literal(right)) => left
                .partial_cmp(right)
                .is_some_and(|order| matches(*comparison, order)),
            (Some(left), Operand::Path(path)) => required(evaluator, path)?
                .as_f64()
                .and_then(|right| left.partial_cmp(&right))
                .is_some_and(|order| matches(*comparison, order)),
            (None, _) => false,
        },
        Test::Boolean(operand) => match (value.as_bool(), operand) {
            (Some(left), Operand::Literal(right)) => left == *right,
            (Some(left), Operand::Path(path)) => required(evaluator, path)?.as_bool() == Some(left),
            (None, _) => false,
        },
        Test::Timestamp(comparison, operand) => match (as_timestamp(value), operand) {
            (Some(left), Operand::Literal(right)) => matches(*comparison, left.cmp(right)),
            (Some(left), Operand::Path(path)) => as_timestamp(&*required(evaluator, path)?)
                .is_some_and(|right| matches(*comparison, left.cmp(&right))),
            (None, _) => false,
        },
    })
}

/// Evaluates a path of a Choice rule, which must lead somewhere.
fn required<'a>(evaluator: &'a Evaluator<'_>, path: &'a Path) -> Result<Cow<'a, Value>, Fault> {
    match path.select(evaluator) {
        Ok(value) => Ok(value),
        Err(PathError::NotFound { .. }) => {
            let message = format!(
                "Invalid path '{}': The choice state's condition path references an invalid value.",
                path.text()
            );
            Err(evaluator.fault(errors::RUNTIME, &message))
        }
        Err(other) => Err(evaluator.fault(errors::RUNTIME, &other.to_string())),
    }
}

fn as_timestamp(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(Timestamp::parse)
}

fn matches(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equals => order == Ordering::Equal,
        Comparison::LessThan => order == Ordering::Less,
        Comparison::GreaterThan => order == Ordering::Greater,
        Comparison::LessThanEquals => order != Ordering::Greater,
        Comparison::GreaterThanEquals => order != Ordering::Less,
    }
}

/// Compares text with a StringMatches pattern: `*` stands for any characters, `\*` and `\\` for themselves.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut pieces = vec![String::new()];
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            '*' => {
                pieces.push(String::new());
                continue;
            }
            '\\' => characters.next().unwrap_or('\\'),
            other => other,
        };
        if let Some(piece) = pieces.last_mut() {
            piece.push(literal);
        }
    }
    // The first piece stands at the beginning and the last one at the end; each between is looked for behind the one
    // before, which takes no longer than pattern and text are long.
    let mut pieces = pieces.into_iter();
    let (first, last) = (pieces.next(), pieces.next_back());
    let Some(mut rest) = text.strip_prefix(&*first.unwrap_or_default()) else {
        return false;
    };
    let Some(last) = last else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.split_once(&*piece) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(&*last)
}

#[cfg(test)]
mod tests {
    use super::wildcard;

    #[test]
    fn wildcards_stand_for_any_characters() {
        for (pattern, text, expected) in [
            ("log-*.txt", "log-1.txt", true),
            ("log-*.txt", "log-1.txt.gz", false),
            ("*", "", true),
            ("a*b*c", "aXXbYYbZc", true),
            ("a*b*c", "aXXc", false),
            ("1\\*2", "1*2", true),
            ("1\\*2", "1x2", false),
            ("", "x", false),
            ("é*", "éa", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("**", "x", true),
            ("*b*", "abc", true),
            ("a**c", "abc", true),
            ("x\\", "x\\", true),
            ("", "", true),
        ] {
            assert_eq!(wildcard(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn no_pattern_takes_long() {
        // Letter by letter this would be 26,000,000,000 comparisons.
        let pattern = format!("*{}b*", "a".repeat(100_000));
        assert!(!wildcard(&pattern, &"a".repeat(260_000)));
        assert!(!wildcard(&"*a".repeat(50_000), &"ab".repeat(40_000)));
    }
}
