use serde_json::json;

use super::*;

fn launch(table: serde_json::Value) -> Result<Launch, String> {
    let settings: FunctionSettings = serde_json::from_value(table).map_err(|error| error.to_string())?;
    settings
        .launch("charge", Path::new("/project"))
        .map_err(|error| error.to_string())
}

#[test]
fn defaults_are_those_of_aws() {
    let launch = launch(json!({"command": ["node", "index.js"]})).unwrap();
    assert_eq!(launch.timeout, Duration::from_secs(3));
    assert_eq!(launch.memory_mb, 128);
    assert_eq!(launch.program, Path::new("node"));
    assert_eq!(launch.arguments, ["index.js"]);
    assert_eq!(launch.working_directory, Path::new("/project"));
}

#[test]
fn paths_start_where_the_documentation_says() {
    let bare = launch(json!({"bootstrap": "target/charge"})).unwrap();
    assert_eq!(bare.program, Path::new("/project/target/charge"));
    assert_eq!(bare.working_directory, Path::new("/project/target"));

    let command = launch(json!({"command": ["./run", "x"], "working_directory": "fn"})).unwrap();
    assert_eq!(command.program, Path::new("/project/fn/./run"));
    assert_eq!(command.working_directory, Path::new("/project/fn"));
}

#[test]
fn a_folder_stands_for_the_bootstrap_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = FunctionSettings {
        bootstrap: Some(PathBuf::from(".")),
        ..FunctionSettings::default()
    };
    let launch = settings.launch("charge", folder.path()).unwrap();
    assert!(launch.program.ends_with("bootstrap"), "{launch:?}");
    assert!(launch.program.starts_with(folder.path()), "{launch:?}");
}

#[test]
fn a_python_handler_runs_in_the_bootstrap_that_is_brought() {
    let own = launch(json!({"runtime": "python3", "handler": "app.run"})).unwrap();
    assert_eq!(
        (own.program.as_path(), own.handler.as_str()),
        (Path::new("python3"), "app.run")
    );
    assert_eq!(own.arguments, ["-u", "-"]);
    assert!(own.input.unwrap().contains("AWS_LAMBDA_RUNTIME_API"));

    let venv =
        launch(json!({"runtime": "python3", "handler": "app.run", "command": [".venv/bin/python", "-I"]}));
    let venv = venv.unwrap();
    assert_eq!(venv.program, Path::new("/project/.venv/bin/python"));
    assert_eq!(venv.arguments, ["-I", "-u", "-"]);
}

#[test]
fn mistakes_are_told_by_name() {
    let cases = [
        (
            json!({}),
            "function `charge`: one of `command`, `bootstrap` and `runtime` is needed",
        ),
        (
            json!({"command": ["a"], "bootstrap": "b"}),
            "function `charge`: `bootstrap` and `command` exclude each other",
        ),
        (
            json!({"runtime": "python3", "handler": "a.b", "bootstrap": "b"}),
            "function `charge`: `bootstrap` and `runtime` exclude each other",
        ),
        (
            json!({"runtime": "python3"}),
            "function `charge`: `runtime` needs a `handler`, such as `module.function`",
        ),
        (
            json!({"command": ["a"], "timeout_seconds": 0}),
            "function `charge`: `timeout_seconds` is 0, expected 1 to 900",
        ),
        (
            json!({"command": ["a"], "concurrency": 0}),
            "function `charge`: `concurrency` is 0, expected at least 1",
        ),
        (
            json!({"command": ["a"], "environment": {"_HANDLER": "x"}}),
            "function `charge`: `environment` sets `_HANDLER`, which Lambda reserves",
        ),
    ];
    for (table, expected) in cases {
        assert_eq!(launch(table).unwrap_err(), expected);
    }
    assert!(
        launch(json!({"comand": ["a"]}))
            .unwrap_err()
            .contains("unknown field `comand`")
    );
    assert!(
        launch(json!({"runtime": "ruby3.4"}))
            .unwrap_err()
            .contains("unknown variant `ruby3.4`")
    );
}
