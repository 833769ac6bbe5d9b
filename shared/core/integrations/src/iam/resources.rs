//! What an operation acts on, as far as its parameters name it.

use super::parameters::{Member, is_arn, is_placeholder};
use super::{Condition, Operation, actions};

/// Operations and the resources that their parameters name.
const NAMED: &str = include_str!("resources.txt");

/// The resources of an operation.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// ARNs, or `*`.
    pub(super) arns: Vec<String>,
    pub(super) conditions: Vec<Condition>,
    /// Why it is `*`.
    pub(super) wide: Option<String>,
}

impl Named {
    pub(super) fn arns(arns: Vec<String>) -> Named {
        Named {
            arns,
            conditions: Vec::new(),
            wide: None,
        }
    }

    pub(super) fn any(why: impl Into<String>) -> Named {
        Named {
            wide: Some(why.into()),
            ..Named::arns(vec!["*".to_owned()])
        }
    }
}

/// Returns what an operation acts on.
pub(super) fn of(operation: &Operation<'_>) -> Named {
    let templates = actions::rows(NAMED).find_map(|[service, templates, operations]| {
        (service == operation.client && actions::names(operations, operation.name)).then_some(templates)
    });
    let Some(templates) = templates else {
        return Named::any("it acts on no single resource, or on one that its parameters do not name");
    };
    let mut arns: Vec<String> = Vec::new();
    for template in templates.split(' ') {
        match filled(template, operation) {
            Filled::Arns(filled) => arns.extend(filled),
            Filled::Unknown(member, Member::Later) => {
                return Named::any(format!("`{member}` is chosen when it runs"));
            }
            Filled::Unknown(member, _) => return Named::any(format!("no `{member}` is given")),
        }
    }
    arns.sort();
    arns.dedup();
    Named::arns(arns)
}

enum Filled<'a> {
    Arns(Vec<String>),
    /// Nothing in the template is known; the member that would have told most.
    Unknown(String, Member<'a>),
}

/// Fills a template with the parameters.
fn filled<'a>(template: &str, operation: &Operation<'a>) -> Filled<'a> {
    let prefix = actions::prefix(operation.client);
    let mut made = vec![match template.starts_with("arn:") {
        true => String::new(),
        false => operation.place.arn(prefix, ""),
    }];
    let mut rest = template;
    let mut unknown = None;
    let mut is_known = !template.contains('{');
    while let Some((before, behind)) = rest.split_once('{') {
        let (field, after) = behind.split_once('}').unwrap_or((behind, ""));
        made.iter_mut().for_each(|arn| arn.push_str(before));
        rest = after;
        let place = match field {
            "partition" => Some(&operation.place.partition),
            "account" => Some(&operation.place.account),
            _ => None,
        };
        if let Some(text) = place {
            made.iter_mut().for_each(|arn| arn.push_str(text));
            continue;
        }
        let (names, default) = match field.split_once('=') {
            Some((names, default)) => (names, Some(default)),
            None => (field, None),
        };
        let (name, member) = given(names, operation);
        let texts = match (&member, default) {
            (Member::Texts(texts), _) => texts.clone(),
            (Member::Absent, Some(default)) if !default.is_empty() => vec![default],
            (Member::Absent | Member::Later, _) => {
                unknown.get_or_insert((name, member));
                made.iter_mut().for_each(|arn| arn.push('*'));
                continue;
            }
        };
        is_known = true;
        let part = |text: &str| written(text, name, default.is_some(), prefix);
        let with = |text: &&str, arn: &String| match part(text) {
            Part::Whole(whole) => whole,
            Part::Name(name) => format!("{arn}{name}"),
        };
        made = texts
            .iter()
            .flat_map(|text| made.iter().map(move |arn| with(text, arn)))
            .collect();
        if rest == ":*" {
            // What names a version or an alias has none behind it.
            made.iter_mut()
                .filter(|arn| !is_qualified(arn))
                .for_each(|arn| arn.push_str(rest));
            rest = "";
        }
    }
    made.iter_mut().for_each(|arn| arn.push_str(rest));
    match unknown {
        Some((name, member)) if !is_known => Filled::Unknown(name.to_owned(), member),
        Some(_) | None => Filled::Arns(made),
    }
}

/// Returns the first of several members that is given, with its name.
fn given<'t, 'a>(names: &'t str, operation: &Operation<'a>) -> (&'t str, Member<'a>) {
    let mut first = None;
    for name in names.split('/') {
        let name = name.trim_end_matches("[]");
        match Member::of(operation.parameters, name) {
            Member::Absent => first = first.or(Some((name, Member::Absent))),
            member => return (name, member),
        }
    }
    first.unwrap_or((names, Member::Absent))
}

enum Part {
    /// The value is the whole resource.
    Whole(String),
    /// The value is a name in it.
    Name(String),
}

/// Writes a value as a part of an ARN.
fn written(text: &str, member: &str, is_inner: bool, prefix: &str) -> Part {
    match (is_arn(text, member), is_inner) {
        (true, true) if text.starts_with("arn:") => {
            Part::Name(text.rsplit(['/', ':']).next().unwrap_or("*").to_owned())
        }
        // It is known when it is deployed, but nobody can take the name out of it.
        (true, true) => Part::Name("*".to_owned()),
        (true, false) if prefix == "secretsmanager" => Part::Whole(secret(text)),
        (true, false) => Part::Whole(text.to_owned()),
        (false, _) => Part::Name(match prefix {
            "secretsmanager" => secret(text),
            "ssm" => text.trim_start_matches('/').to_owned(),
            "lambda" => text
                .rsplit_once("function:")
                .map_or(text, |(_, name)| name)
                .to_owned(),
            _ => text.to_owned(),
        }),
    }
}

/// Secrets Manager puts a hyphen and six characters behind a secret's name.
fn secret(text: &str) -> String {
    let has_suffix = text
        .rsplit_once('-')
        .is_some_and(|(_, end)| end.len() == 6 && end.chars().all(|c| c.is_ascii_alphanumeric()));
    if is_placeholder(text) && is_arn(text, "") || (text.starts_with("arn:") && has_suffix) {
        text.to_owned()
    } else {
        format!("{text}-??????")
    }
}

/// Returns whether an ARN ends with a version or an alias.
fn is_qualified(arn: &str) -> bool {
    let resource: Vec<&str> = arn.splitn(6, ':').collect();
    let Some(resource) = resource.get(5) else {
        return false;
    };
    let kinds = ["function:", "log-group:"];
    let name = kinds
        .iter()
        .find_map(|kind| resource.strip_prefix(kind))
        .unwrap_or(resource);
    // The colons of `${AWS::AccountId}` are none.
    name.split("${").enumerate().any(|(index, part)| {
        let outside = if index == 0 {
            part
        } else {
            part.split_once('}').map_or("", |(_, end)| end)
        };
        outside.contains(':')
    })
}
