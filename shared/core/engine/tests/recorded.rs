//! Compares the engine's histories with those recorded from AWS.
//!
//! What services, functions, workers and clients did is part of a recording: the test does the same at the same
//! moments. The recordings are not part of the repository: without them this test says so and passes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "the recordings are files")]

mod play;

use engine::{CallId, ExecutionType, Limits, Message, Status};
use play::Play;
use play::compare::{Bindings, compare};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Cases that are not compared, each with its reason.
const DIFFERENT: &[(&str, &str)] = &[(
    "parallel_state_",
    "recorded with the events of concurrent branches sorted together and without their ids",
)];

#[test]
fn histories_are_those_recorded_from_aws() {
    let Some(folder) = recordings() else {
        println!("skipped: no recordings (set STEPWELL_RECORDINGS to their folder)");
        return;
    };
    let mut run: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = BTreeMap::new();
    for path in cases(&folder.join("execution")) {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_distributed = case["definition"].to_string().contains("\"DISTRIBUTED\"");
        if case["expected"]["events"].is_null()
            || is_distributed
            || DIFFERENT.iter().any(|(part, _)| name.contains(part))
        {
            continue;
        }
        *run.entry(if case["self_contained"] == json!(true) {
            "alone"
        } else {
            "with calls"
        })
        .or_default() += 1;
        if let Err(difference) = check(&case) {
            wrong.insert(name, difference);
        }
    }
    for (name, difference) in &wrong {
        println!("{name}: {difference}");
    }
    let count: usize = run.values().sum();
    println!(
        "{} of {count} recorded histories are equal {run:?}",
        count - wrong.len()
    );
    assert!(wrong.is_empty(), "{} of {count} differ", wrong.len());
    assert!(count > 0, "the folder of recordings holds no case");
}

/// Most cases were recorded without their history: those are compared by how they end.
#[test]
fn ends_are_those_recorded_from_aws() {
    let Some(folder) = recordings() else {
        println!("skipped: no recordings (set STEPWELL_RECORDINGS to their folder)");
        return;
    };
    let mut count = 0;
    let mut wrong = BTreeMap::new();
    for path in cases(&folder.join("execution")) {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        // Where both sides of a comparison are dates, the recording has lost them: the same word stands for each.
        let is_lost = case["input"]["Variable"] == json!("date");
        if case["self_contained"] != json!(true) || !case["expected"]["events"].is_null() || is_lost {
            continue;
        }
        count += 1;
        if let Err(difference) = check_end(&case) {
            wrong.insert(
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                difference,
            );
        }
    }
    for (name, difference) in &wrong {
        println!("{name}: {difference}");
    }
    println!("{} of {count} recorded ends are equal", count - wrong.len());
    assert!(wrong.is_empty(), "{} of {count} differ", wrong.len());
}

fn check_end(case: &Value) -> Result<(), String> {
    let execution_type = match case["type"].as_str() {
        Some("EXPRESS") => ExecutionType::Express,
        _ => ExecutionType::Standard,
    };
    let definition = filled(&case["definition"].to_string());
    let input = filled(case["input_text"].as_str().unwrap_or("{}"));
    let mut play = Play::of_type(execution_type, &definition, &input, Limits::default())?;
    play.run_to_the_end()?;
    let expected = &case["expected"];
    let closing = play.execution.closing.as_ref().ok_or("no end")?;
    let mut got = json!({ "status": closing.status.name() });
    if let Some(output) = &closing.output {
        got["output"] = output.value().clone();
    }
    for (field, text) in [("error", &closing.error), ("cause", &closing.cause)] {
        if let Some(text) = text {
            got[field] = json!(text);
        }
    }
    let mut wanted = expected.clone();
    wanted
        .as_object_mut()
        .ok_or("no end recorded")?
        .remove("outputDetails");
    compare(&wanted, &got, &mut Bindings::default())
        .map_err(|why| format!("{why}\n   wanted {wanted}\n      got {got}"))
}

fn recordings() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/conformance");
    let folder = std::env::var_os("STEPWELL_RECORDINGS").map_or(beside, PathBuf::from);
    folder.join("execution").is_dir().then_some(folder)
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(cases(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn check(case: &Value) -> Result<(), String> {
    let definition = filled(&case["definition"].to_string());
    let input = filled(case["input_text"].as_str().unwrap_or("{}"));
    let expected = case["expected"]["events"].as_array().unwrap();
    let mut play = Play::new(&definition, &input)?;
    let followed = follow(&mut play, expected);
    let mut bindings = Bindings::default();
    for (number, wanted) in expected.iter().enumerate() {
        let got = play.event_as_json(number);
        let got = got.ok_or_else(|| format!("event {} is missing: {wanted} {followed:?}", number + 1))?;
        compare(wanted, &got, &mut bindings)
            .map_err(|why| format!("event {}: {why}\n   wanted {wanted}\n      got {got}", number + 1))?;
    }
    followed?;
    if play.events.len() > expected.len() {
        return Err(format!("{} events too many", play.events.len() - expected.len()));
    }
    Ok(())
}

/// Plays an execution, with everything around it doing what the recorded history says it did.
fn follow(play: &mut Play, expected: &[Value]) -> Result<(), String> {
    while play.execution.status == Status::Running {
        let Some(next) = expected.get(play.events.len()) else {
            return Err("the recording ends before the execution".to_owned());
        };
        let message = match called(play, next) {
            Some(call) => reported(next, call),
            None => None,
        };
        let Some(message) = message else {
            let deadline = play.execution.next_deadline().ok_or("waits for nothing")?;
            play.now = play.now.max(deadline);
            play.tell(Message::Wake);
            continue;
        };
        if !play.tell(message) {
            return Err(format!("does not wait for {next}"));
        }
    }
    Ok(())
}

/// Returns the call that led to a recorded event: back from its predecessor to the `...Scheduled` event.
fn called(play: &Play, event: &Value) -> Option<CallId> {
    let mut id = event["previousEventId"].as_u64()?;
    loop {
        if let Some(call) = play.scheduled.get(&id) {
            return Some(call.id);
        }
        let before = play.events.get(usize::try_from(id).ok()?.checked_sub(1)?)?;
        if !matches!(
            before.details.event_type().as_str(),
            "TaskStarted" | "TaskSubmitted" | "LambdaFunctionStarted" | "ActivityStarted"
        ) {
            return None;
        }
        id = before.previous;
    }
}

/// Returns the message behind a recorded event of a task; `None` for a time-out and for what needs no message.
fn reported(event: &Value, call: CallId) -> Option<Message> {
    let kind = event["type"].as_str()?;
    let name = format!("{}{}EventDetails", kind[..1].to_lowercase(), &kind[1..]);
    let details = &event[name.as_str()];
    // Objects stand parsed in the recordings, everything else as its JSON text.
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let failure = || integrations::Failure {
        error: details["error"].as_str().unwrap_or_default().to_owned(),
        cause: details.get("cause").map(text),
    };
    Some(match kind {
        "TaskSubmitted" => Message::CallSucceeded {
            call,
            output: text(&details["output"]),
        },
        "ActivityStarted" => Message::ActivityStarted {
            call,
            worker_name: details["workerName"].as_str().map(str::to_owned),
        },
        "LambdaFunctionSucceeded" => Message::CallSucceeded {
            call,
            output: text(&details["output"]),
        },
        "LambdaFunctionFailed" => Message::CallFailed {
            call,
            failure: failure(),
        },
        "ActivitySucceeded" => Message::Callback {
            call,
            result: Ok(text(&details["output"])),
        },
        "ActivityFailed" => Message::Callback {
            call,
            result: Err(failure()),
        },
        "TaskSucceeded" if ends_later(details) => Message::Callback {
            call,
            result: Ok(text(&details["output"])),
        },
        "TaskFailed" if ends_later(details) => Message::Callback {
            call,
            result: Err(failure()),
        },
        "TaskSucceeded" => Message::CallSucceeded {
            call,
            output: text(&details["output"]),
        },
        "TaskFailed" => Message::CallFailed {
            call,
            failure: failure(),
        },
        _ => return None,
    })
}

fn ends_later(details: &Value) -> bool {
    details["resource"]
        .as_str()
        .is_some_and(|resource| resource.contains('.'))
}

/// Puts real values in the place of what stands for volatile ones.
fn filled(text: &str) -> String {
    text.replace("\"date\"", "\"2016-03-14T01:59:00Z\"")
        .replace("<partition>", "aws")
        .replace("<region>", "us-east-1")
        .replace("<test_aws_account_id>", "111111111111")
        .replace(
            "\"Resource\":\"activity_arn\"",
            "\"Resource\":\"arn:aws:states:us-east-1:111111111111:activity:worker\"",
        )
}
