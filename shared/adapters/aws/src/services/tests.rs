use super::{AwsServices, roles};
use calls::{Caller, Settings};
use engine::{Call, CallId, Data, ExecutionKey, ExecutionType, Identity, PayloadId, Timestamp};
use integrations::{EffectClass, Resource};
use ports::{CallOutcome, CallRequest, Services as _};
use std::collections::BTreeMap;
use std::sync::Arc;

fn request(resource: &str, role_arn: Option<&str>) -> CallRequest {
    let now = Timestamp(1_800_000_000_000);
    let call = Call {
        id: CallId(1),
        state: "Send".into(),
        number: 0,
        resource: Resource::parse(resource).unwrap(),
        parameters: Data::from_text(
            PayloadId::new(0, 0),
            r#"{"QueueUrl":"https://queue","MessageBody":"b"}"#.into(),
        ),
        token: None,
        client_token: "token".to_owned(),
        class: EffectClass::Once,
        role_arn: role_arn.map(str::to_owned),
        deadline: now.plus_seconds(60),
        heartbeat_seconds: None,
        committed_in: 0,
        is_handed_over: false,
        asked_at: now,
        job: None,
        part: None,
    };
    CallRequest {
        call,
        identity: Arc::new(identity(now)),
    }
}

fn identity(started: Timestamp) -> Identity {
    Identity {
        key: ExecutionKey {
            machine: "us-east-1:123456789012:M".into(),
            name: "e".into(),
        },
        incarnation: "1".into(),
        arn: "arn:aws:states:us-east-1:123456789012:execution:M:e".into(),
        name: "e".into(),
        machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:M".into(),
        machine_name: "M".into(),
        version_arn: None,
        alias_arn: None,
        role_arn: "arn:aws:iam::123456789012:role/machine".into(),
        region: "us-east-1".into(),
        execution_type: ExecutionType::Standard,
        started,
        seed: "00".into(),
        revision: "1".into(),
        parent: None,
        trace_header: None,
        test_case: None,
        map: None,
    }
}

#[test]
fn the_role_of_the_state_is_assumed_with_the_rights_of_the_state_machines() {
    let send = "arn:aws:states:::sqs:sendMessage";
    let own = "arn:aws:iam::123456789012:role/machine";
    assert_eq!(roles(&request(send, None)), [own]);
    let other = "arn:aws:iam::210987654321:role/other";
    assert_eq!(roles(&request(send, Some(other))), [own, other]);
}

#[tokio::test]
async fn a_call_that_can_go_nowhere_fails_with_the_reason() {
    let settings = Settings {
        variables: Some(BTreeMap::from([(
            "AWS_CONFIG_FILE".to_owned(),
            "/nonexistent".to_owned(),
        )])),
        ..Settings::default()
    };
    let services = AwsServices::new(Caller::from_env(settings).await);
    let outcome = services
        .call(request("arn:aws:states:::sqs:sendMessage", None))
        .await;
    let CallOutcome::Failed(failure) = outcome else {
        panic!("nothing can have answered: {outcome:?}")
    };
    assert_eq!(failure.error, "States.Runtime");
    let cause = failure.cause.unwrap();
    assert!(cause.contains("AWS credentials"), "{cause}");
}

#[tokio::test]
async fn an_activity_is_not_called() {
    let services = AwsServices::new(Caller::from_env(Settings::default()).await);
    let outcome = services
        .call(request("arn:aws:states:us-east-1:123456789012:activity:a", None))
        .await;
    assert!(matches!(outcome, CallOutcome::Failed(failure) if failure.error == "States.Runtime"));
}
