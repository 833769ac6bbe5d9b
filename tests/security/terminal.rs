//! Names, causes and outputs that would command a terminal: they are shown, not obeyed.

use crate::cli::Folder;
use serde_json::json;

/// Clears the screen, goes back to the line's start, rings, is an 8-bit command, turns the line around.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\u{9b}31m\u{7f}\u{202e}txt.exe\u{2066}";

#[track_caller]
fn is_harmless(text: &str) {
    let obeyed = text.chars().find(|character| {
        (character.is_control() && !matches!(character, '\n' | '\t'))
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(obeyed, None, "{text:?}");
}

#[test]
fn what_a_run_prints_commands_no_terminal() {
    let name = format!("S{EVIL}");
    let passes = json!({ "StartAt": name, "States": { name.as_str(): { "Type": "Pass", "End": true } } });
    let fails = json!({
        "StartAt": name,
        "States": { name.as_str(): {
            "Type": "Fail",
            "Error": format!("E{EVIL}"),
            "Cause": format!("first{EVIL}\nsecond")
        } }
    });
    let broken = json!({
        "StartAt": name,
        "States": { name.as_str(): { "Type": "Pass", "Next": format!("N{EVIL}") } }
    });
    let folder = Folder::new()
        .with("passes.json", passes.to_string())
        .with("fails.json", fails.to_string())
        .with("broken.json", broken.to_string());
    // JSON need not escape what is above U+007E.
    let input = "{\r\n \"a\": \"\u{9b}31m\u{7f}\u{202e}\\u001b[2J\" }";
    for arguments in [
        vec!["passes.json", "--input", input],
        vec!["passes.json", "--input", input, "--json"],
    ] {
        let mut all = vec!["run"];
        all.extend(arguments);
        let ended = folder.stepwell(&all);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        is_harmless(&ended.out);
        is_harmless(&ended.err);
        assert!(ended.err.contains("S\\u001b[2J"), "{}", ended.err);
        let said = ended.json();
        let output = said.get("output").unwrap_or(&said);
        assert_eq!(output["a"], "\u{9b}31m\u{7f}\u{202e}\u{1b}[2J");
    }
    for file in ["fails.json", "broken.json"] {
        for more in [None, Some("--json")] {
            let mut all = vec!["run", file];
            all.extend(more);
            let ended = folder.stepwell(&all);
            assert_ne!(ended.code, Some(0), "{ended:?}");
            is_harmless(&ended.out);
            is_harmless(&ended.err);
        }
    }
    let checked = folder.stepwell(&["validate", "broken.json"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    is_harmless(&checked.out);
    let no_input = folder.stepwell(&["run", "passes.json", "--input", EVIL]);
    assert_eq!(no_input.code, Some(2), "{no_input:?}");
    is_harmless(&no_input.err);
}

#[test]
fn what_a_configuration_says_commands_no_terminal() {
    let passes = json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } });
    let settings = "definition = \"passes.json\"\n\
         [[runs]]\nname = \"\\u001b[2Jone\"\ninput = \"input.json\"\n\
         [[runs]]\nname = \"two\"\ninput = \"input.json\"\n";
    let folder = Folder::new()
        .with("passes.json", passes.to_string())
        .with("input.json", "{\"a\":\"\u{9b}\"}")
        .with("stepwell.toml", settings);
    let ended = folder.stepwell(&["run", "."]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    is_harmless(&ended.out);
    is_harmless(&ended.err);
    let wrong = folder.with("stepwell.toml", "definition = 7 # \u{1b}[2J\u{9b}\n");
    let refused = wrong.stepwell(&["run", "."]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    is_harmless(&refused.err);
}
