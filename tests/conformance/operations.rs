//! Single operations and their answers, as they were recorded from AWS.

use super::Compared;
use super::compare::{Bindings, compare};
use super::recorded;
use crate::support::{Options, Raw, Reply, Server, post, stand_in};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Calls all operations; returns what differs in each answer.
pub(crate) fn call_all(files: &[PathBuf]) -> Vec<Compared> {
    // Functions answer with what they get.
    let functions = stand_in(|request| {
        let echo = match request.body.as_str() {
            "" | "null" => "{}".to_owned(),
            body => body.to_owned(),
        };
        Reply::new(200, "application/json", echo).with_header("X-Amz-Executed-Version", "$LATEST")
    });
    let server = Server::start_with(Options {
        environment: vec![("AWS_ENDPOINT_URL".to_owned(), functions)],
        ..Options::default()
    });
    let numbered = files.iter().enumerate();
    numbered
        .map(|(number, file)| {
            let case = read(file, number);
            let answer = post(&server, &case.operation, case.request.to_string().as_bytes());
            let difference = check(&case.expected, &answer).err();
            Compared {
                name: case.name,
                topic: case.topic,
                difference: difference.map(|why| format!("{why}\n      got {}", answer.body)),
            }
        })
        .collect()
}

/// One recorded operation.
struct Recorded {
    name: String,
    topic: String,
    operation: String,
    request: Value,
    expected: Value,
}

fn read(path: &Path, number: usize) -> Recorded {
    let text = std::fs::read_to_string(path).expect("a recording can be read");
    let parsed: Value = serde_json::from_str(&text).expect("a recording is JSON");
    let mark = format!("o{number:03}x");
    let fill = |value: &Value| -> Value {
        serde_json::from_str(&recorded::fill(&value.to_string(), &mark, false)).expect("it is still JSON")
    };
    let mut request = fill(&parsed["request"]);
    if let Some(members) = request.as_object_mut() {
        // The recording has documents twice: as they were sent, and parsed.
        members.retain(|name, _| !name.ends_with("_parsed"));
    }
    let mut expected = fill(&parsed["expected"]);
    if expected.get("activityArn").is_some() {
        expected["activityArn"] = json!("<arn>");
    }
    let of = |path: Option<&Path>| {
        let name = path.and_then(Path::file_stem).unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    Recorded {
        name: of(Some(path)),
        topic: of(path.parent()),
        operation: parsed["operation"].as_str().unwrap_or_default().to_owned(),
        request,
        expected,
    }
}

fn check(expected: &Value, answer: &Raw) -> Result<(), String> {
    // Some were recorded as the exception that a program saw.
    if let (Some(code), Some(told)) = (
        expected["exception_typename"].as_str(),
        expected["exception_value"].as_str(),
    ) {
        let seen = (answer.error_type.as_deref(), answer.body["message"].as_str());
        let message = told.split_once(" operation: ").map(|(_, message)| message);
        return match seen == (Some(code), message) {
            true => Ok(()),
            false => Err(format!("{seen:?} is not {expected}")),
        };
    }
    if let Some(error) = expected.get("Error") {
        let seen = (
            answer.status,
            answer.error_type.as_deref(),
            &answer.body["message"],
        );
        return match seen == (400, error["Code"].as_str(), &error["Message"]) {
            true => Ok(()),
            false => Err(format!("{seen:?} is not {error}")),
        };
    }
    if answer.status != 200 {
        return Err(format!("refused: {} is not {expected}", answer.body));
    }
    let mut expected = expected.clone();
    if let Some(members) = expected.as_object_mut() {
        members.remove("ResponseMetadata");
    }
    compare(&expected, &answer.body, &mut Bindings::default())
}
