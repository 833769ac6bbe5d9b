//! Definitions that are good, bad, or worth a warning.

use crate::support::{ROLE, Server, pass, refusal};
use aws_sdk_sfn::types::{
    ValidateStateMachineDefinitionResultCode as Verdict, ValidateStateMachineDefinitionSeverity as Severity,
};
use serde_json::{Value, json};

/// A definition with a state that nothing leads to.
fn unreachable() -> Value {
    json!({
        "StartAt": "A",
        "States": { "A": { "Type": "Pass", "End": true }, "B": { "Type": "Pass", "End": true } }
    })
}

#[tokio::test]
async fn a_good_definition_is_ok() {
    let server = Server::start();
    let validate = server
        .client()
        .validate_state_machine_definition()
        .definition(pass().to_string());
    let report = validate.send().await.unwrap();
    assert_eq!((report.result, report.diagnostics.len()), (Verdict::Ok, 0));
    assert_eq!(
        server
            .client()
            .list_state_machines()
            .send()
            .await
            .unwrap()
            .state_machines
            .len(),
        0
    );
}

#[tokio::test]
async fn each_problem_of_a_bad_definition_has_a_place() {
    let server = Server::start();
    let bad = json!({
        "StartAt": "A",
        "States": {
            "A": { "Type": "Pass", "Next": "Nowhere" },
            "B": { "Type": "Wait", "End": true }
        }
    });
    let report = server
        .client()
        .validate_state_machine_definition()
        .definition(bad.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(report.result, Verdict::Fail);
    let places: Vec<&str> = report
        .diagnostics
        .iter()
        .filter_map(|found| found.location.as_deref())
        .collect();
    assert!(places.contains(&"/States/A/Next"), "{:#?}", report.diagnostics);
    assert!(
        places.iter().any(|place| place.starts_with("/States/B")),
        "{:#?}",
        report.diagnostics
    );
    assert!(
        report
            .diagnostics
            .iter()
            .all(|found| found.severity == Severity::Error && !found.message.is_empty())
    );

    let create = server
        .client()
        .create_state_machine()
        .name("bad")
        .role_arn(ROLE)
        .definition(bad.to_string());
    let refused = refusal(create.send().await);
    assert!(
        refused.starts_with("InvalidDefinition: Invalid State Machine Definition: '"),
        "{refused}"
    );
    assert!(refused.contains("/States/A/Next"), "{refused}");
}

#[tokio::test]
async fn warnings_are_for_those_who_ask() {
    let server = Server::start();
    let with_warning = json!({
        "StartAt": "A",
        "States": { "A": { "Type": "Pass", "Parameters": { "now": "$.time" }, "End": true } }
    });
    let validate = || {
        server
            .client()
            .validate_state_machine_definition()
            .definition(with_warning.to_string())
    };
    let quiet = validate().send().await.unwrap();
    assert_eq!((quiet.result, quiet.diagnostics.len()), (Verdict::Ok, 0));
    let loud = validate().severity(Severity::Warning).send().await.unwrap();
    assert_eq!(loud.result, Verdict::Ok);
    assert!(
        !loud.diagnostics.is_empty(),
        "a path where text is taken as it stands is worth a warning"
    );
    assert!(
        loud.diagnostics
            .iter()
            .all(|found| found.severity == Severity::Warning)
    );
}

#[tokio::test]
async fn what_cannot_be_made_is_refused() {
    let server = Server::start();
    let create = |name: &str, definition: &str| {
        server
            .client()
            .create_state_machine()
            .name(name)
            .role_arn(ROLE)
            .definition(definition)
            .send()
    };
    assert_eq!(
        refusal(create("a b", &pass().to_string()).await),
        "InvalidName: Invalid Name: 'a b'"
    );
    let long = "n".repeat(81);
    let refused = refusal(create(&long, &pass().to_string()).await);
    assert!(
        refused.contains("Member must have length less than or equal to 80"),
        "{refused}"
    );
    for definition in [
        "{",
        "[]",
        "null",
        r#"{"StartAt":"A","States":{}}"#,
        &unreachable().to_string(),
    ] {
        let refused = refusal(create("orders", definition).await);
        assert!(
            refused.starts_with("InvalidDefinition: "),
            "{definition}: {refused}"
        );
    }
    let large = format!("{}{}", pass(), " ".repeat(1024 * 1024));
    let refused = refusal(create("orders", &large).await);
    assert!(refused.contains("1048576"), "{refused}");
    assert_eq!(
        server
            .client()
            .list_state_machines()
            .send()
            .await
            .unwrap()
            .state_machines
            .len(),
        0
    );
}

#[tokio::test]
async fn express_definitions_have_rules_of_their_own() {
    let server = Server::start();
    let activity = json!({
        "StartAt": "T",
        "States": { "T": {
            "Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:pick", "End": true
        } }
    });
    let validate = || {
        server
            .client()
            .validate_state_machine_definition()
            .definition(activity.to_string())
    };
    assert_eq!(validate().send().await.unwrap().result, Verdict::Ok);
    let express = validate()
        .r#type(aws_sdk_sfn::types::StateMachineType::Express)
        .send()
        .await
        .unwrap();
    assert_eq!(express.result, Verdict::Fail);
    assert_eq!(
        express.diagnostics[0].message,
        "Express state machine does not support Activity ARN"
    );
}

#[tokio::test]
async fn what_can_only_fail_at_run_time_is_warned_of_and_made() {
    let server = Server::start();
    let doubtful = json!({
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": { "A": { "Type": "Pass", "Output": "{% $upper($later) %}", "Next": "B" },
                    "B": { "Type": "Pass", "Assign": { "later": 1 }, "End": true } }
    });
    let report = server
        .client()
        .validate_state_machine_definition()
        .definition(doubtful.to_string())
        .severity(Severity::Warning)
        .send()
        .await
        .unwrap();
    assert_eq!(report.result, Verdict::Ok);
    let found: Vec<(&str, Option<&str>)> = report
        .diagnostics
        .iter()
        .map(|found| (found.code.as_str(), found.location.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("UNKNOWN_FUNCTION", Some("/States/A/Output")),
            ("UNDEFINED_VARIABLE", Some("/States/A/Output")),
        ]
    );
    let create = server
        .client()
        .create_state_machine()
        .name("doubtful")
        .role_arn(ROLE)
        .definition(doubtful.to_string());
    create.send().await.unwrap();
}

#[tokio::test]
async fn names_at_the_top_level_of_an_expression_are_refused() {
    let server = Server::start();
    let bare = json!({
        "QueryLanguage": "JSONata",
        "StartAt": "A",
        "States": { "A": { "Type": "Pass", "Output": { "v": "{% phone %}" }, "End": true } }
    });
    let create = server
        .client()
        .create_state_machine()
        .name("bare")
        .role_arn(ROLE)
        .definition(bare.to_string());
    assert_eq!(
        refusal(create.send().await),
        "InvalidDefinition: Invalid State Machine Definition: 'UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at /States/A/Output/v'"
    );
}
