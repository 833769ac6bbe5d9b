//! Single operations and their answers, as they were recorded from AWS.

use super::compare::{Bindings, compare};
use super::recorded;
use crate::support::{Options, Raw, Reply, Server, post, stand_in};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// One recorded operation.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// Its name in reports and lists.
    pub(crate) name: String,
    /// The folder that the file is in.
    pub(crate) topic: String,
    operation: String,
    request: Value,
    expected: Value,
}

/// Reads a recorded operation.
pub(crate) fn read(path: &Path, number: usize) -> Recorded {
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

/// Calls all operations; returns what differs in each answer.
pub(crate) fn call_all(files: &[PathBuf]) -> Vec<(Recorded, Option<String>)> {
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
            (case, difference.map(|why| format!("{why}\n      got {}", answer.body)))
        })
        .collect()
}

fn check(expected: &Value, answer: &Raw) -> Result<(), String> {
    if let Some(error) = expected.get("Error") {
        let seen = (answer.status, answer.error_type.as_deref(), &answer.body["message"]);
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
