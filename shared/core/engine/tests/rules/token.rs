//! Task tokens.

use crate::play::{TOKEN, identity, play};
use engine::{CallId, ExecutionKey, Identity, TaskToken};
use serde_json::json;

#[test]
fn a_token_names_its_attempt_and_proves_its_execution() {
    let token = TaskToken::parse(&TaskToken::issue(&identity(), CallId(7))).unwrap();
    assert_eq!((token.call, &token.key), (CallId(7), &identity().key));
    assert!(token.proves(&identity()));
}

#[test]
fn calls_carry_it() {
    let play = play(
        json!({ "S": { "Type": "Task", "Resource": TOKEN, "End": true } }),
        json!({}),
    );
    let call = &play.calls[0];
    let token = TaskToken::parse(call.token.as_deref().unwrap()).unwrap();
    assert_eq!(token.call, call.id);
    assert!(token.proves(&play.execution.identity));
}

#[test]
fn garbage_is_no_token() {
    let issued = TaskToken::issue(&identity(), CallId(7));
    for text in [
        "",
        "token",
        "AAAA",
        "????",
        &issued[..issued.len() - 8],
        &issued[8..],
    ] {
        let proves = TaskToken::parse(text).is_some_and(|token| token.proves(&identity()));
        assert!(!proves, "{text}");
    }
}

#[test]
fn another_executions_token_proves_nothing() {
    let token = TaskToken::parse(&TaskToken::issue(&identity(), CallId(7))).unwrap();
    let other_key = ExecutionKey {
        name: "other".into(),
        ..identity().key
    };
    for other in [
        Identity {
            incarnation: "01HF0000000000000000000001".into(),
            ..identity()
        },
        Identity {
            key: other_key,
            ..identity()
        },
        Identity {
            seed: "0".repeat(64).into(),
            ..identity()
        },
    ] {
        assert!(!token.proves(&other));
    }
}

#[test]
fn tokens_of_attempts_differ_and_one_attempt_has_one() {
    let issue = |call: u64| TaskToken::issue(&identity(), CallId(call));
    assert_eq!(issue(1), issue(1));
    assert_ne!(issue(1), issue(2));
    assert!(
        issue(u64::MAX).len() <= 2048,
        "AWS bounds a token to 2,048 characters"
    );
}
