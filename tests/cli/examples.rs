//! The examples, run as their pages say.

use super::{Ended, Folder};
use crate::support::{Options, Server, output, repository};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs `stepwell` on files of an example, from a folder that is not theirs.
fn stepwell(arguments: &[&str]) -> Ended {
    Folder::new().stepwell(arguments)
}

fn states() -> PathBuf {
    repository().join("examples/states")
}

/// Returns the names of the definitions in `examples/states`: `pass`, `task` and so on.
fn names() -> BTreeSet<String> {
    let entries = std::fs::read_dir(states())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries
        .filter_map(|name| name.strip_suffix(".asl.json").map(str::to_owned))
        .collect()
}

/// Runs a definition of `examples/states` with the files that lie beside it.
fn run(name: &str, more: &[&str]) -> Ended {
    let file = |suffix: &str| {
        states()
            .join(format!("{name}.{suffix}.json"))
            .to_string_lossy()
            .into_owned()
    };
    let (definition, input, mocks) = (file("asl"), file("input"), file("mocks"));
    let mut arguments = vec!["run", &definition, "--fast-forward", "--json"];
    if Path::new(&input).is_file() {
        arguments.extend(["--input", &input]);
    }
    if Path::new(&mocks).is_file() {
        arguments.extend(["--mock", &mocks]);
    }
    arguments.extend(more);
    stepwell(&arguments)
}

#[test]
fn every_state_example_runs() {
    for name in names() {
        let outcome = match name.as_str() {
            // It needs another state machine: see the next test but one.
            "nested" => continue,
            _ => run(&name, &[]),
        };
        let expected = if name == "fail" {
            (Some(1), json!("FAILED"))
        } else {
            (Some(0), json!("SUCCEEDED"))
        };
        assert_eq!(
            (outcome.code, outcome.json()["status"].clone()),
            expected,
            "{name}: {outcome:?}"
        );
    }
}

#[test]
fn the_state_examples_do_what_they_say() {
    assert_eq!(run("fail", &[]).json()["cause"], "kettle-steel has no stock left");
    assert_eq!(run("map", &[]).json()["output"]["totalCents"], 6990 + 5900 + 960);
    assert_eq!(
        run("parallel", &[]).json()["output"],
        json!({ "sum": 14, "largest": 5 })
    );
    assert_eq!(
        run("task", &[]).json()["output"],
        json!({ "sku": "kettle-steel", "stock": 20 })
    );
    assert_eq!(run("loop", &[]).json()["output"], json!({ "rounds": 10_000 }));
    assert_eq!(
        run("variables", &[]).json()["output"],
        json!(["Hello Ada, about kettles", "Hello Ada, about teapots"])
    );
    assert_eq!(
        run("retry-and-catch", &[]).json()["output"],
        json!({ "charged": true, "receipt": "receipt-17" })
    );
    let lost = run("retry-and-catch", &["--test-case", "CardLost"]).json();
    assert_eq!(lost["output"], json!({ "charged": false, "because": "CardLost" }));
    let silence = run("callback", &["--test-case", "NoAnswer"]).json();
    assert_eq!(
        (&silence["status"], &silence["error"]),
        (&json!("FAILED"), &json!("Refused"))
    );
}

#[tokio::test]
async fn the_nested_example_runs_on_a_server() {
    let server = Server::start_with(Options {
        fast_forward: true,
        ..Options::default()
    });
    let read = |name: &str| std::fs::read_to_string(states().join(name)).unwrap();
    let mut machine = String::new();
    for name in ["pass", "nested"] {
        let definition: Value = serde_json::from_str(&read(&format!("{name}.asl.json"))).unwrap();
        machine = server.create(name, &definition).await;
    }
    let run = server.run(&machine, "run", &read("nested.input.json")).await;
    let label = output(&server.ended(&run).await);
    assert_eq!(
        label,
        json!({ "carrier": "post", "label": "Ada Hartwell, 1010 Vienna" })
    );
}

/// Builds the functions of the order example, unless they are there: `cargo test` in the repository's folder builds
/// them before any test runs, because their package has tests of its own that need them.
fn build_order_functions() {
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let programs = repository().join("target").join(profile);
    if ["validate-payment", "refund-payment", "create-invoice"]
        .iter()
        .all(|name| programs.join(name).is_file())
    {
        return;
    }
    let mut build = Command::new(env!("CARGO"));
    build.current_dir(repository()).args([
        "build",
        "--quiet",
        "-p",
        "order-functions",
        "--target-dir",
        "target",
    ]);
    if profile == "release" {
        build.arg("--release");
    }
    let built = build.output().expect("cargo runs");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
}

#[test]
fn the_order_example_runs_as_its_page_says() {
    build_order_functions();
    let folder = repository()
        .join("examples/order-processing")
        .to_string_lossy()
        .into_owned();
    let ended = stepwell(&["run", &folder, "--json", "--fast-forward"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let outcomes = ended.json();
    let of = |name: &str| {
        let rows = outcomes.as_array().unwrap();
        rows.iter()
            .find(|row| row["name"] == name)
            .unwrap_or_else(|| panic!("no run `{name}`: {outcomes:#}"))
    };
    assert_eq!(of("good")["status"], "SUCCEEDED");
    for name in ["declined", "out-of-stock"] {
        assert_eq!(of(name)["status"], "FAILED", "{name}");
        assert!(of(name)["error"].is_string(), "{name}");
    }
    assert_ne!(of("declined")["cause"], of("out-of-stock")["cause"]);

    let table = stepwell(&["run", &folder, "--fast-forward"]);
    assert_eq!(table.code, Some(0), "{table:?}");
    assert!(
        table.out.contains("good") && table.out.contains("SUCCEEDED"),
        "{}",
        table.out
    );
    assert!(!table.out.contains("NOT AS EXPECTED"), "{}", table.out);
}
