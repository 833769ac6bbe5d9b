//! Checks that the files of the examples agree with each other: definitions, inputs, mocks, settings and programs.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use asl::MachineType;
use asl::program::{StateKind, Task, Template};
use function_host::FunctionSettings;
use mocks::MockConfiguration;
use serde::Deserialize;
use serde_json::Value;

const INVOKE: &str = "arn:aws:states:::lambda:invoke";

/// The programs of this package.
const PROGRAMS: [(&str, &str); 3] = [
    ("create-invoice", env!("CARGO_BIN_EXE_create-invoice")),
    ("refund-payment", env!("CARGO_BIN_EXE_refund-payment")),
    ("validate-payment", env!("CARGO_BIN_EXE_validate-payment")),
];

/// The example's `stepwell.toml`, as far as it is checked here.
#[derive(Deserialize)]
struct Settings {
    definition: PathBuf,
    mocks: PathBuf,
    runs: Vec<Run>,
    functions: BTreeMap<String, FunctionSettings>,
}

#[derive(Deserialize)]
struct Run {
    name: String,
    input: PathBuf,
    test_case: String,
}

#[test]
fn every_definition_compiles_without_a_finding() {
    let definitions = definitions();
    assert!(definitions.len() >= 15, "only {} were found", definitions.len());
    for path in definitions {
        let compiled = asl::compile(&text(&path), MachineType::Standard);
        assert_eq!(compiled.diagnostics, [], "{}", path.display());
        let program = compiled.program.unwrap();
        assert!(
            program.comment.is_some(),
            "{} says not what it shows",
            path.display()
        );
    }
}

#[test]
fn every_input_and_every_mock_file_belongs_to_a_definition() {
    for path in files(&examples().join("states")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some((stem, kind)) = name.split_once('.') else {
            continue;
        };
        match kind {
            "asl.json" | "md" => {}
            "input.json" => {
                let input: Value = serde_json::from_str(&text(&path)).unwrap();
                assert!(input.is_object(), "{name}");
            }
            "mocks.json" => check_mocks(&path, &path.with_file_name(format!("{stem}.asl.json")), stem),
            _ => panic!("`{name}` is neither a definition nor an input nor a mock file"),
        }
        let definition = path.with_file_name(format!("{stem}.asl.json"));
        assert!(kind == "md" || definition.is_file(), "`{name}` has no definition");
    }
}

#[test]
fn every_state_example_is_in_the_list() {
    let list = text(&examples().join("states/README.md"));
    for path in files(&examples().join("states")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".asl.json") {
            assert!(
                list.contains(&format!("[`{name}`]({name})")),
                "`{name}` is not in the list"
            );
        }
    }
}

#[test]
fn the_settings_name_files_and_test_cases_that_are_there() {
    let (folder, settings) = settings();
    let mocks_path = folder.join(&settings.mocks);
    check_mocks(
        &mocks_path,
        &folder.join(&settings.definition),
        "order-processing",
    );
    let mocks = MockConfiguration::read(mocks_path).unwrap();
    assert!(mocks.default_test_case("order-processing").is_some());
    for run in &settings.runs {
        let input: Value = serde_json::from_str(&text(&folder.join(&run.input))).unwrap();
        assert!(input["orderId"].is_string(), "{}", run.name);
        assert!(
            mocks.has_test_case("order-processing", &run.test_case),
            "{}",
            run.name
        );
    }
}

#[test]
fn the_functions_of_the_workflow_are_set_and_are_programs_of_this_package() {
    let (folder, settings) = settings();
    let called = functions(&folder.join(&settings.definition));
    let set: BTreeSet<String> = settings.functions.keys().cloned().collect();
    assert_eq!(called, set);
    for (name, function) in settings.functions {
        let command = format!("../../target/{{profile}}/{name}");
        assert_eq!(function.command, [command]);
        let (_, program) = PROGRAMS.iter().find(|(program, _)| *program == name).unwrap();
        assert_eq!(
            Path::new(program).file_stem().unwrap().to_str(),
            Some(name.as_str())
        );
    }
}

#[test]
fn no_function_is_mocked_in_the_order_workflow() {
    let (folder, settings) = settings();
    let mocks: Value = serde_json::from_str(&text(&folder.join(settings.mocks))).unwrap();
    let tasks = tasks(&folder.join(settings.definition));
    let test_cases = mocks["StateMachines"]["order-processing"]["TestCases"]
        .as_object()
        .unwrap();
    for (test_case, mocked) in test_cases {
        for state in mocked.as_object().unwrap().keys() {
            assert_ne!(tasks[state].resource.text(), INVOKE, "`{state}` in `{test_case}`");
        }
    }
}

/// Checks that a mock file reads well, and that every state and response it names is there.
fn check_mocks(mocks: &Path, definition: &Path, machine: &str) {
    let configuration = MockConfiguration::read(mocks).unwrap();
    assert_eq!(configuration.problems(), [], "{}", mocks.display());
    let tasks = tasks(definition);
    let document: Value = serde_json::from_str(&text(mocks)).unwrap();
    let machines = document["StateMachines"].as_object().unwrap();
    assert_eq!(
        machines.keys().collect::<Vec<_>>(),
        [machine],
        "{}",
        mocks.display()
    );
    let mut used = BTreeSet::new();
    for (test_case, mocked) in machines[machine]["TestCases"].as_object().unwrap() {
        for (state, response) in mocked.as_object().unwrap() {
            assert!(
                tasks.contains_key(state),
                "`{test_case}` names `{state}`, which is no Task state"
            );
            used.insert(response.as_str().unwrap());
        }
    }
    for response in document["MockedResponses"].as_object().unwrap().keys() {
        assert!(used.contains(response.as_str()), "no test case uses `{response}`");
    }
}

/// The Task states of a definition, at any depth.
fn tasks(definition: &Path) -> BTreeMap<String, Task> {
    let program = asl::compile(&text(definition), MachineType::Standard)
        .program
        .unwrap();
    let tasks = program.states.into_iter().filter_map(|state| match state.kind {
        StateKind::Task(task) => Some((state.name.to_string(), *task)),
        _ => None,
    });
    tasks.collect()
}

/// The names of the functions that a definition calls.
fn functions(definition: &Path) -> BTreeSet<String> {
    let tasks = tasks(definition).into_values();
    let calls = tasks.filter(|task| task.resource.text() == INVOKE);
    calls
        .map(|task| function_name(&task.flow.arguments.unwrap()))
        .collect()
}

fn function_name(arguments: &Template) -> String {
    let Template::Object(members) = arguments else {
        panic!("expected arguments with expressions, got {arguments:?}");
    };
    let (_, name) = members.iter().find(|(name, _)| name == "FunctionName").unwrap();
    match name {
        Template::Literal(Value::String(name)) => name.clone(),
        other => panic!("expected a function's name, got {other:?}"),
    }
}

fn settings() -> (PathBuf, Settings) {
    let folder = examples().join("order-processing");
    let settings = toml::from_str(&text(&folder.join("stepwell.toml"))).unwrap();
    (folder, settings)
}

fn definitions() -> Vec<PathBuf> {
    let mut found = files(&examples().join("states"));
    found.extend(files(&examples().join("order-processing")));
    found.retain(|path| path.to_string_lossy().ends_with(".asl.json"));
    found
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
