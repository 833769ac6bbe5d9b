use serde_json::json;

use super::*;

/// The shape of AWS's own example: a call that fails, times out twice and then succeeds.
const ORDERS: &str = r#"{
    "StateMachines": {
        "Orders": {
            "TestCases": {
                "HappyPath": {"Charge": "Charged", "Notify": "Sent"},
                "RetryPath": {"Charge": "ChargedAtLast", "Notify": "Sent"},
                "HybridPath": {"Charge": "Charged"},
                "Unfinished": {"Charge": "Empty", "Notify": "Nowhere"}
            },
            "DefaultTestCase": "HappyPath"
        },
        "Returns": {"TestCases": {"HappyPath": {}}}
    },
    "MockedResponses": {
        "Charged": {"0": {"Return": {"StatusCode": 200, "Payload": {"paid": true}}}},
        "Sent": {"0": {"Return": {"MessageId": "m-1"}}},
        "ChargedAtLast": {
            "0": {"Throw": {"Error": "Lambda.ResourceNotReadyException", "Cause": "not ready"}},
            "1-2": {"Throw": {"Error": "Lambda.TimeoutException"}},
            "3": {"Return": null}
        },
        "Empty": {}
    }
}"#;

fn orders() -> MockConfiguration {
    MockConfiguration::parse(ORDERS).unwrap()
}

fn thrown(error: &str, cause: &str) -> MockResponse {
    MockResponse::Throw {
        error: error.to_owned(),
        cause: cause.to_owned(),
    }
}

#[test]
fn each_attempt_has_its_answer() {
    let mocks = orders();
    let answer = |attempt| {
        mocks
            .response("Orders", "RetryPath", "Charge", attempt)
            .unwrap()
            .unwrap()
    };
    assert_eq!(answer(0), thrown("Lambda.ResourceNotReadyException", "not ready"));
    assert_eq!(answer(1), thrown("Lambda.TimeoutException", ""));
    assert_eq!(answer(2), thrown("Lambda.TimeoutException", ""));
    assert_eq!(answer(3), MockResponse::Return(json!(null)));
}

#[test]
fn a_state_outside_the_test_case_is_not_mocked() {
    let mocks = orders();
    assert_eq!(mocks.response("Orders", "HybridPath", "Notify", 0), Ok(None));
    let charged = mocks.response("Orders", "HybridPath", "Charge", 0).unwrap();
    assert_eq!(
        charged,
        Some(MockResponse::Return(
            json!({"StatusCode": 200, "Payload": {"paid": true}})
        ))
    );
}

#[test]
fn what_has_no_answer_is_an_error_by_name() {
    let mocks = orders();
    let told = |machine, case, state, attempt| {
        mocks
            .response(machine, case, state, attempt)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        told("Orders", "RetryPath", "Charge", 4),
        "mocked response `ChargedAtLast` of state `Charge` has no entry for attempt 4; it has `0`, `1-2`, `3`"
    );
    assert_eq!(
        told("Orders", "Unfinished", "Charge", 0),
        "mocked response `Empty` of state `Charge` has no entry for attempt 0; it has none"
    );
    assert_eq!(
        told("Orders", "Unfinished", "Notify", 0),
        "test case `Unfinished` of state machine `Orders` gives state `Notify` the response `Nowhere`, which is not in `MockedResponses`"
    );
    assert_eq!(
        told("Orders", "Sad", "Charge", 0),
        "state machine `Orders` has no test case `Sad` in the mock configuration"
    );
    assert_eq!(
        told("Nope", "HappyPath", "Charge", 0),
        "the mock configuration has no state machine `Nope`"
    );
}

#[test]
fn a_state_machine_may_have_a_default_test_case() {
    let mocks = orders();
    assert_eq!(mocks.default_test_case("Orders"), Some("HappyPath"));
    assert_eq!(mocks.default_test_case("Returns"), None);
    assert_eq!(mocks.default_test_case("Nope"), None);
    assert!(mocks.has_test_case("Returns", "HappyPath"));
    assert!(!mocks.has_test_case("Returns", "RetryPath"));
    assert!(!mocks.has_test_case("Nope", "HappyPath"));
}

#[test]
fn a_response_that_is_not_there_is_a_problem_but_no_refusal() {
    let problems = orders().problems();
    assert_eq!(problems.len(), 1);
    assert!(matches!(&problems[0], NoMockedResponse::Response { response, .. } if response == "Nowhere"));
}
